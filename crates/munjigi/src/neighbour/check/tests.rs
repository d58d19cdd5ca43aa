//! Both sides compared: what fits is passed over in silence, and what does not is told.

mod planted;

use super::compare;
use super::rules::RULES;
use crate::config::check::{Finding, Level};
use crate::config::tests::{KEY, gather};
use crate::config::{Config, Mode, table};
use crate::neighbour::report::Report;
use crate::neighbour::report::tests::REFERENCE;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What fits to [`project`].
const OURS: &str = r#"
ALLOWED_HOSTS = ["auth.example"]
AUTH_USER_MODEL = "user.User"
AUTH_PASSWORD_VALIDATORS = []
TRIM_PASSWORDS = true
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
"#;

const OTHER_KEY: &str = "another-key-abcdefghijklmnopqrstuvwxyz-0123456789-987654";

/// The reference project with Secure cookies and a key that nobody knows.
fn project() -> Value {
    let mut report: Value = serde_json::from_str(REFERENCE).unwrap();
    for name in ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"] {
        report["settings"][name] = true.into();
    }
    report["secrets"]["SECRET_KEY"] = KEY.into();
    report["secrets"]["SIMPLE_JWT.SIGNING_KEY"] = Value::Null;
    report
}

fn found(report: &Value, ours: &str) -> Vec<Finding> {
    found_with(report, ours, &[])
}

fn found_with(report: &Value, ours: &str, more: &[(&str, &str)]) -> Vec<Finding> {
    let database = "sqlite:/srv/reference/reference.sqlite3";
    let mut given = vec![("MUNJIGI_SECRET_KEY", KEY), ("MUNJIGI_DATABASE_URL", database)];
    given.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    given.extend(more);
    let written = gather(ours, &given).unwrap();
    let config = Config::resolve(&written, Mode::Serve).unwrap();
    let report = Report::read(&report.to_string()).ok().unwrap();
    let findings = compare(&report, &config, &written);
    for finding in &findings {
        let text = finding.to_string();
        for secret in [KEY, OTHER_KEY] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(
            finding.message.ends_with('.') && finding.hint.ends_with('.'),
            "{text}"
        );
        let letter = finding.id.rsplit_once('.').unwrap().1.chars().next().unwrap();
        let level = match finding.level {
            Level::Error => 'E',
            Level::Warning => 'W',
            Level::Info => 'I',
        };
        assert_eq!(letter, level, "{text}");
    }
    findings
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.id).collect()
}

#[test]
fn two_sides_that_fit_are_passed_over_in_silence() {
    let findings = found(&project(), OURS);
    assert!(findings.is_empty(), "{findings:#?}");
}

fn remove(list: &mut Value, item: &str) {
    list.as_array_mut().unwrap().retain(|it| it != item);
}

fn field<'a>(report: &'a mut Value, name: &str) -> &'a mut Value {
    let fields = report["user"]["fields"].as_array_mut().unwrap();
    fields.iter_mut().find(|field| field["name"] == name).unwrap()
}

#[test]
fn a_fault_on_our_side_is_found_too_and_mended_there() {
    for (id, line, fix) in [
        (
            "neighbour.W013",
            "SESSION_COOKIE_SECURE = false",
            "Write SESSION_COOKIE_SECURE = true here.",
        ),
        (
            "neighbour.W010",
            "SESSION_COOKIE_NAME = \"ours\"",
            "Write SESSION_COOKIE_NAME = \"sessionid\" here.",
        ),
        (
            "neighbour.W041",
            "SIMPLE_JWT.ACCESS_TOKEN_LIFETIME = \"1h\"",
            "Write ACCESS_TOKEN_LIFETIME = \"5m\" below [SIMPLE_JWT] here.",
        ),
        (
            "neighbour.W063",
            "hashers.pbkdf2_sha256.iterations = 870000",
            "Write iterations = 1000000 below [hashers.pbkdf2_sha256] here.",
        ),
    ] {
        let findings = found(&project(), &format!("{OURS}\n{line}\n"));
        assert_eq!(ids(&findings), [id], "{findings:#?}");
        assert_eq!(findings[0].hint, fix);
    }
    let findings = found(&project(), &OURS.replace("TRIM_PASSWORDS = true", ""));
    assert_eq!(ids(&findings), ["neighbour.I067"]);
    let fallback = format!("[\"{OTHER_KEY}\"]");
    let mut report = project();
    report["secrets"]["SECRET_KEY"] = OTHER_KEY.into();
    let findings = found_with(&report, OURS, &[("MUNJIGI_SECRET_KEY_FALLBACKS", &fallback)]);
    assert_eq!(ids(&findings), ["neighbour.W002"]);
}

#[test]
fn hashers_that_django_removed_are_told_of_where_their_rows_are_not_verified() {
    let mut report = project();
    let path = "django.contrib.auth.hashers.UnsaltedMD5PasswordHasher";
    report["hashers"].as_array_mut().unwrap().push(json!({
        "path": path, "base": path, "algorithm": "unsalted_md5", "costs": {}, "differences": [],
    }));
    assert_eq!(ids(&found(&report, OURS)), ["neighbour.W062"]);
    let findings = found(&report, &format!("VERIFY_LEGACY_PASSWORDS = true\n{OURS}"));
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn sessions_name_a_backend_that_django_has() {
    let site = "AUTHENTICATION_BACKENDS = [\"backends.SiteBackend\"]";
    let with = |backends: Value| {
        let mut report = project();
        report["settings"]["AUTHENTICATION_BACKENDS"] = backends;
        let findings = found(&report, &format!("{site}\n{OURS}"));
        findings.into_iter().map(|finding| finding.id).collect::<Vec<_>>()
    };
    let nothing: [&str; 0] = [];
    assert_eq!(with(json!(["backends.SiteBackend"])), nothing);
    assert_eq!(
        with(json!(["django.contrib.auth.backends.ModelBackend"])),
        ["neighbour.E083"]
    );
}

#[test]
fn another_key_of_users_is_mended_by_a_class_that_munjigi_knows() {
    let mut report = project();
    let key = field(&mut report, "id");
    key["class"] = "shop.fields.Number".into();
    key["type"] = "IntegerField".into();
    let findings = found(
        &report,
        &format!("{OURS}\n[user]\nprimary_key = \"BigAutoField\"\n"),
    );
    assert_eq!(ids(&findings), ["neighbour.E072"]);
    assert!(
        findings[0].hint.contains("primary_key = \"AutoField\""),
        "{}",
        findings[0].hint
    );
}

#[test]
fn copies_of_sessions_have_the_same_names_on_both_sides() {
    let with = |prefix: &str, version: i64, location: Value| {
        let mut report = project();
        report["settings"]["SESSION_ENGINE"] = "django.contrib.sessions.backends.cached_db".into();
        report["cache"]["backend"] = "django.core.cache.backends.redis.RedisCache".into();
        report["cache"]["location"] = location;
        report["cache"]["key_prefix"] = prefix.into();
        report["cache"]["version"] = version.into();
        let cache = "SESSION_ENGINE = \"django.contrib.sessions.backends.cached_db\"\n[CACHES.default]\nBACKEND = \
                     \"django.core.cache.backends.redis.RedisCache\"\nLOCATION = \"redis://cache:6379/1\"\n\
                     KEY_PREFIX = \"shop\"\n";
        let findings = found(&report, &format!("{OURS}\n{cache}"));
        findings.into_iter().map(|finding| finding.id).collect::<Vec<_>>()
    };
    let nothing: [&str; 0] = [];
    let (cache, signed_in) = ("redis://cache:6379/1", "redis://:secret@cache:6379?db=1");
    assert_eq!(with("shop", 1, json!(cache)), nothing);
    assert_eq!(with("shop", 1, json!([signed_in, "redis://replica"])), nothing);
    assert_eq!(with("", 1, json!(cache)), ["neighbour.W084"]);
    assert_eq!(with("shop", 2, json!(cache)), ["neighbour.W084"]);
    let other_number = json!("redis://:secret@cache:6379/2");
    assert_eq!(with("shop", 1, other_number), ["neighbour.W085"]);
    assert_eq!(with("shop", 1, json!("redis://other/1")), ["neighbour.I086"]);
}

#[test]
fn fields_of_users_are_held_against_the_model() {
    let with = |ours: &str| {
        let mut report = project();
        let mut team = field(&mut report, "age").clone();
        for (key, value) in [
            ("name", json!("team")),
            ("column", json!("team_id")),
            ("type", json!("ForeignKey")),
            ("null", json!(false)),
        ] {
            team[key] = value;
        }
        report["user"]["fields"].as_array_mut().unwrap().push(team);
        let findings = found(&report, &format!("{OURS}\n{ours}"));
        findings.into_iter().map(|finding| finding.id).collect::<Vec<_>>()
    };
    let age = "[user.fields.age]\ntype = \"PositiveIntegerField\"\nnull = true\n";
    assert_eq!(with(age), [""; 0]);
    assert_eq!(
        with("[user.fields.years]\ntype = \"IntegerField\"\n"),
        ["neighbour.E075"]
    );
    assert_eq!(
        with("[user.fields.age]\ntype = \"BooleanField\"\n"),
        ["neighbour.E075"]
    );
    assert_eq!(
        with("[user.fields.age]\ntype = \"DateTimeField\"\ndefault = \"now\"\n"),
        ["neighbour.E075"]
    );
    assert_eq!(
        with("[ROUTES]\njwt_signup = \"/user/jwt_signup\"\n"),
        ["neighbour.E076"]
    );
}

#[test]
fn a_blacklist_without_a_list_is_no_blacklist() {
    let mut report = project();
    remove(&mut report["apps"], "rest_framework_simplejwt.token_blacklist");
    for key in ["ROTATE_REFRESH_TOKENS", "BLACKLIST_AFTER_ROTATION"] {
        report["simple_jwt"]["values"][key] = true.into();
    }
    let ours = format!(
        "{OURS}\n[SIMPLE_JWT]\nROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true\nTOKEN_BLACKLIST_APP = false\n"
    );
    assert_eq!(ids(&found(&report, &ours)), ["neighbour.W056"]);
}

#[test]
fn a_postgresql_is_known_by_its_name_and_told_of_by_its_host() {
    let with = |name: &str, host: &str, port: Value| {
        let mut report = project();
        report["database"] = json!({
            "vendor": "postgresql", "name": name,
            "user": "shop", "host": host, "port": port, "options": {}, "other_options": [],
        });
        let url = ("MUNJIGI_DATABASE_URL", "postgres://munjigi:secret@db/shop");
        let findings = found_with(&report, OURS, &[url]);
        findings.into_iter().map(|finding| finding.id).collect::<Vec<_>>()
    };
    let nothing: [&str; 0] = [];
    assert_eq!(with("shop", "db", json!("")), nothing);
    assert_eq!(with("shop", "db", json!(5432)), nothing);
    assert_eq!(with("shop", "db", json!("5433")), ["neighbour.I091"]);
    assert_eq!(with("shop", "10.0.0.7", json!("")), ["neighbour.I091"]);
    assert_eq!(with("till", "db", json!("")), ["neighbour.W090"]);
}

#[test]
fn every_rule_is_of_a_setting_that_there_is_and_of_one_alone() {
    let mut settings = BTreeSet::new();
    for rule in RULES {
        assert!(table::find(rule.setting).is_some(), "{}", rule.setting);
        assert!(settings.insert(rule.setting), "{}", rule.setting);
    }
}
