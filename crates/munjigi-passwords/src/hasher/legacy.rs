//! What Django had until 5.0: `SHA1PasswordHasher`, `UnsaltedSHA1PasswordHasher`, `UnsaltedMD5PasswordHasher`
//! (Django 4.2, `contrib/auth/hashers.py`). Rows verify, none are made.

use super::md5::{salt_of, takes_hex};
use crate::{Error, Password, PasswordHasher, Unfit, Unreadable, encoded};
use sha1::Digest;

/// `sha1$salt$hex`.
pub(crate) struct Sha1;

/// `sha1$$hex`.
pub(crate) struct UnsaltedSha1;

/// 32 hexadecimal digits, or `md5$$` and these.
pub(crate) struct UnsaltedMd5;

impl PasswordHasher for Sha1 {
    fn algorithm(&self) -> &'static str {
        "sha1"
    }

    fn verifies_only(&self) -> bool {
        true
    }

    fn encode(&self, _password: &Password, _salt: &str) -> Result<String, Error> {
        Err(Error::VerifyOnly {
            algorithm: "sha1".to_owned(),
        })
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        let salt = salt_of(encoded, "sha1")
            .filter(|salt| !salt.is_empty())
            .ok_or(Unreadable)?;
        Ok(encoded::equal(
            &format!("sha1${salt}${}", sha1_hex(salt, password)),
            encoded,
        ))
    }

    fn takes(&self, encoded: &str) -> Result<(), Unfit> {
        let is_row = salt_of(encoded, "sha1").is_some_and(|salt| !salt.is_empty());
        takes_hex(is_row, encoded, ("sha1", 40))
    }

    fn must_update(&self, _encoded: &str) -> bool {
        true
    }
}

impl PasswordHasher for UnsaltedSha1 {
    fn algorithm(&self) -> &'static str {
        "unsalted_sha1"
    }

    fn verifies_only(&self) -> bool {
        true
    }

    fn encode(&self, _password: &Password, _salt: &str) -> Result<String, Error> {
        Err(Error::VerifyOnly {
            algorithm: "unsalted_sha1".to_owned(),
        })
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        Ok(encoded::equal(
            &format!("sha1$${}", sha1_hex("", password)),
            encoded,
        ))
    }

    fn takes(&self, encoded: &str) -> Result<(), Unfit> {
        takes_hex(encoded.starts_with("sha1$$"), encoded, ("unsalted_sha1", 40))
    }

    fn must_update(&self, _encoded: &str) -> bool {
        true
    }
}

impl PasswordHasher for UnsaltedMd5 {
    fn algorithm(&self) -> &'static str {
        "unsalted_md5"
    }

    fn verifies_only(&self) -> bool {
        true
    }

    fn encode(&self, _password: &Password, _salt: &str) -> Result<String, Error> {
        Err(Error::VerifyOnly {
            algorithm: "unsalted_md5".to_owned(),
        })
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        let stored = encoded.strip_prefix("md5$$").unwrap_or(encoded);
        Ok(encoded::equal(
            &encoded::hex(&md5::Md5::digest(password.as_bytes())),
            stored,
        ))
    }

    fn takes(&self, encoded: &str) -> Result<(), Unfit> {
        takes_hex(true, encoded, ("unsalted_md5", 32))
    }

    fn must_update(&self, _encoded: &str) -> bool {
        true
    }
}

fn sha1_hex(salt: &str, password: &Password) -> String {
    encoded::hex(
        &sha1::Sha1::new()
            .chain_update(salt)
            .chain_update(password.as_bytes())
            .finalize(),
    )
}
