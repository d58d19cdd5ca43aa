//! `int_to_base36` and `base36_to_int` of `django.utils.http`: how a reset token writes its time.

/// The most digits that are read, as in Django: enough for every number of 64 bits.
const MAX_DIGITS: usize = 13;

/// `int_to_base36`.
///
/// ```
/// assert_eq!(munjigi_signing::base36_encode(788_918_400), "d1p9c0");
/// ```
pub fn base36_encode(number: u64) -> String {
    let mut digits = Vec::with_capacity(MAX_DIGITS);
    let mut rest = number;
    loop {
        let digit = u32::try_from(rest % 36).unwrap_or_default();
        digits.extend(char::from_digit(digit, 36));
        rest /= 36;
        if rest == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

/// `base36_to_int`: `None` where Django raises an error (no digit, a character that is none, more than 13 of them), and
/// where the number is beyond 64 bits. What else Python's `int()` reads is `None` too: spaces, signs, underscores and digits
/// of other scripts.
///
/// ```
/// assert_eq!(munjigi_signing::base36_decode("d1p9c0"), Some(788_918_400));
/// assert_eq!(munjigi_signing::base36_decode("d1_p9c0"), None);
/// ```
pub fn base36_decode(text: &str) -> Option<u64> {
    let is_written = !text.is_empty() && text.len() <= MAX_DIGITS;
    is_written.then_some(())?;
    text.chars().try_fold(0_u64, |number, character| {
        let digit = character.to_digit(36)?;
        number.checked_mul(36)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_36_holds_every_number_of_64_bits_and_no_more() {
        for number in [0, 35, 36, 788_918_400, u64::MAX] {
            assert_eq!(base36_decode(&base36_encode(number)), Some(number));
        }
        assert_eq!(base36_encode(u64::MAX), "3w5e11264sgsf");
        for text in [
            "",
            "3w5e11264sgsg",
            "zzzzzzzzzzzzz",
            "00000000000000",
            "-1",
            "+1",
            " 1",
            "é",
            "١",
        ] {
            assert_eq!(base36_decode(text), None, "{text:?}");
        }
    }
}
