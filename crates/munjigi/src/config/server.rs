//! `BIND`, the limits that bound a client, and the log.

use super::Error;
use super::kind::{Between, FromText, Kind, OrNone, Positive, Wrong};
use super::setting::{Section, Setting};
use super::written::Settings;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;
use toml::Value;
use tracing_subscriber::EnvFilter;

/// Sizes, times and counts that bound what one client, or all of them, may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `DATA_UPLOAD_MAX_MEMORY_SIZE` in bytes, default 1 MiB (Django: 2.5 MiB): a larger body is 413.
    pub body_bytes: usize,
    /// `DATA_UPLOAD_MAX_NUMBER_FIELDS`, default 1,000: more fields in a form are 400.
    pub form_fields: usize,
    /// `HEADER_TIMEOUT`, default 10 s: for the head of a request to arrive whole, and how long an
    /// idle connection is kept.
    pub header_timeout: Duration,
    /// `BODY_TIMEOUT`, default 20 s: for the body to arrive whole.
    pub body_timeout: Duration,
    /// `REQUEST_TIMEOUT`, default 30 s: from the head to the answer; later it is 503.
    pub request_timeout: Duration,
    /// `SHUTDOWN_TIMEOUT`, default 30 s: what requests under way are given after SIGTERM.
    pub shutdown_timeout: Duration,
    /// `REVOCATION_MAX_STALENESS`, default 30 s: what must know which sign-ins have ended is 503 where the database was
    /// not reached for longer.
    pub revocation_max_staleness: Duration,
    /// `MAX_CONNECTIONS`, default 10,000: further ones wait unaccepted.
    pub connections: usize,
}

/// What is logged, and in which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `LOG_LEVEL`, a `tracing` filter: `info`, or `warn,munjigi=debug`.
    pub level: String,
    /// `LOG_FORMAT`.
    pub format: LogFormat,
}

/// `LOG_FORMAT`: `text` for people, `json` for collectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text an event.
    Text,
    /// One JSON object an event.
    Json,
}

pub(super) const BIND: Setting<Addresses> = Setting::ours(
    "BIND",
    "[\"127.0.0.1:8000\"]",
    "The address to listen on, or several. `munjigi dev` takes loopback addresses only, unless it is told \
     `--expose`.",
)
.under_dev("[\"127.0.0.1:8000\", \"[::1]:8000\"]");
pub(super) const METRICS_BIND: Setting<Option<Addresses>> = Setting::ours(
    "METRICS_BIND",
    "\"\"",
    "An address of its own for `/metrics`, in Prometheus' text, or several; nowhere else is it answered. Take one that only \
     your monitoring reaches: who can read it sees how busy the server is.",
);
const BODY_BYTES: Setting<NonZeroUsize> = Setting::ours(
    "DATA_UPLOAD_MAX_MEMORY_SIZE",
    "1048576",
    "The largest body of a request, in bytes. A larger one is answered with 413.",
)
.differs_from("2621440");
const FORM_FIELDS: Setting<NonZeroUsize> = Setting::upstream(
    "DATA_UPLOAD_MAX_NUMBER_FIELDS",
    "1000",
    "The most fields of a form. More are answered with 400.",
);
const HEADER_TIMEOUT: Setting<Positive> = Setting::ours(
    "HEADER_TIMEOUT",
    "\"10s\"",
    "How long the head of a request may take to arrive, and how long an idle connection is kept.",
);
const BODY_TIMEOUT: Setting<Positive> = Setting::ours(
    "BODY_TIMEOUT",
    "\"20s\"",
    "How long the body of a request may take to arrive.",
);
const REQUEST_TIMEOUT: Setting<Positive> = Setting::ours(
    "REQUEST_TIMEOUT",
    "\"30s\"",
    "How long an answer may take. A request that takes longer is answered with 503.",
);
const SHUTDOWN_TIMEOUT: Setting<Positive> = Setting::ours(
    "SHUTDOWN_TIMEOUT",
    "\"30s\"",
    "How long requests under way may go on after SIGTERM or Ctrl-C, and after them the mails on their way.",
);
const REVOCATION_MAX_STALENESS: Setting<Positive> = Setting::ours(
    "REVOCATION_MAX_STALENESS",
    "\"30s\"",
    "For how long the list of ended sign-ins is trusted without word from the database, which is asked twice a second. \
     After that JWTStatelessUserAuthentication and the route `ended` answer with 503.",
);
const MAX_CONNECTIONS: Setting<Between<1, 1_000_000>> = Setting::ours(
    "MAX_CONNECTIONS",
    "10000",
    "The most connections at a time, up to 1000000. Further ones wait.",
);
pub(super) const FLUSH_EXPIRED_TOKENS: Setting<Option<Positive>> = Setting::ours(
    "FLUSH_EXPIRED_TOKENS",
    "\"1h\"",
    "How often a running server removes expired tokens from simplejwt's lists, as `munjigi flushexpiredtokens` does; \
     `\"\"` for never.",
);
const LOG_LEVEL: Setting<Filter> = Setting::ours(
    "LOG_LEVEL",
    "\"info\"",
    "What is logged: error, warn, info, debug or trace, also by part: `warn,munjigi=debug`.",
);
pub(super) const LOG_FORMAT: Setting<LogFormat> = Setting::ours(
    "LOG_FORMAT",
    "\"text\"",
    "`text` for people, `json` for collectors of logs.",
);

pub(super) const SECTION: Section = Section {
    title: "Server",
    upstream: "Django 5.2",
    intro: "Where the server listens, what it logs, and what a client may cost.",
    settings: &[
        &BIND.about,
        &METRICS_BIND.about,
        &LOG_LEVEL.about,
        &LOG_FORMAT.about,
        &BODY_BYTES.about,
        &FORM_FIELDS.about,
        &HEADER_TIMEOUT.about,
        &BODY_TIMEOUT.about,
        &REQUEST_TIMEOUT.about,
        &SHUTDOWN_TIMEOUT.about,
        &REVOCATION_MAX_STALENESS.about,
        &MAX_CONNECTIONS.about,
        &FLUSH_EXPIRED_TOKENS.about,
    ],
};

impl Limits {
    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let time = |setting: &Setting<Positive>| settings.read(setting).map(|time| time.0);
        Ok(Self {
            body_bytes: settings.read(&BODY_BYTES)?.get(),
            form_fields: settings.read(&FORM_FIELDS)?.get(),
            header_timeout: time(&HEADER_TIMEOUT)?,
            body_timeout: time(&BODY_TIMEOUT)?,
            request_timeout: time(&REQUEST_TIMEOUT)?,
            shutdown_timeout: time(&SHUTDOWN_TIMEOUT)?,
            revocation_max_staleness: time(&REVOCATION_MAX_STALENESS)?,
            connections: usize::try_from(settings.read(&MAX_CONNECTIONS)?.0).unwrap_or(usize::MAX),
        })
    }
}

impl LogSettings {
    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        Ok(Self {
            level: settings.read(&LOG_LEVEL)?.0,
            format: settings.read(&LOG_FORMAT)?,
        })
    }
}

/// The addresses of `BIND`, at least one.
#[derive(PartialEq)]
pub(super) struct Addresses(pub(super) Vec<SocketAddr>);

impl Kind for Addresses {
    const WANTED: &'static str = "an address such as \"127.0.0.1:8000\", or a list of them";
    const IS_TEXT: bool = false;

    fn read(value: &Value) -> Result<Self, Wrong> {
        let addresses = match value {
            Value::String(_) => vec![Address::read(value)?],
            _ => Vec::<Address>::read(value)?,
        };
        if addresses.is_empty() {
            return Err(Wrong::Value(format!("names no address. Write {}.", Self::WANTED)));
        }
        Ok(Self(addresses.into_iter().map(|address| address.0).collect()))
    }
}

struct Address(SocketAddr);

impl OrNone for Addresses {
    const WANTED_OR_NONE: &'static str =
        "an address such as \"127.0.0.1:9100\", a list of them, or \"\" for none";
}

impl FromText for Address {
    const WANTED: &'static str = "an address such as \"127.0.0.1:8000\"";
    const WANTED_LIST: &'static str = "a list of addresses";

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            format!("names \"{text}\", which is no address. Write \"127.0.0.1:8000\", \"0.0.0.0:8000\" or \"[::]:8000\".")
        })
    }
}

/// A filter of `tracing-subscriber`.
#[derive(PartialEq)]
struct Filter(String);

impl FromText for Filter {
    const WANTED: &'static str = "error, warn, info, debug or trace";
    const WANTED_LIST: &'static str = "a list of log levels";

    fn from_text(text: &str) -> Result<Self, String> {
        match EnvFilter::try_new(text) {
            Ok(_) if !text.trim().is_empty() => Ok(Self(text.to_owned())),
            _ => Err(format!(
                "is \"{text}\". Write error, warn, info, debug or trace, or \"warn,munjigi=debug\"."
            )),
        }
    }
}

impl FromText for LogFormat {
    const WANTED: &'static str = "\"text\" or \"json\"";
    const WANTED_LIST: &'static str = "a list of log formats";

    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("is \"{text}\". Write \"text\" or \"json\".")),
        }
    }
}
