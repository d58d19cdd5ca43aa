//! `django.middleware.csrf`: the secret in the cookie, the masked token in the form or header, and whether a request
//! may change anything.
//!
//! [`check`] is `CsrfViewMiddleware.process_view` as a function of settings and request. What Django does around it
//! is left to the server: when the cookie is set ([`CsrfSecret::new`] at sign-in, `rotate_token`; and where a cookie
//! does not parse), and which views are exempt.
//!
//! ```
//! use munjigi_signing::csrf::{CsrfRequest, CsrfSecret, CsrfSettings, check};
//! # use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
//! # let mut rng = ChaCha20Rng::seed_from_u64(1);
//!
//! let secret = CsrfSecret::new(&mut rng);
//! let token = secret.mask(&mut rng);
//! let request = CsrfRequest {
//!     method: "POST",
//!     is_secure: false,
//!     host: Some("testserver"),
//!     origin: Some("http://testserver"),
//!     referer: None,
//!     cookie: Some(secret.expose()),
//!     form_token: None,
//!     header_token: Some(&token),
//! };
//! assert_eq!(check(&CsrfSettings::default(), &request), Ok(()));
//!
//! let forged = CsrfRequest { origin: Some("http://evil.example"), ..request };
//! assert_eq!(
//!     check(&CsrfSettings::default(), &forged).unwrap_err().to_string(),
//!     "Origin checking failed - http://evil.example does not match any trusted origins."
//! );
//! ```

mod origin;
mod secret;
mod settings;

pub use secret::{CsrfSecret, TokenFormat};
pub use settings::CsrfSettings;

use origin::{SplitUrl, is_same_domain};
use thiserror::Error;

/// `CSRF_SESSION_KEY`: under it a session holds the secret where `CSRF_USE_SESSIONS` keeps it there.
pub const CSRF_SESSION_KEY: &str = "_csrftoken";

/// What the check reads of a request. Header values are text as Django sees them: bytes above ASCII as Latin-1.
#[derive(Clone, Copy)]
pub struct CsrfRequest<'a> {
    /// The method, in upper case as it came.
    pub method: &'a str,
    /// `request.is_secure()`: whether the client speaks HTTPS, by `SECURE_PROXY_SSL_HEADER` behind a proxy.
    pub is_secure: bool,
    /// `request.get_host()`: host and port as in the Host header (`X-Forwarded-Host` with `USE_X_FORWARDED_HOST`);
    /// `None` where `ALLOWED_HOSTS` does not allow it.
    pub host: Option<&'a str>,
    /// The Origin header.
    pub origin: Option<&'a str>,
    /// The Referer header.
    pub referer: Option<&'a str>,
    /// The cookie `CSRF_COOKIE_NAME`; with `CSRF_USE_SESSIONS`, `_csrftoken` of the session.
    pub cookie: Option<&'a str>,
    /// The form field `csrfmiddlewaretoken`, the last one if there are several. Only a POST is asked for it.
    pub form_token: Option<&'a str>,
    /// The header [`CsrfSettings::request_header`].
    pub header_token: Option<&'a str>,
}

/// `CsrfViewMiddleware.process_view` of Django 5.2: a safe method passes; otherwise the Origin must be trusted, or in
/// its absence over HTTPS the Referer, and the token must be that of the cookie. In that order.
///
/// # Errors
/// [`CsrfFailure`], whose text is Django's reason.
pub fn check(settings: &CsrfSettings, request: &CsrfRequest<'_>) -> Result<(), CsrfFailure> {
    if matches!(request.method, "GET" | "HEAD" | "OPTIONS" | "TRACE") {
        return Ok(());
    }
    match request.origin {
        Some(origin) if origin_verified(settings, request, origin) => {}
        Some(origin) => return Err(CsrfFailure::BadOrigin(origin.to_owned())),
        None if request.is_secure => check_referer(settings, request)?,
        None => {}
    }
    check_token(settings, request)
}

/// Why a request was refused. `Display` is Django's `reason`, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CsrfFailure {
    /// `REASON_BAD_ORIGIN`, with the Origin.
    #[error("Origin checking failed - {0} does not match any trusted origins.")]
    BadOrigin(String),
    /// `REASON_NO_REFERER`: HTTPS with neither Origin nor Referer.
    #[error("Referer checking failed - no Referer.")]
    NoReferer,
    /// `REASON_MALFORMED_REFERER`.
    #[error("Referer checking failed - Referer is malformed.")]
    MalformedReferer,
    /// `REASON_INSECURE_REFERER`: a page over HTTP posts to HTTPS.
    #[error("Referer checking failed - Referer is insecure while host is secure.")]
    InsecureReferer,
    /// `REASON_BAD_REFERER`, with the Referer.
    #[error("Referer checking failed - {0} does not match any trusted origins.")]
    BadReferer(String),
    /// `REASON_NO_CSRF_COOKIE`.
    #[error("CSRF cookie not set.")]
    NoCookie,
    /// The cookie is no secret.
    #[error("CSRF cookie {0}.")]
    Cookie(TokenFormat),
    /// `REASON_CSRF_TOKEN_MISSING`: neither form field nor header.
    #[error("CSRF token missing.")]
    TokenMissing,
    /// What the request carries is no token.
    #[error("CSRF token from {from} {format}.")]
    Token {
        /// Where it stood.
        from: TokenSource,
        /// What is wrong with it.
        format: TokenFormat,
    },
    /// A token, but not of this cookie's secret.
    #[error("CSRF token from {from} incorrect.")]
    TokenIncorrect {
        /// Where it stood.
        from: TokenSource,
    },
}

impl CsrfFailure {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadOrigin(_) => "csrf_bad_origin",
            Self::NoReferer => "csrf_no_referer",
            Self::MalformedReferer => "csrf_malformed_referer",
            Self::InsecureReferer => "csrf_insecure_referer",
            Self::BadReferer(_) => "csrf_bad_referer",
            Self::NoCookie => "csrf_no_cookie",
            Self::Cookie(_) => "csrf_malformed_cookie",
            Self::TokenMissing => "csrf_token_missing",
            Self::Token { .. } => "csrf_malformed_token",
            Self::TokenIncorrect { .. } => "csrf_token_incorrect",
        }
    }
}

/// Where a request's token stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// The form field `csrfmiddlewaretoken`.
    Post,
    /// A header, spelt as Django spells it: `X-Csrftoken`.
    Header(String),
}

impl std::fmt::Display for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Post => f.write_str("POST"),
            Self::Header(name) => write!(f, "the '{name}' HTTP header"),
        }
    }
}

/// `_origin_verified`: whether the Origin is the request's own or a trusted one. For who asks no token and yet wants to
/// know whether a foreign page sends the request.
pub fn origin_verified(settings: &CsrfSettings, request: &CsrfRequest<'_>, origin: &str) -> bool {
    let scheme = if request.is_secure { "https" } else { "http" };
    let own = request.host.is_some_and(|host| {
        origin
            .strip_prefix(scheme)
            .and_then(|rest| rest.strip_prefix("://"))
            == Some(host)
    });
    own || settings.trusts_origin(origin)
}

/// `_check_referer`.
fn check_referer(settings: &CsrfSettings, request: &CsrfRequest<'_>) -> Result<(), CsrfFailure> {
    let text = request.referer.ok_or(CsrfFailure::NoReferer)?;
    let referer = SplitUrl::parse(text).ok_or(CsrfFailure::MalformedReferer)?;
    if referer.scheme.is_empty() || referer.netloc.is_empty() {
        return Err(CsrfFailure::MalformedReferer);
    }
    if referer.scheme != "https" {
        return Err(CsrfFailure::InsecureReferer);
    }
    if settings.trusts_netloc(&referer.netloc) {
        return Ok(());
    }
    match settings.good_referer(request.host) {
        Some(good) if is_same_domain(&referer.netloc, &good) => Ok(()),
        _ => Err(CsrfFailure::BadReferer(referer.to_string())),
    }
}

/// `_check_token`.
fn check_token(settings: &CsrfSettings, request: &CsrfRequest<'_>) -> Result<(), CsrfFailure> {
    let cookie = request.cookie.ok_or(CsrfFailure::NoCookie)?;
    let secret = CsrfSecret::parse(cookie).map_err(CsrfFailure::Cookie)?;
    let in_form = request
        .form_token
        .filter(|token| request.method == "POST" && !token.is_empty());
    let token = in_form
        .or(request.header_token)
        .ok_or(CsrfFailure::TokenMissing)?;
    let from = || match in_form {
        Some(_) => TokenSource::Post,
        None => TokenSource::Header(settings.request_header().to_owned()),
    };
    match secret.matches(token) {
        Ok(true) => Ok(()),
        Ok(false) => Err(CsrfFailure::TokenIncorrect { from: from() }),
        Err(format) => Err(CsrfFailure::Token { from: from(), format }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "aA0bB1cC2dD3eE4fF5gG6hH7iI8jJ9kK";

    fn post() -> CsrfRequest<'static> {
        CsrfRequest {
            method: "POST",
            is_secure: false,
            host: Some("testserver"),
            origin: None,
            referer: None,
            cookie: Some(SECRET),
            form_token: None,
            header_token: Some(SECRET),
        }
    }

    fn reason(request: CsrfRequest<'_>) -> String {
        check(&CsrfSettings::default(), &request).unwrap_err().to_string()
    }

    #[test]
    fn a_method_in_lower_case_is_not_safe() {
        assert_eq!(
            reason(CsrfRequest {
                method: "get",
                cookie: None,
                ..post()
            }),
            "CSRF cookie not set."
        );
    }

    #[test]
    fn a_form_field_counts_in_a_post_only() {
        let put = CsrfRequest {
            method: "PUT",
            form_token: Some(SECRET),
            header_token: None,
            ..post()
        };
        assert_eq!(reason(put), "CSRF token missing.");
    }

    #[test]
    fn a_wrong_form_field_is_not_saved_by_the_header() {
        let request = CsrfRequest {
            form_token: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            ..post()
        };
        assert_eq!(reason(request), "CSRF token from POST incorrect.");
    }

    #[test]
    fn an_own_origin_is_compared_with_scheme_and_port() {
        let with = |origin| CsrfRequest {
            origin: Some(origin),
            ..post()
        };
        assert_eq!(
            check(&CsrfSettings::default(), &with("http://testserver")),
            Ok(())
        );
        for origin in [
            "https://testserver",
            "http://testserver:80",
            "http://testserver/",
            "HTTP://testserver",
            "null",
            "",
        ] {
            assert!(
                reason(with(origin)).starts_with("Origin checking failed"),
                "{origin:?}"
            );
        }
    }
}
