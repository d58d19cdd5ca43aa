//! `MD5PasswordHasher`: `md5$salt$hex`. Rows verify, none are made: one guess costs an attacker nothing.

use crate::{Error, Password, PasswordHasher, Unfit, Unreadable, encoded};
use md5::Digest;

pub(crate) struct Md5;

impl PasswordHasher for Md5 {
    fn algorithm(&self) -> &'static str {
        "md5"
    }

    fn verifies_only(&self) -> bool {
        true
    }

    fn encode(&self, _password: &Password, _salt: &str) -> Result<String, Error> {
        Err(Error::VerifyOnly {
            algorithm: "md5".to_owned(),
        })
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        let salt = salt_of(encoded, "md5")
            .filter(|salt| !salt.is_empty())
            .ok_or(Unreadable)?;
        let hash = md5::Md5::new()
            .chain_update(salt)
            .chain_update(password.as_bytes())
            .finalize();
        Ok(encoded::equal(
            &format!("md5${salt}${}", encoded::hex(&hash)),
            encoded,
        ))
    }

    fn takes(&self, encoded: &str) -> Result<(), Unfit> {
        let is_row = salt_of(encoded, "md5").is_some_and(|salt| !salt.is_empty());
        takes_hex(is_row, encoded, ("md5", 32))
    }

    fn must_update(&self, encoded: &str) -> bool {
        salt_of(encoded, "md5").is_none_or(|salt| encoded::salt_is_short(salt.chars().count()))
    }
}

/// The salt of a row of three parts.
pub(super) fn salt_of<'a>(encoded: &'a str, algorithm: &str) -> Option<&'a str> {
    let (salt, _hash) = encoded::after_algorithm(encoded, algorithm)?.split_once('$')?;
    Some(salt)
}

/// Whether a row ends in as many lower-case hexadecimal digits as its algorithm writes.
pub(super) fn takes_hex(
    is_row: bool,
    encoded: &str,
    (algorithm, length): (&'static str, usize),
) -> Result<(), Unfit> {
    let hash = encoded.rsplit('$').next().unwrap_or_default();
    let is_hex = hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_row && is_hex && hash.len() == length {
        Ok(())
    } else {
        Err(Unfit::Malformed(algorithm))
    }
}
