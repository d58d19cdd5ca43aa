//! What a session holds: the dictionary behind `request.session`.

use std::{borrow::Cow, ops::Range};

use munjigi_signing::to_json;
use serde_json::Value;

use crate::{SessionError, scan};

/// The key under which munjigi keeps the id of its session record in a session of Django's.
pub const MUNJIGI_SID: &str = "_munjigi_sid";

/// An ordered JSON object, kept as its text: reading it costs one pass and no tree, and what is not touched goes back
/// as it came.
///
/// It has no `Debug`: it holds what a sign-in rests on.
///
/// ```
/// use munjigi_sessions::SessionData;
///
/// let mut data = SessionData::from_json(r#"{"cart":[1,2],"big":123456789012345678901234567890}"#.to_owned())?;
/// data.insert("name", "홍");
/// assert_eq!(data.text("name").as_deref(), Some("홍"));
/// assert_eq!(data.get("cart"), Some(serde_json::json!([1, 2])));
/// assert!(data.remove("cart"));
/// assert_eq!(data.to_json(), r#"{"big":123456789012345678901234567890,"name":"\ud64d"}"#);
/// # Ok::<(), munjigi_sessions::SessionError>(())
/// ```
#[derive(Clone, Default)]
pub struct SessionData {
    /// The text that the members stand in, not always next to each other.
    text: String,
    members: Vec<Member>,
}

/// Where a name (without its quotes) and its value stand in the text.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

impl SessionData {
    /// Takes a JSON object, in the dialect that Python reads.
    ///
    /// # Errors
    /// [`SessionError::Payload`] where it is none, or has more than 128 levels.
    pub fn from_json(text: String) -> Result<Self, SessionError> {
        let members = scan::members(&text).ok_or(SessionError::Payload)?;
        Ok(Self { text, members })
    }

    /// The whole as JSON, as Python writes it.
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(self.text.len() + 2);
        for Member { name, value } in &self.members {
            json.push(if json.is_empty() { '{' } else { ',' });
            json.push('"');
            json.push_str(self.slice(name));
            json.push_str("\":");
            json.push_str(self.slice(value));
        }
        json.push_str(if json.is_empty() { "{}" } else { "}" });
        json
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// `key in request.session`.
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A value that is a string; borrowed where it holds no escape.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        let json = self.raw(name)?;
        let inner = json.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            serde_json::from_str(json).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// A value of any type; `None` also where Rust has none for it.
    pub fn get(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// `request.session[key] = value`: in its place where it is there already, else at the end.
    pub fn insert(&mut self, name: &str, value: impl Into<Value>) {
        let value = self.append(&to_json(&value.into()));
        if let Some(member) = self
            .find(name)
            .and_then(|position| self.members.get_mut(position))
        {
            member.value = value;
        } else {
            let name = self.append(&json_name(name));
            self.members.push(Member { name, value });
        }
    }

    /// `request.session.pop(key, None)`; whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let name = json_name(name);
        let before = self.members.len();
        let text = &self.text;
        self.members
            .retain(|member| text.get(member.name.clone()) != Some(&*name));
        self.members.len() < before
    }

    /// The JSON of a value.
    fn raw(&self, name: &str) -> Option<&str> {
        let position = self.find(name)?;
        self.members.get(position).map(|member| self.slice(&member.value))
    }

    /// The last one of that name counts, as in Python.
    fn find(&self, name: &str) -> Option<usize> {
        let name = json_name(name);
        self.members
            .iter()
            .rposition(|member| self.slice(&member.name) == name)
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn append(&mut self, json: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(json);
        start..self.text.len()
    }
}

/// A name as it stands between quotes.
fn json_name(name: &str) -> Cow<'_, str> {
    let is_plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if name.bytes().all(is_plain) {
        return Cow::Borrowed(name);
    }
    let json = to_json(&Value::from(name));
    let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    Cow::Owned(inner.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(json: &str) -> SessionData {
        SessionData::from_json(json.to_owned()).ok().unwrap()
    }

    #[test]
    fn what_is_not_touched_keeps_its_text() {
        let json = r#"{"nan":NaN,"inf":[-Infinity],"lone":"\ud800","\udfff":1,"f":1.10e0,"i":12345678901234567890123}"#;
        let mut data = data(json);
        assert_eq!(data.to_json(), json);
        data.insert("f", 2);
        data.insert("new", Value::Null);
        assert_eq!(
            data.to_json(),
            json.replace("1.10e0", "2").replace("123}", "123,\"new\":null}")
        );
        assert_eq!(data.get("nan"), None);
        assert_eq!(data.text("lone"), None);
        assert!(data.contains("lone"));
    }

    #[test]
    fn a_name_is_found_by_its_characters_and_not_by_its_escapes() {
        let mut data = data(r#"{"\u00e9":1,"\\u00e9":2,"a\"b":3,"":4}"#);
        assert_eq!(data.get("é"), Some(1.into()));
        assert_eq!(data.get("\\u00e9"), Some(2.into()));
        assert_eq!(data.get("a\"b"), Some(3.into()));
        assert_eq!(data.get(""), Some(4.into()));
        assert!(data.remove("é"));
        assert!(!data.remove("é"));
        assert_eq!(data.to_json(), r#"{"\\u00e9":2,"a\"b":3,"":4}"#);
    }

    #[test]
    fn of_two_members_of_one_name_the_last_counts() {
        let mut data = data(r#"{"a":1,"b":2,"a":3}"#);
        assert_eq!(data.get("a"), Some(3.into()));
        assert!(data.remove("a"));
        assert_eq!(data.to_json(), r#"{"b":2}"#);
    }

    #[test]
    fn a_value_that_is_no_string_is_no_text() {
        let data = data(r#"{"n":1,"o":{"a":"b"},"s":"\"\\\"","e":""}"#);
        assert_eq!(data.text("n"), None);
        assert_eq!(data.text("o"), None);
        assert_eq!(data.text("s").as_deref(), Some("\"\\\""));
        assert_eq!(data.text("e").as_deref(), Some(""));
    }
}
