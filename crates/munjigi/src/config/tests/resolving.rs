//! What settings mean together.

use super::{KEY, gather, refusal, resolve, serve};
use crate::config::check::{self, Level};
use crate::config::{AllowedOrigins, Config, DataDir, Exposure, Mode, Relaxation};
use munjigi_tokens::TokenClass;
use std::fs;
use std::os::unix::fs::PermissionsExt;

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
fn the_notes_values_are_the_defaults() {
    let jwt = serve("").unwrap().simple_jwt;
    assert_eq!(jwt.access_token_lifetime.as_secs(), 300);
    assert_eq!(jwt.refresh_token_lifetime.as_secs(), 604_800);
    assert!(jwt.update_last_login);
    assert_eq!(jwt.auth_token_classes, [TokenClass::AccessToken]);
    assert_eq!(serve("").unwrap().bearer.challenge(), "Bearer realm=\"api\"");
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
    for mismatched in [with("", other), with(other, KEY)] {
        let (_, message) = refusal(mismatched);
        assert!(
            message.contains("VERIFYING_KEY does not belong to SIGNING_KEY"),
            "{message}"
        );
    }
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
        (
            "EMAIL_USE_TLS = true\nEMAIL_USE_SSL = true",
            "EMAIL_USE_SSL = true for port 465",
        ),
        (
            "PASSWORD_RESET_URL = \"http://a.example/{uid}/{token}\"",
            "begins with https://",
        ),
        (
            "[ROUTES]\npassword_reset = \"/user/password_reset\"",
            "Write PASSWORD_RESET_URL = ",
        ),
        ("LANGUAGES = [\"en\"]", "another LANGUAGE_CODE"),
        ("[ROUTES]\nme = \"/user/csrf/\"", "Give one of them another path"),
        ("[SIMPLE_JWT]\nJTI_CLAIM = \"exp\"", "JTI_CLAIM is \"exp\""),
        (
            "[SIMPLE_JWT]\nUSER_ID_FIELD = \"nickname\"",
            "write \"id\" or \"username\" or \"email\"",
        ),
        ("[SIMPLE_JWT]\nAUTH_TOKEN_CLASSES = []", "Leave it out"),
        (
            "[SIMPLE_JWT]\nBLACKLIST_AFTER_ROTATION = true\nJTI_CLAIM = \"\"",
            "Write JTI_CLAIM = \"jti\"",
        ),
        (
            "[SIMPLE_JWT]\nREVOKE_TOKEN_CLAIM = \"jti\"",
            "REVOKE_TOKEN_CLAIM is \"jti\"",
        ),
        (
            "[REST_FRAMEWORK]\nDEFAULT_AUTHENTICATION_CLASSES = []",
            "at least one class",
        ),
        (
            "[REST_FRAMEWORK]\nDEFAULT_AUTHENTICATION_CLASSES = [\"JWTTokenUserAuthentication\", \
             \"SessionAuthentication\", \"JWTAuthentication\"]",
            "Write one of them.",
        ),
        (
            "[REST_FRAMEWORK]\nDEFAULT_AUTHENTICATION_CLASSES = [\"JWTTokenUserAuthentication\", \
             \"JWTStatelessUserAuthentication\"]",
            "and each once",
        ),
        (
            "CSRF_COOKIE_NAME = \"sessionid\"",
            "Give one of them another name",
        ),
        (
            "[hashers.argon2]\nmemory_cost = 4294967295",
            "more than 4 GiB of memory. Write 102400",
        ),
        (
            "[hashers.scrypt]\nwork_factor = 2147483648",
            "more than 4 GiB of memory. Write 16384",
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
fn a_number_that_no_machine_can_serve_is_refused() {
    for (file, words) in [
        (
            "MAX_CONNECTIONS = 9000000000000000000",
            "must lie between 1 and 1000000.",
        ),
        ("MAX_CONNECTIONS = 0", "must lie between 1 and 1000000."),
        ("HASHING_THREADS = 20000", "must lie between 0 and 1024."),
    ] {
        let (code, message) = refusal(serve(file));
        assert_eq!(code, "wrong_value", "{file}");
        assert!(message.ends_with(words), "{message}");
    }
    let most = serve("MAX_CONNECTIONS = 1000000\nHASHING_THREADS = 1024").unwrap();
    assert_eq!(
        (most.limits.connections, most.hashing.threads.get()),
        (1_000_000, 1024)
    );
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
fn a_field_that_its_user_gives_himself_and_that_looks_like_power_is_told() {
    let told = |fields: &str| {
        let given = [("MUNJIGI_SECRET_KEY", KEY), ("MUNJIGI_DATABASE_URL", "sqlite:x")];
        let text = format!("ALLOWED_HOSTS = [\"a.example\"]\nAUTH_USER_MODEL = \"shop.Member\"\n{fields}");
        let written = gather(&text, &given).unwrap();
        let findings = check::deploy(&Config::resolve(&written, Mode::Serve).unwrap(), &written).unwrap();
        let messages = findings
            .into_iter()
            .filter(|finding| finding.id == "munjigi.W012");
        messages.map(|finding| finding.message).collect::<Vec<_>>()
    };
    for harmless in [
        "[user.fields.newsletter]\ntype = \"BooleanField\"\ndefault = false\n",
        "[user.fields.is_admin]\ntype = \"BooleanField\"\neditable = false\ndefault = false\n",
        "[user.fields.age]\ntype = \"IntegerField\"\nnull = true\n",
    ] {
        assert_eq!(told(harmless), [] as [&str; 0], "{harmless}");
    }
    for (name, field) in [
        ("is_admin", "type = \"BooleanField\"\ndefault = false\n"),
        ("can_refund", "type = \"BooleanField\"\ndefault = false\n"),
        ("role", "type = \"CharField\"\nmax_length = 9\ndefault = \"\"\n"),
    ] {
        let messages = told(&format!("[user.fields.{name}]\n{field}"));
        assert!(
            matches!(&messages[..], [message] if message.starts_with(&format!("[user.fields.{name}] is editable"))),
            "{messages:?}"
        );
    }
}

#[test]
fn the_manifest_for_a_cluster_starts_nothing_before_its_proxies_are_written() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/django-next-door/kubernetes/munjigi.yaml"
    );
    let manifest = fs::read_to_string(path).unwrap();
    let line = manifest
        .lines()
        .find(|line| line.contains("MUNJIGI_TRUSTED_PROXIES"))
        .unwrap();
    let value = line.split('\'').nth(1).unwrap();
    let given = [
        ("MUNJIGI_SECRET_KEY", KEY),
        ("MUNJIGI_DATABASE_URL", "sqlite:x"),
        ("MUNJIGI_TRUSTED_PROXIES", value),
    ];
    let refusal = gather("", &given)
        .and_then(|written| Config::resolve(&written, Mode::Serve))
        .err()
        .unwrap();
    let refusal = refusal.to_string();
    assert!(
        refusal.contains("TRUSTED_PROXIES") && refusal.contains("INGRESS-PODS-CIDR"),
        "{refusal}"
    );
}

#[test]
fn a_deployment_is_told_what_is_unwise_and_where_it_is_not_simplejwts_default() {
    let found = |file: &str| {
        let given = [("MUNJIGI_SECRET_KEY", KEY), ("MUNJIGI_DATABASE_URL", "sqlite:x")];
        let written = gather(file, &given).unwrap();
        let findings = check::deploy(&Config::resolve(&written, Mode::Serve).unwrap(), &written);
        findings
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let plain = found("ALLOWED_HOSTS = [\"a.example\"]");
    assert!(
        plain
            .iter()
            .any(|finding| finding.starts_with("warning: (security.W004) SECURE_HSTS_SECONDS is 0"))
    );
    let difference = "info: (munjigi.I002) SIMPLE_JWT.REFRESH_TOKEN_LIFETIME is not written: it is \"7d\" here. simplejwt \
                      5.5.1 has \"1d\". Write what you mean.";
    assert!(plain.iter().any(|finding| finding == difference), "{plain:#?}");
    let is_shared = |findings: &[String]| {
        findings
            .iter()
            .any(|finding| finding.starts_with("info: (munjigi.I003)"))
    };
    assert!(is_shared(&plain), "{plain:#?}");
    let of_its_own = "ALLOWED_HOSTS = [\"a.example\"]\n[SIMPLE_JWT]\nSIGNING_KEY = \"another-key-of-at-least-32-bytes-0123456789\"\n";
    assert!(!is_shared(&found(of_its_own)));

    let loose = found(
        "ALLOWED_HOSTS = [\"*\"]\nSESSION_COOKIE_HTTPONLY = false\nSESSION_COOKIE_SAMESITE = false\nEMAIL_HOST = \"smtp.example.com\"\nEMAIL_HOST_USER = \"munjigi\"\n\
         EMAIL_HOST_PASSWORD = \"open sesame\"\n\
         X_FRAME_OPTIONS = \"SAMEORIGIN\"\nROUTES.ended = \"/ended\"\nSESSION_COOKIE_SECURE = false\nCSRF_COOKIE_SECURE = false\nSECURE_REFERRER_POLICY = \
         \"\"\nSECURE_CONTENT_TYPE_NOSNIFF = false\nAUTH_PASSWORD_VALIDATORS = []\nCORS_ALLOW_ALL_ORIGINS = true\n\
         SECURE_HSTS_SECONDS = \"52w\"\nTRUSTED_PROXIES = [\"10.0.0.1\", \"::/0\"]\n[SIMPLE_JWT]\n\
         REFRESH_TOKEN_LIFETIME = \"1d\"\nACCESS_TOKEN_LIFETIME = \"25h\"\nLEEWAY = \"301s\"\n\
         [hashers.pbkdf2_sha256]\niterations = 599999\n",
    );
    for id in [
        "security.W006",
        "security.W012",
        "security.W016",
        "security.W022",
        "munjigi.W003",
        "munjigi.W004",
        "munjigi.W005",
        "munjigi.W006",
        "munjigi.W007",
        "munjigi.W008",
        "munjigi.W009",
        "munjigi.W046",
        "munjigi.W047",
        "munjigi.W048",
        "munjigi.W050",
        "security.W015",
        "security.W019",
    ] {
        assert!(
            loose
                .iter()
                .any(|finding| finding.starts_with(&format!("warning: ({id})"))),
            "{id}: {loose:#?}"
        );
    }
    let printed = found(
        "ALLOWED_HOSTS = [\"a.example\"]\nEMAIL_BACKEND = \"django.core.mail.backends.console.EmailBackend\"\n\
         PASSWORD_RESET_URL = \"https://a.example/{uid}/{token}\"\n",
    );
    let says = |findings: &[String], id: &str| findings.iter().any(|finding| finding.contains(id));
    assert!(
        says(&printed, "munjigi.W051") && !says(&loose, "munjigi.W051"),
        "{printed:#?}"
    );
    assert!(
        says(&loose, "munjigi.I004") && !says(&printed, "munjigi.I004"),
        "{loose:#?}"
    );
    assert!(!says(&plain, "munjigi.I004"), "{plain:#?}");
    for absent in [
        "security.W004",
        "munjigi.I001",
        "REFRESH_TOKEN_LIFETIME is not written",
    ] {
        assert!(
            !loose.iter().any(|finding| finding.contains(absent)),
            "{absent}: {loose:#?}"
        );
    }
}

#[test]
fn the_cost_of_the_hasher_that_stores_is_looked_at_before_production() {
    let costs = |hasher: &str, costs: &str| {
        let path = format!("django.contrib.auth.hashers.{hasher}PasswordHasher");
        let file = format!("PASSWORD_HASHERS = [\"{path}\"]\n[hashers]\n{costs}\n");
        let given = [("MUNJIGI_SECRET_KEY", KEY), ("MUNJIGI_DATABASE_URL", "sqlite:x")];
        let written = gather(&file, &given).unwrap();
        let config = Config::resolve(&written, Mode::Serve).unwrap();
        let findings = check::deploy(&config, &written).unwrap();
        findings.iter().any(|finding| finding.id == "munjigi.W009")
    };
    for (hasher, low, enough) in [
        (
            "PBKDF2",
            "pbkdf2_sha256.iterations = 599999",
            "pbkdf2_sha256.iterations = 600000",
        ),
        (
            "PBKDF2SHA1",
            "pbkdf2_sha1.iterations = 1",
            "pbkdf2_sha1.iterations = 600000",
        ),
        (
            "Argon2",
            "argon2.memory_cost = 4096\nargon2.time_cost = 99",
            "argon2.memory_cost = 19456",
        ),
        (
            "Argon2",
            "argon2.time_cost = 1\nargon2.memory_cost = 20000",
            "argon2.time_cost = 1",
        ),
        (
            "BCryptSHA256",
            "bcrypt_sha256.rounds = 9",
            "bcrypt_sha256.rounds = 10",
        ),
        ("BCrypt", "bcrypt.rounds = 4", ""),
        (
            "Scrypt",
            "scrypt.work_factor = 8192",
            "scrypt.work_factor = 8192\nscrypt.parallelism = 10",
        ),
        // What stores nothing new costs whoever it was that stored it.
        (
            "Argon2",
            "argon2.memory_cost = 64",
            "pbkdf2_sha256.iterations = 1",
        ),
    ] {
        assert!(costs(hasher, low) && !costs(hasher, enough), "{hasher}: {low}");
    }
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
    let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("secret_key"), 0o600);

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

    // A copy may have lost its modes.
    for name in ["secret_key", "munjigi.sqlite3", "munjigi.sqlite3-wal"] {
        fs::write(path.join(name), KEY).unwrap();
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let prepare = || dir.prepare(&mut gather("", &[]).unwrap(), &mut crate::clock::entropy());
    let finding = prepare().unwrap().unwrap();
    assert!(
        finding.message.contains("secret_key (its mode is 0600 now), ")
            && finding.message.contains("munjigi.sqlite3-wal")
    );
    assert_eq!((mode("secret_key"), mode("munjigi.sqlite3-wal")), (0o600, 0o600));
    assert_eq!(prepare().unwrap(), None);
    fs::remove_dir_all(&path).unwrap();
}

#[test]
fn a_data_directory_names_its_own_database_or_is_not_made() {
    let path = std::env::temp_dir().join(format!("munjigi-data-{}-?", std::process::id()));
    let mut written = gather("", &[]).unwrap();
    let refused = DataDir::at(&path).prepare(&mut written, &mut crate::clock::entropy());
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("Choose one without \"?\"")
    );
    assert!(!path.exists());
    let mut given = gather("", &[("MUNJIGI_DATABASE_URL", "sqlite:x")]).unwrap();
    assert_eq!(
        DataDir::at(&path)
            .prepare(&mut given, &mut crate::clock::entropy())
            .unwrap(),
        None
    );
    fs::remove_dir_all(&path).unwrap();

    let mut doubled = gather("", &[("MUNJIGI_SECRET_KEY", KEY)]).unwrap();
    DataDir::at("//srv/data").provide(&mut doubled).unwrap();
    let config = Config::resolve(&doubled, Mode::Dev).unwrap();
    assert_eq!(
        config.database.sqlite_path(),
        Some("/srv/data/munjigi.sqlite3".as_ref())
    );
}
