//! The settings as a whole: from what somebody writes to what the server reads, or the sentence that it stops with.

use super::check::Level;
use super::*;
use munjigi_store::FieldKind;
use munjigi_tokens::TokenClass;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

const KEY: &str = "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdef";

/// A file that is gone when the test is over.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("munjigi-settings-{}-{number}.toml", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

fn gather(file: &str, variables: &[(&str, &str)]) -> Result<Written, Error> {
    let file = File::new(file);
    let variables = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    Written::gather(Sources {
        file: Some(file.0.clone()),
        variables,
        flags: Vec::new(),
    })
}

/// Resolves a file under `serve`, with a key and a database.
fn serve(file: &str) -> Result<Config, Error> {
    resolve(file, &[], Mode::Serve)
}

fn resolve(file: &str, variables: &[(&str, &str)], mode: Mode) -> Result<Config, Error> {
    let given = [
        ("MUNJIGI_SECRET_KEY", KEY),
        ("MUNJIGI_DATABASE_URL", "sqlite:x.sqlite3"),
    ];
    Config::resolve(&gather(file, &[&given, variables].concat())?, mode)
}

fn refusal(result: Result<Config, Error>) -> (&'static str, String) {
    let error = result.err().expect("it is refused");
    (error.code(), error.to_string())
}

#[test]
fn later_wins_file_then_environment_then_flag() {
    let file = File::new("BIND = [\"127.0.0.1:1\"]\nLOG_LEVEL = \"warn\"\nLANGUAGE_CODE = \"en\"\n");
    let written = Written::gather(Sources {
        file: Some(file.0.clone()),
        variables: vec![
            ("MUNJIGI_BIND".into(), "127.0.0.1:2".into()),
            ("MUNJIGI_LOG_LEVEL".into(), "error".into()),
            ("MUNJIGI_SECRET_KEY".into(), KEY.into()),
            ("MUNJIGI_DATABASE_URL".into(), "sqlite:x".into()),
        ],
        flags: vec![("BIND", "--bind", toml::Value::from("127.0.0.1:3"))],
    });
    let config = Config::resolve(&written.unwrap(), Mode::Serve).unwrap();
    assert_eq!(config.bind, ["127.0.0.1:3".parse().unwrap()]);
    assert_eq!(config.log.level, "error");
    assert_eq!(config.languages.default, crate::i18n::Lang::En);
}

#[test]
fn serve_is_strict_and_dev_is_relaxed_unless_it_is_written() {
    let (strict, relaxed) = (serve("").unwrap(), resolve("", &[], Mode::Dev).unwrap());
    assert_eq!((strict.validators.len(), relaxed.validators.len()), (4, 0));
    assert!(strict.session.cookie_secure && strict.csrf.cookie_secure);
    assert!(!relaxed.session.cookie_secure && !relaxed.csrf.cookie_secure);
    assert_eq!(strict.cors.origins, AllowedOrigins::Listed(Vec::new()));
    assert_eq!(relaxed.cors.origins, AllowedOrigins::Loopback);
    assert_eq!(relaxed.hosts.allowed, [".localhost", "127.0.0.1", "[::1]"]);
    assert_eq!(relaxed.bind.len(), 2);
    assert!(strict.relaxed().is_empty());
    let relaxations = [
        Relaxation::AnyPassword,
        Relaxation::PlainCookies,
        Relaxation::LoopbackOrigins,
    ];
    assert_eq!(relaxed.relaxed(), relaxations);

    let written = "SESSION_COOKIE_SECURE = true\nAUTH_PASSWORD_VALIDATORS = [{ NAME = \"NumericPasswordValidator\" }]\n";
    let written = resolve(written, &[], Mode::Dev).unwrap();
    assert!(written.session.cookie_secure);
    assert_eq!(written.validators.len(), 1);
}

#[test]
fn serve_wants_a_key_a_database_and_a_name() {
    let missing = |variables: &[(&str, &str)]| {
        refusal(gather("", variables).and_then(|written| Config::resolve(&written, Mode::Serve)))
    };
    let (code, message) = missing(&[]);
    assert_eq!(code, "missing");
    assert!(
        message.starts_with("SECRET_KEY is not written. Make one"),
        "{message}"
    );
    let (_, message) = missing(&[("MUNJIGI_SECRET_KEY", KEY)]);
    assert!(
        message.starts_with("DATABASE_URL is not written. Write MUNJIGI_DATABASE_URL="),
        "{message}"
    );

    let nameless = serve("")
        .unwrap()
        .check_listening(Exposure::Loopback)
        .unwrap_err();
    assert!(
        nameless.to_string().starts_with("ALLOWED_HOSTS is not written."),
        "{nameless}"
    );
    assert!(
        serve("ALLOWED_HOSTS = [\"a.example\"]")
            .unwrap()
            .check_listening(Exposure::Loopback)
            .is_ok()
    );
}

#[test]
fn dev_stays_on_this_machine_unless_it_is_told_to_expose_itself() {
    let file = "BIND = [\"0.0.0.0:8000\"]";
    let config = resolve(file, &[], Mode::Dev).unwrap();
    assert!(
        config
            .check_listening(Exposure::Loopback)
            .unwrap_err()
            .to_string()
            .contains("Add --expose")
    );
    assert!(config.check_listening(Exposure::Network).is_ok());

    let mut written = gather(
        "",
        &[("MUNJIGI_SECRET_KEY", KEY), ("MUNJIGI_DATABASE_URL", "sqlite:x")],
    )
    .unwrap();
    written.expose();
    let config = Config::resolve(&written, Mode::Dev).unwrap();
    assert_eq!(config.bind, ["0.0.0.0:8000".parse().unwrap()]);
    assert!(config.relaxed().contains(&Relaxation::AnyHost));
}

#[test]
fn an_unknown_name_is_told_with_its_line_and_the_nearest_name() {
    let (code, message) = refusal(serve(
        "LOG_LEVEL = \"info\"\n\n[SIMPLE_JWT]\nACCES_TOKEN_LIFETIME = \"3m\"\n",
    ));
    assert_eq!(code, "unknown_setting");
    assert!(
        message.starts_with("SIMPLE_JWT.ACCES_TOKEN_LIFETIME ("),
        "{message}"
    );
    assert!(
        message.ends_with(".toml, line 4) is not a setting. Did you mean SIMPLE_JWT.ACCESS_TOKEN_LIFETIME?"),
        "{message}"
    );

    let (_, message) = refusal(resolve("", &[("MUNJIGI_ALOWED_HOSTS", "[]")], Mode::Serve));
    assert_eq!(
        message,
        "ALOWED_HOSTS (the variable MUNJIGI_ALOWED_HOSTS) is not a setting. Did you mean ALLOWED_HOSTS?"
    );
}

#[test]
fn a_wrong_type_is_told_of_every_setting() {
    // A date is the type of none.
    for about in table::all() {
        let (table, key) = (
            about
                .table()
                .map_or(String::new(), |table| format!("[{table}]\n")),
            about.key(),
        );
        let (code, message) = refusal(serve(&format!("{table}{key} = 2026-11-21\n")));
        assert_eq!(code, "wrong_type", "{}: {message}", about.name);
        assert!(message.starts_with(&format!("{} (", about.name)), "{message}");
        assert!(message.contains("is a date. It wants "), "{message}");
    }
}

#[test]
fn no_setting_that_can_be_written_is_left_unread() {
    let date: toml::Value = "2026-11-21".parse().unwrap();
    for about in table::all().filter(|about| about.later.is_none()) {
        let mut written = gather("", &[]).unwrap();
        // Unchecked, so that it is the reading that fails.
        written.provide(about, date.clone(), written::Origin::Flag("--none"));
        for (name, value) in [("SECRET_KEY", KEY), ("DATABASE_URL", "sqlite:x")] {
            let value = toml::Value::from(value);
            written.provide(table::find(name).unwrap(), value, written::Origin::Flag("--none"));
        }
        let (code, message) = refusal(Config::resolve(&written, Mode::Serve));
        assert_eq!(
            (code, message.split(' ').next()),
            ("wrong_type", Some(about.name))
        );
    }
}

#[test]
fn a_wrong_type_names_what_was_found_and_what_is_wanted() {
    let (_, message) = refusal(resolve(
        "",
        &[("MUNJIGI_SESSION_COOKIE_SECURE", "yes")],
        Mode::Serve,
    ));
    assert_eq!(
        message,
        "SESSION_COOKIE_SECURE (the variable MUNJIGI_SESSION_COOKIE_SECURE) is text. It wants true or false."
    );
    let (_, message) = refusal(serve("ALLOWED_HOSTS = [\"a\", 1]"));
    assert!(
        message.contains("is a list with a whole number in it. It wants a list of host names"),
        "{message}"
    );
}

#[test]
fn a_broken_file_is_told_without_its_text() {
    let (code, message) = refusal(serve(
        "LOG_LEVEL = \"info\"\nSECRET_KEY = \"s3cr3t-that-must-not-be-shown\n",
    ));
    assert_eq!(code, "syntax");
    assert!(message.contains(", line 2 is not TOML: "), "{message}");
    assert!(!message.contains("s3cr3t"), "{message}");
    let absent = Written::gather(Sources {
        file: Some("no/such/file.toml".into()),
        ..Sources::default()
    });
    assert_eq!(absent.err().unwrap().code(), "file");
}

#[test]
fn no_refusal_shows_a_secret() {
    for (name, value) in [
        ("MUNJIGI_SECRET_KEY", "s3cr3t"),
        ("MUNJIGI_SECRET_KEY_FALLBACKS", "[\"s3cr3t\"]"),
        ("MUNJIGI_SECRET_KEY_FALLBACKS", "s3cr3t"),
        ("MUNJIGI_DATABASE_URL", "mysql://u:s3cr3t@h/n"),
        ("MUNJIGI_DATABASE_URL", "postgres://u:s3cr3t@h:port/n"),
        ("MUNJIGI_DATABASE_URL", "postgres://u:s3cr3t@h/n?sslmode=s3cr3t2"),
        ("MUNJIGI_SIMPLE_JWT__SIGNING_KEY", "s3cr3t"),
        ("MUNJIGI_SIMPLE_JWT__VERIFYING_KEY", "s3cr3t"),
    ] {
        let (_, message) = refusal(resolve("", &[(name, value)], Mode::Serve));
        assert!(
            !message.contains("s3cr3t@") && !message.contains("\"s3cr3t\""),
            "{message}"
        );
    }
}

#[test]
fn a_secret_may_be_a_file() {
    let file = File::new(&format!("{KEY}\n"));
    let path = file.0.to_str().unwrap();
    let written = gather(
        "",
        &[
            ("MUNJIGI_SECRET_KEY_FILE", path),
            ("MUNJIGI_DATABASE_URL", "sqlite:x"),
        ],
    )
    .unwrap();
    let config = Config::resolve(&written, Mode::Serve).unwrap();
    assert_eq!(config.secret_keys.current().expose(), KEY.as_bytes());

    let both = resolve("", &[("MUNJIGI_SECRET_KEY_FILE", path)], Mode::Serve);
    assert!(
        refusal(both)
            .1
            .contains("MUNJIGI_SECRET_KEY and MUNJIGI_SECRET_KEY_FILE are both set")
    );
    let absent = gather("", &[("MUNJIGI_SECRET_KEY_FILE", "no/such/file")])
        .err()
        .unwrap();
    assert!(
        absent
            .to_string()
            .contains("MUNJIGI_SECRET_KEY_FILE (the environment) names no/such/file"),
        "{absent}"
    );
    // Only a secret has such a twin.
    assert_eq!(
        gather("", &[("MUNJIGI_LOG_LEVEL_FILE", path)])
            .err()
            .unwrap()
            .code(),
        "unknown_setting"
    );
}

#[test]
fn variables_reach_into_tables() {
    let variables = [
        ("MUNJIGI_SIMPLE_JWT__ACCESS_TOKEN_LIFETIME", "3m"),
        (
            "MUNJIGI_SIMPLE_JWT__SIGNING_KEY",
            "12345678901234567890123456789012",
        ),
        ("MUNJIGI_SIMPLE_JWT__AUTH_HEADER_TYPES", "[\"JWT\"]"),
        ("MUNJIGI_ROUTES__ME", "/whoami/"),
        ("MUNJIGI_HASHERS", "{ pbkdf2_sha256 = { iterations = 1000 } }"),
        ("MUNJIGI_SERVICE_HOST", "10.0.0.1"),
        ("MUNJIGI_PORT", "tcp://10.0.0.1:8000"),
        ("MUNJIGI_TEST_POSTGRES", "postgres://localhost/test"),
    ];
    let config = resolve("", &variables, Mode::Serve).unwrap();
    assert_eq!(config.simple_jwt.access_token_lifetime.as_secs(), 180);
    assert_eq!(config.simple_jwt.auth_header_types, ["JWT"]);
    assert_eq!(config.routes.me.as_deref(), Some("/whoami"));
}

#[test]
fn the_notes_values_are_the_defaults() {
    let jwt = serve("").unwrap().simple_jwt;
    assert_eq!(jwt.access_token_lifetime.as_secs(), 300);
    assert_eq!(jwt.refresh_token_lifetime.as_secs(), 604_800);
    assert!(jwt.update_last_login);
    assert_eq!(jwt.auth_token_classes, [TokenClass::AccessToken]);
    assert_eq!(serve("").unwrap().auth_header, "authorization");
}

#[test]
fn simple_jwt_keys_work_or_are_refused_by_name() {
    let written = "[SIMPLE_JWT]\nROTATE_REFRESH_TOKENS = false\nAUTH_COOKIE = \"\"\nAUTH_COOKIE_SECURE = false\n\
                   SLIDING_TOKEN_LIFETIME = \"0:05:00\"\nVERIFYING_KEY = \"\"\nJWK_URL = \"\"\nLEEWAY = \"10s\"\n";
    assert_eq!(serve(written).unwrap().simple_jwt.leeway.as_secs(), 10);

    let (code, message) = refusal(serve("[SIMPLE_JWT]\nROTATE_REFRESH_TOKENS = true\n"));
    assert_eq!(code, "not_available");
    assert!(
        message.starts_with("SIMPLE_JWT.ROTATE_REFRESH_TOKENS = true ("),
        "{message}"
    );
    assert!(
        message.contains("is not available in this version of munjigi. Leave it out"),
        "{message}"
    );
    for line in [
        "BLACKLIST_AFTER_ROTATION = true",
        "AUTH_COOKIE = \"access\"",
        "AUTH_COOKIE_SAMESITE = \"None\"",
        "SLIDING_TOKEN_LIFETIME = \"6m\"",
        "TOKEN_OBTAIN_SERIALIZER = \"shop.Mine\"",
        "CHECK_REVOKE_TOKEN = true",
        "CHECK_USER_IS_ACTIVE = false",
    ] {
        assert_eq!(
            refusal(serve(&format!("[SIMPLE_JWT]\n{line}\n"))).0,
            "not_available",
            "{line}"
        );
    }
    let (_, message) = refusal(serve("[SIMPLE_JWT]\nALGORITHM = \"RS256\"\n"));
    assert!(
        message.contains("not available in this version of munjigi. Write \"HS256\""),
        "{message}"
    );
    let (_, message) = refusal(serve("[SIMPLE_JWT]\nALGORITHM = \"none\"\n"));
    assert!(message.contains("is no algorithm"), "{message}");
}

#[test]
fn a_verifying_key_is_the_signing_key_or_none() {
    let with = |signing: &str, verifying: &str| {
        serve(&format!(
            "[SIMPLE_JWT]\nSIGNING_KEY = \"{signing}\"\nVERIFYING_KEY = \"{verifying}\"\n"
        ))
    };
    let other = "another-key-0123456789abcdefghijklmnopqrstuvwxyz-0123456789";
    assert!(with("", "").is_ok() && with("", KEY).is_ok() && with(other, other).is_ok());
    assert!(refusal(with("", other)).1.contains("leave VERIFYING_KEY out"));
    assert!(refusal(with(other, KEY)).1.contains("leave VERIFYING_KEY out"));
}

#[test]
fn the_notes_token_classes_are_taken_and_warned_of() {
    for classes in [
        "[\"rest_framework_simplejwt.tokens.AccessToken\", \"rest_framework_simplejwt.tokens.RefreshToken\"]",
        "[\"AccessToken\", \"RefreshToken\"]",
    ] {
        let config = serve(&format!("[SIMPLE_JWT]\nAUTH_TOKEN_CLASSES = {classes}\n")).unwrap();
        assert_eq!(
            config.simple_jwt.auth_token_classes,
            [TokenClass::AccessToken, TokenClass::RefreshToken]
        );
        let warning = config.warnings.first().unwrap();
        assert_eq!((warning.id, warning.level), ("munjigi.W001", Level::Warning));
    }
    let sliding =
        serve("[SIMPLE_JWT]\nAUTH_TOKEN_CLASSES = [\"rest_framework_simplejwt.tokens.SlidingToken\"]\n");
    assert!(refusal(sliding).1.contains("not available"));
}

#[test]
fn contradictions_stop_the_start_with_what_to_write_instead() {
    for (file, words) in [
        (
            "SESSION_COOKIE_SAMESITE = \"None\"\nSESSION_COOKIE_SECURE = false",
            "Write SESSION_COOKIE_SECURE = true",
        ),
        (
            "CSRF_COOKIE_NAME = \"__Host-csrf\"\nCSRF_COOKIE_PATH = \"/user\"",
            "Write CSRF_COOKIE_PATH",
        ),
        ("USE_X_FORWARDED_HOST = true", "TRUSTED_PROXIES = [\"127.0.0.1\"]"),
        (
            "SECURE_PROXY_SSL_HEADER = [\"HTTP_X_FORWARDED_PROTO\", \"https\"]",
            "TRUSTED_PROXIES = [\"127.0.0.1\"]",
        ),
        (
            "CORS_ALLOW_ALL_ORIGINS = true\nCORS_ALLOW_CREDENTIALS = true",
            "CORS_ALLOW_CREDENTIALS = false",
        ),
        ("SECURE_HSTS_PRELOAD = true", "Write SECURE_HSTS_SECONDS"),
        ("LANGUAGES = [\"en\"]", "another LANGUAGE_CODE"),
        ("[ROUTES]\nme = \"/user/csrf/\"", "Give one of them another path"),
        ("[SIMPLE_JWT]\nJTI_CLAIM = \"exp\"", "JTI_CLAIM is \"exp\""),
        (
            "[SIMPLE_JWT]\nUSER_ID_FIELD = \"email\"",
            "write \"id\" or \"username\"",
        ),
        ("[SIMPLE_JWT]\nAUTH_TOKEN_CLASSES = []", "Leave it out"),
        (
            "[REST_FRAMEWORK]\nDEFAULT_AUTHENTICATION_CLASSES = []",
            "at least one class",
        ),
        ("PASSWORD_HASHERS = []", "Write at least one hasher"),
        (
            "PASSWORD_HASHERS = [\"MD5PasswordHasher\"]",
            "only verifies old rows",
        ),
        ("[user.fields.age]\nnull = true", "says no type"),
        (
            "[user.fields.password]\ntype = \"TextField\"",
            "that AbstractUser has not",
        ),
        ("[user.fields.nick]\ntype = \"CharField\"", "Write max_length"),
    ] {
        let (code, message) = refusal(serve(file));
        assert_eq!(code, "contradiction", "{file}: {message}");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn weak_keys_are_warned_of_with_djangos_ids() {
    let key = "django-insecure-0123456789abcdefghijklmnopqrstuvwxyz-012345";
    let config = resolve(
        "",
        &[("MUNJIGI_SECRET_KEY_FALLBACKS", &format!("[\"{key}\"]"))],
        Mode::Serve,
    )
    .unwrap();
    assert_eq!(
        config
            .warnings
            .iter()
            .map(|warning| warning.id)
            .collect::<Vec<_>>(),
        ["security.W025"]
    );
    let written = gather(
        "",
        &[("MUNJIGI_SECRET_KEY", key), ("MUNJIGI_DATABASE_URL", "sqlite:x")],
    )
    .unwrap();
    let config = Config::resolve(&written, Mode::Serve).unwrap();
    assert_eq!(
        config
            .warnings
            .iter()
            .map(|warning| warning.id)
            .collect::<Vec<_>>(),
        ["security.W009"]
    );
    let long = serve("[SIMPLE_JWT]\nALGORITHM = \"HS512\"\n").unwrap();
    assert_eq!(long.warnings.first().unwrap().id, "munjigi.W002");
}

#[test]
fn a_deployment_is_told_what_is_unwise_and_where_it_is_not_simplejwts_default() {
    let found = |file: &str| {
        let given = [("MUNJIGI_SECRET_KEY", KEY), ("MUNJIGI_DATABASE_URL", "sqlite:x")];
        let written = gather(file, &given).unwrap();
        let findings = check::deploy(&Config::resolve(&written, Mode::Serve).unwrap(), &written);
        findings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let plain = found("ALLOWED_HOSTS = [\"a.example\"]");
    assert!(
        plain
            .iter()
            .any(|finding| finding.starts_with("(security.W004) SECURE_HSTS_SECONDS is 0"))
    );
    let difference = "(munjigi.I002) SIMPLE_JWT.REFRESH_TOKEN_LIFETIME is not written: it is \"7d\" here. simplejwt \
                      5.5.1 has \"1d\". Write what you mean.";
    assert!(plain.iter().any(|finding| finding == difference), "{plain:#?}");

    let loose = found(
        "ALLOWED_HOSTS = [\"*\"]\nSESSION_COOKIE_SECURE = false\nCSRF_COOKIE_SECURE = false\nSECURE_REFERRER_POLICY = \
         \"\"\nSECURE_CONTENT_TYPE_NOSNIFF = false\nAUTH_PASSWORD_VALIDATORS = []\nCORS_ALLOW_ALL_ORIGINS = true\n\
         SECURE_HSTS_SECONDS = \"52w\"\nTRUSTED_PROXIES = [\"10.0.0.1\"]\n[SIMPLE_JWT]\nREFRESH_TOKEN_LIFETIME = \"1d\"\n",
    );
    for id in [
        "security.W006",
        "security.W012",
        "security.W016",
        "security.W022",
        "munjigi.W003",
        "munjigi.W004",
        "munjigi.W005",
    ] {
        assert!(
            loose
                .iter()
                .any(|finding| finding.starts_with(&format!("({id})"))),
            "{id}: {loose:#?}"
        );
    }
    for absent in ["security.W004", "munjigi.I001", "REFRESH_TOKEN_LIFETIME"] {
        assert!(
            !loose.iter().any(|finding| finding.contains(absent)),
            "{absent}: {loose:#?}"
        );
    }
}

#[test]
fn the_user_model_is_the_notes_unless_it_is_written() {
    let config = serve("").unwrap();
    assert_eq!(config.user_model, UserModel::user_user());
    assert_eq!(config.foreign, Foreign::Refuse);
    assert!(config.email_unique);

    let stock = serve("AUTH_USER_MODEL = \"auth.User\"").unwrap();
    assert_eq!(
        (stock.user_model, stock.foreign),
        (UserModel::auth_user(), Foreign::Adopt)
    );

    let file = "AUTH_USER_MODEL = \"accounts.Member\"\n[user]\nprimary_key = \"UUIDField\"\nemail_unique = false\n\
                [user.fields.nick]\ntype = \"CharField\"\nmax_length = 20\ndb_column = \"nickname\"\n\
                [user.fields.level]\ntype = \"SmallIntegerField\"\nnull = true\n";
    let own = serve(file).unwrap();
    assert_eq!(own.user_model.table, "accounts_member");
    assert_eq!(own.user_model.id_kind, munjigi_user::UserIdKind::Uuid);
    assert!(!own.email_unique);
    let [level, nick] = own.user_model.extra_fields.as_slice() else {
        panic!("two fields")
    };
    assert_eq!(
        (level.kind, level.nullable),
        (
            FieldKind::Integer {
                min: -32_768,
                max: 32_767
            },
            true
        )
    );
    assert_eq!(
        (nick.column.as_str(), nick.kind),
        ("nickname", FieldKind::Text { max_length: Some(20) })
    );
}

#[test]
fn signups_are_off_beside_django_until_they_are_written() {
    let routes = serve("[ROUTES]\njwt_signup = \"/user/jwt_signup\"\ncsrf = false\n")
        .unwrap()
        .routes;
    assert_eq!(routes.csrf, None);
    assert!(routes.session_signup.is_some());
    let adopted = routes.for_adopted_database();
    assert_eq!(adopted.session_signup, None);
    assert_eq!(adopted.jwt_signup.as_deref(), Some("/user/jwt_signup"));
}

#[test]
fn the_data_directory_keeps_its_key_and_gives_way_to_what_is_written() {
    let path = std::env::temp_dir().join(format!("munjigi-data-{}", std::process::id()));
    let dir = DataDir::at(&path);
    let mut written = gather("", &[]).unwrap();
    dir.prepare(&mut written, &mut crate::clock::entropy()).unwrap();
    let first = Config::resolve(&written, Mode::Dev).unwrap();
    assert!(first.warnings.is_empty());
    assert_eq!(
        first.database.sqlite_path(),
        Some(path.join("munjigi.sqlite3").as_path())
    );
    assert_eq!(fs::read_to_string(path.join(".gitignore")).unwrap(), "*\n");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(path.join("secret_key")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);

    let mut again = gather("", &[]).unwrap();
    dir.prepare(&mut again, &mut crate::clock::entropy()).unwrap();
    let again = Config::resolve(&again, Mode::Dev).unwrap();
    assert_eq!(
        again.secret_keys.current().expose(),
        first.secret_keys.current().expose()
    );

    let mut given = gather("", &[("MUNJIGI_SECRET_KEY", KEY)]).unwrap();
    dir.prepare(&mut given, &mut crate::clock::entropy()).unwrap();
    assert_eq!(
        Config::resolve(&given, Mode::Dev)
            .unwrap()
            .secret_keys
            .current()
            .expose(),
        KEY.as_bytes()
    );
    fs::remove_dir_all(&path).unwrap();
}
