//! `PBKDF2PasswordHasher` and `PBKDF2SHA1PasswordHasher`: `pbkdf2_sha256$1000000$salt$base64`.
//!
//! The key of HMAC is expanded once for a password and its two states are copied for each iteration, so a password
//! of any length costs the same (CVE-2013-1443).

use crate::{Error, Password, PasswordHasher, Pbkdf2Cost, Unreadable, encoded};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pbkdf2::pbkdf2_hmac_array;

/// What a row may ask for where the site's own cost is not higher: three times the default of Django 6.1.
const MAX_ROW_ITERATIONS: u32 = 5_000_000;

/// PBKDF2 with the HMAC of one hash function, as long as its output.
type Derive = fn(password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8>;

pub(super) struct Pbkdf2 {
    algorithm: &'static str,
    iterations: u32,
    derive: Derive,
}

impl Pbkdf2 {
    pub(super) fn sha256(cost: Pbkdf2Cost) -> Self {
        let derive: Derive = |password, salt, iterations| {
            pbkdf2_hmac_array::<sha2::Sha256, 32>(password, salt, iterations).to_vec()
        };
        Self {
            algorithm: "pbkdf2_sha256",
            iterations: cost.iterations,
            derive,
        }
    }

    pub(super) fn sha1(cost: Pbkdf2Cost) -> Self {
        let derive: Derive = |password, salt, iterations| {
            pbkdf2_hmac_array::<sha1::Sha1, 20>(password, salt, iterations).to_vec()
        };
        Self {
            algorithm: "pbkdf2_sha1",
            iterations: cost.iterations,
            derive,
        }
    }

    fn encode_with(&self, password: &Password, salt: &str, iterations: u32) -> String {
        let hash = (self.derive)(password.as_bytes(), salt.as_bytes(), iterations);
        format!("{}${iterations}${salt}${}", self.algorithm, STANDARD.encode(hash))
    }

    /// Iterations and salt.
    fn decode<'a>(&self, encoded: &'a str) -> Option<(u32, &'a str)> {
        let (iterations, rest) = encoded::after_algorithm(encoded, self.algorithm)?.split_once('$')?;
        let (salt, _hash) = rest.split_once('$')?;
        Some((encoded::decimal(iterations)?, salt))
    }
}

impl PasswordHasher for Pbkdf2 {
    fn algorithm(&self) -> &str {
        self.algorithm
    }

    fn encode(&self, password: &Password, salt: &str) -> Result<String, Error> {
        Ok(self.encode_with(password, salt, self.iterations))
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        let (iterations, salt) = self.decode(encoded).ok_or(Unreadable)?;
        let allowed = 1..=MAX_ROW_ITERATIONS.max(self.iterations);
        if salt.is_empty() || !allowed.contains(&iterations) {
            return Err(Unreadable);
        }
        Ok(encoded::equal(
            &self.encode_with(password, salt, iterations),
            encoded,
        ))
    }

    fn must_update(&self, encoded: &str) -> bool {
        self.decode(encoded).is_none_or(|(iterations, salt)| {
            iterations != self.iterations || encoded::salt_is_short(salt.chars().count())
        })
    }

    fn harden_runtime(&self, password: &Password, encoded: &str) {
        let Some((iterations, salt)) = self.decode(encoded) else {
            return;
        };
        let missing = self.iterations.saturating_sub(iterations);
        if missing > 0 {
            drop(std::hint::black_box(self.encode_with(password, salt, missing)));
        }
    }
}
