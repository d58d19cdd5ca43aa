//! `PBKDF2PasswordHasher` and `PBKDF2SHA1PasswordHasher`: `pbkdf2_sha256$1000000$salt$base64`.
//!
//! The key of HMAC is expanded once for a password and its two states are copied for each iteration, so a password
//! of any length costs the same (CVE-2013-1443). With SHA-256 the iterations are a [`Derivation`], which the pool runs in
//! lanes beside those of others.

use crate::work::Key;
use crate::{Error, Password, PasswordHasher, Pbkdf2Cost, Unfit, Unreadable, encoded};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use munjigi_lanes::{Derivation, Kernels};
use pbkdf2::pbkdf2_hmac_array;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// What a row may ask for where the site's own cost is not higher: three times the default of Django 6.1.
const MAX_ROW_ITERATIONS: u32 = 5_000_000;

/// `PBKDF2PasswordHasher`, the one hasher whose work can run in lanes ([`PasswordHasher::in_lanes`]).
pub struct Pbkdf2Sha256 {
    rows: Rows,
}

impl Pbkdf2Sha256 {
    pub(super) fn new(cost: Pbkdf2Cost) -> Self {
        Self {
            rows: Rows {
                algorithm: "pbkdf2_sha256",
                iterations: cost.iterations,
                hash_len: 32,
            },
        }
    }

    /// The iterations of [`PasswordHasher::verify`]; their key goes into [`is_of`](Self::is_of).
    pub(crate) fn verifying(&self, password: &Password, encoded: &str) -> Result<Derivation, Unreadable> {
        let (iterations, salt) = self.rows.readable(encoded)?;
        Ok(begun(password, salt, iterations))
    }

    pub(crate) fn is_of(&self, key: &Key, encoded: &str) -> bool {
        self.rows.is_of(key, encoded)
    }

    /// The iterations of [`PasswordHasher::encode`]; their key goes into [`encoded`](Self::encoded).
    pub(crate) fn encoding(&self, password: &Password, salt: &str) -> Result<Derivation, Error> {
        encoded::check_salt(salt, self.rows.algorithm)?;
        Ok(begun(password, salt, self.rows.iterations))
    }

    pub(crate) fn encoded(&self, key: &Key, salt: &str) -> String {
        self.rows.text(self.rows.iterations, salt, key)
    }

    /// The iterations of [`PasswordHasher::harden_runtime`], where there are any. Their key is for nobody.
    pub(crate) fn hardening(&self, password: &Password, encoded: &str) -> Option<Derivation> {
        let (missing, salt) = self.rows.missing(encoded)?;
        Some(begun(password, salt, missing))
    }

    /// The iterations of [`PasswordHasher::spend`]. Their key is for nobody.
    pub(crate) fn spending(&self, password: &Password) -> Derivation {
        begun(password, encoded::SPENT_SALT, self.rows.iterations)
    }

    /// How many iterations a check of this row takes at most; of none, or of one that cannot be read, a new password's.
    pub(crate) fn most_iterations(&self, encoded: Option<&str>) -> u32 {
        let row = encoded.and_then(|encoded| self.rows.readable(encoded).ok());
        row.map_or(0, |(iterations, _)| iterations)
            .max(self.rows.iterations)
    }
}

fn begun(password: &Password, salt: &str, iterations: u32) -> Derivation {
    // A cost of no iterations is refused with the settings, a row of none cannot be read.
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    Derivation::new(password.as_bytes(), salt.as_bytes(), iterations)
}

/// Runs iterations to their end on this thread, beside no others.
pub(crate) fn alone(mut derivation: Derivation) -> Zeroizing<Key> {
    let kernels = Kernels::detect();
    loop {
        derivation = match derivation.finish() {
            Ok(key) => return key,
            Err(unfinished) => unfinished,
        };
        kernels.advance(std::slice::from_mut(&mut derivation), u32::MAX);
    }
}

impl PasswordHasher for Pbkdf2Sha256 {
    fn algorithm(&self) -> &str {
        self.rows.algorithm
    }

    fn in_lanes(&self) -> Option<&Self> {
        Some(self)
    }

    fn encode(&self, password: &Password, salt: &str) -> Result<String, Error> {
        let key = alone(self.encoding(password, salt)?);
        Ok(self.encoded(&key, salt))
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        let key = alone(self.verifying(password, encoded)?);
        Ok(self.is_of(&key, encoded))
    }

    fn takes(&self, encoded: &str) -> Result<(), Unfit> {
        self.rows.takes(encoded)
    }

    fn must_update(&self, encoded: &str) -> bool {
        self.rows.must_update(encoded)
    }

    fn harden_runtime(&self, password: &Password, encoded: &str) {
        drop(self.hardening(password, encoded).map(alone));
    }
}

/// `PBKDF2SHA1PasswordHasher`.
pub(super) struct Pbkdf2Sha1 {
    rows: Rows,
}

impl Pbkdf2Sha1 {
    pub(super) fn new(cost: Pbkdf2Cost) -> Self {
        Self {
            rows: Rows {
                algorithm: "pbkdf2_sha1",
                iterations: cost.iterations,
                hash_len: 20,
            },
        }
    }
}

fn derive_sha1(password: &Password, salt: &str, iterations: u32) -> Zeroizing<[u8; 20]> {
    let (password, salt) = (password.as_bytes(), salt.as_bytes());
    Zeroizing::new(pbkdf2_hmac_array::<sha1::Sha1, 20>(password, salt, iterations))
}

impl PasswordHasher for Pbkdf2Sha1 {
    fn algorithm(&self) -> &str {
        self.rows.algorithm
    }

    fn encode(&self, password: &Password, salt: &str) -> Result<String, Error> {
        encoded::check_salt(salt, self.rows.algorithm)?;
        let iterations = self.rows.iterations;
        let hash = derive_sha1(password, salt, iterations);
        Ok(self.rows.text(iterations, salt, hash.as_slice()))
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        let (iterations, salt) = self.rows.readable(encoded)?;
        let hash = derive_sha1(password, salt, iterations);
        Ok(self.rows.is_of(hash.as_slice(), encoded))
    }

    fn takes(&self, encoded: &str) -> Result<(), Unfit> {
        self.rows.takes(encoded)
    }

    fn must_update(&self, encoded: &str) -> bool {
        self.rows.must_update(encoded)
    }

    fn harden_runtime(&self, password: &Password, encoded: &str) {
        if let Some((missing, salt)) = self.rows.missing(encoded) {
            drop(std::hint::black_box(derive_sha1(password, salt, missing)));
        }
    }
}

/// The rows of one of the two.
struct Rows {
    algorithm: &'static str,
    /// Of new ones.
    iterations: u32,
    /// In bytes.
    hash_len: usize,
}

impl Rows {
    fn text(&self, iterations: u32, salt: &str, hash: &[u8]) -> String {
        format!("{}${iterations}${salt}${}", self.algorithm, STANDARD.encode(hash))
    }

    /// Iterations and salt.
    fn decode<'a>(&self, encoded: &'a str) -> Option<(u32, &'a str)> {
        let (iterations, rest) = encoded::after_algorithm(encoded, self.algorithm)?.split_once('$')?;
        let (salt, _hash) = rest.split_once('$')?;
        Some((encoded::decimal(iterations)?, salt))
    }

    /// Iterations and salt of a row that may be verified.
    fn readable<'a>(&self, encoded: &'a str) -> Result<(u32, &'a str), Unreadable> {
        let allowed = 1..=MAX_ROW_ITERATIONS.max(self.iterations);
        self.decode(encoded)
            .filter(|(iterations, salt)| !salt.is_empty() && allowed.contains(iterations))
            .ok_or(Unreadable)
    }

    /// Whether the row is the one that this hash makes.
    fn is_of(&self, hash: &[u8], encoded: &str) -> bool {
        let row = self.readable(encoded);
        row.is_ok_and(|(iterations, salt)| encoded::equal(&self.text(iterations, salt, hash), encoded))
    }

    /// By how many iterations a row is cheaper than new ones, where it is, and its salt.
    fn missing<'a>(&self, encoded: &'a str) -> Option<(u32, &'a str)> {
        let (iterations, salt) = self.decode(encoded)?;
        let missing = self.iterations.saturating_sub(iterations);
        (missing > 0).then_some((missing, salt))
    }

    fn takes(&self, encoded: &str) -> Result<(), Unfit> {
        let malformed = Unfit::Malformed(self.algorithm);
        let (iterations, salt) = self.decode(encoded).ok_or(malformed)?;
        let hash = encoded.rsplit('$').next().unwrap_or_default();
        let is_whole = STANDARD
            .decode(hash)
            .is_ok_and(|hash| hash.len() == self.hash_len);
        match iterations {
            1.. if iterations > MAX_ROW_ITERATIONS.max(self.iterations) => {
                Err(Unfit::TooCostly(self.algorithm))
            }
            1.. if !salt.is_empty() && is_whole => Ok(()),
            _ => Err(malformed),
        }
    }

    fn must_update(&self, encoded: &str) -> bool {
        self.decode(encoded).is_none_or(|(iterations, salt)| {
            iterations != self.iterations || encoded::salt_is_short(salt.chars().count())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn read(file: &str) -> Value {
        let path = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/{}"), file);
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn unhex(vector: &Value, key: &str) -> Vec<u8> {
        let digits = vector[key].as_str().unwrap();
        (0..digits.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
            .collect()
    }

    /// PBKDF2 with the HMAC of one hash function, as long as its output.
    type Derive = fn(&[u8], &[u8], u32) -> Vec<u8>;

    const SHA256: Derive = |password, salt, iterations| {
        let iterations = NonZeroU32::new(iterations).unwrap();
        alone(Derivation::new(password, salt, iterations)).to_vec()
    };
    const SHA1: Derive =
        |password, salt, iterations| pbkdf2_hmac_array::<sha1::Sha1, 20>(password, salt, iterations).to_vec();

    /// Compares as much of the key as a row holds: one output of the hash function.
    fn derives(derive: Derive, password: &[u8], salt: &[u8], iterations: &Value, key: &[u8]) {
        let derived = derive(password, salt, iterations.as_u64().unwrap().try_into().unwrap());
        let length = derived.len().min(key.len());
        assert_eq!(
            derived[..length],
            key[..length],
            "{password:?} {salt:?} {iterations}"
        );
    }

    #[test]
    fn wycheproof_s_vectors_hold() {
        for (file, derive, count) in [
            ("wycheproof/pbkdf2_hmacsha256_test.json", SHA256, 60),
            ("wycheproof/pbkdf2_hmacsha1_test.json", SHA1, 64),
        ] {
            let file = read(file);
            let groups = file["testGroups"].as_array().unwrap().iter();
            let tests: Vec<_> = groups
                .flat_map(|group| group["tests"].as_array().unwrap())
                .collect();
            for test in &tests {
                assert_eq!(test["result"], "valid");
                let (password, salt) = (unhex(test, "password"), unhex(test, "salt"));
                derives(
                    derive,
                    &password,
                    &salt,
                    &test["iterationCount"],
                    &unhex(test, "dk"),
                );
            }
            assert_eq!(tests.len(), count);
        }
    }

    #[test]
    fn the_vectors_of_rfc_6070_and_7914_hold() {
        let file = read("vectors/rfc_vectors.json");
        let vectors = file["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|vector| vector["kind"] == "pbkdf2");
        let mut held = 0;
        for vector in vectors {
            let derive = if vector["hash"] == "sha1" { SHA1 } else { SHA256 };
            let bytes = |key: &str| vector[key].as_str().unwrap().as_bytes();
            derives(
                derive,
                bytes("password"),
                bytes("salt"),
                &vector["iterations"],
                &unhex(vector, "hex"),
            );
            held += 1;
        }
        assert_eq!(held, 6);
    }

    #[test]
    fn a_row_may_cost_what_the_site_itself_pays() {
        let row = "pbkdf2_sha256$5000001$seasalt$x";
        let hasher = |iterations| Pbkdf2Sha256::new(Pbkdf2Cost { iterations });
        let verifying = |iterations| {
            let begun = hasher(iterations).verifying(&Password::from("1234".to_owned()), row);
            begun.map(|derivation| derivation.remaining() + 1)
        };
        assert_eq!(verifying(1_000_000), Err(Unreadable));
        assert_eq!(verifying(6_000_000), Ok(5_000_001));
    }
}
