//! The types that a setting may have: how each is written in TOML, and how it is read.

use jiff::SignedDuration;
use std::num::NonZeroUsize;
use std::time::Duration;
use toml::Value;

/// A type of setting. `read` is given a TOML value, wherever it came from.
pub(crate) trait Kind: Sized {
    /// What is wanted, for the message about a wrong type and for the reference: "a whole number".
    const WANTED: &'static str;

    /// Whether bare text in an environment variable is the value itself, even where it looks like a number.
    const IS_TEXT: bool = false;

    /// Reads a value.
    fn read(value: &Value) -> Result<Self, Wrong>;
}

/// A type that is written as one text, alone or in a list.
pub(crate) trait FromText: Sized {
    /// As [`Kind::WANTED`].
    const WANTED: &'static str;
    /// The same of a list of them.
    const WANTED_LIST: &'static str;

    /// Reads the text. The error is the rest of a sentence that begins with the setting's name.
    fn from_text(text: &str) -> Result<Self, String>;
}

/// Why a value was not read.
pub(crate) enum Wrong {
    /// It is of another type.
    Type,
    /// It is of the right type; the rest of a sentence says what is wrong with it.
    Value(String),
}

impl<T: FromText> Kind for T {
    const WANTED: &'static str = T::WANTED;
    const IS_TEXT: bool = true;

    fn read(value: &Value) -> Result<Self, Wrong> {
        T::from_text(value.as_str().ok_or(Wrong::Type)?).map_err(Wrong::Value)
    }
}

impl<T: FromText> Kind for Vec<T> {
    const WANTED: &'static str = T::WANTED_LIST;

    fn read(value: &Value) -> Result<Self, Wrong> {
        value.as_array().ok_or(Wrong::Type)?.iter().map(T::read).collect()
    }
}

/// `None` is written `""`: TOML has no null.
impl<T: OrNone> Kind for Option<T> {
    const WANTED: &'static str = T::WANTED_OR_NONE;
    const IS_TEXT: bool = T::IS_TEXT;

    fn read(value: &Value) -> Result<Self, Wrong> {
        if value.as_str() == Some("") {
            Ok(None)
        } else {
            T::read(value).map(Some).map_err(|wrong| match wrong {
                Wrong::Value(said) => Wrong::Value(format!("{said}{}", T::OR_NONE)),
                Wrong::Type => Wrong::Type,
            })
        }
    }
}

/// A type that may also be Python's None.
pub(crate) trait OrNone: Kind {
    /// As [`Kind::WANTED`], with how None is written.
    const WANTED_OR_NONE: &'static str;

    /// What is told after the message about a value that may have been meant for None: a sentence after a space.
    const OR_NONE: &'static str = "";
}

impl Kind for bool {
    const WANTED: &'static str = "true or false";

    fn read(value: &Value) -> Result<Self, Wrong> {
        value.as_bool().ok_or(Wrong::Type)
    }
}

impl Kind for u32 {
    const WANTED: &'static str = "a whole number";

    fn read(value: &Value) -> Result<Self, Wrong> {
        let number = value.as_integer().ok_or(Wrong::Type)?;
        Self::try_from(number).map_err(|_| Wrong::Value(format!("must lie between 0 and {}.", Self::MAX)))
    }
}

impl Kind for NonZeroUsize {
    const WANTED: &'static str = "a whole number, 1 or more";

    fn read(value: &Value) -> Result<Self, Wrong> {
        let number = usize::try_from(value.as_integer().ok_or(Wrong::Type)?).ok();
        number
            .and_then(Self::new)
            .ok_or_else(|| Wrong::Value("must be 1 or more.".to_owned()))
    }
}

/// A whole number within bounds.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Between<const LEAST: u32, const MOST: u32>(pub(crate) u32);

impl<const LEAST: u32, const MOST: u32> Kind for Between<LEAST, MOST> {
    const WANTED: &'static str = "a whole number";

    fn read(value: &Value) -> Result<Self, Wrong> {
        let number = u32::try_from(value.as_integer().ok_or(Wrong::Type)?).ok();
        let bounded = number.filter(|number| (LEAST..=MOST).contains(number));
        bounded
            .map(Self)
            .ok_or_else(|| Wrong::Value(format!("must lie between {LEAST} and {MOST}.")))
    }
}

impl FromText for String {
    const WANTED: &'static str = "text";
    const WANTED_LIST: &'static str = "a list of texts, such as [\"one\", \"two\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl OrNone for String {
    const WANTED_OR_NONE: &'static str = "text, or \"\" for none";
}

/// A span of time, to the second: `timedelta`. At most a hundred years.
impl Kind for Duration {
    const WANTED: &'static str =
        "a time such as \"5m\", \"7d\", \"1h30m\", \"0:05:00\", a number of seconds, or 0";

    fn read(value: &Value) -> Result<Self, Wrong> {
        time(value, <Self as Kind>::WANTED)
    }
}

fn time(value: &Value, wanted: &str) -> Result<Duration, Wrong> {
    let seconds = match value {
        Value::Integer(seconds) => u64::try_from(*seconds).ok(),
        Value::String(text) => seconds(text),
        _ => return Err(Wrong::Type),
    };
    let bounded = seconds.filter(|seconds| *seconds <= HUNDRED_YEARS);
    bounded.map(Duration::from_secs).ok_or_else(|| {
        Wrong::Value(format!(
            "is no time, or a longer one than a hundred years. Write {wanted}."
        ))
    })
}

/// A span of time that is not zero.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Positive(pub(crate) Duration);

impl Positive {
    /// Whole seconds: a hundred years fit.
    pub(crate) fn seconds(self) -> u32 {
        u32::try_from(self.0.as_secs()).unwrap_or(u32::MAX)
    }
}

impl Kind for Positive {
    const WANTED: &'static str =
        "a time such as \"5m\", \"7d\", \"1h30m\", \"0:05:00\", or a number of seconds";

    fn read(value: &Value) -> Result<Self, Wrong> {
        let duration = time(value, Self::WANTED)?;
        if duration.is_zero() {
            return Err(Wrong::Value(format!("must not be zero. Write {}.", Self::WANTED)));
        }
        Ok(Self(duration))
    }
}

impl OrNone for Positive {
    const WANTED_OR_NONE: &'static str = "a time such as \"5m\" or \"7d\", or \"\" for none";
    const OR_NONE: &'static str = " For none write \"\".";
}

/// A span of time as a command's flag has it: as in the settings.
pub fn duration(text: &str) -> Option<SignedDuration> {
    let bounded = seconds(text).filter(|seconds| *seconds <= HUNDRED_YEARS)?;
    SignedDuration::try_from(Duration::from_secs(bounded)).ok()
}

const HUNDRED_YEARS: u64 = 100 * 366 * 86_400;

/// `1h30m`, `H:MM:SS`, as Python prints a timedelta below one day, or a number of seconds.
fn seconds(text: &str) -> Option<u64> {
    if text.contains(':') {
        clock(text)
    } else {
        digits(text).or_else(|| units(text))
    }
}

fn clock(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split(':').collect();
    let [hours, minutes, seconds] = parts.as_slice() else {
        return None;
    };
    let below_sixty = |text: &str| digits(text).filter(|number| text.len() == 2 && *number < 60);
    digits(hours)?
        .checked_mul(3600)?
        .checked_add(below_sixty(minutes)? * 60 + below_sixty(seconds)?)
}

/// Each unit once at most, the larger before the smaller.
fn units(text: &str) -> Option<u64> {
    const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];
    let mut rest = text;
    let mut total = 0_u64;
    for (unit, length) in UNITS {
        if let Some((number, after)) = rest.split_once(unit) {
            total = total.checked_add(digits(number)?.checked_mul(length)?)?;
            rest = after;
        }
    }
    (rest.is_empty() && !text.is_empty()).then_some(total)
}

fn digits(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// The type of a TOML value in the words of a message.
pub(crate) fn describe(value: &Value) -> String {
    let name = match value {
        Value::String(_) => "text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with a point",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Table(_) => "a table",
        Value::Array(items) => {
            return match items.iter().find(|item| !item.is_str()) {
                Some(item) => format!("a list with {} in it", describe(item)),
                None => "a list".to_owned(),
            };
        }
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duration(text: &str) -> Option<u64> {
        Duration::read(&Value::from(text))
            .ok()
            .map(|duration| duration.as_secs())
    }

    #[test]
    fn durations_are_written_with_units_or_as_python_prints_them() {
        let written = [
            ("5m", 300),
            ("7d", 604_800),
            ("1h30m", 5400),
            ("2w1d", 1_296_000),
            ("0s", 0),
            ("0", 0),
            ("90", 90),
        ];
        for (text, seconds) in written {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        assert_eq!(duration("0:05:00"), Some(300));
        assert_eq!(duration("168:00:00"), Some(604_800));
        assert_eq!(
            Duration::read(&Value::from(90)).ok(),
            Some(Duration::from_secs(90))
        );
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "+5",
            "-1",
            "m",
            "-5m",
            "5 m",
            "5m1h",
            "5m5m",
            "1.5h",
            "0:5:00",
            "0:60:00",
            "5:00",
            "101y",
            "40000d",
            "99999999999999999999s",
        ] {
            assert_eq!(duration(text), None, "{text:?}");
        }
        assert!(Duration::read(&Value::from(-1)).is_err());
        assert!(matches!(Duration::read(&Value::from(1.5)), Err(Wrong::Type)));
    }

    #[test]
    fn who_writes_no_time_at_all_is_told_how() {
        let told = |wrong: Wrong| match wrong {
            Wrong::Value(said) => said,
            Wrong::Type => String::new(),
        };
        for text in ["", "none", "-1"] {
            let said = Duration::read(&Value::from(text)).map_err(told).err();
            assert!(said.is_some_and(|said| said.ends_with(", or 0.")), "{text}");
        }
        for value in [Value::from(0), Value::from("0"), Value::from("none")] {
            let said = Option::<Positive>::read(&value).map_err(told).err();
            assert!(
                said.is_some_and(|said| said.ends_with(" For none write \"\".")),
                "{value}"
            );
            let said = Positive::read(&value).map_err(told).err();
            assert!(
                said.is_some_and(|said| said.ends_with("or a number of seconds.")),
                "{value}"
            );
        }
    }

    #[test]
    fn the_empty_text_is_none() {
        assert_eq!(Option::<String>::read(&Value::from("")).ok(), Some(None));
        let minute = Option::<Positive>::read(&Value::from("1m"));
        assert!(matches!(minute, Ok(Some(Positive(length))) if length.as_secs() == 60));
    }
}
