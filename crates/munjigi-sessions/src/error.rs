//! What can be wrong with a stored session.

use thiserror::Error;

/// Why a session, or a part of it, was not read. No message holds any of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// No key of `SECRET_KEY` and `SECRET_KEY_FALLBACKS` has signed it. Django logs "Session data corrupted".
    #[error("The session data is not signed with SECRET_KEY or one of SECRET_KEY_FALLBACKS.")]
    Signature,
    /// It is signed, but holds no JSON object that can be taken: other bytes, another JSON value, too deep, too large.
    #[error("The session data is signed, but is not a session: it holds no JSON object within the limits.")]
    Payload,
    /// `_session_expiry` is neither seconds nor a date with its offset. Django raises an error that ends in a 500.
    #[error(
        "The session's _session_expiry is neither a number of seconds nor a date with an offset from UTC, such as \
         2026-01-01T00:00:00+00:00."
    )]
    Expiry,
}

impl SessionError {
    /// A stable name for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Signature => "session_bad_signature",
            Self::Payload => "session_malformed_payload",
            Self::Expiry => "session_malformed_expiry",
        }
    }
}
