//! `SECRET_KEY` and `SECRET_KEY_FALLBACKS`.

use zeroize::Zeroizing;

/// A secret that signs: the value of `SECRET_KEY`, as UTF-8 if it is text.
///
/// It is wiped from memory when dropped. It has no `Debug` and no equality: it is neither printed nor compared.
/// Whether it is long enough is for the configuration to say.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<Vec<u8>>);

impl SecretKey {
    /// Takes the key's bytes as they are.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// The key itself, for those who derive from it.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// The key that signs, and the older ones that still verify.
///
/// ```
/// use munjigi_signing::{SecretKey, SecretKeys};
///
/// let keys = SecretKeys::new(SecretKey::new("new"), vec![SecretKey::new("old"), SecretKey::new("older")]);
/// assert_eq!(keys.current().expose(), b"new");
/// assert_eq!(keys.all().count(), 3);
/// ```
#[derive(Clone)]
pub struct SecretKeys {
    current: SecretKey,
    fallbacks: Vec<SecretKey>,
}

impl SecretKeys {
    /// `SECRET_KEY` and `SECRET_KEY_FALLBACKS`, the latter in the order in which they are tried.
    pub fn new(current: SecretKey, fallbacks: Vec<SecretKey>) -> Self {
        Self { current, fallbacks }
    }

    /// The key that signs.
    pub fn current(&self) -> &SecretKey {
        &self.current
    }

    /// Every key that verifies, the current one first.
    pub fn all(&self) -> impl Iterator<Item = &SecretKey> {
        std::iter::once(&self.current).chain(&self.fallbacks)
    }
}

/// Which of the [`SecretKeys`] had signed. Whoever sees a fallback may want to sign anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchedKey {
    /// `SECRET_KEY`.
    Current,
    /// An entry of `SECRET_KEY_FALLBACKS`, counted from 0.
    Fallback(usize),
}

impl MatchedKey {
    /// The key at a position of [`SecretKeys::all`].
    pub(crate) fn at(position: usize) -> Self {
        position.checked_sub(1).map_or(Self::Current, Self::Fallback)
    }
}
