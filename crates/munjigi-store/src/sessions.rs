//! `django_session`: `django.contrib.sessions.backends.db` of Django 5.2. What is inside `session_data` is the
//! matter of the crate `munjigi-sessions`.
//!
//! No other module changes rows of this table. Where Django keeps copies of them in a cache, each change is noted, so
//! that its copy is deleted ([`crate::uncached`]).

use std::sync::LazyLock;

use jiff::Timestamp;

use crate::db::{Conn, Param, Row, Stmt, Store, Tx};
use crate::error::Result;

/// A row of `django_session`.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// 32 of `[a-z0-9]`: the cookie's value.
    pub session_key: String,
    /// The signed text of the session's data.
    pub session_data: String,
    /// From this moment on the session is no more.
    pub expire_date: Timestamp,
}

/// The session with this key that has not expired (`SessionStore._get_session_from_db`).
///
/// # Errors
/// What the database may fail with.
pub async fn by_key(conn: &mut Conn, session_key: &str, now: Timestamp) -> Result<Option<SessionRow>> {
    if session_key.contains('\0') {
        return Ok(None);
    }
    conn.optional(&BY_KEY, &[session_key.into(), now.into()], read)
        .await
}

/// A row of `django_session`, and what of it no record knows yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// See [`SessionRow::session_key`].
    pub session_key: String,
    /// See [`SessionRow::session_data`]; `None` where a record that has not ended has this key, or where the session
    /// has expired.
    pub unknown: Option<String>,
}

/// Up to `limit` rows in the order of their keys, from the first or from the one after `after`. A row may come twice,
/// where two records have had its key.
///
/// # Errors
/// What the database may fail with.
pub async fn survey(
    conn: &mut Conn,
    after: Option<&str>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Surveyed>> {
    let params: [Param<'_>; 3] = [
        after.unwrap_or_default().into(),
        now.into(),
        i64::from(limit).into(),
    ];
    conn.all(&SURVEY, &params, |row| {
        Ok(Surveyed {
            session_key: row.text(0)?,
            unknown: row.optional_text(1)?,
        })
    })
    .await
}

/// Writes a new session. No copy of it can be anywhere.
///
/// # Errors
/// [`Error::UniqueViolation`](crate::Error::UniqueViolation) with the column `session_key` where the key is in use.
pub async fn insert(tx: &mut Tx, row: &SessionRow) -> Result<()> {
    tx.execute(&INSERT, &params(row)).await?;
    Ok(())
}

/// Writes a session that is there, and false where it is not: a sign-out that came in between wins, as in Django
/// (`SessionStore.save` raises `UpdateError`).
///
/// # Errors
/// What the database may fail with.
pub async fn update(tx: &mut Tx, row: &SessionRow, now: Timestamp) -> Result<bool> {
    change(tx, &UPDATE, &params(row), now).await
}

/// Prolongs a session, whose data stays. False where it is not there. A copy of it stays good: it ends when the session would
/// have, and the row is read again.
///
/// # Errors
/// What the database may fail with.
pub async fn prolong(tx: &mut Tx, session_key: &str, expire_date: Timestamp) -> Result<bool> {
    let params: [Param<'_>; 2] = [session_key.into(), expire_date.into()];
    Ok(tx.execute(&PROLONG, &params).await? > 0)
}

/// Puts other data into a session, whose end stays, where nobody has written it since `read` was. False where somebody has,
/// or it is not there.
///
/// # Errors
/// What the database may fail with.
pub async fn replace(tx: &mut Tx, read: &SessionRow, session_data: &str, now: Timestamp) -> Result<bool> {
    let params: [Param<'_>; 3] = [
        (&read.session_key).into(),
        (&read.session_data).into(),
        session_data.into(),
    ];
    change(tx, &REPLACE, &params, now).await
}

/// Removes a session. False where it was not there.
///
/// # Errors
/// What the database may fail with.
pub async fn delete(tx: &mut Tx, session_key: &str, now: Timestamp) -> Result<bool> {
    change(tx, &DELETE, &[session_key.into()], now).await
}

/// Changes the row whose key is the first parameter, and notes it for who deletes copies of it. False where it is not there.
async fn change(tx: &mut Tx, stmt: &Stmt, params: &[Param<'_>], now: Timestamp) -> Result<bool> {
    let is_there = tx.execute(stmt, params).await? > 0;
    if let (true, Some(Param::Text(session_key))) = (is_there, params.first()) {
        tx.note_changed(session_key, now);
    }
    Ok(is_there)
}

/// Removes all expired sessions (`clearsessions`), a thousand in each transaction. Gives their number back. A copy
/// expires with its row.
///
/// # Errors
/// What the database may fail with; what was removed before stays removed.
pub async fn delete_expired(store: &Store, now: Timestamp) -> Result<u64> {
    store
        .in_slices(now, |tx, now| {
            Box::pin(async move {
                tx.execute(&DELETE_EXPIRED, &[(*now).into(), Store::SLICE.into()])
                    .await
            })
        })
        .await
}

fn params(row: &SessionRow) -> [Param<'_>; 3] {
    [
        (&row.session_key).into(),
        (&row.session_data).into(),
        row.expire_date.into(),
    ]
}

fn read(row: &Row<'_>) -> Result<SessionRow> {
    Ok(SessionRow {
        session_key: row.text(0)?,
        session_data: row.text(1)?,
        expire_date: row.time(2)?,
    })
}

static BY_KEY: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT session_key, session_data, expire_date FROM django_session \
         WHERE session_key = $1 AND expire_date > $2",
    )
});
/// The limit is on the rows that are looked at, so that each slice takes about the same time whatever it finds.
static SURVEY: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT d.session_key, CASE WHEN m.sid IS NULL AND d.expire_date > $2 THEN d.session_data END \
         FROM (SELECT session_key, session_data, expire_date FROM django_session \
         WHERE session_key > $1 ORDER BY session_key LIMIT $3) d \
         LEFT JOIN munjigi_session m ON m.django_session_key = d.session_key AND m.ended_at IS NULL \
         ORDER BY d.session_key",
    )
});
static INSERT: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("INSERT INTO django_session (session_key, session_data, expire_date) VALUES ($1, $2, $3)")
});
static UPDATE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("UPDATE django_session SET session_data = $2, expire_date = $3 WHERE session_key = $1")
});
static REPLACE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("UPDATE django_session SET session_data = $3 WHERE session_key = $1 AND session_data = $2")
});
static PROLONG: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("UPDATE django_session SET expire_date = $2 WHERE session_key = $1 AND expire_date < $2")
});
static DELETE: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new("DELETE FROM django_session WHERE session_key = $1"));
static DELETE_EXPIRED: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "DELETE FROM django_session WHERE session_key IN \
         (SELECT session_key FROM django_session WHERE expire_date < $1 LIMIT $2)",
    )
});
