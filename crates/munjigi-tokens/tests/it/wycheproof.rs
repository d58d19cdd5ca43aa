//! Project Wycheproof's verdicts on tokens, keys and sets of keys. Its files for bare signatures are read beside the
//! algorithms.
//!
//! Each case goes all the ways that there are: through one key with its algorithm named, and through a ring.

use crate::{NOW, at, deviations, fixture};
use munjigi_tokens::{Algorithm, Jwk, JwkSet, KeyRing, Verifier, jws};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn every_verdict_on_signatures_is_matched_or_stands_among_the_deviations() {
    let (counts, different) = verdicts("json_web_signature_test.json");
    assert_eq!(counts, (38, 318));
    assert_eq!(different, deviations::of("json_web_signature_test.json"));
}

#[test]
fn every_verdict_on_keys_is_matched_or_stands_among_the_deviations() {
    let (counts, different) = verdicts("json_web_key_test.json");
    assert_eq!(counts, (5, 21));
    assert_eq!(different, deviations::of("json_web_key_test.json"));
}

/// 34 of its 83 cases are about encryption (JWE), which tokens here never have.
#[test]
fn every_verdict_on_signatures_by_keys_and_sets_is_matched() {
    let (counts, different) = verdicts("json_web_crypto_test.json");
    assert_eq!(counts, (4, 45));
    assert_eq!(different, deviations::of("json_web_crypto_test.json"));
}

/// How many are valid and invalid there, and the ids of those that are judged otherwise here.
fn verdicts(name: &str) -> ((usize, usize), BTreeSet<String>) {
    let file = fixture(&format!("wycheproof/{name}"));
    let (mut valid, mut invalid, mut different) = (0, 0, BTreeSet::new());
    for group in file["testGroups"].as_array().unwrap() {
        let is_encryption = |test: &Value| test["jwe"].is_string() || test["jwe"].is_object();
        let tests = group["tests"].as_array().unwrap().iter();
        for test in tests.filter(|test| !is_encryption(test)) {
            let id = format!("tcId {}", test["tcId"]);
            match test["result"].as_str() {
                Some("valid") => valid += 1,
                Some("invalid") => invalid += 1,
                result => panic!("{id}: {result:?}"),
            }
            let is_valid = test["result"] == "valid";
            if verdicts_of_halves(group, test)
                .iter()
                .any(|&verdict| verdict != is_valid)
            {
                different.insert(id);
            }
        }
    }
    ((valid, invalid), different)
}

/// With the public half of the key, the private, or both. The JSON serialisation is no text, and is handed over as its
/// text.
fn verdicts_of_halves(group: &Value, test: &Value) -> Vec<bool> {
    let token = match &test["jws"] {
        Value::String(token) => token.clone(),
        object => object.to_string(),
    };
    let halves = ["public", "private"].map(|half| &group[half]);
    let halves = halves.into_iter().filter(|half| half.is_object());
    halves.map(|half| is_good_for(half, &token)).collect()
}

fn is_good_for(key: &Value, token: &str) -> bool {
    if key["keys"].is_array() {
        let set = JwkSet::parse(&key.to_string());
        let ring = set.and_then(|set| KeyRing::from_jwk_set(&set, Algorithm::ALL));
        return ring.is_ok_and(|ring| ring.verify(token, at(NOW)).is_ok());
    }
    let Ok(jwk) = Jwk::parse(&key.to_string()) else {
        return false;
    };
    let algorithm = jwk.algorithm().unwrap_or(Algorithm::Rs256);
    let Ok(verifier) = Verifier::from_jwk(algorithm, &jwk) else {
        return false;
    };
    let verdict = jws::verify(token, algorithm, &verifier);
    let ring = KeyRing::default().with_verifier(verifier).unwrap();
    assert_eq!(ring.verify(token, at(NOW)), verdict, "{token}");
    verdict.is_ok()
}
