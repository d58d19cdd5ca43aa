//! PEM (RFC 7468) and JWK as the texts of `SIGNING_KEY` and `VERIFYING_KEY`, for every algorithm but HS*.
//!
//! As in cryptography's `load_pem_private_key`, what stands before and after a block is not looked at.

use crate::{
    Algorithm, Error,
    algorithm::asymmetric::{Encoding, PrivateKey, PublicEncoding, PublicKey, Unfit},
    jwk::Jwk,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// A longer text is no key, in bytes: RSA with 8192 bits has some 6,500.
const MAX_TEXT: usize = 64 * 1024;

/// A `SIGNING_KEY`.
pub(crate) fn private_key(algorithm: Algorithm, text: &[u8]) -> Result<PrivateKey, Error> {
    let setting = Setting {
        name: "SIGNING_KEY",
        algorithm,
    };
    match setting.read(text)? {
        Key::Private(key) => Ok(key),
        Key::Public(_) => Err(setting.refuse(
            "is a public key, which cannot sign. Write the private key, or this one as VERIFYING_KEY alone.",
        )),
    }
}

/// A `VERIFYING_KEY`. As in PyJWT it may be a private key, of which the public half counts.
pub(super) fn public_key(algorithm: Algorithm, text: &[u8]) -> Result<PublicKey, Error> {
    let setting = Setting {
        name: "VERIFYING_KEY",
        algorithm,
    };
    match setting.read(text)? {
        Key::Private(key) => Ok(key.public_key().clone()),
        Key::Public(key) => Ok(key),
    }
}

enum Key {
    Private(PrivateKey),
    Public(PublicKey),
}

/// What is being read, for its sentences.
#[derive(Clone, Copy)]
struct Setting {
    name: &'static str,
    algorithm: Algorithm,
}

impl Setting {
    fn read(self, text: &[u8]) -> Result<Key, Error> {
        let text = std::str::from_utf8(text)
            .ok()
            .filter(|text| text.len() <= MAX_TEXT)
            .ok_or_else(|| self.no_key())?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim_start().starts_with('{') {
            return self.read_jwk(text);
        }
        if text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-") {
            return Err(self.refuse(
                "is in OpenSSH's format. Write it as PEM: `ssh-keygen -e -m PKCS8 -f key.pub` prints that.",
            ));
        }
        let block = Block::find(text).ok_or_else(|| self.no_key())?;
        self.read_block(&block)
    }

    fn read_jwk(self, text: &str) -> Result<Key, Error> {
        let refuse = |error: Error| self.refuse(&format!("cannot be used. {error}"));
        let jwk = Jwk::parse(text).map_err(refuse)?;
        if jwk.is_private() {
            jwk.private_key(self.algorithm).map(Key::Private).map_err(refuse)
        } else {
            jwk.public_key(self.algorithm).map(Key::Public).map_err(refuse)
        }
    }

    fn read_block(self, block: &Block<'_>) -> Result<Key, Error> {
        let private = |encoding| {
            let der = block.decode()?;
            PrivateKey::from_der(self.algorithm, encoding, &der).map(Key::Private)
        };
        let public = |encoding| {
            let der = block.decode()?;
            PublicKey::from_der(self.algorithm, encoding, &der).map(Key::Public)
        };
        let key = match block.label {
            "ENCRYPTED PRIVATE KEY" => return Err(self.encrypted()),
            _ if block.body.contains("ENCRYPTED") => return Err(self.encrypted()),
            "PRIVATE KEY" => private(Encoding::Pkcs8),
            "RSA PRIVATE KEY" => private(Encoding::Pkcs1),
            "EC PRIVATE KEY" => private(Encoding::Sec1),
            "PUBLIC KEY" => public(PublicEncoding::Spki),
            "RSA PUBLIC KEY" => public(PublicEncoding::Pkcs1),
            "CERTIFICATE" => {
                return Err(self.refuse(
                    "is a certificate, which simplejwt does not take either. Write its public key: \
                     `openssl x509 -in certificate.pem -noout -pubkey` prints that.",
                ));
            }
            "OPENSSH PRIVATE KEY" => {
                return Err(self.refuse(
                    "is in OpenSSH's format. Convert a copy of it: `ssh-keygen -p -m PKCS8 -f copy` does that.",
                ));
            }
            _ => return Err(self.no_key()),
        };
        key.map_err(|Unfit| self.no_key())
    }

    fn encrypted(self) -> Error {
        self.refuse("is encrypted. Write it without its passphrase: `openssl pkey -in key.pem` prints that.")
    }

    fn no_key(self) -> Error {
        let wanted = wanted(self.algorithm);
        let algorithm = self.algorithm;
        self.refuse(&format!(
            "holds no key that ALGORITHM {algorithm} takes. Write {wanted} as PEM or JWK."
        ))
    }

    fn refuse(self, sentence: &str) -> Error {
        Error::ImproperlyConfigured(format!("{} {sentence}", self.name).into())
    }
}

/// What kind of key an algorithm takes.
pub(crate) fn wanted(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => "a secret of at least 32 bytes",
        Algorithm::Es256 => "a key on the curve P-256",
        Algorithm::Es384 => "a key on the curve P-384",
        Algorithm::Es512 => "a key on the curve P-521",
        Algorithm::EdDsa => "an Ed25519 key",
        _ => "an RSA key of 2048 to 8192 bits",
    }
}

struct Block<'t> {
    label: &'t str,
    body: &'t str,
}

impl<'t> Block<'t> {
    /// The first block that is no `EC PARAMETERS`, which `openssl ecparam` puts before the key.
    fn find(text: &'t str) -> Option<Self> {
        const DASHES: &str = "-----";
        let mut rest = text;
        loop {
            let (_, after) = rest.split_once("-----BEGIN ")?;
            let (label, after) = after.split_once(DASHES)?;
            let (body, after) = after.split_once("-----END ")?;
            let (end, after) = after.split_once(DASHES)?;
            if label != end {
                return None;
            }
            if label != "EC PARAMETERS" {
                return Some(Self { label, body });
            }
            rest = after;
        }
    }

    fn decode(&self) -> Result<Zeroizing<Vec<u8>>, Unfit> {
        let mut text = Zeroizing::new(Vec::with_capacity(self.body.len()));
        text.extend(self.body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        STANDARD.decode(&*text).map(Zeroizing::new).map_err(|_| Unfit)
    }
}
