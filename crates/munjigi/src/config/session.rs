//! `SESSION_*` of Django 5.2 (`conf/global_settings.py`).

use super::cookies::{Attributes, CookieDomain, CookieName, CookiePath};
use super::kind::Positive;
use super::setting::{Section, Setting};
use super::written::Settings;
use super::{Error, SameSite, session_engine};

/// How the session cookie is written, and how long a session lives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of Django's, by its name"
)]
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
    /// `SESSION_SAVE_EVERY_REQUEST`, default false: a session that is used is prolonged.
    pub save_every_request: bool,
}

const COOKIE_NAME: Setting<CookieName> = Setting::upstream(
    "SESSION_COOKIE_NAME",
    "\"sessionid\"",
    "The name of the session cookie.",
);
const COOKIE_AGE: Setting<Positive> = Setting::upstream(
    "SESSION_COOKIE_AGE",
    "1209600",
    "How long a session lives. Two weeks.",
);
const COOKIE_DOMAIN: Setting<Option<CookieDomain>> = Setting::upstream(
    "SESSION_COOKIE_DOMAIN",
    "\"\"",
    "Set it to share the cookie with all subdomains.",
);
const COOKIE_PATH: Setting<CookiePath> = Setting::upstream(
    "SESSION_COOKIE_PATH",
    "\"/\"",
    "The paths that the browser sends the cookie to.",
);
const COOKIE_SECURE: Setting<bool> = Setting::ours(
    "SESSION_COOKIE_SECURE",
    "true",
    "Whether the browser sends the cookie over HTTPS only.",
)
.under_dev("false")
.differs_from("false");
const COOKIE_HTTPONLY: Setting<bool> = Setting::upstream(
    "SESSION_COOKIE_HTTPONLY",
    "true",
    "Whether the cookie is hidden from scripts.",
);
const COOKIE_SAMESITE: Setting<SameSite> = Setting::upstream(
    "SESSION_COOKIE_SAMESITE",
    "\"Lax\"",
    "Whether requests that another site starts carry the cookie.",
);
const EXPIRE_AT_BROWSER_CLOSE: Setting<bool> = Setting::upstream(
    "SESSION_EXPIRE_AT_BROWSER_CLOSE",
    "false",
    "Whether the cookie ends with the browser. The row in the database lives on for SESSION_COOKIE_AGE.",
);
const SAVE_EVERY_REQUEST: Setting<bool> = Setting::upstream(
    "SESSION_SAVE_EVERY_REQUEST",
    "false",
    "Whether each request that brings a session prolongs it, with one more transaction.",
);
const SERIALIZER: Setting<String> = Setting::upstream(
    "SESSION_SERIALIZER",
    "\"django.contrib.sessions.serializers.JSONSerializer\"",
    "How a session is written.",
)
.fixed("Leave it out: sessions are JSON.");

pub(super) const SECTION: Section = Section {
    title: "Sessions",
    upstream: "Django 5.2",
    intro: "The session cookie and the row behind it.",
    settings: &[
        &COOKIE_NAME.about,
        &COOKIE_AGE.about,
        &COOKIE_DOMAIN.about,
        &COOKIE_PATH.about,
        &COOKIE_SECURE.about,
        &COOKIE_HTTPONLY.about,
        &COOKIE_SAMESITE.about,
        &EXPIRE_AT_BROWSER_CLOSE.about,
        &SAVE_EVERY_REQUEST.about,
        &session_engine::ENGINE.about,
        &session_engine::CACHE_ALIAS.about,
        &SERIALIZER.about,
    ],
};

impl SessionSettings {
    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let session = Self {
            cookie_name: settings.read(&COOKIE_NAME)?.0,
            cookie_age: settings.read(&COOKIE_AGE)?.seconds(),
            cookie_domain: settings.read(&COOKIE_DOMAIN)?.map(|domain| domain.0),
            cookie_path: settings.read(&COOKIE_PATH)?.0,
            cookie_secure: settings.read(&COOKIE_SECURE)?,
            cookie_httponly: settings.read(&COOKIE_HTTPONLY)?,
            cookie_samesite: settings.read(&COOKIE_SAMESITE)?,
            expire_at_browser_close: settings.read(&EXPIRE_AT_BROWSER_CLOSE)?,
            save_every_request: settings.read(&SAVE_EVERY_REQUEST)?,
        };
        let attributes = Attributes {
            prefix: "SESSION_COOKIE",
            name_setting: COOKIE_NAME.about.name,
            name: &session.cookie_name,
            domain: session.cookie_domain.as_deref(),
            path_setting: COOKIE_PATH.about.name,
            path: &session.cookie_path,
            secure: session.cookie_secure,
            samesite: session.cookie_samesite,
        };
        attributes.check()?;
        Ok(session)
    }
}
