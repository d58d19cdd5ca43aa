//! What a Django beside the server does by itself: it writes sessions under its `SECRET_KEY`, and reads them.

use super::TestServer;
use munjigi_sessions::{SessionAuthHasher, SessionCodec, SessionData};
use munjigi_signing::{SecretKey, SecretKeys};
use munjigi_store::sessions::{self, SessionRow};
use serde_json::json;

/// One key, and none of before.
pub(crate) fn secret_keys(secret: &str) -> SecretKeys {
    SecretKeys::new(SecretKey::new(secret), Vec::new())
}

/// What is in a row of `django_session`.
pub(crate) fn decoded(session_data: &str, secret: &str) -> SessionData {
    SessionCodec::new(&secret_keys(secret)).decode(session_data).data
}

impl TestServer {
    /// What `login()` of Django leaves in the session of the notes' user, who had a cart in it.
    pub(crate) async fn djangos_login(&self, secret: &str) -> SessionData {
        let user = self.user("mseo").await;
        let mut data = SessionData::default();
        data.insert("cart", json!([1, 2]));
        let hasher = SessionAuthHasher::new(&secret_keys(secret));
        data.set_login(&user.id, &user.password, &hasher);
        data
    }

    /// Django writes a session, which lasts a day.
    pub(crate) async fn write_session(&self, key: &str, data: &SessionData, secret: &str) {
        let now = self.clock.now();
        let row = SessionRow {
            session_key: key.to_owned(),
            session_data: SessionCodec::new(&secret_keys(secret)).encode(data, now),
            expire_date: now + jiff::SignedDuration::from_hours(24),
        };
        let store = self.app.store();
        let written = store.write(row, |tx, row| Box::pin(sessions::insert(tx, row)));
        written.await.unwrap();
    }
}
