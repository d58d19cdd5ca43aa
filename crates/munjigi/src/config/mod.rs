//! Settings: `django.conf.settings`, from `munjigi.toml`, the environment and the command line.
//!
//! In two steps: what is written, with where it is written, and from it the resolved [`Config`] that the rest
//! of the server reads. Scalars are upper-case and carry Django's names; a table stands where settings.py has
//! a dict. Unlike Django, an unknown name, a wrong type and a contradiction stop the start.

mod cookies;
mod cors;
mod csrf;
mod headers;
mod hosts;
mod languages;
mod rest_framework;
mod routes;
mod server;
mod session;

use std::net::SocketAddr;

pub use cookies::SameSite;
pub use cors::{AllowedOrigins, CorsSettings};
pub use csrf::CsrfSettings;
pub use headers::SecurityHeaders;
pub use hosts::{HostSettings, ProxySslHeader};
pub use languages::{Language, LanguageSettings};
pub use rest_framework::AuthenticationClass;
pub use routes::Routes;
pub use server::{Limits, LogFormat, LogSettings};
pub use session::SessionSettings;

/// Which defaults hold: the relaxed ones of `munjigi dev`, or production's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `munjigi dev`: one machine, loopback, no passwords to look after.
    Dev,
    /// `munjigi serve`: production.
    Serve,
}

/// Every setting, read and checked. What the server is told, and nothing it must still decide.
pub struct Config {
    /// Whose defaults were taken for what is not written.
    pub mode: Mode,
    /// `BIND`: the addresses to listen on, at least one.
    pub bind: Vec<SocketAddr>,
    /// `SESSION_*`.
    pub session: SessionSettings,
    /// `CSRF_*`.
    pub csrf: CsrfSettings,
    /// `ALLOWED_HOSTS` and whose word on host, scheme and client address is taken.
    pub hosts: HostSettings,
    /// `CORS_*`, django-cors-headers' names.
    pub cors: CorsSettings,
    /// `SECURE_*` and `X_FRAME_OPTIONS`.
    pub headers: SecurityHeaders,
    /// `LANGUAGE_CODE` and `LANGUAGES`.
    pub languages: LanguageSettings,
    /// `[ROUTES]`: where each route stands.
    pub routes: Routes,
    /// `REST_FRAMEWORK.DEFAULT_AUTHENTICATION_CLASSES`, in order, at least one.
    pub authentication_classes: Vec<AuthenticationClass>,
    /// Sizes, times and counts that bound a client.
    pub limits: Limits,
    /// `LOG_LEVEL` and `LOG_FORMAT`.
    pub log: LogSettings,
    /// Sentences to be said at start: what is allowed but unwise.
    pub warnings: Vec<String>,
}
