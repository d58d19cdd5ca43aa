//! `SESSION_*` of Django 5.2 (`conf/global_settings.py`).

use super::SameSite;

/// How the session cookie is written, and how long a session lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSettings {
    /// `SESSION_COOKIE_NAME`, default `sessionid`.
    pub cookie_name: String,
    /// `SESSION_COOKIE_AGE` in seconds, default two weeks. The row lives as long, whatever the cookie does.
    pub cookie_age: u32,
    /// `SESSION_COOKIE_DOMAIN`.
    pub cookie_domain: Option<String>,
    /// `SESSION_COOKIE_PATH`, default `/`.
    pub cookie_path: String,
    /// `SESSION_COOKIE_SECURE`: true under `serve`, false under `dev`; Django's default is false.
    pub cookie_secure: bool,
    /// `SESSION_COOKIE_HTTPONLY`, default true.
    pub cookie_httponly: bool,
    /// `SESSION_COOKIE_SAMESITE`, default `Lax`.
    pub cookie_samesite: SameSite,
    /// `SESSION_EXPIRE_AT_BROWSER_CLOSE`, default false: a cookie without Max-Age.
    pub expire_at_browser_close: bool,
}
