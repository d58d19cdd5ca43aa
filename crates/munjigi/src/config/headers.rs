//! The headers that Django's `SecurityMiddleware` and `XFrameOptionsMiddleware` add to an answer.

use http::HeaderValue;

/// `SECURE_*` and `X_FRAME_OPTIONS`, ready to be sent. `None`: the header is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityHeaders {
    /// `Strict-Transport-Security`, from `SECURE_HSTS_SECONDS`, `_INCLUDE_SUBDOMAINS` and `_PRELOAD`; sent on
    /// answers to HTTPS requests only. Default none.
    pub strict_transport_security: Option<HeaderValue>,
    /// `X-Content-Type-Options: nosniff` (`SECURE_CONTENT_TYPE_NOSNIFF`), default sent.
    pub content_type_options: Option<HeaderValue>,
    /// `Referrer-Policy` (`SECURE_REFERRER_POLICY`), default `same-origin`.
    pub referrer_policy: Option<HeaderValue>,
    /// `Cross-Origin-Opener-Policy` (`SECURE_CROSS_ORIGIN_OPENER_POLICY`), default `same-origin`.
    pub cross_origin_opener_policy: Option<HeaderValue>,
    /// `X-Frame-Options` (`X_FRAME_OPTIONS`), default `DENY`.
    pub frame_options: Option<HeaderValue>,
}
