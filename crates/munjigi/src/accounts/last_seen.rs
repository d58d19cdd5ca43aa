//! When sign-ins were last used: gathered in memory and written once a minute, a statement for each record that was used.
//! What is not written yet when the process dies is lost: a minute at the most. Django writes a session that is used only
//! under `SESSION_SAVE_EVERY_REQUEST`, at once.
//!
//! Nothing is gathered where nobody writes ([`write_now_and_then`]), and no more than [`LIMIT`] sign-ins in all: some 30 MB.
//! What comes beyond that is not noted until the next writing, which then is at once.

use super::error::Result;
use super::term;
use crate::app::App;
use jiff::Timestamp;
use munjigi_store::upkeep::{self, Seen};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

/// How often it is written.
const EVERY: Duration = Duration::from_mins(1);
/// How many sign-ins are written by one transaction.
const SLICE: usize = 250;
/// How many sign-ins are gathered at the most.
pub const LIMIT: usize = SHARDS * LIMIT_OF_SHARD;
const SHARDS: usize = 16;
const LIMIT_OF_SHARD: usize = 16_384;

/// What is gathered. Noting waits for nobody but who notes a sign-in of the same sixteenth.
#[derive(Default)]
pub struct LastSeen {
    shards: [Mutex<Shard>; SHARDS],
    is_written: AtomicBool,
    /// Said where a shard is full.
    full: Notify,
    /// One writes at a time, so that who has written knows that all is.
    writing: tokio::sync::Mutex<()>,
}

type Shard = HashMap<Box<str>, Timestamp>;

impl LastSeen {
    /// Notes that a sign-in was used.
    pub fn note(&self, sid: &str, at: Timestamp) {
        if !self.is_written.load(Relaxed) {
            return;
        }
        let Some(shard) = self.shards.get(shard_of(sid)) else {
            return;
        };
        let mut shard = locked(shard);
        if let Some(seen) = shard.get_mut(sid) {
            *seen = at.max(*seen);
        } else if shard.len() < LIMIT_OF_SHARD {
            shard.insert(sid.into(), at);
        } else {
            self.full.notify_one();
        }
    }

    /// How many sign-ins are gathered.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).len()).sum()
    }
}

/// Writes what is gathered. What could not be written is gathered again.
///
/// # Errors
/// [`super::Error::Store`].
pub async fn write(app: &App) -> Result<()> {
    let gathered = app.last_seen();
    let _one = gathered.writing.lock().await;
    for shard in &gathered.shards {
        let taken = taken(shard);
        for (at, slice) in taken.chunks(SLICE).enumerate() {
            let seen: Vec<Seen> = slice.iter().map(|(sid, at)| seen(app, sid, *at)).collect();
            let written = app
                .store()
                .write(seen, |tx, seen| Box::pin(upkeep::see(tx, seen)))
                .await;
            if let Err(error) = written {
                for (sid, at) in taken.iter().skip(at * SLICE) {
                    gathered.note(sid, *at);
                }
                return Err(error.into());
            }
        }
    }
    Ok(())
}

/// Gathers, and writes once a minute, until `stop` turns true; then once more. What fails is said in the log and tried
/// again the next time.
pub async fn write_now_and_then(app: &App, mut stop: watch::Receiver<bool>) {
    app.last_seen().is_written.store(true, Relaxed);
    let mut is_stopped = false;
    while !is_stopped {
        is_stopped = tokio::select! {
            () = sleep(EVERY) => false,
            () = app.last_seen().full.notified() => false,
            // Where nobody is left to say so, it is time to stop, too.
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if is_stopped {
            app.last_seen().is_written.store(false, Relaxed);
        }
        if let Err(error) = write(app).await {
            tracing::warn!(%error, "when sign-ins were last used could not be written");
        }
    }
}

fn seen(app: &App, sid: &str, at: Timestamp) -> Seen {
    Seen {
        sid: sid.to_owned(),
        at,
        idle_end: term::idle_end(&app.config().session_records, at),
    }
}

fn taken(shard: &Mutex<Shard>) -> Vec<(Box<str>, Timestamp)> {
    let mut taken: Vec<_> = std::mem::take(&mut *locked(shard)).into_iter().collect();
    // In one order by every process, so that two who write wait for each other only one way.
    taken.sort_unstable();
    taken
}

fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// By the last digit, which of 128 random bits are as good as any other four.
fn shard_of(sid: &str) -> usize {
    let last = sid.as_bytes().last().copied().unwrap_or_default();
    usize::from((last & 15) + 9 * (last >> 6)) % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn nothing_is_gathered_where_nobody_writes() {
        let seen = LastSeen::default();
        seen.note("a", at(1));
        assert_eq!(seen.count(), 0);
    }

    #[test]
    fn it_grows_to_its_limit_and_no_further_and_the_latest_counts() {
        let seen = LastSeen::default();
        seen.is_written.store(true, Relaxed);
        for number in 0..2 * LIMIT {
            seen.note(&format!("{number:032x}"), at(1));
        }
        assert_eq!(seen.count(), LIMIT);
        let known = format!("{:032x}", 7);
        for second in [3, 2] {
            seen.note(&known, at(second));
        }
        assert_eq!(locked(&seen.shards[7])[known.as_str()], at(3));
    }
}
