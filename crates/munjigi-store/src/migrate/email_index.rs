//! The index on `lower(email)`, by which a user is found by his address. A database of ours has it from the first; into a
//! Django project's it comes only where somebody asks for it.

use std::sync::LazyLock;

use crate::db::{BoxFuture, Conn, Stmt, Store, Tx, quoted};
use crate::error::Result;

/// Whether an index finds a user by his address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailIndex {
    /// It is there, or the model has no address.
    Present,
    /// A look-up by address reads the whole table of so many users.
    Missing {
        /// How many, counted to [`LARGE`].
        users: u64,
    },
}

/// From how many users on the index is missed.
pub const LARGE: u64 = 10_000;

/// Its name, if we make it.
pub(super) const NAME: &str = "munjigi_user_email";

/// Whether the index is there, also one that Django's project made.
///
/// # Errors
/// What the database may fail with.
pub async fn email_index(store: &Store) -> Result<EmailIndex> {
    let mut conn = store.reader();
    let users = conn.users();
    let Some(email) = users.model.email_column() else {
        return Ok(EmailIndex::Present);
    };
    let table = &users.model.table;
    let is_there = if conn.choose(true, false) {
        let made = conn
            .all(&SQLITE_INDEXES, &[table.into()], |row| row.text(0))
            .await?;
        made.iter().any(|made| is_on(email, made))
    } else {
        let params = [table.into(), email.into()];
        let found = conn.optional(&POSTGRES_INDEX, &params, |row| row.int(0)).await?;
        found > Some(0)
    };
    if is_there {
        return Ok(EmailIndex::Present);
    }
    let count = Stmt::new(format!(
        "SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {LARGE}) users",
        quoted(table)
    ));
    let users = conn.optional(&count, &[], |row| row.int(0)).await?;
    Ok(EmailIndex::Missing {
        users: users.and_then(|users| u64::try_from(users).ok()).unwrap_or(0),
    })
}

/// Makes the index where there is none: `CREATE INDEX CONCURRENTLY` on PostgreSQL, which holds up nobody who writes. True
/// where it was made.
///
/// # Errors
/// What the database may fail with.
pub async fn add_email_index(store: &Store) -> Result<bool> {
    if email_index(store).await? == EmailIndex::Present {
        return Ok(false);
    }
    let mut conn = store.reader();
    if conn.choose(true, false) {
        store.write((), write_index).await?;
        return Ok(true);
    }
    // One that was begun and not finished is there, and serves nobody.
    for statement in [
        Some(format!("DROP INDEX CONCURRENTLY IF EXISTS {NAME}")),
        statement(&conn, " CONCURRENTLY"),
    ]
    .into_iter()
    .flatten()
    {
        conn.all(&Stmt::new(statement), &[], |_| Ok(())).await?;
    }
    Ok(true)
}

fn write_index<'t>(tx: &'t mut Tx, (): &'t ()) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        match statement(tx, "") {
            Some(statement) => tx.script(&format!("{statement};")).await,
            None => Ok(()),
        }
    })
}

fn statement(conn: &Conn, how: &str) -> Option<String> {
    let users = conn.users();
    let (table, email) = (quoted(&users.model.table), quoted(users.model.email_column()?));
    Some(format!("CREATE INDEX{how} {NAME} ON {table} (lower({email}))"))
}

/// Whether the text that made an index of SQLite's says that it is over all rows, by `lower(email)` first. The plan of a
/// query would tell it, but a connection that has not read since the index was made plans without it.
fn is_on(email: &str, made: &str) -> bool {
    let bare = |text: &str| {
        let letters = text
            .chars()
            .filter(|c| !c.is_whitespace() && !"\"`[]".contains(*c));
        letters.collect::<String>().to_lowercase()
    };
    let (made, first) = (bare(made), format!("(lower({})", bare(email)));
    let follows = made.split_once(&first).map(|(_, rest)| rest);
    follows.is_some_and(|rest| rest.starts_with([',', ')']) && !rest.contains(")where"))
}

static SQLITE_INDEXES: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL")
});
/// A valid index over all rows whose first column is `lower(email)`, or that of the address as text. Of no other table's
/// index the definition is asked: somebody may drop that one at this moment, and PostgreSQL would fail.
static POSTGRES_INDEX: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "WITH own AS MATERIALIZED (SELECT i.indexrelid FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid \
         WHERE c.relname::text = $1 AND pg_table_is_visible(c.oid) AND i.indisvalid AND i.indpred IS NULL) \
         SELECT count(*) FROM own WHERE pg_get_indexdef(indexrelid, 1, true) IN \
         (format('lower(%I)', $2::text), format('lower(%I::text)', $2::text))",
    )
});

#[cfg(test)]
mod tests {
    use super::is_on;

    #[test]
    fn an_index_of_sqlite_is_known_by_what_made_it() {
        for made in [
            "CREATE INDEX x ON auth_user (lower(email))",
            "CREATE UNIQUE INDEX \"x\" ON \"auth_user\" ((LOWER(\"email\")))",
            "CREATE INDEX x ON auth_user ( lower( `email` ), id)",
        ] {
            assert!(is_on("email", made), "{made}");
        }
        for made in [
            "CREATE INDEX x ON auth_user (email)",
            "CREATE INDEX x ON auth_user (id, lower(email))",
            "CREATE INDEX x ON auth_user (lower(email_2))",
            "CREATE INDEX x ON auth_user (lower(email)) WHERE is_active",
        ] {
            assert!(!is_on("email", made), "{made}");
        }
    }
}
