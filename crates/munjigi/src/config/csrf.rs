//! `CSRF_*` of Django 5.2 (`conf/global_settings.py`).

use super::SameSite;

/// How the CSRF cookie is written, and which other origins may send what it protects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsrfSettings {
    /// `CSRF_COOKIE_NAME`, default `csrftoken`.
    pub cookie_name: String,
    /// `CSRF_COOKIE_AGE` in seconds, default 52 weeks; `None` for a cookie that ends with the browser.
    pub cookie_age: Option<u32>,
    /// `CSRF_COOKIE_DOMAIN`.
    pub cookie_domain: Option<String>,
    /// `CSRF_COOKIE_PATH`, default `/`.
    pub cookie_path: String,
    /// `CSRF_COOKIE_SECURE`: true under `serve`, false under `dev`; Django's default is false.
    pub cookie_secure: bool,
    /// `CSRF_COOKIE_HTTPONLY`, default false: a page reads the cookie to send the header.
    pub cookie_httponly: bool,
    /// `CSRF_COOKIE_SAMESITE`, default `Lax`.
    pub cookie_samesite: SameSite,
    /// `CSRF_HEADER_NAME` as settings.py writes it (`request.META`), default `HTTP_X_CSRFTOKEN`.
    pub header_name: String,
    /// `CSRF_TRUSTED_ORIGINS`, each with its scheme; `https://*.example.com` stands for all subdomains.
    pub trusted_origins: Vec<String>,
}
