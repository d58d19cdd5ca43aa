//! `TimestampSigner` of `django.core.signing`, and the base 62 in which it writes the time.

use jiff::{SignedDuration, Timestamp};

use crate::{SecretKeys, Signer, SigningError, Unsigned};

/// `django.core.signing.TimestampSigner` of Django 5.2: `value:time:signature`, the time in whole seconds since 1970
/// in base 62, under the signature like the value.
///
/// ```
/// use munjigi_signing::{Age, SecretKey, SecretKeys, SigningError, TimestampSigner};
/// use jiff::{SignedDuration, Timestamp};
///
/// let keys = SecretKeys::new(SecretKey::new("secret"), vec![]);
/// let signer = TimestampSigner::new(&keys, TimestampSigner::SALT);
/// let signed = signer.sign("hello", Timestamp::from_second(1_767_225_600)?);
/// assert!(signed.starts_with("hello:1vb66i:"));
///
/// let max_age = SignedDuration::from_secs(60);
/// let age = |now| Age::AtMost { max_age, now: Timestamp::from_second(now).unwrap() };
/// assert_eq!(signer.unsign(&signed, age(1_767_225_660))?.value, "hello");
/// assert_eq!(signer.unsign(&signed, age(1_767_225_661)), Err(SigningError::SignatureExpired));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TimestampSigner(Signer);

/// How old a signature may be: Django's `max_age`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// As old as it likes: `max_age=None`.
    Any,
    /// No older than `max_age` at the time `now`. Exactly as old still passes, and so does a signature from the
    /// future, as with Django.
    AtMost {
        /// The age that still passes.
        max_age: SignedDuration,
        /// The time by the reader's clock, its fraction of a second included.
        now: Timestamp,
    },
}

impl TimestampSigner {
    /// The salt where none is given.
    pub const SALT: &str = "django.core.signing.TimestampSigner";

    /// `TimestampSigner(key=…, fallback_keys=…, salt=salt)`. The keys for this salt are derived here, once.
    pub fn new(keys: &SecretKeys, salt: &str) -> Self {
        Self(Signer::new(keys, salt))
    }

    /// The value, the time and the signature over both.
    pub fn sign(&self, value: &str, now: Timestamp) -> String {
        let mut text = String::with_capacity(value.len() + 64);
        text.push_str(value);
        self.sign_in_place(&mut text, now);
        text
    }

    /// Signs what a text holds so far, behind it.
    pub(crate) fn sign_in_place(&self, text: &mut String, now: Timestamp) {
        text.push_str(self.0.separator());
        // Python's int() cuts towards zero, as does `as_second`.
        text.push_str(&b62_encode(now.as_second()));
        self.0.sign_in_place(text);
    }

    /// Takes signature and time off again, and tells which key had signed.
    ///
    /// # Errors
    /// [`SigningError::BadSignature`], [`SigningError::Timestamp`] or, by `age`, [`SigningError::SignatureExpired`].
    pub fn unsign<'a>(&self, signed: &'a str, age: Age) -> Result<Unsigned<&'a str>, SigningError> {
        let Unsigned { value, key } = self.0.unsign(signed)?;
        let (value, time) = self.0.split(value).ok_or(SigningError::Timestamp)?;
        let seconds = b62_decode(time).ok_or(SigningError::Timestamp)?;
        let signed_at = Timestamp::from_second(seconds).map_err(|_| SigningError::Timestamp)?;
        match age {
            Age::AtMost { max_age, now } if now.duration_since(signed_at) > max_age => {
                Err(SigningError::SignatureExpired)
            }
            Age::Any | Age::AtMost { .. } => Ok(Unsigned { value, key }),
        }
    }
}

/// Digits, then upper case, then lower case: not the order of any base64.
const BASE62_ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `b62_encode` of `core/signing.py`.
///
/// ```
/// assert_eq!(munjigi_signing::b62_encode(1_767_225_600), "1vb66i");
/// assert_eq!(munjigi_signing::b62_encode(-62), "-10");
/// ```
pub fn b62_encode(number: i64) -> String {
    let mut digits = Vec::with_capacity(12);
    let mut rest = number.unsigned_abs();
    loop {
        let digit = usize::try_from(rest % 62).unwrap_or_default();
        digits.extend(BASE62_ALPHABET.get(digit).copied().map(char::from));
        rest /= 62;
        if rest == 0 {
            break;
        }
    }
    let sign = (number < 0).then_some('-');
    sign.into_iter().chain(digits.into_iter().rev()).collect()
}

/// `b62_decode`: `None` where Django raises an error (no digit, or a character that is none), and where the number is
/// beyond 64 bits.
///
/// ```
/// assert_eq!(munjigi_signing::b62_decode("1vb66i"), Some(1_767_225_600));
/// assert_eq!(munjigi_signing::b62_decode("1vb-66"), None);
/// ```
pub fn b62_decode(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    if digits.is_empty() {
        return None;
    }
    // Down from zero with the sign, so that the smallest number is read as well.
    digits.bytes().try_fold(0_i64, |number, character| {
        let digit = match character {
            b'0'..=b'9' => character - b'0',
            b'A'..=b'Z' => character - b'A' + 10,
            b'a'..=b'z' => character - b'a' + 36,
            _ => return None,
        };
        number.checked_mul(62)?.checked_add(sign * i64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_62_holds_every_number_of_64_bits_and_no_more() {
        for number in [i64::MIN, i64::MIN + 1, -1, 0, 61, 62, i64::MAX] {
            assert_eq!(b62_decode(&b62_encode(number)), Some(number));
        }
        assert_eq!(b62_encode(i64::MAX), "AzL8n0Y58m7");
        for text in ["AzL8n0Y58m8", "-AzL8n0Y58m9", "", "-", "--1", "1_", "é", " 1"] {
            assert_eq!(b62_decode(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_good_signature_over_no_time_is_an_error_and_no_panic() {
        let keys = SecretKeys::new(crate::SecretKey::new("k"), vec![]);
        let plain = Signer::new(&keys, "salt");
        let timed = TimestampSigner::new(&keys, "salt");
        for value in [
            "",
            "no-time",
            "a:",
            "a:-",
            "a:!",
            "a:zzzzzzzzzzzz",
            "a:AzL8n0Y58m7",
        ] {
            assert_eq!(
                timed.unsign(&plain.sign(value), Age::Any),
                Err(SigningError::Timestamp),
                "{value:?}"
            );
        }
    }
}
