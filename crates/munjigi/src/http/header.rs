//! Header values as text, the way Django reads them: bytes above ASCII are Latin-1. A value with such a byte must not
//! count as absent, or a check of it could be passed by spoiling it.

use http::header::{AsHeaderName, HeaderMap};
use std::borrow::Cow;

/// The first value of a header.
pub(super) fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<Cow<'_, str>> {
    let bytes = headers.get(name)?.as_bytes();
    Some(match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_byte_above_ascii_is_a_letter_of_latin_1_and_not_a_missing_header() {
        let mut headers = HeaderMap::new();
        headers.insert("origin", HeaderValue::from_bytes(b"http://\xe9vil").unwrap());
        assert_eq!(text(&headers, "origin").unwrap(), "http://évil");
        assert_eq!(text(&headers, "referer"), None);
    }
}
