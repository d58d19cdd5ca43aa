use std::path::PathBuf;
use std::sync::Arc;

/// The cause of an [`Error`], as the driver or the operating system told it.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// What the database refused, or what is wrong with it.
///
/// It can be cloned, because one failed commit answers every job of its group.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value that must be unique is taken. `column` is the column's name; several are joined by `", "`.
    #[error("The column {column} of {table} holds this value already.")]
    UniqueViolation {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
    },
    /// A row that is referred to is not there, as when a user was deleted in the meantime.
    #[error("The database refused a row that refers to another one that is not there.")]
    ForeignKeyViolation(#[source] Cause),
    /// Somebody else holds the database, or all connections are in use. Try again a little later.
    #[error("The database is busy.")]
    Busy,
    /// The database cannot be reached, its disk is full, or it failed while it worked.
    #[error("The database is not available: {0}")]
    Unavailable(#[source] Cause),
    /// The database does not understand a statement, or a row holds what it must not.
    #[error("The database refused a statement: {0}")]
    Statement(#[source] Cause),
    /// A column holds something that it cannot hold in a database of Django's.
    #[error("Column {column} of a row is not {expected}.")]
    Decode {
        /// Its place among the selected columns, from 0.
        column: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// The work of a transaction gave up: what it had written is undone.
    #[error("The transaction was given up.")]
    Abandoned,
    /// The work of a transaction on SQLite awaited something that is not the database.
    #[error("The work of a write transaction waited for something other than the database.")]
    ForeignAwait,

    /// `DATABASE_URL` cannot be read.
    #[error("{0}")]
    InvalidUrl(String),
    /// `LOCATION` of the session cache cannot be read, or no client can be made of it.
    #[error("{0}")]
    InvalidCacheUrl(String),
    /// There is no database file, and the caller did not want one made.
    #[error("There is no database at {}. Run `munjigi migrate` to create it.", .0.display())]
    NoDatabaseFile(PathBuf),
    /// The file is no SQLite database, or a damaged one. It was left as it is.
    #[error("The database file {} is damaged ({reason}). Nothing was changed; restore it from a backup.", path.display())]
    DamagedFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be opened for reading and writing.
    #[error("The database file {} cannot be used ({reason}).", path.display())]
    UnusableFile {
        /// The file.
        path: PathBuf,
        /// What stands in the way.
        reason: String,
    },
    /// The tables that this program needs are not all there.
    #[error("The database is not ready ({missing}). Run `munjigi migrate`.")]
    NotMigrated {
        /// The steps that are still to be done, joined by `", "`.
        missing: String,
    },
    /// A newer munjigi has changed the database.
    #[error("The database was migrated by a newer munjigi ({0}). Run that version, or a later one.")]
    NewerSchema(String),
    /// The database belongs to a Django project, and `AUTH_USER_MODEL` was not written.
    #[error(
        "This database belongs to a Django project ({table}, {users} users). Write AUTH_USER_MODEL \
         (`munjigi config convert settings.py` finds it), or another DATABASE_URL."
    )]
    ForeignDatabase {
        /// Its table of users.
        table: String,
        /// How many rows that table has, with commas between the thousands.
        users: String,
    },
    /// The role of `DATABASE_URL` may not do something that a server does.
    #[error(
        "The role {role} may not {privilege} on {table}. Have who owns it run `{grant};`: `munjigi migrate --sql \
         --role {role}` prints all that the server needs."
    )]
    MissingPrivilege {
        /// The role.
        role: String,
        /// `SELECT`, `INSERT`, …
        privilege: String,
        /// The table or sequence.
        table: String,
        /// The statement that is to be run, without `;`.
        grant: String,
    },
    /// The server refused a statement because of who we are.
    #[error(
        "The database lets the role of DATABASE_URL not do that: {0}. `munjigi migrate --sql` prints what `munjigi \
         migrate` would run, for who may, and with `--role ROLE` what the server's role must be granted."
    )]
    Forbidden(#[source] Cause),
    /// Our tables are not taken out of a database that we made.
    #[error(
        "munjigi made this database, Django's tables in it too, so there is no Django project to go back to. Nothing was \
         changed. A Django project can be put on it as it is: its `manage.py migrate` finds nothing to do, and the tables \
         of munjigi are in nobody's way."
    )]
    OwnDatabase,
    /// Somebody else has the database open, and what is asked for needs it alone.
    #[error("{0} Nothing was changed.")]
    InUse(String),
    /// The tables of Django's apps are there, but not as this program needs them.
    #[error("{0}")]
    UnfitSchema(String),
}

impl Error {
    /// A name that stays the same in every version.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UniqueViolation { .. } => "unique_violation",
            Self::ForeignKeyViolation(_) => "foreign_key_violation",
            Self::Busy => "database_busy",
            Self::Unavailable(_) => "database_unavailable",
            Self::Statement(_) => "database_statement",
            Self::Decode { .. } => "database_decode",
            Self::Abandoned => "abandoned",
            Self::ForeignAwait => "foreign_await",
            Self::InvalidUrl(_) => "invalid_database_url",
            Self::InvalidCacheUrl(_) => "invalid_cache_url",
            Self::NoDatabaseFile(_) => "no_database_file",
            Self::DamagedFile { .. } => "damaged_database",
            Self::UnusableFile { .. } => "unusable_database",
            Self::NotMigrated { .. } => "not_migrated",
            Self::NewerSchema(_) => "newer_schema",
            Self::ForeignDatabase { .. } => "foreign_database",
            Self::MissingPrivilege { .. } => "missing_privilege",
            Self::Forbidden(_) => "database_forbidden",
            Self::OwnDatabase => "own_database",
            Self::InUse(_) => "database_in_use",
            Self::UnfitSchema(_) => "unfit_schema",
        }
    }
}

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
