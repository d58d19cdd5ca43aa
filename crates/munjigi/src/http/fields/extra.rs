//! The fields that a user model has beside `AbstractUser`'s, as `ModelSerializer` maps them (DRF 3.18,
//! `utils/field_mapping.py`): one that may be NULL is `null=True, blank=True`, and may be left out.

use super::super::body::{Fields, Source, Value};
use super::chars::{Chars, OuterSpace};
use super::number;
use crate::i18n::Text;
use munjigi_store::{ExtraField, FieldKind, FieldValue};

/// `IntegerField.MAX_STRING_LENGTH`.
const MAX_STRING_LENGTH: usize = 1000;

/// The value of an extra field.
pub(super) fn read(fields: &Fields, field: &ExtraField) -> Result<FieldValue, Vec<Text>> {
    let is_text = matches!(field.kind, FieldKind::Text { .. });
    let value = match fields.value(&field.name) {
        // In a form an unticked box is left out, and an empty field is what null can look like.
        None if fields.source() == Source::Form && field.kind == FieldKind::Boolean && !field.nullable => {
            return Ok(FieldValue::Boolean(false));
        }
        Some(Value::String { text, .. })
            if fields.source() == Source::Form && text.is_empty() && !is_text =>
        {
            if field.nullable {
                &Value::Null
            } else {
                return Err(vec![invalid(field.kind)]);
            }
        }
        None if field.nullable => &Value::Null,
        None => return Err(vec![Text::Required]),
        Some(value) => value,
    };
    match (value, field.kind) {
        (Value::Null, _) if field.nullable => Ok(FieldValue::Null),
        (Value::Null, _) => Err(vec![Text::Null]),
        (value, FieldKind::Integer { min, max }) => integer(value, min, max).map(FieldValue::Integer),
        (value, FieldKind::Text { max_length }) => {
            let text = match Chars::required(Some(value), OuterSpace::Trimmed) {
                Err(texts) if field.nullable && texts == [Text::Blank] => String::new(),
                chars => chars?.judge(Vec::new(), max_length.and_then(|most| usize::try_from(most).ok()))?,
            };
            Ok(FieldValue::Text(text))
        }
        (value, FieldKind::Boolean) => boolean(value, field.nullable),
        (_, kind) => Err(vec![invalid(kind)]),
    }
}

fn invalid(kind: FieldKind) -> Text {
    match kind {
        FieldKind::Integer { .. } => Text::NotAnInteger,
        FieldKind::Boolean => Text::NotABoolean,
        _ => Text::NotAString,
    }
}

/// `IntegerField`: an integer, or a text or fraction that shows one, such as `" 24.0 "`. Unlike Python's `int`, only
/// ASCII digits, without underscores.
fn integer(value: &Value, min: i64, max: i64) -> Result<i64, Vec<Text>> {
    let parsed = match value {
        Value::String { text, .. } if text.chars().nth(MAX_STRING_LENGTH).is_some() => {
            return Err(vec![Text::IntegerTextTooLong]);
        }
        Value::String { text, .. } => number::to_integer(text),
        Value::Number(raw) => number::to_text(raw).and_then(|text| number::to_integer(&text)),
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

/// `BooleanField`: true and false in DRF's many spellings.
fn boolean(value: &Value, nullable: bool) -> Result<FieldValue, Vec<Text>> {
    let word = match value {
        Value::Boolean(truth) => return Ok(FieldValue::Boolean(*truth)),
        Value::Number(raw) => number::to_text(raw).unwrap_or_default(),
        Value::String { text, .. } => text.to_lowercase(),
        _ => String::new(),
    };
    let is_number = matches!(value, Value::Number(_));
    match word.as_str() {
        "1" => Ok(FieldValue::Boolean(true)),
        "0" => Ok(FieldValue::Boolean(false)),
        "1.0" if is_number => Ok(FieldValue::Boolean(true)),
        "0.0" | "-0.0" if is_number => Ok(FieldValue::Boolean(false)),
        "t" | "y" | "yes" | "true" | "on" => Ok(FieldValue::Boolean(true)),
        "f" | "n" | "no" | "false" | "off" => Ok(FieldValue::Boolean(false)),
        "null" | "" if nullable && matches!(value, Value::String { .. }) => Ok(FieldValue::Null),
        _ => Err(vec![Text::NotABoolean]),
    }
}
