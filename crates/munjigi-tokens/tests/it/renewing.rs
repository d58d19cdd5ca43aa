//! What takes a token's place: a rotated refresh token, a refreshed sliding token, and what a changed password ends.

use crate::verifying::sign;
use crate::{NOW, User, at, jwt, settings};
use jiff::SignedDuration;
use munjigi_tokens::{AccessToken, Error, RefreshToken, SimpleJwt, SlidingToken, Token, TokenType};
use munjigi_user::{AuthUser, UserId};
use serde_json::{Value, json};

/// The claims in their order, as `name=value`.
fn written<T: TokenType>(token: &Token<T>) -> String {
    let claims = token.claims();
    let pairs: Vec<String> = claims
        .names()
        .map(|name| format!("{name}={}", claims.value(name).unwrap()))
        .collect();
    pairs.join(" ")
}

#[test]
fn a_rotated_token_has_a_new_id_and_new_times_in_their_old_places() {
    let jwt = jwt(settings());
    let old = RefreshToken::for_user(&jwt, &User)
        .and_then(|token| token.with_claim("sid", "9f"))
        .unwrap();
    let new = old.clone().rotate_at(at(NOW + 60));
    assert_eq!(
        written(&new),
        format!(
            r#"token_type="refresh" exp={} iat={} jti="10000000000040008000000000000002" user_id="1" sid="9f""#,
            NOW + 60 + 86_400,
            NOW + 60
        )
    );
    assert_eq!(
        new.access_token_at(at(NOW + 60)).expires_at(),
        at(NOW + 60 + 300),
        "its time starts anew"
    );
    assert!(
        RefreshToken::verify_at(&jwt, &old.encode().unwrap(), at(NOW + 60)).is_ok(),
        "the old one is as good as before"
    );
    assert_eq!(
        old.rotate().issued_at(),
        Some(at(NOW)),
        "the clock of the settings"
    );
}

#[test]
fn a_refreshed_sliding_token_keeps_its_id_and_the_end_of_its_refreshing() {
    let mut settings = settings();
    settings.sliding_token_lifetime = SignedDuration::from_mins(10);
    settings.sliding_token_refresh_lifetime = SignedDuration::from_hours(2);
    let jwt = jwt(settings);
    let token = SlidingToken::for_user(&jwt, &User).unwrap();
    let claims = |exp: i64, iat: i64| {
        format!(
            r#"token_type="sliding" exp={exp} iat={iat} jti="10000000000040008000000000000001" refresh_exp={} user_id="1""#,
            NOW + 7_200
        )
    };
    assert_eq!(written(&token), claims(NOW + 600, NOW));
    assert_eq!(token.refresh_expires_at(), Some(at(NOW + 7_200)));
    let newer = SlidingToken::verify_at(&jwt, &token.encode().unwrap(), at(NOW + 599))
        .and_then(|token| token.refresh_at(at(NOW + 599)))
        .unwrap();
    assert_eq!(written(&newer), claims(NOW + 599 + 600, NOW + 599));
    assert_eq!(token.refresh().unwrap().issued_at(), Some(at(NOW)));
}

/// The verdict on the refresh of a sliding token with this `refresh_exp`.
fn refresh(jwt: &SimpleJwt, refresh_exp: &Value) -> Result<(), Error> {
    let payload = json!({"token_type": "sliding", "exp": NOW + 300, "jti": "x", "refresh_exp": refresh_exp});
    let token = SlidingToken::verify(jwt, &sign(&payload.to_string())).unwrap();
    token.refresh().map(drop)
}

#[test]
fn a_sliding_token_is_refreshed_until_its_own_end_and_no_longer() {
    let over = || {
        Err(Error::ClaimExpired {
            claim: "refresh_exp".to_owned(),
        })
    };
    let plain = jwt(settings());
    for (refresh_exp, verdict) in [
        (json!(NOW + 1), Ok(())),
        (json!(1_767_225_600.5), Ok(())),
        (json!(253_402_300_799_i64), Ok(())),
        (json!(NOW), over()),
        (json!(NOW - 1), over()),
        (json!(true), over()),
        (json!(-5), over()),
        (json!(253_402_300_800_i64), Err(Error::Invalid)),
        (json!(-62_135_596_801_i64), Err(Error::Invalid)),
        (json!(1e300), Err(Error::Invalid)),
        (json!("1767312000"), Err(Error::Invalid)),
        (json!(null), Err(Error::Invalid)),
        (json!([]), Err(Error::Invalid)),
    ] {
        assert_eq!(refresh(&plain, &refresh_exp), verdict, "{refresh_exp}");
    }
    let mut patient = settings();
    patient.leeway = SignedDuration::from_secs(10);
    let patient = jwt(patient);
    assert_eq!(refresh(&patient, &json!(NOW - 9)), Ok(()));
    assert_eq!(refresh(&patient, &json!(NOW - 10)), over());

    let mut renamed = settings();
    renamed.sliding_token_refresh_exp_claim = "until".to_owned();
    let error = refresh(&jwt(renamed), &json!(NOW + 1)).unwrap_err();
    assert_eq!(error.to_string(), "Token has no 'until' claim");
    assert_eq!(error.code(), "token_not_valid");
    assert_eq!(
        over().unwrap_err().to_string(),
        "Token 'refresh_exp' claim has expired"
    );
}

struct Hashed {
    password: &'static str,
    is_active: bool,
}

impl AuthUser for Hashed {
    fn id(&self) -> UserId {
        UserId::Int(1)
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn password(&self) -> &str {
        self.password
    }
}

#[test]
fn under_check_revoke_token_a_token_is_good_for_one_password_only() {
    let mut settings = settings();
    settings.check_revoke_token = true;
    settings.revoke_token_claim = "pw".to_owned();
    let jwt = jwt(settings);
    let user = |password| Hashed {
        password,
        is_active: true,
    };
    let refresh = RefreshToken::for_user(&jwt, &user("md5$salt$1")).unwrap();
    let access = refresh.access_token();
    assert_eq!(
        access.claims().text("pw"),
        Some("0509119D601CB7835509C6AACB90632B")
    );
    assert_eq!(access.check_password(&user("md5$salt$1")), Ok(()));
    let error = access.check_password(&user("md5$salt$2")).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.code()),
        ("The user's password has been changed.", "password_changed")
    );
    assert!(refresh.with_claim("pw", "x").is_err(), "the token sets it itself");
    let plain = AccessToken::for_user(&crate::jwt(crate::settings()), &user("md5$salt$1")).unwrap();
    assert_eq!(plain.check_password(&user("md5$salt$2")), Ok(()), "nobody asks");
    let plain = AccessToken::verify(&jwt, &plain.encode().unwrap()).unwrap();
    assert_eq!(
        plain.check_password(&user("md5$salt$1")),
        Err(Error::PasswordChanged)
    );
}

#[test]
fn with_check_user_is_active_off_a_token_is_made_for_whoever_is_there() {
    let mut settings = settings();
    settings.check_user_is_active = false;
    let user = Hashed {
        password: "",
        is_active: false,
    };
    assert!(RefreshToken::for_user(&jwt(settings), &user).is_ok());
}

#[test]
fn where_the_settings_name_no_claim_none_is_written_or_asked_for() {
    let mut bare = settings();
    bare.token_type_claim = None;
    bare.jti_claim = None;
    let jwt = jwt(bare);
    let refresh = RefreshToken::for_user(&jwt, &User).unwrap();
    let times = |exp: i64| format!(r#"exp={exp} iat={NOW} user_id="1""#);
    assert_eq!(written(&refresh), times(NOW + 86_400));
    assert_eq!(written(&refresh.access_token()), times(NOW + 300));
    assert_eq!(refresh.jti(), None);
    assert!(
        AccessToken::verify(&jwt, &refresh.encode().unwrap()).is_ok(),
        "nothing tells them apart"
    );
    let foreign = AccessToken::verify(
        &jwt,
        &sign(&json!({"exp": NOW + 300, "token_type": 5, "jti": "x"}).to_string()),
    );
    assert_eq!(foreign.unwrap().jti(), None);
    assert_eq!(written(&refresh.rotate()), times(NOW + 86_400));
}
