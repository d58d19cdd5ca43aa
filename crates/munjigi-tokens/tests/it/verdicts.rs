//! `simplejwt_tokens.json`: what simplejwt 5.5.1 says to each token as an access, a refresh and an untyped one.
//!
//! Its `sliding` column is not looked at: there is no `SlidingToken`. Its profiles RS256 and ES256 need algorithms
//! that are not there either.

use crate::{at, deviations, fixture, jwt, settings, text};
use munjigi_tokens::{
    Access, AccessToken, Audience, Error, Refresh, RefreshToken, SimpleJwt, SimpleJwtSettings, Token,
    TokenType, Untyped, UntypedToken,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const FILE: &str = "simplejwt_tokens.json";

pub(crate) fn profile(name: &str) -> SimpleJwtSettings {
    let mut settings = settings();
    if name == "HS256_aud_iss" {
        settings.audience = Some(Audience::One("munjigi-api".to_owned()));
        settings.issuer = Some("https://auth.example".to_owned());
    }
    settings
}

#[test]
fn every_token_gets_simplejwts_verdict_or_stands_among_the_deviations() {
    let file = fixture(&format!("vectors/{FILE}"));
    let mut different = BTreeSet::new();
    for (name, expected_count) in [("HS256", 128), ("HS256_aud_iss", 124)] {
        let jwt = jwt(profile(name));
        let vectors = file["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|vector| vector["profile"] == name);
        let mut count = 0;
        for vector in vectors {
            let verdicts = [
                ("access", verdict::<Access>(&jwt, vector)),
                ("refresh", verdict::<Refresh>(&jwt, vector)),
                ("untyped", verdict::<Untyped>(&jwt, vector)),
            ];
            for (column, ours) in verdicts {
                let theirs = text(&vector["results"], column);
                if theirs.starts_with("UNCAUGHT") {
                    assert!(ours.starts_with("Token "), "{} as {column}: {ours}", vector["id"]);
                }
                if ours != theirs {
                    different.insert(text(vector, "id").to_owned());
                }
            }
            count += 1;
        }
        assert_eq!(count, expected_count, "{name}");
    }
    assert_eq!(different, deviations::of(FILE));
}

fn verdict<T: TokenType>(jwt: &SimpleJwt, vector: &Value) -> String {
    let token = Token::<T>::verify_at(jwt, text(vector, "token"), at(vector["now"].as_i64().unwrap()));
    match token {
        Ok(token) => {
            let claims: Map<_, _> = token
                .claims()
                .names()
                .map(|name| (name.to_owned(), token.claims().value(name).unwrap()))
                .collect();
            assert_eq!(Some(&claims), vector["payload"].as_object(), "{}", vector["id"]);
            "ok".to_owned()
        }
        Err(error) => {
            assert_eq!(error.code(), "token_not_valid");
            error.to_string()
        }
    }
}

/// simplejwt looks the user up by whatever stands there, and answers 500 or finds user 1 for `1.0`.
#[test]
fn a_user_id_is_a_text_or_an_integer() {
    let file = fixture(&format!("vectors/{FILE}"));
    let jwt = jwt(profile("HS256"));
    let vectors = file["vectors"].as_array().unwrap();
    let ids: Vec<_> = vectors
        .iter()
        .filter(|vector| vector["profile"] == "HS256" && text(vector, "id").starts_with("claim_uid_"))
        .map(|vector| {
            let token = AccessToken::verify_at(&jwt, text(vector, "token"), at(crate::NOW)).unwrap();
            let user_id = token.user_id().map(str::to_owned);
            (text(vector, "id"), user_id)
        })
        .collect();
    let good = |text: &str| Ok(text.to_owned());
    assert_eq!(
        ids,
        [
            ("claim_uid_missing", Err(Error::NoUserId)),
            ("claim_uid_int", good("1")),
            ("claim_uid_null", Err(Error::NoUserId)),
            ("claim_uid_text", good("abc")),
            ("claim_uid_negative", good("-1")),
            ("claim_uid_float", Err(Error::NoUserId)),
            ("claim_uid_obj", Err(Error::NoUserId)),
            ("claim_uid_big", good("9223372036854775808")),
        ]
    );
}

#[test]
fn the_tokens_that_simplejwt_issued_are_made_byte_for_byte() {
    let file = fixture(&format!("vectors/{FILE}"));
    for name in ["HS256", "HS256_aud_iss"] {
        let jwt = jwt(profile(name));
        let issued = &file["profiles"][name]["issued"];
        let refresh = RefreshToken::for_user(&jwt, &crate::User).unwrap();
        assert_eq!(refresh.to_string(), text(issued, "refresh"), "{name}");
        assert_eq!(
            refresh.access_token().to_string(),
            text(issued, "access"),
            "{name}"
        );
        let sliding = UntypedToken::verify(&jwt, text(issued, "sliding")).unwrap();
        assert_eq!(sliding.claims().text("token_type"), Some("sliding"));
    }
}
