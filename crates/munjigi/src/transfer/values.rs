//! What Django's fields read from a text or from JSON: their `to_python`, no more lenient than what Django itself writes.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use munjigi_user::{UserId, UserIdKind};
use serde_json::Value;

/// `UUIDField.to_python`, as far as a UUID is written with its dashes or without.
pub(super) fn uuid(text: &str) -> Option<UserId> {
    let digits: String = match text.len() {
        32 => text.to_owned(),
        36 => text.replace('-', ""),
        _ => return None,
    };
    let lower = digits.to_ascii_lowercase();
    let parts = [
        lower.get(..8)?,
        lower.get(8..12)?,
        lower.get(12..16)?,
        lower.get(16..20)?,
        lower.get(20..)?,
    ];
    UserIdKind::Uuid.parse(&parts.join("-")).ok()
}

/// `BooleanField.to_python`, and JSON's words in a cell.
pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.as_str() {
            "t" | "True" | "true" | "1" => Some(true),
            "f" | "False" | "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A day as `DateField` writes it.
pub(super) fn day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    (day.to_string() == text && day.year() >= 1).then_some(day)
}

/// A `DecimalField` stands in a fixture as a text, a `FloatField` as a number.
pub(super) fn number(value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let is_in_digits = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let is_finite = text.parse::<f64>().is_ok_and(f64::is_finite);
    (is_in_digits && is_finite).then_some(text)
}

/// An `IntegerField` stands in a cell as a text.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// `parse_datetime`: a moment, and whether it says no offset. Then it is taken for UTC, which it is where Django had
/// `USE_TZ`. Years are Python's, 1 to 9999.
pub(super) fn moment(text: &str) -> Option<(Timestamp, bool)> {
    let (moment, is_naive) = match text.parse::<Timestamp>() {
        Ok(moment) => (moment, false),
        Err(_) => (
            TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()?,
            true,
        ),
    };
    let year = TimeZone::UTC.to_datetime(moment).year();
    // Python and both databases know microseconds.
    let moment = Timestamp::from_microsecond(moment.as_microsecond()).ok()?;
    (1..=9999).contains(&year).then_some((moment, is_naive))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_django_writes_it() {
        for (text, expected, is_naive) in [
            ("2026-11-21T01:02:03Z", "2026-11-21T01:02:03Z", false),
            ("2026-11-21T01:02:03.123Z", "2026-11-21T01:02:03.123Z", false),
            ("2026-11-21T01:02:03.000400Z", "2026-11-21T01:02:03.0004Z", false),
            (
                "2026-11-21 01:02:03.123456+00:00",
                "2026-11-21T01:02:03.123456Z",
                false,
            ),
            ("2026-11-21T10:02:03+09:00", "2026-11-21T01:02:03Z", false),
            ("2026-11-21T01:02:03", "2026-11-21T01:02:03Z", true),
            ("2026-11-21 01:02", "2026-11-21T01:02:00Z", true),
        ] {
            assert_eq!(
                moment(text),
                Some((expected.parse().unwrap(), is_naive)),
                "{text}"
            );
        }
        for text in [
            "",
            "never",
            "2026-13-21T01:02:03Z",
            "-000001-11-21T01:02:03Z",
            "1795222923",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn a_uuid_is_read_with_and_without_dashes() {
        let expected = UserIdKind::Uuid
            .parse("1b4e28ba-2fa1-11d2-883f-0016d3cca427")
            .ok();
        for text in [
            "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
            "1B4E28BA2FA111D2883F0016D3CCA427",
        ] {
            assert_eq!(uuid(text), expected, "{text}");
        }
        for text in [
            "",
            "1b4e28ba",
            "1b4e28ba-2fa1-11d2-883f-0016d3cca42g",
            "한한한한한한한한한한한한",
        ] {
            assert_eq!(uuid(text), None, "{text}");
        }
    }
}
