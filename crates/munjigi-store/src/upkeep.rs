//! `munjigi_session` beside the requests: when records were last used, and the sweep of what is over. Django has no such
//! thing; its `clearsessions` deletes by an index on `expire_date`.
//!
//! The columns that a rotation writes are in no index, so the sweep goes over all records in the order of their key, a slice
//! at a time. It reads a slice beside everybody and holds the writer only where there is something to do in it.

use std::sync::LazyLock;

use jiff::Timestamp;

use crate::db::{Param, Stmt, Store, Tx};
use crate::error::Result;

/// That a record was used.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// See [`Record::sid`](crate::records::Record::sid).
    pub sid: String,
    /// The last time, to the millisecond.
    pub at: Timestamp,
    /// See [`Record::idle_end`](crate::records::Record::idle_end).
    pub idle_end: Option<Timestamp>,
}

/// Writes when records were last used. One that has ended, was left idle for too long until then, or was seen later by
/// somebody else stays as it is.
///
/// # Errors
/// What the database may fail with.
pub async fn see(tx: &mut Tx, seen: &[Seen]) -> Result<()> {
    for Seen { sid, at, idle_end } in seen {
        let idle_end = idle_end.map(Timestamp::as_millisecond);
        let params: [Param<'_>; 3] = [sid.into(), at.as_millisecond().into(), idle_end.into()];
        tx.execute(&SEE, &params).await?;
    }
    Ok(())
}

/// What a sweep takes away.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// Records that were over before: ended, or past their absolute or idle end. One without an absolute end is over, too,
    /// when it was last used before, and its token has expired before or its session is gone.
    pub over_before: Timestamp,
    /// Sealed successors of tokens that were rotated before.
    pub rotated_before: Timestamp,
}

/// What was done in a slice of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Records removed.
    pub records: u64,
    /// Sealed successors removed; the records stay.
    pub seals: u64,
    /// The last record of the slice, from which the next one goes on; `None` where there are no more.
    pub last: Option<String>,
}

/// Sweeps the thousand records whose keys come after `after`; an empty one comes before all. Several may do so at once.
///
/// # Errors
/// What the database may fail with.
pub async fn sweep(store: &Store, sweep: Sweep, after: &str) -> Result<Swept> {
    let slice = (sweep, after.to_owned());
    let found = store
        .scan(slice, |conn, (sweep, after)| {
            Box::pin(async move {
                let params: [Param<'_>; 4] = [
                    after.into(),
                    Store::SLICE.into(),
                    sweep.over_before.as_millisecond().into(),
                    sweep.rotated_before.as_millisecond().into(),
                ];
                conn.optional(&LOOK, &params, |row| Ok((row.optional_text(0)?, row.int(1)?)))
                    .await
            })
        })
        .await?;
    let Some((Some(last), due)) = found else {
        return Ok(Swept {
            records: 0,
            seals: 0,
            last: None,
        });
    };
    let (records, seals) = if due == 0 {
        (0, 0)
    } else {
        let slice = (sweep, after.to_owned(), last.clone());
        store
            .write(slice, |tx, (sweep, after, last)| {
                Box::pin(async move {
                    let before = sweep.over_before.as_millisecond();
                    let over: [Param<'_>; 3] = [after.into(), last.into(), before.into()];
                    let records = tx.execute(&DELETE, &over).await?;
                    let before = sweep.rotated_before.as_millisecond();
                    let rotated: [Param<'_>; 3] = [after.into(), last.into(), before.into()];
                    Ok((records, tx.execute(&UNSEAL, &rotated).await?))
                })
            })
            .await?
    };
    Ok(Swept {
        records,
        seals,
        last: Some(last),
    })
}

static SEE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "UPDATE munjigi_session SET last_seen_at = $2, idle_end = $3 WHERE sid = $1 AND ended_at IS NULL \
         AND last_seen_at <= $2 AND (idle_end IS NULL OR idle_end > $2)",
    )
});
/// With $3 for the moment. A session that Django opened has no token; whoever cycled its key shows it to us in time.
const IS_OVER: &str = "(ended_at < $3 OR absolute_end < $3 OR idle_end < $3 OR (absolute_end IS NULL \
     AND last_seen_at < $3 AND (jti_exp < $3 OR (jti_exp IS NULL AND NOT EXISTS \
     (SELECT 1 FROM django_session d WHERE d.session_key = django_session_key)))))";
static LOOK: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(format!(
        "SELECT max(sid), coalesce(sum(CASE WHEN {IS_OVER} OR (sealed_successor IS NOT NULL AND rotated_at < $4) \
         THEN 1 ELSE 0 END), 0) FROM (SELECT * FROM munjigi_session WHERE sid > $1 ORDER BY sid LIMIT $2) slice"
    ))
});
static DELETE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(format!(
        "DELETE FROM munjigi_session WHERE sid > $1 AND sid <= $2 AND {IS_OVER}"
    ))
});
static UNSEAL: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "UPDATE munjigi_session SET sealed_successor = NULL WHERE sid > $1 AND sid <= $2 \
         AND sealed_successor IS NOT NULL AND rotated_at < $3",
    )
});
