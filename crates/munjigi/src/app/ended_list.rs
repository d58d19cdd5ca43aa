//! The ended list: which sign-ins have ended while tokens of them may still be good, in memory, so that a token is
//! refused without a statement of SQL. simplejwt's `JWTStatelessUserAuthentication` takes such a token until it expires.
//!
//! What this process ends is known before the answer goes out ([`Store::on_ended`]). What others end is read from
//! `munjigi_ended` again and again, by `accounts::ended`. Where the database has not been reached for
//! `REVOCATION_MAX_STALENESS`, nobody is told that a token is good: who asks gets [`Stale`].

use super::rounds::Rounds;
use jiff::{SignedDuration, Timestamp};
use munjigi_store::Store;
use munjigi_store::ended::{self, Ended, Page};
use munjigi_tokens::ended::{EndedPage, Fingerprint};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::task::yield_now;

/// An ending is kept for this much longer than a token of it can live by the settings of today: against a clock that steps
/// forward and back, and for tokens that were made before somebody lowered `ACCESS_TOKEN_LIFETIME`, or are made by a
/// process whose settings differ.
const KEPT_LONGER: SignedDuration = SignedDuration::from_hours(24);
/// How often what is no longer needed is dropped from memory.
const SWEEP: SignedDuration = SignedDuration::from_mins(1);

/// The list as this process knows it.
pub struct EndedList {
    known: RwLock<Known>,
    /// Of reading all that there is.
    reads: Rounds,
    max_staleness: SignedDuration,
}

/// It is not known whether a sign-in has ended: the database was not reached for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The list of ended sign-ins is older than REVOCATION_MAX_STALENESS.")]
pub struct Stale;

/// Some 70 bytes for each ending.
#[derive(Default)]
struct Known {
    /// Until when a token of each may live.
    until: HashMap<Fingerprint, Timestamp>,
    /// The endings that were read, by their numbers, upwards.
    order: Vec<(i64, Fingerprint)>,
    /// All endings up to this number were read.
    cursor: i64,
    /// When the database last told all that there was.
    contact: Option<Timestamp>,
    swept: Option<Timestamp>,
}

impl EndedList {
    /// An empty one, which knows nothing yet and is stale. `max_staleness` is `REVOCATION_MAX_STALENESS`.
    pub fn new(max_staleness: Duration) -> Self {
        Self {
            known: RwLock::default(),
            reads: Rounds::default(),
            max_staleness: SignedDuration::try_from(max_staleness).unwrap_or(SignedDuration::MAX),
        }
    }

    /// Whether the sign-in behind a token has ended. It runs no SQL and waits for nobody.
    ///
    /// # Errors
    /// [`Stale`] where it is not known to have, and might.
    pub fn is_ended(&self, sid: &str, now: Timestamp) -> Result<bool, Stale> {
        let fingerprint = Fingerprint::of(sid);
        let known = self.read();
        if known.until.contains_key(&fingerprint) {
            return Ok(true);
        }
        self.is_fresh(&known, now).then_some(false).ok_or(Stale)
    }

    /// Whether the list is as new as it must be.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn check(&self, now: Timestamp) -> Result<(), Stale> {
        self.fresh(now).map(drop)
    }

    /// What ended after the number `after`, or all of it, for a process without the database.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn page(&self, after: Option<u64>, now: Timestamp) -> Result<EndedPage, Stale> {
        let known = self.fresh(now)?;
        let after = after
            .and_then(|after| i64::try_from(after).ok())
            .filter(|after| *after <= known.cursor);
        let start = after.map_or(0, |after| known.order.partition_point(|(seq, _)| *seq <= after));
        let rest = known.order.get(start..).unwrap_or_default();
        let page = rest.get(..EndedPage::LIMIT).unwrap_or(rest);
        let more = page.len() < rest.len();
        let cursor = page.last().filter(|_| more).map_or(known.cursor, |(seq, _)| *seq);
        Ok(EndedPage {
            cursor: u64::try_from(cursor).unwrap_or(0),
            reset: after.is_none(),
            more,
            ended: page.iter().map(|(_, fingerprint)| *fingerprint).collect(),
        })
    }

    /// Whether a client knows of an ending that this process has not read yet: another one told it.
    pub fn is_behind(&self, after: Option<u64>) -> bool {
        let cursor = u64::try_from(self.read().cursor).unwrap_or(0);
        after.is_some_and(|after| after > cursor)
    }

    /// Notes what this process itself has ended. Its numbers are read with those of the others.
    pub(crate) fn note(&self, ended: &[Ended]) {
        let ended: Vec<_> = ended.iter().map(entry).collect();
        self.write().until.extend(ended);
    }

    /// Reads what is new, page by page. Those who ask while another one reads share what is read after it: clients can
    /// have this done, and cannot have it done more often than it takes.
    pub(crate) async fn poll(&self, store: &Store, now: Timestamp) -> munjigi_store::Result<()> {
        let Some(turn) = self.reads.turn().await else {
            return Ok(());
        };
        loop {
            let cursor = self.read().cursor;
            let page = ended::after(&mut store.reader(), cursor, kept_since(now)).await?;
            if self.absorb(cursor, &page, now) {
                turn.end();
                return Ok(());
            }
            yield_now().await;
        }
    }

    /// Takes a page in. True where it was the last one for now.
    fn absorb(&self, after: i64, page: &Page, now: Timestamp) -> bool {
        let rows: Vec<_> = page
            .ended
            .iter()
            .map(|(seq, ended)| (*seq, entry(ended)))
            .collect();
        let mut known = self.write();
        if page.last < after {
            // The database is another one than it was, restored from a backup. Who was refused stays refused.
            tracing::warn!(
                was = after,
                is = page.last,
                "the list of ended sign-ins begins anew"
            );
            known.order.clear();
            known.cursor = 0;
            return false;
        }
        let is_last = rows.len() < Page::LIMIT;
        known.cursor = rows
            .last()
            .filter(|_| !is_last)
            .map_or(page.last, |(seq, _)| *seq);
        for (seq, (fingerprint, until)) in rows {
            known.until.insert(fingerprint, until);
            known.order.push((seq, fingerprint));
        }
        if is_last {
            known.contact = Some(now);
            known.sweep(now);
        }
        is_last
    }

    /// What is known, where it is new enough.
    fn fresh(&self, now: Timestamp) -> Result<RwLockReadGuard<'_, Known>, Stale> {
        let known = self.read();
        if self.is_fresh(&known, now) {
            Ok(known)
        } else {
            Err(Stale)
        }
    }

    /// A request's time may lie a little before the last contact, and no further: the system's clock does not run backwards.
    fn is_fresh(&self, known: &Known, now: Timestamp) -> bool {
        let age = known.contact.map(|contact| now.duration_since(contact).abs());
        age.is_some_and(|age| age <= self.max_staleness)
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Drops what no token can ask for any more.
    fn sweep(&mut self, now: Timestamp) {
        let is_due = |swept: Timestamp| now.duration_since(swept).abs() >= SWEEP;
        if !self.swept.is_none_or(is_due) {
            return;
        }
        self.swept = Some(now);
        let since = kept_since(now);
        self.until.retain(|_, until| *until >= since);
        let Self { until, order, .. } = self;
        order.retain(|(_, fingerprint)| until.contains_key(fingerprint));
    }
}

fn entry(ended: &Ended) -> (Fingerprint, Timestamp) {
    (Fingerprint::of(&ended.sid), ended.until)
}

/// Since when endings are kept: what came before is of no use to anybody.
pub(crate) fn kept_since(now: Timestamp) -> Timestamp {
    now.checked_sub(KEPT_LONGER).unwrap_or(Timestamp::MIN)
}
