//! How tokens are signed: the algorithm classes that PyJWT keeps in `jwt.algorithms`.
//!
//! The algorithm is a setting, never what a token says of itself (RFC 8725, section 3.1).

mod hmac;

use crate::{Error, SigningKey};
use hmac::HmacKey;
use std::{fmt, str::FromStr};

/// `ALGORITHM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256 (RFC 7518, section 3.2).
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl Algorithm {
    const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The value of `alg` in a token's header (RFC 7518, section 3.1).
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    /// Reads a name; case counts, as it does in a token.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| {
                Error::ImproperlyConfigured(
                    format!(
                        "Unrecognized algorithm type '{name}'. Write HS256, HS384 or HS512 as ALGORITHM."
                    )
                    .into(),
                )
            })
    }
}

/// A key made ready for one algorithm.
#[derive(Clone)]
pub(crate) enum Key {
    Hmac(HmacKey),
}

/// No signature of any [`Algorithm`] is longer, in bytes.
pub(crate) const MAX_SIGNATURE: usize = 64;
/// The same in base64url.
pub(crate) const MAX_SIGNATURE_TEXT: usize = MAX_SIGNATURE.div_ceil(3) * 4;

impl Key {
    pub(crate) fn new(algorithm: Algorithm, key: &SigningKey) -> Result<Self, Error> {
        HmacKey::new(algorithm, key.as_bytes()).map(Self::Hmac)
    }

    /// Appends to a text a dot and the signature of what stood there.
    pub(crate) fn sign(&self, message: &mut String) {
        match self {
            Self::Hmac(key) => key.sign(message),
        }
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match self {
            Self::Hmac(key) => key.verify(message, signature),
        }
    }
}
