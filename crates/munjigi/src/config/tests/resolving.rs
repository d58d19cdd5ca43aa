//! What settings mean together.

use super::{KEY, gather, refusal, resolve, serve};
use crate::config::check::Level;
use crate::config::{AllowedOrigins, Config, Exposure, Mode, Relaxation};
use munjigi_tokens::TokenClass;
use std::fs;

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
