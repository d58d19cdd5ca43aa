//! What of the Django project alone is in the way of working beside it, or dangerous for both.

use super::{Both, Finding, finding, known};
use crate::neighbour::report::SessionEngine;
use crate::neighbour::settings;
use munjigi_store::CacheUrl;
use serde_json::Value;

pub(super) fn check(both: &Both<'_>) -> Vec<Finding> {
    let parts = [
        session_engine(both),
        session_cache(both),
        cache_server(both),
        session_serializer(both),
        backends(both),
        refresh_tokens(both),
        blacklist(both),
        debug(both),
        cors(both),
        time_zone(both),
    ];
    parts.into_iter().flatten().collect()
}

fn text<'a>(both: &Both<'a>, name: &str) -> &'a str {
    both.report
        .setting(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn is_on(both: &Both<'_>, name: &str) -> bool {
    both.report.setting(name) == Some(&Value::Bool(true))
}

fn session_engine(both: &Both<'_>) -> Option<Finding> {
    let engine = text(both, "SESSION_ENGINE");
    if both.report.session_engine() != SessionEngine::NoRows
        || !both.report.has_app("django.contrib.sessions")
    {
        return None;
    }
    Some(finding(
        &known::E080,
        format!("SESSION_ENGINE is {engine} in Django, whose sessions are in no table that munjigi knows: neither side sees the other's."),
        "Write SESSION_ENGINE = \"django.contrib.sessions.backends.db\" in Django's settings, and sign everybody in anew."
            .to_owned(),
    ))
}

/// Copies that munjigi does not find it does not delete.
fn session_cache(both: &Both<'_>) -> Option<Finding> {
    let munjigi_store::SessionEngine::CachedDb(ours) = &both.config.session_engine else {
        return None;
    };
    let theirs = settings::session_cache(both.report)?;
    let prefix = theirs.key_prefix.as_str().unwrap_or_default();
    let version = theirs.version.as_i64().unwrap_or(1);
    (prefix != ours.key_prefix || version != ours.version).then(|| {
        finding(
            &known::W084,
            format!(
                "Keys in the cache of sessions have the prefix \"{prefix}\" and the version {version} in Django, and \
                 \"{}\" and {} here, so that a session that ends here lives on in the cache.",
                ours.key_prefix, ours.version
            ),
            format!("Write KEY_PREFIX = \"{prefix}\" and VERSION = {version} below [CACHES.default] here."),
        )
    })
}

/// Within containers one server has several names.
fn cache_server(both: &Both<'_>) -> Option<Finding> {
    let munjigi_store::SessionEngine::CachedDb(ours) = &both.config.session_engine else {
        return None;
    };
    let location = settings::session_cache(both.report)?.server()?;
    let theirs: CacheUrl = location.parse().ok()?;
    let (there, here) = (theirs.place(), ours.url.place());
    let of = |place: &(String, i64)| format!("{}, database {}", place.0, place.1);
    let known = if there.1 != here.1 {
        &known::W085
    } else if there.0 != here.0 {
        &known::I086
    } else {
        return None;
    };
    Some(finding(
        known,
        format!(
            "The cache of sessions is at {} for Django and at {} here, so that a session that ends here lives on in \
             Django's cache unless both are one.",
            of(&there),
            of(&here)
        ),
        "Hand the LOCATION of Django's cache over as MUNJIGI_CACHES__DEFAULT__LOCATION.".to_owned(),
    ))
}

fn session_serializer(both: &Both<'_>) -> Option<Finding> {
    let serializer = text(both, "SESSION_SERIALIZER");
    (serializer != "django.contrib.sessions.serializers.JSONSerializer").then(|| {
        finding(
            &known::E082,
            format!(
                "SESSION_SERIALIZER is {serializer} in Django, and sessions are JSON here: neither side reads the other's, and \
                 a pickle runs whatever is in it."
            ),
            "Write SESSION_SERIALIZER = \"django.contrib.sessions.serializers.JSONSerializer\" in Django's settings."
                .to_owned(),
        )
    })
}

fn backends(both: &Both<'_>) -> Option<Finding> {
    let ours = both.config.authentication_backends.first()?;
    let has_it = both
        .report
        .texts("AUTHENTICATION_BACKENDS")
        .any(|path| path == ours);
    (!has_it).then(|| {
        finding(
            &known::E083,
            format!(
                "AUTHENTICATION_BACKENDS is without {ours} in Django, which every session from here names: Django takes none \
                 of them."
            ),
            format!(
                "Add \"{ours}\" to AUTHENTICATION_BACKENDS in Django's settings; or write AUTHENTICATION_BACKENDS here with \
                 one of Django's that signs in as ModelBackend does."
            ),
        )
    })
}

/// Whether a refresh token opens routes at Django.
pub(super) fn takes_refresh_tokens(both: &Both<'_>) -> bool {
    let values = both.report.simple_jwt.as_ref().map(|dict| &dict.values);
    let classes = values
        .and_then(|values| values.get("AUTH_TOKEN_CLASSES"))
        .and_then(Value::as_array);
    let paths = classes.into_iter().flatten().filter_map(|class| match class {
        Value::String(path) => Some(path.as_str()),
        other => other.get("$python").and_then(Value::as_str),
    });
    paths
        .into_iter()
        .any(|path| path.ends_with(".RefreshToken") || path.ends_with(".UntypedToken"))
}

fn refresh_tokens(both: &Both<'_>) -> Option<Finding> {
    takes_refresh_tokens(both).then(|| {
        finding(
            &known::W055,
            "SIMPLE_JWT[\"AUTH_TOKEN_CLASSES\"] takes more than access tokens in Django, so that a stolen refresh token opens \
             everything there for its whole lifetime, and none of ours can be ended there before."
                .to_owned(),
            "Write \"AUTH_TOKEN_CLASSES\": (\"rest_framework_simplejwt.tokens.AccessToken\",) into SIMPLE_JWT.".to_owned(),
        )
    })
}

/// simplejwt passes over the setting in silence where the app is not installed.
fn blacklist(both: &Both<'_>) -> Option<Finding> {
    let values = &both.report.simple_jwt.as_ref()?.values;
    let asks = values.get("BLACKLIST_AFTER_ROTATION") == Some(&Value::Bool(true));
    let has_app = both.report.has_app("rest_framework_simplejwt.token_blacklist");
    (asks && !has_app).then(|| {
        finding(
            &known::W056,
            "SIMPLE_JWT[\"BLACKLIST_AFTER_ROTATION\"] is True in Django and token_blacklist is not installed, so that simplejwt \
             blacklists nothing."
                .to_owned(),
            "Add \"rest_framework_simplejwt.token_blacklist\" to INSTALLED_APPS and run `manage.py migrate`.".to_owned(),
        )
    })
}

fn debug(both: &Both<'_>) -> Option<Finding> {
    is_on(both, "DEBUG").then(|| {
        finding(
            &known::W100,
            "DEBUG is True in Django: its error pages show settings, and it answers to any name of this machine.".to_owned(),
            "Write DEBUG = False in Django's settings.".to_owned(),
        )
    })
}

fn cors(both: &Both<'_>) -> Option<Finding> {
    (is_on(both, "CORS_ALLOW_ALL_ORIGINS") && is_on(both, "CORS_ALLOW_CREDENTIALS")).then(|| {
        finding(
            &known::W101,
            "CORS_ALLOW_ALL_ORIGINS and CORS_ALLOW_CREDENTIALS are both True in Django: any page on the web acts there as \
             whoever visits it, with a session of munjigi's too."
                .to_owned(),
            "List the origins in CORS_ALLOWED_ORIGINS, and write CORS_ALLOW_ALL_ORIGINS = False.".to_owned(),
        )
    })
}

/// SQLite keeps no zone: what Django writes there without `USE_TZ` is the time of its wall.
pub(super) fn time_zone(both: &Both<'_>) -> Option<Finding> {
    let zone = text(both, "TIME_ZONE");
    let is_local = both.report.setting("USE_TZ") == Some(&Value::Bool(false)) && zone != "UTC";
    (is_local && both.report.database.vendor == "sqlite").then(|| {
        finding(
            &known::E102,
            format!(
                "USE_TZ is False in Django, which writes the time of {zone} into SQLite, where munjigi writes and reads UTC: \
                 sessions end hours too early or too late."
            ),
            "Write USE_TZ = True in Django's settings and convert what is stored, or use PostgreSQL, which keeps the zone."
                .to_owned(),
        )
    })
}
