//! Leaving: what [`apply`](super::apply) added to the database of a Django project is taken away again. Django has no such
//! thing; nearest is its `migrate APP zero`.
//!
//! Nothing of Django's is touched: not its tables, and not those that were made for one of its apps because they were
//! missing, for the project may use them by now.

use std::sync::LazyLock;

use jiff::Timestamp;

use super::apps::{self, OUR_STEPS};
use super::survey::{self, Origin, Survey};
use super::unknown_step;
use crate::db::{Conn, LEAVING, Stmt, Store, Tx, quoted};
use crate::error::{Error, Result};

/// What is ours in a database, and what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    /// Our tables, by name.
    pub tables: Vec<String>,
    /// Our indexes on tables of Django's.
    pub indexes: Vec<String>,
    /// The apps of Django's and simplejwt's whose tables we made, because the project had none. They stay.
    pub apps: Vec<&'static str>,
    /// What users hold.
    pub live: Live,
}

/// How many sign-ins there are, by what carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// Cookie sessions that go on.
    pub sessions: u64,
    /// Refresh and sliding tokens that go on.
    pub tokens: u64,
    /// Tokens of sign-ins that have ended, where nothing of Django's says so: they have not expired and are not blacklisted.
    pub ended_tokens: u64,
}

/// Looks at what [`remove`] would take away; `None` where there is nothing.
///
/// # Errors
/// [`Error::OwnDatabase`] where it would refuse, and [`Error::NewerSchema`] where a later version was here.
pub async fn look(store: &Store, now: Timestamp) -> Result<Option<Ours>> {
    let mut conn = store.reader();
    let survey = survey::of(&mut conn).await?;
    let Some((tables, indexes)) = ours(&mut conn, &survey).await? else {
        return Ok(None);
    };
    Ok(Some(Ours {
        live: live(&mut conn, &survey, now).await?,
        apps: apps_made(&mut conn, store, &survey).await?,
        tables,
        indexes,
    }))
}

/// Takes our tables and indexes away, in one transaction, and closes the database.
///
/// On PostgreSQL a server is told from other clients by the name of its connections (`application_name`), so the store must
/// be opened with [`DatabaseUrl::for_leaving`](crate::DatabaseUrl::for_leaving). On SQLite the journal is Django's again,
/// `DELETE`, and nobody else may have the file open.
///
/// Through a pooler ([`Store::is_pooled`]) connections are called after whoever used them last: there it is not looked.
///
/// # Errors
/// As [`look`], and [`Error::InUse`] where a server runs.
pub async fn remove(store: Store) -> Result<()> {
    let is_pooled = store.is_pooled();
    store
        .leave(is_pooled, |tx, is_pooled| Box::pin(drop_all(tx, *is_pooled)))
        .await
}

async fn drop_all(tx: &mut Tx, is_pooled: bool) -> Result<()> {
    tx.lock_schema().await?;
    let running = tx.choose(None, Some(&*RUNNING));
    if let Some(running) = running.filter(|_| !is_pooled) {
        let found = tx
            .optional(running, &[LEAVING.into()], |row| {
                Ok((row.int(0)?, row.optional_text(1)?))
            })
            .await?;
        if let Some((count @ 1.., name)) = found {
            return Err(Error::InUse(format!(
                "There are connections called \"{}\" to this database ({count}), as a running `munjigi serve` has. Stop it. \
                 If they are somebody else's, write another application_name into DATABASE_URL.",
                name.unwrap_or_default()
            )));
        }
    }
    let survey = survey::of(tx).await?;
    let Some((tables, indexes)) = ours(tx, &survey).await? else {
        return Ok(());
    };
    for (what, names) in [("INDEX", indexes), ("TABLE", tables)] {
        for name in names {
            tx.script(&format!("DROP {what} {};", quoted(&name))).await?;
        }
    }
    Ok(())
}

/// Our tables, and our indexes on others.
async fn ours(conn: &mut Conn, survey: &Survey) -> Result<Option<(Vec<String>, Vec<String>)>> {
    if let Some(newer) = unknown_step(survey) {
        return Err(Error::NewerSchema(newer));
    }
    let made = OUR_STEPS.iter().flat_map(apps::OurStep::tables);
    let tables: Vec<String> = made
        .filter(|table| survey.tables.contains_key(*table))
        .map(str::to_owned)
        .collect();
    if tables.is_empty() {
        return Ok(None);
    }
    if survey.origin() == Origin::Munjigi {
        return Err(Error::OwnDatabase);
    }
    let indexes = conn.choose(&SQLITE_INDEXES, &POSTGRES_INDEXES);
    let indexes = conn.all(indexes, &[], |row| row.text(0)).await?;
    Ok(Some((tables, indexes)))
}

async fn live(conn: &mut Conn, survey: &Survey, now: Timestamp) -> Result<Live> {
    let has = |table| survey.tables.contains_key(table);
    let mut live = Live {
        sessions: 0,
        tokens: 0,
        ended_tokens: 0,
    };
    if !has("munjigi_session") {
        return Ok(live);
    }
    let count = |row: &crate::db::Row<'_>| Ok(u64::try_from(row.int(0)?).unwrap_or_default());
    if has("django_session") {
        let found = conn.optional(&SESSIONS, &[now.into()], count).await?;
        live.sessions = found.unwrap_or_default();
    }
    let millis = now.as_millisecond();
    let found = conn.optional(&TOKENS, &[millis.into()], count).await?;
    live.tokens = found.unwrap_or_default();
    let ended = if has("token_blacklist_blacklistedtoken") {
        &ENDED_AND_NOT_BLACKLISTED
    } else {
        &ENDED
    };
    let found = conn.optional(ended, &[millis.into()], count).await?;
    live.ended_tokens = found.unwrap_or_default();
    Ok(live)
}

/// The apps that stand in `django_migrations` since a moment at which we took a step.
async fn apps_made(conn: &mut Conn, store: &Store, survey: &Survey) -> Result<Vec<&'static str>> {
    if !survey.tables.contains_key("munjigi_migration") {
        return Ok(Vec::new());
    }
    let steps: Vec<i64> = conn.all(&STEPS, &[], |row| row.int(0)).await?;
    let applied = conn
        .all(&APPLIED, &[], |row| {
            Ok((row.text(0)?, row.time(1)?, row.time(2)?))
        })
        .await?;
    let is_ours = |label: &str| {
        applied.iter().any(|(app, first, last)| {
            app == label && first == last && steps.contains(&first.as_millisecond())
        })
    };
    let apps = apps::of(store.user_model()).into_iter().map(|app| app.label);
    Ok(apps.filter(|label| is_ours(label)).collect())
}

/// Connections of a server, and their name. A role sees those of its own.
static RUNNING: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT count(*), min(application_name) FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name || $1 = current_setting('application_name')",
    )
});
static SQLITE_INDEXES: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'munjigi\\_%' ESCAPE '\\' \
         AND tbl_name NOT LIKE 'munjigi\\_%' ESCAPE '\\' ORDER BY name",
    )
});
static POSTGRES_INDEXES: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         JOIN pg_class t ON t.oid = i.indrelid WHERE c.relname LIKE 'munjigi\\_%' \
         AND t.relname NOT LIKE 'munjigi\\_%' AND pg_table_is_visible(c.oid) ORDER BY 1",
    )
});
static STEPS: LazyLock<Stmt> = LazyLock::new(|| Stmt::new("SELECT applied_at FROM munjigi_migration"));
static APPLIED: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new("SELECT app, min(applied), max(applied) FROM django_migrations GROUP BY app"));
static SESSIONS: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT count(*) FROM munjigi_session r JOIN django_session d ON d.session_key = r.django_session_key \
         WHERE r.ended_at IS NULL AND d.expire_date > $1",
    )
});
static TOKENS: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("SELECT count(*) FROM munjigi_session WHERE ended_at IS NULL AND jti_exp > $1")
});
const ENDED_TOKENS: &str =
    "SELECT count(*) FROM munjigi_session r WHERE r.ended_at IS NOT NULL AND r.jti_exp > $1";
static ENDED: LazyLock<Stmt> = LazyLock::new(|| Stmt::new(ENDED_TOKENS));
static ENDED_AND_NOT_BLACKLISTED: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(format!(
        "{ENDED_TOKENS} AND NOT EXISTS (SELECT 1 FROM token_blacklist_outstandingtoken o \
         JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id WHERE o.jti = r.jti)"
    ))
});
