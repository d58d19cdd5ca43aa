//! What a settings.py becomes.

use super::{LONGEST, convert, settled};
use crate::config::table;
use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use proptest::{prop_assert, prop_assert_eq, prop_oneof};
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

#[test]
fn what_cannot_be_taken_over_is_told() {
    let source = "SECRET_KEY = 'django-insecure-abc'\nSESSION_COOKIE_AGE = get_age()\nSIMPLE_JWT = {\n\
                      'SIGNING_KEY': os.environ['JWT_KEY'],\n'ISSUER': os.environ.get('ISS', 'me'),\n\
                      'TOKEN_OBTAIN_SERIALIZER': 'shop.Mine',\n'LEEWAY': compute(1, [2, 3]),\n'MINE': 1,\n'AUDIENCE': f'{x}',\n\
                      'UPDATE_LAST_LOGIN': True,\n}\nif DEBUG:\n    SIMPLE_JWT['LEEWAY'] = 5\n\
                      REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': []}\n";
    let text = converted(source);
    for line in [
        "# SECRET_KEY: a secret, which is better kept out of files. Hand it over as MUNJIGI_SECRET_KEY.",
        "# SESSION_COOKIE_AGE: line 2 of settings.py, where only Python can tell: get_age()",
        "# SIGNING_KEY: comes from the variable JWT_KEY of the environment. Hand it over as \
             MUNJIGI_SIMPLE_JWT__SIGNING_KEY.",
        "ISSUER = \"me\"  # where the variable ISS of the environment is not set. Where it is, hand it over as \
         MUNJIGI_SIMPLE_JWT__ISSUER.",
        "# LEEWAY: line 7 of settings.py, where only Python can tell: compute(1, [2, 3])",
        "# AUDIENCE: line 9 of settings.py, where only Python can tell: f'{x}'",
        "# MINE: munjigi has no such setting. `munjigi config example` lists all settings.",
        "UPDATE_LAST_LOGIN = true",
        "# SIMPLE_JWT is also set on line 13 of settings.py, in a way that is not read here: see to it by hand.",
        "# DEFAULT_PERMISSION_CLASSES: munjigi has no such setting. Of REST_FRAMEWORK, munjigi reads \
         DEFAULT_AUTHENTICATION_CLASSES.",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
    }
    assert!(text.contains(
        "# TOKEN_OBTAIN_SERIALIZER: SIMPLE_JWT.TOKEN_OBTAIN_SERIALIZER = \"shop.Mine\" (settings.py) cannot be used"
    ));
    assert!(!text.contains("insecure"));
    toml::from_str::<Table>(&text).unwrap();
}

#[test]
fn what_a_file_holds_is_handed_over_by_its_path() {
    for (python, path) in [
        ("open('jwt.pem').read()", "jwt.pem"),
        (
            "open(BASE_DIR / 'jwt.pem', 'r').read().strip()",
            "BASE_DIR / 'jwt.pem'",
        ),
        ("Path('jwt.pem').read_text()", "jwt.pem"),
        ("(BASE_DIR / 'jwt.pem').read_text()", "BASE_DIR / 'jwt.pem'"),
    ] {
        let text = converted(&format!("SIMPLE_JWT = {{'SIGNING_KEY': {python}}}"));
        let line = format!(
            "# SIGNING_KEY: what the file {path} holds. Hand over its path as MUNJIGI_SIMPLE_JWT__SIGNING_KEY_FILE.\n"
        );
        assert!(text.contains(&line), "{python}: {text}");
    }
}

#[test]
fn an_algorithm_with_a_pair_of_keys_stays_and_waits_for_them() {
    let text = converted(
        "SIMPLE_JWT = {'ALGORITHM': 'ES256', 'SIGNING_KEY': open('key.pem').read(), 'VERIFYING_KEY': None, 'LEEWAY': 5}",
    );
    assert!(
        text.starts_with(
            "[SIMPLE_JWT]\nALGORITHM = \"ES256\"  # wants the key that is handed over.\n# SIGNING_KEY: what the file key.pem \
             holds. Hand over its path as MUNJIGI_SIMPLE_JWT__SIGNING_KEY_FILE.\nVERIFYING_KEY = \"\"\nLEEWAY = 5\n"
        ),
        "{text}"
    );
}

#[test]
fn the_environment_is_named_with_what_to_set_instead() {
    let told = "# SIGNING_KEY: comes from the variable KEY of the environment. Hand it over as \
                MUNJIGI_SIMPLE_JWT__SIGNING_KEY.\n";
    let secret = "# SIGNING_KEY: comes from the variable KEY of the environment, and is the SECRET_KEY where that is not \
                  set. Hand it over as MUNJIGI_SIMPLE_JWT__SIGNING_KEY.\n";
    for (python, line) in [
        ("os.environ['KEY']", told),
        ("os.environ.get('KEY')", told),
        (
            "os.environ.get('KEY', 'a default that is a secret too, and is not told')",
            told,
        ),
        ("os.getenv('KEY', SECRET_KEY)", secret),
        ("env('KEY')", told),
        ("env.str('KEY', default=settings.SECRET_KEY)", secret),
        ("config('KEY', default=SECRET_KEY)", secret),
        ("get_env_value('KEY')", told),
        ("os.getenv('KEY') or SECRET_KEY", secret),
    ] {
        let text = converted(&format!("SIMPLE_JWT = {{'SIGNING_KEY': {python}}}"));
        assert!(
            text.contains(line) && !text.contains("not told"),
            "{python}: {text}"
        );
    }
    let named = converted("NAME = os.environ['ISS']\nSIMPLE_JWT = {'ISSUER': NAME}");
    assert!(
        named.contains("# ISSUER: comes from the variable ISS of the environment."),
        "{named}"
    );
    let time = converted("SIMPLE_JWT = {'ACCESS_TOKEN_LIFETIME': timedelta(minutes=int(os.getenv('A', 5)))}");
    assert!(time.contains("ACCESS_TOKEN_LIFETIME = \"5m\"  # where the variable A of the environment is not set. Where it is, \
         hand it over as MUNJIGI_SIMPLE_JWT__ACCESS_TOKEN_LIFETIME, such as \"1h30m\".\n"), "{time}");
}

#[test]
fn a_condition_is_refused_with_its_line_and_what_to_write() {
    let text = converted(
        "DEBUG = True\nSIMPLE_JWT = {\n'LEEWAY': 5 if DEBUG else 0,\n'UPDATE_LAST_LOGIN': not DEBUG,\n}",
    );
    for line in [
        "# LEEWAY: line 3 of settings.py decides by a condition: 5 if DEBUG else 0. Write LEEWAY = 5 or LEEWAY = 0.\n",
        "# UPDATE_LAST_LOGIN: line 4 of settings.py decides by a condition: not DEBUG. Write UPDATE_LAST_LOGIN = true or \
         UPDATE_LAST_LOGIN = false.\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn a_line_that_contradicts_another_becomes_a_comment_with_the_reason() {
    let text =
        converted("CORS_ALLOW_ALL_ORIGINS = True\nCORS_ALLOW_CREDENTIALS = True\nLANGUAGE_CODE = 'ko'\n");
    let [first, second, third] = text.lines().collect::<Vec<_>>()[..] else {
        panic!("{text}")
    };
    assert_eq!(
        (first, third),
        ("CORS_ALLOW_ALL_ORIGINS = true", "LANGUAGE_CODE = \"ko\"")
    );
    assert!(
        second.starts_with("# CORS_ALLOW_CREDENTIALS = true: "),
        "{second}"
    );
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

/// A text again and again, with its number for `#`.
fn numbered(text: &str, count: usize) -> String {
    let texts: Vec<_> = (0..count)
        .map(|number| text.replace('#', &number.to_string()))
        .collect();
    texts.concat()
}

#[test]
fn no_file_makes_it_stumble() {
    let source = "SIMPLE_JWT = {'A': (1, {'B': [timedelta(days=1), '''x\n''', r'\\'], }, None,), 'C': -1.5}";
    for end in (0..source.len()).filter(|end| source.is_char_boundary(*end)) {
        convert(&source[..end]);
        convert(&source[end..]);
    }
    convert("SIMPLE_JWT = ]}){'''");
    for hostile in [
        format!("SIMPLE_JWT = {}", "[".repeat(20_000)),
        format!("SIMPLE_JWT = {}1{}", "(".repeat(40), ",)".repeat(40)),
        format!("SIMPLE_JWT = {}1", "-".repeat(20_000)),
        format!("SIMPLE_JWT = {}1", "not ".repeat(10_000)),
        format!("SIMPLE_JWT = [{}]", "a if ".repeat(10_000)),
        format!("SIMPLE_JWT = {}1", "1 if a else ".repeat(6_000)),
        format!("SIMPLE_JWT = {{{}}}", "'a': 1, ".repeat(10_000)),
        format!("SIMPLE_JWT = {{{}}}", numbered("'#': 1, ", 10_000)),
        numbered("SIMPLE_JWT['#'] = 1\n", 6_000),
        format!(
            "a = [1]\n{}",
            (0..1000).map(|_| "a = a + a\n").collect::<String>()
        ),
        format!("a = [1]\n{}SIMPLE_JWT = a", "a = [a]\n".repeat(10_000)),
        format!(
            "a = 'x'\n{}SIMPLE_JWT = {{'ISSUER': a}}",
            "a = a + a\n".repeat(1000)
        ),
        format!("{}1", "a = ".repeat(20_000)),
        "x".repeat(2 * LONGEST),
    ] {
        let text = convert(&hostile);
        text.parse::<Table>().unwrap();
    }
}

#[test]
fn whatever_the_file_says_the_outcome_is_toml_that_starts() {
    let words = [
        "SIMPLE_JWT",
        "REST_FRAMEWORK",
        "ALLOWED_HOSTS",
        "CORS_ALLOW_CREDENTIALS",
        "LEEWAY",
        "SECRET_KEY",
        "a",
        "=",
        "=",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        ".",
        "+",
        "*",
        "|",
        "-",
        "\n",
        "\n",
        "  ",
        "#",
        "if",
        "else",
        "not",
        "or",
        "in",
        "lambda",
        "None",
        "True",
        "timedelta",
        "days",
        "os.environ",
        "env",
        "open",
        "read",
        "update",
        "dict",
        "**",
        "'LEEWAY'",
        "'ISSUER'",
        "\"AUTH_HEADER_TYPES\"",
        "'SIGNING_KEY'",
        "f'{x}'",
        "'\\n\\x00\\''",
        "'''",
        "\u{1}",
        "1",
        "0.5",
        "7_0",
        "1e9",
        "é",
    ];
    let soup = vec(select(words.to_vec()), 0..60).prop_map(|words| words.concat());
    let any = prop_oneof![
        soup.clone(),
        soup.prop_map(|soup| format!("SIMPLE_JWT = {{'LEEWAY': {soup}}}")),
        ".{0,200}"
    ];
    let config = Config {
        cases: 256,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&any, |source| {
            let text = convert(&source);
            prop_assert!(text.parse::<Table>().is_ok(), "{text}");
            prop_assert_eq!(settled::refusal(&text), None);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_text_of_several_lines_can_pass_for_a_setting() {
    // ALGORITHM contradicts the rest, so that lines are looked for that can go.
    let source = "SIMPLE_JWT = {'ALGORITHM': 'RS256', 'VERIFYING_KEY': 'none'}\nJWT_AUTH = {'JWT_ISSUER': \
                  '\\n#\\x7f\\nJWT_VERIFY_EXPIRATION = false\\n#', 'JWT_AUDIENCE': ['a\\nJWT_LEEWAY = \"9d\"', 'b']}\n";
    let text = convert(source);
    let table: Table = text.parse().unwrap();
    let ours = table["JWT_AUTH"].as_table().unwrap();
    assert_eq!(ours.len(), 2, "{text}");
    assert_eq!(
        ours["JWT_ISSUER"].as_str(),
        Some("\n#\u{7f}\nJWT_VERIFY_EXPIRATION = false\n#")
    );
    assert_eq!(ours["JWT_AUDIENCE"][0].as_str(), Some("a\nJWT_LEEWAY = \"9d\""));
    assert!(
        text.lines()
            .all(|line| !line.starts_with("JWT_VERIFY") && !line.starts_with("JWT_LEEWAY")),
        "{text}"
    );
}

#[test]
fn a_secret_that_hangs_on_a_condition_is_not_written_down() {
    let text = converted("SIMPLE_JWT = {'SIGNING_KEY': 'one-secret' if DEBUG else 'other-secret'}\n");
    assert!(
        text.contains("Hand it over as MUNJIGI_SIMPLE_JWT__SIGNING_KEY."),
        "{text}"
    );
    assert!(!text.contains("-secret'"), "{text}");
}

#[test]
fn a_file_that_is_made_to_be_slow_is_read_in_no_time() {
    let many = |count: usize, each: &dyn Fn(usize) -> String, between: &str| {
        (0..count).map(each).collect::<Vec<_>>().join(between)
    };
    let variables = many(20_000, &|number| format!("env('a{number}', '')"), " + ");
    let files = [
        format!("A = {}a", "a.".repeat(400_000)),
        format!(
            "SIMPLE_JWT = dict({})",
            many(80_000, &|number| format!("a{number}=1"), ", ")
        ),
        format!(
            "A = {variables}\nB = {}",
            many(150_000, &|_| "A".to_owned(), " + ")
        ),
        format!("A = {}", many(140_000, &|_| "'aaaa'".to_owned(), "+")),
        format!("A = {}", many(240_000, &|_| "[1]".to_owned(), "+")),
        format!("A = {}", many(70_000, &|number| format!("{{{number}: 1}}"), "|")),
    ];
    for file in files {
        assert!(file.len() <= LONGEST);
        let started = std::time::Instant::now();
        convert(&file);
        let start: String = file.chars().take(40).collect();
        assert!(
            started.elapsed().as_secs() < 10,
            "{start}: {:?}",
            started.elapsed()
        );
    }
}
