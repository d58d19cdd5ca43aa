//! The file of variables: secrets that every reader reads alike, and the database as one URL.

use super::report;
use crate::config::tests::serve;
use crate::config::{Config, Mode, Sources, Written};
use crate::neighbour::report::Report;
use crate::neighbour::{lost, secrets, toml};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

#[test]
fn the_cache_of_sessions_is_told_and_where_it_is_kept_secret() {
    let report = report(|report| {
        report["settings"]["SESSION_ENGINE"] = "django.contrib.sessions.backends.cached_db".into();
        report["settings"]["SESSION_CACHE_ALIAS"] = "sessions".into();
        report["cache"] = json!({
            "backend": "django.core.cache.backends.redis.RedisCache", "key_prefix": "shop",
            "location": ["redis://:pass@cache:6379/1", "redis://replica"], "version": 2, "key_function": null,
            "options": ["db"],
        });
    });
    let text = toml(&report, "munjigi.env", &lost(&report));
    for line in [
        "SESSION_ENGINE = \"django.contrib.sessions.backends.cached_db\"\n",
        "\n[CACHES.default]\nBACKEND = \"django.core.cache.backends.redis.RedisCache\"\nKEY_PREFIX = \"shop\"\nVERSION = 2\n",
        "# CACHES: OPTIONS[\"db\"] of the sessions' cache",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("pass@"), "{text}");
    let told = secrets(&report, Path::new("/srv/munjigi.env")).unwrap().text();
    assert!(
        told.contains("\nMUNJIGI_CACHES__DEFAULT__LOCATION='redis://:pass@cache:6379/1'\n"),
        "{}",
        *told
    );
    serve(&text.replace(
        "[CACHES.default]\n",
        "[CACHES.default]\nLOCATION = \"redis://cache\"\n",
    ))
    .unwrap();
}

/// The configuration from the files as they are on disk, the values as a reader of the file of variables hands them over.
fn with_secrets(report: &Report, folder: &Path, hand_over: fn(&str) -> String) -> Config {
    let path = folder.join("munjigi.env");
    let told = secrets(report, &path).unwrap();
    for (ending, content) in &told.values {
        fs::write(folder.join(format!("munjigi.env.{ending}")), content.as_bytes()).unwrap();
    }
    let text = told.text();
    let pairs = text.lines().filter(|line| !line.starts_with('#'));
    let variables = pairs.map(|line| {
        let (name, value) = line.split_once('=').unwrap();
        (name.into(), hand_over(value).into())
    });
    let settings = folder.join("munjigi.toml");
    fs::write(&settings, toml(report, "munjigi.env", &[])).unwrap();
    let sources = Sources {
        file: Some(settings),
        variables: variables.collect(),
        flags: Vec::new(),
    };
    Config::resolve(&Written::gather(sources).unwrap(), Mode::Serve).unwrap()
}

/// What systemd makes of what stands behind the sign of equality in an `EnvironmentFile`: `parse_env_file_internal` of its
/// `src/basic/env-file.c`, on one line. Nothing is expanded; between single quotes nothing is escaped.
fn as_systemd_reads(value: &str) -> String {
    let (mut read, mut characters) = (String::new(), value.chars().peekable());
    // Between quotes, or before any: spaces count for nothing there.
    while let Some(first) = characters.next() {
        match first {
            '\'' => read.extend(characters.by_ref().take_while(|next| *next != '\'')),
            '"' => {
                while let Some(next) = characters.next().filter(|next| *next != '"') {
                    let escaped = characters.next_if(|after| next == '\\' && "\"\\`$".contains(*after));
                    read.push(escaped.unwrap_or(next));
                }
            }
            ' ' | '\t' | '\r' => {}
            first => {
                let mut rest = String::new();
                let mut next = Some(first);
                while let Some(character) = next {
                    rest.extend(if character == '\\' {
                        characters.next()
                    } else {
                        Some(character)
                    });
                    next = characters.next();
                }
                read.push_str(rest.trim_end_matches([' ', '\t', '\r']));
            }
        }
    }
    read
}

#[test]
fn systemds_rules_are_those_of_its_manual() {
    // systemd.exec(5), `EnvironmentFile=`.
    for (written, read) in [
        ("a", "a"),
        ("a b  ", "a b"),
        ("'a'\"b\"", "ab"),
        ("'a' b", "ab"),
        (r#"a\ "b""#, r#"a "b""#),
        (r"'a\n$b#c'", r"a\n$b#c"),
        (r#""a\"b\$c\nd""#, r#"a"b$c\nd"#),
        (r"a\\b\'c", r"a\b'c"),
    ] {
        assert_eq!(as_systemd_reads(written), read, "{written}");
    }
}

#[test]
fn a_secret_is_the_same_to_who_unquotes_and_to_who_does_not() {
    let folder = std::env::temp_dir().join(format!("munjigi-secrets-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let systemd: fn(&str) -> String = as_systemd_reads;
    let as_it_stands: fn(&str) -> String = str::to_owned;
    let long = "0123456789abcdefghijklmnopqrstuvwxyz";
    for awkward in [
        "$#(&*!@^%-_=+) `echo`;",
        "it's",
        "a\"b\"",
        "\"quoted\"",
        "'quoted'",
        "back\\slash\\n",
        "ends\\",
        "a # b ; c",
        "${HOME} $HOME %i %% $(id)",
        "=a==",
        " spaces ",
        "two\nlines\n",
        "ends\r\n",
        "비밀 키",
        "#",
        "\t",
    ] {
        let key = format!("{awkward}{long}{awkward}");
        let report = report(|report| {
            report["secrets"]["SECRET_KEY"] = key.clone().into();
            report["secrets"]["SECRET_KEY_FALLBACKS"] = json!([format!("old {key}"), long]);
            report["secrets"]["SIMPLE_JWT.SIGNING_KEY"] = format!("jwt {key}").into();
        });
        for hand_over in [systemd, as_it_stands] {
            let config = with_secrets(&report, &folder, hand_over);
            let keys: Vec<_> = config
                .secret_keys
                .all()
                .map(|key| key.expose().to_vec())
                .collect();
            let expected = [key.clone(), format!("old {key}"), long.to_owned()];
            assert_eq!(keys, expected.map(String::into_bytes), "{awkward:?}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_database_is_one_url() {
    let url = |change: fn(&mut Value)| {
        let report = report(|report| {
            report["database"] = json!({
                "vendor": "postgresql", "name": "my site",
                "user": "me", "host": "db.internal", "port": "5433", "options": {},
                "other_options": [],
            });
            report["secrets"]["DATABASE_PASSWORD"] = "p@ss/w:rd%$'".into();
            change(report);
        });
        let told = secrets(&report, Path::new("/srv/munjigi.env")).unwrap();
        let text = told.text();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MUNJIGI_DATABASE_URL="))
            .unwrap();
        (line.trim_matches('\'').to_owned(), text.to_string())
    };
    let (plain, _) = url(|_| ());
    assert_eq!(
        plain,
        "postgres://me:p%40ss%2Fw%3Ard%25%24%27@db.internal:5433/my%20site"
    );
    let (file, _) = url(|report| {
        report["database"]["vendor"] = "sqlite".into();
        report["database"]["name"] = "//srv/site.sqlite3".into();
    });
    assert_eq!(file, "sqlite:/srv/site.sqlite3");
    let (socket, text) = url(|report| {
        report["database"]["host"] = "".into();
        report["database"]["port"] = "".into();
        report["database"]["user"] = "".into();
    });
    assert_eq!(socket, "postgres://%2Fvar%2Frun%2Fpostgresql/my%20site");
    assert!(text.contains("# The project names no host;"), "{text}");
    let (address, _) = url(|report| report["database"]["host"] = "::1".into());
    assert!(address.contains("@[::1]:5433/"), "{address}");
    let (options, text) = url(|report| {
        report["database"]["options"] = json!({
            "sslmode": "require", "service": "main", "options": "-c search_path=app,public", "connect_timeout": 5, "pool": true, "isolation_level": 3,
        });
        report["database"]["other_options"] = json!(["cursor_factory"]);
    });
    assert!(
        options.ends_with(
            "/my%20site?connect_timeout=5&options=-c%20search_path%3Dapp%2Cpublic&sslmode=require"
        ),
        "{options}"
    );
    for note in [
        "OPTIONS[\"service\"] of the project's database names a section of pg_service.conf, which munjigi does not read.",
        "OPTIONS[\"pool\"] of the project's database is of Django's driver. munjigi has a pool of its own",
    ] {
        assert!(text.contains(note), "{text}");
    }
    assert!(
        text.contains("OPTIONS[\"cursor_factory\"] of the project's database is not told"),
        "{text}"
    );
}

#[test]
fn the_certificates_of_a_projects_database_come_along() {
    let url = |options: Value| {
        let report = report(|report| {
            report["database"] = json!({
                "vendor": "postgresql", "name": "site", "user": "me", "host": "db.internal", "port": "5433",
                "options": options, "other_options": [],
            });
        });
        let told = secrets(&report, Path::new("/srv/munjigi.env")).unwrap();
        let (_, url) = told
            .variables
            .iter()
            .find(|(name, _)| name == "MUNJIGI_DATABASE_URL")
            .unwrap();
        let options = url.split_once('?').map(|(_, options)| options.to_owned());
        (options.unwrap_or_default(), told.notes.join("\n"))
    };
    let all = json!({
        "sslmode": "verify-full", "sslrootcert": "/etc/ssl/db ca.pem", "sslcert": "/etc/ssl/me.pem", "sslkey": "/etc/ssl/me.key",
    });
    let (options, notes) = url(all);
    assert_eq!(
        options,
        "sslmode=verify-full&sslrootcert=%2Fetc%2Fssl%2Fdb%20ca.pem&sslcert=%2Fetc%2Fssl%2Fme.pem&sslkey=%2Fetc%2Fssl%2Fme.key"
    );
    assert_eq!(notes, "");
    let (options, _) = url(json!({"sslmode": "verify-full", "sslrootcert": "system"}));
    assert_eq!(options, "sslmode=verify-full&sslrootcert=system");
    for lone in ["sslcert", "sslkey"] {
        let (options, notes) =
            url(json!({"sslmode": "require", lone: "/etc/ssl/me", "passfile": "/home/me/.pgpass"}));
        assert_eq!(options, "sslmode=require");
        for note in [
            &format!(
                "OPTIONS[\"{lone}\"] of the project's database is not taken: DATABASE_URL has one of `sslcert`"
            ),
            "OPTIONS[\"passfile\"] of the project's database names a file of passwords",
        ] {
            assert!(notes.contains(note), "{notes}");
        }
        assert!(
            !notes.contains("/etc/ssl") && !notes.contains(".pgpass"),
            "{notes}"
        );
    }
    let (options, notes) = url(json!({"sslmode": "allow"}));
    assert!(
        options.is_empty() && notes.contains("OPTIONS[\"sslmode\"]"),
        "{notes}"
    );
}

#[test]
fn a_database_that_no_url_names_is_told() {
    let report = report(|report| report["database"]["name"] = ":memory:".into());
    let told = secrets(&report, Path::new("/srv/munjigi.env")).err().unwrap();
    assert!(
        told.starts_with("The project's database \":memory:\" cannot be written as a URL: "),
        "{told}"
    );
}

#[test]
fn a_file_whose_path_not_all_would_read_alike_is_refused() {
    let report = report(|report| report["secrets"]["SECRET_KEY_FALLBACKS"] = json!(["0123456789"]));
    for path in ["/srv/my site/munjigi.env", "/srv/$x/munjigi.env"] {
        let told = secrets(&report, Path::new(path)).err().unwrap();
        assert!(
            told.ends_with("Choose a path of plain letters (--secrets)."),
            "{told}"
        );
    }
}
