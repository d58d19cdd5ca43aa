//! An answer taken apart, as far as two are compared: what stands in it for good, and no secret in plain sight.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{ALLOW, CONTENT_TYPE, SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What one side answered. It holds no token and no cookie's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// munjigi's own word for a refusal, where it is munjigi's answer.
    pub(super) word: Option<String>,
    /// Those of [`COMPARED`] that are there, by name.
    pub(super) headers: BTreeMap<&'static str, String>,
    pub(super) cookies: BTreeMap<String, Cookie>,
    pub(super) body: Body,
    /// By where they stand: `access`, or `cookie access_token`.
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) when: When,
}

/// The headers that a client may act upon.
const COMPARED: [(HeaderName, &str); 3] = [
    (WWW_AUTHENTICATE, "WWW-Authenticate"),
    (CONTENT_TYPE, "Content-Type"),
    (ALLOW, "Allow"),
];

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// With a word in the place of each token.
    Json(Value),
    /// No JSON: its length.
    Other(usize),
}

/// What a `Set-Cookie` says beside its value. The names of attributes are in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) is_emptied: bool,
}

/// What is in a token.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) algorithm: String,
    pub(super) claims: Map<String, Value>,
    /// Whether munjigi, by its settings, would take it for good.
    pub(super) is_good_here: bool,
}

/// Between which seconds since 1970 the answer was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct When {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// A secret that an answer gives out.
pub(super) struct Given {
    pub(super) place: String,
    pub(super) text: String,
}

/// What an answer gives out: tokens, and cookies with their values.
#[derive(Default)]
pub(super) struct Handed {
    pub(super) tokens: Vec<Given>,
    pub(super) cookies: Vec<Given>,
}

impl Answer {
    /// Takes an answer apart. `is_good_here` says of a token's text whether munjigi would take it.
    pub(super) fn of(
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        when: When,
        is_good_here: impl Fn(&str) -> bool,
    ) -> (Self, Handed) {
        let mut handed = Handed::default();
        let cookies = cookies(headers, &mut handed);
        let body = match serde_json::from_slice::<Value>(body) {
            Ok(mut json) => {
                take_tokens(&mut json, &mut String::new(), &mut handed.tokens);
                Body::Json(json)
            }
            Err(_) => Body::Other(body.len()),
        };
        let tokens = handed.tokens.iter();
        let tokens = tokens.filter_map(|given| {
            let token = read(&given.text, is_good_here(&given.text))?;
            Some((given.place.clone(), token))
        });
        let answer = Self {
            status,
            word: text(headers, &crate::http::error::MUNJIGI_ERROR),
            headers: COMPARED
                .into_iter()
                .filter_map(|(name, shown)| Some((shown, text(headers, &name)?)))
                .collect(),
            cookies,
            body,
            tokens: tokens.collect(),
            when,
        };
        (answer, handed)
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// What stands in the place of a token.
const A_TOKEN: &str = "a token";

/// Takes the tokens out of a body.
fn take_tokens(value: &mut Value, place: &mut String, tokens: &mut Vec<Given>) {
    let length = place.len();
    match value {
        Value::String(text) if claims(text).is_some() => {
            let text = std::mem::replace(text, A_TOKEN.to_owned());
            tokens.push(Given {
                place: place.clone(),
                text,
            });
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                // A string takes all that is written to it.
                let _ = write!(place, "[{at}]");
                take_tokens(item, place, tokens);
                place.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if length > 0 {
                    place.push('.');
                }
                place.push_str(name);
                take_tokens(member, place, tokens);
                place.truncate(length);
            }
        }
        _ => {}
    }
}

/// Reads each `Set-Cookie`. A cookie that holds a token hands out both.
fn cookies(headers: &HeaderMap, handed: &mut Handed) -> BTreeMap<String, Cookie> {
    let mut cookies = BTreeMap::new();
    for line in headers.get_all(SET_COOKIE) {
        let line = String::from_utf8_lossy(line.as_bytes());
        let mut parts = line.split(';');
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        let attributes = parts.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name.trim().to_ascii_lowercase(), value.trim().to_owned())
        });
        let cookie = Cookie {
            attributes: attributes.collect(),
            is_emptied: value.is_empty(),
        };
        let (place, text) = (name.trim().to_owned(), value.to_owned());
        if claims(value).is_some() {
            handed.tokens.push(Given {
                place: format!("cookie {place}"),
                text: text.clone(),
            });
        }
        cookies.insert(place.clone(), cookie);
        handed.cookies.push(Given { place, text });
    }
    cookies
}

fn read(text: &str, is_good_here: bool) -> Option<Token> {
    let header = part(text, 0)?;
    Some(Token {
        algorithm: header.get("alg").and_then(Value::as_str)?.to_owned(),
        claims: claims(text)?,
        is_good_here,
    })
}

/// What a token claims, whoever signed it; `None` where the text is no token.
pub(super) fn claims(text: &str) -> Option<Map<String, Value>> {
    if text.matches('.').count() != 2 || !part(text, 0)?.contains_key("alg") {
        return None;
    }
    part(text, 1)
}

fn part(text: &str, at: usize) -> Option<Map<String, Value>> {
    let part = URL_SAFE_NO_PAD.decode(text.split('.').nth(at)?).ok()?;
    serde_json::from_slice(&part).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use serde_json::json;

    fn token(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2lnbmF0dXJl", part(&json!({"alg": "HS256"})), part(claims))
    }

    #[test]
    fn tokens_and_the_values_of_cookies_are_taken_out() {
        let access = token(&json!({"exp": 1}));
        let body = json!({"data": [{"access": access}], "message": "a.b.c"}).to_string();
        let mut headers = HeaderMap::new();
        let cookie = format!("jwt={access}; Path=/; HttpOnly; Max-Age=300");
        headers.append(SET_COOKIE, HeaderValue::from_str(&cookie).unwrap());
        headers.append(SET_COOKIE, HeaderValue::from_static("sessionid=\"\"; Max-Age=0"));
        let when = When { from: 0, to: 0 };
        let (answer, handed) = Answer::of(200, &headers, body.as_bytes(), when, |_| true);
        assert_eq!(
            answer.body,
            Body::Json(json!({"data": [{"access": "a token"}], "message": "a.b.c"}))
        );
        let places: Vec<_> = answer.tokens.keys().map(String::as_str).collect();
        assert_eq!(places, ["cookie jwt", "data[0].access"]);
        assert_eq!(answer.tokens["cookie jwt"].claims["exp"], 1);
        let jwt = &answer.cookies["jwt"].attributes;
        assert_eq!((&*jwt["max-age"], &*jwt["httponly"]), ("300", ""));
        assert!(answer.cookies["sessionid"].is_emptied);
        assert_eq!(handed.cookies.len(), 2);
        assert!(!format!("{answer:?}").contains(&access));
    }

    #[test]
    fn a_text_with_two_dots_is_no_token() {
        for text in ["a.b.c", "..", "e30.e30.", "W10.W10.W10"] {
            assert!(claims(text).is_none(), "{text}");
        }
    }
}
