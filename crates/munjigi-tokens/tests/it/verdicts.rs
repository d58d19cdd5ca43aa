//! What simplejwt 5.5.1 says to each token as an access, a refresh, a sliding and an untyped one:
//! `simplejwt_tokens.json`, and `token_claims.json` for more settings.

use crate::{NOW, User, at, deviations, fixture, jwt, settings, text};
use jiff::SignedDuration;
use munjigi_tokens::{
    Access, AccessToken, Audience, Error, Refresh, RefreshToken, SimpleJwt, Sliding, SlidingToken, Token,
    TokenType, Untyped, VerifyingKey,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const TOKENS: &str = "simplejwt_tokens.json";
const CLAIMS: &str = "token_claims.json";

/// What a profile writes into `SIMPLE_JWT` beside the key.
fn profile(written: &Value) -> SimpleJwt {
    let mut settings = settings();
    for (key, value) in written.as_object().unwrap() {
        let name = || value.as_str().unwrap().to_owned();
        match key.as_str() {
            // Of a pair of keys the golden data keeps the public half, which is what a verdict needs.
            "SIGNING_KEY" if name().starts_with("file ") => settings.signing_key = None,
            "SIGNING_KEY" => assert_eq!(value, crate::KEY),
            "VERIFYING_KEY" => settings.verifying_key = Some(VerifyingKey::new(key_file(&name()))),
            "ALGORITHM" => settings.algorithm = name().parse().unwrap(),
            "AUDIENCE" if value.is_string() => settings.audience = Some(Audience::One(name())),
            "AUDIENCE" => {
                let names = value
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| name.as_str().unwrap().to_owned());
                settings.audience = Some(Audience::Several(names.collect()));
            }
            "ISSUER" => settings.issuer = Some(name()),
            "LEEWAY" => settings.leeway = seconds(value),
            "ACCESS_TOKEN_LIFETIME" => settings.access_token_lifetime = seconds(value),
            "REFRESH_TOKEN_LIFETIME" => settings.refresh_token_lifetime = seconds(value),
            "SLIDING_TOKEN_LIFETIME" => settings.sliding_token_lifetime = seconds(value),
            "SLIDING_TOKEN_REFRESH_LIFETIME" => settings.sliding_token_refresh_lifetime = seconds(value),
            "SLIDING_TOKEN_REFRESH_EXP_CLAIM" => settings.sliding_token_refresh_exp_claim = name(),
            "JTI_CLAIM" => settings.jti_claim = value.as_str().map(str::to_owned),
            "TOKEN_TYPE_CLAIM" => settings.token_type_claim = value.as_str().map(str::to_owned),
            "USER_ID_CLAIM" => settings.user_id_claim = name(),
            "USER_ID_FIELD" => settings.user_id_field = name(),
            "CHECK_REVOKE_TOKEN" => settings.check_revoke_token = value.as_bool().unwrap(),
            "REVOKE_TOKEN_CLAIM" => settings.revoke_token_claim = name(),
            _ => panic!("no such setting: {key}"),
        }
    }
    jwt(settings)
}

fn key_file(setting: &str) -> String {
    let file = setting.strip_prefix("file ").unwrap();
    let path = format!(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/vectors/{}"),
        file
    );
    std::fs::read_to_string(path).unwrap()
}

fn seconds(value: &Value) -> SignedDuration {
    SignedDuration::try_from_secs_f64(value.as_f64().unwrap()).unwrap()
}

#[test]
fn every_token_gets_simplejwts_verdict_or_stands_among_the_deviations() {
    let file = fixture(&format!("vectors/{TOKENS}"));
    let mut different = BTreeSet::new();
    let mut profiles = vec![("HS256", 128), ("HS256_aud_iss", 124)];
    if cfg!(feature = "asymmetric") {
        profiles.extend([("RS256", 114), ("ES256", 114)]);
    }
    for (name, expected_count) in profiles {
        let jwt = profile(&file["profiles"][name]["SIMPLE_JWT"]);
        let vectors = file["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|vector| vector["profile"] == name);
        let mut count = 0;
        for vector in vectors {
            let now = vector["now"].as_i64().unwrap();
            let payload = vector["payload"].as_object();
            different.extend(differs(&jwt, vector, text(vector, "token"), now, payload));
            count += 1;
        }
        assert_eq!(count, expected_count, "{name}");
    }
    assert_eq!(different, deviations::of(TOKENS));
}

#[test]
fn every_payload_gets_simplejwts_verdict_under_every_setting_or_stands_among_the_deviations() {
    let file = fixture(CLAIMS);
    let vectors = file["claims"].as_array().unwrap();
    let mut different = BTreeSet::new();
    for vector in vectors {
        let jwt = profile(&file["profiles"][text(vector, "profile")]["SIMPLE_JWT"]);
        let token = jwt.key_ring().sign(text(vector, "payload").as_bytes()).unwrap();
        different.extend(differs(&jwt, vector, &token, NOW, None));
    }
    assert_eq!(vectors.len(), 728);
    assert_eq!(different, deviations_of_claims("verdict"));
}

/// The ids of deviations in `token_claims.json`: of what is `made`, which have that word in them, or of a `verdict`.
fn deviations_of_claims(of: &str) -> BTreeSet<String> {
    let is_made = |id: &String| id.ends_with("/issued");
    let all = deviations::of(CLAIMS).into_iter();
    all.filter(|id| is_made(id) == (of == "made")).collect()
}

/// The id of a vector that gets another verdict here. `payload` is what a good token then says.
fn differs(
    jwt: &SimpleJwt,
    vector: &Value,
    token: &str,
    now: i64,
    payload: Option<&Map<String, Value>>,
) -> Option<String> {
    let verdicts = [
        ("access", verdict::<Access>(jwt, token, now, payload)),
        ("refresh", verdict::<Refresh>(jwt, token, now, payload)),
        ("sliding", verdict::<Sliding>(jwt, token, now, payload)),
        ("untyped", verdict::<Untyped>(jwt, token, now, payload)),
    ];
    let mut differs = false;
    for (column, ours) in verdicts {
        let theirs = text(&vector["results"], column);
        let is_uncaught = theirs.starts_with("UNCAUGHT");
        assert!(
            !is_uncaught || ours.starts_with("Token "),
            "{} as {column}: {ours}",
            vector["id"]
        );
        differs |= ours != theirs;
    }
    differs.then(|| text(vector, "id").to_owned())
}

fn verdict<T: TokenType>(
    jwt: &SimpleJwt,
    token: &str,
    now: i64,
    payload: Option<&Map<String, Value>>,
) -> String {
    match Token::<T>::verify_at(jwt, token, at(now)) {
        Ok(token) => {
            let claims = token.claims();
            let read: Map<_, _> = claims
                .names()
                .map(|name| (name.to_owned(), claims.value(name).unwrap_or_default()))
                .collect();
            assert!(payload.is_none_or(|payload| *payload == read), "{read:?}");
            "ok".to_owned()
        }
        Err(error) => {
            assert_eq!(error.code(), "token_not_valid");
            error.to_string()
        }
    }
}

#[test]
fn an_access_token_is_made_from_a_refresh_token_with_the_bytes_of_simplejwt() {
    let file = fixture(CLAIMS);
    let mut count = 0;
    for vector in file["claims"].as_array().unwrap() {
        let Some(expected) = vector["access"].as_str() else {
            continue;
        };
        if deviations::of(CLAIMS).contains(text(vector, "id")) {
            continue;
        }
        let jwt = profile(&file["profiles"][text(vector, "profile")]["SIMPLE_JWT"]);
        let ring = jwt.key_ring();
        let refresh = ring.sign(text(vector, "payload").as_bytes()).unwrap();
        let refresh = RefreshToken::verify(&jwt, &refresh).unwrap();
        let _first_id = RefreshToken::for_user(&jwt, &User).unwrap();
        let access = refresh.access_token().encode().unwrap();
        let access = ring.verify(&access, at(NOW)).unwrap();
        let mut access = String::from_utf8(access).unwrap();
        let mut expected = expected.to_owned();
        let made = format!("{}/issued", text(vector, "profile"));
        if deviations::of(CLAIMS).contains(&made) {
            (access, expected) = (without_null(&access), without_null(&expected));
        }
        assert_eq!(access, expected, "{}", vector["id"]);
        count += 1;
    }
    assert_eq!(count, 310);
}

/// A payload without the members that simplejwt calls `null`, for want of a `TOKEN_TYPE_CLAIM` or a `JTI_CLAIM`.
fn without_null(payload: &str) -> String {
    let is_other = |member: &&str| !member.trim_matches(['{', '}']).starts_with("\"null\":\"");
    let members: Vec<_> = payload.split(',').filter(is_other).collect();
    format!("{{{}}}", members.join(",").trim_matches(['{', '}']))
}

#[test]
fn the_tokens_that_simplejwt_issued_are_made_byte_for_byte() {
    let (tokens, claims) = (fixture(&format!("vectors/{TOKENS}")), fixture(CLAIMS));
    let mut profiles: Vec<_> = claims["profiles"].as_object().unwrap().iter().collect();
    for name in ["HS256", "HS256_aud_iss"] {
        profiles.extend(tokens["profiles"].as_object().unwrap().get_key_value(name));
    }
    let mut different = BTreeSet::new();
    for &(name, written) in &profiles {
        let (jwt, issued) = (profile(&written["SIMPLE_JWT"]), &written["issued"]);
        let refresh = RefreshToken::for_user(&jwt, &User).unwrap();
        let access = refresh.access_token();
        let sliding = SlidingToken::for_user(&jwt, &User).unwrap();
        let mut made = vec![
            ("refresh", refresh.encode().unwrap()),
            ("access", access.encode().unwrap()),
            ("sliding", sliding.encode().unwrap()),
        ];
        if !issued["rotated"].is_null() {
            made.push(("rotated", refresh.rotate_at(at(NOW + 60)).encode().unwrap()));
        }
        if made.iter().any(|(kind, token)| *token != text(issued, kind)) {
            different.insert(format!("{name}/issued"));
        }
    }
    assert_eq!(profiles.len(), 18);
    assert_eq!(different, deviations_of_claims("made"));
}

#[test]
fn a_sliding_token_is_refreshed_with_the_bytes_of_simplejwt_or_refused_in_its_words() {
    let file = fixture(CLAIMS);
    let vectors = file["sliding"].as_array().unwrap();
    for vector in vectors {
        let jwt = profile(&file["profiles"][text(vector, "profile")]["SIMPLE_JWT"]);
        let ring = jwt.key_ring();
        let token = ring.sign(text(vector, "payload").as_bytes()).unwrap();
        match SlidingToken::verify(&jwt, &token).unwrap().refresh() {
            Ok(token) => {
                let payload = ring.verify(&token.encode().unwrap(), at(NOW)).unwrap();
                assert_eq!(
                    String::from_utf8(payload).unwrap(),
                    text(vector, "refreshed"),
                    "{}",
                    vector["id"]
                );
            }
            Err(error) => assert_eq!(error.to_string(), text(vector, "refused"), "{}", vector["id"]),
        }
    }
    assert_eq!(vectors.len(), 77);
}

/// simplejwt looks the user up by whatever stands there, and answers 500 or finds user 1 for `1.0`.
#[test]
fn a_user_id_is_a_text_or_an_integer() {
    let file = fixture(&format!("vectors/{TOKENS}"));
    let jwt = jwt(settings());
    let vectors = file["vectors"].as_array().unwrap();
    let ids: Vec<_> = vectors
        .iter()
        .filter(|vector| vector["profile"] == "HS256" && text(vector, "id").starts_with("claim_uid_"))
        .map(|vector| {
            let token = AccessToken::verify(&jwt, text(vector, "token")).unwrap();
            (text(vector, "id"), token.user_id().map(str::to_owned))
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
