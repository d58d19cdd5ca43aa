//! `CORS_*`, with the names and meanings of django-cors-headers 4 (`corsheaders/conf.py`).

use super::hosts::Origin;
use super::kind::FromText;
use super::setting::{Section, Setting};
use super::written::Settings;
use super::{Error, Mode};
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
    /// `CORS_ALLOWED_ORIGINS`, lower case: these; none under `serve` unless written.
    Listed(Vec<String>),
    /// Every loopback origin (`localhost`, `127.0.0.0/8`, `[::1]`, any port): `dev` unless written.
    Loopback,
    /// `CORS_ALLOW_ALL_ORIGINS`.
    All,
}

const ALLOWED_ORIGINS: Setting<Vec<Origin>> = Setting::upstream(
    "CORS_ALLOWED_ORIGINS",
    "[]",
    "The origins whose pages may read our answers: `[\"https://app.example.com\"]`.",
)
.unwritten("`munjigi dev` lets in every loopback origin unless this or CORS_ALLOW_ALL_ORIGINS is written");
const ALLOW_ALL_ORIGINS: Setting<bool> = Setting::upstream(
    "CORS_ALLOW_ALL_ORIGINS",
    "false",
    "Whether pages of every origin may read our answers.",
);
const ALLOWED_ORIGIN_REGEXES: Setting<Vec<String>> =
    Setting::upstream("CORS_ALLOWED_ORIGIN_REGEXES", "[]", "Origins by pattern.")
        .fixed("List the origins in CORS_ALLOWED_ORIGINS.");
const ALLOW_CREDENTIALS: Setting<bool> = Setting::upstream(
    "CORS_ALLOW_CREDENTIALS",
    "false",
    "Whether those pages may send cookies along: needed for sessions, not for bearer tokens.",
)
.under_dev("true");
const ALLOW_METHODS: Setting<Vec<MethodName>> = Setting::upstream(
    "CORS_ALLOW_METHODS",
    "[\"DELETE\", \"GET\", \"OPTIONS\", \"PATCH\", \"POST\", \"PUT\"]",
    "The methods that those pages may use.",
);
const ALLOW_HEADERS: Setting<Vec<Header>> = Setting::upstream(
    "CORS_ALLOW_HEADERS",
    "[\"accept\", \"authorization\", \"content-type\", \"user-agent\", \"x-csrftoken\", \"x-requested-with\"]",
    "The headers that those pages may send.",
);
const EXPOSE_HEADERS: Setting<Vec<Header>> = Setting::upstream(
    "CORS_EXPOSE_HEADERS",
    "[]",
    "The headers of our answers that those pages may read.",
);
const PREFLIGHT_MAX_AGE: Setting<Duration> = Setting::upstream(
    "CORS_PREFLIGHT_MAX_AGE",
    "86400",
    "How long a browser may remember a preflight's answer; 0 leaves the header out.",
);

pub(super) const SECTION: Section = Section {
    title: "CORS",
    upstream: "django-cors-headers 4",
    intro: "What pages of other origins may do. `munjigi serve` lets in none unless it is written.",
    settings: &[
        &ALLOWED_ORIGINS.about,
        &ALLOW_ALL_ORIGINS.about,
        &ALLOWED_ORIGIN_REGEXES.about,
        &ALLOW_CREDENTIALS.about,
        &ALLOW_METHODS.about,
        &ALLOW_HEADERS.about,
        &EXPOSE_HEADERS.about,
        &PREFLIGHT_MAX_AGE.about,
    ],
};

impl CorsSettings {
    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let listed = settings.read(&ALLOWED_ORIGINS)?;
        let origins = if settings.read(&ALLOW_ALL_ORIGINS)? {
            AllowedOrigins::All
        } else if settings.mode == Mode::Dev && !settings.has(&ALLOWED_ORIGINS.about) {
            AllowedOrigins::Loopback
        } else {
            AllowedOrigins::Listed(listed.into_iter().map(|origin| origin.0).collect())
        };
        let allow_credentials = settings.read(&ALLOW_CREDENTIALS)?;
        if origins == AllowedOrigins::All && allow_credentials {
            return Err(Error::Contradiction(
                "CORS_ALLOW_ALL_ORIGINS and CORS_ALLOW_CREDENTIALS are both true: any page on the web could act as \
                 the user who visits it. List the origins in CORS_ALLOWED_ORIGINS, or write \
                 CORS_ALLOW_CREDENTIALS = false."
                    .to_owned(),
            ));
        }
        Ok(Self {
            origins,
            allow_credentials,
            allow_methods: settings
                .read(&ALLOW_METHODS)?
                .into_iter()
                .map(|method| method.0)
                .collect(),
            allow_headers: settings
                .read(&ALLOW_HEADERS)?
                .into_iter()
                .map(|header| header.0)
                .collect(),
            expose_headers: settings
                .read(&EXPOSE_HEADERS)?
                .into_iter()
                .map(|header| header.0)
                .collect(),
            preflight_max_age: settings.read(&PREFLIGHT_MAX_AGE)?,
        })
    }
}

#[derive(PartialEq)]
struct MethodName(Method);

impl FromText for MethodName {
    const WANTED: &'static str = "a method";
    const WANTED_LIST: &'static str = "a list of methods, such as [\"GET\", \"POST\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        let method = Method::from_bytes(text.as_bytes())
            .ok()
            .filter(|_| text.bytes().all(|b| b.is_ascii_uppercase()));
        method
            .map(Self)
            .ok_or_else(|| format!("names \"{text}\", which is no method. Write \"GET\" or \"POST\"."))
    }
}

#[derive(PartialEq)]
struct Header(HeaderName);

impl FromText for Header {
    const WANTED: &'static str = "a header";
    const WANTED_LIST: &'static str = "a list of headers, such as [\"content-type\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        let header = HeaderName::from_bytes(text.as_bytes()).map(Self);
        header.map_err(|_| {
            format!("names \"{text}\", which is no header. Write \"content-type\" or \"x-my-header\".")
        })
    }
}
