//! Why another server could not be asked.

use std::{error::Error, sync::Arc};

/// Why another server could not be asked. A clone is the same one.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The address is none that is asked.
    #[error("\"{url}\" {wrong}. Write https://, or http:// and this machine (localhost, 127.0.0.1, [::1]).")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// The host has no address, does not answer, or broke off; its certificate is not good.
    #[error("The server cannot be reached: {0}.")]
    Unreachable(Arc<dyn Error + Send + Sync>),
    /// It took longer than [`TIMEOUT`](super::TIMEOUT).
    #[error("The server did not answer in time.")]
    Timeout,
    /// It answered something else than 200. A redirection is not followed.
    #[error("The server answered {0}.")]
    Status(u16),
    /// It answered more than is read.
    #[error("The server answered more than {0} bytes.")]
    TooLarge(usize),
    /// It answered 200 and something else than was asked for.
    #[error("The server answered {0}.")]
    Malformed(&'static str),
    /// It was asked a moment ago and failed; it is not asked again yet.
    #[error("The server failed a moment ago and is not asked again yet.")]
    AskedTooSoon,
}

impl RemoteError {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "remote_url",
            Self::Unreachable(_) => "remote_unreachable",
            Self::Timeout => "remote_timeout",
            Self::Status(_) => "remote_status",
            Self::TooLarge(_) => "remote_too_large",
            Self::Malformed(_) => "remote_malformed",
            Self::AskedTooSoon => "remote_asked_too_soon",
        }
    }

    pub(super) fn unreachable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreachable(cause.into().into())
    }
}
