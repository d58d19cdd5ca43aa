//! `salted_hmac` of `django.utils.crypto`.
//!
//! Django derives the key for a salt at every call; [`SaltedHmac`] does it once and keeps the state in which HMAC
//! stands after its key, so that a signature costs the hashing of its text and no more.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{
    EagerHash, Hmac, KeyInit, Mac,
    digest::{Key, Output},
};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use crate::SecretKey;

/// The hash under an HMAC: the `algorithm` of Django's `salted_hmac` and `Signer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// `"sha1"`, which `salted_hmac` itself defaults to and signatures of Django before 3.1 were made with.
    Sha1,
    /// `"sha256"`, with which Django signs today.
    Sha256,
    /// `"sha512"`.
    Sha512,
}

/// `salted_hmac(key_salt, value, secret, algorithm=…)` of Django 5.2 (`utils/crypto.py`):
/// `HMAC(H(key_salt ‖ secret), value)` over the hash `H`.
///
/// ```
/// use munjigi_signing::{Digest, SecretKey, salted_hmac};
///
/// let tag = salted_hmac("k", "v", &SecretKey::new("s"), Digest::Sha256);
/// assert_eq!(tag.to_hex(), "170511ad2bac3ae25f219b9fc53905760f43368b2f2709ce29e7ecf2c9a13478");
/// ```
pub fn salted_hmac(key_salt: &str, value: impl AsRef<[u8]>, secret: &SecretKey, digest: Digest) -> Tag {
    SaltedHmac::new(key_salt, secret, digest).tag(value)
}

/// [`salted_hmac()`] with its salt and secret already worked in.
#[derive(Clone)]
pub struct SaltedHmac(Keyed);

#[derive(Clone)]
enum Keyed {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

impl SaltedHmac {
    /// Derives the key for a salt.
    pub fn new(key_salt: &str, secret: &SecretKey, digest: Digest) -> Self {
        Self(match digest {
            Digest::Sha1 => Keyed::Sha1(keyed(key_salt, secret)),
            Digest::Sha256 => Keyed::Sha256(keyed(key_salt, secret)),
            Digest::Sha512 => Keyed::Sha512(keyed(key_salt, secret)),
        })
    }

    /// The HMAC of a value; text counts as UTF-8.
    pub fn tag(&self, value: impl AsRef<[u8]>) -> Tag {
        let value = value.as_ref();
        Tag(match &self.0 {
            Keyed::Sha1(hmac) => Bytes::Sha1(hmac.clone().chain_update(value).finalize().into_bytes()),
            Keyed::Sha256(hmac) => Bytes::Sha256(hmac.clone().chain_update(value).finalize().into_bytes()),
            Keyed::Sha512(hmac) => Bytes::Sha512(hmac.clone().chain_update(value).finalize().into_bytes()),
        })
    }
}

/// An HMAC. It is compared in constant time only, in one of the spellings that Django stores.
pub struct Tag(Bytes);

enum Bytes {
    Sha1(Output<Sha1>),
    Sha256(Output<Sha256>),
    Sha512(Output<Sha512>),
}

/// As long as the longest tag in hexadecimal.
const MAX_TEXT: usize = 128;

impl Tag {
    /// The raw bytes, as many as the hash has.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Sha1(bytes) => bytes,
            Bytes::Sha256(bytes) => bytes,
            Bytes::Sha512(bytes) => bytes,
        }
    }

    /// `hexdigest()`, in lower case.
    pub fn to_hex(&self) -> String {
        self.as_bytes()
            .iter()
            .flat_map(|&byte| hex_digits(byte))
            .map(char::from)
            .collect()
    }

    /// Whether `text` is [`to_hex`](Self::to_hex): `constant_time_compare`, so upper case is something else.
    pub fn is_hex(&self, text: &str) -> bool {
        let mut buffer = [0; MAX_TEXT];
        for (pair, &byte) in buffer.chunks_exact_mut(2).zip(self.as_bytes()) {
            pair.copy_from_slice(&hex_digits(byte));
        }
        is_prefix(&buffer, self.as_bytes().len() * 2, text)
    }

    /// `base64_hmac` of `core/signing.py`: URL-safe base64 without padding.
    pub(crate) fn push_base64(&self, text: &mut String) {
        URL_SAFE_NO_PAD.encode_string(self.as_bytes(), text);
    }

    /// Whether `text` is what [`push_base64`](Self::push_base64) writes: the text counts, so that a spelling that
    /// decodes to the same bytes does not pass.
    pub(crate) fn is_base64(&self, text: &str) -> bool {
        let mut buffer = [0; MAX_TEXT];
        URL_SAFE_NO_PAD
            .encode_slice(self.as_bytes(), &mut buffer)
            .is_ok_and(|length| is_prefix(&buffer, length, text))
    }
}

fn is_prefix(buffer: &[u8], length: usize, text: &str) -> bool {
    buffer
        .get(..length)
        .is_some_and(|expected| expected.ct_eq(text.as_bytes()).into())
}

fn hex_digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|nibble| nibble + if nibble < 10 { b'0' } else { b'a' - 10 })
}

/// The state of an HMAC after its key, which is `H(key_salt ‖ secret)`.
fn keyed<H>(key_salt: &str, secret: &SecretKey) -> Hmac<H>
where
    H: EagerHash + sha2::Digest,
    Hmac<H>: KeyInit,
{
    let derived = H::new()
        .chain_update(key_salt)
        .chain_update(secret.expose())
        .finalize();
    after_key(&derived)
}

/// The state of an HMAC after a key no longer than a block, which is filled up with zeros (RFC 2104, section 2).
fn after_key<H>(key: &[u8]) -> Hmac<H>
where
    H: EagerHash,
    Hmac<H>: KeyInit,
{
    let mut block = Key::<Hmac<H>>::default();
    block.iter_mut().zip(key).for_each(|(place, byte)| *place = *byte);
    Hmac::new(&block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let pairs = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }

    /// Django's derived key is a digest. The RFC's short keys are therefore tried one floor below, and its long one,
    /// which HMAC itself hashes, as a secret without a salt.
    #[test]
    fn rfc_4231_holds() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fixtures/vectors/rfc_vectors.json"
        );
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let all = file["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|vector| vector["kind"] == "hmac");
        let mut tried = (0, 0);
        for vector in all {
            let text = |member: &str| vector[member].as_str().unwrap();
            assert_eq!(text("hash"), "sha256");
            let (key, message) = (bytes(text("key_hex")), bytes(text("msg_hex")));
            if key.len() <= 64 {
                let tag = Tag(Bytes::Sha256(
                    after_key::<Sha256>(&key)
                        .chain_update(message)
                        .finalize()
                        .into_bytes(),
                ));
                assert!(tag.is_hex(text("hex")));
                tried.0 += 1;
            } else {
                assert!(salted_hmac("", message, &SecretKey::new(key), Digest::Sha256).is_hex(text("hex")));
                tried.1 += 1;
            }
        }
        assert_eq!(tried, (2, 1));
    }

    #[test]
    fn a_tag_is_its_whole_text_in_lower_case_and_nothing_else() {
        let tag = salted_hmac("k", "v", &SecretKey::new("s"), Digest::Sha1);
        let hex = tag.to_hex();
        assert_eq!(hex.len(), 40);
        for text in [
            "",
            &hex[..39],
            &hex.to_uppercase(),
            &format!("{hex}0"),
            &format!("{hex}\0"),
        ] {
            assert!(!tag.is_hex(text), "{text:?}");
            assert!(!tag.is_base64(text), "{text:?}");
        }
    }
}
