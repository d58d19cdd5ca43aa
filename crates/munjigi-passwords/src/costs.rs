//! What a password costs: the class attributes of Django's hashers.

use crate::{Algorithm, Error};

/// The cost of every hasher. `Costs::default()` is Django 5.2's.
///
/// A neighbouring Django on the same table must have the same costs: each re-hashes at sign-in what the other wrote
/// with another cost, and a re-hash ends the user's other sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// `PBKDF2PasswordHasher`.
    pub pbkdf2_sha256: Pbkdf2Cost,
    /// `PBKDF2SHA1PasswordHasher`.
    pub pbkdf2_sha1: Pbkdf2Cost,
    /// `Argon2PasswordHasher`.
    pub argon2: Argon2Cost,
    /// `BCryptSHA256PasswordHasher`.
    pub bcrypt_sha256: BcryptCost,
    /// `BCryptPasswordHasher`.
    pub bcrypt: BcryptCost,
    /// `ScryptPasswordHasher`.
    pub scrypt: ScryptCost,
}

impl Default for Costs {
    fn default() -> Self {
        let pbkdf2 = Pbkdf2Cost {
            iterations: 1_000_000,
        };
        let bcrypt = BcryptCost { rounds: 12 };
        Self {
            pbkdf2_sha256: pbkdf2,
            pbkdf2_sha1: pbkdf2,
            argon2: Argon2Cost {
                time_cost: 2,
                memory_cost: 102_400,
                parallelism: 8,
            },
            bcrypt_sha256: bcrypt,
            bcrypt,
            scrypt: ScryptCost {
                work_factor: 1 << 14,
                block_size: 8,
                parallelism: 5,
            },
        }
    }
}

impl Costs {
    /// Whether the algorithm can run with its cost. How much is wise is the operator's decision.
    pub(crate) fn check(&self, algorithm: Algorithm) -> Result<(), Error> {
        let (valid, rule) = match algorithm {
            Algorithm::Pbkdf2Sha256 => self.pbkdf2_sha256.rule(),
            Algorithm::Pbkdf2Sha1 => self.pbkdf2_sha1.rule(),
            Algorithm::Argon2 => self.argon2.rule(),
            Algorithm::BcryptSha256 => self.bcrypt_sha256.rule(),
            Algorithm::Bcrypt => self.bcrypt.rule(),
            Algorithm::Scrypt => self.scrypt.rule(),
            Algorithm::Md5 => (true, ""),
        };
        if valid {
            Ok(())
        } else {
            Err(Error::InvalidCost {
                algorithm: algorithm.name(),
                rule,
            })
        }
    }
}

impl Pbkdf2Cost {
    fn rule(self) -> (bool, &'static str) {
        (self.iterations > 0, "iterations must be 1 or more.")
    }
}

impl Argon2Cost {
    fn rule(self) -> (bool, &'static str) {
        let lanes = (1..=0x00FF_FFFF).contains(&self.parallelism);
        let memory = self.memory_cost >= self.parallelism.saturating_mul(8);
        (
            lanes && memory && self.time_cost > 0,
            "time_cost and parallelism must be 1 or more, and memory_cost (KiB) at least 8 times parallelism.",
        )
    }
}

impl BcryptCost {
    fn rule(self) -> (bool, &'static str) {
        ((4..=31).contains(&self.rounds), "rounds must be from 4 to 31.")
    }
}

impl ScryptCost {
    fn rule(self) -> (bool, &'static str) {
        // RFC 7914 section 2 bounds r * p below 2^30.
        let blocks = u64::from(self.block_size) * u64::from(self.parallelism);
        (
            self.work_factor > 1 && self.work_factor.is_power_of_two() && (1..1 << 30).contains(&blocks),
            "work_factor must be a power of two from 2, block_size and parallelism 1 or more, and their product \
             below 2^30.",
        )
    }
}

/// The cost of PBKDF2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pbkdf2Cost {
    /// How often HMAC is applied. Django's default grows with each release: 600,000 in 4.2, 720,000 in 5.0, 870,000
    /// in 5.1, 1,000,000 in 5.2, 1,200,000 in 6.0.
    pub iterations: u32,
}

/// The cost of Argon2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Passes over the memory.
    pub time_cost: u32,
    /// Memory, in KiB.
    pub memory_cost: u32,
    /// Lanes. They change the hash; they are computed one after another on one thread.
    pub parallelism: u32,
}

/// The cost of bcrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BcryptCost {
    /// The logarithm of the number of rounds: one more doubles the work.
    pub rounds: u32,
}

/// The cost of scrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScryptCost {
    /// `N`, a power of two. The memory is `128 * work_factor * block_size` bytes.
    pub work_factor: u32,
    /// `r`.
    pub block_size: u32,
    /// `p`. The blocks are computed one after another on one thread.
    pub parallelism: u32,
}
