//! The rows of `django_session`, written and read with this server's keys and settings.

use crate::isoformat::isoformat;
use jiff::{SignedDuration, Timestamp};
use munjigi_sessions::{
    AuthHashMatch, Decoded, Expiry, ExpiryPolicy, SESSION_EXPIRY, SessionAuthHasher, SessionCodec,
    SessionData, SessionKey,
};
use munjigi_signing::SecretKeys;
use munjigi_store::sessions::SessionRow;

/// How session rows are written, read and bound to a password: the derived keys and the settings.
#[derive(Clone)]
pub struct SessionRows {
    codec: SessionCodec,
    pub(crate) hasher: SessionAuthHasher,
    pub(crate) policy: ExpiryPolicy,
}

impl SessionRows {
    /// For these keys and settings.
    pub fn new(keys: &SecretKeys, policy: ExpiryPolicy) -> Self {
        Self {
            codec: SessionCodec::new(keys),
            hasher: SessionAuthHasher::new(keys),
            policy,
        }
    }

    /// What is in a row that somebody presents the key of; a damaged one is worth a line in the log.
    pub(crate) fn decode(&self, row: &SessionRow) -> Decoded {
        let decoded = self.read(&row.session_data);
        if let Some(damage) = decoded.damage {
            tracing::warn!(target: "munjigi::account", event = "session_damaged", %damage);
        }
        decoded
    }

    /// What is in a row, of which many are read.
    pub(crate) fn read(&self, session_data: &str) -> Decoded {
        self.codec.decode(session_data)
    }

    /// Whether a session was opened for the user with this stored password.
    pub(crate) fn binds(&self, data: &SessionData, password: &str) -> AuthHashMatch {
        self.hasher.verify(data, password)
    }

    pub(crate) fn encode(&self, data: &SessionData, now: Timestamp) -> String {
        self.codec.encode(data, now)
    }

    /// The row of a session, which ends at `end` at the latest.
    pub(crate) fn row(
        &self,
        key: &SessionKey,
        data: &SessionData,
        end: Option<Timestamp>,
        now: Timestamp,
    ) -> SessionRow {
        SessionRow {
            session_key: key.expose().to_owned(),
            session_data: self.encode(data, now),
            expire_date: self.expire_date(data, end, now),
        }
    }

    /// Until when a session lasts that is written now.
    pub(crate) fn expire_date(
        &self,
        data: &SessionData,
        end: Option<Timestamp>,
        now: Timestamp,
    ) -> Timestamp {
        let expire_date = expiry(data).date(self.policy, now);
        end.map_or(expire_date, |end| end.min(expire_date))
    }

    /// `set_expiry(end)` where the session would go on for longer: a Django beside us then ends it, and the cookie, at that
    /// moment too. One that ends with the browser has no moment; Django's next save gives its row the settings' age.
    pub(crate) fn end_by(&self, data: &mut SessionData, end: Option<Timestamp>, now: Timestamp) {
        let expiry = expiry(data);
        let Some(end) = end.filter(|end| expiry.date(self.policy, now) > *end) else {
            return;
        };
        if !expiry.expire_at_browser_close(self.policy) {
            data.insert(SESSION_EXPIRY, isoformat(end));
        }
    }

    /// How long the browser keeps the cookie; `None` until it closes.
    pub(crate) fn cookie_age(&self, data: &SessionData, now: Timestamp) -> Option<SignedDuration> {
        let expiry = expiry(data);
        (!expiry.expire_at_browser_close(self.policy))
            .then(|| SignedDuration::from_secs(expiry.age(self.policy, now)))
    }
}

/// An expiry that cannot be read is none: Django would answer 500.
fn expiry(data: &SessionData) -> Expiry {
    data.expiry().unwrap_or(Expiry::Policy)
}
