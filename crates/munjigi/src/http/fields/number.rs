//! Numbers of JSON as Python's `str`, and text as Python's `int`, sees them.

use crate::accounts::identifiers::strip;

/// `str` of what `json.loads` makes of a number: an integer keeps every digit, a fraction is the shortest text of its
/// double. None where the double is another number than the one written.
pub(super) fn to_text(raw: &str) -> Option<String> {
    if !raw.contains(['.', 'e', 'E']) {
        return Some(if raw == "-0" {
            "0".to_owned()
        } else {
            raw.to_owned()
        });
    }
    let double: f64 = raw.parse().ok()?;
    // The shortest digits that read back as the double, as Python's `repr` has them: `-1.5e-7`.
    let shortest = format!("{double:e}");
    let written = Decimal::read(raw)?;
    (double.is_finite() && Decimal::read(&shortest)? == written).then(|| repr(&shortest))?
}

/// `int(text)` behind `IntegerField.re_decimal`, which takes a fraction of zeros off. What is too large for an `i128`
/// is brought to its ends.
pub(super) fn to_integer(text: &str) -> Option<i128> {
    let text = strip(text);
    let whole = text.trim_end_matches('0').strip_suffix('.').unwrap_or(text);
    let whole = strip(whole);
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ends = if whole.starts_with('-') {
        i128::MIN
    } else {
        i128::MAX
    };
    Some(whole.parse().unwrap_or(ends))
}

/// A decimal number without its sign: 0.d₁d₂… × 10^exponent, the first and the last digit not zero.
#[derive(PartialEq, Eq)]
struct Decimal {
    digits: String,
    exponent: i64,
}

impl Decimal {
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

/// `repr(float)` from Rust's scientific notation: without an exponent from 0.0001 up to 10¹⁶.
fn repr(scientific: &str) -> Option<String> {
    let (mantissa, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    Some(match exponent {
        0..16 => {
            let whole = usize::try_from(exponent).ok()? + 1;
            let padded = format!("{digits:0<whole$}");
            let (whole, fraction) = padded.split_at(whole);
            format!(
                "{sign}{whole}.{}",
                if fraction.is_empty() { "0" } else { fraction }
            )
        }
        -4..0 => {
            let zeros = usize::try_from(-exponent).ok()? - 1;
            format!("{sign}0.{}{digits}", "0".repeat(zeros))
        }
        _ => format!(
            "{mantissa}e{}{:02}",
            if exponent < 0 { '-' } else { '+' },
            exponent.unsigned_abs()
        ),
    })
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
            ("1e15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("-1.5E+300", "-1.5e+300"),
            ("5e-324", "5e-324"),
            ("1234567890123456.7", "1234567890123456.8"),
        ] {
            let expected = (raw != "1234567890123456.7").then_some(text);
            assert_eq!(to_text(raw).as_deref(), expected, "{raw}");
        }
    }

    #[test]
    fn a_number_that_a_double_does_not_hold_is_no_text() {
        let many = format!("0.{}", "1".repeat(100_000));
        for raw in [
            "1e999",
            "1e-400",
            "-1e99999999999999999999",
            "0.10000000000000000001",
            &many,
        ] {
            assert_eq!(to_text(raw), None);
        }
    }

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
            assert_eq!(to_integer(text), Some(number), "{text:?}");
        }
        assert_eq!(to_integer(&"9".repeat(1000)), Some(i128::MAX));
        assert_eq!(to_integer(&format!("-{}", "9".repeat(1000))), Some(i128::MIN));
        for text in [
            "", ".", ".0", "-", "1.5", "1e3", "2_4", "٢٤", "0x10", "1 2", "1.0.0", "--1", "1+",
        ] {
            assert_eq!(to_integer(text), None, "{text:?}");
        }
    }
}
