//! JSON as Python writes it: `json.dumps(obj, separators=(",", ":"))` of Python 3.
//!
//! It differs from what `serde_json` writes in two ways: everything outside printable ASCII is escaped, and a float
//! is written as its `repr`.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// The JSON text of a value, ASCII only, byte for byte as Python's.
///
/// ```
/// let value = serde_json::json!({"name": "홍😀", "f": 1e16});
/// assert_eq!(munjigi_signing::to_json(&value), r#"{"name":"\ud64d\ud83d\ude00","f":1e+16}"#);
/// ```
pub fn to_json(value: &Value) -> String {
    let mut json = String::new();
    write_value(&mut json, value);
    json
}

fn write_value(json: &mut String, value: &Value) {
    match value {
        Value::Null => json.push_str("null"),
        Value::Bool(true) => json.push_str("true"),
        Value::Bool(false) => json.push_str("false"),
        Value::Number(number) => write_number(json, number),
        Value::String(text) => write_string(json, text),
        Value::Array(items) => {
            json.push('[');
            for (position, item) in items.iter().enumerate() {
                write_comma(json, position);
                write_value(json, item);
            }
            json.push(']');
        }
        Value::Object(members) => {
            json.push('{');
            for (position, (name, member)) in members.iter().enumerate() {
                write_comma(json, position);
                write_string(json, name);
                json.push(':');
                write_value(json, member);
            }
            json.push('}');
        }
    }
}

fn write_comma(json: &mut String, position: usize) {
    if position > 0 {
        json.push(',');
    }
}

/// `ensure_ascii`: what is not printable ASCII, DEL included, is escaped as UTF-16.
fn write_string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            ' '..='~' => json.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    json.push('"');
}

fn write_number(json: &mut String, number: &Number) {
    let text = number.to_string();
    match number.as_f64() {
        Some(float) if number.is_f64() => write_float(json, float, &text),
        _ => json.push_str(&text),
    }
}

/// `float.__repr__`: the fewest digits that read back as the same float, with an exponent below 1e-4 and from 1e16.
///
/// The digits are those of `serde_json`, which of two that are equally near takes the even one like Python. It writes
/// one decade more without an exponent, in which that case does not arise.
fn write_float(json: &mut String, float: f64, text: &str) {
    let scientific;
    let text = if (1e-5..1e-4).contains(&float.abs()) {
        scientific = format!("{float:e}");
        &scientific
    } else {
        text
    };
    let Some((digits, exponent)) = text.split_once('e') else {
        return json.push_str(text);
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    // Writing to a String cannot fail.
    let _ = write!(json, "{digits}e{sign}{exponent:0>2}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn floats_are_written_as_python_repr_does() {
        for (float, repr) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1.0, "1.0"),
            (-2.5, "-2.5"),
            (0.0001, "0.0001"),
            (0.000_012_3, "1.23e-05"),
            (1e15, "1000000000000000.0"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (-1.5e16, "-1.5e+16"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (123_456_789.012_345_67, "123456789.01234567"),
            // Exactly between two of as few digits: 890929292704301.25 and .75.
            (3_563_717_170_817_205.0 / 4.0, "890929292704301.2"),
            (3_563_717_170_817_207.0 / 4.0, "890929292704301.8"),
            (0.000_01, "1e-05"),
            (-0.000_099_9, "-9.99e-05"),
            (0.000_009, "9e-06"),
        ] {
            assert_eq!(to_json(&json!(float)), repr);
        }
    }

    #[test]
    fn strings_are_escaped_as_python_does() {
        assert_eq!(
            to_json(&json!("\u{0}\u{1f}\u{7f}\u{80}é\u{ffff}\"\\/<>&'")),
            r#""\u0000\u001f\u007f\u0080\u00e9\uffff\"\\/<>&'""#
        );
        assert_eq!(to_json(&json!("\n\r\t\u{8}\u{c}")), r#""\n\r\t\b\f""#);
    }
}
