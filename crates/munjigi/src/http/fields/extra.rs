//! The fields that a user model has beside `AbstractUser`'s, as `ModelSerializer` maps them (DRF 3.18,
//! `utils/field_mapping.py`): one that may be NULL is `null=True, blank=True`, and may be left out.

use super::super::body::{Fields, Source, Value};
use super::chars::{Chars, OuterSpace};
use crate::accounts::identifiers::strip;
use crate::i18n::Text;
use munjigi_store::{ExtraField, FieldKind, FieldValue};

/// `IntegerField.MAX_STRING_LENGTH`.
const MAX_STRING_LENGTH: usize = 1000;

/// The value of an extra field.
pub(super) fn read(fields: &Fields, field: &ExtraField) -> Result<FieldValue, Vec<Text>> {
    let is_form = fields.source() == Source::Form;
    let is_text = matches!(field.kind, FieldKind::Text { .. });
    let value = match fields.value(&field.name) {
        // A box that is not ticked is left out of a form.
        None if is_form && field.kind == FieldKind::Boolean && !field.nullable => &Value::Boolean(false),
        None => match &field.default {
            Some(default) => return Ok(default.clone()),
            None if field.nullable => &Value::Null,
            None => return Err(vec![Text::Required]),
        },
        // A form has no other way to say null.
        Some(Value::String { text, .. }) if is_form && field.nullable && !is_text && text.is_empty() => {
            &Value::Null
        }
        Some(value) => value,
    };
    match (value, field.kind) {
        (Value::Null, _) if field.nullable => Ok(FieldValue::Null),
        (Value::Null, _) => Err(vec![Text::Null]),
        (value, FieldKind::Integer { min, max }) => integer(value, min, max).map(FieldValue::Integer),
        (value, FieldKind::Boolean) => boolean(value, field.nullable),
        (value, FieldKind::Text { max_length }) => {
            let max_length = max_length.and_then(|most| usize::try_from(most).ok());
            text(value, max_length, field.nullable).map(FieldValue::Text)
        }
    }
}

/// `CharField`; one that may be NULL may also be blank.
fn text(value: &Value, max_length: Option<usize>, nullable: bool) -> Result<String, Vec<Text>> {
    match Chars::required(Some(value), OuterSpace::Trimmed) {
        Err(texts) if nullable && texts == [Text::Blank] => Ok(String::new()),
        chars => {
            let chars = chars?;
            let wrong = chars.complaints(max_length);
            chars.unless(wrong)
        }
    }
}

/// `IntegerField`: an integer, or a text or fraction that shows one, such as `" 24.0 "`. Unlike Python's `int`, only
/// ASCII digits, without underscores.
fn integer(value: &Value, min: i64, max: i64) -> Result<i64, Vec<Text>> {
    let parsed = match value {
        Value::String { text, .. } if text.chars().nth(MAX_STRING_LENGTH).is_some() => {
            return Err(vec![Text::IntegerTextTooLong]);
        }
        Value::String { text, .. } => parse(text),
        Value::Number(number) => parse(&number.python_str()),
        _ => None,
    };
    // What i128 does not hold was brought to its ends, and is beyond every column.
    let number = parsed.ok_or(vec![Text::NotAnInteger])?;
    if number > i128::from(max) {
        Err(vec![Text::MaxValue(max)])
    } else if number < i128::from(min) {
        Err(vec![Text::MinValue(min)])
    } else {
        i64::try_from(number).map_err(|_| vec![Text::NotAnInteger])
    }
}

/// `int(text)` behind `IntegerField.re_decimal`, which takes a fraction of zeros off. What is too large for an `i128`
/// is brought to its ends.
fn parse(text: &str) -> Option<i128> {
    let text = strip(text);
    let whole = text.trim_end_matches('0').strip_suffix('.').map_or(text, strip);
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let end = if whole.starts_with('-') {
        i128::MIN
    } else {
        i128::MAX
    };
    Some(whole.parse().unwrap_or(end))
}

/// `BooleanField()`: true and false in DRF's many spellings.
pub(super) fn truth(value: &Value) -> Result<bool, Vec<Text>> {
    match boolean(value, false) {
        Ok(FieldValue::Boolean(truth)) => Ok(truth),
        _ if matches!(value, Value::Null) => Err(vec![Text::Null]),
        Ok(_) => Err(vec![Text::NotABoolean]),
        Err(texts) => Err(texts),
    }
}

/// The same, of a field that may be null.
fn boolean(value: &Value, nullable: bool) -> Result<FieldValue, Vec<Text>> {
    let word = match value {
        Value::Boolean(truth) => return Ok(FieldValue::Boolean(*truth)),
        Value::Number(number) => number.python_str(),
        Value::String { text, .. } => text.to_lowercase(),
        _ => String::new(),
    };
    let is_number = matches!(value, Value::Number(_));
    let word = word.as_str();
    if matches!(word, "1" | "t" | "y" | "yes" | "true" | "on") || is_number && word == "1.0" {
        Ok(FieldValue::Boolean(true))
    } else if matches!(word, "0" | "f" | "n" | "no" | "false" | "off")
        || is_number && matches!(word, "0.0" | "-0.0")
    {
        Ok(FieldValue::Boolean(false))
    } else if nullable && matches!(value, Value::String { .. }) && matches!(word, "null" | "") {
        Ok(FieldValue::Null)
    } else {
        Err(vec![Text::NotABoolean])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_may_show_as_text() {
        for (text, number) in [
            ("24", 24),
            (" +24.00 \n", 24),
            ("24.", 24),
            ("007", 7),
            ("-1", -1),
            ("100", 100),
        ] {
            assert_eq!(parse(text), Some(number), "{text:?}");
        }
        assert_eq!(parse(&"9".repeat(1000)), Some(i128::MAX));
        assert_eq!(parse(&format!("-{}", "9".repeat(1000))), Some(i128::MIN));
        for text in [
            "", ".", ".0", "-", "1.5", "1e3", "2_4", "٢٤", "0x10", "1 2", "1.0.0", "--1", "1+",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
