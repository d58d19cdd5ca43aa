//! JSON written as Python's `json.dumps(…, separators=(",", ":"))` writes it.

use serde_json::{Number, Value};

/// Writes a text as Python does with `ensure_ascii`: everything beyond printable ASCII is escaped.
pub(crate) fn write_text(out: &mut String, text: &str) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    out.push('"');
    // Without a way out of the loop it is done many bytes at a time.
    if text.bytes().fold(true, |so_far, byte| so_far & is_plain(byte)) {
        out.push_str(text);
    } else {
        text.chars().for_each(|character| write_character(out, character));
    }
    out.push('"');
}

fn write_character(out: &mut String, character: char) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        ' '..='~' => out.push(character),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let hex = unit.to_be_bytes().map(|byte| format!("{byte:02x}")).concat();
                out.extend(["\\u", &hex]);
            }
        }
    }
}

/// Writes a value as Python does.
pub(crate) fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (name, item)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write_text(out, name);
                out.push(':');
                write_value(out, item);
            }
            out.push('}');
        }
    }
}

/// `repr(float)`: the digits are `serde_json`'s, who of two that are equally near takes the even one, as Python does.
/// Python begins an exponent one decade earlier, gives it a sign, and at least two digits: `1e-05`, `1e+16`.
fn write_number(out: &mut String, number: &Number) {
    let tiny = number
        .as_f64()
        .filter(|float| number.is_f64() && (1e-5..1e-4).contains(&float.abs()));
    let text = tiny.map_or_else(|| number.to_string(), |float| format!("{float:e}"));
    let Some((digits, exponent)) = text.split_once('e') else {
        return out.push_str(&text);
    };
    let sign = if exponent.starts_with('-') { "-" } else { "+" };
    let exponent = exponent.trim_start_matches(['+', '-']);
    out.extend([
        digits,
        "e",
        sign,
        if exponent.len() < 2 { "0" } else { "" },
        exponent,
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_python_writes_them() {
        let value = json!({"홍": "길동\u{7f}\u{1f600}", "esc": "\"\\/\n\r\t\u{8}\u{c}\u{1}", "l": [1, -2, null, true, false, [], {}]});
        let mut out = String::new();
        write_value(&mut out, &value);
        assert_eq!(
            out,
            r#"{"\ud64d":"\uae38\ub3d9\u007f\ud83d\ude00","esc":"\"\\/\n\r\t\b\f\u0001","l":[1,-2,null,true,false,[],{}]}"#
        );
    }

    #[test]
    fn floats_are_written_as_python_repr_writes_them() {
        for (float, repr) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (1_767_225_900.5, "1767225900.5"),
            (0.1, "0.1"),
            (0.000_1, "0.0001"),
            (0.000_09, "9e-05"),
            (-0.000_012_5, "-1.25e-05"),
            (1.5e-7, "1.5e-07"),
            (5e-324, "5e-324"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (1e16, "1e+16"),
            (1.25e22, "1.25e+22"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
        ] {
            let mut out = String::new();
            write_value(&mut out, &json!(float));
            assert_eq!(out, repr);
        }
        let mut out = String::new();
        write_value(&mut out, &json!([u64::MAX, i64::MIN]));
        assert_eq!(out, "[18446744073709551615,-9223372036854775808]");
    }
}
