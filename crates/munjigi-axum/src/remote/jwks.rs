//! The keys of another server: `JWK_URL`, PyJWT's `PyJWKClient` (2.15, `jwks_client.py`).
//!
//! It differs from PyJWT's where a stranger could make it work for him, or an outage would sign everybody out: the address is
//! `https`, or this machine; no redirection is followed; the answer is bounded in size and time; tokens with an unknown
//! `kid` lead to one fetch a minute, whoever sends how many; keys that were fetched once hold until others are.

use super::RemoteError;
use super::endpoint::Endpoint;
use munjigi_tokens::{Jwk, JwkSet, KeyRing};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After a set was asked for, how long nobody asks again because of a `kid` that is not in it, or of its age.
pub const PAUSE: Duration = Duration::from_mins(1);
/// The same while there are no keys at all, and so nothing works.
pub const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(1);
/// How long a set counts as new: PyJWT's `lifespan`.
pub const LIFETIME: Duration = Duration::from_mins(5);
/// The longest answer, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// Fetches a JWK set and keeps it. A clone is the same one.
///
/// Nothing is fetched before the first call, and nothing by itself: it is the calls that notice that a set is old or a
/// key missing.
///
/// ```no_run
/// # async fn verify() -> Result<(), munjigi_axum::remote::RemoteError> {
/// use munjigi_axum::remote::JwksClient;
///
/// let client = JwksClient::new("https://auth.example/.well-known/jwks.json")?;
/// let keys = client.keys_for(Some("2026-12")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct JwksClient(Arc<State>);

struct State {
    endpoint: Endpoint,
    clock: Box<dyn Fn() -> Instant + Send + Sync>,
    known: Mutex<Known>,
    /// Held by who fetches.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Option<Arc<JwkSet>>,
    fetched: Option<Instant>,
    asked: Option<Instant>,
}

impl JwksClient {
    /// A client of this address.
    ///
    /// # Errors
    /// [`RemoteError::Url`] for an address that is neither `https` nor `http` on this machine.
    pub fn new(url: &str) -> Result<Self, RemoteError> {
        Self::with_clock(url, Instant::now)
    }

    /// The same by another clock.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_clock(
        url: &str,
        clock: impl Fn() -> Instant + Send + Sync + 'static,
    ) -> Result<Self, RemoteError> {
        Ok(Self(Arc::new(State {
            endpoint: Endpoint::new(url)?,
            clock: Box::new(clock),
            known: Mutex::default(),
            flight: tokio::sync::Mutex::default(),
        })))
    }

    /// The keys that were fetched last, however old they are. Nothing is fetched.
    pub fn keys(&self) -> Option<Arc<JwkSet>> {
        self.0.known().keys
    }

    /// The keys to verify a token with that bears this `kid`, as far as they are known.
    ///
    /// Where there are none yet, or not this one, they are fetched first, once for all who wait. Where they are old, they
    /// are fetched too, while everybody goes on with these.
    ///
    /// # Errors
    /// Why there are no keys at all. An old set is no error, nor is one without this `kid`.
    pub async fn keys_for(&self, kid: Option<&str>) -> Result<Arc<JwkSet>, RemoteError> {
        let known = self.0.known();
        let now = (self.0.clock)();
        let Some(keys) = known.keys.clone() else {
            return self.0.fetch(PAUSE_WITHOUT_KEYS).await;
        };
        let may_ask = known.may_ask(now, PAUSE);
        if may_ask && kid.is_some_and(|kid| keys.find(kid).is_none()) {
            return Ok(self.0.fetch(PAUSE).await.unwrap_or(keys));
        }
        if may_ask && known.is_old(now) {
            let state = Arc::clone(&self.0);
            tokio::spawn(async move { drop(state.fetch(PAUSE).await) });
        }
        Ok(keys)
    }
}

impl State {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One fetch at a time; who waited for another's takes what that brought.
    async fn fetch(&self, pause: Duration) -> Result<Arc<JwkSet>, RemoteError> {
        let _flight = self.flight.lock().await;
        let now = (self.clock)();
        let known = self.known();
        if !known.may_ask(now, pause) {
            return known.keys.ok_or(RemoteError::AskedTooSoon);
        }
        self.note(|known| known.asked = Some(now));
        let keys = self.ask().await.inspect_err(|error| {
            // A pause begins where a question ends: all who waited for this one would else ask again, one after the other.
            self.note(|known| known.asked = Some((self.clock)()));
            tracing::warn!(%error, "a key set could not be fetched; the keys that are known hold");
        })?;
        let keys = Arc::new(keys);
        self.note(|known| {
            known.keys = Some(Arc::clone(&keys));
            known.fetched = Some(now);
        });
        Ok(keys)
    }

    async fn ask(&self) -> Result<JwkSet, RemoteError> {
        let body = self.endpoint.get(None, MAX_BYTES).await?;
        let keys = std::str::from_utf8(&body)
            .ok()
            .and_then(|text| JwkSet::parse(text).ok());
        let keys = keys.ok_or(RemoteError::Malformed("what is no key set"))?;
        // A key without a name verifies nothing: `PyJWKClient` passes it over.
        let is_named = |jwk: &&Jwk| jwk.key_id().is_some();
        let keys: JwkSet = keys.keys().iter().filter(is_named).cloned().collect();
        // Nobody withdraws all keys at once; a server that lost its own must not sign everybody out here.
        if keys.keys().is_empty() {
            return Err(RemoteError::Malformed("a key set without a key that has a kid"));
        }
        if keys.keys().len() > KeyRing::MAX_KEYS {
            return Err(RemoteError::Malformed("more keys than a ring takes"));
        }
        Ok(keys)
    }

    fn note(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Known {
    fn may_ask(&self, now: Instant, pause: Duration) -> bool {
        let since = |asked| now.saturating_duration_since(asked);
        self.asked.is_none_or(|asked| since(asked) >= pause)
    }

    fn is_old(&self, now: Instant) -> bool {
        self.fetched
            .is_none_or(|fetched| now.saturating_duration_since(fetched) >= LIFETIME)
    }
}
