//! The ended list: how a server tells other processes which sign-ins have ended, so that they refuse access tokens
//! that are still good by themselves. simplejwt has no such thing.
//!
//! A client asks `GET /.well-known/munjigi/ended` once, and from then on `?after=` with the cursor of the answer before.
//! An answer is 200 and a JSON object:
//!
//! ```json
//! {"cursor": 17, "reset": false, "more": false, "ended": ["PrG9Q5lH63YpmOVmzMLgmQ"]}
//! ```
//!
//! - `ended`: the [`Fingerprint`]s of the sign-ins that ended after the cursor that was given, at most
//!   [`EndedPage::LIMIT`] of them. Who has a token knows the `sid` in it, and so its fingerprint; nobody learns a `sid`
//!   from a fingerprint. The same one may come again.
//! - `cursor`: how far this answer goes, to be sent as `after` next time.
//! - `more`: there are more of them right now. Ask again at once.
//! - `reset`: what was told before does not hold, since no cursor was given or the server's list is another one than
//!   the client's. The client begins a new list with this answer, and puts it in the place of the old one after the
//!   last answer with `more`.
//!
//! The server forgets a sign-in when no token of it can be good any more, and does not tell of that. A client that runs
//! for long asks without `after` from time to time, such as hourly, and so gets a list without them.
//!
//! 503 with `Retry-After` means that the server itself does not know; what the client has goes on to hold for as long as
//! it trusts a list that old.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A sign-in, by the first 16 bytes of the SHA-256 of its `sid`: what the ended list names it by.
///
/// `Display` and `FromStr` are base64url without padding, 22 characters.
///
/// ```
/// use munjigi_tokens::ended::Fingerprint;
///
/// let fingerprint = Fingerprint::of("0123456789abcdef0123456789abcdef");
/// assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Of the claim `sid`, as it stands in a token.
    pub fn of(sid: &str) -> Self {
        let mut first = [0; 16];
        for (to, from) in first.iter_mut().zip(Sha256::digest(sid)) {
            *to = from;
        }
        Self(first)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for Fingerprint {
    type Err = NotAnEndedPage;

    fn from_str(text: &str) -> Result<Self, NotAnEndedPage> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(NotAnEndedPage)
    }
}

/// An answer of the ended list; the module says what its members mean.
///
/// ```
/// use munjigi_tokens::ended::{EndedPage, Fingerprint};
///
/// let page = EndedPage { cursor: 17, reset: true, more: false, ended: vec![Fingerprint::of("sid")] };
/// assert_eq!(EndedPage::from_json(page.to_json().as_bytes()), Ok(page));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedPage {
    /// What to send as `after` next time.
    pub cursor: u64,
    /// Whether a new list begins here.
    pub reset: bool,
    /// Whether there are more right now.
    pub more: bool,
    /// The sign-ins that ended, at most [`EndedPage::LIMIT`].
    pub ended: Vec<Fingerprint>,
}

impl EndedPage {
    /// The most sign-ins in one answer.
    pub const LIMIT: usize = 5_000;
    /// The longest answer, in bytes; what is longer is none.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// The body of the answer.
    pub fn to_json(&self) -> String {
        let ended: Vec<String> = self.ended.iter().map(Fingerprint::to_string).collect();
        json!({"cursor": self.cursor, "reset": self.reset, "more": self.more, "ended": ended}).to_string()
    }

    /// Reads the body of an answer. Members that this version does not know are passed over.
    ///
    /// # Errors
    /// [`NotAnEndedPage`] where a member is missing or of another type, or a limit is exceeded.
    pub fn from_json(body: &[u8]) -> Result<Self, NotAnEndedPage> {
        if body.len() > Self::MAX_BYTES {
            return Err(NotAnEndedPage);
        }
        let page: Value = serde_json::from_slice(body).map_err(|_| NotAnEndedPage)?;
        let flag = |name: &str| page.get(name).and_then(Value::as_bool).ok_or(NotAnEndedPage);
        let ended = page
            .get("ended")
            .and_then(Value::as_array)
            .ok_or(NotAnEndedPage)?;
        if ended.len() > Self::LIMIT {
            return Err(NotAnEndedPage);
        }
        let fingerprint = |value: &Value| value.as_str().ok_or(NotAnEndedPage)?.parse();
        Ok(Self {
            cursor: page.get("cursor").and_then(Value::as_u64).ok_or(NotAnEndedPage)?,
            reset: flag("reset")?,
            more: flag("more")?,
            ended: ended.iter().map(fingerprint).collect::<Result<_, _>>()?,
        })
    }
}

/// What was read is no answer of the ended list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The answer is no page of an ended list.")]
pub struct NotAnEndedPage;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_half_of_the_digest_of_a_sid() {
        // printf 0123456789abcdef0123456789abcdef | openssl sha256 -binary | head -c 16 | basenc --base64url
        let fingerprint = Fingerprint::of("0123456789abcdef0123456789abcdef");
        assert_eq!(fingerprint.to_string(), "PrG9Q5lH63YpmOVmzMLgmQ");
        for text in [
            "",
            "PrG9",
            "PrG9Q5lH63YpmOVmzMLgmQ==",
            "PrG9Q5lH63YpmOVmzMLgmQA",
            "+rG9Q5lH63YpmOVmzMLgmQ",
            "PrG9Q5lH63YpmOVmzMLgmR",
        ] {
            assert_eq!(text.parse::<Fingerprint>(), Err(NotAnEndedPage), "{text}");
        }
    }

    #[test]
    fn the_longest_page_is_within_the_bound() {
        let page = EndedPage {
            cursor: u64::MAX,
            reset: false,
            more: false,
            ended: vec![Fingerprint::of("sid"); EndedPage::LIMIT],
        };
        let body = page.to_json();
        assert!(body.len() <= EndedPage::MAX_BYTES, "{}", body.len());
        assert_eq!(EndedPage::from_json(body.as_bytes()), Ok(page.clone()));
        let longer = EndedPage {
            ended: vec![Fingerprint::of("sid"); EndedPage::LIMIT + 1],
            ..page
        };
        assert_eq!(
            EndedPage::from_json(longer.to_json().as_bytes()),
            Err(NotAnEndedPage)
        );
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"cursor":-1,"reset":true,"more":false,"ended":[]}"#,
            r#"{"cursor":1,"reset":1,"more":false,"ended":[]}"#,
            r#"{"cursor":1,"reset":true,"ended":[]}"#,
            r#"{"cursor":1,"reset":true,"more":false,"ended":{}}"#,
            r#"{"cursor":1,"reset":true,"more":false,"ended":["sid"]}"#,
            r#"{"cursor":1,"reset":true,"more":false,"ended":[1]}"#,
        ] {
            assert_eq!(
                EndedPage::from_json(body.as_bytes()),
                Err(NotAnEndedPage),
                "{body}"
            );
        }
        let body = r#"{"cursor":1,"reset":true,"more":false,"ended":[],"later":1}"#;
        assert!(EndedPage::from_json(body.as_bytes()).is_ok());
    }
}
