//! How tokens are signed: the algorithm classes that PyJWT keeps in `jwt.algorithms`.
//!
//! The algorithm is a setting or a key's own, never what a token says of itself (RFC 8725, section 3.1).

#[cfg(feature = "asymmetric")]
pub(crate) mod asymmetric;
mod hmac;

use crate::Error;
use std::{fmt, str::FromStr, sync::Arc};

pub(crate) use hmac::HmacKey;

/// `ALGORITHM`. All but the HS* need the feature `asymmetric`.
///
/// ```
/// use munjigi_tokens::Algorithm;
///
/// assert_eq!("HS256".parse::<Algorithm>()?, Algorithm::Hs256);
/// assert!("none".parse::<Algorithm>().is_err());
/// # Ok::<(), munjigi_tokens::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256 (RFC 7518, section 3.2).
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3).
    #[cfg(feature = "asymmetric")]
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    #[cfg(feature = "asymmetric")]
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    #[cfg(feature = "asymmetric")]
    Rs512,
    /// RSASSA-PSS with SHA-256, the salt as long as the hash (RFC 7518, section 3.5).
    #[cfg(feature = "asymmetric")]
    Ps256,
    /// RSASSA-PSS with SHA-384.
    #[cfg(feature = "asymmetric")]
    Ps384,
    /// RSASSA-PSS with SHA-512.
    #[cfg(feature = "asymmetric")]
    Ps512,
    /// ECDSA over P-256 with SHA-256 (RFC 7518, section 3.4).
    #[cfg(feature = "asymmetric")]
    Es256,
    /// ECDSA over P-384 with SHA-384.
    #[cfg(feature = "asymmetric")]
    Es384,
    /// ECDSA over P-521 with SHA-512.
    #[cfg(feature = "asymmetric")]
    Es512,
    /// Ed25519 (RFC 8037, section 3.1). Ed448, which PyJWT takes under this name too, is refused.
    #[cfg(feature = "asymmetric")]
    EdDsa,
}

impl Algorithm {
    /// All that this build can do.
    pub const ALL: &'static [Self] = &[
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        #[cfg(feature = "asymmetric")]
        Self::Rs256,
        #[cfg(feature = "asymmetric")]
        Self::Rs384,
        #[cfg(feature = "asymmetric")]
        Self::Rs512,
        #[cfg(feature = "asymmetric")]
        Self::Ps256,
        #[cfg(feature = "asymmetric")]
        Self::Ps384,
        #[cfg(feature = "asymmetric")]
        Self::Ps512,
        #[cfg(feature = "asymmetric")]
        Self::Es256,
        #[cfg(feature = "asymmetric")]
        Self::Es384,
        #[cfg(feature = "asymmetric")]
        Self::Es512,
        #[cfg(feature = "asymmetric")]
        Self::EdDsa,
    ];

    /// The value of `alg` in a token's header (RFC 7518, section 3.1).
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            #[cfg(feature = "asymmetric")]
            Self::Rs256 => "RS256",
            #[cfg(feature = "asymmetric")]
            Self::Rs384 => "RS384",
            #[cfg(feature = "asymmetric")]
            Self::Rs512 => "RS512",
            #[cfg(feature = "asymmetric")]
            Self::Ps256 => "PS256",
            #[cfg(feature = "asymmetric")]
            Self::Ps384 => "PS384",
            #[cfg(feature = "asymmetric")]
            Self::Ps512 => "PS512",
            #[cfg(feature = "asymmetric")]
            Self::Es256 => "ES256",
            #[cfg(feature = "asymmetric")]
            Self::Es384 => "ES384",
            #[cfg(feature = "asymmetric")]
            Self::Es512 => "ES512",
            #[cfg(feature = "asymmetric")]
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether one secret signs and verifies (HS*), so that who verifies could sign too.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    /// The algorithm of that name, if this build can do it.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|algorithm| algorithm.name() == name)
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
        Self::find(name).ok_or_else(|| Error::ImproperlyConfigured(unrecognized(name).into()))
    }
}

/// simplejwt's sentence (`TokenBackend._validate_algorithm`), and what to write instead.
fn unrecognized(name: &str) -> String {
    const ASYMMETRIC: [&str; 10] = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ];
    match name {
        _ if ASYMMETRIC.contains(&name) => format!(
            "ALGORITHM {name} needs the feature \"asymmetric\" of munjigi-tokens, which this build does not have. \
             Build with it, or write HS256, HS384 or HS512."
        ),
        "ES256K" => "ALGORITHM ES256K (secp256k1) is not supported. Write ES256, or EdDSA.".to_owned(),
        "ES521" => "ALGORITHM ES521 is PyJWT's older name. Write ES512, as RFC 7518 calls it.".to_owned(),
        "Ed25519" => "ALGORITHM Ed25519 is called EdDSA, as in PyJWT. Write EdDSA.".to_owned(),
        "Ed448" => "ALGORITHM Ed448 is not supported. Write EdDSA, with an Ed25519 key.".to_owned(),
        _ => {
            let names: Vec<_> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
            let (last, others) = names.split_last().unwrap_or((&"", &[]));
            let others = others.join(", ");
            format!("Unrecognized algorithm type '{name}'. Write {others} or {last} as ALGORITHM.")
        }
    }
}

/// No signature of any [`Algorithm`] is longer, in bytes: RSA with 8192 bits.
pub(crate) const MAX_SIGNATURE: usize = 1024;

/// What signs, made ready for one algorithm.
#[derive(Clone)]
pub(crate) enum SignKey {
    Hmac(Arc<HmacKey>),
    #[cfg(feature = "asymmetric")]
    Asymmetric(asymmetric::PrivateKey),
}

impl SignKey {
    /// Appends to a text a dot and the signature of what stood there.
    #[cfg_attr(
        not(feature = "asymmetric"),
        expect(clippy::unnecessary_wraps, reason = "aws-lc alone can fail")
    )]
    pub(crate) fn sign(&self, message: &mut String) -> Result<(), Error> {
        match self {
            Self::Hmac(key) => {
                key.sign(message);
                Ok(())
            }
            #[cfg(feature = "asymmetric")]
            Self::Asymmetric(key) => key.sign(message),
        }
    }

    pub(crate) fn verify_key(&self) -> VerifyKey {
        match self {
            Self::Hmac(key) => VerifyKey::Hmac(Arc::clone(key)),
            #[cfg(feature = "asymmetric")]
            Self::Asymmetric(key) => VerifyKey::Asymmetric(key.public_key().clone()),
        }
    }

    /// In bytes.
    pub(crate) fn signature_length(&self) -> usize {
        match self {
            Self::Hmac(key) => key.signature_length(),
            #[cfg(feature = "asymmetric")]
            Self::Asymmetric(key) => key.public_key().signature_length(),
        }
    }
}

/// What verifies, made ready for one algorithm.
#[derive(Clone)]
pub(crate) enum VerifyKey {
    Hmac(Arc<HmacKey>),
    #[cfg(feature = "asymmetric")]
    Asymmetric(asymmetric::PublicKey),
}

impl VerifyKey {
    /// Whether it is the signature of the message; one of another length than the key's is none.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match self {
            Self::Hmac(key) => key.verify(message, signature),
            #[cfg(feature = "asymmetric")]
            Self::Asymmetric(key) => key.verify(message, signature),
        }
    }
}
