//! The header that a token comes in.

use http::{HeaderMap, HeaderValue};
use munjigi_axum::{BadAuthorizationHeader, BearerHeader};
use munjigi_tokens::{SigningKey, SimpleJwtSettings};
use std::borrow::Cow;

fn settings(name: &str, types: &[&str]) -> SimpleJwtSettings {
    let mut settings = SimpleJwtSettings::new(SigningKey::new("a secret of no fewer than 32 bytes"));
    name.clone_into(&mut settings.auth_header_name);
    settings.auth_header_types = types.iter().map(|&word| word.to_owned()).collect();
    settings
}

fn token_in(
    bearer: &BearerHeader,
    name: &'static str,
    value: &[u8],
) -> Result<Option<String>, BadAuthorizationHeader> {
    let mut headers = HeaderMap::new();
    headers.insert(name, HeaderValue::from_bytes(value).unwrap());
    Ok(bearer.token(&headers)?.map(Cow::into_owned))
}

#[test]
fn a_token_stands_behind_one_of_the_types_and_nothing_behind_it() {
    let bearer = BearerHeader::new(&settings("HTTP_AUTHORIZATION", &["Bearer", "JWT"])).unwrap();
    let read = |value: &[u8]| token_in(&bearer, "authorization", value);
    assert_eq!(read(b"Bearer t").unwrap().as_deref(), Some("t"));
    assert_eq!(read(b"  JWT \t t ").unwrap().as_deref(), Some("t"));
    assert_eq!(read(b"Bearer \xff").unwrap().as_deref(), Some("\u{fffd}"));
    for other in [&b""[..], b"   ", b"bearer t", b"Basic t", b"t", b"Token a b"] {
        assert_eq!(read(other).unwrap(), None, "{}", String::from_utf8_lossy(other));
    }
    for malformed in [&b"Bearer"[..], b"Bearer ", b"JWT a b", b"Bearer a b c"] {
        assert_eq!(
            read(malformed).unwrap_err().to_string(),
            "Authorization header must contain two space-delimited values"
        );
    }
}

#[test]
fn the_header_has_the_name_that_is_set_and_the_challenge_the_first_type() {
    let bearer = BearerHeader::new(&settings("HTTP_X_ACCESS_TOKEN", &["JWT", "Bearer"])).unwrap();
    assert_eq!(
        token_in(&bearer, "x-access-token", b"JWT t").unwrap().as_deref(),
        Some("t")
    );
    assert_eq!(token_in(&bearer, "authorization", b"JWT t").unwrap(), None);
    assert_eq!(bearer.challenge(), "JWT realm=\"api\"");
}

#[test]
fn a_name_or_a_type_that_no_header_can_have_is_refused_in_words() {
    for name in ["Authorization", "HTTP_", "HTTP_X Y", ""] {
        let error = BearerHeader::new(&settings(name, &["Bearer"])).unwrap_err();
        assert!(
            error.to_string().contains("Write \"HTTP_AUTHORIZATION\"."),
            "{error}"
        );
    }
    for types in [&[][..], &[""], &["Bearer x"], &["Bearer", "토큰"]] {
        let error = BearerHeader::new(&settings("HTTP_AUTHORIZATION", types)).unwrap_err();
        assert!(error.to_string().contains("Write [\"Bearer\"]."), "{error}");
    }
}
