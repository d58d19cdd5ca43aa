//! A stored password that comes from somewhere else, as in an import: whether a hasher here could ever verify it, looked at
//! without hashing anything.
//!
//! Django has nothing like it: `loaddata` writes whatever stands in the column.

use crate::{Algorithm, Hashers, is_password_usable};
use std::borrow::Cow;

/// Why no password would ever be right for a stored text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// It is of no algorithm that is known here.
    #[error(
        "the password is in no encoding that Django knows; one in plain text is not taken, for whoever reads the \
         file or the database could sign in with it"
    )]
    Unknown,
    /// It is of an algorithm whose hasher is not in `PASSWORD_HASHERS`.
    #[error("the password is {0}'s, and no hasher of PASSWORD_HASHERS verifies it; write \"{1}\" there")]
    NotListed(&'static str, &'static str),
    /// It is of an algorithm that Django dropped.
    #[error(
        "the password is {0}'s, which Django verifies no more; have legacy rows verified to take it \
         (VERIFY_LEGACY_PASSWORDS)"
    )]
    Removed(&'static str),
    /// It is of this algorithm, and cannot be read.
    #[error("the password begins as {0}'s do, and is not whole")]
    Malformed(&'static str),
    /// It asks for more work or memory than a stored password may.
    #[error("the password asks for more work or memory than one of {0} may")]
    TooCostly(&'static str),
}

impl Hashers {
    /// The text to store for a password that was stored elsewhere: the same where Django or we wrote it, in Django's
    /// encoding where it is a bare hash of bcrypt (`$2a$`, `$2b$`, `$2y$`) or of Argon2 (`$argon2id$` and its kin).
    /// What marks no password at all is taken too: the empty text, and what `set_unusable_password` writes.
    ///
    /// ```
    /// # use munjigi_passwords::{Hashers, Unfit};
    /// let hashers = Hashers::django();
    /// let bare = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A";
    /// assert_eq!(hashers.admit(bare).unwrap(), format!("argon2{bare}"));
    /// assert_eq!(hashers.admit("correct horse battery staple"), Err(Unfit::Unknown));
    /// ```
    ///
    /// # Errors
    /// Why no password would ever be right for it.
    pub fn admit<'a>(&self, stored: &'a str) -> Result<Cow<'a, str>, Unfit> {
        if stored.is_empty() || !is_password_usable(Some(stored)) {
            return Ok(Cow::Borrowed(stored));
        }
        let encoded = in_djangos_encoding(stored);
        match self.hasher_of(&encoded) {
            Some(hasher) => hasher.takes(&encoded).map(|()| encoded),
            None => Err(unlisted(&encoded)),
        }
    }
}

fn in_djangos_encoding(stored: &str) -> Cow<'_, str> {
    // `2x` is what crypt_blowfish calls its own old mistake, which no hasher here repeats.
    if ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|mark| stored.starts_with(mark))
    {
        Cow::Owned(format!("bcrypt${stored}"))
    } else if ["$argon2id$", "$argon2i$", "$argon2d$"]
        .iter()
        .any(|mark| stored.starts_with(mark))
    {
        Cow::Owned(format!("argon2{stored}"))
    } else {
        Cow::Borrowed(stored)
    }
}

/// Why no hasher has it. A password in plain text may be as long as a hash of MD5, or begin as an encoding does.
fn unlisted(encoded: &str) -> Unfit {
    let named = encoded.split_once('$').map(|(name, _)| name);
    let listed = Algorithm::ALL
        .into_iter()
        .find(|algorithm| Some(algorithm.name()) == named);
    match (listed, named) {
        (Some(algorithm), _) => Unfit::NotListed(algorithm.name(), algorithm.class()),
        (None, Some("sha1")) => Unfit::Removed("sha1"),
        _ => Unfit::Unknown,
    }
}
