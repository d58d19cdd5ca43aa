//! Faults that are planted in the project, each found by its id and nothing else beside it.

use super::{KEY, OTHER_KEY, OURS, field, found, ids, project, remove};
use serde_json::{Value, json};

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
