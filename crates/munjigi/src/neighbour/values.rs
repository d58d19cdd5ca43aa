//! A value of the report as [`config::convert`](crate::config::convert) knows the values of Python: what becomes of them
//! in TOML is decided there, once.

use crate::config::convert::Python;
use serde_json::Value;

/// The value, or a part of a sentence about what cannot be written: "an object of shop.Rules".
pub(super) fn python(value: &Value) -> Result<Python, String> {
    Ok(match value {
        Value::Null => Python::None,
        Value::Bool(value) => Python::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Python::Int(number),
            None => Python::Float(number.as_f64().ok_or("a number that is too large")?),
        },
        Value::String(text) => Python::Text(text.clone()),
        Value::Array(items) => Python::Sequence(items.iter().map(python).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            if let Some((tag, value)) = members.iter().next().filter(|(key, _)| key.starts_with('$')) {
                return tagged(tag, value);
            }
            let pair = |(key, value): (&String, &Value)| Ok((Python::Text(key.clone()), python(value)?));
            Python::Dict(members.iter().map(pair).collect::<Result<_, String>>()?)
        }
    })
}

/// What JSON has not: see `plain` in the script.
fn tagged(tag: &str, value: &Value) -> Result<Python, String> {
    match (tag, value) {
        ("$seconds", Value::Number(seconds)) => Ok(seconds_of(seconds.as_f64().unwrap_or_default())),
        ("$python" | "$pattern", Value::String(text)) => Ok(Python::Text(text.clone())),
        ("$unknown", Value::String(what)) => Err(what.clone()),
        _ => Err(format!("something that begins with {tag}")),
    }
}

/// Whole seconds are a time; a fraction is a number of seconds, for the settings that take one.
fn seconds_of(seconds: f64) -> Python {
    let whole = format!("{seconds:.0}").parse().ok();
    match whole.filter(|_| seconds.fract() == 0.0) {
        Some(whole) => Python::Seconds(whole),
        None => Python::Float(seconds),
    }
}
