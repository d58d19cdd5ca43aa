//! What is made: claims, their order and their times.

use crate::{NOW, User, at, jwt, settings};
use jiff::{SignedDuration, Timestamp};
use munjigi_tokens::{
    AccessToken, Algorithm, Audience, Error, RefreshToken, SimpleJwt, Token, TokenType, UntypedToken,
};
use munjigi_user::{AuthUser, UserId};
use serde_json::json;

struct Inactive;

impl AuthUser for Inactive {
    fn id(&self) -> UserId {
        UserId::Int(1)
    }

    fn is_active(&self) -> bool {
        false
    }
}

/// The payload as it stands in the token.
fn payload<T: TokenType>(token: &Token<T>) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let text = token.encode().unwrap();
    let payload = text.split('.').nth(1).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_pair_counts_its_time_from_the_refresh_token() {
    let jwt = SimpleJwt::new(settings()).unwrap().with_clock(|| at(NOW + 100));
    let refresh = RefreshToken::for_user_at(&jwt, &User, at(NOW)).unwrap();
    let access = refresh.access_token();
    assert_eq!(
        (refresh.issued_at(), refresh.expires_at()),
        (Some(at(NOW)), at(NOW + 86_400))
    );
    assert_eq!(
        (access.issued_at(), access.expires_at()),
        (Some(at(NOW + 100)), at(NOW + 300))
    );
    assert_ne!(access.jti(), refresh.jti());
    let at_once = refresh.access_token_at(at(NOW));
    assert_eq!(
        (at_once.issued_at(), at_once.expires_at()),
        (Some(at(NOW)), at(NOW + 300))
    );

    let read = RefreshToken::verify_at(&jwt, &refresh.encode().unwrap(), at(NOW + 50)).unwrap();
    assert_eq!(read.access_token().expires_at(), at(NOW + 50 + 300));
}

#[test]
fn a_part_of_a_second_is_cut_off() {
    let jwt = jwt(settings());
    let now = Timestamp::from_millisecond(NOW * 1_000 + 999).unwrap();
    let access = AccessToken::for_user_at(&jwt, &User, now).unwrap();
    assert_eq!(
        (access.issued_at(), access.expires_at()),
        (Some(at(NOW)), at(NOW + 300))
    );
}

#[test]
fn an_id_is_a_version_4_uuid_in_32_hexadecimal_digits() {
    let jwt = SimpleJwt::new(settings()).unwrap();
    let mut ids: Vec<_> = (0..1_000)
        .map(|_| {
            RefreshToken::for_user(&jwt, &User)
                .unwrap()
                .jti()
                .unwrap()
                .to_owned()
        })
        .collect();
    for id in &ids {
        assert!(
            id.len() == 32 && id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')),
            "{id}"
        );
        assert!(
            id[12..].starts_with('4') && matches!(id.as_bytes()[16], b'8' | b'9' | b'a' | b'b'),
            "{id}"
        );
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 1_000);
}

#[test]
fn claims_that_were_added_are_copied_and_the_tokens_own_are_not() {
    let refresh = RefreshToken::for_user(&jwt(settings()), &User)
        .and_then(|token| token.with_claim("sid", "9f"))
        .and_then(|token| token.with_claim("이름", "홍길동"))
        .and_then(|token| token.with_claim("roles", json!(["a", {"b": 1e16}])))
        .and_then(|token| token.with_claim("sid", "9e"))
        .unwrap();
    let added = r#""user_id":"1","sid":"9e","\uc774\ub984":"\ud64d\uae38\ub3d9","roles":["a",{"b":1e+16}]}"#;
    let head = r#"{"token_type":"refresh","exp":1767312000,"iat":1767225600,"jti":"10000000000040008000000000000001","#;
    assert_eq!(payload(&refresh), format!("{head}{added}"));
    let head = r#"{"token_type":"access","exp":1767225900,"iat":1767225600,"jti":"10000000000040008000000000000002","#;
    assert_eq!(payload(&refresh.access_token()), format!("{head}{added}"));
    assert_eq!(refresh.access_token().sid(), Ok(Some("9e")));
}

#[test]
fn a_claim_keeps_its_digits_and_its_meaning_from_token_to_token() {
    let jwt = jwt(settings());
    let foreign = crate::verifying::sign(
        r#"{"exp": 1767312000.5, "token_type": "refresh", "jti": "x", "big": 123456789012345678901234567890,
            "\u006e": "\u00e9\"", "half": "\ud800", "user_id": 7}"#,
    );
    let access = RefreshToken::verify(&jwt, &foreign).unwrap().access_token();
    let head = r#"{"token_type":"access","exp":1767225900,"iat":1767225600,"jti":"10000000000040008000000000000001","#;
    let copied = r#""big":123456789012345678901234567890,"n":"\u00e9\"","half":"\ud800","user_id":7}"#;
    assert_eq!(payload(&access), format!("{head}{copied}"));
    assert_eq!(access.claims().value("half"), None);
    assert_eq!(
        AccessToken::verify(&jwt, &access.encode().unwrap())
            .unwrap()
            .user_id(),
        Ok("7")
    );
}

#[test]
fn what_the_token_sets_itself_is_not_overwritten() {
    let mut settings = settings();
    settings.issuer = Some("https://auth.example".to_owned());
    let token = || RefreshToken::for_user(&jwt(settings.clone()), &User).unwrap();
    for name in ["token_type", "exp", "iat", "jti", "user_id", "iss"] {
        let error = token().with_claim(name, 1).unwrap_err();
        assert_eq!(
            error,
            Error::ReservedClaim {
                name: name.to_owned()
            }
        );
        assert_eq!(error.code(), "reserved_claim");
    }
    assert!(
        token().with_claim("aud", "anyone").is_ok(),
        "no AUDIENCE is configured"
    );
}

#[test]
fn no_token_is_made_for_a_user_who_may_not_come_in() {
    let jwt = jwt(settings());
    assert_eq!(
        AccessToken::for_user(&jwt, &Inactive).unwrap_err(),
        Error::InactiveUser
    );
    assert_eq!(
        RefreshToken::for_user(&jwt, &Inactive).unwrap_err().code(),
        "user_inactive"
    );
    let anybody: &dyn AuthUser = &User;
    assert!(RefreshToken::for_user(&jwt, anybody).is_ok());
}

#[test]
fn the_user_is_named_by_the_field_and_the_claim_of_the_settings() {
    let mut renamed = settings();
    renamed.user_id_field = "username".to_owned();
    renamed.user_id_claim = "uid".to_owned();
    renamed.token_type_claim = Some("typ2".to_owned());
    renamed.jti_claim = Some("id".to_owned());
    let jwt = jwt(renamed.clone());
    let refresh = RefreshToken::for_user(&jwt, &User).unwrap();
    let expected = r#"{"typ2":"refresh","exp":1767312000,"iat":1767225600,"id":"10000000000040008000000000000001","uid":"mseo"}"#;
    assert_eq!(payload(&refresh), expected);
    let read = AccessToken::verify(&jwt, &refresh.access_token().encode().unwrap()).unwrap();
    assert_eq!(
        (read.user_id(), read.jti().unwrap()),
        (Ok("mseo"), "10000000000040008000000000000002")
    );

    renamed.user_id_field = "nickname".to_owned();
    let error = AccessToken::for_user(&crate::jwt(renamed), &User).unwrap_err();
    assert_eq!(
        error,
        Error::NoUserIdField {
            field: "nickname".to_owned()
        }
    );
}

#[test]
fn each_algorithm_and_each_audience_is_written_and_read_back() {
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        for audience in [
            None,
            Some(Audience::One("a".to_owned())),
            Some(Audience::Several(vec!["a".to_owned(), "b".to_owned()])),
        ] {
            let mut settings = settings();
            settings.algorithm = algorithm;
            settings.audience = audience.clone();
            let jwt = jwt(settings);
            let token = AccessToken::for_user(&jwt, &User).unwrap();
            let read = AccessToken::verify(&jwt, &token.encode().unwrap()).unwrap();
            let aud = match audience {
                None => None,
                Some(Audience::One(one)) => Some(json!(one)),
                Some(Audience::Several(several)) => Some(json!(several)),
            };
            assert_eq!(read.claims().value("aud"), aud);
            assert_eq!(
                read.encode().unwrap(),
                token.encode().unwrap(),
                "the claims keep their places"
            );
        }
    }
}

#[test]
fn lifetimes_are_those_of_the_settings() {
    let mut settings = settings();
    settings.access_token_lifetime = SignedDuration::from_mins(3);
    settings.refresh_token_lifetime = SignedDuration::from_secs(1);
    let refresh = RefreshToken::for_user(&jwt(settings), &User).unwrap();
    assert_eq!(refresh.expires_at(), at(NOW + 1));
    assert_eq!(refresh.access_token().expires_at(), at(NOW + 180));
}

#[test]
fn debug_shows_no_more_than_which_token_it_is() {
    let token = RefreshToken::for_user(&jwt(settings()), &User)
        .unwrap()
        .with_claim("email", "a@b.kr")
        .unwrap();
    let shown = format!("{token:?}");
    assert_eq!(
        shown,
        r#"Token { type: Some("refresh"), jti: Some("10000000000040008000000000000001"), .. }"#
    );
    let untyped = UntypedToken::verify(&jwt(settings()), &token.encode().unwrap()).unwrap();
    assert!(format!("{untyped:?}").starts_with("Token { type: None"));
}

#[test]
fn a_float_in_a_claim_is_read_to_its_last_digit() {
    let jwt = jwt(settings());
    let float = 1.066_478_763_707_505_7e-225;
    let token = AccessToken::for_user(&jwt, &User)
        .and_then(|token| token.with_claim("x", float))
        .unwrap();
    let read = AccessToken::verify(&jwt, &token.encode().unwrap()).unwrap();
    assert_eq!(read.claims().value("x"), Some(json!(float)));
}
