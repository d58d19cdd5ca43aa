//! `session_key`: what the cookie `sessionid` carries and a row of `django_session` is found by.

use munjigi_signing::{Alphabet, random_string};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The length of a new key: `get_random_string(32, VALID_KEY_CHARS)`.
const LENGTH: usize = 32;
/// `_validate_session_key`: "some minimal key security".
const MIN_LENGTH: usize = 8;

/// The key of a session. Whoever has it is signed in, so it has no `Debug` and is wiped from memory when dropped.
///
/// ```
/// use munjigi_sessions::SessionKey;
/// # use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::seed_from_u64(1);
///
/// let key = SessionKey::generate(&mut rng);
/// assert_eq!(key.expose().len(), 32);
/// assert!(SessionKey::parse(key.expose()).is_some());
/// assert!(SessionKey::parse("short").is_none());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey(Zeroizing<String>);

impl SessionKey {
    /// A new key: 32 of `[a-z0-9]`, 165 bits. That no row has it already is for the store to see to.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(Zeroizing::new(random_string(rng, LENGTH, Alphabet::LOWERCASE)))
    }

    /// A key as a browser sent it: whatever has 8 characters or more, as with Django 5.2 (`_validate_session_key` of
    /// `backends/base.py`). One that no row has is no session.
    pub fn parse(text: &str) -> Option<Self> {
        (text.chars().count() >= MIN_LENGTH).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The key itself, for the cookie and the row.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
