//! What can be wrong with a signed text or with a setting of this crate.

use thiserror::Error;

/// Why a text was not unsigned, or a setting not taken. No message holds the text itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SigningError {
    /// `BadSignature`: no key of `SECRET_KEY` and `SECRET_KEY_FALLBACKS` made this signature, or there is none.
    #[error("The signature does not match.")]
    BadSignature,
    /// `SignatureExpired`: a good signature, older than allowed.
    #[error("The signature is older than is allowed here.")]
    SignatureExpired,
    /// A good signature over something that carries no timestamp. Django lets a `ValueError` out here.
    #[error("The signed text carries no readable timestamp.")]
    Timestamp,
    /// A good signature over something that is not base64, zlib or JSON, or JSON too deep or out of Rust's range.
    #[error("The signed text holds no readable payload.")]
    Payload,
    /// A good signature over more than [`MAX_PAYLOAD`](crate::MAX_PAYLOAD) bytes. Django has no such limit.
    #[error("The signed payload is larger than {} bytes.", crate::MAX_PAYLOAD)]
    PayloadTooLarge,
    /// A separator that may occur in a signature; Django's `ValueError` of `Signer.__init__`.
    #[error(
        "The separator {0:?} of a signer may occur in a signature: write one that is neither empty nor made of \
         letters, digits, '-', '_' and '=' alone, such as ':'."
    )]
    UnsafeSeparator(String),
    /// An entry of `CSRF_TRUSTED_ORIGINS` that no request can match.
    #[error(
        "CSRF_TRUSTED_ORIGINS has {0:?}, which no browser sends as an Origin: write scheme://host or \
         scheme://host:port in lower case, or scheme://*.host for a host and all below it."
    )]
    TrustedOrigin(String),
    /// A `CSRF_HEADER_NAME` that names no request header.
    #[error(
        "CSRF_HEADER_NAME is {0:?}, which names no request header: write HTTP_ and the header's name in upper \
         case with '_' for '-', such as HTTP_X_CSRFTOKEN."
    )]
    HeaderName(String),
}

impl SigningError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadSignature => "bad_signature",
            Self::SignatureExpired => "signature_expired",
            Self::Timestamp => "malformed_timestamp",
            Self::Payload => "malformed_payload",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsafeSeparator(_) => "unsafe_separator",
            Self::TrustedOrigin(_) => "invalid_trusted_origin",
            Self::HeaderName(_) => "invalid_csrf_header_name",
        }
    }
}
