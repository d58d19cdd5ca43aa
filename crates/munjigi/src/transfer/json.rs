//! A record's JSON, read more strictly than Python does: an object that names a key twice is no object. Of two values nobody
//! could say which one somebody meant.
//!
//! A number beyond 64 bits is a float, and no field here takes a float. Nesting is bounded by `serde_json`.

use serde_core::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Reads a JSON value whose objects name each key once. The error says what is wrong and not where: it is somewhere in a
/// record whose line is known.
pub(super) fn read(text: &[u8]) -> Result<Value, String> {
    let Once(value) = serde_json::from_slice(text).map_err(|error| without_place(&error))?;
    Ok(value)
}

/// What is wrong, without `serde_json`'s place, which counts the lines of the record.
fn without_place(error: &serde_json::Error) -> String {
    let told = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    told.strip_suffix(&place).unwrap_or(&told).to_owned()
}

struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Once(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Once(value))) = object.next_entry::<String, Once>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a key stands twice in one object"));
            }
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_once() {
        assert_eq!(
            read(b"{\"a\": [{\"b\": 1, \"b\": 1}]}").unwrap_err(),
            "a key stands twice in one object"
        );
        let text = b"{\"a\": [{\"b\": 1}, {\"b\": -2.5, \"c\": null}], \"d\": \"\\ud55c\", \"e\": true}";
        let plain: Value = serde_json::from_slice(text).unwrap();
        assert_eq!(read(text).unwrap(), plain);
    }

    #[test]
    fn what_is_wrong_is_told_without_a_place() {
        for (text, told) in [
            (b"{" as &[u8], "EOF while parsing an object"),
            (b"{} {}", "trailing characters"),
            (b"\"\\ud800\"", "unexpected end of hex escape"),
            (b"\"\xFF\"", "invalid unicode code point"),
            (b"1e999", "number out of range"),
            (&[b'['; 500], "recursion limit exceeded"),
        ] {
            assert_eq!(read(text).unwrap_err(), told);
        }
    }
}
