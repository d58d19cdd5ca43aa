//! The text that is stored: `identify_hasher`, `must_update_salt` and `constant_time_compare` of Django 5.2
//! (`contrib/auth/hashers.py`, `utils/crypto.py`).

use crate::Error;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;

/// Characters of a salt, and of what follows the `!` of an unusable password. Django's `RANDOM_STRING_CHARS`.
const RANDOM_STRING_CHARS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Length of a new salt: the least number of [`RANDOM_STRING_CHARS`] that hold 128 bits (`ceil(128 / log2(62))`).
pub(crate) const SALT_LEN: usize = 22;

/// The salt of work that is done for nobody. It is as long as a new one, so that the work is the same.
pub(crate) const SPENT_SALT: &str = "0000000000000000000000";

/// Whether the stored text can ever be a password: Django's `is_password_usable`. `None` and the empty text are
/// usable, though no password matches them.
///
/// ```
/// # use munjigi_passwords::is_password_usable;
/// assert!(!is_password_usable(Some("!tU1sMtZZ7LWAvxEJwd8HAvfTaXbGRl2jRkB5rGZa")));
/// assert!(is_password_usable(None));
/// ```
pub fn is_password_usable(encoded: Option<&str>) -> bool {
    !encoded.is_some_and(|text| text.starts_with('!'))
}

/// What `make_password(None)` stores: `!` and 40 random characters.
pub(crate) fn unusable_password(rng: &mut (impl CryptoRng + ?Sized)) -> String {
    format!("!{}", random_string(40, rng))
}

/// The algorithm's name that the shape of the text tells: Django's `identify_hasher`, before the look-up.
pub(crate) fn algorithm_of(encoded: &str) -> &str {
    let length = encoded.chars().count();
    if (length == 32 && !encoded.contains('$')) || (length == 37 && encoded.starts_with("md5$$")) {
        "unsalted_md5"
    } else if length == 46 && encoded.starts_with("sha1$$") {
        "unsalted_sha1"
    } else {
        encoded
            .split_once('$')
            .map_or(encoded, |(algorithm, _)| algorithm)
    }
}

/// What follows `algorithm$`.
pub(crate) fn after_algorithm<'a>(encoded: &'a str, algorithm: &str) -> Option<&'a str> {
    encoded.strip_prefix(algorithm)?.strip_prefix('$')
}

/// A decimal number as `%d` writes it. Python's `int()` reads more (a sign, spaces, underscores, leading zeros,
/// digits of other scripts), but a row spelt so never equals what Django computes.
pub(crate) fn decimal(text: &str) -> Option<u32> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

/// `_check_encode_args`: an empty salt or one with a `$` in it makes a row that cannot be read.
pub(crate) fn check_salt(salt: &str, algorithm: &'static str) -> Result<(), Error> {
    if salt.is_empty() || salt.contains('$') {
        Err(Error::InvalidSalt { algorithm })
    } else {
        Ok(())
    }
}

/// Whether the salt holds less than 128 bits at `log2(62)` bits a character: `must_update_salt`.
pub(crate) fn salt_is_short(characters: usize) -> bool {
    characters < SALT_LEN
}

/// Equality of two stored texts, in a time that does not tell where they differ.
pub(crate) fn equal(computed: &str, stored: &str) -> bool {
    computed.as_bytes().ct_eq(stored.as_bytes()).into()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    // At once as long as it will be: a text that grows leaves what it was behind.
    let mut text = String::with_capacity(bytes.len() * 2);
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    text.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
    text
}

/// `get_random_string`: each character drawn evenly.
pub(crate) fn random_string(length: usize, rng: &mut (impl CryptoRng + ?Sized)) -> String {
    // 248 is the greatest multiple of 62 in a byte; what lies above would make the first letters likelier.
    const EVEN: u8 = 248;
    let mut text = String::with_capacity(length);
    let mut bytes = [0u8; 32];
    while text.len() < length {
        rng.fill_bytes(&mut bytes);
        let drawn = bytes.iter().filter(|&&byte| byte < EVEN);
        let characters = drawn.filter_map(|byte| RANDOM_STRING_CHARS.get(usize::from(byte % 62)));
        text.extend(
            characters
                .take(length - text.len())
                .map(|&character| char::from(character)),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    /// Counts up from zero, byte by byte.
    struct Counter(u8);

    impl rand_core::TryRng for Counter {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            Ok(0)
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            Ok(0)
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
            Ok(())
        }
    }

    impl rand_core::TryCryptoRng for Counter {}

    #[test]
    fn all_characters_are_equally_likely() {
        let text = random_string(248 * 5, &mut Counter(0));
        let mut counts = BTreeMap::new();
        for character in text.chars() {
            *counts.entry(character).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|&count| count == 20), "{counts:?}");
    }

    #[test]
    fn an_unusable_password_is_a_mark_and_forty_characters() {
        let encoded = unusable_password(&mut Counter(0));
        assert_eq!(encoded, "!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN");
        assert!(!is_password_usable(Some(&encoded)) && is_password_usable(Some("")));
    }

    #[test]
    fn unsalted_rows_are_known_by_their_length() {
        assert_eq!(algorithm_of("0123456789abcdef0123456789abcdef"), "unsalted_md5");
        assert_eq!(
            algorithm_of("md5$$0123456789abcdef0123456789abcdef"),
            "unsalted_md5"
        );
        assert_eq!(algorithm_of("md5$$0123456789abcdef0123456789abcde"), "md5");
        assert_eq!(
            algorithm_of("sha1$$0123456789012345678901234567890123456789"),
            "unsalted_sha1"
        );
        assert_eq!(
            algorithm_of("sha1$s$0123456789012345678901234567890123456789"),
            "sha1"
        );
        assert_eq!(
            algorithm_of(&"한".repeat(32)),
            "unsalted_md5",
            "characters count, not bytes"
        );
        assert_eq!(algorithm_of(""), "");
    }

    #[test]
    fn numbers_are_read_in_one_spelling_only() {
        for text in [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "01",
            "00",
            "1_000",
            "１",
            "4294967296",
            "1e3",
        ] {
            assert_eq!(decimal(text), None, "{text:?}");
        }
        assert_eq!((decimal("0"), decimal("4294967295")), (Some(0), Some(u32::MAX)));
    }
}
