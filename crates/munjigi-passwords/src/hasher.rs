//! One hashing algorithm: `BasePasswordHasher` of Django 5.2 (`contrib/auth/hashers.py`) and its subclasses.

mod argon2;
mod bcrypt;
mod legacy;
mod md5;
mod pbkdf2;
mod scrypt;

use crate::{Costs, Error, Password, Unfit, encoded};
use argon2::Argon2;
use pbkdf2::Pbkdf2Sha1;
use rand_core::CryptoRng;
use scrypt::Scrypt;

pub(crate) use bcrypt::Bcrypt;
pub(crate) use legacy::{Sha1, UnsaltedMd5, UnsaltedSha1};
pub(crate) use md5::Md5;
pub use pbkdf2::Pbkdf2Sha256;
pub(crate) use pbkdf2::alone;

/// An algorithm that stores and verifies passwords. Django's are behind [`Algorithm::hasher`]; a project with a
/// hasher of its own implements this trait and passes it to [`Hashers::from_hashers`](crate::Hashers::from_hashers).
///
/// The work that [`verify`](Self::verify), [`encode`](Self::encode) and [`spend`](Self::spend) do must depend on the
/// cost alone, never on whether the password is right.
pub trait PasswordHasher: Send + Sync {
    /// The prefix of the rows of this hasher, without `$`: Django's `algorithm`.
    fn algorithm(&self) -> &str;

    /// Whether the hasher reads old rows but stores no new password. Such a hasher cannot come first.
    fn verifies_only(&self) -> bool {
        false
    }

    /// A new salt in the form that [`encode`](Self::encode) takes: by default 22 characters of `[a-zA-Z0-9]`.
    fn salt(&self, rng: &mut dyn CryptoRng) -> String {
        encoded::random_string(encoded::SALT_LEN, rng)
    }

    /// The text to store for the password, at this hasher's own cost.
    ///
    /// # Errors
    /// [`Error::PasswordTooLong`] where the algorithm would ignore a part of the password, [`Error::InvalidSalt`]
    /// where the salt is not of this hasher's form, [`Error::OutOfMemory`], and [`Error::VerifyOnly`] where the
    /// hasher stores none.
    fn encode(&self, password: &Password, salt: &str) -> Result<String, Error>;

    /// Whether the password is the one that was stored.
    ///
    /// # Errors
    /// [`Unreadable`] where the text is not a row of this hasher or asks for more than a row may. Nothing has been
    /// hashed then, and the caller runs [`spend`](Self::spend) of the preferred hasher instead.
    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable>;

    /// Whether [`verify`](Self::verify) could ever find a password right for this text: it is a row of this hasher, whole,
    /// and asks for no more than a row may. By default nothing is looked at, and it could.
    ///
    /// # Errors
    /// [`Unfit::Malformed`] and [`Unfit::TooCostly`].
    fn takes(&self, _encoded: &str) -> Result<(), Unfit> {
        Ok(())
    }

    /// Whether the row should be stored anew: another cost than this hasher's (also a higher one), or a short salt.
    /// A row that cannot be read should.
    fn must_update(&self, encoded: &str) -> bool;

    /// After a wrong password: the work by which this hasher's cost exceeds the row's, so that an old row takes no
    /// less time than a new one. By default nothing, as in Django where the cost is no plain number.
    fn harden_runtime(&self, _password: &Password, _encoded: &str) {}

    /// Django's PBKDF2 with SHA-256, where this hasher is that and nothing else: the pool then runs its iterations in the
    /// lanes of the processor, beside those of other sign-ins. By default it is another, which runs whole.
    fn in_lanes(&self) -> Option<&Pbkdf2Sha256> {
        None
    }

    /// The work of one [`encode`](Self::encode), for nobody: the user does not exist, or his row cannot be read.
    fn spend(&self, password: &Password) {
        // The result goes nowhere, which must not tempt the optimiser to leave the work out.
        drop(std::hint::black_box(self.encode(password, encoded::SPENT_SALT)));
    }
}

/// The stored text is not a row of this hasher, or its cost is beyond what a row may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// The hashers of Django 5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// `PBKDF2PasswordHasher`, Django's default.
    Pbkdf2Sha256,
    /// `PBKDF2SHA1PasswordHasher`.
    Pbkdf2Sha1,
    /// `Argon2PasswordHasher`.
    Argon2,
    /// `BCryptSHA256PasswordHasher`: bcrypt over the SHA-256 of the password, so that its length does not matter.
    BcryptSha256,
    /// `BCryptPasswordHasher`: bcrypt alone, which reads 72 bytes. A longer password is refused when it is stored
    /// and is wrong when it is verified.
    Bcrypt,
    /// `ScryptPasswordHasher`.
    Scrypt,
    /// `MD5PasswordHasher`. It verifies old rows and stores none, unlike in Django.
    Md5,
}

impl Algorithm {
    /// All of them, Django's default first.
    pub const ALL: [Self; 7] = [
        Self::Pbkdf2Sha256,
        Self::Pbkdf2Sha1,
        Self::Argon2,
        Self::BcryptSha256,
        Self::Bcrypt,
        Self::Scrypt,
        Self::Md5,
    ];

    /// The prefix of its rows: Django's `algorithm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pbkdf2Sha256 => "pbkdf2_sha256",
            Self::Pbkdf2Sha1 => "pbkdf2_sha1",
            Self::Argon2 => "argon2",
            Self::BcryptSha256 => "bcrypt_sha256",
            Self::Bcrypt => "bcrypt",
            Self::Scrypt => "scrypt",
            Self::Md5 => "md5",
        }
    }

    /// Reads an entry of `PASSWORD_HASHERS`: the class's dotted path or its name alone.
    ///
    /// ```
    /// # use munjigi_passwords::Algorithm;
    /// let algorithm = Algorithm::from_class_path("django.contrib.auth.hashers.Argon2PasswordHasher")?;
    /// assert_eq!(algorithm, Algorithm::Argon2);
    /// assert_eq!(Algorithm::from_class_path("ScryptPasswordHasher")?.name(), "scrypt");
    /// # Ok::<(), munjigi_passwords::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::RemovedHasher`] for what Django had until 5.0, [`Error::UnknownHasher`] for anything else.
    pub fn from_class_path(path: &str) -> Result<Self, Error> {
        let class = path.strip_prefix("django.contrib.auth.hashers.").unwrap_or(path);
        if let Some(algorithm) = Self::ALL.into_iter().find(|algorithm| algorithm.class() == class) {
            return Ok(algorithm);
        }
        let path = path.to_owned();
        Err(match class {
            "SHA1PasswordHasher" | "UnsaltedSHA1PasswordHasher" | "UnsaltedMD5PasswordHasher" => {
                Error::RemovedHasher { path }
            }
            _ => Error::UnknownHasher { path },
        })
    }

    /// The hasher of this algorithm at the given cost.
    ///
    /// # Errors
    /// [`Error::InvalidCost`] where the algorithm cannot run with it.
    pub fn hasher(self, costs: &Costs) -> Result<Box<dyn PasswordHasher>, Error> {
        costs.check(self)?;
        Ok(self.hasher_unchecked(costs))
    }

    pub(crate) fn hasher_unchecked(self, costs: &Costs) -> Box<dyn PasswordHasher> {
        match self {
            Self::Pbkdf2Sha256 => Box::new(Pbkdf2Sha256::new(costs.pbkdf2_sha256)),
            Self::Pbkdf2Sha1 => Box::new(Pbkdf2Sha1::new(costs.pbkdf2_sha1)),
            Self::Argon2 => Box::new(Argon2::new(costs.argon2)),
            Self::BcryptSha256 => Box::new(Bcrypt::over_sha256(costs.bcrypt_sha256)),
            Self::Bcrypt => Box::new(Bcrypt::plain(costs.bcrypt)),
            Self::Scrypt => Box::new(Scrypt::new(costs.scrypt)),
            Self::Md5 => Box::new(Md5),
        }
    }

    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Pbkdf2Sha256 => "PBKDF2PasswordHasher",
            Self::Pbkdf2Sha1 => "PBKDF2SHA1PasswordHasher",
            Self::Argon2 => "Argon2PasswordHasher",
            Self::BcryptSha256 => "BCryptSHA256PasswordHasher",
            Self::Bcrypt => "BCryptPasswordHasher",
            Self::Scrypt => "ScryptPasswordHasher",
            Self::Md5 => "MD5PasswordHasher",
        }
    }
}
