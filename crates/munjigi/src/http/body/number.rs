//! A number of JSON as Python's `json` and `str` make text of it.

/// A number, as it was written.
pub struct Number(String);

impl Number {
    pub(super) fn from_json(raw: &str) -> Self {
        Self(raw.to_owned())
    }

    /// Whether Python makes an `int` of it; else it is a `float`.
    pub(super) fn is_integer(&self) -> bool {
        !self.0.contains(['.', 'e', 'E'])
    }

    /// `str` of what `json.loads` makes of the number: an integer keeps every digit, a fraction is the shortest text
    /// of its double.
    pub fn python_str(&self) -> String {
        if self.is_integer() {
            return if self.0 == "-0" {
                "0".to_owned()
            } else {
                self.0.clone()
            };
        }
        match self.0.parse::<f64>() {
            Ok(double) if double.is_finite() => repr(double),
            _ if self.0.starts_with('-') => "-inf".to_owned(),
            _ => "inf".to_owned(),
        }
    }

    /// The same, but none where the double is another number than the one written: beyond its range, or with more
    /// digits than it holds.
    ///
    /// ```
    /// # use munjigi::http::body::{Fields, Value};
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let body = br#"{"a": 1.10, "b": 1e999, "c": 12345678901234567890}"#;
    /// let fields = Fields::parse(body.as_slice().into(), Some("application/json"), 1000).await.unwrap();
    /// let text = |name| match fields.value(name) { Some(Value::Number(number)) => number.exact_str(), _ => None };
    /// assert_eq!(text("a").as_deref(), Some("1.1"));
    /// assert_eq!(text("b"), None);
    /// assert_eq!(text("c").as_deref(), Some("12345678901234567890"));
    /// # });
    /// ```
    pub fn exact_str(&self) -> Option<String> {
        let shown = self.python_str();
        (self.is_integer() || Decimal::read(&shown) == Decimal::read(&self.0)).then_some(shown)
    }
}

/// A decimal number without its sign: 0.d₁d₂… × 10^exponent, neither the first nor the last digit zero.
#[derive(PartialEq, Eq)]
struct Decimal {
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// None for what is not finite, and for an exponent that no double comes near. Of two texts of which one is a
    /// double's, at most one is none.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('-');
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        if digits.is_empty() {
            return Some(Self {
                digits: String::new(),
                exponent: 0,
            });
        }
        let before_point = i64::try_from(whole.len()).ok()? - i64::try_from(all.len() - digits.len()).ok()?;
        let exponent = exponent.parse::<i64>().ok()?.checked_add(before_point)?;
        Some(Self {
            digits: digits.trim_end_matches('0').to_owned(),
            exponent,
        })
    }
}

/// `repr(float)`: the fewest digits that read back as the same double, without an exponent from 0.0001 up to 10¹⁶.
fn repr(double: f64) -> String {
    let scientific = shortest(double);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i16 = exponent.parse().unwrap_or_default();
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let places = usize::from(exponent.unsigned_abs());
    match exponent {
        0..16 => {
            let whole = format!("{digits:0<width$}", width = places + 1);
            let (whole, fraction) = whole.split_at(places + 1);
            format!(
                "{sign}{whole}.{}",
                if fraction.is_empty() { "0" } else { fraction }
            )
        }
        -4..0 => format!("{sign}0.{}{digits}", "0".repeat(places - 1)),
        _ => format!("{mantissa}e{}{places:02}", if exponent < 0 { '-' } else { '+' }),
    }
}

/// The fewest digits in scientific notation, `-1.5e-7`. Where two texts with as many digits are equally near, Rust takes
/// the greater and Python the even one.
fn shortest(double: f64) -> String {
    let fewest = format!("{double:e}");
    let digits = fewest
        .bytes()
        .take_while(|byte| *byte != b'e')
        .filter(u8::is_ascii_digit)
        .count();
    let nearest = format!("{double:.places$e}", places = digits.saturating_sub(1));
    if nearest.parse() == Ok(double) {
        nearest
    } else {
        fewest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_python_writes_it() {
        let long = "9".repeat(4300);
        for (raw, text) in [
            ("1234", "1234"),
            ("-0", "0"),
            (&long, &long),
            ("12345678901234567890", "12345678901234567890"),
            ("1e3", "1000.0"),
            ("1.10", "1.1"),
            ("-0.0", "-0.0"),
            ("0e99999999999999999999", "0.0"),
            ("1E-4", "0.0001"),
            ("12e-6", "1.2e-05"),
            ("123.456", "123.456"),
            ("1e15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("-1.5E+300", "-1.5e+300"),
            ("5e-324", "5e-324"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("706339303803515.2", "706339303803515.2"),
        ] {
            let number = Number::from_json(raw);
            assert_eq!(number.python_str(), text);
            assert_eq!(number.exact_str().as_deref(), Some(text));
        }
    }

    #[test]
    fn a_number_that_a_double_does_not_hold_has_no_exact_text() {
        let many = format!("0.{}", "1".repeat(100_000));
        for (raw, text) in [
            ("1e999", "inf"),
            ("-1e99999999999999999999", "-inf"),
            ("1e-400", "0.0"),
            ("1e-99999999999999999999", "0.0"),
            ("0.10000000000000000001", "0.1"),
            ("1234567890123456.7", "1234567890123456.8"),
            ("706339303803515.3", "706339303803515.2"),
            (&many, "0.1111111111111111"),
        ] {
            let number = Number::from_json(raw);
            assert_eq!(number.python_str(), text);
            assert_eq!(number.exact_str(), None);
        }
    }
}
