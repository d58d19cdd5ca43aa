//! `[SIMPLE_JWT]`: what each key takes, what is refused with what to write instead, and what is warned of.

use super::{refusal, serve};
use crate::config::CompatVersion;
use jiff::SignedDuration;
use munjigi_store::TokenBlacklist;
use munjigi_tokens::{Audience, TokenClass};

#[test]
fn every_key_of_simple_jwt_is_read() {
    let config = serve(
        r#"[SIMPLE_JWT]
ACCESS_TOKEN_LIFETIME = "1m"
REFRESH_TOKEN_LIFETIME = "2m"
ROTATE_REFRESH_TOKENS = true
BLACKLIST_AFTER_ROTATION = true
UPDATE_LAST_LOGIN = false
AUDIENCE = ["a", "b"]
ISSUER = "me"
LEEWAY = 0.5
AUTH_HEADER_TYPES = "JWT"
AUTH_HEADER_NAME = "HTTP_X_TOKEN"
USER_ID_FIELD = "username"
USER_ID_CLAIM = "sub"
AUTH_TOKEN_CLASSES = ["rest_framework_simplejwt.tokens.SlidingToken", "UntypedToken"]
TOKEN_TYPE_CLAIM = ""
JTI_CLAIM = "id"
SLIDING_TOKEN_LIFETIME = "3m"
SLIDING_TOKEN_REFRESH_LIFETIME = "4m"
SLIDING_TOKEN_REFRESH_EXP_CLAIM = "until"
CHECK_REVOKE_TOKEN = true
REVOKE_TOKEN_CLAIM = "pw"
CHECK_USER_IS_ACTIVE = false
COMPAT_VERSION = "main"
"#,
    )
    .unwrap();
    assert_eq!(config.compat_version, CompatVersion::Main);
    let jwt = config.simple_jwt;
    let minutes = [
        jwt.access_token_lifetime,
        jwt.refresh_token_lifetime,
        jwt.sliding_token_lifetime,
        jwt.sliding_token_refresh_lifetime,
    ]
    .map(|lifetime| lifetime.as_mins());
    assert_eq!(minutes, [1, 2, 3, 4]);
    assert!(jwt.rotate_refresh_tokens && jwt.blacklist_after_rotation && jwt.check_revoke_token);
    assert!(!jwt.update_last_login && !jwt.check_user_is_active);
    let audience = ["a", "b"].map(str::to_owned).to_vec();
    assert_eq!(jwt.audience, Some(Audience::Several(audience)));
    assert_eq!(jwt.issuer.as_deref(), Some("me"));
    assert_eq!(jwt.leeway.as_millis(), 500);
    assert_eq!(
        (jwt.auth_header_types, jwt.auth_header_name.as_str()),
        (vec!["JWT".to_owned()], "HTTP_X_TOKEN")
    );
    assert_eq!(
        (jwt.user_id_field.as_str(), jwt.user_id_claim.as_str()),
        ("username", "sub")
    );
    assert_eq!(
        jwt.auth_token_classes,
        [TokenClass::SlidingToken, TokenClass::UntypedToken]
    );
    assert_eq!(
        (jwt.token_type_claim, jwt.jti_claim.as_deref()),
        (None, Some("id"))
    );
    assert_eq!(jwt.sliding_token_refresh_exp_claim, "until");
    assert_eq!(jwt.revoke_token_claim, "pw");

    assert_eq!(serve("").unwrap().compat_version, CompatVersion::V5_5_1);
    let without = |key: &str| {
        serve(&format!("[SIMPLE_JWT]\n{key} = \"\"\n"))
            .unwrap()
            .simple_jwt
    };
    assert_eq!(without("JTI_CLAIM").jti_claim, None);
    assert!(without("LEEWAY").leeway.is_zero());
    assert_eq!(without("AUDIENCE").audience, None);
    assert_eq!(without("ISSUER").issuer, None);
    let one = serve("[SIMPLE_JWT]\nAUDIENCE = \"a\"\nLEEWAY = \"10s\"\n")
        .unwrap()
        .simple_jwt;
    assert_eq!(
        (one.audience, one.leeway.as_secs()),
        (Some(Audience::One("a".to_owned())), 10)
    );
}

#[test]
fn a_key_of_simple_jwt_that_names_python_is_refused_with_what_to_write_instead() {
    for (key, default, instead) in [
        ("JSON_ENCODER", "", "a claim is JSON"),
        (
            "USER_AUTHENTICATION_RULE",
            "rest_framework_simplejwt.authentication.default_user_authentication_rule",
            "CHECK_USER_IS_ACTIVE",
        ),
        (
            "ON_LOGIN_SUCCESS",
            "rest_framework_simplejwt.serializers.default_on_login_success",
            "UPDATE_LAST_LOGIN",
        ),
        (
            "ON_LOGIN_FAILED",
            "rest_framework_simplejwt.serializers.default_on_login_failed",
            "the log tells",
        ),
        (
            "TOKEN_USER_CLASS",
            "rest_framework_simplejwt.models.TokenUser",
            "the claims are handed on",
        ),
        (
            "TOKEN_OBTAIN_SERIALIZER",
            "rest_framework_simplejwt.serializers.TokenObtainPairSerializer",
            "[SIMPLE_JWT_CLAIMS]",
        ),
        (
            "TOKEN_REFRESH_SERIALIZER",
            "rest_framework_simplejwt.serializers.TokenRefreshSerializer",
            "answers as simplejwt's does",
        ),
        (
            "TOKEN_VERIFY_SERIALIZER",
            "rest_framework_simplejwt.serializers.TokenVerifySerializer",
            "answers as simplejwt's does",
        ),
        (
            "TOKEN_BLACKLIST_SERIALIZER",
            "rest_framework_simplejwt.serializers.TokenBlacklistSerializer",
            "answers as simplejwt's does",
        ),
        (
            "SLIDING_TOKEN_OBTAIN_SERIALIZER",
            "rest_framework_simplejwt.serializers.TokenObtainSlidingSerializer",
            "[SIMPLE_JWT_CLAIMS]",
        ),
        (
            "SLIDING_TOKEN_REFRESH_SERIALIZER",
            "rest_framework_simplejwt.serializers.TokenRefreshSlidingSerializer",
            "answers as simplejwt's does",
        ),
    ] {
        let with = |value: &str| serve(&format!("[SIMPLE_JWT]\n{key} = \"{value}\"\n"));
        assert!(with(default).is_ok(), "{key}");
        let (code, message) = refusal(with("shop.Mine"));
        assert_eq!(code, "not_available", "{key}");
        assert!(
            message.starts_with(&format!("SIMPLE_JWT.{key} = \"shop.Mine\" (")) && message.contains(instead),
            "{message}"
        );
    }
    let (code, message) = refusal(serve("[SIMPLE_JWT]\nAUTH_TOKEN_CLASSES = [\"shop.MyToken\"]\n"));
    assert_eq!(code, "wrong_value");
    assert!(
        message.contains("names \"shop.MyToken\", and munjigi runs no Python"),
        "{message}"
    );
}

#[test]
fn a_key_that_simplejwt_took_away_names_its_successor() {
    for (key, successor) in [
        ("AUTH_HEADER_TYPE", "AUTH_HEADER_TYPES"),
        ("AUTH_TOKEN_CLASS", "AUTH_TOKEN_CLASSES"),
        ("SECRET_KEY", "SIGNING_KEY"),
        ("TOKEN_BACKEND_CLASS", "ALGORITHM and SIGNING_KEY"),
    ] {
        let (code, message) = refusal(serve(&format!("[SIMPLE_JWT]\n{key} = \"x\"\n")));
        assert_eq!(code, "unknown_setting", "{key}");
        assert!(
            message.contains("is not a setting. simplejwt took it away")
                && message.contains(&format!("Write {successor}")),
            "{message}"
        );
    }
}

#[test]
fn values_that_no_key_of_simple_jwt_takes_are_refused() {
    for (line, words) in [
        ("ALGORITHM = \"none\"", "is no algorithm"),
        ("COMPAT_VERSION = \"5.4.0\"", "Write \"5.5.1\" or \"main\""),
        ("LEEWAY = -0.5", "is no time"),
        ("SLIDING_TOKEN_LIFETIME = 0", "must not be zero"),
        ("AUTH_HEADER_TYPES = []", "at least one"),
    ] {
        let (code, message) = refusal(serve(&format!("[SIMPLE_JWT]\n{line}\n")));
        assert_eq!(code, "wrong_value", "{line}");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn the_window_of_a_rotation_is_simplejwts_where_a_version_of_it_is_written() {
    let window = |lines: &str| {
        serve(&format!("[SIMPLE_JWT]\n{lines}\n"))
            .unwrap()
            .rotation_window
    };
    for (lines, seconds) in [
        ("", 10),
        ("ROTATION_WINDOW = 0", 0),
        ("COMPAT_VERSION = \"5.5.1\"", 0),
        ("COMPAT_VERSION = \"main\"\nROTATION_WINDOW = \"30s\"", 30),
    ] {
        assert_eq!(window(lines), SignedDuration::from_secs(seconds), "{lines}");
    }
}

#[test]
fn where_a_record_alone_knows_the_last_token_that_must_be_told_from_others() {
    let alone = "ROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true\nTOKEN_BLACKLIST_APP = false";
    let config = serve(&format!("[SIMPLE_JWT]\n{alone}\n")).unwrap();
    assert_eq!(config.token_blacklist, TokenBlacklist::Absent);
    let untold = format!("[SIMPLE_JWT]\n{alone}\nTOKEN_TYPE_CLAIM = \"\"\n");
    let (code, message) = refusal(serve(&untold));
    assert_eq!(code, "contradiction");
    assert!(message.contains("TOKEN_TYPE_CLAIM"), "{message}");
}

#[test]
fn what_opens_a_hole_in_simple_jwt_is_said_at_every_start() {
    let warned = |lines: &str| -> Vec<&'static str> {
        let config = serve(&format!("[SIMPLE_JWT]\n{lines}\n")).unwrap();
        config.warnings.iter().map(|warning| warning.id).collect()
    };
    assert!(warned("").is_empty());
    for (lines, id) in [
        (
            "AUTH_TOKEN_CLASSES = [\"AccessToken\", \"RefreshToken\"]",
            "munjigi.W001",
        ),
        ("AUTH_TOKEN_CLASSES = [\"UntypedToken\"]", "munjigi.W030"),
        ("TOKEN_TYPE_CLAIM = \"\"", "munjigi.W031"),
        ("JTI_CLAIM = \"\"", "munjigi.W032"),
        ("ROTATE_REFRESH_TOKENS = true", "munjigi.W033"),
        ("CHECK_USER_IS_ACTIVE = false", "munjigi.W034"),
        ("USER_ID_FIELD = \"email\"", "munjigi.W036"),
        ("SLIDING_TOKEN_LIFETIME = \"25h\"", "munjigi.W035"),
        (
            "ROTATION_WINDOW = \"61s\"\nROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true",
            "munjigi.W037",
        ),
        ("ROTATION_WINDOW = \"5s\"", "munjigi.W038"),
    ] {
        assert_eq!(warned(lines), [id], "{lines}");
    }
    assert!(warned("ROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true").is_empty());
    assert!(warned("AUTH_TOKEN_CLASSES = [\"AccessToken\", \"SlidingToken\"]").is_empty());
}
