//! Faults that are planted on one side, each found by its id and nothing else beside it.

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

#[test]
fn each_fault_of_the_project_is_found_and_nothing_else() {
    let settings: &[(&str, &str, Value)] = &[
        ("neighbour.W010", "SESSION_COOKIE_NAME", json!("shop")),
        ("neighbour.W011", "SESSION_COOKIE_DOMAIN", json!("example.com")),
        ("neighbour.W012", "SESSION_COOKIE_PATH", json!("/shop")),
        ("neighbour.W013", "SESSION_COOKIE_SECURE", json!(false)),
        ("neighbour.W014", "SESSION_COOKIE_HTTPONLY", json!(false)),
        ("neighbour.W015", "SESSION_COOKIE_SAMESITE", json!("Strict")),
        ("neighbour.W015", "SESSION_COOKIE_SAMESITE", Value::Null),
        ("neighbour.W016", "SESSION_COOKIE_AGE", json!(3600)),
        ("neighbour.W017", "SESSION_EXPIRE_AT_BROWSER_CLOSE", json!(true)),
        ("neighbour.W018", "SESSION_SAVE_EVERY_REQUEST", json!(true)),
        ("neighbour.W054", "TIME_ZONE", json!("Asia/Seoul")),
        ("neighbour.W057", "PASSWORD_RESET_TIMEOUT", json!(600)),
        ("neighbour.W020", "CSRF_COOKIE_NAME", json!("shop")),
        ("neighbour.W021", "CSRF_COOKIE_DOMAIN", json!("example.com")),
        ("neighbour.W022", "CSRF_COOKIE_PATH", json!("/shop")),
        ("neighbour.W023", "CSRF_COOKIE_SECURE", json!(false)),
        ("neighbour.W024", "CSRF_COOKIE_HTTPONLY", json!(true)),
        ("neighbour.W025", "CSRF_COOKIE_SAMESITE", json!("Strict")),
        ("neighbour.W026", "CSRF_COOKIE_AGE", json!(3600)),
        ("neighbour.W026", "CSRF_COOKIE_AGE", Value::Null),
        ("neighbour.W027", "CSRF_HEADER_NAME", json!("HTTP_X_SHOP")),
        (
            "neighbour.W029",
            "CSRF_TRUSTED_ORIGINS",
            json!(["https://app.example.com"]),
        ),
        ("neighbour.W028", "CSRF_USE_SESSIONS", json!(true)),
        (
            "neighbour.E080",
            "SESSION_ENGINE",
            json!("django.contrib.sessions.backends.signed_cookies"),
        ),
        (
            "neighbour.E080",
            "SESSION_ENGINE",
            json!("django.contrib.sessions.backends.cache"),
        ),
        (
            "neighbour.E080",
            "SESSION_ENGINE",
            json!("django.contrib.sessions.backends.file"),
        ),
        (
            "neighbour.E080",
            "SESSION_ENGINE",
            json!("shop.sessions.backends.db"),
        ),
        (
            "neighbour.W081",
            "SESSION_ENGINE",
            json!("django.contrib.sessions.backends.cached_db"),
        ),
        (
            "neighbour.E082",
            "SESSION_SERIALIZER",
            json!("django.contrib.sessions.serializers.PickleSerializer"),
        ),
        (
            "neighbour.E083",
            "AUTHENTICATION_BACKENDS",
            json!(["axes.backends.AxesBackend"]),
        ),
        ("neighbour.W100", "DEBUG", json!(true)),
        ("neighbour.I104", "LANGUAGE_CODE", json!("en-us")),
        ("neighbour.I104", "LANGUAGE_CODE", json!("fr")),
    ];
    for (id, name, value) in settings {
        let mut report = project();
        report["settings"][*name] = value.clone();
        let findings = found(&report, OURS);
        assert_eq!(ids(&findings), [*id], "{name} = {value}: {findings:#?}");
    }
}

#[test]
fn each_fault_of_its_simple_jwt_is_found_and_nothing_else() {
    let keys: &[(&str, &str, Value)] = &[
        ("neighbour.E030", "ALGORITHM", json!("HS512")),
        ("neighbour.E031", "AUDIENCE", json!("shop")),
        ("neighbour.E031", "AUDIENCE", json!(["shop", "till"])),
        ("neighbour.E032", "ISSUER", json!("https://shop.example")),
        ("neighbour.E033", "USER_ID_FIELD", json!("username")),
        ("neighbour.E033", "USER_ID_FIELD", json!("uuid")),
        ("neighbour.E034", "USER_ID_CLAIM", json!("sub")),
        ("neighbour.E035", "TOKEN_TYPE_CLAIM", json!("typ")),
        ("neighbour.E036", "JTI_CLAIM", json!("id")),
        ("neighbour.E037", "AUTH_HEADER_TYPES", json!(["JWT"])),
        ("neighbour.E038", "AUTH_HEADER_NAME", json!("HTTP_X_TOKEN")),
        ("neighbour.E039", "CHECK_REVOKE_TOKEN", json!(true)),
        ("neighbour.E040", "REVOKE_TOKEN_CLAIM", json!("digest")),
        (
            "neighbour.W041",
            "ACCESS_TOKEN_LIFETIME",
            json!({"$seconds": 900.0}),
        ),
        (
            "neighbour.W042",
            "REFRESH_TOKEN_LIFETIME",
            json!({"$seconds": 86400.0}),
        ),
        ("neighbour.W043", "ROTATE_REFRESH_TOKENS", json!(true)),
        ("neighbour.W044", "BLACKLIST_AFTER_ROTATION", json!(true)),
        ("neighbour.W045", "LEEWAY", json!(30)),
        (
            "neighbour.W046",
            "AUTH_TOKEN_CLASSES",
            json!(["rest_framework_simplejwt.tokens.SlidingToken"]),
        ),
        ("neighbour.W047", "CHECK_USER_IS_ACTIVE", json!(false)),
        ("neighbour.W048", "UPDATE_LAST_LOGIN", json!(false)),
        (
            "neighbour.W049",
            "SLIDING_TOKEN_LIFETIME",
            json!({"$seconds": 60.0}),
        ),
        (
            "neighbour.W050",
            "SLIDING_TOKEN_REFRESH_LIFETIME",
            json!({"$seconds": 60.0}),
        ),
        (
            "neighbour.W051",
            "SLIDING_TOKEN_REFRESH_EXP_CLAIM",
            json!("until"),
        ),
        (
            "neighbour.W053",
            "JWK_URL",
            json!("https://issuer.example/jwks.json"),
        ),
        (
            "neighbour.W055",
            "AUTH_TOKEN_CLASSES",
            json!([
                "rest_framework_simplejwt.tokens.AccessToken",
                "rest_framework_simplejwt.tokens.RefreshToken"
            ]),
        ),
    ];
    for (id, key, value) in keys {
        let mut report = project();
        report["simple_jwt"]["values"][*key] = value.clone();
        let findings = found(&report, OURS);
        assert_eq!(ids(&findings), [*id], "{key} = {value}: {findings:#?}");
    }
}

/// A fault: its id, and what it changes in the report of the project.
type Fault = (&'static str, fn(&mut Value));

#[test]
fn each_fault_that_is_no_single_setting_is_found_and_nothing_else() {
    let faults: &[Fault] = &[
        ("neighbour.E001", |report| {
            report["secrets"]["SECRET_KEY"] = OTHER_KEY.into();
        }),
        ("neighbour.W002", |report| {
            report["secrets"]["SECRET_KEY"] = OTHER_KEY.into();
            report["secrets"]["SECRET_KEY_FALLBACKS"] = json!([KEY]);
        }),
        ("neighbour.W003", |report| {
            report["secrets"]["SECRET_KEY_FALLBACKS"] = json!([OTHER_KEY]);
        }),
        ("neighbour.E004", |report| {
            report["secrets"]["SIMPLE_JWT.SIGNING_KEY"] = OTHER_KEY.into();
        }),
        ("neighbour.W052", |report| {
            remove(&mut report["apps"], "rest_framework_simplejwt.token_blacklist");
        }),
        ("neighbour.W060", |report| {
            report["hashers"].as_array_mut().unwrap().swap(0, 2);
        }),
        ("neighbour.E061", |report| {
            drop(report["hashers"].as_array_mut().unwrap().remove(0));
        }),
        ("neighbour.W062", |report| {
            let own = json!({
                "path": "shop.hashers.Own", "base": null, "algorithm": "own", "costs": {},
                "differences": [],
            });
            report["hashers"].as_array_mut().unwrap().push(own);
        }),
        ("neighbour.W062", |report| {
            report["hashers"][1]["path"] = "shop.hashers.Own".into();
            report["hashers"][1]["differences"] = json!(["encode"]);
        }),
        ("neighbour.E061", |report| {
            report["hashers"][0]["path"] = "shop.hashers.Own".into();
            report["hashers"][0]["differences"] = json!(["encode"]);
        }),
        ("neighbour.W063", |report| {
            report["hashers"][0]["costs"]["iterations"] = 720_000.into();
        }),
        ("neighbour.W064", |report| {
            report["hashers"][0]["costs"]["iterations"] = 390_000.into();
        }),
        ("neighbour.W066", |report| {
            let path = "django.contrib.auth.password_validation.NumericPasswordValidator";
            report["validators"] = json!([{"path": path, "base": path, "options": {}, "differences": []}]);
        }),
        ("neighbour.E070", |report| {
            report["user"]["label"] = "shop.Customer".into();
        }),
        ("neighbour.E071", |report| {
            report["user"]["table"] = "customers".into();
        }),
        ("neighbour.E072", |report| {
            report["user"]["fields"][0]["type"] = "UUIDField".into();
        }),
        ("neighbour.E072", |report| {
            report["user"]["fields"][0]["column"] = "customer_id".into();
        }),
        ("neighbour.E073", |report| {
            report["user"]["USERNAME_FIELD"] = "email".into();
        }),
        ("neighbour.E074", |report| {
            field(report, "first_name")["column"] = "given".into();
        }),
        ("neighbour.E074", |report| {
            field(report, "date_joined")["name"] = "since".into();
        }),
        ("neighbour.W090", |report| {
            report["database"]["name"] = "/srv/other.sqlite3".into();
        }),
        ("neighbour.W090", |report| {
            report["database"]["vendor"] = "postgresql".into();
        }),
        ("neighbour.W101", |report| {
            report["settings"]["CORS_ALLOW_ALL_ORIGINS"] = true.into();
            report["settings"]["CORS_ALLOW_CREDENTIALS"] = true.into();
        }),
        ("neighbour.E102", |report| {
            report["settings"]["USE_TZ"] = false.into();
            report["settings"]["TIME_ZONE"] = "Asia/Seoul".into();
        }),
    ];
    for (at, (id, plant)) in faults.iter().enumerate() {
        let mut report = project();
        plant(&mut report);
        let findings = found(&report, OURS);
        assert_eq!(ids(&findings), [*id], "{at}: {findings:#?}");
    }
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

/// The project as one that speaks djangorestframework-jwt's dialect.
fn in_the_other_dialect() -> Value {
    let mut report = project();
    let classes = &mut report["rest_framework"]["DEFAULT_AUTHENTICATION_CLASSES"];
    let classes = classes.as_array_mut().unwrap();
    classes.push("rest_framework_jwt.authentication.JSONWebTokenAuthentication".into());
    report["secrets"]["JWT_AUTH.JWT_SECRET_KEY"] = KEY.into();
    report
}

#[test]
fn each_fault_of_its_jwt_auth_is_found_where_munjigi_speaks_it_too() {
    let keys: &[(&str, &str, Value)] = &[
        ("neighbour.E110", "JWT_ALGORITHM", json!("HS512")),
        ("neighbour.E111", "JWT_AUDIENCE", json!("shop")),
        ("neighbour.E112", "JWT_ISSUER", json!("shop")),
        ("neighbour.E113", "JWT_AUTH_HEADER_PREFIX", json!("Token")),
        (
            "neighbour.W114",
            "JWT_EXPIRATION_DELTA",
            json!({"$seconds": 60.0}),
        ),
        ("neighbour.W115", "JWT_VERIFY_EXPIRATION", json!(false)),
        ("neighbour.W116", "JWT_ALLOW_REFRESH", json!(false)),
        (
            "neighbour.W117",
            "JWT_REFRESH_EXPIRATION_DELTA",
            json!({"$seconds": 60.0}),
        ),
        ("neighbour.W118", "JWT_LEEWAY", json!({"$seconds": 30.0})),
        ("neighbour.W119", "JWT_TOKEN_ID", json!("require")),
        ("neighbour.W120", "JWT_PAYLOAD_INCLUDE_USER_ID", json!(false)),
    ];
    let ours = format!(
        "{OURS}\n[JWT_AUTH]\nJWT_AUTH_HEADER_PREFIX = \"Bearer\"\n[ROUTES]\nobtain_jwt_token = \"/api-token-auth/\"\n"
    );
    assert_eq!(ids(&found(&in_the_other_dialect(), &ours)), [""; 0]);
    for (id, key, value) in keys {
        let mut report = in_the_other_dialect();
        report["jwt_auth"]["values"][*key] = value.clone();
        let findings = found(&report, &ours);
        assert_eq!(ids(&findings), [*id], "{key} = {value}: {findings:#?}");
        let findings = found(&report, OURS);
        assert!(findings.is_empty(), "it is not spoken here: {findings:#?}");
    }
    let mut report = in_the_other_dialect();
    report["secrets"]["JWT_AUTH.JWT_SECRET_KEY"] = OTHER_KEY.into();
    assert_eq!(ids(&found(&report, &ours)), ["neighbour.E121"]);
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
