//! `ScryptPasswordHasher`: `scrypt$16384$salt$8$5$base64`, the salt before block size and parallelism.
//!
//! OpenSSL under Python refuses what needs more than 32 MiB unless a site's own hasher raises `maxmem`; such rows
//! verify here, up to the bound of a row.

use crate::{Error, Password, PasswordHasher, ScryptCost, Unfit, Unreadable, encoded};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a row may ask for where the site's own cost is not higher, in blocks of 128 bytes: 128 MiB (OWASP's `N` =
/// 2^17, `r` = 8) and 8 MiB for what `p` adds.
const MAX_ROW_MEMORY: u64 = (1 << 20) + (1 << 16);

/// The length of a hash, in bytes.
const HASH_LEN: usize = 64;

/// `N * r * p`: three times Django's default, twice OWASP's advice.
const MAX_ROW_WORK: u64 = 1 << 21;

pub(super) struct Scrypt {
    cost: ScryptCost,
}

impl Scrypt {
    pub(super) fn new(cost: ScryptCost) -> Self {
        Self { cost }
    }

    fn allows(&self, cost: ScryptCost) -> bool {
        let memory = |cost: ScryptCost| {
            let blocks = u64::from(cost.work_factor) + u64::from(cost.parallelism);
            blocks.saturating_mul(cost.block_size.into())
        };
        let work = |cost: ScryptCost| {
            let blocks = u64::from(cost.work_factor) * u64::from(cost.block_size);
            blocks.saturating_mul(cost.parallelism.into())
        };
        memory(cost) <= MAX_ROW_MEMORY.max(memory(self.cost))
            && work(cost) <= MAX_ROW_WORK.max(work(self.cost))
    }
}

impl PasswordHasher for Scrypt {
    fn algorithm(&self) -> &'static str {
        "scrypt"
    }

    fn encode(&self, password: &Password, salt: &str) -> Result<String, Error> {
        encoded::check_salt(salt, "scrypt")?;
        encode_with(password, salt, self.cost).ok_or(Error::InvalidCost {
            algorithm: "scrypt",
            rule: "work_factor must be a power of two.",
        })
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        let (cost, salt) = decode(encoded).ok_or(Unreadable)?;
        if salt.is_empty() || !self.allows(cost) {
            return Err(Unreadable);
        }
        let computed = encode_with(password, salt, cost).ok_or(Unreadable)?;
        Ok(encoded::equal(&computed, encoded))
    }

    fn takes(&self, encoded: &str) -> Result<(), Unfit> {
        let malformed = Unfit::Malformed("scrypt");
        let (cost, salt) = decode(encoded).ok_or(malformed)?;
        if !self.allows(cost) {
            return Err(Unfit::TooCostly("scrypt"));
        }
        let hash = encoded.rsplit('$').next().unwrap_or_default();
        let is_whole = STANDARD.decode(hash).is_ok_and(|hash| hash.len() == HASH_LEN);
        if is_whole && !salt.is_empty() && params(cost).is_some() {
            Ok(())
        } else {
            Err(malformed)
        }
    }

    /// The salt does not count, as in Django.
    fn must_update(&self, encoded: &str) -> bool {
        decode(encoded).is_none_or(|(cost, _)| cost != self.cost)
    }
}

/// `None` where the cost is out of scrypt's range.
fn encode_with(password: &Password, salt: &str, cost: ScryptCost) -> Option<String> {
    let mut hash = [0; HASH_LEN];
    scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &params(cost)?, &mut hash).ok()?;
    let ScryptCost {
        work_factor,
        block_size,
        parallelism,
    } = cost;
    Some(format!(
        "scrypt${work_factor}${salt}${block_size}${parallelism}${}",
        STANDARD.encode(hash)
    ))
}

fn params(cost: ScryptCost) -> Option<scrypt::Params> {
    let log_n = u8::try_from(cost.work_factor.checked_ilog2()?).ok()?;
    if cost.work_factor < 2 || !cost.work_factor.is_power_of_two() {
        return None;
    }
    scrypt::Params::new(log_n, cost.block_size, cost.parallelism).ok()
}

fn decode(encoded: &str) -> Option<(ScryptCost, &str)> {
    let mut parts = encoded::after_algorithm(encoded, "scrypt")?.split('$');
    let work_factor = encoded::decimal(parts.next()?)?;
    let salt = parts.next()?;
    let block_size = encoded::decimal(parts.next()?)?;
    let parallelism = encoded::decimal(parts.next()?)?;
    parts.next()?;
    parts.next().is_none().then_some((
        ScryptCost {
            work_factor,
            block_size,
            parallelism,
        },
        salt,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_vectors_of_rfc_7914_hold() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fixtures/vectors/rfc_vectors.json"
        );
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut held = 0;
        for vector in file["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|vector| vector["kind"] == "scrypt")
        {
            let number = |key: &str| vector[key].as_u64().unwrap().try_into().unwrap();
            let text = |key: &str| vector[key].as_str().unwrap();
            let cost = ScryptCost {
                work_factor: number("n"),
                block_size: number("r"),
                parallelism: number("p"),
            };
            let password = Password::from(text("password").to_owned());
            let encoded = encode_with(&password, text("salt"), cost).unwrap();
            let hash = STANDARD.decode(encoded.rsplit('$').next().unwrap()).unwrap();
            assert_eq!(encoded::hex(&hash), text("hex"), "{vector}");
            held += 1;
        }
        assert_eq!(held, 3);
    }

    #[test]
    fn the_cost_of_a_row_is_bounded_by_memory_and_by_work() {
        let scrypt = Scrypt::new(crate::Costs::default().scrypt);
        let allows = |work_factor, block_size, parallelism| {
            scrypt.allows(ScryptCost {
                work_factor,
                block_size,
                parallelism,
            })
        };
        assert!(allows(1 << 14, 8, 5) && allows(1 << 13, 8, 10));
        assert!(allows(1 << 17, 8, 1) && allows(1 << 17, 8, 2));
        assert!(!allows(1 << 18, 8, 1) && !allows(1 << 17, 8, 3) && !allows(1 << 17, 9, 1));
        assert!(!allows(2, 8, u32::MAX) && !allows(2, u32::MAX, 1) && !allows(u32::MAX, u32::MAX, u32::MAX));
        let generous = Scrypt::new(ScryptCost {
            work_factor: 1 << 20,
            block_size: 8,
            parallelism: 1,
        });
        assert!(generous.allows(generous.cost));
    }
}
