//! The session keys of `django.contrib.auth`: `login` and `get_user` of `contrib/auth/__init__.py`,
//! `get_session_auth_hash` of `contrib/auth/base_user.py`.

use std::borrow::Cow;

use munjigi_signing::{Digest, SaltedHmac, SecretKeys};
use munjigi_user::UserId;
use serde_json::Value;

use crate::SessionData;

/// `SESSION_KEY`: under it stands the user's primary key, as text.
pub const SESSION_KEY: &str = "_auth_user_id";
/// `BACKEND_SESSION_KEY`: under it stands the path of the backend that signed him in.
pub const BACKEND_SESSION_KEY: &str = "_auth_user_backend";
/// `HASH_SESSION_KEY`: under it stands [`SessionAuthHasher::hash`] of his password.
pub const HASH_SESSION_KEY: &str = "_auth_user_hash";

/// The backend that is written into a session. Django takes a session with any path that is not among its
/// `AUTHENTICATION_BACKENDS` for anonymous.
pub const BACKEND: &str = "django.contrib.auth.backends.ModelBackend";

const KEY_SALT: &str = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash";

/// `get_session_auth_hash` of Django 5.2: an HMAC of the user's `password` column, by which a session ends when the
/// password changes. The keys are derived once.
///
/// ```
/// use munjigi_sessions::SessionAuthHasher;
/// use munjigi_signing::{SecretKey, SecretKeys};
///
/// let hasher = SessionAuthHasher::new(&SecretKeys::new(SecretKey::new("secret"), vec![]));
/// assert_eq!(hasher.hash("!").len(), 64);
/// ```
#[derive(Clone)]
pub struct SessionAuthHasher {
    current: SaltedHmac,
    fallbacks: Vec<SaltedHmac>,
}

/// Whether a session still belongs to the user it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthHashMatch {
    /// It does.
    Current,
    /// It does by an entry of `SECRET_KEY_FALLBACKS`. Django then cycles the session key and writes the hash anew
    /// ([`SessionData::set_auth_hash`]).
    Fallback,
    /// It does not: the password has changed, or there is no hash. Django flushes the session.
    No,
}

impl SessionAuthHasher {
    /// A hasher for these keys.
    pub fn new(keys: &SecretKeys) -> Self {
        let derive = |key| SaltedHmac::new(KEY_SALT, key, Digest::Sha256);
        Self {
            current: derive(keys.current()),
            fallbacks: keys.all().skip(1).map(derive).collect(),
        }
    }

    /// The hash of a `password` column under the current key, in hexadecimal.
    pub fn hash(&self, password: &str) -> String {
        self.current.tag(password).to_hex()
    }

    /// The check in `get_user`: the session's hash against the user's `password` column, in constant time.
    pub fn verify(&self, data: &SessionData, password: &str) -> AuthHashMatch {
        data.auth_hash()
            .map_or(AuthHashMatch::No, |stored| self.verify_hash(&stored, password))
    }

    /// The same for a hash that is kept elsewhere than in a session.
    pub fn verify_hash(&self, stored: &str, password: &str) -> AuthHashMatch {
        if self.is_current(stored, password) {
            AuthHashMatch::Current
        } else if self.fallbacks.iter().any(|key| key.tag(password).is_hex(stored)) {
            AuthHashMatch::Fallback
        } else {
            AuthHashMatch::No
        }
    }

    fn is_current(&self, stored: &str, password: &str) -> bool {
        self.current.tag(password).is_hex(stored)
    }
}

/// What `login` does with the session that the browser came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginStep {
    /// Nobody was signed in: a new key, the data kept, the old row deleted.
    CycleKey,
    /// Somebody else was, or the same user before his password changed: the row deleted, a new key, no data.
    Flush,
    /// The same user was: nothing.
    Keep,
}

/// The decision of `login(request, user)` of Django 5.2. Afterwards [`SessionData::set_login`] is called on what is
/// left, and the CSRF secret is replaced.
///
/// A hash under a fallback key counts as another one here, as with Django.
pub fn login_step(
    before: &SessionData,
    user_id: &UserId,
    password: &str,
    hasher: &SessionAuthHasher,
) -> LoginStep {
    if !before.contains(SESSION_KEY) {
        return LoginStep::CycleKey;
    }
    let same_user = before.auth_user_id().is_some_and(|id| id == user_id.to_string());
    let same_hash = before
        .auth_hash()
        .is_some_and(|stored| hasher.is_current(&stored, password));
    if same_user && same_hash {
        LoginStep::Keep
    } else {
        LoginStep::Flush
    }
}

impl SessionData {
    /// `_auth_user_id`: the primary key, as [`UserId`] writes it.
    pub fn auth_user_id(&self) -> Option<Cow<'_, str>> {
        self.text(SESSION_KEY)
    }

    /// `_auth_user_backend`; who is signed in by another than [`BACKEND`] is for that backend to know.
    pub fn auth_backend(&self) -> Option<Cow<'_, str>> {
        self.text(BACKEND_SESSION_KEY)
    }

    /// `_auth_user_hash`.
    pub fn auth_hash(&self) -> Option<Cow<'_, str>> {
        self.text(HASH_SESSION_KEY)
    }

    /// Writes the three keys of `login`. What else is in the session stays: see [`login_step`].
    pub fn set_login(&mut self, user_id: &UserId, password: &str, hasher: &SessionAuthHasher) {
        self.insert(SESSION_KEY, user_id.to_string());
        self.insert(BACKEND_SESSION_KEY, BACKEND);
        self.set_auth_hash(password, hasher);
    }

    /// Binds the session to another `password` column, as `update_session_auth_hash` does after it has cycled the key.
    pub fn set_auth_hash(&mut self, password: &str, hasher: &SessionAuthHasher) {
        self.insert(HASH_SESSION_KEY, Value::from(hasher.hash(password)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use munjigi_signing::SecretKey;

    const PASSWORD: &str = "pbkdf2_sha256$1000000$salt$hash";

    fn hasher(current: &str, fallbacks: &[&str]) -> SessionAuthHasher {
        let fallbacks = fallbacks.iter().map(|key| SecretKey::new(*key)).collect();
        SessionAuthHasher::new(&SecretKeys::new(SecretKey::new(current), fallbacks))
    }

    fn signed_in(hasher: &SessionAuthHasher) -> SessionData {
        let mut data = SessionData::default();
        data.insert("cart", 1);
        data.set_login(&UserId::Int(7), PASSWORD, hasher);
        data
    }

    #[test]
    fn login_cycles_flushes_or_keeps_as_django_does() {
        let hasher = hasher("new", &["old"]);
        let step = |data: &SessionData, id, password| login_step(data, &UserId::Int(id), password, &hasher);
        let mut anonymous = SessionData::default();
        assert_eq!(step(&anonymous, 7, PASSWORD), LoginStep::CycleKey);
        anonymous.insert("cart", 1);
        assert_eq!(step(&anonymous, 7, PASSWORD), LoginStep::CycleKey);

        let data = signed_in(&hasher);
        assert_eq!(step(&data, 7, PASSWORD), LoginStep::Keep);
        assert_eq!(step(&data, 8, PASSWORD), LoginStep::Flush);
        assert_eq!(step(&data, 7, "changed"), LoginStep::Flush);

        let by_old_key = signed_in(&self::hasher("old", &[]));
        assert_eq!(step(&by_old_key, 7, PASSWORD), LoginStep::Flush);
    }

    #[test]
    fn a_session_whose_user_id_is_null_or_whose_hash_is_missing_is_flushed() {
        let hasher = hasher("new", &[]);
        let mut data = signed_in(&hasher);
        data.insert(SESSION_KEY, Value::Null);
        assert_eq!(
            login_step(&data, &UserId::Int(7), PASSWORD, &hasher),
            LoginStep::Flush
        );
        let mut data = signed_in(&hasher);
        data.remove(HASH_SESSION_KEY);
        assert_eq!(
            login_step(&data, &UserId::Int(7), PASSWORD, &hasher),
            LoginStep::Flush
        );
    }

    #[test]
    fn the_hash_is_verified_by_the_current_key_then_by_the_fallbacks() {
        let data = signed_in(&hasher("old", &[]));
        assert_eq!(
            hasher("old", &["new"]).verify(&data, PASSWORD),
            AuthHashMatch::Current
        );
        assert_eq!(
            hasher("new", &["other", "old"]).verify(&data, PASSWORD),
            AuthHashMatch::Fallback
        );
        assert_eq!(
            hasher("new", &["other"]).verify(&data, PASSWORD),
            AuthHashMatch::No
        );
        assert_eq!(hasher("old", &[]).verify(&data, "changed"), AuthHashMatch::No);
    }

    #[test]
    fn no_hash_an_empty_one_or_one_in_capitals_does_not_match() {
        let hasher = hasher("new", &[]);
        let mut data = signed_in(&hasher);
        let capitals = data.auth_hash().unwrap().to_uppercase();
        for hash in [
            Value::from(""),
            Value::Null,
            Value::from(0),
            Value::from(capitals),
        ] {
            data.insert(HASH_SESSION_KEY, hash);
            assert_eq!(hasher.verify(&data, PASSWORD), AuthHashMatch::No);
        }
        data.remove(HASH_SESSION_KEY);
        assert_eq!(hasher.verify(&data, PASSWORD), AuthHashMatch::No);
    }

    #[test]
    fn signing_in_again_replaces_the_keys_in_their_place() {
        let hasher = hasher("new", &[]);
        let mut data = signed_in(&hasher);
        data.insert("after", 2);
        data.set_login(&UserId::Text("é".to_owned()), "other", &hasher);
        let hash = hasher.hash("other");
        assert_eq!(
            data.to_json(),
            format!(
                "{{\"cart\":1,\"_auth_user_id\":\"\\u00e9\",\"_auth_user_backend\":\"{BACKEND}\",\
                 \"_auth_user_hash\":\"{hash}\",\"after\":2}}"
            )
        );
        assert_eq!(data.auth_user_id().as_deref(), Some("é"));
        assert_eq!(data.auth_backend().as_deref(), Some(BACKEND));
    }
}
