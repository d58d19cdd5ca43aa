//! `BCryptSHA256PasswordHasher` and `BCryptPasswordHasher`: `bcrypt_sha256$$2b$12$` and 53 characters, of which the
//! first 22 are the salt.
//!
//! The identifiers `2a`, `2b`, `2x` and `2y` are one algorithm, as in the Python package `bcrypt`; `$2$` is refused
//! there and here. A NUL is a character like any other. Python's `bcrypt` 5 raises on more than 72 bytes, its
//! predecessors cut them off: here such a password is wrong, unless legacy rows are to be verified.

use crate::{BcryptCost, Error, Password, PasswordHasher, Unfit, Unreadable, encoded};
use base64::Engine;
use bcrypt::{BASE_64, Version};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What a row may ask for where the site's own cost is not higher: four times Django's default.
const MAX_ROW_ROUNDS: u32 = 14;

/// How much of a password bcrypt reads.
const MAX_PASSWORD_LEN: usize = 72;

/// Characters of a checksum, the last ones of a row, and its bytes.
const CHECKSUM: (usize, usize) = (31, 23);

pub(crate) struct Bcrypt {
    algorithm: &'static str,
    rounds: u32,
    input: Input,
}

/// What is passed to bcrypt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    /// The hexadecimal SHA-256 of the password.
    Sha256,
    /// The password, which may have 72 bytes.
    Password,
    /// The first 72 bytes of the password.
    Truncated,
}

/// What stands before the checksum in a row: `$2b$12$` and 22 characters.
struct Settings {
    version: Version,
    rounds: u32,
    salt: [u8; 16],
}

impl Bcrypt {
    pub(super) fn over_sha256(cost: BcryptCost) -> Self {
        Self {
            algorithm: "bcrypt_sha256",
            rounds: cost.rounds,
            input: Input::Sha256,
        }
    }

    pub(super) fn plain(cost: BcryptCost) -> Self {
        Self {
            algorithm: "bcrypt",
            rounds: cost.rounds,
            input: Input::Password,
        }
    }

    /// Verifies rows by the first 72 bytes of a password.
    pub(crate) fn truncating(cost: BcryptCost) -> Self {
        Self {
            input: Input::Truncated,
            ..Self::plain(cost)
        }
    }

    /// The text to store. bcrypt cuts off what it does not read; whether that may count, the caller decides.
    fn encode_with(&self, password: &Password, settings: &Settings) -> Option<String> {
        let digest;
        let input = match self.input {
            Input::Sha256 => {
                let hashed = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password.as_bytes())));
                digest = Zeroizing::new(encoded::hex(hashed.as_slice()));
                digest.as_bytes()
            }
            Input::Password | Input::Truncated => password.as_bytes(),
        };
        let hashed = bcrypt::hash_with_salt(input, settings.rounds, settings.salt).ok()?;
        Some(format!(
            "{}${}",
            self.algorithm,
            hashed.format_for_version(settings.version.clone())
        ))
    }

    fn ignores_part_of(&self, password: &Password) -> bool {
        self.input != Input::Sha256 && password.as_bytes().len() > MAX_PASSWORD_LEN
    }

    fn decode(&self, encoded: &str) -> Option<Settings> {
        Settings::decode(encoded::after_algorithm(encoded, self.algorithm)?)
    }

    /// How many more runs at the row's cost make up one at this hasher's: each round doubles the work.
    fn missing_runs(&self, rounds: u32) -> u32 {
        self.rounds
            .checked_sub(rounds)
            .map_or(0, |difference| (1 << difference) - 1)
    }
}

impl PasswordHasher for Bcrypt {
    fn algorithm(&self) -> &str {
        self.algorithm
    }

    fn salt(&self, rng: &mut dyn CryptoRng) -> String {
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        format!("$2b${:02}${}", self.rounds, BASE_64.encode(salt))
    }

    fn encode(&self, password: &Password, salt: &str) -> Result<String, Error> {
        if self.ignores_part_of(password) {
            return Err(Error::PasswordTooLong {
                limit: MAX_PASSWORD_LEN,
            });
        }
        let made = Settings::decode(salt).and_then(|settings| self.encode_with(password, &settings));
        made.ok_or(Error::InvalidSalt {
            algorithm: self.algorithm,
        })
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        let settings = self.decode(encoded).ok_or(Unreadable)?;
        if settings.rounds > MAX_ROW_ROUNDS.max(self.rounds) {
            return Err(Unreadable);
        }
        let computed = self.encode_with(password, &settings).ok_or(Unreadable)?;
        let counts = self.input == Input::Truncated || !self.ignores_part_of(password);
        Ok(encoded::equal(&computed, encoded) && counts)
    }

    fn takes(&self, encoded: &str) -> Result<(), Unfit> {
        let malformed = Unfit::Malformed(self.algorithm);
        let settings = self.decode(encoded).ok_or(malformed)?;
        if settings.rounds > MAX_ROW_ROUNDS.max(self.rounds) {
            return Err(Unfit::TooCostly(self.algorithm));
        }
        // `$2b$12$` and the salt.
        let row = encoded::after_algorithm(encoded, self.algorithm).unwrap_or_default();
        let checksum = row.get(29..).filter(|checksum| checksum.len() == CHECKSUM.0);
        let bytes = checksum.and_then(|checksum| BASE_64.decode(checksum).ok());
        if bytes.is_some_and(|bytes| bytes.len() == CHECKSUM.1) {
            Ok(())
        } else {
            Err(malformed)
        }
    }

    fn must_update(&self, encoded: &str) -> bool {
        self.decode(encoded)
            .is_none_or(|settings| settings.rounds != self.rounds)
    }

    fn harden_runtime(&self, password: &Password, encoded: &str) {
        let Some(settings) = self.decode(encoded) else {
            return;
        };
        for _ in 0..self.missing_runs(settings.rounds) {
            drop(std::hint::black_box(self.encode_with(password, &settings)));
        }
    }

    fn spend(&self, password: &Password) {
        let settings = Settings {
            version: Version::TwoB,
            rounds: self.rounds,
            salt: [0; 16],
        };
        drop(std::hint::black_box(self.encode_with(password, &settings)));
    }
}

impl Settings {
    fn decode(text: &str) -> Option<Self> {
        let (version, rest) = text.strip_prefix('$')?.split_once('$')?;
        let (rounds, salt) = rest.split_once('$')?;
        let version = match version {
            "2a" => Version::TwoA,
            "2b" => Version::TwoB,
            "2x" => Version::TwoX,
            "2y" => Version::TwoY,
            _ => return None,
        };
        // Two digits, `04` and not `4`: what `%02d` writes.
        let digits = rounds.len() == 2 && rounds.bytes().all(|byte| byte.is_ascii_digit());
        let rounds = rounds
            .parse()
            .ok()
            .filter(|rounds| digits && (4..=31).contains(rounds))?;
        let mut raw = [0; 16];
        let written = BASE_64.decode_slice(salt.get(..22)?, &mut raw).ok()?;
        (written == raw.len()).then_some(Self {
            version,
            rounds,
            salt: raw,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_runs_make_up_the_difference() {
        let hasher = Bcrypt::plain(BcryptCost { rounds: 12 });
        for (rounds, missing) in [(12, 0), (11, 1), (10, 3), (4, 255), (13, 0), (31, 0)] {
            assert_eq!(hasher.missing_runs(rounds), missing, "{rounds}");
        }
    }

    #[test]
    fn the_rounds_of_a_row_are_bounded() {
        let password = Password::from("1234".to_owned());
        let row =
            |rounds| format!("bcrypt$$2b${rounds}$N9qo8uLOickgx2ZMRZoMye4Hs3FIhSenZ5ANJ1j.4KaMtkrnvoARK");
        let hasher = Bcrypt::plain(BcryptCost { rounds: 4 });
        assert_eq!(hasher.verify(&password, &row("15")), Err(Unreadable));
        assert_eq!(hasher.verify(&password, &row("04")), Ok(false));
    }

    #[test]
    fn salts_that_python_refuses_or_never_writes_are_unreadable() {
        for settings in [
            "",
            "$2b$04$",
            "2b$04$N9qo8uLOickgx2ZMRZoMye",
            "$2$04$N9qo8uLOickgx2ZMRZoMye",
            "$2c$04$N9qo8uLOickgx2ZMRZoMye",
            "$2b$4$N9qo8uLOickgx2ZMRZoMye",
            "$2b$+4$N9qo8uLOickgx2ZMRZoMye",
            "$2b$004$N9qo8uLOickgx2ZMRZoMye",
            "$2b$03$N9qo8uLOickgx2ZMRZoMye",
            "$2b$32$N9qo8uLOickgx2ZMRZoMye",
            "$2b$04$N9qo8uLOickgx2ZMRZoMy",
            "$2b$04$N9qo8uLOickgx2ZMRZoMyf",
            "$2b$04$N9qo8uLOickgx2ZMRZoM한",
        ] {
            assert!(Settings::decode(settings).is_none(), "{settings}");
        }
        assert!(Settings::decode("$2b$04$N9qo8uLOickgx2ZMRZoMye").is_some());
    }
}
