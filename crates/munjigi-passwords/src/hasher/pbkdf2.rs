//! `PBKDF2PasswordHasher` and `PBKDF2SHA1PasswordHasher`: `pbkdf2_sha256$1000000$salt$base64`.
//!
//! The key of HMAC is expanded once for a password and its two states are copied for each iteration, so a password
//! of any length costs the same (CVE-2013-1443).

use crate::{Error, Password, PasswordHasher, Pbkdf2Cost, Unfit, Unreadable, encoded};
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
    /// In bytes.
    hash_len: usize,
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
            hash_len: 32,
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
            hash_len: 20,
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
        encoded::check_salt(salt, self.algorithm)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hashers;
    use serde_json::Value;
    use std::cell::Cell;

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

    /// Compares as much of the key as a row holds: one output of the hash function.
    fn derives(hasher: &Pbkdf2, password: &[u8], salt: &[u8], iterations: &Value, key: &[u8]) {
        let derived = (hasher.derive)(password, salt, iterations.as_u64().unwrap().try_into().unwrap());
        let length = derived.len().min(key.len());
        assert_eq!(
            derived[..length],
            key[..length],
            "{password:?} {salt:?} {iterations}"
        );
    }

    #[test]
    fn wycheproof_s_vectors_hold() {
        let cost = Pbkdf2Cost { iterations: 1 };
        for (file, hasher, count) in [
            ("wycheproof/pbkdf2_hmacsha256_test.json", Pbkdf2::sha256(cost), 60),
            ("wycheproof/pbkdf2_hmacsha1_test.json", Pbkdf2::sha1(cost), 64),
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
                    &hasher,
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
            let cost = Pbkdf2Cost { iterations: 1 };
            let hasher = if vector["hash"] == "sha1" {
                Pbkdf2::sha1(cost)
            } else {
                Pbkdf2::sha256(cost)
            };
            let bytes = |key: &str| vector[key].as_str().unwrap().as_bytes();
            derives(
                &hasher,
                bytes("password"),
                bytes("salt"),
                &vector["iterations"],
                &unhex(vector, "hex"),
            );
            held += 1;
        }
        assert_eq!(held, 6);
    }

    thread_local! {
        static ITERATIONS: Cell<u32> = const { Cell::new(0) };
    }

    fn counted(encoded: Option<&str>) -> u32 {
        let derive: Derive = |_, _, iterations| {
            ITERATIONS.set(ITERATIONS.get() + iterations);
            vec![0; 32]
        };
        let hasher = Pbkdf2 {
            algorithm: "pbkdf2_sha256",
            iterations: 1_000_000,
            hash_len: 32,
            derive,
        };
        let hashers = Hashers::from_hashers(vec![Box::new(hasher)]).unwrap();
        ITERATIONS.set(0);
        assert!(
            !hashers
                .check_password(&Password::from("1234".to_owned()), encoded)
                .correct
        );
        ITERATIONS.get()
    }

    #[test]
    fn a_wrong_password_takes_the_same_iterations_on_every_row() {
        for encoded in [
            None,
            Some("!"),
            Some("pbkdf2_sha256"),
            Some("pbkdf2_sha256$0$seasalt$x"),
            Some("pbkdf2_sha256$-1$seasalt$x"),
            Some("pbkdf2_sha256$1000$$x"),
            Some("pbkdf2_sha256$5000001$seasalt$x"),
            Some("pbkdf2_sha256$1$seasalt$x"),
            Some("pbkdf2_sha256$600000$NaClNaClNaClNaClNaClNa$x"),
            Some("pbkdf2_sha256$999999$NaClNaClNaClNaClNaClNa$x"),
            Some("pbkdf2_sha256$1000000$NaClNaClNaClNaClNaClNa$x"),
        ] {
            assert_eq!(counted(encoded), 1_000_000, "{encoded:?}");
        }
        assert_eq!(
            counted(Some("pbkdf2_sha256$1200000$NaClNaClNaClNaClNaClNa$x")),
            1_200_000
        );
    }

    #[test]
    fn a_row_may_cost_what_the_site_itself_pays() {
        let row = "pbkdf2_sha256$5000001$seasalt$x";
        let password = Password::from("1234".to_owned());
        let derive: Derive = |_, _, _| vec![0; 32];
        let hasher = |iterations| Pbkdf2 {
            algorithm: "pbkdf2_sha256",
            iterations,
            hash_len: 32,
            derive,
        };
        assert_eq!(hasher(1_000_000).verify(&password, row), Err(Unreadable));
        assert_eq!(hasher(6_000_000).verify(&password, row), Ok(false));
    }
}
