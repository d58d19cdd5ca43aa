//! `Signer` of `django.core.signing`.

use crate::{Digest, MatchedKey, SaltedHmac, SecretKeys, SigningError};

/// `django.core.signing.Signer` of Django 5.2: `value:signature`, where the signature is the salted HMAC of the value
/// in URL-safe base64 without padding.
///
/// ```
/// use munjigi_signing::{MatchedKey, SecretKey, SecretKeys, Signer};
///
/// let old = SecretKey::new("old");
/// let signed = Signer::new(&SecretKeys::new(old.clone(), vec![]), Signer::SALT).sign("hello");
///
/// let signer = Signer::new(&SecretKeys::new(SecretKey::new("new"), vec![old]), Signer::SALT);
/// let read = signer.unsign(&signed)?;
/// assert_eq!((read.value, read.key), ("hello", MatchedKey::Fallback(0)));
/// assert!(signer.unsign("hello:forged").is_err());
/// # Ok::<(), munjigi_signing::SigningError>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    separator: String,
    current: SaltedHmac,
    fallbacks: Vec<SaltedHmac>,
}

/// What had been signed, and by which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned<T> {
    /// The value without its signature.
    pub value: T,
    /// The key that had signed it.
    pub key: MatchedKey,
}

impl Signer {
    /// The salt where none is given.
    pub const SALT: &str = "django.core.signing.Signer";

    /// `Signer(key=…, fallback_keys=…, salt=salt)`. The keys for this salt are derived here, once.
    pub fn new(keys: &SecretKeys, salt: &str) -> Self {
        Self::derive(keys, salt, ":".to_owned(), Digest::Sha256)
    }

    /// `Signer(…, sep=separator, algorithm=digest)`, for reading what another program signs so.
    ///
    /// # Errors
    /// [`SigningError::UnsafeSeparator`] where Django raises `ValueError`.
    pub fn with(
        keys: &SecretKeys,
        salt: &str,
        separator: &str,
        digest: Digest,
    ) -> Result<Self, SigningError> {
        // Django's pattern is [A-z0-9-_=]*, whose A-z also takes in the six characters between Z and a.
        let occurs_in_signatures = |c: char| matches!(c, 'A'..='z' | '0'..='9' | '-' | '=');
        if separator.chars().all(occurs_in_signatures) {
            return Err(SigningError::UnsafeSeparator(separator.to_owned()));
        }
        Ok(Self::derive(keys, salt, separator.to_owned(), digest))
    }

    /// `value`, the separator and the signature.
    pub fn sign(&self, value: &str) -> String {
        let mut text = String::with_capacity(value.len() + 64);
        text.push_str(value);
        self.sign_in_place(&mut text);
        text
    }

    /// Signs what a text holds so far, behind it.
    pub(crate) fn sign_in_place(&self, text: &mut String) {
        let tag = self.current.tag(&text);
        text.push_str(&self.separator);
        tag.push_base64(text);
    }

    /// Takes the signature off again, and tells which key had made it.
    ///
    /// # Errors
    /// [`SigningError::BadSignature`] where no key had.
    pub fn unsign<'a>(&self, signed: &'a str) -> Result<Unsigned<&'a str>, SigningError> {
        let (value, signature) = self.split(signed).ok_or(SigningError::BadSignature)?;
        let mut keys = std::iter::once(&self.current).chain(&self.fallbacks);
        let position = keys
            .position(|key| key.tag(value).is_base64(signature))
            .ok_or(SigningError::BadSignature)?;
        Ok(Unsigned {
            value,
            key: MatchedKey::at(position),
        })
    }

    /// The two sides of the last separator.
    pub(crate) fn split<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        text.rsplit_once(&self.separator)
    }

    pub(crate) fn separator(&self) -> &str {
        &self.separator
    }

    fn derive(keys: &SecretKeys, salt: &str, separator: String, digest: Digest) -> Self {
        let key_salt = format!("{salt}signer");
        let derive = |key| SaltedHmac::new(&key_salt, key, digest);
        let fallbacks = keys.all().skip(1).map(derive).collect();
        Self {
            separator,
            current: derive(keys.current()),
            fallbacks,
        }
    }
}
