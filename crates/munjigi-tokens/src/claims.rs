//! The payload of a token: `Token.payload`.
//!
//! Python keeps a dict. Here the members stay where they were read, in one text, and keep their order; that makes
//! a verified token two allocations. A claim that is copied from token to token stays as it was spelled, so that
//! an integer keeps all its digits.

use crate::{
    Error,
    json::{self, Item, Malformed, Span},
};
use serde_json::Value;

/// The claims of a token, in their order.
#[derive(Clone)]
pub struct Claims {
    /// The payload, or, for a token being made, its names and values one after the other.
    buffer: String,
    members: Vec<Member>,
}

#[derive(Clone, Copy)]
struct Member {
    name: Span,
    value: Stored,
}

#[derive(Clone, Copy)]
enum Stored {
    /// A text, unescaped.
    Text(Span),
    /// The JSON of another value, or of a text that cannot be unescaped.
    Json(Span),
}

/// A registered time claim (RFC 7519, section 2: `NumericDate`) as Python's `int(…)` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Date {
    Number(i64),
    /// A number in a text: PyJWT reads it, and simplejwt then fails on it for `exp`.
    Text(i64),
}

impl Claims {
    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.find(name)? {
            Stored::Text(span) => Some(span.of(&self.buffer)),
            Stored::Json(_) => None,
        }
    }

    /// Any claim. A number beyond 64 bits becomes a float, and half of a surrogate pair makes it `None`.
    pub fn value(&self, name: &str) -> Option<Value> {
        match self.find(name)? {
            Stored::Text(span) => Some(Value::String(span.of(&self.buffer).to_owned())),
            Stored::Json(span) => serde_json::from_str(span.of(&self.buffer)).ok(),
        }
    }

    /// Whether there is such a claim, of whatever type.
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.of(&self.buffer))
    }

    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            buffer: String::with_capacity(bytes),
            members: Vec::with_capacity(8),
        }
    }

    /// Reads a payload.
    pub(crate) fn parse(payload: Vec<u8>) -> Result<Self, Error> {
        let mut buffer = String::from_utf8(payload).map_err(|_| Error::Invalid)?;
        let read = json::read_object(&buffer).map_err(|Malformed| Error::Invalid)?;
        let mut members = Vec::with_capacity(read.len());
        for (name, item) in read {
            let name = if name.is_escaped {
                let decoded = name.decode(&buffer).ok_or(Error::Invalid)?.into_owned();
                append(&mut buffer, &decoded)
            } else {
                name.inner
            };
            let value = match item {
                Item::Other(span) => Stored::Json(span),
                Item::Text(quoted) if quoted.is_escaped => {
                    match quoted.decode(&buffer).map(std::borrow::Cow::into_owned) {
                        Some(decoded) => Stored::Text(append(&mut buffer, &decoded)),
                        None => Stored::Json(Span {
                            start: quoted.inner.start - 1,
                            end: quoted.inner.end + 1,
                        }),
                    }
                }
                Item::Text(quoted) => Stored::Text(quoted.inner),
            };
            members.push(Member { name, value });
        }
        Ok(Self { buffer, members })
    }

    pub(crate) fn set_text(&mut self, name: &str, text: &str) {
        let span = append(&mut self.buffer, text);
        self.set(name, Stored::Text(span));
    }

    pub(crate) fn set_integer(&mut self, name: &str, integer: i64) {
        let span = append(&mut self.buffer, &integer.to_string());
        self.set(name, Stored::Json(span));
    }

    pub(crate) fn set_value(&mut self, name: &str, value: &Value) {
        if let Value::String(text) = value {
            return self.set_text(name, text);
        }
        let start = self.buffer.len();
        json::write_value(&mut self.buffer, value);
        self.set(
            name,
            Stored::Json(Span {
                start,
                end: self.buffer.len(),
            }),
        );
    }

    /// Copies a claim of another token.
    pub(crate) fn copy(&mut self, name: &str, from: &Self) {
        match from.find(name) {
            Some(Stored::Text(span)) => self.set_text(name, span.of(&from.buffer)),
            Some(Stored::Json(span)) => {
                let span = append(&mut self.buffer, span.of(&from.buffer));
                self.set(name, Stored::Json(span));
            }
            None => {}
        }
    }

    /// The JSON of a claim that is no text, as it is spelled.
    pub(crate) fn json(&self, name: &str) -> Option<&str> {
        match self.find(name)? {
            Stored::Json(span) => Some(span.of(&self.buffer)),
            Stored::Text(_) => None,
        }
    }

    /// A time claim, in seconds since 1970, a fraction cut off; beyond 64 bits, their limit.
    ///
    /// # Errors
    /// [`Error::Invalid`] where Python's `int(…)` raises.
    pub(crate) fn date(&self, name: &str) -> Result<Option<Date>, Error> {
        match self.find(name) {
            None => Ok(None),
            Some(Stored::Text(span)) => {
                let number = span.of(&self.buffer).trim().parse();
                number
                    .map(|number| Some(Date::Text(number)))
                    .map_err(|_| Error::Invalid)
            }
            Some(Stored::Json(span)) => whole_number(span.of(&self.buffer))
                .map(|number| Some(Date::Number(number)))
                .ok_or(Error::Invalid),
        }
    }

    /// Writes the payload.
    pub(crate) fn write_json(&self, out: &mut String) {
        out.push('{');
        for (index, member) in self.members.iter().enumerate() {
            out.push_str(if index == 0 { "" } else { "," });
            json::write_text(out, member.name.of(&self.buffer));
            out.push(':');
            match member.value {
                Stored::Text(span) => json::write_text(out, span.of(&self.buffer)),
                Stored::Json(span) => out.push_str(span.of(&self.buffer)),
            }
        }
        out.push('}');
    }

    /// How many bytes [`write_json`](Self::write_json) will about need.
    pub(crate) fn json_capacity(&self) -> usize {
        self.buffer.len() + 6 * self.members.len() + 2
    }

    fn find(&self, name: &str) -> Option<Stored> {
        let mut members = self.members.iter();
        members
            .find(|member| member.name.of(&self.buffer) == name)
            .map(|member| member.value)
    }

    /// A claim that is there keeps its place, as in a dict.
    fn set(&mut self, name: &str, value: Stored) {
        let buffer = &self.buffer;
        if let Some(member) = self
            .members
            .iter_mut()
            .find(|member| member.name.of(buffer) == name)
        {
            member.value = value;
        } else {
            let name = append(&mut self.buffer, name);
            self.members.push(Member { name, value });
        }
    }
}

fn append(buffer: &mut String, text: &str) -> Span {
    let start = buffer.len();
    buffer.push_str(text);
    Span {
        start,
        end: buffer.len(),
    }
}

/// `int(…)` of the JSON of a number or a boolean.
fn whole_number(json: &str) -> Option<i64> {
    match json {
        "true" => Some(1),
        "false" => Some(0),
        _ if json.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
            let beyond = if json.starts_with('-') { i64::MIN } else { i64::MAX };
            Some(json.parse().unwrap_or(beyond))
        }
        _ => json
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(cut),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "cutting is what Python's int() does, and `as` stops at the limits"
)]
fn cut(number: f64) -> i64 {
    number as i64
}
