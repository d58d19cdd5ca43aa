//! `PASSWORD_HASHERS` and what Django 5.2 does with it (`contrib/auth/hashers.py`): `make_password`,
//! `check_password`, `identify_hasher`.
//!
//! Django's `check_password` raises on fourteen shapes of malformed rows. Here they are wrong passwords, and they
//! cost what a wrong password costs. Its `setter` is left to the caller, who learns from [`Check::must_update`].

use crate::hasher::{Bcrypt, Md5, Sha1, UnsaltedMd5, UnsaltedSha1};
use crate::work::{self, Checking, Making};
use crate::{Algorithm, Costs, Error, Password, PasswordHasher, encoded, is_password_usable};
use rand_core::CryptoRng;

/// What [`Hashers::check_password`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Whether the password is the stored one.
    pub correct: bool,
    /// Whether the password, being correct, should be stored anew: with another algorithm, another cost or a longer
    /// salt. Never true of a wrong password.
    pub must_update: bool,
}

/// What happens to rows of hashers that Django removed or warns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyRows {
    /// They are wrong passwords.
    Refuse,
    /// They verify, and are to be stored anew at once: `md5`, and what Django dropped in 5.1, `sha1`,
    /// `unsalted_sha1` and `unsalted_md5`. A `bcrypt` row verifies by the first 72 bytes of the password, as when
    /// it was made by a `bcrypt` package before 5.0.
    Verify,
}

/// The hashers of a site: the first stores new passwords, all of them verify.
pub struct Hashers {
    preferred: Box<dyn PasswordHasher>,
    others: Vec<Box<dyn PasswordHasher>>,
}

impl Hashers {
    /// Django 5.2's `PASSWORD_HASHERS` at its costs (`conf/global_settings.py`).
    pub fn django() -> Self {
        let costs = Costs::default();
        let others = [
            Algorithm::Pbkdf2Sha1,
            Algorithm::Argon2,
            Algorithm::BcryptSha256,
            Algorithm::Scrypt,
        ];
        Self {
            preferred: Algorithm::Pbkdf2Sha256.hasher_unchecked(&costs),
            others: others
                .into_iter()
                .map(|algorithm| algorithm.hasher_unchecked(&costs))
                .collect(),
        }
    }

    /// The hashers of the listed algorithms, in the order of `PASSWORD_HASHERS`.
    ///
    /// # Errors
    /// [`Error::NoHashers`] for an empty list, [`Error::VerifyOnly`] where the first stores no passwords,
    /// [`Error::InvalidCost`] where a listed algorithm cannot run with its cost.
    pub fn new(algorithms: &[Algorithm], costs: &Costs, legacy: LegacyRows) -> Result<Self, Error> {
        let mut hashers = Vec::with_capacity(algorithms.len());
        for &algorithm in algorithms {
            hashers.push(algorithm.hasher(costs)?);
        }
        let mut hashers = Self::from_hashers(hashers)?;
        if legacy == LegacyRows::Verify {
            hashers.add_legacy(costs);
        }
        Ok(hashers)
    }

    /// Any hashers, Django's from [`Algorithm::hasher`] among them, in the order of `PASSWORD_HASHERS`.
    ///
    /// # Errors
    /// [`Error::NoHashers`] for an empty list, [`Error::VerifyOnly`] where the first stores no passwords.
    pub fn from_hashers(hashers: Vec<Box<dyn PasswordHasher>>) -> Result<Self, Error> {
        let mut hashers = hashers.into_iter();
        let preferred = hashers.next().ok_or(Error::NoHashers)?;
        if preferred.verifies_only() {
            return Err(Error::VerifyOnly {
                algorithm: preferred.algorithm().to_owned(),
            });
        }
        Ok(Self {
            preferred,
            others: hashers.collect(),
        })
    }

    /// The text to store for a new password; for `None` one that no password matches (`set_unusable_password`).
    ///
    /// # Errors
    /// [`Error::PasswordTooLong`] where the preferred hasher is `bcrypt` and would ignore a part of the password,
    /// [`Error::OutOfMemory`] where the memory for Argon2 is not to be had.
    pub fn make_password(
        &self,
        password: Option<&Password>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<String, Error> {
        match password {
            None => Ok(encoded::unusable_password(rng)),
            Some(password) => work::run(Making::new(password.clone(), self.salt(rng)), self),
        }
    }

    /// Whether the password is the stored one. `encoded` is `None` where there is no such user.
    ///
    /// The time tells only what Django's tells (tickets 20760 and 26313). One hash of the preferred hasher is run
    /// for a user who does not exist, a password that is unusable, an algorithm that is unknown and a row that
    /// cannot be read; and a wrong password on a row of the preferred hasher is brought up to its cost. A row of
    /// another algorithm takes that algorithm's time.
    pub fn check_password(&self, password: &Password, encoded: Option<&str>) -> Check {
        work::run(Checking::new(password.clone(), encoded.map(str::to_owned)), self)
    }

    /// The hasher that stores new passwords.
    pub fn preferred(&self) -> &dyn PasswordHasher {
        self.preferred.as_ref()
    }

    /// The algorithm of a stored password, or `None` where it is not among these hashers: `identify_hasher`.
    pub fn identify(&self, encoded: &str) -> Option<&str> {
        self.hasher_of(encoded).map(PasswordHasher::algorithm)
    }

    /// Whether a stored password should be stored anew at the next sign-in: it is of another algorithm than the
    /// preferred one, of another cost (also a higher one), or its salt holds less than 128 bits. False where the
    /// algorithm is unknown or the password unusable.
    pub fn must_update(&self, encoded: &str) -> bool {
        self.hasher_of(encoded).is_some_and(|hasher| {
            hasher.algorithm() != self.preferred.algorithm() || self.preferred.must_update(encoded)
        })
    }

    pub(crate) fn salt(&self, rng: &mut (impl CryptoRng + ?Sized)) -> String {
        self.preferred.salt(&mut &mut *rng)
    }

    /// The hasher of a row whose password may be verified.
    pub(crate) fn verifier_of(&self, encoded: &str) -> Option<&dyn PasswordHasher> {
        self.hasher_of(encoded)
            .filter(|_| is_password_usable(Some(encoded)))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// The place of one of these hashers; the preferred one has 0.
    pub(crate) fn number_of(&self, hasher: &dyn PasswordHasher) -> usize {
        self.hashers()
            .position(|other| other.algorithm() == hasher.algorithm())
            .unwrap_or_default()
    }

    fn add_legacy(&mut self, costs: &Costs) {
        // A preferred `bcrypt` must truncate too: the rows are found by their algorithm.
        let bcrypt = || Box::new(Bcrypt::truncating(costs.bcrypt));
        if self.preferred.algorithm() == Algorithm::Bcrypt.name() {
            self.preferred = bcrypt();
        }
        self.others
            .retain(|hasher| hasher.algorithm() != Algorithm::Bcrypt.name());
        self.others
            .extend([bcrypt() as Box<dyn PasswordHasher>, Box::new(Md5), Box::new(Sha1)]);
        self.others.extend([
            Box::new(UnsaltedSha1) as Box<dyn PasswordHasher>,
            Box::new(UnsaltedMd5),
        ]);
    }

    pub(crate) fn hasher_of(&self, encoded: &str) -> Option<&dyn PasswordHasher> {
        let algorithm = encoded::algorithm_of(encoded);
        self.hashers().find(|hasher| hasher.algorithm() == algorithm)
    }

    fn hashers(&self) -> impl Iterator<Item = &dyn PasswordHasher> {
        std::iter::once(&self.preferred)
            .chain(&self.others)
            .map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unreadable;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    const COST: u32 = 10;

    /// Counts the work it is asked for. Its rows are `counting$cost$password`.
    struct Counting {
        work: Arc<AtomicU32>,
    }

    impl Counting {
        fn add(&self, work: u32) {
            self.work.fetch_add(work, Ordering::Relaxed);
        }
    }

    fn cost_of(encoded: &str) -> Option<u32> {
        encoded::decimal(encoded.split('$').nth(1)?)
    }

    impl PasswordHasher for Counting {
        fn algorithm(&self) -> &'static str {
            "counting"
        }

        fn encode(&self, password: &Password, _salt: &str) -> Result<String, Error> {
            self.add(COST);
            Ok(format!("counting${COST}${}", password.expose()))
        }

        fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
            self.add(cost_of(encoded).ok_or(Unreadable)?);
            Ok(encoded.ends_with(&format!("${}", password.expose())))
        }

        fn must_update(&self, encoded: &str) -> bool {
            cost_of(encoded) != Some(COST)
        }

        fn harden_runtime(&self, _password: &Password, encoded: &str) {
            self.add(COST.saturating_sub(cost_of(encoded).unwrap_or(COST)));
        }
    }

    /// The answer, and the work it took.
    fn check(encoded: Option<&str>) -> (Check, u32) {
        let work = Arc::new(AtomicU32::new(0));
        let counting = Counting {
            work: Arc::clone(&work),
        };
        let costs = Costs::default();
        let others = [
            Algorithm::Pbkdf2Sha256,
            Algorithm::Argon2,
            Algorithm::Bcrypt,
            Algorithm::Scrypt,
        ];
        let others = others.map(|algorithm| algorithm.hasher(&costs).unwrap());
        let hashers: Vec<Box<dyn PasswordHasher>> = vec![Box::new(counting)];
        let hashers = Hashers::from_hashers(hashers.into_iter().chain(others).collect()).unwrap();
        let found = hashers.check_password(&Password::from("1234".to_owned()), encoded);
        (found, work.load(Ordering::Relaxed))
    }

    #[test]
    fn whoever_cannot_sign_in_costs_exactly_one_hash() {
        let wrong = Check {
            correct: false,
            must_update: false,
        };
        for (what, encoded) in [
            ("no such user", None),
            (
                "an unusable password",
                Some("!tU1sMtZZ7LWAvxEJwd8HAvfTaXbGRl2jRkB5rGZa"),
            ),
            (
                "an unusable password that looks like a row",
                Some("!counting$10$1234"),
            ),
            ("the mark alone", Some("!")),
            ("no text", Some("")),
            (
                "an algorithm that is not installed",
                Some("pbkdf2_sha512$1000$seasalt$x"),
            ),
            ("unsalted md5", Some("81dc9bdb52d04dc20036dbd8313ed055")),
            ("a malformed row", Some("counting$")),
            (
                "a malformed row of another algorithm",
                Some("pbkdf2_sha256$1000$seasalt"),
            ),
            ("a malformed bcrypt row", Some("bcrypt$$2b$04$short")),
            (
                "a row of iterations beyond measure",
                Some("pbkdf2_sha256$2147483647$seasalt$x"),
            ),
            (
                "a row of memory beyond measure",
                Some("scrypt$1073741824$seasalt$8$1$x"),
            ),
            ("a wrong password", Some("counting$10$4321")),
            ("a wrong password on a cheaper row", Some("counting$3$4321")),
        ] {
            assert_eq!(check(encoded), (wrong, COST), "{what}");
        }
    }

    #[test]
    fn a_right_password_costs_what_its_row_says() {
        assert_eq!(
            check(Some("counting$10$1234")),
            (
                Check {
                    correct: true,
                    must_update: false
                },
                10
            )
        );
        assert_eq!(
            check(Some("counting$3$1234")),
            (
                Check {
                    correct: true,
                    must_update: true
                },
                3
            )
        );
        assert_eq!(
            check(Some("counting$11$1234")),
            (
                Check {
                    correct: true,
                    must_update: true
                },
                11
            )
        );
    }

    #[test]
    fn django_s_default_hashers_are_the_five_of_its_settings() {
        let django = Hashers::django();
        let names: Vec<_> = django.hashers().map(PasswordHasher::algorithm).collect();
        assert_eq!(
            names,
            [
                "pbkdf2_sha256",
                "pbkdf2_sha1",
                "argon2",
                "bcrypt_sha256",
                "scrypt"
            ]
        );
    }
}
