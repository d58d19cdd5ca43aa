//! The keys of `[SIMPLE_JWT]`: which stand together.

use super::{KEY, refusal, serve};
use munjigi_tokens::Algorithm;

/// The routes that make tokens, off.
const NO_TOKENS_MADE: &str = "[ROUTES]\njwt_signup = false\njwt_signin = false\njwt_refresh = false\n\
                              token_obtain_pair = false\ntoken_refresh = false\ntoken_obtain_sliding = false\n\
                              token_refresh_sliding = false\n";

fn simple_jwt(lines: &str) -> String {
    format!("[SIMPLE_JWT]\n{lines}\n")
}

#[test]
fn keys_that_contradict_each_other_stop_the_start_with_what_to_write_instead() {
    const ISSUER: &str = "JWK_URL = \"https://issuer.example/jwks.json\"";
    const UNTIL: &str = "KEY_RING_KIDLESS_UNTIL = 2026-12-01T00:00:00Z";
    for (lines, words) in [
        (UNTIL.to_owned(), "and no KEY_RING. Write both, or neither."),
        (
            format!("KEY_RING = \"keys.json\"\nSIGNING_KEY = \"{KEY}\""),
            "or write KEY_RING_KIDLESS_UNTIL",
        ),
        (
            format!("KEY_RING = \"keys.json\"\nALGORITHM = \"RS256\"\n{ISSUER}"),
            "Leave one of them out.",
        ),
        (
            ISSUER.to_owned(),
            "ALGORITHM HS256 has none. Write the issuer's ALGORITHM",
        ),
        (
            format!("ALGORITHM = \"RS256\"\nVERIFYING_KEY = \"key.pem\"\n{ISSUER}"),
            "JWK_URL and VERIFYING_KEY are both written",
        ),
        (
            "ALGORITHM = \"RS256\"\nJWK_URL = \"http://issuer.example/jwks.json\"".to_owned(),
            "is neither encrypted nor on this machine. Write https://",
        ),
        (
            "ALGORITHM = \"ES256\"".to_owned(),
            "`munjigi keys generate --algorithm ES256` makes one",
        ),
        (
            format!("ALGORITHM = \"RS256\"\n{ISSUER}"),
            "ROUTES.jwt_signup makes tokens. Write a SIGNING_KEY, or ROUTES.jwt_signup = false.",
        ),
    ] {
        let (code, message) = refusal(serve(&simple_jwt(&lines)));
        assert_eq!(code, "contradiction", "{message}");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_secret_that_stands_where_a_private_key_is_wanted_is_not_told() {
    let (_, message) = refusal(serve(&simple_jwt(&format!(
        "ALGORITHM = \"RS256\"\nSIGNING_KEY = \"{KEY}\""
    ))));
    assert!(
        message.contains("is neither a key in PEM nor a file that can be read"),
        "{message}"
    );
    assert!(!message.contains(KEY), "{message}");
    // Nor is a path a secret, though it is long enough for one.
    let path = "/etc/munjigi/keys/a-private-key-in-a-file-of-its-own.pem";
    assert!(
        serve(&simple_jwt(&format!("SIGNING_KEY = \"{path}\""))).is_ok(),
        "HS256 takes any text"
    );
    let (_, message) = refusal(serve(&simple_jwt("SIGNING_KEY = \"short.pem\"")));
    assert!(message.contains("has 9 bytes"), "{message}");
}

#[test]
fn a_ring_says_itself_how_it_signs_unless_the_algorithm_is_for_the_tokens_of_before() {
    const UNTIL: &str = "KEY_RING_KIDLESS_UNTIL = \"2026-12-01T09:00:00+09:00\"";
    let ring = |lines: &str| serve(&simple_jwt(&format!("KEY_RING = \"keys.json\"\n{lines}")));
    let algorithm = |lines: &str| ring(lines).unwrap().token_keys.ring.unwrap().algorithm;
    assert_eq!(algorithm(""), None);
    assert_eq!(algorithm("ALGORITHM = \"EdDSA\""), Some(Algorithm::EdDsa));
    assert_eq!(
        algorithm(&format!("ALGORITHM = \"EdDSA\"\n{UNTIL}")),
        Some(Algorithm::EdDsa)
    );
    assert_eq!(algorithm(&format!("ALGORITHM = \"HS512\"\n{UNTIL}")), None);
    let keys = ring(&format!("ALGORITHM = \"HS512\"\n{UNTIL}"))
        .unwrap()
        .token_keys;
    let of_before: Vec<Algorithm> = keys.named.verifiers().map(|(key, _)| key.algorithm()).collect();
    assert_eq!(of_before, [Algorithm::Hs512]);
    let until = keys.ring.unwrap().kidless_until.unwrap();
    assert_eq!(until.to_string(), "2026-12-01T00:00:00Z");
    for wrong in ["2026-12-01", "2026-12-01T00:00:00", "\"tomorrow\"", "1796000000"] {
        assert!(
            ring(&format!("KEY_RING_KIDLESS_UNTIL = {wrong}")).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn the_keys_of_an_issuer_are_enough_where_no_route_makes_tokens() {
    let lines = "ALGORITHM = \"RS256\"\nJWK_URL = \"https://issuer.example/jwks.json\"";
    let keys = serve(&format!("{}{NO_TOKENS_MADE}", simple_jwt(lines)))
        .unwrap()
        .token_keys;
    assert!(keys.issuer.is_some() && keys.named.signer().is_none());
}
