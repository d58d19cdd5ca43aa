//! What an error of PostgreSQL means.

use std::fmt;
use std::sync::{Arc, LazyLock};

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use super::super::value::Stmt;
use crate::error::{Cause, Error};

/// Why something failed, as far as it decides what to do next.
pub(super) enum Failure {
    /// The connection was lost, or the server ends.
    Lost(tokio_postgres::Error),
    /// The table changed, or somebody between us and the server forgot what was prepared.
    Stale(tokio_postgres::Error),
    /// Another transaction was in the way; this one may run again.
    InTheWay,
    /// A unique constraint, to be told by its columns.
    Taken {
        schema: String,
        table: String,
        constraint: String,
    },
    /// It took too long.
    TooSlow,
    /// Anything else.
    Told(Error),
}

impl Failure {
    /// Whether the same may go well at once, given that nothing of it was done.
    pub(super) fn is_worth_another_try(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Stale(_) | Self::InTheWay)
    }

    /// For a caller who knows no columns. The driver's own words end before the cause, which is what one wants to know.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Lost(error) => Error::Unavailable(whole(error)),
            Self::Stale(error) => Error::Statement(whole(error)),
            Self::InTheWay | Self::TooSlow => Error::Busy,
            Self::Taken {
                table, constraint, ..
            } => Error::UniqueViolation {
                table,
                column: constraint,
            },
            Self::Told(error) => error,
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(told) = error.as_db_error() else {
            return without_a_code(error);
        };
        let owned = |part: Option<&str>| part.unwrap_or_default().to_owned();
        match told.code() {
            &SqlState::UNIQUE_VIOLATION => Self::Taken {
                schema: owned(told.schema()),
                table: owned(told.table()),
                constraint: owned(told.constraint()),
            },
            &SqlState::FOREIGN_KEY_VIOLATION => Self::Told(Error::ForeignKeyViolation(whole(error))),
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => Self::InTheWay,
            &SqlState::LOCK_NOT_AVAILABLE | &SqlState::QUERY_CANCELED => Self::TooSlow,
            // "cached plan must not change result type" is the first one.
            &SqlState::FEATURE_NOT_SUPPORTED | &SqlState::INVALID_SQL_STATEMENT_NAME => Self::Stale(error),
            &SqlState::ADMIN_SHUTDOWN
            | &SqlState::CRASH_SHUTDOWN
            | &SqlState::CANNOT_CONNECT_NOW
            | &SqlState::READ_ONLY_SQL_TRANSACTION => Self::Lost(error),
            &SqlState::INSUFFICIENT_PRIVILEGE => Self::Told(Error::Forbidden(whole(error))),
            // A PgBouncer that ends, or has lost its server.
            code if code.code().starts_with("08") => Self::Lost(error),
            // 53: the disk is full, or there are too many connections. 58: the server's own files. 28, 3D: no entry.
            code if ["53", "58", "28", "3D"]
                .iter()
                .any(|class| code.code().starts_with(class)) =>
            {
                Self::Told(Error::Unavailable(whole(error)))
            }
            _ => Self::Told(Error::Statement(whole(error))),
        }
    }
}

/// The driver's own errors: a lost connection, one that could not be made, or a value that does not fit.
fn without_a_code(error: tokio_postgres::Error) -> Failure {
    use std::error::Error as _;

    let io = error
        .source()
        .is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
    if error.is_closed() || io {
        Failure::Lost(error)
    } else if error.to_string().starts_with("error serializing") {
        Failure::Told(Error::Statement(whole(error)))
    } else {
        Failure::Told(Error::Unavailable(whole(error)))
    }
}

/// An error of the driver's with all that it came of.
#[derive(Debug)]
struct Whole(tokio_postgres::Error);

fn whole(error: tokio_postgres::Error) -> Cause {
    Arc::new(Whole(error))
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use std::error::Error as _;

        if let Some(told) = self.0.as_db_error() {
            return f.write_str(told.message());
        }
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Whole {}

/// All connections may be in use, or the server does not answer.
pub(super) fn of_the_pool(error: PoolError) -> Failure {
    match error {
        PoolError::Timeout(_) => Failure::TooSlow,
        PoolError::Backend(error) => Failure::from(error),
        other => Failure::Told(Error::Unavailable(Arc::new(other))),
    }
}

/// A unique constraint and its index have the same name.
pub(super) static UNIQUE_COLUMNS: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT a.attname::text FROM pg_index i \
         JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) \
         WHERE n.nspname::text = $1 AND c.relname::text = $2 ORDER BY array_position(i.indkey::int2[], a.attnum)",
    )
});
