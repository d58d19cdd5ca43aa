//! The header that a token comes in: `get_header`, `get_raw_token` and `authenticate_header` of simplejwt's
//! `JWTAuthentication` (5.5.1, `authentication.py`).

use http::{HeaderMap, HeaderName, HeaderValue};
use munjigi_tokens::SimpleJwtSettings;
use std::borrow::Cow;

/// `AUTH_HEADER_NAME` and `AUTH_HEADER_TYPES`: which header holds the token, behind which words.
///
/// ```
/// use http::{HeaderMap, header::AUTHORIZATION};
/// use munjigi_axum::BearerHeader;
/// use munjigi_tokens::{SigningKey, SimpleJwtSettings};
///
/// let settings = SimpleJwtSettings::new(SigningKey::new("a secret of no fewer than 32 bytes"));
/// let bearer = BearerHeader::new(&settings)?;
/// let mut headers = HeaderMap::new();
/// assert_eq!(bearer.token(&headers).unwrap(), None);
///
/// headers.insert(AUTHORIZATION, "Bearer a.b.c".parse().unwrap());
/// assert_eq!(bearer.token(&headers).unwrap().as_deref(), Some("a.b.c"));
///
/// headers.insert(AUTHORIZATION, "Bearer".parse().unwrap());
/// assert!(bearer.token(&headers).is_err());
/// # Ok::<(), munjigi_tokens::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BearerHeader {
    name: HeaderName,
    types: Vec<String>,
    challenge: HeaderValue,
}

impl BearerHeader {
    /// Reads the two settings.
    ///
    /// # Errors
    /// [`munjigi_tokens::Error::ImproperlyConfigured`] where the name is not `HTTP_` and a header's name, or there is
    /// no type, or one that is no word.
    pub fn new(settings: &SimpleJwtSettings) -> Result<Self, munjigi_tokens::Error> {
        let name = on_the_wire(&settings.auth_header_name).ok_or_else(|| {
            munjigi_tokens::Error::ImproperlyConfigured(
                format!(
                    "AUTH_HEADER_NAME is \"{}\", which names no header. Write \"HTTP_AUTHORIZATION\".",
                    settings.auth_header_name
                )
                .into(),
            )
        })?;
        let types = settings.auth_header_types.clone();
        let is_word = |word: &String| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
        let challenge = types
            .first()
            .filter(|_| types.iter().all(is_word))
            .and_then(|first| HeaderValue::from_str(&format!("{first} realm=\"api\"")).ok())
            .ok_or(munjigi_tokens::Error::ImproperlyConfigured(Cow::Borrowed(
                "AUTH_HEADER_TYPES must be words without spaces, at least one. Write [\"Bearer\"].",
            )))?;
        Ok(Self {
            name,
            types,
            challenge,
        })
    }

    /// The token in a request's header, not yet verified; `None` where the header is missing or of another scheme. A
    /// token that is not UTF-8 comes with replacement characters, and is refused where tokens are verified.
    ///
    /// # Errors
    /// [`BadAuthorizationHeader`].
    pub fn token<'h>(&self, headers: &'h HeaderMap) -> Result<Option<Cow<'h, str>>, BadAuthorizationHeader> {
        let Some(header) = headers.get(&self.name) else {
            return Ok(None);
        };
        let mut words = header
            .as_bytes()
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        let is_ours = |scheme: &[u8]| self.types.iter().any(|known| known.as_bytes() == scheme);
        if !words.next().is_some_and(is_ours) {
            return Ok(None);
        }
        match (words.next(), words.next()) {
            (Some(token), None) => Ok(Some(String::from_utf8_lossy(token))),
            _ => Err(BadAuthorizationHeader),
        }
    }

    /// `WWW-Authenticate` of a 401: `Bearer realm="api"`, with the first of the types.
    pub fn challenge(&self) -> &HeaderValue {
        &self.challenge
    }
}

/// The header names a scheme of `AUTH_HEADER_TYPES`, and behind it stands no token or more than one. `Display` is
/// simplejwt's sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Authorization header must contain two space-delimited values")]
pub struct BadAuthorizationHeader;

/// `HTTP_X_ACCESS_TOKEN`, as WSGI spells it, is `x-access-token` on the wire.
fn on_the_wire(meta: &str) -> Option<HeaderName> {
    let name = meta.strip_prefix("HTTP_")?.replace('_', "-");
    HeaderName::from_bytes(name.as_bytes()).ok()
}
