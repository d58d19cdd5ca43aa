//! `SESSION_ENGINE`, and of `CACHES` what `cached_db` needs (Django 5.2, `conf/global_settings.py`).
//!
//! Sessions are rows of `django_session` here. A Django beside us that keeps copies of them in Redis is told of each
//! change; one that has them elsewhere cannot share them.

use super::Error;
use super::kind::{FromText, Kind, OrNone, Wrong};
use super::setting::{Section, Setting};
use super::written::Settings;
use munjigi_store::{CacheSettings, CacheUrl, SessionEngine};
use std::sync::Arc;
use toml::Value;

pub(super) const ENGINE: Setting<Engine> = Setting::upstream(
    "SESSION_ENGINE",
    "\"django.contrib.sessions.backends.db\"",
    "Where a Django beside munjigi looks for a session first: in `django_session`, or with \
     `django.contrib.sessions.backends.cached_db` in the cache of `[CACHES.default]`, from which munjigi then deletes what \
     it changes or ends. The same as in settings.py.",
);
pub(super) const CACHE_ALIAS: Setting<String> = Setting::upstream(
    "SESSION_CACHE_ALIAS",
    "\"default\"",
    "The cache of `cached_db`.",
)
.fixed(
    "Leave it out, and write the cache that it names in settings.py as [CACHES.default]: munjigi has one.",
);
const BACKEND: Setting<Option<Backend>> = Setting::upstream(
    "CACHES.default.BACKEND",
    "\"\"",
    "The cache's class: `django.core.cache.backends.redis.RedisCache` or `django_redis.cache.RedisCache`. Valkey is Redis.",
);
const LOCATION: Setting<Location> = Setting::upstream(
    "CACHES.default.LOCATION",
    "\"\"",
    "The server: `redis://user:password@host:6379/0`, `rediss://…` for TLS, or `unix:///path/to/socket?db=0`. Of a list \
     the first counts: it is written to, and the others are its replicas. A certificate is held against the system's roots, \
     with `?ssl_ca_certs=/path/ca.pem` against those of that file.",
)
.secret();
const KEY_PREFIX: Setting<String> = Setting::upstream(
    "CACHES.default.KEY_PREFIX",
    "\"\"",
    "What the names of its keys begin with.",
);
const VERSION: Setting<u32> = Setting::upstream(
    "CACHES.default.VERSION",
    "1",
    "The version in the names of its keys.",
);
const KEY_FUNCTION: Setting<String> = Setting::upstream(
    "CACHES.default.KEY_FUNCTION",
    "\"\"",
    "The function that makes the names of its keys.",
)
.fixed("It is Python, and munjigi cannot run it. Leave it out here and in settings.py, or write SESSION_ENGINE = \
        \"django.contrib.sessions.backends.db\" in both.");

pub(super) const CACHE_SECTION: Section = Section {
    title: "The cache of sessions",
    upstream: "Django 5.2",
    intro: "Read with SESSION_ENGINE = \"django.contrib.sessions.backends.cached_db\" only, and written only then.",
    settings: &[
        &BACKEND.about,
        &LOCATION.about,
        &KEY_PREFIX.about,
        &VERSION.about,
        &KEY_FUNCTION.about,
    ],
};

/// Reads `SESSION_ENGINE` and its cache.
pub(super) fn resolve(settings: Settings<'_>) -> Result<SessionEngine, Error> {
    let engine = settings.read(&ENGINE)?;
    let backend = settings.read(&BACKEND)?;
    let Location(url) = settings.read(&LOCATION)?;
    let (key_prefix, version) = (settings.read(&KEY_PREFIX)?, settings.read(&VERSION)?.into());
    if engine == Engine::Db {
        return match CACHE_SECTION.settings.iter().find(|about| settings.has(about)) {
            Some(about) => Err(for_nothing(about.name)),
            None => Ok(SessionEngine::Db),
        };
    }
    backend.ok_or(Error::Missing {
        name: BACKEND.about.name,
        hint: "SESSION_ENGINE is cached_db: write the cache that settings.py has.",
    })?;
    let url = url.ok_or(Error::Missing {
        name: LOCATION.about.name,
        hint: "Write redis://user:password@host:6379/0, as settings.py does.",
    })?;
    Ok(SessionEngine::CachedDb(Arc::new(CacheSettings {
        url,
        key_prefix,
        version,
    })))
}

fn for_nothing(name: &str) -> Error {
    Error::Contradiction(format!(
        "{name} is written, and SESSION_ENGINE is \"{DB}\", which has no cache. Leave it out, or write SESSION_ENGINE = \
         \"{CACHED_DB}\" if settings.py does."
    ))
}

const DB: &str = "django.contrib.sessions.backends.db";
pub(super) const CACHED_DB: &str = "django.contrib.sessions.backends.cached_db";

/// An engine whose sessions are rows.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Engine {
    Db,
    CachedDb,
}

impl FromText for Engine {
    const WANTED: &'static str = "the path of an engine such as \"django.contrib.sessions.backends.db\"";
    const WANTED_LIST: &'static str = "a list of engines";

    fn from_text(text: &str) -> Result<Self, String> {
        let refused = match text {
            DB => return Ok(Self::Db),
            CACHED_DB => return Ok(Self::CachedDb),
            "django.contrib.sessions.backends.cache" => {
                "keeps sessions in a cache alone, as pickles, and munjigi reads none"
            }
            "django.contrib.sessions.backends.signed_cookies" => {
                "keeps a session in the browser's cookie, so that there is no row to end it by"
            }
            "django.contrib.sessions.backends.file" => "keeps sessions in files on Django's machine",
            _ => "is no engine that munjigi knows",
        };
        Err(format!(
            "{refused}. Write \"{DB}\" or \"{CACHED_DB}\", here and in settings.py: both keep each session in \
             django_session."
        ))
    }
}

/// A cache that is a Redis server.
#[derive(PartialEq)]
struct Backend;

impl FromText for Backend {
    const WANTED: &'static str =
        "the class of a cache such as \"django.core.cache.backends.redis.RedisCache\"";
    const WANTED_LIST: &'static str = "a list of caches";

    fn from_text(text: &str) -> Result<Self, String> {
        let refused = match text {
            "django.core.cache.backends.redis.RedisCache" | "django_redis.cache.RedisCache" => {
                return Ok(Self);
            }
            "django.core.cache.backends.locmem.LocMemCache" => "is in the memory of each Django process",
            "django.core.cache.backends.dummy.DummyCache" => "keeps nothing",
            _ => "is no Redis server",
        };
        Err(format!(
            "{refused}, so that munjigi cannot delete from it what it ends. Write \
             \"django.core.cache.backends.redis.RedisCache\" or \"django_redis.cache.RedisCache\" here and in \
             settings.py, or SESSION_ENGINE = \"{DB}\" in both."
        ))
    }
}

impl OrNone for Backend {
    const WANTED_OR_NONE: &'static str =
        "the class of a cache such as \"django.core.cache.backends.redis.RedisCache\"";
}

/// The server that writes go to, where one is named.
struct Location(Option<CacheUrl>);

/// How they are written: what is in them, the password too, is not shown.
impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        let shown = |location: &Self| location.0.as_ref().map(ToString::to_string);
        shown(self) == shown(other)
    }
}

impl Kind for Location {
    const WANTED: &'static str = "a URL such as \"redis://host:6379/0\", or a list of them";

    fn read(value: &Value) -> Result<Self, Wrong> {
        let first = match value {
            // As Django splits it (`core/cache/backends/redis.py`).
            Value::String(text) => text.split([';', ',']).next(),
            Value::Array(servers) => match servers.first() {
                Some(first) => Some(first.as_str().ok_or(Wrong::Type)?),
                None => None,
            },
            _ => return Err(Wrong::Type),
        };
        let Some(first) = first.filter(|first| !first.is_empty()) else {
            return Ok(Self(None));
        };
        let url = first.parse::<CacheUrl>();
        url.map(|url| Self(Some(url)))
            .map_err(|error| Wrong::Value(format!("cannot be used. {error}")))
    }
}
