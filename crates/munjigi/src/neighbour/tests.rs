//! What a report becomes: settings that load, secrets that every reader reads alike, and what no longer runs.

mod handed_over;
mod not_run;
mod users;

use super::report::Report;
use super::report::tests::REFERENCE;
use super::{SCRIPT, lost, nginx, toml};
use crate::config::tests::serve;
use crate::config::{Config, table};
use crate::i18n::Lang::{En, Ko};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The reference project's report, changed.
fn report(change: impl FnOnce(&mut Value)) -> Report {
    let mut value: Value = serde_json::from_str(REFERENCE).unwrap();
    change(&mut value);
    Report::read(&value.to_string()).ok().unwrap()
}

/// What is written for it, and what that means to a server.
fn written(report: &Report) -> (String, Config) {
    let text = toml(report, "munjigi.env", &lost(report));
    let config = serve(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (text, config)
}

fn config(change: impl FnOnce(&mut Value)) -> Config {
    written(&report(change)).1
}

fn field(name: &str, class: &str, more: &Value) -> Value {
    let mut field = json!({
        "name": name, "column": name, "table": "user_user", "class": format!("django.db.models.fields.{class}"),
        "type": class, "null": false, "max_length": null,
        "has_db_default": false, "default": null, "auto_now": false, "primary_key": false,
        "relation": null,
    });
    for (key, value) in more.as_object().unwrap() {
        field[key] = value.clone();
    }
    field
}

#[test]
fn the_reference_project_becomes_settings_that_mean_the_same() {
    let (text, config) = written(&report(|_| ()));
    assert_eq!(config.user_model.label, "user.User");
    assert_eq!(config.user_model.table, "user_user");
    assert_eq!(config.user_model.extra_fields.len(), 1);
    assert!(!config.user_model.extra_fields[0].editable, "{text}");
    assert_eq!(
        config.simple_jwt.refresh_token_lifetime,
        SignedDuration::from_hours(7 * 24)
    );
    assert!(!config.session.cookie_secure && !config.csrf.cookie_secure);
    assert!(config.validators.is_empty());
    assert_eq!(config.hosts.allowed, ["*"]);
    assert_eq!(config.routes.session_signup, None);
    assert_eq!(config.routes.jwt_signup, None);
    assert_eq!(config.routes.token_obtain_pair.as_deref(), Some("/api/token"));
    for line in [
        "ACCESS_TOKEN_LIFETIME = \"5m\"",
        "REFRESH_TOKEN_LIFETIME = \"7d\"",
        "TRIM_PASSWORDS = true",
        "iterations = 1000000",
        "session_signup = false",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    assert!(!text.contains("reference-secret-key"), "{text}");
}

#[test]
fn costs_are_the_projects_own_however_they_are_set() {
    let report = report(|report| {
        report["hashers"][0]["path"] = "shop.hashers.Cheap".into();
        report["hashers"][0]["costs"]["iterations"] = 720_000.into();
        report["hashers"][1]["differences"] = json!(["digest"]);
        report["hashers"][2]["costs"] = json!({"time_cost": 3, "memory_cost": 65536, "parallelism": 4});
        report["hashers"].as_array_mut().unwrap().push(json!({
            "path": "django.contrib.auth.hashers.UnsaltedMD5PasswordHasher",
            "base": "django.contrib.auth.hashers.UnsaltedMD5PasswordHasher",
            "algorithm": "unsalted_md5", "costs": {}, "differences": [],
        }));
    });
    let (text, _) = written(&report);
    for line in [
        "[hashers.pbkdf2_sha256]\niterations = 720000\n",
        "[hashers.argon2]\ntime_cost = 3\nmemory_cost = 65536\nparallelism = 4\n",
        "VERIFY_LEGACY_PASSWORDS = true\n",
        "# Without django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher, which munjigi has not.\n",
        "PASSWORD_HASHERS = [\"django.contrib.auth.hashers.PBKDF2PasswordHasher\", \
         \"django.contrib.auth.hashers.Argon2PasswordHasher\"",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let told = lost(&report);
    assert!(
        told.iter()
            .any(|line| line.contains("whose rows (pbkdf2_sha1$…) do not verify here")),
        "{told:?}"
    );
}

#[test]
fn validators_keep_their_options() {
    let of = |name: &str, options: Value, differences: Value| {
        let path = format!("django.contrib.auth.password_validation.{name}");
        json!({"path": path, "base": path, "options": options, "differences": differences})
    };
    let report = report(|report| {
        report["validators"] = json!([
            of("MinimumLengthValidator", json!({"min_length": 12}), json!([])),
            of("UserAttributeSimilarityValidator", json!({"max_similarity": 1}), json!([])),
            of("CommonPasswordValidator", json!({"password_list_path": "/srv/list"}), json!([])),
            of("NumericPasswordValidator", json!({}), json!(["validate"])),
            {"path": "shop.NoNames", "base": null, "options": {}, "differences": []},
        ]);
    });
    let (text, config) = written(&report);
    assert_eq!(config.validators.len(), 3, "{text}");
    assert!(
        text.contains("OPTIONS = { min_length = 12 }") && text.contains("max_similarity = 1.0"),
        "{text}"
    );
    let told = lost(&report).join("\n");
    assert!(
        told.contains("NumericPasswordValidator judges no password") && told.contains("shop.NoNames"),
        "{told}"
    );
}

/// Nobody's project is asked for more than is used.
#[test]
fn every_setting_that_a_project_is_asked_for_is_one_here_or_is_looked_at() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/neighbour"));
    let mut sources = String::new();
    for folder in [folder.to_owned(), folder.join("check")] {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
                sources.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut asked = 0;
    for list in ["\nSETTINGS = \"\"\"", "\nCORS = \"\"\""] {
        let (_, list) = SCRIPT.split_once(list).unwrap();
        for name in list.split_once("\"\"\"").unwrap().0.split_whitespace() {
            let is_setting = table::find(name).is_some_and(|about| about.table().is_none());
            assert!(is_setting || sources.contains(&format!("\"{name}\"")), "{name}");
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked}");
}

#[test]
fn a_project_that_mails_links_goes_on_and_is_told_what_munjigi_would_need() {
    let with = |kind: &'static str, path: Value| {
        let report = report(|report| {
            let routes = report["routes"].as_array_mut().unwrap();
            routes.retain(|route| !route["kind"].as_str().unwrap().contains("PasswordReset"));
            routes.push(json!({
                "path": path, "serializer": null, "throttles": [], "kind": kind,
                "differences": ["form_valid"], "view": kind, "pattern": "password_reset/",
            }));
        });
        let (text, config) = written(&report);
        assert_eq!(
            (config.routes.password_reset, config.routes.password_reset_confirm),
            (None, None)
        );
        assert!(nginx(&report).iter().all(|line| !line.contains("password")));
        let line = text
            .lines()
            .find(|line| line.starts_with("# PASSWORD_RESET_URL: "))
            .unwrap()
            .to_owned();
        let told = lost(&report).join("\n");
        assert!(
            told.contains("of its own: a link that is mailed or used here passes none of it."),
            "{told}"
        );
        line
    };
    let djangos = with(
        "django.contrib.auth.views.PasswordResetView",
        "/accounts/password_reset/".into(),
    );
    assert!(
        djangos.contains("PasswordResetView at /accounts/password_reset/ goes on mailing the links"),
        "{djangos}"
    );
    let other = with("dj_rest_auth.views.PasswordResetView", Value::Null);
    assert!(
        other.contains("dj_rest_auth.views.PasswordResetView at password_reset/ goes on"),
        "{other}"
    );
    let none = report(|report| report["routes"] = json!([]));
    assert!(!written(&none).0.contains("PASSWORD_RESET_URL: "));
}

#[test]
fn routes_stand_where_the_project_has_them() {
    let report = report(|report| {
        let routes = report["routes"].as_array_mut().unwrap();
        routes.retain(|route| {
            let kind = route["kind"].as_str().unwrap();
            kind.ends_with("TokenObtainPairView") || kind.ends_with("TokenRefreshView")
        });
        routes[0]["path"] = "/v1/auth/login/".into();
        routes[1]["path"] = Value::Null;
    });
    let (text, config) = written(&report);
    assert_eq!(config.routes.token_obtain_pair.as_deref(), Some("/v1/auth/login"));
    assert_eq!(config.routes.token_refresh, None, "{text}");
    assert_eq!(config.routes.token_verify, None);
    let nginx = nginx(&report);
    assert_eq!(
        nginx[0],
        "location = /v1/auth/login/ { proxy_pass http://127.0.0.1:8000; }"
    );
    assert_eq!(nginx.len(), 2, "{nginx:?}");
    assert!(lost(&report)[0].contains("stays with Django"));
}

#[test]
fn languages_are_those_that_a_client_can_get() {
    let languages = |code: &str, middleware: bool| {
        config(|report| {
            report["settings"]["LANGUAGE_CODE"] = code.into();
            if !middleware {
                report["settings"]["MIDDLEWARE"] = json!([]);
            }
        })
        .languages
    };
    let both = languages("en-us", true);
    assert_eq!((both.default, both.available), (En, vec![Ko, En]));
    let one = languages("ko-kr", false);
    assert_eq!((one.default, one.available), (Ko, vec![Ko]));
    assert_eq!(languages("fr", true).default, En);
}

#[test]
fn lines_that_contradict_each_other_become_comments() {
    let (text, config) = written(&report(|report| {
        report["settings"]["SECURE_PROXY_SSL_HEADER"] = json!(["HTTP_X_FORWARDED_PROTO", "https"]);
        report["settings"]["USE_X_FORWARDED_HOST"] = true.into();
    }));
    assert_eq!(config.hosts.proxy_ssl_header, None);
    assert!(text.contains("# SECURE_PROXY_SSL_HEADER = "), "{text}");
    assert!(text.contains("TRUSTED_PROXIES"), "{text}");
}

#[test]
fn nothing_that_a_project_says_ends_a_comment() {
    let (text, _) = written(&report(|report| {
        report["receivers"] =
            json!([{"signal": "user_logged_in", "receiver": "a\nALLOWED_HOSTS = [\"evil\"]"}]);
        report["problems"] = json!(["b\r\n[user]\ndb_table = \"evil\"\u{7f}"]);
        report["versions"]["django"] = "5\nBIND = [\"0.0.0.0:1\"]".into();
        report["user"]["fields"][11]["name"] = "a\nb".into();
        report["user"]["fields"][11]["type"] = "DateField".into();
    }));
    assert!(
        !text
            .lines()
            .any(|line| line.contains("evil") && !line.starts_with('#')),
        "{text}"
    );
}
