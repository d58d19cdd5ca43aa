//! HS256, HS384, HS512: `jwt.algorithms.HMACAlgorithm`.
//!
//! The two blocks that depend on the key alone are hashed once, here. A key that is plainly one of another family
//! is refused as in PyJWT, since its public half would sign tokens for everybody.

use super::Algorithm;
use crate::Error;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

/// An HMAC key with its first blocks already hashed.
#[derive(Clone)]
pub(crate) enum HmacKey {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl HmacKey {
    pub(crate) fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, Error> {
        if key.is_empty() {
            return Err(Error::ImproperlyConfigured(
                "SIGNING_KEY is empty. Write a secret of at least 32 bytes.".into(),
            ));
        }
        if is_asymmetric(key) {
            return Err(Error::ImproperlyConfigured(
                format!(
                    "SIGNING_KEY holds a key of another family, and ALGORITHM {algorithm} needs a shared secret. \
                     Write a random text of at least 32 bytes."
                )
                .into(),
            ));
        }
        match algorithm {
            Algorithm::Hs256 => Hmac::new_from_slice(key).map(Self::Sha256),
            Algorithm::Hs384 => Hmac::new_from_slice(key).map(Self::Sha384),
            Algorithm::Hs512 => Hmac::new_from_slice(key).map(Self::Sha512),
        }
        .map_err(|_| Error::ImproperlyConfigured("SIGNING_KEY has a length that HMAC does not take.".into()))
    }

    pub(crate) fn sign(&self, message: &mut String) {
        match self {
            Self::Sha256(mac) => append(message, mac.clone()),
            Self::Sha384(mac) => append(message, mac.clone()),
            Self::Sha512(mac) => append(message, mac.clone()),
        }
    }

    /// Compares in constant time.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match self {
            Self::Sha256(mac) => mac.clone().chain_update(message).verify_slice(signature),
            Self::Sha384(mac) => mac.clone().chain_update(message).verify_slice(signature),
            Self::Sha512(mac) => mac.clone().chain_update(message).verify_slice(signature),
        }
        .map_err(|_| Error::Invalid)
    }
}

fn append(message: &mut String, mac: impl Mac) {
    let signature = mac.chain_update(message.as_bytes()).finalize().into_bytes();
    message.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, message);
}

/// PEM, OpenSSH, or a JWK (`jwt.utils.is_pem_format`, `is_ssh_key`, and `HMACAlgorithm.prepare_key`).
fn is_asymmetric(key: &[u8]) -> bool {
    const SSH: [&[u8]; 4] = [b"ssh-ed25519", b"ssh-rsa", b"ssh-dss", b"ecdsa-sha2-nistp"];
    const PEM: &[u8] = b"-----BEGIN ";
    let is_jwk = || {
        serde_json::from_slice::<serde_json::Value>(key).is_ok_and(|json| {
            json.pointer("/kty")
                .or_else(|| json.pointer("/keys/0/kty"))
                .is_some()
        })
    };
    SSH.iter().any(|prefix| key.starts_with(prefix))
        || key.windows(PEM.len()).any(|part| part == PEM)
        || is_jwk()
}
