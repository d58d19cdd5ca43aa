//! The secret of a browser and the masks it is shown under.

use std::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{Alphabet, random_string};

/// `CSRF_SECRET_LENGTH`.
const SECRET_LENGTH: usize = 32;
/// `CSRF_TOKEN_LENGTH`: a mask and the secret under it.
const TOKEN_LENGTH: usize = 2 * SECRET_LENGTH;

/// What a browser's cookie `csrftoken` holds: 32 letters and digits, 190 bits.
///
/// A page never shows the secret itself but a token, the secret under a fresh mask, so that no two answers carry the
/// same text (BREACH). Both are accepted from a browser, in the cookie as in the form.
///
/// ```
/// use munjigi_signing::csrf::{CsrfSecret, TokenFormat};
/// # use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::seed_from_u64(1);
///
/// let secret = CsrfSecret::new(&mut rng);
/// let token = secret.mask(&mut rng);
/// assert_ne!(token, secret.mask(&mut rng));
/// assert_eq!(secret.matches(&token), Ok(true));
/// assert_eq!(secret.matches(secret.expose()), Ok(true));
/// assert_eq!(secret.matches("short"), Err(TokenFormat::IncorrectLength));
/// ```
#[derive(Clone)]
pub struct CsrfSecret(Zeroizing<String>);

impl CsrfSecret {
    /// `_get_new_csrf_string`: a new secret, as at every sign-in.
    pub fn new(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(Zeroizing::new(random_string(
            rng,
            SECRET_LENGTH,
            Alphabet::ALPHANUMERIC,
        )))
    }

    /// The secret that a cookie or a token stands for: 32 characters are the secret, 64 are a mask and the secret under
    /// it (cookies of Django before 4.0).
    ///
    /// # Errors
    /// [`TokenFormat`], as `_check_token_format` of Django 5.2.
    pub fn parse(text: &str) -> Result<Self, TokenFormat> {
        // Django counts characters, and first.
        match text.chars().count() {
            SECRET_LENGTH | TOKEN_LENGTH if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Err(TokenFormat::InvalidCharacters)
            }
            SECRET_LENGTH => Ok(Self(Zeroizing::new(text.to_owned()))),
            TOKEN_LENGTH => {
                let (mask, cipher) = text.split_at_checked(SECRET_LENGTH).unwrap_or_default();
                Ok(Self(Zeroizing::new(shift(cipher, mask, |x, y| x + 62 - y))))
            }
            _ => Err(TokenFormat::IncorrectLength),
        }
    }

    /// The secret, as the cookie holds it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `get_token`: a token for a page, different each time.
    pub fn mask(&self, rng: &mut (impl CryptoRng + ?Sized)) -> String {
        let mask = random_string(rng, SECRET_LENGTH, Alphabet::ALPHANUMERIC);
        let cipher = shift(&self.0, &mask, |x, y| x + y);
        mask + &cipher
    }

    /// Whether a token, masked or not, is of this secret, in constant time.
    ///
    /// # Errors
    /// [`TokenFormat`], where it is no token.
    pub fn matches(&self, token: &str) -> Result<bool, TokenFormat> {
        let other = Self::parse(token)?;
        Ok(self.0.as_bytes().ct_eq(other.0.as_bytes()).into())
    }
}

/// What is wrong with a token or cookie, in Django's words without their subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFormat {
    /// `REASON_INCORRECT_LENGTH`: neither 32 nor 64 characters.
    IncorrectLength,
    /// `REASON_INVALID_CHARACTERS`: something other than ASCII letters and digits.
    InvalidCharacters,
}

impl fmt::Display for TokenFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IncorrectLength => "has incorrect length",
            Self::InvalidCharacters => "has invalid characters",
        })
    }
}

/// Moves each character by that of the mask, around an alphabet of a–z, A–Z, 0–9.
fn shift(text: &str, mask: &str, combine: fn(u8, u8) -> u8) -> String {
    text.bytes()
        .zip(mask.bytes())
        .map(|(x, y)| character(combine(index(x), index(y)) % 62))
        .collect()
}

fn index(character: u8) -> u8 {
    match character {
        b'a'..=b'z' => character - b'a',
        b'A'..=b'Z' => character - b'A' + 26,
        // What is parsed or drawn holds nothing but letters and digits.
        _ => character.saturating_sub(b'0') % 10 + 52,
    }
}

fn character(index: u8) -> char {
    char::from(match index {
        0..26 => b'a' + index,
        26..52 => b'A' + index - 26,
        _ => b'0' + index - 52,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_characters_is_the_one_of_the_random_alphabet() {
        let secret = "a".repeat(32);
        let token: String = "abcdefghijklmnopqrstuvwxyzABCDEF".to_owned() + &secret;
        let last: String = "0123456789".chars().cycle().take(32).collect();
        assert_eq!(
            CsrfSecret::parse(&token).unwrap().expose(),
            "a9876543210ZYXWVUTSRQPONMLKJIHGF"
        );
        assert_eq!(
            CsrfSecret::parse(&(last + &secret)).unwrap().expose(),
            "kjihgfedcbkjihgfedcbkjihgfedcbkj"
        );
    }

    #[test]
    fn length_is_told_before_characters_and_counted_in_characters() {
        for (text, format) in [
            ("é".repeat(32), TokenFormat::InvalidCharacters),
            ("é".repeat(16), TokenFormat::IncorrectLength),
            ("-".repeat(33), TokenFormat::IncorrectLength),
            ("a".repeat(31) + "\u{0}", TokenFormat::InvalidCharacters),
        ] {
            assert_eq!(CsrfSecret::parse(&text).err(), Some(format), "{text:?}");
        }
    }
}
