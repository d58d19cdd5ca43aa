//! What settings mean together.

use super::{KEY, gather, refusal, resolve, serve};
use crate::config::check::{self, Level};
use crate::config::{AllowedOrigins, Config, DataDir, Exposure, Mode, Relaxation};
use munjigi_store::{FieldKind, Foreign, UserModel};
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
        ("LANGUAGES = [\"en\"]", "another LANGUAGE_CODE"),
        ("[ROUTES]\nme = \"/user/csrf/\"", "Give one of them another path"),
        ("[SIMPLE_JWT]\nJTI_CLAIM = \"exp\"", "JTI_CLAIM is \"exp\""),
        (
            "[SIMPLE_JWT]\nUSER_ID_FIELD = \"nickname\"",
            "write \"id\", \"username\" or \"email\"",
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
            .any(|finding| finding.starts_with("(security.W004) SECURE_HSTS_SECONDS is 0"))
    );
    let difference = "(munjigi.I002) SIMPLE_JWT.REFRESH_TOKEN_LIFETIME is not written: it is \"7d\" here. simplejwt \
                      5.5.1 has \"1d\". Write what you mean.";
    assert!(plain.iter().any(|finding| finding == difference), "{plain:#?}");

    let loose = found(
        "ALLOWED_HOSTS = [\"*\"]\nSESSION_COOKIE_SECURE = false\nCSRF_COOKIE_SECURE = false\nSECURE_REFERRER_POLICY = \
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
    ] {
        assert!(
            loose
                .iter()
                .any(|finding| finding.starts_with(&format!("({id})"))),
            "{id}: {loose:#?}"
        );
    }
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
fn a_declared_field_is_no_field_that_a_user_has_of_himself() {
    let text = |name: &str, rest: &str| format!("[user.fields.{name}]\ntype = \"TextField\"\n{rest}");
    let columns = "id password last_login is_superuser username first_name last_name email is_staff is_active \
                   date_joined groups user_permissions";
    for column in columns.split(' ') {
        let by_name = serve(&text(column, ""));
        assert!(
            refusal(by_name).1.contains("that AbstractUser has not"),
            "{column}"
        );
        let by_column = serve(&text("nick", &format!("db_column = \"{column}\"\n")));
        assert!(
            refusal(by_column).1.contains("which is another field's"),
            "{column}"
        );
    }
    for file in [
        text("Is_Staff", ""),
        text("nick", "db_column = \"IS_STAFF\"\n"),
        text("a", "db_column = \"same\"\n") + &text("b", "db_column = \"Same\"\n"),
        text("a", "db_column = \"b\"\n") + &text("b", ""),
        "[user]\nUSERNAME_FIELD = \"login\"\n".to_owned() + &text("login", ""),
    ] {
        assert_eq!(refusal(serve(&file)).0, "contradiction", "{file}");
    }
    let swapped = text("a", "db_column = \"b\"\n") + &text("b", "db_column = \"a\"\n");
    assert!(serve(&swapped).is_ok());
}

#[test]
fn users_who_are_named_by_their_email_address_cannot_sign_up() {
    let file = "[user]\nUSERNAME_FIELD = \"email\"\n[ROUTES]\n";
    let routes = serve(file).unwrap().routes;
    assert_eq!((routes.session_signup, routes.jwt_signup), (None, None));
    assert!(routes.jwt_signin.is_some());
    assert!(serve(&format!("{file}jwt_signup = false\n")).is_ok());
    let written = serve(&format!("{file}jwt_signup = \"/user/jwt_signup\"\n"));
    assert_eq!(refusal(written).0, "contradiction");
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

#[test]
fn what_drf_jwt_does_by_python_functions_or_by_cookies_is_refused_by_name() {
    for (line, instead) in [
        ("JWT_VERIFY = false", "everybody is everybody"),
        ("JWT_GET_USER_SECRET_KEY = \"app.key\"", "sign-in behind them"),
        ("JWT_PRIVATE_KEY = \"-----BEGIN\"", "SIMPLE_JWT"),
        ("JWT_PUBLIC_KEY = \"-----BEGIN\"", "SIMPLE_JWT"),
        ("JWT_INSIST_ON_KID = true", "one key"),
        ("JWT_ENCODE_HANDLER = \"app.f\"", "no Python"),
        ("JWT_DECODE_HANDLER = \"app.f\"", "no Python"),
        ("JWT_PAYLOAD_HANDLER = \"app.f\"", "no Python"),
        ("JWT_PAYLOAD_GET_USERNAME_HANDLER = \"app.f\"", "no Python"),
        ("JWT_RESPONSE_PAYLOAD_HANDLER = \"app.f\"", "no Python"),
        ("JWT_AUTH_COOKIE = \"token\"", "AUTH_COOKIE"),
        ("JWT_AUTH_COOKIE_DOMAIN = \"example.com\"", "AUTH_COOKIE"),
        ("JWT_AUTH_COOKIE_PATH = \"/api\"", "AUTH_COOKIE"),
        ("JWT_AUTH_COOKIE_SECURE = false", "AUTH_COOKIE"),
        ("JWT_AUTH_COOKIE_SAMESITE = \"Strict\"", "AUTH_COOKIE"),
        ("JWT_IMPERSONATION_COOKIE = \"as\"", "somebody else"),
        ("JWT_DELETE_STALE_BLACKLISTED_TOKENS = true", "clearsessions"),
    ] {
        let (code, sentence) = refusal(serve(&format!("[JWT_AUTH]\n{line}\n")));
        assert_eq!(code, "not_available", "{line}");
        assert!(sentence.contains(instead), "{sentence}");
        assert!(sentence.contains(line.split(' ').next().unwrap()), "{sentence}");
    }
}

#[test]
fn two_dialects_do_not_share_a_word_and_are_told_apart_by_the_type() {
    let classes = "[REST_FRAMEWORK]\nDEFAULT_AUTHENTICATION_CLASSES = [\"JWTAuthentication\", \
                   \"JSONWebTokenAuthentication\"]\n";
    let shared = serve(&format!(
        "[JWT_AUTH]\nJWT_AUTH_HEADER_PREFIX = \"bearer\"\n{classes}"
    ));
    assert!(refusal(shared).1.contains("both say \"bearer\""));
    let alone = "[REST_FRAMEWORK]\nDEFAULT_AUTHENTICATION_CLASSES = [\"JSONWebTokenAuthentication\"]\n";
    let config = serve(&format!(
        "[JWT_AUTH]\nJWT_AUTH_HEADER_PREFIX = \"Bearer\"\n{alone}"
    ))
    .unwrap();
    assert_eq!(config.jwt_auth_prefix, "Bearer");
    for prefix in ["\"\"", "\"J WT\""] {
        let (_, sentence) = refusal(serve(&format!("[JWT_AUTH]\nJWT_AUTH_HEADER_PREFIX = {prefix}\n")));
        assert!(sentence.contains("a word without spaces"), "{sentence}");
    }
    let lasting = serve("[JWT_AUTH]\nJWT_VERIFY_EXPIRATION = false\n").unwrap();
    assert!(
        lasting
            .warnings
            .iter()
            .any(|warning| warning.id == "munjigi.W020")
    );
    let (_, sentence) = refusal(serve("[JWT_AUTH]\nJWT_TOKEN_ID = \"on\"\n"));
    assert!(
        sentence.contains("\"off\", \"include\" or \"require\""),
        "{sentence}"
    );
}
