//! `CORS_*`, with the names and meanings of django-cors-headers 4 (`corsheaders/conf.py`).

use http::{HeaderName, Method};
use std::time::Duration;

/// Which pages of other origins may read our answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsSettings {
    /// `CORS_ALLOWED_ORIGINS` and `CORS_ALLOW_ALL_ORIGINS`.
    pub origins: AllowedOrigins,
    /// `CORS_ALLOW_CREDENTIALS`: whether such pages may send cookies. True under `dev`.
    pub allow_credentials: bool,
    /// `CORS_ALLOW_METHODS`.
    pub allow_methods: Vec<Method>,
    /// `CORS_ALLOW_HEADERS`.
    pub allow_headers: Vec<HeaderName>,
    /// `CORS_EXPOSE_HEADERS`.
    pub expose_headers: Vec<HeaderName>,
    /// `CORS_PREFLIGHT_MAX_AGE`, default one day; zero leaves the header out.
    pub preflight_max_age: Duration,
}

/// The origins that CORS lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// `CORS_ALLOWED_ORIGINS`: these, compared without regard to case; empty under `serve` unless written.
    Listed(Vec<String>),
    /// Every loopback origin (`localhost`, `127.0.0.0/8`, `[::1]`, any port): `dev` unless written.
    Loopback,
    /// `CORS_ALLOW_ALL_ORIGINS`.
    All,
}
