//! Which engines and caches a Django beside us may have, and the sentence for the others.

use super::{gather, refusal, resolve, serve};
use crate::config::{Mode, reference};
use munjigi_store::SessionEngine;

const CACHED_DB: &str = "SESSION_ENGINE = \"django.contrib.sessions.backends.cached_db\"\n";
const REDIS: &str = "[CACHES.default]\nBACKEND = \"django.core.cache.backends.redis.RedisCache\"\n";

#[test]
fn rows_alone_are_the_default() {
    let written =
        "SESSION_ENGINE = \"django.contrib.sessions.backends.db\"\nSESSION_CACHE_ALIAS = \"default\"";
    for file in ["", written] {
        assert!(matches!(serve(file).unwrap().session_engine, SessionEngine::Db));
    }
}

#[test]
fn a_cache_is_a_redis_server_with_djangos_names() {
    let file = format!(
        "{CACHED_DB}{REDIS}LOCATION = [\"redis://:s3cret@one/1\", \"redis://two/1\"]\nKEY_PREFIX = \"site\"\nVERSION = 3"
    );
    let SessionEngine::CachedDb(cache) = serve(&file).unwrap().session_engine else {
        panic!("it has a cache");
    };
    assert_eq!(
        cache.url.to_string(),
        "redis://***@one/1",
        "the first is written to"
    );
    assert_eq!(cache.key("abc"), "site:3:django.contrib.sessions.cached_dbabc");

    let file = format!("{CACHED_DB}[CACHES.default]\nBACKEND = \"django_redis.cache.RedisCache\"");
    let location = ("MUNJIGI_CACHES__DEFAULT__LOCATION", "redis://one;redis://two");
    let config = resolve(&file, &[location], Mode::Serve).unwrap();
    let SessionEngine::CachedDb(cache) = config.session_engine else {
        panic!("it has a cache");
    };
    assert_eq!(cache.url.to_string(), "redis://one");
    assert_eq!(cache.key("abc"), ":1:django.contrib.sessions.cached_dbabc");
}

#[test]
fn the_password_of_a_cache_is_not_shown() {
    let file = format!("{CACHED_DB}{REDIS}LOCATION = \"redis://:s3cret@one/1\"");
    let shown = reference::show(&gather(&file, &[]).unwrap(), Mode::Serve);
    assert!(
        shown.contains("[CACHES.default]") && !shown.contains("s3cret"),
        "{shown}"
    );
}

#[test]
fn sessions_that_are_no_rows_are_refused_with_what_to_write() {
    for (engine, why) in [
        ("cache", "keeps sessions in a cache alone, as pickles"),
        ("signed_cookies", "keeps a session in the browser's cookie"),
        ("file", "keeps sessions in files on Django's machine"),
        ("mongo", "is no engine that munjigi knows"),
    ] {
        let file = format!("SESSION_ENGINE = \"django.contrib.sessions.backends.{engine}\"");
        let (code, message) = refusal(serve(&file));
        assert_eq!(code, "wrong_value");
        assert!(message.contains(why), "{message}");
        assert!(
            message.contains("Write \"django.contrib.sessions.backends.db\" or"),
            "{message}"
        );
    }
    let (_, message) = refusal(serve(
        "SESSION_SERIALIZER = \"django.contrib.sessions.serializers.PickleSerializer\"",
    ));
    assert!(message.contains("sessions are JSON"), "{message}");
}

#[test]
fn a_cache_that_cannot_be_reached_or_is_for_nothing_is_refused() {
    for (file, sentence) in [
        (CACHED_DB.to_owned(), "CACHES.default.BACKEND"),
        (format!("{CACHED_DB}{REDIS}"), "CACHES.default.LOCATION"),
        (
            format!(
                "{CACHED_DB}[CACHES.default]\nBACKEND = \"django.core.cache.backends.locmem.LocMemCache\""
            ),
            "is in the memory of each Django process, so that munjigi cannot delete from it",
        ),
        (
            format!(
                "{CACHED_DB}[CACHES.default]\nBACKEND = \"django.core.cache.backends.memcached.PyMemcacheCache\""
            ),
            "is no Redis server, so that munjigi cannot delete from it",
        ),
        (
            format!("{CACHED_DB}{REDIS}LOCATION = \"memcached://one\""),
            "is no URL of a Redis server. Write `redis://",
        ),
        (
            format!("{CACHED_DB}{REDIS}LOCATION = \"redis://one\"\nKEY_FUNCTION = \"mysite.keys\""),
            "It is Python, and munjigi cannot run it",
        ),
        (
            format!("{CACHED_DB}{REDIS}LOCATION = \"redis://one\"\nOPTIONS = \"x\""),
            "munjigi reads BACKEND, LOCATION (with the password in it)",
        ),
        (
            format!("{CACHED_DB}SESSION_CACHE_ALIAS = \"sessions\"\n{REDIS}LOCATION = \"redis://one\""),
            "write the cache that it names in settings.py as [CACHES.default]",
        ),
        (
            format!("{REDIS}LOCATION = \"redis://one\""),
            "CACHES.default.BACKEND is written, and SESSION_ENGINE is",
        ),
    ] {
        let (_, message) = refusal(serve(&file));
        assert!(message.contains(sentence), "{message}");
    }
}

#[test]
fn only_backends_that_sign_in_by_password_are_named() {
    for (backends, sentence) in [
        ("[]", "names no backend"),
        ("[\"ModelBackend\"]", "is no path of a class"),
        ("[\"a..B\"]", "is no path of a class"),
        (
            "[\"django.contrib.auth.backends.AllowAllUsersModelBackend\"]",
            "lets inactive users in",
        ),
        (
            "[\"django.contrib.auth.backends.RemoteUserBackend\"]",
            "believes a header that says who somebody is",
        ),
    ] {
        let (_, message) = refusal(serve(&format!("AUTHENTICATION_BACKENDS = {backends}")));
        assert!(message.contains(sentence), "{message}");
    }
}

#[test]
fn tokens_in_cookies_have_no_session_for_a_csrf_token() {
    let (code, message) = refusal(serve(
        "CSRF_USE_SESSIONS = true\n[SIMPLE_JWT]\nAUTH_COOKIE = \"access\"",
    ));
    assert_eq!(code, "contradiction");
    assert!(message.contains("has no session for the CSRF token"), "{message}");
}
