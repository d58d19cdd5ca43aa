//! `Argon2PasswordHasher`: `argon2$argon2id$v=19$m=102400,t=2,p=8$salt$hash`, both base64 without padding.
//!
//! Rows are read as the C library under `argon2-cffi` reads them: `argon2i`, `argon2d` and `argon2id`, version 16
//! and 19 (16 where `v=` is absent), the parameters in this order and no other. Django alone does not recompute the
//! text here but leaves the comparison to that library, so it is the hashes that are compared.

use crate::{Argon2Cost, Error, Password, PasswordHasher, Unfit, Unreadable, encoded};
use argon2::{Algorithm, Error as Argon2Error, MIN_SALT_LEN, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;

/// What a row may ask for where the site's own cost is not higher, in KiB: twice Django's default.
const MAX_ROW_MEMORY: u32 = 204_800;

/// Passes times memory, in KiB: five times Django's default.
const MAX_ROW_WORK: u64 = 5 * 204_800;

/// Lanes make many short segments, each with a start of its own.
const MAX_ROW_LANES: u32 = 64;

/// `argon2.DEFAULT_HASH_LENGTH`, in bytes.
const HASH_LEN: usize = 32;

pub(super) struct Argon2 {
    cost: Argon2Cost,
}

struct Row {
    variety: Algorithm,
    version: Version,
    cost: Argon2Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Argon2 {
    pub(super) fn new(cost: Argon2Cost) -> Self {
        Self { cost }
    }

    fn allows(&self, cost: Argon2Cost) -> bool {
        let work = |cost: Argon2Cost| u64::from(cost.time_cost) * u64::from(cost.memory_cost);
        cost.memory_cost <= MAX_ROW_MEMORY.max(self.cost.memory_cost)
            && work(cost) <= MAX_ROW_WORK.max(work(self.cost))
            && cost.parallelism <= MAX_ROW_LANES.max(self.cost.parallelism)
    }
}

impl PasswordHasher for Argon2 {
    fn algorithm(&self) -> &'static str {
        "argon2"
    }

    fn encode(&self, password: &Password, salt: &str) -> Result<String, Error> {
        let Argon2Cost {
            time_cost,
            memory_cost,
            parallelism,
        } = self.cost;
        let mut hash = [0; HASH_LEN];
        let variant = (Algorithm::Argon2id, Version::V0x13);
        hash_into(password, salt.as_bytes(), variant, self.cost, &mut hash).map_err(|error| match error {
            Argon2Error::OutOfMemory => Error::OutOfMemory { algorithm: "argon2" },
            // The cost was checked when the hasher was made.
            _ => Error::InvalidSalt { algorithm: "argon2" },
        })?;
        Ok(format!(
            "argon2$argon2id$v=19$m={memory_cost},t={time_cost},p={parallelism}${}${}",
            STANDARD_NO_PAD.encode(salt),
            STANDARD_NO_PAD.encode(hash)
        ))
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        let row = Row::decode(encoded)
            .filter(|row| self.allows(row.cost))
            .ok_or(Unreadable)?;
        let mut hash = vec![0; row.hash.len()];
        hash_into(
            password,
            &row.salt,
            (row.variety, row.version),
            row.cost,
            &mut hash,
        )
        .map_err(|_| Unreadable)?;
        Ok(hash.ct_eq(&row.hash).into())
    }

    fn takes(&self, encoded: &str) -> Result<(), Unfit> {
        let malformed = Unfit::Malformed("argon2");
        let row = Row::decode(encoded).ok_or(malformed)?;
        if !self.allows(row.cost) {
            return Err(Unfit::TooCostly("argon2"));
        }
        let cost = row.cost;
        let is_in_range = Params::new(
            cost.memory_cost,
            cost.time_cost,
            cost.parallelism,
            Some(row.hash.len()),
        );
        if is_in_range.is_ok() && row.salt.len() >= MIN_SALT_LEN {
            Ok(())
        } else {
            Err(malformed)
        }
    }

    fn must_update(&self, encoded: &str) -> bool {
        Row::decode(encoded).is_none_or(|row| {
            row.variety != Algorithm::Argon2id
                || row.version != Version::V0x13
                || row.cost != self.cost
                || row.hash.len() != HASH_LEN
                || encoded::salt_is_short(row.salt.len())
        })
    }
}

impl Row {
    fn decode(encoded: &str) -> Option<Self> {
        let (variety, rest) = encoded::after_algorithm(encoded, "argon2")?.split_once('$')?;
        let variety = Algorithm::new(variety).ok()?;
        let (version, rest) = match rest.strip_prefix("v=") {
            Some(rest) => rest.split_once('$')?,
            None => ("16", rest),
        };
        let (cost, rest) = rest.split_once('$')?;
        let (memory_cost, cost) = cost.strip_prefix("m=")?.split_once(",t=")?;
        let (time_cost, parallelism) = cost.split_once(",p=")?;
        let (salt, hash) = rest.split_once('$')?;
        Some(Self {
            variety,
            version: Version::try_from(encoded::decimal(version)?).ok()?,
            cost: Argon2Cost {
                time_cost: encoded::decimal(time_cost)?,
                memory_cost: encoded::decimal(memory_cost)?,
                parallelism: encoded::decimal(parallelism)?,
            },
            salt: STANDARD_NO_PAD.decode(salt).ok()?,
            hash: STANDARD_NO_PAD.decode(hash).ok()?,
        })
    }
}

/// Fails where the cost, the salt or the length of the hash are out of Argon2's range.
fn hash_into(
    password: &Password,
    salt: &[u8],
    (variety, version): (Algorithm, Version),
    cost: Argon2Cost,
    hash: &mut [u8],
) -> Result<(), Argon2Error> {
    let params = Params::new(
        cost.memory_cost,
        cost.time_cost,
        cost.parallelism,
        Some(hash.len()),
    )?;
    argon2::Argon2::new(variety, version, params).hash_password_into(password.as_bytes(), salt, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_the_c_library_reads_them() {
        let row = |settings: &str| format!("argon2${settings}$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A");
        for settings in [
            "argon2id$v=19$m=8,t=1,p=1",
            "argon2i$m=8,t=1,p=1",
            "argon2d$v=16$m=8,t=1,p=1",
        ] {
            assert!(Row::decode(&row(settings)).is_some(), "{settings}");
        }
        assert_eq!(
            Row::decode(&row("argon2i$m=8,t=1,p=1")).unwrap().version,
            Version::V0x10
        );
        for settings in [
            "argon2$v=19$m=8,t=1,p=1",
            "argon2id$v=20$m=8,t=1,p=1",
            "argon2id$v=019$m=8,t=1,p=1",
            "argon2id$v=19$t=1,m=8,p=1",
            "argon2id$v=19$m=8,t=1",
            "argon2id$v=19$m=8,t=1,p=1,data=AAAA",
            "argon2id$v=19$m=-8,t=1,p=1",
            "argon2id$v=19$m=8,t=1,p=1$$",
        ] {
            assert!(Row::decode(&row(settings)).is_none(), "{settings}");
        }
    }

    #[test]
    fn a_row_out_of_argon2_s_range_is_unreadable() {
        let hasher = Argon2::new(crate::Costs::default().argon2);
        let password = Password::from("1234".to_owned());
        for rest in [
            "m=7,t=1,p=1$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A",
            "m=15,t=1,p=2$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A",
            "m=8,t=0,p=1$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A",
            "m=8,t=1,p=0$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A",
            "m=8,t=1,p=1$c29tZQ$hcv1N/jlZ7nD8xHiWJRj0A",
            "m=8,t=1,p=1$c29tZXNhbHQ$AAAA",
            "m=8,t=1,p=1$c29tZXNhbHR$hcv1N/jlZ7nD8xHiWJRj0A",
            "m=204801,t=1,p=1$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A",
            "m=8,t=128001,p=1$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A",
            "m=1024,t=1,p=65$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A",
        ] {
            let row = format!("argon2$argon2id$v=19${rest}");
            assert_eq!(hasher.verify(&password, &row), Err(Unreadable), "{row}");
        }
        let row = "argon2$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A";
        assert_eq!(hasher.verify(&password, row), Ok(false));
    }
}
