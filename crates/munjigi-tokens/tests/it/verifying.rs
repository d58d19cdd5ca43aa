//! What is read beyond the golden data: times, leeway, audience, and the order of the refusals.

use crate::{KEY, NOW, at, jwt, settings};
use jiff::{SignedDuration, Timestamp};
use munjigi_tokens::{
    AccessToken, Algorithm, Audience, Error, RefreshToken, Signer, SigningKey, UntypedToken, jws,
};

/// A token with any payload, rightly signed.
pub(crate) fn sign(payload: &str) -> String {
    let signer = Signer::new(Algorithm::Hs256, &SigningKey::new(KEY)).unwrap();
    jws::sign(payload.as_bytes(), &signer).unwrap()
}

/// The verdict on an access token whose other claims are good.
fn access(claims: &str) -> Result<AccessToken, Error> {
    let payload = format!(r#"{{{claims},"token_type":"access","jti":"0","user_id":"1"}}"#);
    AccessToken::verify(&jwt(settings()), &sign(&payload))
}

#[test]
fn times_are_numbers_as_python_makes_an_int_of_them() {
    let exp = NOW + 300;
    for times in [
        format!(r#""exp":{exp}.9"#),
        format!(r#""exp":{exp}e0"#),
        r#""exp":1.7672259e9"#.to_owned(),
        format!(r#""exp":{exp},"nbf":true,"iat":false"#),
        format!(r#""exp":{exp},"nbf":"{NOW}","iat":" {NOW} ""#),
        format!(r#""exp":{exp},"nbf":{NOW}.99,"iat":-1e300"#),
        format!(r#""exp":{exp},"iat":-99999999999999999999"#),
        r#""exp":253402300799"#.to_owned(),
    ] {
        assert_eq!(access(&times).map(|_| ()), Ok(()), "{times}");
    }
    for (times, error) in [
        (format!(r#""exp":{NOW}.9"#), Error::Expired),
        (r#""exp":true"#.to_owned(), Error::Expired),
        (r#""exp":-99999999999999999999"#.to_owned(), Error::Expired),
        (r#""exp":"1""#.to_owned(), Error::Expired),
        (format!(r#""exp":"{exp}""#), Error::Invalid),
        (r#""exp":"""#.to_owned(), Error::Invalid),
        (r#""exp":null"#.to_owned(), Error::Invalid),
        (r#""exp":[]"#.to_owned(), Error::Invalid),
        (r#""exp":{"a":1}"#.to_owned(), Error::Invalid),
        (r#""exp":253402300800"#.to_owned(), Error::Invalid),
        (r#""exp":99999999999999999999"#.to_owned(), Error::Invalid),
        (r#""exp":1e999"#.to_owned(), Error::Invalid),
        (format!(r#""exp":{exp},"nbf":{}"#, NOW + 1), Error::Invalid),
        (format!(r#""exp":{exp},"iat":1e999"#), Error::Invalid),
        (format!(r#""exp":{exp},"iat":null"#), Error::Invalid),
        (format!(r#""exp":{exp},"nbf":"soon""#), Error::Invalid),
        (format!(r#""exp":{exp},"sub":7"#), Error::Invalid),
    ] {
        assert_eq!(access(&times).unwrap_err(), error, "{times}");
    }
}

#[test]
fn a_token_ends_at_its_second_and_the_leeway_moves_that() {
    for (leeway, good, ended) in [(0, 299_999, 300_000), (10, 309_999, 310_000)] {
        let mut settings = settings();
        settings.leeway = SignedDuration::from_secs(leeway);
        let jwt = jwt(settings);
        let token = AccessToken::for_user(&jwt, &crate::User)
            .unwrap()
            .encode()
            .unwrap();
        let verify = |milliseconds: i64| {
            AccessToken::verify_at(
                &jwt,
                &token,
                Timestamp::from_millisecond(NOW * 1_000 + milliseconds).unwrap(),
            )
        };
        assert!(verify(good).is_ok());
        assert_eq!(verify(ended).unwrap_err(), Error::Expired);
        assert!(verify(-1_000 * leeway).is_ok());
        assert_eq!(
            verify(-1_000 * leeway - 1).unwrap_err(),
            Error::Invalid,
            "iat is in the future"
        );
    }
}

#[test]
fn the_first_refusal_is_the_one_that_simplejwt_gives() {
    let mut settings = settings();
    settings.issuer = Some("me".to_owned());
    let jwt = jwt(settings);
    let ended = NOW - 1;
    let exp = NOW + 300;
    for (payload, error) in [
        (
            format!(r#"{{"exp":{ended},"iat":{exp},"iss":"me"}}"#),
            Error::Invalid,
        ),
        (
            format!(r#"{{"exp":{ended},"iss":"you","sub":1,"jti":1}}"#),
            Error::Expired,
        ),
        (format!(r#"{{"exp":{exp},"iss":"you"}}"#), Error::Invalid),
        (format!(r#"{{"exp":{exp},"iss":"me","jti":1}}"#), Error::Invalid),
        (
            r#"{"iss":"me"}"#.to_owned(),
            Error::NoClaim {
                claim: "exp".to_owned(),
            },
        ),
        (format!(r#"{{"exp":{exp},"iss":"me"}}"#), Error::NoId),
        (format!(r#"{{"exp":{exp},"iss":"me","jti":"0"}}"#), Error::NoType),
        (
            format!(r#"{{"exp":{exp},"iss":"me","jti":"0","token_type":["refresh"]}}"#),
            Error::WrongType,
        ),
    ] {
        assert_eq!(
            RefreshToken::verify(&jwt, &sign(&payload)).unwrap_err(),
            error,
            "{payload}"
        );
    }
    let foreign = SigningKey::new("another key of more than 32 bytes");
    let foreign = Signer::new(Algorithm::Hs256, &foreign).unwrap();
    let payload = format!(r#"{{"exp":{ended},"iss":"me"}}"#);
    let token = jws::sign(payload.as_bytes(), &foreign).unwrap();
    assert_eq!(RefreshToken::verify(&jwt, &token).unwrap_err(), Error::Invalid);
}

#[test]
fn an_id_under_another_name_must_be_a_text_too() {
    let mut settings = settings();
    settings.jti_claim = Some("id".to_owned());
    let jwt = jwt(settings);
    let verify = |id: &str| UntypedToken::verify(&jwt, &sign(&format!(r#"{{"exp":{},"id":{id}}}"#, NOW + 1)));
    assert_eq!(verify(r#""x""#).unwrap().jti(), Some("x"));
    assert_eq!(verify("5").unwrap_err(), Error::Invalid);
}

#[test]
fn one_of_the_audiences_must_be_named() {
    let verdict = |audience: Audience, aud: &str| {
        let mut settings = settings();
        settings.audience = Some(audience);
        let payload = format!(r#"{{"exp":{},"jti":"0"{aud}}}"#, NOW + 1);
        UntypedToken::verify(&jwt(settings), &sign(&payload)).map(|_| ())
    };
    let one = || Audience::One("a".to_owned());
    let several = || Audience::Several(vec!["a".to_owned(), "b".to_owned()]);
    for aud in [r#","aud":"a""#, r#","aud":["z","a"]"#, r#","aud":["\u0061"]"#] {
        assert_eq!(verdict(one(), aud), Ok(()), "{aud}");
        assert_eq!(verdict(several(), aud), Ok(()), "{aud}");
    }
    assert_eq!(verdict(several(), r#","aud":"b""#), Ok(()));
    for aud in [
        "",
        r#","aud":"b""#,
        r#","aud":"ab""#,
        r#","aud":"""#,
        r#","aud":[]"#,
        r#","aud":["a",1]"#,
        r#","aud":null"#,
        r#","aud":{"a":"a"}"#,
        r#","aud":0"#,
    ] {
        assert_eq!(verdict(one(), aud), Err(Error::Invalid), "{aud}");
    }
}

#[test]
fn a_payload_is_strict_json() {
    for payload in [
        "",
        "[]",
        "null",
        "{}x",
        "\u{feff}{}",
        r#"{"exp":1,"exp":1}"#,
        r#"{"exp":NaN}"#,
        "{'exp':1}",
    ] {
        let error = UntypedToken::verify(&jwt(settings()), &sign(payload)).unwrap_err();
        assert_eq!(error, Error::Invalid, "{payload}");
    }
    let signer = Signer::new(Algorithm::Hs256, &SigningKey::new(KEY)).unwrap();
    let token = jws::sign(b"{\"a\":\"\xff\"}", &signer).unwrap();
    let error = UntypedToken::verify(&jwt(settings()), &token).unwrap_err();
    assert_eq!(error, Error::Invalid);
}

#[test]
fn a_date_beyond_the_calendar_of_jiff_is_its_last_one() {
    let token = UntypedToken::verify(&jwt(settings()), &sign(r#"{"exp":253402300799,"jti":"0"}"#)).unwrap();
    assert_eq!(token.expires_at(), Timestamp::MAX);
    assert_eq!(token.issued_at(), None);
    assert_eq!(token.claims().value("exp"), Some(253_402_300_799_i64.into()));
}

#[test]
fn a_session_record_is_a_text() {
    let sid = |claim: &str| {
        let payload = format!(r#"{{"exp":{},"jti":"0"{claim}}}"#, NOW + 1);
        UntypedToken::verify_at(&jwt(settings()), &sign(&payload), at(NOW))
            .unwrap()
            .sid()
            .map(|sid| sid.map(str::to_owned))
    };
    assert_eq!(sid(r#","sid":"9f""#), Ok(Some("9f".to_owned())));
    assert_eq!(sid(""), Ok(None));
    for other in ["9", "null", "[]", r#""\ud800""#] {
        assert_eq!(sid(&format!(r#","sid":{other}"#)), Err(Error::Invalid), "{other}");
    }
}
