//! The signed envelope around a payload: `rest_framework_simplejwt.backends.TokenBackend`, and beneath it PyJWT's
//! `PyJWS` (compact serialisation of RFC 7515).
//!
//! It differs from PyJWT 2.15.1 in being strict: no `=` after a part, no member twice in the header, no byte order
//! mark before it. As there, `typ`, `cty`, `zip` and every header that offers a key are not looked at, and the
//! header's `alg` chooses nothing: it must be the one that is configured.

use crate::{
    Algorithm, Error, SigningKey,
    algorithm::{Key, MAX_SIGNATURE, MAX_SIGNATURE_TEXT},
    json::{self, Item, Member},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// A longer token is refused unread, in bytes. It is what nginx and gunicorn take as one header line, so a longer
/// one could seldom have come as a bearer; simplejwt's own are some 240 bytes.
pub const MAX_TOKEN: usize = 8 * 1024;

/// One algorithm with one key.
///
/// ```
/// use munjigi_tokens::{Algorithm, SigningKey, backend::TokenBackend};
///
/// let backend = TokenBackend::new(Algorithm::Hs256, &SigningKey::new("a secret of no fewer than 32 bytes"))?;
/// let token = backend.encode(b"any bytes");
/// assert_eq!(backend.decode(&token)?, b"any bytes");
///
/// let other = TokenBackend::new(Algorithm::Hs512, &SigningKey::new("a secret of no fewer than 32 bytes"))?;
/// assert!(other.decode(&token).is_err());
/// # Ok::<(), munjigi_tokens::Error>(())
/// ```
#[derive(Clone)]
pub struct TokenBackend {
    algorithm: Algorithm,
    key: Key,
    /// The header of every token made here, encoded, with its dot.
    header: String,
}

impl TokenBackend {
    /// Prepares the key. How long it must be is for who reads the settings to say.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`] for an empty key and for one of another family than the algorithm's.
    pub fn new(algorithm: Algorithm, signing_key: &SigningKey) -> Result<Self, Error> {
        let key = Key::new(algorithm, signing_key)?;
        let mut header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#));
        header.push('.');
        Ok(Self {
            algorithm,
            key,
            header,
        })
    }

    /// The algorithm that every token must name.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Signs a payload: header, payload and signature in base64url, with dots between them.
    pub fn encode(&self, payload: &[u8]) -> String {
        let length = self.header.len() + payload.len().div_ceil(3) * 4 + 1 + MAX_SIGNATURE_TEXT;
        let mut token = String::with_capacity(length);
        token.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        self.key.sign(&mut token);
        token
    }

    /// Verifies a token and gives its payload, which need not be JSON. The clock is not asked.
    ///
    /// # Errors
    /// [`Error::Invalid`], whatever is wrong with it.
    pub fn decode(&self, token: &str) -> Result<Vec<u8>, Error> {
        if token.len() > MAX_TOKEN {
            return Err(Error::Invalid);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(Error::Invalid)?;
        let payload = match message.strip_prefix(&self.header) {
            Some(payload) => payload,
            None => self.check_header(message)?,
        };
        self.check_signature(message, signature)?;
        URL_SAFE_NO_PAD.decode(payload).map_err(|_| Error::Invalid)
    }
}

impl TokenBackend {
    /// The long way, for a header that was not made here. Gives the payload's part of the message.
    fn check_header<'t>(&self, message: &'t str) -> Result<&'t str, Error> {
        let (header, payload) = message.split_once('.').ok_or(Error::Invalid)?;
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| Error::Invalid)?;
        let header = String::from_utf8(header).map_err(|_| Error::Invalid)?;
        let members = json::read_object(&header).map_err(|_| Error::Invalid)?;
        let find = |wanted: &str| {
            let is_wanted = |member: &&Member| member.name.decode(&header).is_some_and(|name| name == wanted);
            members.iter().find(is_wanted).map(|member| member.value)
        };
        let is_ours = matches!(find("alg"), Some(Item::Text(alg))
            if alg.decode(&header).is_some_and(|alg| alg == self.algorithm.name()));
        let is_kid_text = matches!(find("kid"), None | Some(Item::Text(_)));
        let is_encoded = !matches!(find("b64"), Some(Item::Other(b64)) if b64.of(&header) == "false");
        let is_understood = match find("crit") {
            None => true,
            Some(Item::Text(_)) => false,
            Some(Item::Other(crit)) => names_b64_alone(crit.of(&header)) && find("b64").is_some(),
        };
        if is_ours && is_kid_text && is_encoded && is_understood {
            Ok(payload)
        } else {
            Err(Error::Invalid)
        }
    }

    fn check_signature(&self, message: &str, signature: &str) -> Result<(), Error> {
        let mut buffer = [0; MAX_SIGNATURE + 2];
        let length = URL_SAFE_NO_PAD
            .decode_slice(signature, &mut buffer)
            .map_err(|_| Error::Invalid)?;
        self.key
            .verify(message.as_bytes(), buffer.get(..length).ok_or(Error::Invalid)?)
    }
}

/// The one extension that PyJWT knows is `b64` (RFC 7797), and the one value of it that asks for nothing is true.
fn names_b64_alone(crit: &str) -> bool {
    serde_json::from_str::<Vec<String>>(crit)
        .is_ok_and(|names| !names.is_empty() && names.iter().all(|name| name == "b64"))
}
