//! What the catalogue says of the user's table: which columns a new row must fill, and how much text they hold. A Django
//! project made the table, so the settings are held against it at the start and not at somebody's sign-up.

use std::sync::LazyLock;

use crate::db::{Conn, Stmt, Store};
use crate::error::{Error, Result};
use crate::users::UserSql;

/// Whether a sign-up fills every column that must be filled.
///
/// # Errors
/// [`Error::UnfitSchema`] with those that it does not.
pub async fn check_signup(store: &Store) -> Result<()> {
    let mut conn = store.reader();
    let users = conn.users();
    let columns = of(&mut conn, &users).await?;
    let written = users.columns_of_a_new_row();
    let unwritten: Vec<&str> = columns
        .iter()
        .filter(|column| column.is_required && !written.contains(&column.name.as_str()))
        .map(|column| column.name.as_str())
        .collect();
    if unwritten.is_empty() {
        return Ok(());
    }
    Err(Error::UnfitSchema(format!(
        "A sign-up would fail: the table {} has columns that may not be null, have no default in the database, and are not \
         written by it ({}). Declare each as [user.fields.NAME] with its `default`, or write ROUTES.session_signup = false \
         and ROUTES.jwt_signup = false.",
        users.model.table,
        unwritten.join(", ")
    )))
}

/// How many code points each column of text holds at most, where there is a limit.
///
/// # Errors
/// What the database may fail with.
pub async fn text_lengths(store: &Store) -> Result<Vec<(String, u32)>> {
    let mut conn = store.reader();
    let users = conn.users();
    let columns = of(&mut conn, &users).await?.into_iter();
    Ok(columns
        .filter_map(|column| Some((column.name, column.max_length?)))
        .collect())
}

/// A column of the user's table.
struct Column {
    name: String,
    /// It may not be NULL, and the database does not fill it.
    is_required: bool,
    max_length: Option<u32>,
}

async fn of(conn: &mut Conn, users: &UserSql) -> Result<Vec<Column>> {
    let stmt = conn.choose(&SQLITE, &POSTGRES);
    let table = &users.model.table;
    conn.all(stmt, &[table.into()], |row| {
        Ok(Column {
            name: row.text(0)?,
            is_required: row.bool(1)?,
            max_length: length(&row.text(2)?),
        })
    })
    .await
}

/// `254` of `varchar(254)` and `character varying(254)`. The key `char(32)` of SQLite is none that somebody types.
fn length(declared: &str) -> Option<u32> {
    let (class, rest) = declared.split_once('(')?;
    let is_text = ["varchar", "character varying"].contains(&class.trim().to_lowercase().as_str());
    rest.strip_suffix(')').filter(|_| is_text)?.parse().ok()
}

/// SQLite fills an `integer PRIMARY KEY` itself.
static SQLITE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT name, \"notnull\" AND dflt_value IS NULL AND NOT (pk AND lower(type) = 'integer'), type \
         FROM pragma_table_info($1)",
    )
});
static POSTGRES: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT a.attname::text, a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', \
         format_type(a.atttypid, a.atttypmod) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relname::text = $1 AND pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped",
    )
});

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn the_length_of_a_text_is_read_from_its_type() {
        for (declared, most) in [
            ("varchar(254)", Some(254)),
            ("character varying(100)", Some(100)),
            ("VARCHAR(40)", Some(40)),
            ("char(32)", None),
            ("numeric(8,2)", None),
            ("character varying", None),
            ("text", None),
            ("", None),
        ] {
            assert_eq!(length(declared), most, "{declared}");
        }
    }
}
