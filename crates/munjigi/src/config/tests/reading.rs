//! Where settings are read from, and what is refused before it means anything.

use super::{File, KEY, gather, refusal, resolve, serve};
use crate::config::{Config, Mode, Sources, Written, table, written};

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
    for about in table::all().filter(|about| about.fixed.is_none()) {
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
