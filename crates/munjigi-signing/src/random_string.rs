//! `get_random_string` of `django.utils.crypto`.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The characters of a random string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alphabet(&'static [u8]);

impl Alphabet {
    /// `RANDOM_STRING_CHARS`: the 62 letters and digits. 22 of them hold 131 bits, 32 hold 190.
    pub const ALPHANUMERIC: Self = Self(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    /// `VALID_KEY_CHARS` of sessions: the 36 lower-case letters and digits. 32 of them hold 165 bits.
    pub const LOWERCASE: Self = Self(b"abcdefghijklmnopqrstuvwxyz0123456789");
}

/// `get_random_string(length, allowed_chars)` of Django 5.2: every character equally likely, and independent of the
/// others.
///
/// ```
/// use munjigi_signing::{Alphabet, random_string};
/// # use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::seed_from_u64(1);
///
/// let key = random_string(&mut rng, 32, Alphabet::LOWERCASE);
/// assert_eq!(key.len(), 32);
/// ```
pub fn random_string(rng: &mut (impl CryptoRng + ?Sized), length: usize, alphabet: Alphabet) -> String {
    let mut text = String::with_capacity(length);
    let mut bytes = Zeroizing::new([0; 64]);
    while text.len() < length {
        rng.fill_bytes(&mut *bytes);
        let chosen = bytes
            .iter()
            .filter_map(|&byte| choose(alphabet, byte))
            .map(char::from);
        text.extend(chosen.take(length - text.len()));
    }
    text
}

/// The character that a random byte stands for. Bytes beyond the last whole multiple of the alphabet are thrown
/// away: with them the first characters would come up more often.
fn choose(Alphabet(characters): Alphabet, byte: u8) -> Option<u8> {
    let byte = usize::from(byte);
    let whole = 256 - 256 % characters.len();
    if byte < whole {
        characters.get(byte % characters.len()).copied()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_stands_for_as_many_bytes_as_every_other() {
        for (alphabet, share) in [(Alphabet::ALPHANUMERIC, 4), (Alphabet::LOWERCASE, 7)] {
            for &character in alphabet.0 {
                let bytes = (0..=u8::MAX)
                    .filter(|&byte| choose(alphabet, byte) == Some(character))
                    .count();
                assert_eq!(bytes, share, "{}", char::from(character));
            }
        }
    }
}
