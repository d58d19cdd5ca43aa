//! Why a token is refused, is not made, or cannot be: `rest_framework_simplejwt.exceptions`.
//!
//! simplejwt raises one class with many sentences and lets Python's own exceptions out where a claim is of an odd
//! type (its server then answers 500). Here each sentence is a variant, and there is no third way.

use std::borrow::Cow;

/// What can go wrong with a token.
///
/// `Display` is simplejwt's English sentence where it has one (`tokens.py`, `backends.py`, `authentication.py` of
/// 5.5.1), to the letter, so that a server can put it into its answer or translate it by variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Malformed, of another algorithm or key, not yet valid, or with a registered claim of a wrong type or value.
    #[error("Token is invalid")]
    Invalid,
    /// `exp` is not later than now less the leeway.
    #[error("Token is expired")]
    Expired,
    /// A token of another kind: a refresh token where an access token is asked for.
    #[error("Token has wrong type")]
    WrongType,
    /// The `TOKEN_TYPE_CLAIM` is missing.
    #[error("Token has no type")]
    NoType,
    /// The `JTI_CLAIM` is missing.
    #[error("Token has no id")]
    NoId,
    /// A time is missing: `exp`, without which a token would never end, or the `SLIDING_TOKEN_REFRESH_EXP_CLAIM` of
    /// a sliding token that is to be refreshed.
    #[error("Token has no '{claim}' claim")]
    NoClaim {
        /// The name of the claim.
        claim: String,
    },
    /// The time in this claim is not later than now less the leeway. (Of `exp` it is [`Expired`](Self::Expired).)
    #[error("Token '{claim}' claim has expired")]
    ClaimExpired {
        /// The name of the claim.
        claim: String,
    },
    /// The token is good by itself, but was ended. This crate keeps no list; who keeps one answers with this.
    #[error("Token is blacklisted")]
    Blacklisted,
    /// The `USER_ID_CLAIM` is missing, or neither a text nor an integer.
    #[error("Token contained no recognizable user identification")]
    NoUserId,
    /// The `REVOKE_TOKEN_CLAIM` is missing, or of another password than the user now has.
    #[error("The user's password has been changed.")]
    PasswordChanged,
    /// A token was to be made for a user whose `is_active` is false, and `CHECK_USER_IS_ACTIVE` is on. simplejwt
    /// makes it and logs a warning.
    #[error("User is inactive")]
    InactiveUser,
    /// The user has no field of the name that `USER_ID_FIELD` gives.
    #[error("The user has no field \"{field}\". Write the name of one that every user has as USER_ID_FIELD.")]
    NoUserIdField {
        /// The value of `USER_ID_FIELD`.
        field: String,
    },
    /// A token was to be made with keys that only verify.
    #[error("There is no key to sign tokens with, only keys that verify them. Write a SIGNING_KEY.")]
    NoSigningKey,
    /// The library beneath could not sign, for want of memory or randomness. Of the HS* never.
    #[error("The token could not be signed")]
    Unsigned,
    /// A claim was to be added that the token sets itself.
    #[error("The claim \"{name}\" is set by the token itself. Add yours under another name.")]
    ReservedClaim {
        /// The name of the claim.
        name: String,
    },
    /// A setting that cannot work. Its sentence says which, and what to write instead.
    #[error("{0}")]
    ImproperlyConfigured(Cow<'static, str>),
}

impl Error {
    /// A stable word for programs: `token_not_valid` for every token that is refused (simplejwt's
    /// `InvalidToken.default_code`), `password_changed`, `user_inactive`, `user_id_field`, `reserved_claim`,
    /// `no_signing_key`, `unsigned`, `improperly_configured`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid
            | Self::Expired
            | Self::WrongType
            | Self::NoType
            | Self::NoId
            | Self::NoClaim { .. }
            | Self::ClaimExpired { .. }
            | Self::Blacklisted
            | Self::NoUserId => "token_not_valid",
            Self::PasswordChanged => "password_changed",
            Self::InactiveUser => "user_inactive",
            Self::NoUserIdField { .. } => "user_id_field",
            Self::NoSigningKey => "no_signing_key",
            Self::Unsigned => "unsigned",
            Self::ReservedClaim { .. } => "reserved_claim",
            Self::ImproperlyConfigured(_) => "improperly_configured",
        }
    }
}
