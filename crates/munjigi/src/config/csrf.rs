//! `CSRF_*` of Django 5.2 (`conf/global_settings.py`).

use super::cookies::{Attributes, CookieDomain, CookieName, CookiePath};
use super::hosts::{MetaName, Origin};
use super::kind::Positive;
use super::setting::{Section, Setting};
use super::written::Settings;
use super::{Error, SameSite};

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
    /// `CSRF_USE_SESSIONS`, default false: the token is kept in the session, and there is no such cookie.
    pub use_sessions: bool,
}

const COOKIE_NAME: Setting<CookieName> = Setting::upstream(
    "CSRF_COOKIE_NAME",
    "\"csrftoken\"",
    "The name of the CSRF cookie.",
);
const COOKIE_AGE: Setting<Option<Positive>> = Setting::upstream(
    "CSRF_COOKIE_AGE",
    "31449600",
    "How long the cookie lives. 52 weeks; with \"\" it ends with the browser.",
);
const COOKIE_DOMAIN: Setting<Option<CookieDomain>> = Setting::upstream(
    "CSRF_COOKIE_DOMAIN",
    "\"\"",
    "Set it to share the cookie with all subdomains.",
);
const COOKIE_PATH: Setting<CookiePath> = Setting::upstream(
    "CSRF_COOKIE_PATH",
    "\"/\"",
    "The paths that the browser sends the cookie to.",
);
const COOKIE_SECURE: Setting<bool> = Setting::ours(
    "CSRF_COOKIE_SECURE",
    "true",
    "Whether the browser sends the cookie over HTTPS only.",
)
.under_dev("false")
.differs_from("false");
const COOKIE_HTTPONLY: Setting<bool> = Setting::upstream(
    "CSRF_COOKIE_HTTPONLY",
    "false",
    "Whether the cookie is hidden from scripts. A page reads it to send the header.",
);
const COOKIE_SAMESITE: Setting<SameSite> = Setting::upstream(
    "CSRF_COOKIE_SAMESITE",
    "\"Lax\"",
    "Whether requests that another site starts carry the cookie.",
);
const HEADER_NAME: Setting<MetaName> = Setting::upstream(
    "CSRF_HEADER_NAME",
    "\"HTTP_X_CSRFTOKEN\"",
    "The header that carries the token, as `request.META` spells it: `HTTP_X_CSRFTOKEN` is `X-CSRFToken`.",
);
const TRUSTED_ORIGINS: Setting<Vec<Origin>> = Setting::upstream(
    "CSRF_TRUSTED_ORIGINS",
    "[]",
    "Other origins whose pages may send unsafe requests, each with its scheme: `https://app.example.com`, or \
     `https://*.example.com` for all subdomains.",
);
const USE_SESSIONS: Setting<bool> = Setting::upstream(
    "CSRF_USE_SESSIONS",
    "false",
    "Whether the token is kept in the session instead of a cookie. The route `csrf` then opens a session for a visitor who \
     has none, unless a page of another site that is not trusted sends him. It lasts an hour, where Django gives it \
     `SESSION_COOKIE_AGE`, and as long as he goes on asking; `munjigi clearsessions` removes the rows that have expired.",
);

pub(super) const SECTION: Section = Section {
    title: "CSRF",
    upstream: "Django 5.2",
    intro: "A request that a cookie authenticates must prove that our own page sent it.",
    settings: &[
        &COOKIE_NAME.about,
        &COOKIE_AGE.about,
        &COOKIE_DOMAIN.about,
        &COOKIE_PATH.about,
        &COOKIE_SECURE.about,
        &COOKIE_HTTPONLY.about,
        &COOKIE_SAMESITE.about,
        &HEADER_NAME.about,
        &TRUSTED_ORIGINS.about,
        &USE_SESSIONS.about,
    ],
};

impl CsrfSettings {
    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let origins = settings.read(&TRUSTED_ORIGINS)?;
        let csrf = Self {
            cookie_name: settings.read(&COOKIE_NAME)?.0,
            cookie_age: settings.read(&COOKIE_AGE)?.map(Positive::seconds),
            cookie_domain: settings.read(&COOKIE_DOMAIN)?.map(|domain| domain.0),
            cookie_path: settings.read(&COOKIE_PATH)?.0,
            cookie_secure: settings.read(&COOKIE_SECURE)?,
            cookie_httponly: settings.read(&COOKIE_HTTPONLY)?,
            cookie_samesite: settings.read(&COOKIE_SAMESITE)?,
            header_name: settings.read(&HEADER_NAME)?.0,
            trusted_origins: origins.into_iter().map(|origin| origin.0).collect(),
            use_sessions: settings.read(&USE_SESSIONS)?,
        };
        let attributes = Attributes {
            prefix: "CSRF_COOKIE",
            name_setting: COOKIE_NAME.about.name,
            name: &csrf.cookie_name,
            domain: csrf.cookie_domain.as_deref(),
            path_setting: COOKIE_PATH.about.name,
            path: &csrf.cookie_path,
            secure: csrf.cookie_secure,
            samesite: csrf.cookie_samesite,
        };
        attributes.check()?;
        Ok(csrf)
    }
}
