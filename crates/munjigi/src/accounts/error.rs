//! What an account's rules refuse.

use crate::app::Stale;
use crate::i18n::FieldErrors;
use munjigi_tokens::TokenClass;
use munjigi_tokens::jwt_auth::Refusal;
use std::time::Duration;

/// The result of everything in [`crate::accounts`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A refusal. Which status and which words it becomes is decided where the answer is written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Wrong, unknown, inactive or unusable: one refusal for all.
    #[error("The credentials are not those of an active account.")]
    InvalidCredentials,
    /// Some fields are not as they must be.
    #[error("{}", sentences(.0))]
    Invalid(FieldErrors),
    /// A token that was presented by itself, as to a refresh.
    #[error(transparent)]
    Token(#[from] munjigi_tokens::Error),
    /// A token that was presented as a credential, and why each class of `AUTH_TOKEN_CLASSES` refused it.
    #[error("The token is of no class that is taken.")]
    Bearer(Vec<(TokenClass, munjigi_tokens::Error)>),
    /// A token that `[SIMPLE_JWT_CLAIMS]` makes longer than anybody would take it back.
    #[error(
        "The token of this user would be {length} bytes long, and no more than {longest} can be taken back. Keep what \
         SIMPLE_JWT_CLAIMS puts into tokens short: fewer groups and permissions, or `is_staff` in their place."
    )]
    TokenTooLong {
        /// Its length in bytes.
        length: usize,
        /// The longest that can be used.
        longest: usize,
    },
    /// The user of a refresh token is gone, or may no longer come in.
    #[error("The token's account is not active.")]
    NoActiveAccount,
    /// The user of a token that is to be refreshed has another password than it was made for: what simplejwt's `main`
    /// has words for.
    #[error("The token was made for another password.")]
    PasswordChanged,
    /// A refresh token that was used up came again, and the sign-in behind it has ended for that.
    #[error("The token was used by two, and its sign-in has ended.")]
    TokenReused,
    /// The sign-in behind a refresh token was another one each time that its token was to be rotated.
    #[error("Others rotated the token each time. Try again in a moment.")]
    Contended,
    /// The user of an access token is gone.
    #[error("The token's user does not exist.")]
    UserNotFound,
    /// The user of an access token may no longer come in.
    #[error("The token's user is inactive.")]
    UserInactive,
    /// A token of djangorestframework-jwt's that opens nothing.
    #[error(transparent)]
    JsonWebToken(#[from] JsonWebTokenRefused),
    /// A user who is to be deleted, and to whom a row of a table refers that is not ours.
    #[error("Rows of other tables refer to the user.")]
    AccountInUse,
    /// A command named a user who is not there.
    #[error("There is no user \"{0}\". `munjigi users list` names them.")]
    NoSuchUser(String),
    /// A user was to be made whose key is a text, and what it is to be only Django knows.
    #[error(
        "The model's primary key is a text, and munjigi cannot choose one. Run `python manage.py createsuperuser` in the \
         Django project."
    )]
    NoKey,
    /// A user was to be made, and a field has neither a value nor a default, nor may it be null.
    #[error(
        "There is nothing to write into the field \"{0}\" of a new user. Write the `default` of [user.fields.{0}], or run \
         `python manage.py createsuperuser` in the Django project."
    )]
    NothingToWrite(String),
    /// A user was to be shut out or let in, and his model has no `is_active`.
    #[error(
        "{0} has no is_active, so that every user is active. `munjigi sessions end` ends a user's sign-ins, and \
         `munjigi changepassword` keeps him out."
    )]
    AlwaysActive(String),
    /// More passwords wait to be hashed than can be in time.
    #[error("Too many passwords wait to be hashed. Try again in a moment.")]
    Busy {
        /// After what time there is likely to be room.
        retry_after: Duration,
    },
    /// So many ask for a password reset, or one client so often, that another would not be looked up in time.
    #[error("Too many wait for a password reset. Try again in a moment.")]
    TooManyResets,
    /// It is not known whether a sign-in has ended.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// A password that the preferred hasher cannot store.
    #[error(transparent)]
    Password(#[from] munjigi_passwords::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] munjigi_store::Error),
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

/// `username: A user with that username already exists.`: for a command's standard error, in English.
fn sentences(errors: &FieldErrors) -> String {
    let lines = errors.iter().flat_map(|(field, texts)| {
        texts
            .iter()
            .map(move |text| format!("{field}: {}", text.render(crate::i18n::Lang::En)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Why a token of djangorestframework-jwt's opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonWebTokenRefused {
    /// By itself.
    #[error(transparent)]
    Token(#[from] Refusal),
    /// Its user is gone, or another has the name now.
    #[error("User doesn't exist.")]
    NoUser,
    /// Its user may no longer come in.
    #[error("User account is disabled.")]
    Inactive,
    /// The sign-in behind it has ended.
    #[error("Token is blacklisted.")]
    Ended,
}
