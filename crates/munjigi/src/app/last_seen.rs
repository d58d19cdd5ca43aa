//! When sign-ins were last used, gathered in memory until `accounts::last_seen` writes it.
//!
//! Nothing is gathered where nobody writes, and no more than [`LIMIT`] sign-ins in all: some 30 MB. What comes beyond that is
//! not noted until the next writing, which then is at once.

use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// How many sign-ins are gathered at the most.
const LIMIT: usize = 262_144;
const SHARDS: usize = 16;
const LIMIT_OF_SHARD: usize = LIMIT / SHARDS;

/// What is gathered. Noting waits for nobody but who notes a sign-in of the same sixteenth.
#[derive(Default)]
pub struct LastSeen {
    shards: [Mutex<Shard>; SHARDS],
    /// Whether somebody writes what is gathered.
    pub(crate) is_written: AtomicBool,
    /// Said where a shard is full.
    pub(crate) full: Notify,
    /// One writes at a time, so that who has written knows that all is.
    pub(crate) writing: tokio::sync::Mutex<()>,
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

    /// Takes what is gathered, a part at a time, each when it is asked for.
    pub(crate) fn take(&self) -> impl Iterator<Item = Vec<(Box<str>, Timestamp)>> {
        self.shards.iter().map(taken)
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
