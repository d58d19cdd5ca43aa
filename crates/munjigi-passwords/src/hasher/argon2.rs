//! `Argon2PasswordHasher`: `argon2$argon2id$v=19$m=102400,t=2,p=8$salt$hash`, both base64 without padding.
//!
//! Rows are read as the C library under `argon2-cffi` reads them: `argon2i`, `argon2d` and `argon2id`, version 16
//! and 19 (16 where `v=` is absent), the parameters in this order and no other. Django alone does not recompute the
//! text here but leaves the comparison to that library, so it is the hashes that are compared.

use crate::{Argon2Cost, Error, Password, PasswordHasher, Unreadable, encoded};
use argon2::{Algorithm, Params, Version};
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
        let invalid = Error::InvalidCost {
            algorithm: "argon2",
            rule: "the salt must have 8 bytes or more, and the memory must be there.",
        };
        let mut hash = [0; HASH_LEN];
        hash_into(
            password,
            salt.as_bytes(),
            (Algorithm::Argon2id, Version::V0x13, self.cost),
            &mut hash,
        )
        .ok_or(invalid)?;
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
            (row.variety, row.version, row.cost),
            &mut hash,
        )
        .ok_or(Unreadable)?;
        Ok(hash.ct_eq(&row.hash).into())
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

/// `None` where the parameters, the salt or the length of the hash are out of Argon2's range, or the memory is not
/// to be had.
fn hash_into(
    password: &Password,
    salt: &[u8],
    (variety, version, cost): (Algorithm, Version, Argon2Cost),
    hash: &mut [u8],
) -> Option<()> {
    let params = Params::new(
        cost.memory_cost,
        cost.time_cost,
        cost.parallelism,
        Some(hash.len()),
    )
    .ok()?;
    argon2::Argon2::new(variety, version, params)
        .hash_password_into(password.as_bytes(), salt, hash)
        .ok()
}
