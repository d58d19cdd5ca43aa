//! The payload of a token: `Token.payload`.
//!
//! Python keeps a dict. Here the members stay where they were read, in one text, and keep their order; that makes
//! a verified token two allocations. A claim that is copied from token to token stays as it was spelled, so that
//! an integer keeps all its digits.

use crate::{
    Audience, Error,
    json::{self, Item, Malformed, Member, Quoted, Span},
};
use jiff::SignedDuration;
use serde_json::Value;
use std::fmt::Write;

/// The claims of a token, in their order.
#[derive(Clone)]
pub struct Claims {
    /// The payload as it was read, what its escapes mean, and what was set since, one after the other.
    buffer: String,
    /// Names and texts here are unescaped, but for a text that cannot be: that is kept as an [`Item::Other`].
    members: Vec<Member>,
}

/// The value of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim<'c> {
    Text(&'c str),
    /// The JSON of anything else, as it is spelled.
    Json(&'c str),
}

/// The claims of RFC 7519, section 4.1, that PyJWT looks at.
#[derive(Default)]
pub(crate) struct Registered<'c> {
    pub(crate) iss: Option<Claim<'c>>,
    pub(crate) sub: Option<Claim<'c>>,
    pub(crate) aud: Option<Claim<'c>>,
    pub(crate) exp: Option<Claim<'c>>,
    pub(crate) nbf: Option<Claim<'c>>,
    pub(crate) iat: Option<Claim<'c>>,
    pub(crate) jti: Option<Claim<'c>>,
}

impl Claims {
    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.find(name)?.text()
    }

    /// Any claim. A number beyond 64 bits becomes a float; half of a surrogate pair makes it `None`.
    pub fn value(&self, name: &str) -> Option<Value> {
        match self.find(name)? {
            Claim::Text(text) => Some(Value::String(text.to_owned())),
            Claim::Json(json) => serde_json::from_str(json).ok(),
        }
    }

    /// Whether there is such a claim, of whatever type.
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            buffer: String::with_capacity(bytes),
            members: Vec::with_capacity(json::USUAL_MEMBERS),
        }
    }

    /// Reads a payload.
    pub(crate) fn parse(payload: Vec<u8>) -> Result<Self, Error> {
        let mut buffer = String::from_utf8(payload).map_err(|_| Error::Invalid)?;
        let mut members = json::read_object(&buffer).map_err(|Malformed| Error::Invalid)?;
        for member in &mut members {
            if member.name.is_escaped {
                member.name = unescape(&mut buffer, member.name).ok_or(Error::Invalid)?;
            }
            if let Item::Text(quoted) = member.value
                && quoted.is_escaped
            {
                let spelled = Item::Other(quoted.with_quotes());
                member.value = unescape(&mut buffer, quoted).map_or(spelled, Item::Text);
            }
        }
        Ok(Self { buffer, members })
    }

    pub(crate) fn find(&self, name: &str) -> Option<Claim<'_>> {
        self.iter()
            .find(|(other, _)| *other == name)
            .map(|(_, claim)| claim)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Claim<'_>)> {
        self.members.iter().map(|member| {
            let claim = match member.value {
                Item::Text(text) => Claim::Text(text.inner.of(&self.buffer)),
                Item::Other(json) => Claim::Json(json.of(&self.buffer)),
            };
            (member.name.inner.of(&self.buffer), claim)
        })
    }

    pub(crate) fn registered(&self) -> Registered<'_> {
        let mut registered = Registered::default();
        for (name, claim) in self.iter() {
            match name {
                "iss" => registered.iss = Some(claim),
                "sub" => registered.sub = Some(claim),
                "aud" => registered.aud = Some(claim),
                "exp" => registered.exp = Some(claim),
                "nbf" => registered.nbf = Some(claim),
                "iat" => registered.iat = Some(claim),
                "jti" => registered.jti = Some(claim),
                _ => {}
            }
        }
        registered
    }

    /// Sets a claim to what another token has. One that is there keeps its place, as in a dict.
    pub(crate) fn set(&mut self, name: &str, claim: Claim<'_>) {
        match claim {
            Claim::Text(text) => self.set_text(name, text),
            Claim::Json(json) => self.set_json(name, |buffer| buffer.push_str(json)),
        }
    }

    pub(crate) fn set_text(&mut self, name: &str, text: &str) {
        let inner = append(&mut self.buffer, text);
        self.place(
            name,
            Item::Text(Quoted {
                inner,
                is_escaped: false,
            }),
        );
    }

    pub(crate) fn set_integer(&mut self, name: &str, integer: i64) {
        // Writing to a String cannot fail.
        self.set_json(name, |buffer| write!(buffer, "{integer}").unwrap_or_default());
    }

    pub(crate) fn set_value(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) => self.set_text(name, text),
            _ => self.set_json(name, |buffer| json::write_value(buffer, value)),
        }
    }

    /// `aud` and `iss`, where the settings have them: a text stays a text, and a list a list.
    pub(crate) fn set_parties(&mut self, audience: Option<&Audience>, issuer: Option<&str>) {
        match audience {
            None => {}
            Some(Audience::One(audience)) => self.set_text("aud", audience),
            Some(Audience::Several(audiences)) => self.set_value("aud", &audiences.as_slice().into()),
        }
        if let Some(issuer) = issuer {
            self.set_text("iss", issuer);
        }
    }

    /// Writes the payload.
    pub(crate) fn write_json(&self, out: &mut String) {
        let mut separator = '{';
        for (name, claim) in self.iter() {
            out.push(separator);
            json::write_text(out, name);
            out.push(':');
            match claim {
                Claim::Text(text) => json::write_text(out, text),
                Claim::Json(json) => out.push_str(json),
            }
            separator = ',';
        }
        out.push('}');
    }

    /// How many bytes [`write_json`](Self::write_json) needs where nothing is escaped.
    pub(crate) fn json_capacity(&self) -> usize {
        const PUNCTUATION: usize = r#""":"","#.len();
        self.buffer.len() + PUNCTUATION * self.members.len() + 2
    }

    fn set_json(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        let start = self.buffer.len();
        write(&mut self.buffer);
        self.place(
            name,
            Item::Other(Span {
                start,
                end: self.buffer.len(),
            }),
        );
    }

    fn place(&mut self, name: &str, value: Item) {
        let buffer = &self.buffer;
        if let Some(member) = self
            .members
            .iter_mut()
            .find(|member| member.name.inner.of(buffer) == name)
        {
            member.value = value;
        } else {
            let inner = append(&mut self.buffer, name);
            self.members.push(Member {
                name: Quoted {
                    inner,
                    is_escaped: false,
                },
                value,
            });
        }
    }
}

impl<'c> Claim<'c> {
    pub(crate) fn text(self) -> Option<&'c str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Json(_) => None,
        }
    }

    /// A time (RFC 7519, section 2: `NumericDate`) in seconds since 1970, as Python's `int(…)` takes it: a fraction
    /// is cut off, `true` is 1, and the digits in a text count. Beyond 64 bits it is their limit.
    pub(crate) fn seconds(self) -> Option<i64> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Json("true") => Some(1),
            Self::Json("false") => Some(0),
            Self::Json(json) => json.parse().ok().or_else(|| {
                if is_integer(json) {
                    return Some(if json.starts_with('-') { i64::MIN } else { i64::MAX });
                }
                json.parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())
                    .map(cut)
            }),
        }
    }

    /// A time as `datetime.fromtimestamp(…)` takes it: a number, to its fraction, within the years 1 to 9999.
    pub(crate) fn moment(self) -> Option<SignedDuration> {
        /// The first second of the year 1, and the last of 9999.
        const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
        let seconds = match self {
            Self::Json(json) if !is_integer(json) && !matches!(json, "true" | "false") => {
                return SignedDuration::try_from_secs_f64(json.parse().ok()?)
                    .ok()
                    .filter(|moment| YEARS.contains(&moment.as_secs()));
            }
            Self::Json(_) => self.seconds()?,
            Self::Text(_) => return None,
        };
        YEARS
            .contains(&seconds)
            .then(|| SignedDuration::from_secs(seconds))
    }

    /// A text, or the digits of an integer.
    pub(crate) fn text_or_integer(self) -> Option<&'c str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Json(json) => Some(json).filter(|json| is_integer(json)),
        }
    }
}

/// Of the spelling of a JSON value.
fn is_integer(json: &str) -> bool {
    json.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "cut as Python's int() does; `as` stops at the limits"
)]
fn cut(number: f64) -> i64 {
    number as i64
}

fn unescape(buffer: &mut String, quoted: Quoted) -> Option<Quoted> {
    let text = quoted.decode(buffer)?.into_owned();
    Some(Quoted {
        inner: append(buffer, &text),
        is_escaped: false,
    })
}

fn append(buffer: &mut String, text: &str) -> Span {
    let start = buffer.len();
    buffer.push_str(text);
    Span {
        start,
        end: buffer.len(),
    }
}
