//! What the catalogue says of the user's table: which columns a new row must fill, and how much text they hold. A Django
//! project made the table, so the settings are held against it at the start, and what is imported before it is written.

use std::sync::LazyLock;

use crate::db::{Conn, Stmt};
use crate::error::Result;
use crate::model::{FieldKind, NameLengths, UserModel};

/// A column of the user's table, as the database describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The most code points that it holds, where it is a text that has a limit.
    pub max_length: Option<u32>,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether the database fills it where a row does not.
    pub has_default: bool,
}

/// The columns of the user's table in their order, also those that the model does not know.
///
/// # Errors
/// What the database may fail with.
pub async fn all(conn: &mut Conn) -> Result<Vec<Column>> {
    let users = conn.users();
    let stmt = conn.choose(&SQLITE, &POSTGRES);
    conn.all(stmt, &[(&users.model.table).into()], |row| {
        Ok(Column {
            name: row.text(0)?,
            max_length: length(&row.text(1)?),
            nullable: !row.bool(2)?,
            has_default: row.bool(3)?,
        })
    })
    .await
}

impl UserModel {
    /// The same where texts are no longer than the columns of the table hold.
    #[must_use]
    pub fn within(mut self, columns: &[Column]) -> Self {
        let of = |name: &str| columns.iter().find(|column| column.name == name)?.max_length;
        let fewer = |most: usize, column: &str| {
            let held = of(column).and_then(|held| usize::try_from(held).ok());
            held.map_or(most, |held| held.min(most))
        };
        let NameLengths { username, email } = self.name_lengths;
        self.name_lengths = NameLengths {
            username: fewer(username, self.username_column()),
            email: self.email_column().map_or(email, |column| fewer(email, column)),
        };
        for field in &mut self.extra_fields {
            if let (FieldKind::Text { max_length }, Some(held)) = (&mut field.kind, of(&field.column)) {
                *max_length = Some(max_length.map_or(held, |declared| declared.min(held)));
            }
        }
        self
    }
}

/// `254` of `varchar(254)` and `character varying(254)`.
fn length(declared: &str) -> Option<u32> {
    const TEXTS: [&str; 4] = ["varchar", "character varying", "char", "character"];
    let (class, rest) = declared.split_once('(')?;
    let is_text = TEXTS.contains(&class.trim().to_lowercase().as_str());
    rest.strip_suffix(')').filter(|_| is_text)?.parse().ok()
}

/// SQLite fills an `integer PRIMARY KEY` itself.
static SQLITE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT name, type, \"notnull\", dflt_value IS NOT NULL OR (pk AND lower(type) = 'integer') \
         FROM pragma_table_info($1) ORDER BY cid",
    )
});
static POSTGRES: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
         a.atthasdef OR a.attidentity <> '' FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relname::text = $1 AND pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped \
         ORDER BY a.attnum",
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
            ("char(32)", Some(32)),
            ("character(10)", Some(10)),
            ("numeric(8,2)", None),
            ("decimal(10, 2)", None),
            ("character varying", None),
            ("text", None),
            ("", None),
        ] {
            assert_eq!(length(declared), most, "{declared}");
        }
    }
}
