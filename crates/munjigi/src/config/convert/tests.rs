//! What a settings.py becomes: what of it is carried over.

mod hostile;
mod told;

use super::{convert, settled};
use crate::config::table;
use serde_json::Value as Json;
use std::fs;
use toml::{Table, Value};

/// What stands below the heading of the conversion.
fn converted(source: &str) -> String {
    convert(source)
        .split_once('\n')
        .unwrap()
        .1
        .trim_start()
        .to_owned()
}

#[test]
fn the_notes_block_converts() {
    let source = r#"
from datetime import timedelta

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),  # a week
    "ROTATE_REFRESH_TOKENS": False,
    "BLACKLIST_AFTER_ROTATION": False,

    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "VERIFYING_KEY": None,
    "AUDIENCE": None,
    "ISSUER": None,

    "AUTH_HEADER_TYPES": ("Bearer",),
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "user_id",
}
"#;
    let expected = r#"[SIMPLE_JWT]
ACCESS_TOKEN_LIFETIME = "5m"
REFRESH_TOKEN_LIFETIME = "7d"
ROTATE_REFRESH_TOKENS = false
BLACKLIST_AFTER_ROTATION = false
ALGORITHM = "HS256"
# SIGNING_KEY: the SECRET_KEY, as where it is not written.
VERIFYING_KEY = ""
AUDIENCE = ""
ISSUER = ""
AUTH_HEADER_TYPES = ["Bearer"]
USER_ID_FIELD = "id"
USER_ID_CLAIM = "user_id"
"#;
    assert_eq!(converted(source), expected);
    // Whoever has another value there has a simplejwt, and means its defaults.
    let other = converted(&source.replace("days=7", "days=8"));
    assert!(other.contains("\nUPDATE_LAST_LOGIN = false  # "), "{other}");
}

#[test]
fn values_are_read_as_python_reads_them() {
    for (python, toml) in [
        ("timedelta(days=1, hours=12)", "\"1d12h\""),
        ("timedelta(0, 90)", "\"1m30s\""),
        ("timedelta(minutes=60 * 24)", "\"1d\""),
        ("datetime.timedelta(hours=0.5)", "\"30m\""),
        ("timedelta(days=1) * 3", "\"3d\""),
        ("60 * 5", "300"),
        ("1_000", "1000"),
    ] {
        let source = format!("SIMPLE_JWT = {{'ACCESS_TOKEN_LIFETIME': {python}}}");
        let expected = format!("[SIMPLE_JWT]\nACCESS_TOKEN_LIFETIME = {toml}\n");
        assert!(converted(&source).starts_with(&expected), "{python}");
    }
    for (python, toml) in [
        ("'a' \"b\"", "\"ab\""),
        ("('a'\n  'b')", "\"ab\""),
        ("\"\"\"a\"\"\"", "\"a\""),
        (r"r'a'", "\"a\""),
        (r"'\u00e9\''", "\"é'\""),
        ("None", "\"\""),
    ] {
        let source = format!("SIMPLE_JWT = dict(ISSUER={python})");
        let expected = format!("[SIMPLE_JWT]\nISSUER = {toml}\n");
        assert!(converted(&source).starts_with(&expected), "{python}");
    }
}

#[test]
fn what_simplejwt_has_by_default_is_written_where_munjigi_has_another() {
    let lifetime = "REFRESH_TOKEN_LIFETIME = \"1d\"  # not in settings.py: the default of simplejwt 5.5.1, where \
                        munjigi has \"7d\"\n";
    let last_login = "UPDATE_LAST_LOGIN = false  # not in settings.py: the default of simplejwt 5.5.1, where munjigi \
                          has true\n";
    let both = format!("[SIMPLE_JWT]\n{lifetime}{last_login}");
    assert_eq!(converted("SIMPLE_JWT = {}"), both);
    let apps = "INSTALLED_APPS = ['rest_framework', 'rest_framework_simplejwt.token_blacklist']\n\
                    AUTH_USER_MODEL = 'shop.Member'\n";
    assert!(converted(apps).ends_with(&format!("\n{both}")));
    let class = "REST_FRAMEWORK = {'DEFAULT_AUTHENTICATION_CLASSES': \
                     ['rest_framework_simplejwt.authentication.JWTAuthentication']}\n";
    assert!(converted(class).starts_with(&both));
    assert_eq!(
        converted("SIMPLE_JWT = {'REFRESH_TOKEN_LIFETIME': timedelta(days=7)}"),
        format!("[SIMPLE_JWT]\nREFRESH_TOKEN_LIFETIME = \"7d\"\n{last_login}")
    );
    for silent in [
        "REST_FRAMEWORK = {'DEFAULT_AUTHENTICATION_CLASSES': []}",
        "INSTALLED_APPS = ['rest_framework']",
        "SIMPLE_JWT = load()",
        "SIMPLE_JWT = {'REFRESH_TOKEN_LIFETIME': mine(), 'UPDATE_LAST_LOGIN': False}",
    ] {
        assert!(!converted(silent).contains("not in settings.py"), "{silent}");
    }
    toml::from_str::<Table>(&both).unwrap();
}

#[test]
fn no_backend_of_the_project_is_trusted_unless_somebody_writes_it() {
    const MODEL: &str = "'django.contrib.auth.backends.ModelBackend'";
    assert_eq!(converted(&format!("AUTHENTICATION_BACKENDS = [{MODEL}]")), "");
    for (backends, words) in [
        (
            format!("['axes.backends.AxesBackend', {MODEL}]"),
            "the project also has axes.backends.AxesBackend.",
        ),
        (
            "('shop.Directory',)".to_owned(),
            "the project has shop.Directory, and not ModelBackend",
        ),
        (
            format!("[{MODEL}, env('BACKEND')]"),
            "only Python can tell what is in it.",
        ),
        ("load()".to_owned(), "only Python can tell what is in it."),
    ] {
        let text = converted(&format!("AUTHENTICATION_BACKENDS = {backends}"));
        assert!(
            text.starts_with(&format!("# AUTHENTICATION_BACKENDS: {words}")),
            "{text}"
        );
        assert!(!text.contains("\nAUTH"), "{text}");
    }
}

#[test]
fn the_cache_of_sessions_is_the_one_that_settings_py_names() {
    let caches = "CACHES = {'default': {'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}, 'sessions': {\
                  'BACKEND': 'django_redis.cache.RedisCache', 'LOCATION': 'redis://:secret@cache:6379/1', \
                  'KEY_PREFIX': 'shop', 'VERSION': 2, 'TIMEOUT': 60, 'OPTIONS': {'MAX_CONNECTIONS': 5}}}\n";
    let engine = "SESSION_ENGINE = 'django.contrib.sessions.backends.cached_db'\n";
    let alias = "SESSION_CACHE_ALIAS = 'sessions'\n";
    assert_eq!(converted(caches), "");
    let text = converted(&format!("{engine}{alias}{caches}"));
    assert_eq!(
        text,
        "SESSION_ENGINE = \"django.contrib.sessions.backends.cached_db\"\n\n[CACHES.default]\n\
         BACKEND = \"django_redis.cache.RedisCache\"\n\
         # LOCATION: a secret, which is better kept out of files. Hand it over as MUNJIGI_CACHES__DEFAULT__LOCATION.\n\
         KEY_PREFIX = \"shop\"\nVERSION = 2\n\
         # OPTIONS: munjigi has none. What says where the cache is belongs into LOCATION.\n"
    );
    let text = converted(&format!("{engine}{caches}"));
    assert!(text.contains("# BACKEND: CACHES.default.BACKEND"), "{text}");
    for unread in ["CACHES = {'default': env.cache()}\n", ""] {
        let text = converted(&format!("{engine}{unread}"));
        assert!(text.contains("Only Python can tell which cache"), "{text}");
    }
}

#[test]
fn a_project_without_simplejwts_blacklist_keeps_without_it() {
    let line = "TOKEN_BLACKLIST_APP = false  # token_blacklist is not in INSTALLED_APPS\n";
    for apps in [
        "INSTALLED_APPS = ['rest_framework', 'rest_framework_simplejwt']\n",
        "INSTALLED_APPS = ['rest_framework']\nSIMPLE_JWT = {'LEEWAY': 5}\n",
        "INSTALLED_APPS = ['rest_framework']\nINSTALLED_APPS += ['shop']\nSIMPLE_JWT = {'LEEWAY': 5}\n",
    ] {
        assert!(converted(apps).contains(line), "{apps}");
    }
    for apps in [
        "INSTALLED_APPS = ['rest_framework']\n",
        "INSTALLED_APPS = ['rest_framework_simplejwt.token_blacklist']\n",
        "INSTALLED_APPS = ['rest_framework_simplejwt.token_blacklist.apps.TokenBlacklistConfig']\n",
        "INSTALLED_APPS = ['rest_framework_simplejwt'] + more()\n",
        "INSTALLED_APPS = ['rest_framework_simplejwt']\nif DEBUG:\n    INSTALLED_APPS += more\n",
        "SIMPLE_JWT = {'LEEWAY': 5}\n",
    ] {
        assert!(!converted(apps).contains("TOKEN_BLACKLIST_APP"), "{apps}");
    }
}

#[test]
fn a_name_stands_once_in_the_end() {
    let stock = "ALLOWED_HOSTS = []\n";
    let hint = "# ALLOWED_HOSTS: empty in settings.py. Write the names that clients use: ALLOWED_HOSTS = \
                    [\"auth.example.com\"].\n";
    assert_eq!(converted(stock), hint);
    let twice = format!("{stock}ALLOWED_HOSTS = ['a.example']\n");
    assert_eq!(converted(&twice), "ALLOWED_HOSTS = [\"a.example\"]\n");
}

#[test]
fn names_given_before_are_known() {
    let source =
        "HOST = 'a.example'\nALLOWED_HOSTS = [HOST] + ['b.example', ]\nX_FRAME_OPTIONS = \\\n 'DENY'\n";
    assert_eq!(
        converted(source),
        "ALLOWED_HOSTS = [\"a.example\", \"b.example\"]\nX_FRAME_OPTIONS = \"DENY\"\n"
    );
}

#[test]
fn djangos_own_shapes_fit_ours() {
    let source = "LANGUAGES = [('ko', _('Korean')), ('en', _('English'))]\nSECURE_PROXY_SSL_HEADER = None\n\
                      AUTH_PASSWORD_VALIDATORS = [{'NAME': 'django.contrib.auth.password_validation.\
                      MinimumLengthValidator', 'OPTIONS': {'min_length': 10}}]\nROOT_URLCONF = 'shop.urls'\n";
    assert_eq!(
        converted(source),
        "LANGUAGES = [\"ko\", \"en\"]\nSECURE_PROXY_SSL_HEADER = []\nAUTH_PASSWORD_VALIDATORS = [{ NAME = \
             \"django.contrib.auth.password_validation.MinimumLengthValidator\", OPTIONS = { min_length = 10 } }]\n"
    );
}

#[test]
fn a_whole_project_has_djangos_users_unless_it_says_otherwise() {
    let project = "INSTALLED_APPS = []\nDATABASES = {'default': {}}\n";
    let database = "# DATABASES: hand it over as one URL, in MUNJIGI_DATABASE_URL.\n";
    assert_eq!(
        converted(project),
        format!("AUTH_USER_MODEL = \"auth.User\"\n{database}")
    );
    let own = converted(&format!("{project}AUTH_USER_MODEL = 'shop.Member'\n"));
    assert_eq!(own, format!("AUTH_USER_MODEL = \"shop.Member\"\n{database}"));
}

/// A value as real Python has it, in TOML.
fn in_toml(value: &Json) -> Value {
    match value {
        Json::Null => Value::from(""),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => number
            .as_i64()
            .map_or_else(|| Value::from(number.as_f64().unwrap()), Value::from),
        Json::String(text) => Value::from(text.clone()),
        Json::Array(items) => items.iter().map(in_toml).collect::<Vec<_>>().into(),
        Json::Object(members) => {
            let seconds = members["seconds"].as_f64().unwrap();
            Value::from(format!("{seconds:.0}s"))
        }
    }
}

/// Each dict of `fixtures/settings_py`, as real Python makes it and as it is converted.
#[test]
fn every_key_is_carried_over_as_python_has_it_or_told() {
    const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/");
    let read = |path: &str| fs::read_to_string(format!("{FIXTURES}{path}")).unwrap();
    let golden: Json = serde_json::from_str(&read("converted_settings.json")).unwrap();
    let (mut carried, mut told) = (0, 0);
    for file in golden["files"].as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        let text = convert(&read(&format!("settings_py/{name}")));
        assert_eq!(settled::refusal(&text), None, "{name} starts");
        let table: Table = text.parse().unwrap();
        for dict in ["SIMPLE_JWT", "REST_FRAMEWORK"] {
            for (key, value) in file[dict].as_object().into_iter().flatten() {
                let about = table::find(&format!("{dict}.{key}"));
                let ours = table.get(dict).and_then(|table| table.get(key)).zip(about);
                if let Some((ours, about)) = ours {
                    assert!(
                        about.is_same(ours, &in_toml(value)),
                        "{name}: {key} = {ours}, not {value}"
                    );
                    carried += 1;
                } else {
                    let is_told = |line: &str| {
                        line.starts_with(&format!("# {key}:")) || line.starts_with(&format!("# {key} ="))
                    };
                    let is_beyond = text.contains("only Python can tell what");
                    assert!(is_beyond || text.lines().any(is_told), "{name}: {key}\n{text}");
                    told += 1;
                }
            }
        }
    }
    assert_eq!((carried, told), (99, 26));
}
