//! Django's stored passwords: the hashers, the validators, and a bounded pool that runs the hashing.
//!
//! Mirrors `django.contrib.auth.hashers` and `django.contrib.auth.password_validation` of Django 5.2. A row that
//! Django wrote verifies here, and a row written here verifies there, byte for byte. Where Django raises (and its
//! site answers 500), this crate answers like a wrong password: a malformed row, a row that asks for gigabytes.
//!
//! ```
//! use munjigi_passwords::{Algorithm, Check, Costs, Hashers, LegacyRows, Password};
//! let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
//! let mut costs = Costs::default();
//! costs.pbkdf2_sha256.iterations = 1_000; // for a quick example; leave it at Django's
//! let hashers = Hashers::new(&[Algorithm::Pbkdf2Sha256], &costs, LegacyRows::Refuse)?;
//!
//! let password = Password::from("correct horse battery staple".to_owned());
//! let encoded = hashers.make_password(Some(&password), &mut rng)?;
//! assert!(encoded.starts_with("pbkdf2_sha256$1000$"));
//! assert_eq!(hashers.check_password(&password, Some(&encoded)), Check { correct: true, must_update: false });
//! assert!(!hashers.check_password(&password, None).correct, "no such user: one hash is run all the same");
//! # Ok::<(), munjigi_passwords::Error>(())
//! ```

mod costs;
mod encoded;
mod hasher;
mod hashers;
pub mod pool;
mod speed;
mod stored;
pub mod validation;
mod work;

pub use costs::{Argon2Cost, BcryptCost, Costs, Pbkdf2Cost, ScryptCost};
pub use encoded::is_password_usable;
pub use hasher::{Algorithm, PasswordHasher, Pbkdf2Sha256, Unreadable};
pub use hashers::{Check, Hashers, LegacyRows};
pub use speed::{Speed, speed};
pub use stored::Unfit;

use zeroize::Zeroizing;

/// A password as the user typed it.
///
/// It has no `Debug`, no `Display` and no serialisation, so that it cannot end in a log, and its memory is wiped
/// when it is dropped. It is taken as it comes: nothing is trimmed, folded or normalised, as in Django.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The text itself, for the one place that needs it. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

/// What is wrong with the settings, or with a password that is to be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `PASSWORD_HASHERS` is empty.
    #[error(
        "PASSWORD_HASHERS is empty. Write at least one hasher, such as \
         \"django.contrib.auth.hashers.PBKDF2PasswordHasher\"."
    )]
    NoHashers,
    /// The first hasher of `PASSWORD_HASHERS` is one that new passwords are not stored with.
    #[error(
        "PASSWORD_HASHERS begins with \"{algorithm}\", which only verifies old rows. Put a hasher that may store \
         new passwords first, such as \"django.contrib.auth.hashers.PBKDF2PasswordHasher\"."
    )]
    VerifyOnly {
        /// The algorithm's prefix in a stored password.
        algorithm: String,
    },
    /// A name in `PASSWORD_HASHERS` that Django 5.2 does not have.
    #[error(
        "PASSWORD_HASHERS names \"{path}\", which is not a hasher of Django 5.2. Write one of PBKDF2PasswordHasher, \
         PBKDF2SHA1PasswordHasher, Argon2PasswordHasher, BCryptSHA256PasswordHasher, BCryptPasswordHasher, \
         ScryptPasswordHasher, MD5PasswordHasher, with or without \"django.contrib.auth.hashers.\" before it."
    )]
    UnknownHasher {
        /// What was written.
        path: String,
    },
    /// A name in `PASSWORD_HASHERS` that Django had until 5.0.
    #[error(
        "PASSWORD_HASHERS names \"{path}\", which Django removed in 5.1. Leave it out, and allow the import of \
         legacy rows if some are still to be verified."
    )]
    RemovedHasher {
        /// What was written.
        path: String,
    },
    /// A cost that the algorithm cannot run with.
    #[error("The cost of the hasher \"{algorithm}\" cannot be used: {rule}")]
    InvalidCost {
        /// The algorithm's prefix in a stored password.
        algorithm: &'static str,
        /// What the algorithm asks for, as a sentence.
        rule: &'static str,
    },
    /// `bcrypt` reads 72 bytes of a password and would ignore the rest.
    #[error(
        "The password is longer than {limit} bytes, and bcrypt reads no more than that. Take a shorter password, \
         or put \"django.contrib.auth.hashers.BCryptSHA256PasswordHasher\" first in PASSWORD_HASHERS."
    )]
    PasswordTooLong {
        /// How many bytes the algorithm reads.
        limit: usize,
    },
    /// A salt that the hasher could not read back from a row.
    #[error(
        "The salt is not one that the hasher \"{algorithm}\" makes. Take it from the hasher's method `salt`."
    )]
    InvalidSalt {
        /// The algorithm's prefix in a stored password.
        algorithm: &'static str,
    },
    /// The memory that the cost asks for is not to be had.
    #[error(
        "There is not enough memory to hash a password with \"{algorithm}\". Lower its memory_cost, or let fewer \
         threads hash."
    )]
    OutOfMemory {
        /// The algorithm's prefix in a stored password.
        algorithm: &'static str,
    },
    /// `max_similarity` is below Django's least value.
    #[error("The max_similarity of UserAttributeSimilarityValidator is too small. Write 0.1 or more.")]
    MaxSimilarity,
    /// The operating system gave the pool no thread.
    #[error("The hashing pool could not start a thread: {reason}")]
    Thread {
        /// The operating system's words.
        reason: String,
    },
}

impl Error {
    /// A stable name for the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoHashers => "no_hashers",
            Self::VerifyOnly { .. } => "verify_only",
            Self::UnknownHasher { .. } => "unknown_hasher",
            Self::RemovedHasher { .. } => "removed_hasher",
            Self::InvalidCost { .. } => "invalid_cost",
            Self::PasswordTooLong { .. } => "password_too_long",
            Self::InvalidSalt { .. } => "invalid_salt",
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::MaxSimilarity => "max_similarity",
            Self::Thread { .. } => "thread",
        }
    }
}
