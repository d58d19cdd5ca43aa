//! The ended list of a munjigi, kept in memory; [`munjigi_tokens::ended`] says how it travels.

use super::RemoteError;
use super::endpoint::Endpoint;
use munjigi_tokens::ended::{EndedPage, Fingerprint};
use munjigi_tokens::{Revocations, SourceError};
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How old the list may be before nobody goes by it any more, unless
/// [`with_max_staleness`](EndedList::with_max_staleness) says otherwise.
pub const MAX_STALENESS: Duration = Duration::from_secs(30);
/// How often [`EndedList::follow`] asks.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often the whole list is read anew, without what the server has forgotten.
const RELOAD: Duration = Duration::from_hours(1);
/// The most sign-ins that are kept, some 100 MB. A server that tells of more is no munjigi.
const MAX_ENDED: usize = 4_000_000;
/// The most pages that are read at once.
const MAX_PAGES: usize = 10_000;

/// The sign-ins that have ended at another server. A clone is the same one.
///
/// Nothing is asked by itself: the caller runs [`follow`](Self::follow) as a task. Until it has the whole list, and
/// whenever the list is older than [`MAX_STALENESS`], a token that names its sign-in (`sid`) is answered 503: nobody can
/// tell whether it holds. A token that names none was never in the list.
#[derive(Clone)]
pub struct EndedList(Arc<State>);

struct State {
    endpoint: Endpoint,
    clock: Box<dyn Fn() -> Instant + Send + Sync>,
    max_staleness: Duration,
    list: RwLock<List>,
    /// Held by who asks.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct List {
    ended: HashSet<Fingerprint>,
    cursor: Option<u64>,
    /// When the newest answer was asked for.
    heard: Option<Instant>,
    /// When the whole list was asked for.
    loaded: Option<Instant>,
}

impl EndedList {
    /// The list at this address.
    ///
    /// # Errors
    /// [`RemoteError::Url`] for an address that is neither `https` nor `http` on this machine.
    pub fn new(url: &str) -> Result<Self, RemoteError> {
        Self::with_clock(url, MAX_STALENESS, Instant::now)
    }

    /// The same with another limit of age than [`MAX_STALENESS`].
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_max_staleness(url: &str, max_staleness: Duration) -> Result<Self, RemoteError> {
        Self::with_clock(url, max_staleness, Instant::now)
    }

    /// The same by another clock.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_clock(
        url: &str,
        max_staleness: Duration,
        clock: impl Fn() -> Instant + Send + Sync + 'static,
    ) -> Result<Self, RemoteError> {
        Ok(Self(Arc::new(State {
            endpoint: Endpoint::new(url)?,
            clock: Box::new(clock),
            max_staleness,
            list: RwLock::default(),
            flight: tokio::sync::Mutex::default(),
        })))
    }

    /// Asks every second, for as long as it is polled; what goes wrong is in the log.
    pub async fn follow(self) {
        let mut failed = false;
        loop {
            match self.poll().await {
                Ok(()) if failed => tracing::info!("the ended list is followed again"),
                Err(error) if !failed => tracing::warn!(%error, "the ended list cannot be followed"),
                _ => {}
            }
            failed = !self.is_fresh();
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Asks once, to the end of what there is now.
    ///
    /// # Errors
    /// Why nothing was learnt. What is known goes on to hold until it is too old.
    pub async fn poll(&self) -> Result<(), RemoteError> {
        let _flight = self.0.flight.lock().await;
        let now = (self.0.clock)();
        let mut cursor = self.0.list().cursor_at(now);
        // What is learnt takes effect at the end: half of a new list is none.
        let mut learnt = HashSet::new();
        let mut is_whole = cursor.is_none();
        for _ in 0..MAX_PAGES {
            let page = self.0.ask(cursor).await?;
            if page.reset {
                learnt.clear();
                is_whole = true;
            }
            learnt.extend(page.ended);
            if learnt.len() > MAX_ENDED {
                break;
            }
            if !page.more {
                return self.0.learn(learnt, is_whole, page.cursor, now);
            }
            cursor = Some(page.cursor);
        }
        Err(RemoteError::Malformed("a list without end"))
    }

    fn is_fresh(&self) -> bool {
        self.0.is_fresh(&self.0.list())
    }
}

impl Revocations for EndedList {
    fn is_revoked(&self, sid: Option<&str>, _jti: Option<&str>) -> Result<bool, SourceError> {
        let Some(sid) = sid else { return Ok(false) };
        let list = self.0.list();
        if list.ended.contains(&Fingerprint::of(sid)) {
            return Ok(true);
        }
        if self.0.is_fresh(&list) {
            return Ok(false);
        }
        Err(SourceError::unavailable("the ended list is missing or too old"))
    }
}

impl State {
    fn list(&self) -> std::sync::RwLockReadGuard<'_, List> {
        self.list.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fresh(&self, list: &List) -> bool {
        let age = |heard| (self.clock)().saturating_duration_since(heard);
        list.heard.is_some_and(|heard| age(heard) <= self.max_staleness)
    }

    async fn ask(&self, cursor: Option<u64>) -> Result<EndedPage, RemoteError> {
        let query = cursor.map(|cursor| format!("after={cursor}"));
        let body = self.endpoint.get(query.as_deref(), EndedPage::MAX_BYTES).await?;
        EndedPage::from_json(&body).map_err(|_| RemoteError::Malformed("what is no page of an ended list"))
    }

    fn learn(
        &self,
        learnt: HashSet<Fingerprint>,
        is_whole: bool,
        cursor: u64,
        now: Instant,
    ) -> Result<(), RemoteError> {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        if is_whole {
            list.ended = learnt;
            list.loaded = Some(now);
        } else if list.ended.len() + learnt.len() <= MAX_ENDED {
            list.ended.extend(learnt);
        } else {
            return Err(RemoteError::Malformed("a list without end"));
        }
        list.cursor = Some(cursor);
        list.heard = Some(now);
        Ok(())
    }
}

impl List {
    /// Where to go on; `None` to begin anew.
    fn cursor_at(&self, now: Instant) -> Option<u64> {
        let is_recent = |loaded| now.saturating_duration_since(loaded) < RELOAD;
        self.cursor.filter(|_| self.loaded.is_some_and(is_recent))
    }
}
