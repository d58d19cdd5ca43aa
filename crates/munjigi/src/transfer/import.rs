//! Users moved in: `loaddata` of Django 5.2 for users, row by row.
//!
//! Some hundred rows go in a transaction. Where one of them makes the database refuse the whole, they go one by one, and
//! that one is told. An import that was interrupted is run again with [`OnConflict::Skip`].
//!
//! A rehearsal runs the same transactions and rolls them back, and keeps in mind who would be there by then, so that it
//! tells the same. What it cannot foresee is a value that a column of the project's own holds once, where the other one
//! stands far off in the same file.

mod batch;
mod importer;
mod present;

use super::pieces::Unreadable;
use super::record::BadHeader;
use super::table::Table;
use super::{Format, Reason};
use crate::app::App;
use importer::Importer;
use munjigi_store::Error as StoreError;
use std::collections::BTreeMap;
use std::io::{self, Read};

pub use super::pieces::Piece;
pub use super::user::Passwords;

/// How an import goes.
pub struct Options {
    /// How users stand in the input.
    pub format: Format,
    /// The model under which they stand in a fixture, where it is not the one of the settings.
    pub model: Option<String>,
    /// Fields that have another name there: ours, and that one.
    pub names: Vec<(String, String)>,
    /// What to do with a user who is there already.
    pub on_conflict: OnConflict,
    /// What to do with passwords that could not be verified.
    pub passwords: Passwords,
    /// Whether an e-mail address may be that of two.
    pub emails: Emails,
    /// Whether it counts.
    pub run: Run,
}

/// What to do with a user who is there already: one with the same key and the same name, or the same name where the file
/// gives no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// The row is a bad one.
    Fail,
    /// He stays as he is.
    Skip,
    /// He gets what the row gives, and keeps what it does not. A key decides alone then, so that a name can be changed.
    Update,
}

/// Whether an e-mail address may be that of two, where `user.email_unique` keeps sign-ups apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emails {
    /// A row with an address that another user holds is a bad one.
    Once,
    /// It comes in, and neither can sign in by the address.
    Shared,
}

/// Whether an import counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It does.
    InEarnest,
    /// Nothing is left of it but what was told.
    Rehearsal,
}

/// Who is told while it goes on.
pub trait Audience {
    /// A row that was not taken, and why.
    ///
    /// # Errors
    /// What keeps him from listening, which ends the import.
    fn bad(&mut self, piece: &Piece, reason: &Reason) -> io::Result<()>;

    /// The line of a CSV that names the fields.
    ///
    /// # Errors
    /// As [`bad`](Self::bad).
    fn header(&mut self, piece: &Piece) -> io::Result<()>;

    /// How many bytes and how many rows were read.
    ///
    /// # Errors
    /// As [`bad`](Self::bad).
    fn progress(&mut self, bytes: u64, rows: u64) -> io::Result<()>;
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Users who came in.
    pub imported: u64,
    /// Users who were there and got what the file gives.
    pub updated: u64,
    /// Users who were there and stayed as they are.
    pub skipped: u64,
    /// Rows that were not taken.
    pub bad: u64,
    /// How many of those who came in, or were changed, are superusers.
    pub superusers: u64,
    /// How many of them are staff, who may enter Django's admin.
    pub staff: u64,
    /// How many of them were put into groups, by group.
    pub members: BTreeMap<String, u64>,
    /// How many of them were given permissions of their own.
    pub permitted: u64,
    /// How many came in without their passwords.
    pub without_password: u64,
    /// Groups that were made.
    pub groups: u64,
    /// Memberships that were not taken, because nothing in the file says which group is meant, or there are no groups.
    pub lost_groups: u64,
    /// Permissions that were not taken, because nothing says which is meant, or the database does not have it.
    pub lost_permissions: u64,
    /// Moments without an offset, which were taken for UTC.
    pub naive: u64,
    /// Rows of other models, by model.
    pub others: BTreeMap<String, u64>,
    /// Fields that there is no place for, and in how many rows they were given.
    pub fields: BTreeMap<String, u64>,
}

/// Why an import ended before its end. What was imported until then is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The header of a CSV.
    #[error(transparent)]
    Header(#[from] BadHeader),
    /// A field that is mapped and that there is not.
    #[error("--map names the field \"{0}\", and the users have none of that name. They have {1}.")]
    NoSuchField(String, String),
    /// The table has columns that munjigi could not fill.
    #[error(
        "The table of {model} has the column {column}, which every row must fill, and no [user.fields.*] names it. \
         Declare it there with its type and its default, or give the column a default in the database."
    )]
    Unfilled {
        /// The user model.
        model: String,
        /// The column.
        column: String,
    },
    /// The role of the database may not do it.
    #[error(
        "The database's role may not set the sequence of {0}, which must go on after the keys that come in. Import as \
         the role that owns the tables; the server keeps its own."
    )]
    Sequence(String),
    /// Who is told.
    #[error("What was not taken cannot be told: {0}.")]
    Audience(#[source] io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::Header(error) => error.code(),
            Self::NoSuchField(..) => "no_such_field",
            Self::Unfilled { .. } => "unfilled",
            Self::Sequence(_) => "sequence",
            Self::Audience(_) => "audience",
            Self::Store(error) => error.code(),
        }
    }
}

/// Imports users. Whoever is not taken is told to the audience, in the order of the input.
///
/// # Errors
/// What makes it useless to go on. The report is of what was done before.
pub async fn import(
    app: &App,
    input: impl Read,
    options: &Options,
    audience: &mut impl Audience,
) -> (Report, Result<(), Error>) {
    let mut report = Report::default();
    let done = match Importer::new(app, options).await {
        Ok(mut importer) => {
            let done = importer.all(input, audience).await;
            report = importer.report;
            done
        }
        Err(error) => Err(error),
    };
    (report, done)
}

impl Report {
    /// How many rows of users were read.
    pub fn rows(&self) -> u64 {
        self.imported + self.updated + self.skipped + self.bad
    }
}

/// What each transaction of an import needs to know.
struct Rules {
    table: Table,
    username: Option<usize>,
    email: Option<usize>,
    has_relations: bool,
    /// Whether addresses are claimed, and what becomes of a second claim.
    claims: Option<Emails>,
    passwords: Passwords,
    on_conflict: OnConflict,
    run: Run,
    now: jiff::Timestamp,
}
