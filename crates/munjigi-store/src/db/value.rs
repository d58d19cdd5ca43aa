//! A statement and its parameters, written once for both drivers.

use jiff::Timestamp;
use jiff::civil::Date;
use munjigi_user::UserId;
use uuid::Uuid;

/// One SQL text with `$1`, `$2`, … for its parameters. SQLite gets `?1`, `?2`, …: it takes `$2` for a name.
pub(crate) struct Stmt {
    postgres: String,
    sqlite: String,
}

impl Stmt {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let postgres = text.into();
        let sqlite = numbered(&postgres);
        Self { postgres, sqlite }
    }

    pub(crate) fn postgres(&self) -> &str {
        &self.postgres
    }

    pub(crate) fn sqlite(&self) -> &str {
        &self.sqlite
    }
}

/// The name of a table or column as it stands in a statement.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as it stands in a statement that takes no parameters.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Turns each `$` outside of quotes into `?`.
fn numbered(text: &str) -> String {
    let mut quote = None;
    text.chars()
        .map(|c| {
            match quote {
                None if c == '"' || c == '\'' => quote = Some(c),
                Some(open) if c == open => quote = None,
                _ => {}
            }
            if c == '$' && quote.is_none() { '?' } else { c }
        })
        .collect()
}

/// A parameter. What becomes of it is the driver's matter: a moment is text on SQLite and `timestamptz` on
/// PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Param<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Time(Timestamp),
    Date(Date),
    Uuid(Uuid),
}

impl<'a> From<&'a UserId> for Param<'a> {
    fn from(id: &'a UserId) -> Self {
        match id {
            UserId::Int(id) => Self::Int(*id),
            UserId::Uuid(id) => Self::Uuid(*id),
            UserId::Text(id) => Self::Text(id),
        }
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl From<Timestamp> for Param<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Time(value)
    }
}

impl<'a, T> From<Option<T>> for Param<'a>
where
    Param<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_in_a_name_is_no_parameter() {
        let stmt = Stmt::new(r#"SELECT "a$1", '$2' FROM "x""$" WHERE id = $1 AND name = $10"#);
        assert_eq!(
            stmt.sqlite(),
            r#"SELECT "a$1", '$2' FROM "x""$" WHERE id = ?1 AND name = ?10"#
        );
        assert_eq!(
            stmt.postgres(),
            r#"SELECT "a$1", '$2' FROM "x""$" WHERE id = $1 AND name = $10"#
        );
    }
}
