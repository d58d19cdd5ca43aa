//! A row of either driver, read by the type that the column has there.

use jiff::Timestamp;
use munjigi_user::{UserId, UserIdKind};
use rusqlite::types::ValueRef;
use tokio_postgres::types::{FromSql, Type};
use uuid::Uuid;

use super::time;
use crate::error::{Error, Result};

/// A row, valid while the driver holds it.
pub(crate) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// `int2`, `int4` or `int8`; `integer`.
    pub(crate) fn int(&self, column: usize) -> Result<i64> {
        self.optional_int(column)?.ok_or(wrong(column, "an integer"))
    }

    pub(crate) fn optional_int(&self, column: usize) -> Result<Option<i64>> {
        const EXPECTED: &str = "an integer";
        match self {
            Self::Sqlite(row) => match row.get_ref(column).map_err(|_| wrong(column, EXPECTED))? {
                ValueRef::Null => Ok(None),
                ValueRef::Integer(value) => Ok(Some(value)),
                _ => Err(wrong(column, EXPECTED)),
            },
            Self::Postgres(row) => match *type_of(row, column)? {
                Type::INT2 => Ok(from_postgres::<i16>(row, column, EXPECTED)?.map(i64::from)),
                Type::INT4 => Ok(from_postgres::<i32>(row, column, EXPECTED)?.map(i64::from)),
                _ => from_postgres(row, column, EXPECTED),
            },
        }
    }

    /// `boolean`; 0 or 1.
    pub(crate) fn bool(&self, column: usize) -> Result<bool> {
        self.optional_bool(column)?.ok_or(wrong(column, "a boolean"))
    }

    pub(crate) fn optional_bool(&self, column: usize) -> Result<Option<bool>> {
        const EXPECTED: &str = "a boolean";
        match self {
            Self::Sqlite(_) => match self.optional_int(column)? {
                None => Ok(None),
                Some(0) => Ok(Some(false)),
                Some(1) => Ok(Some(true)),
                Some(_) => Err(wrong(column, EXPECTED)),
            },
            Self::Postgres(row) => from_postgres(row, column, EXPECTED),
        }
    }

    /// `varchar` or `text`.
    pub(crate) fn text(&self, column: usize) -> Result<String> {
        self.optional_text(column)?.ok_or(wrong(column, "text"))
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<String>> {
        const EXPECTED: &str = "text";
        match self {
            Self::Sqlite(row) => Ok(sqlite_text(row, column, EXPECTED)?.map(str::to_owned)),
            Self::Postgres(row) => from_postgres(row, column, EXPECTED),
        }
    }

    /// `bytea`; `blob`.
    pub(crate) fn optional_bytes(&self, column: usize) -> Result<Option<Vec<u8>>> {
        const EXPECTED: &str = "bytes";
        match self {
            Self::Sqlite(row) => match row.get_ref(column).map_err(|_| wrong(column, EXPECTED))? {
                ValueRef::Null => Ok(None),
                ValueRef::Blob(bytes) => Ok(Some(bytes.to_vec())),
                _ => Err(wrong(column, EXPECTED)),
            },
            Self::Postgres(row) => from_postgres(row, column, EXPECTED),
        }
    }

    /// `timestamptz`; Django's text.
    pub(crate) fn time(&self, column: usize) -> Result<Timestamp> {
        self.optional_time(column)?
            .ok_or(wrong(column, "a date and time"))
    }

    pub(crate) fn optional_time(&self, column: usize) -> Result<Option<Timestamp>> {
        const EXPECTED: &str = "a date and time";
        match self {
            Self::Sqlite(row) => sqlite_text(row, column, EXPECTED)?
                .map(|text| time::from_text(text).ok_or(wrong(column, EXPECTED)))
                .transpose(),
            Self::Postgres(row) => from_postgres(row, column, EXPECTED),
        }
    }

    /// The primary key of a user.
    pub(crate) fn user_id(&self, column: usize, kind: UserIdKind) -> Result<UserId> {
        self.optional_user_id(column, kind)?
            .ok_or(wrong(column, "a primary key"))
    }

    pub(crate) fn optional_user_id(&self, column: usize, kind: UserIdKind) -> Result<Option<UserId>> {
        Ok(match kind {
            UserIdKind::Int | UserIdKind::BigInt => self.optional_int(column)?.map(UserId::Int),
            UserIdKind::Uuid => self.optional_uuid(column)?.map(UserId::Uuid),
            UserIdKind::Text => self.optional_text(column)?.map(UserId::Text),
        })
    }

    /// `uuid`; 32 hexadecimal digits (`UUIDField` is `char(32)` there).
    pub(crate) fn optional_uuid(&self, column: usize) -> Result<Option<Uuid>> {
        const EXPECTED: &str = "a UUID";
        match self {
            Self::Sqlite(row) => sqlite_text(row, column, EXPECTED)?
                .map(|text| Uuid::try_parse(text).map_err(|_| wrong(column, EXPECTED)))
                .transpose(),
            Self::Postgres(row) => from_postgres(row, column, EXPECTED),
        }
    }
}

fn wrong(column: usize, expected: &'static str) -> Error {
    Error::Decode { column, expected }
}

fn sqlite_text<'a>(
    row: &'a rusqlite::Row<'_>,
    column: usize,
    expected: &'static str,
) -> Result<Option<&'a str>> {
    match row.get_ref(column).map_err(|_| wrong(column, expected))? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(text) => std::str::from_utf8(text)
            .map(Some)
            .map_err(|_| wrong(column, expected)),
        _ => Err(wrong(column, expected)),
    }
}

fn type_of(row: &tokio_postgres::Row, column: usize) -> Result<&Type> {
    row.columns()
        .get(column)
        .map(tokio_postgres::Column::type_)
        .ok_or(wrong(column, "selected"))
}

fn from_postgres<'a, T: FromSql<'a>>(
    row: &'a tokio_postgres::Row,
    column: usize,
    expected: &'static str,
) -> Result<Option<T>> {
    row.try_get(column).map_err(|_| wrong(column, expected))
}
