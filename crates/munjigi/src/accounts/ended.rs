//! The ended list: which sign-ins have ended while tokens of them may still be good, in memory, so that a token is
//! refused without a statement of SQL. simplejwt's `JWTStatelessUserAuthentication` takes such a token until it expires.
//!
//! What this process ends is known before the answer goes out ([`Store::on_ended`]). What others end is read from
//! `munjigi_ended` by [`follow`], twice a second, and at once where PostgreSQL tells of it. Where the database has not been
//! reached for `REVOCATION_MAX_STALENESS`, nobody is told that a token is good: who asks gets [`Error::Stale`].

use super::error::{Error, Result};
use crate::app::App;
use jiff::{SignedDuration, Timestamp};
use munjigi_store::Store;
use munjigi_store::ended::{self, Ended, Page};
use munjigi_tokens::ended::{EndedPage, Fingerprint};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::select;
use tokio::task::yield_now;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// How often the database is asked for what others ended.
const POLL: Duration = Duration::from_millis(500);
/// What lies at least between two polls where endings are told one after the other.
const BREATH: Duration = Duration::from_millis(10);
/// An ending is kept for this much longer than a token of it can live by the settings of today: against a clock that steps
/// forward and back, and for tokens that were made before somebody lowered `ACCESS_TOKEN_LIFETIME`, or are made by a
/// process whose settings differ.
const KEPT_LONGER: SignedDuration = SignedDuration::from_hours(24);
/// How often what is no longer needed is dropped from memory.
const SWEEP: SignedDuration = SignedDuration::from_mins(1);

/// The list as this process knows it.
pub struct EndedList {
    known: RwLock<Known>,
    /// One reads at a time.
    polling: tokio::sync::Mutex<()>,
    /// How often all was read.
    reads: AtomicU64,
    max_staleness: SignedDuration,
}

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
            polling: tokio::sync::Mutex::default(),
            reads: AtomicU64::new(0),
            max_staleness: SignedDuration::try_from(max_staleness).unwrap_or(SignedDuration::MAX),
        }
    }

    /// Whether the sign-in behind a token has ended. It runs no SQL and waits for nobody.
    ///
    /// # Errors
    /// [`Error::Stale`] where it is not known to have, and might.
    pub fn is_ended(&self, sid: &str, now: Timestamp) -> Result<bool> {
        let fingerprint = Fingerprint::of(sid);
        let known = self.read();
        if known.until.contains_key(&fingerprint) {
            return Ok(true);
        }
        self.is_fresh(&known, now).then_some(false).ok_or(Error::Stale)
    }

    /// Whether the list is as new as it must be.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn check(&self, now: Timestamp) -> Result<()> {
        self.fresh(now).map(drop)
    }

    /// What ended after the number `after`, or all of it, for a process without the database.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn page(&self, after: Option<u64>, now: Timestamp) -> Result<EndedPage> {
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
    async fn poll(&self, store: &Store, now: Timestamp) -> Result<()> {
        let before = self.reads.load(Relaxed);
        let _one = self.polling.lock().await;
        if self.reads.load(Relaxed) >= before + 2 {
            return Ok(());
        }
        loop {
            let cursor = self.read().cursor;
            let page = ended::after(&mut store.reader(), cursor, kept_since(now)).await?;
            if self.absorb(cursor, &page, now) {
                self.reads.fetch_add(1, Relaxed);
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
    fn fresh(&self, now: Timestamp) -> Result<RwLockReadGuard<'_, Known>> {
        let known = self.read();
        if self.is_fresh(&known, now) {
            Ok(known)
        } else {
            Err(Error::Stale)
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

/// Asks the database once for what others ended. The server does this by [`follow`].
///
/// # Errors
/// [`Error::Store`].
pub async fn poll(app: &App) -> Result<()> {
    app.ended().poll(app.store(), app.now()).await
}

/// Keeps the list up to date for as long as it is polled, also where the database is away for a while. What PostgreSQL tells
/// only makes the next poll come sooner: where it tells nothing, the polls go on. It may be dropped at any moment.
pub async fn follow(app: &App) -> Infallible {
    let mut ticks = interval(POLL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let told = app.store().endings();
    let mut is_lost = false;
    loop {
        sleep(BREATH).await;
        select! {
            _ = ticks.tick() => {}
            () = told.next() => {}
        }
        match poll(app).await {
            Ok(()) if is_lost => tracing::info!("the list of ended sign-ins is read again"),
            Err(error) if !is_lost => tracing::warn!(%error, "the list of ended sign-ins cannot be read"),
            _ => continue,
        }
        is_lost = !is_lost;
    }
}

/// Removes the endings that no process needs any more, in slices, and gives their number back.
///
/// # Errors
/// [`Error::Store`]; what was removed before stays removed.
pub(super) async fn delete_past(app: &App, now: Timestamp) -> Result<u64> {
    Ok(ended::delete_past(app.store(), kept_since(now)).await?)
}

fn entry(ended: &Ended) -> (Fingerprint, Timestamp) {
    (Fingerprint::of(&ended.sid), ended.until)
}

fn kept_since(now: Timestamp) -> Timestamp {
    now.checked_sub(KEPT_LONGER).unwrap_or(Timestamp::MIN)
}
