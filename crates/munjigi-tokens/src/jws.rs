//! The signed envelope around a payload: `rest_framework_simplejwt.backends.TokenBackend`, and beneath it PyJWT's
//! `PyJWS` (compact serialisation of RFC 7515).
//!
//! It differs from PyJWT 2.15.1 in being strict: no `=` after a part, no member twice in the header, no byte order
//! mark before it. As there, `typ`, `cty`, `zip` and every header that offers a key are not looked at, and the
//! header's `alg` chooses nothing: it must be the key's own.
//!
//! A token is verified with a key of a [`KeyRing`](crate::KeyRing), or with one [`Verifier`] and its algorithm named
//! ([`verify`]). There is no other way, so that nobody can forget to say which.

use crate::{
    Algorithm, Error, Signer, Verifier,
    algorithm::MAX_SIGNATURE,
    json::{self, Item, Member},
    keys::MAX_KEY_ID,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// A longer token is refused unread, in bytes. It is what nginx and gunicorn take as one header line, so a longer
/// one could seldom have come as a bearer; simplejwt's own are some 240 bytes.
pub const MAX_TOKEN: usize = 8 * 1024;

/// Signs a payload: header, payload and signature in base64url, with dots between them.
///
/// # Errors
/// [`Error::Unsigned`] where the key does not sign after all: of the HS* never.
pub fn sign(payload: &[u8], signer: &Signer) -> Result<String, Error> {
    let encoded = |length: usize| length.div_ceil(3) * 4;
    let header = signer.header();
    let length = header.len() + encoded(payload.len()) + 1 + encoded(signer.key().signature_length());
    let mut token = String::with_capacity(length);
    token.push_str(header);
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    signer.key().sign(&mut token)?;
    Ok(token)
}

/// Verifies a token with one key and gives its payload, which need not be JSON. The token must name the algorithm; a
/// `kid` in it is not looked at.
///
/// ```
/// use munjigi_tokens::{Algorithm, Error, Signer, SigningKey, jws};
///
/// let signer = Signer::new(Algorithm::Hs256, &SigningKey::new("a secret of no fewer than 32 bytes"))?;
/// let token = jws::sign(b"foo", &signer)?;
/// assert_eq!(jws::verify(&token, Algorithm::Hs256, &signer.verifier())?, b"foo");
/// assert_eq!(jws::verify(&token, Algorithm::Hs512, &signer.verifier()), Err(Error::Invalid));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Invalid`], whatever is wrong with it; also where the key is for another algorithm.
pub fn verify(token: &str, algorithm: Algorithm, key: &Verifier) -> Result<Vec<u8>, Error> {
    let token = Compact::split(token)?;
    let (named, payload) = match token.message.strip_prefix(key.header()) {
        Some(payload) => (key.algorithm(), payload),
        None => token
            .header()
            .map(|(header, payload)| (header.algorithm, payload))?,
    };
    if named != algorithm || key.algorithm() != algorithm {
        return Err(Error::Invalid);
    }
    token.check_signature(key)?;
    decode_payload(payload)
}

/// The `kid` of a token that nobody has verified yet, for who fetches unknown keys before verifying. `None` where
/// there is none, where it is longer than [`MAX_KEY_ID`] bytes, and for what is no token.
///
/// It is whatever the sender wrote. Look it up among keys, and put it into nothing else.
///
/// ```
/// use munjigi_tokens::jws;
///
/// assert_eq!(jws::key_id("eyJhbGciOiJIUzI1NiIsImtpZCI6ImEifQ.e30.AA").as_deref(), Some("a"));
/// assert_eq!(jws::key_id("no token"), None);
/// ```
pub fn key_id(token: &str) -> Option<String> {
    let (header, _) = Compact::split(token).ok()?.header().ok()?;
    header.key_id.filter(|key_id| key_id.len() <= MAX_KEY_ID)
}

/// A token, split.
pub(crate) struct Compact<'t> {
    /// Header and payload, with their dot: what is signed.
    pub(crate) message: &'t str,
    signature: &'t str,
}

/// What a header says that matters.
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
}

impl<'t> Compact<'t> {
    pub(crate) fn split(token: &'t str) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN {
            return Err(Error::Invalid);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(Error::Invalid)?;
        Ok(Self { message, signature })
    }

    /// The header, read, and the payload's part of the message.
    pub(crate) fn header(&self) -> Result<(Header, &'t str), Error> {
        let (header, payload) = self.message.split_once('.').ok_or(Error::Invalid)?;
        Ok((Header::read(header).ok_or(Error::Invalid)?, payload))
    }

    pub(crate) fn check_signature(&self, key: &Verifier) -> Result<(), Error> {
        /// All but RSA's and P-384's and P-521's, without the cost of a large buffer.
        const SHORT: usize = 64;
        /// A signature of that length in base64url.
        const SHORT_TEXT: usize = (SHORT * 4).div_ceil(3);
        if self.signature.len() <= SHORT_TEXT {
            self.check_signature_within(key, &mut [0; SHORT + 2])
        } else {
            self.check_signature_within(key, &mut [0; MAX_SIGNATURE + 2])
        }
    }

    fn check_signature_within(&self, key: &Verifier, buffer: &mut [u8]) -> Result<(), Error> {
        let length = URL_SAFE_NO_PAD
            .decode_slice(self.signature, buffer)
            .map_err(|_| Error::Invalid)?;
        let signature = buffer.get(..length).ok_or(Error::Invalid)?;
        key.key().verify(self.message.as_bytes(), signature)
    }
}

pub(crate) fn decode_payload(payload: &str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode(payload).map_err(|_| Error::Invalid)
}

impl Header {
    fn read(encoded: &str) -> Option<Self> {
        let header = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let header = String::from_utf8(header).ok()?;
        let members = json::read_object(&header).ok()?;
        let find = |wanted: &str| {
            let is_wanted = |member: &&Member| member.name.decode(&header).is_some_and(|name| name == wanted);
            members.iter().find(is_wanted).map(|member| member.value)
        };
        let Some(Item::Text(algorithm)) = find("alg") else {
            return None;
        };
        let algorithm = Algorithm::find(&algorithm.decode(&header)?)?;
        let key_id = match find("kid") {
            None => None,
            // Half of a surrogate pair is the name of no key.
            Some(Item::Text(key_id)) => key_id.decode(&header).map(Into::into),
            Some(Item::Other(_)) => return None,
        };
        let is_encoded = !matches!(find("b64"), Some(Item::Other(b64)) if b64.of(&header) == "false");
        let is_understood = match find("crit") {
            None => true,
            Some(Item::Text(_)) => false,
            Some(Item::Other(crit)) => names_b64_alone(crit.of(&header)) && find("b64").is_some(),
        };
        (is_encoded && is_understood).then_some(Self { algorithm, key_id })
    }
}

/// The one extension that PyJWT knows is `b64` (RFC 7797), and the one value of it that asks for nothing is true.
fn names_b64_alone(crit: &str) -> bool {
    serde_json::from_str::<Vec<String>>(crit)
        .is_ok_and(|names| !names.is_empty() && names.iter().all(|name| name == "b64"))
}
