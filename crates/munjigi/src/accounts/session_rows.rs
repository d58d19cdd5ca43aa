//! The rows of `django_session`, written and read with this server's keys and settings.

use jiff::{SignedDuration, Timestamp};
use munjigi_sessions::{
    Decoded, Expiry, ExpiryPolicy, SessionAuthHasher, SessionCodec, SessionData, SessionKey,
};
use munjigi_signing::SecretKeys;
use munjigi_store::sessions::SessionRow;

/// How session rows are written, read and bound to a password: the derived keys and the settings.
#[derive(Clone)]
pub struct SessionRows {
    codec: SessionCodec,
    pub(super) hasher: SessionAuthHasher,
    policy: ExpiryPolicy,
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
    pub(super) fn decode(&self, row: &SessionRow) -> Decoded {
        let decoded = self.read(&row.session_data);
        if let Some(damage) = decoded.damage {
            tracing::warn!(target: "munjigi::account", event = "session_damaged", %damage);
        }
        decoded
    }

    /// What is in a row, of which many are read.
    pub(super) fn read(&self, session_data: &str) -> Decoded {
        self.codec.decode(session_data)
    }

    pub(super) fn encode(&self, data: &SessionData, now: Timestamp) -> String {
        self.codec.encode(data, now)
    }

    pub(super) fn row(&self, key: &SessionKey, data: &SessionData, now: Timestamp) -> SessionRow {
        SessionRow {
            session_key: key.expose().to_owned(),
            session_data: self.encode(data, now),
            expire_date: expiry(data).date(self.policy, now),
        }
    }

    /// How long the browser keeps the cookie; `None` until it closes.
    pub(super) fn cookie_age(&self, data: &SessionData, now: Timestamp) -> Option<SignedDuration> {
        let expiry = expiry(data);
        (!expiry.expire_at_browser_close(self.policy))
            .then(|| SignedDuration::from_secs(expiry.age(self.policy, now)))
    }
}

/// An expiry that cannot be read is none: Django would answer 500.
fn expiry(data: &SessionData) -> Expiry {
    data.expiry().unwrap_or(Expiry::Policy)
}
