//! `[SIMPLE_JWT_CLAIMS]`: what may be written there, and the sentence for what may not.

use super::{KEY, gather, refusal, resolve, serve};
use crate::config::reference;
use crate::config::{ClaimPlaced, ClaimSource, Config, Error, Mode, TokenClaim, UserFact};
use serde_json::json;

fn claims(lines: &str) -> Result<Config, Error> {
    serve(&format!("[SIMPLE_JWT_CLAIMS]\n{lines}"))
}

fn claim(name: &str, source: ClaimSource) -> TokenClaim {
    TokenClaim {
        name: name.to_owned(),
        source,
        placed: ClaimPlaced::InTokens,
    }
}

/// The message behind the place where the line stands.
#[track_caller]
fn problem(lines: &str) -> String {
    let (code, message) = refusal(claims(lines));
    assert_eq!(code, "wrong_value", "{message}");
    message.split_once(") ").unwrap().1.to_owned()
}

#[test]
fn claims_come_in_the_order_of_their_lines() {
    let lines = "zone = { constant = \"seoul\" }\nname = \"full_name\"\nroles = \"groups\"\n\
                 email = { from = \"email\", in_body = true }\nage = \"age\"\n\"https://example.com/may\" = \"permissions\"\n\
                 [SIMPLE_JWT_CLAIMS.first]\nconstant = [1, 2.5, true, {a = \"b\"}]\n";
    let expected = [
        claim("zone", ClaimSource::Constant(json!("seoul"))),
        claim("name", ClaimSource::User(UserFact::FullName)),
        claim("roles", ClaimSource::Groups),
        TokenClaim {
            placed: ClaimPlaced::InBodyToo,
            ..claim("email", ClaimSource::User(UserFact::Email))
        },
        claim("age", ClaimSource::Extra("age".to_owned())),
        claim("https://example.com/may", ClaimSource::Permissions),
        claim("first", ClaimSource::Constant(json!([1, 2.5, true, {"a": "b"}]))),
    ];
    assert_eq!(claims(lines).unwrap().claims, expected);
    assert!(serve("").unwrap().claims.is_empty());
}

#[test]
fn a_claim_may_come_from_the_environment() {
    let variables = [
        ("MUNJIGI_SIMPLE_JWT_CLAIMS__ROLES", "groups"),
        ("MUNJIGI_SIMPLE_JWT_CLAIMS__TENANT", "{ constant = \"seoul\" }"),
    ];
    let config = resolve("[SIMPLE_JWT_CLAIMS]\nzz = \"id\"\n", &variables, Mode::Serve).unwrap();
    let expected = [
        claim("zz", ClaimSource::User(UserFact::Id)),
        claim("roles", ClaimSource::Groups),
        claim("tenant", ClaimSource::Constant(json!("seoul"))),
    ];
    assert_eq!(config.claims, expected);
}

#[test]
fn an_unknown_source_is_told_the_nearest_one() {
    let choice = "Write one of id, username, email, first_name, last_name, full_name, is_staff, is_superuser, \
                  date_joined, groups, permissions, age, or { constant = \"…\" }.";
    assert_eq!(
        problem("name = \"usrname\""),
        format!("is \"usrname\". Did you mean \"username\"? {choice}")
    );
    assert_eq!(problem("name = \"shoe\""), format!("is \"shoe\". {choice}"));
    assert_eq!(
        problem("secret = { from = \"password\" }"),
        format!("is \"password\", which goes into no token. {choice}")
    );
    let (_, message) = refusal(serve(
        "[user.fields.permissions]\ntype = \"TextField\"\n[SIMPLE_JWT_CLAIMS]\np = \"permissions\"",
    ));
    assert!(
        message.contains("which is a field of [user.fields] too"),
        "{message}"
    );
}

#[test]
fn a_claim_that_the_token_sets_itself_is_refused() {
    for name in [
        "exp",
        "iat",
        "nbf",
        "jti",
        "iss",
        "aud",
        "sub",
        "sid",
        "token_type",
        "user_id",
        "hash_password",
        "refresh_exp",
    ] {
        let own = "is a claim that the token sets itself. Write yours under another name.";
        assert_eq!(problem(&format!("{name} = \"email\"")), own, "{name}");
    }
    let renamed = "[SIMPLE_JWT]\nUSER_ID_CLAIM = \"uid\"\n[SIMPLE_JWT_CLAIMS]\n";
    assert!(serve(&format!("{renamed}user_id = \"id\"")).is_ok());
    assert_eq!(refusal(serve(&format!("{renamed}uid = \"id\""))).0, "wrong_value");
    for name in ["\"\"", "\"a\\u0000\"", &format!("\"{}\"", "a".repeat(256))] {
        let message = problem(&format!("{name} = \"id\""));
        assert!(message.starts_with("is no name for a claim."), "{message}");
    }
}

#[test]
fn a_member_of_the_answer_is_not_written_over() {
    for name in [
        "access",
        "refresh",
        "token",
        "access_token",
        "refresh_token",
        "message",
        "user",
    ] {
        assert!(claims(&format!("{name} = \"email\"")).is_ok(), "{name}");
        let message = problem(&format!("{name} = {{ from = \"email\", in_body = true }}"));
        assert!(
            message.starts_with("stands in the answers to a sign-in already."),
            "{message}"
        );
    }
}

#[test]
fn a_line_of_another_form_is_told_the_form() {
    for (line, starts) in [
        ("a = 1", "is a whole number. Write a source"),
        ("a = {}", "does not say where its value comes from"),
        ("a = { from = \"id\", constant = 1 }", "does not say where"),
        ("a = { from = 1 }", "does not say where"),
        (
            "a = { from = \"id\", in_body = 1 }",
            "has an in_body that is neither",
        ),
        (
            "a = { from = \"id\", inbody = true }",
            "has the key \"inbody\". Write a source",
        ),
        ("a.b = \"id\"", "has the key \"b\". Write a source"),
        (
            "a = { constant = nan }",
            "has the constant NaN, which JSON cannot say.",
        ),
        (
            "a = { constant = [2026-11-21] }",
            "has the constant 2026-11-21, which JSON has no type for.",
        ),
    ] {
        let message = problem(line);
        assert!(message.starts_with(starts), "{line}: {message}");
    }
    let many: Vec<String> = (0..33).map(|number| format!("c{number} = \"id\"\n")).collect();
    assert_eq!(refusal(claims(&many.concat())).0, "contradiction");
    let long = format!("c = {{ constant = \"{}\" }}", "x".repeat(2047));
    assert_eq!(refusal(claims(&long)).0, "contradiction");
}

#[test]
fn what_holds_shows_the_claims_as_toml() {
    let lines = "[SIMPLE_JWT_CLAIMS]\nzz = \"groups\"\n\"a b\" = { constant = \"x\" }\n";
    let written = gather(lines, &[("MUNJIGI_SECRET_KEY", KEY)]).unwrap();
    let shown = reference::show(&written, Mode::Serve);
    let table: toml::Table = toml::from_str(&shown).unwrap();
    let expected: toml::Table = toml::from_str(lines).unwrap();
    assert_eq!(table["SIMPLE_JWT_CLAIMS"], expected["SIMPLE_JWT_CLAIMS"]);
    assert!(shown.contains("zz = \"groups\"  # "), "{shown}");
}
