//! `munjigi_ended`: the records that ended, in the order in which their endings were committed, so that every process
//! learns of each. Django has no such thing.
//!
//! The numbers come from a row of `munjigi_counter` that the ending transaction itself counts up. Its lock is held
//! until the commit, so that whoever sees a number sees all before it; a sequence gives its numbers out before the
//! commits, and a reader would pass over those that come late. [`crate::records`] is the one place where records end,
//! and what ends there is numbered at the end of its transaction by [`Store::write`].

use std::sync::{LazyLock, PoisonError, RwLock};

use jiff::Timestamp;

use crate::db::{Conn, Param, Stmt, Store, Tx};
use crate::error::{Error, Result};

/// A record that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// See [`Record::sid`](crate::records::Record::sid).
    pub sid: String,
    /// From then on no token of the record can be good; to the millisecond.
    pub until: Timestamp,
}

/// A part of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The number of the last ending of all, also where its row is gone.
    pub last: i64,
    /// The endings with their numbers, in their order.
    pub ended: Vec<(i64, Ended)>,
}

impl Page {
    /// The most endings in a page. One with fewer goes up to [`Page::last`].
    pub const LIMIT: usize = 1_000;
}

/// The endings with numbers above `seq` whose tokens may still be good at `now`, from the lowest on.
///
/// # Errors
/// What the database may fail with.
pub async fn after(conn: &mut Conn, seq: i64, now: Timestamp) -> Result<Page> {
    let limit = i64::try_from(Page::LIMIT).unwrap_or(i64::MAX);
    let params: [Param<'_>; 3] = [seq.into(), now.as_millisecond().into(), limit.into()];
    let rows = conn
        .all(&AFTER, &params, |row| {
            let ending = match row.optional_int(1)? {
                None => None,
                Some(seq) => {
                    let until = Timestamp::from_millisecond(row.int(3)?);
                    let until = until.map_err(|_| NO_TIME)?;
                    Some((
                        seq,
                        Ended {
                            sid: row.text(2)?,
                            until,
                        },
                    ))
                }
            };
            Ok((row.int(0)?, ending))
        })
        .await?;
    Ok(Page {
        last: rows.first().ok_or_else(no_counter)?.0,
        ended: rows.into_iter().filter_map(|(_, ending)| ending).collect(),
    })
}

/// Removes the endings whose tokens were all over before `before`, a thousand in each transaction. Gives their number
/// back.
///
/// # Errors
/// What the database may fail with; what was removed before stays removed.
pub async fn delete_past(store: &Store, before: Timestamp) -> Result<u64> {
    store
        .in_slices(before, |tx, before| {
            Box::pin(async move {
                tx.execute(
                    &DELETE_PAST,
                    &[before.as_millisecond().into(), Store::SLICE.into()],
                )
                .await
            })
        })
        .await
}

/// Gives what ended in a transaction the next numbers, and writes the rows. It is the last thing that the transaction
/// does: from here to the commit every other one that ends something waits.
pub(crate) async fn number(tx: &mut Tx, ended: &[Ended]) -> Result<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(ended.len()).unwrap_or(i64::MAX);
    let count_up = tx.choose(&*COUNT_UP, &*COUNT_UP_AND_TELL);
    let last = tx.optional(count_up, &[count.into()], |row| row.int(0)).await?;
    let mut seq = last.ok_or_else(no_counter)? - count;
    for chunk in ended.chunks(CHUNK) {
        let mut params: Vec<Param<'_>> = Vec::with_capacity(chunk.len() * 3);
        for Ended { sid, until } in chunk {
            seq += 1;
            let row: [Param<'_>; 3] = [seq.into(), sid.into(), until.as_millisecond().into()];
            params.extend(row);
        }
        if let Some(insert) = INSERTS.get(chunk.len() - 1) {
            tx.execute(insert, &params).await?;
        }
    }
    Ok(())
}

/// Who is told of what ended, after the commit.
#[derive(Default)]
pub(crate) struct Listeners(RwLock<Vec<Listener>>);

type Listener = Box<dyn Fn(&[Ended]) + Send + Sync>;

impl Listeners {
    pub(crate) fn add(&self, listener: Listener) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(listener);
    }

    pub(crate) fn tell(&self, ended: &[Ended]) {
        if ended.is_empty() {
            return;
        }
        for listener in &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            listener(ended);
        }
    }
}

/// Where PostgreSQL tells of endings: `LISTEN munjigi_ended`.
pub(crate) const CHANNEL: &str = "munjigi_ended";

fn no_counter() -> Error {
    Error::UnfitSchema(
        "The table munjigi_counter has lost its row \"ended\". Restore it from a backup, together with munjigi_ended."
            .to_owned(),
    )
}

const NO_TIME: Error = Error::Decode {
    column: 3,
    expected: "milliseconds since 1970",
};

/// Rows that one statement inserts: a password change ends all sign-ins of a user while others wait.
const CHUNK: usize = 64;

/// One statement reads the counter and what is new, so that both are of one moment. There is always a row.
static AFTER: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT c.value, e.seq, e.sid, e.until FROM munjigi_counter c \
         LEFT JOIN munjigi_ended e ON e.seq > $1 AND e.until >= $2 \
         WHERE c.name = 'ended' ORDER BY e.seq LIMIT $3",
    )
});
static COUNT_UP: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("UPDATE munjigi_counter SET value = value + $1 WHERE name = 'ended' RETURNING value")
});
/// On PostgreSQL those who listen are told at the commit. It takes no round trip of its own while others wait.
static COUNT_UP_AND_TELL: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(format!(
        "UPDATE munjigi_counter SET value = value + $1 WHERE name = 'ended' \
         RETURNING value, pg_notify('{CHANNEL}', '')"
    ))
});
/// For 1 row, for 2 rows, …
static INSERTS: LazyLock<Vec<Stmt>> = LazyLock::new(|| {
    let row = |at: usize| format!("(${}, ${}, ${})", 3 * at + 1, 3 * at + 2, 3 * at + 3);
    let rows = |count: usize| (0..count).map(row).collect::<Vec<_>>().join(", ");
    (1..=CHUNK)
        .map(|count| {
            Stmt::new(format!(
                "INSERT INTO munjigi_ended (seq, sid, until) VALUES {}",
                rows(count)
            ))
        })
        .collect()
});
static DELETE_PAST: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "DELETE FROM munjigi_ended WHERE seq IN (SELECT seq FROM munjigi_ended WHERE until < $1 LIMIT $2)",
    )
});
