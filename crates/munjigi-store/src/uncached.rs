//! `munjigi_uncached`: sessions that were changed or deleted here, and of which a Django beside us may still have a copy
//! in its cache. Django has no such thing: what it changes itself it writes to its cache, too.
//!
//! [`crate::sessions`] is the one place where rows of `django_session` change, and [`Store::write`] notes each change in
//! the same transaction, so that none is forgotten however the process ends. The copy is deleted right after the commit,
//! and twice more: a Django that had read the row before the commit may store it after that.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};

use crate::db::{Conn, Param, Stmt, Store, Tx};
use crate::error::{Error, Result};

/// A session whose copy is to be deleted.
#[derive(Clone)]
pub(crate) struct Changed {
    pub(crate) session_key: String,
    pub(crate) at: Timestamp,
}

/// How long after a change its copy is deleted for the second time. Django stores what it read within milliseconds.
const SOON: SignedDuration = SignedDuration::from_secs(2);
/// How long after a change its copy is deleted for the last time: no Django that stood still between reading the row and
/// storing it does so for longer. gunicorn ends a worker that stands still for half of it.
const LAST: SignedDuration = SignedDuration::from_mins(1);
/// How many copies are deleted by one command.
const SLICE: i64 = 500;

/// Deletes the copies that are due. False where there are any and the cache does not answer; without a cache there are
/// none. Several processes may do so at once.
///
/// # Errors
/// What the database may fail with.
pub async fn settle(store: &Store, now: Timestamp) -> Result<bool> {
    let Some(cache) = store.session_cache() else {
        return Ok(true);
    };
    // While the cache was away nobody has deleted anything.
    let until = if cache.is_reachable() {
        now
    } else {
        now.saturating_add(SOON).unwrap_or(now)
    };
    loop {
        let due = due(&mut store.reader(), until).await?;
        let keys: Vec<String> = due.iter().map(|changed| changed.session_key.clone()).collect();
        if keys.is_empty() {
            return Ok(true);
        }
        if !cache.delete(&keys).await {
            return Ok(false);
        }
        store
            .write((due, now), |tx, (due, now)| Box::pin(put_off(tx, due, *now)))
            .await?;
    }
}

/// Notes what changed, in the transaction that changed it.
pub(crate) async fn note(tx: &mut Tx, changed: &[Changed]) -> Result<()> {
    for Changed { session_key, at } in changed {
        let due = at.saturating_add(SOON).unwrap_or(*at);
        let params: [Param<'_>; 3] = [
            session_key.into(),
            at.as_millisecond().into(),
            due.as_millisecond().into(),
        ];
        tx.execute(&NOTE, &params).await?;
    }
    Ok(())
}

async fn due(conn: &mut Conn, until: Timestamp) -> Result<Vec<Changed>> {
    let params: [Param<'_>; 2] = [until.as_millisecond().into(), SLICE.into()];
    conn.all(&DUE, &params, |row| {
        Ok(Changed {
            session_key: row.text(0)?,
            at: Timestamp::from_millisecond(row.int(1)?).map_err(|_| NO_TIME)?,
        })
    })
    .await
}

/// Takes note of copies that were deleted at `now` or later. A session that has changed once more meanwhile has another
/// moment by now, and stays as it is.
async fn put_off(tx: &mut Tx, deleted: &[Changed], now: Timestamp) -> Result<()> {
    for Changed { session_key, at } in deleted {
        let last = at.saturating_add(LAST).unwrap_or(Timestamp::MAX);
        let at = at.as_millisecond();
        if now >= last {
            tx.execute(&DONE, &[session_key.into(), at.into()]).await?;
        } else {
            let params: [Param<'_>; 3] = [session_key.into(), at.into(), last.as_millisecond().into()];
            tx.execute(&PUT_OFF, &params).await?;
        }
    }
    Ok(())
}

const NO_TIME: Error = Error::Decode {
    column: 1,
    expected: "milliseconds since 1970",
};

/// Two changes of a session have two moments, so that who has deleted the copy for the first does not take the second
/// for done.
static NOTE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "INSERT INTO munjigi_uncached (session_key, changed_at, due_at) VALUES ($1, $2, $3) \
         ON CONFLICT (session_key) DO UPDATE SET due_at = excluded.due_at, \
         changed_at = CASE WHEN munjigi_uncached.changed_at < excluded.changed_at THEN excluded.changed_at \
         ELSE munjigi_uncached.changed_at + 1 END",
    )
});
static DUE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT session_key, changed_at FROM munjigi_uncached WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
    )
});
static DONE: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new("DELETE FROM munjigi_uncached WHERE session_key = $1 AND changed_at = $2"));
static PUT_OFF: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("UPDATE munjigi_uncached SET due_at = $3 WHERE session_key = $1 AND changed_at = $2")
});
