//! `MD5PasswordHasher`: `md5$salt$hex`. Rows verify, none are made: one guess costs an attacker nothing.

use crate::{Error, Password, PasswordHasher, Unreadable, encoded};
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

    fn must_update(&self, encoded: &str) -> bool {
        salt_of(encoded, "md5").is_none_or(|salt| encoded::salt_is_short(salt.chars().count()))
    }
}

/// The salt of a row of three parts.
pub(super) fn salt_of<'a>(encoded: &'a str, algorithm: &str) -> Option<&'a str> {
    let (salt, _hash) = encoded::after_algorithm(encoded, algorithm)?.split_once('$')?;
    Some(salt)
}
