//! Header values as text, the way Django reads them: bytes above ASCII are Latin-1. A value with such a byte must not
//! count as absent, or a check of it could be passed by spoiling it.

use http::header::{AsHeaderName, HeaderMap};
use std::borrow::Cow;

/// The first value of a header.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::ORIGIN};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(ORIGIN, HeaderValue::from_bytes(b"http://\xe9vil")?);
/// assert_eq!(munjigi_axum::header::text(&headers, ORIGIN).unwrap(), "http://évil");
/// assert_eq!(munjigi_axum::header::text(&headers, "referer"), None);
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
pub fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<Cow<'_, str>> {
    let bytes = headers.get(name)?.as_bytes();
    Some(match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    })
}
