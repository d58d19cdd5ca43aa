//! What an error of SQLite means.

use std::path::Path;
use std::sync::Arc;

use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};

use crate::error::Error;

/// Our error for one of the driver's.
pub(super) fn told(error: rusqlite::Error, path: &Path) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = &error else {
        return Error::Statement(Arc::new(error));
    };
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Busy,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::DamagedFile {
            path: path.to_owned(),
            reason: error.to_string(),
        },
        ErrorCode::ConstraintViolation => match failure.extended_code {
            SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY => {
                taken(message.as_deref().unwrap_or_default())
            }
            SQLITE_CONSTRAINT_FOREIGNKEY => Error::ForeignKeyViolation(Arc::new(error)),
            _ => Error::Statement(Arc::new(error)),
        },
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::OutOfMemory
        | ErrorCode::FileLockingProtocolFailed => Error::Unavailable(Arc::new(error)),
        _ => Error::Statement(Arc::new(error)),
    }
}

/// Reads `UNIQUE constraint failed: auth_user.username`, or a list of such columns, or `index 'name'`.
fn taken(message: &str) -> Error {
    let columns = message.rsplit_once(": ").map_or(message, |(_, columns)| columns);
    let table = columns.split_once('.').map_or("", |(table, _)| table);
    let names: Vec<&str> = columns
        .split(", ")
        .map(|column| column.split_once('.').map_or(column, |(_, name)| name))
        .collect();
    Error::UniqueViolation {
        table: table.to_owned(),
        column: names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_violation_names_its_columns() {
        for (message, table, column) in [
            (
                "UNIQUE constraint failed: auth_user.username",
                "auth_user",
                "username",
            ),
            ("UNIQUE constraint failed: t.a, t.b", "t", "a, b"),
            (
                "UNIQUE constraint failed: index 'lower_email'",
                "",
                "index 'lower_email'",
            ),
        ] {
            let Error::UniqueViolation { table: t, column: c } = taken(message) else {
                panic!("{message}")
            };
            assert_eq!((t.as_str(), c.as_str()), (table, column));
        }
    }
}
