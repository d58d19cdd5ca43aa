//! Published JWS vectors. Their payloads need not be JSON, so they go to a ring of one key.

use crate::{fixture, text};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use munjigi_tokens::{Algorithm, Error, KeyRing, Signer, SigningKey, jws};
use serde_json::Value;
use sha2::Sha256;

fn signer(algorithm: &str, jwk: &Value) -> Signer {
    let secret = URL_SAFE_NO_PAD.decode(text(jwk, "k")).unwrap();
    Signer::new(algorithm.parse().unwrap(), &SigningKey::new(secret)).unwrap()
}

#[test]
fn every_hmac_verdict_of_wycheproof_is_matched() {
    let file = fixture("wycheproof/json_web_signature_test.json");
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let jwk = &group["private"];
        if jwk["kty"] != "oct" {
            continue;
        }
        let verifier = signer(text(jwk, "alg"), jwk).verifier();
        for test in group["tests"].as_array().unwrap() {
            let verdict = jws::verify(text(test, "jws"), verifier.algorithm(), &verifier);
            assert_eq!(
                verdict.is_ok(),
                test["result"] == "valid",
                "{}: {}",
                test["tcId"],
                test["comment"]
            );
            *if verdict.is_ok() { &mut valid } else { &mut invalid } += 1;
        }
    }
    assert_eq!((valid, invalid), (3, 16));
}

#[test]
fn the_signatures_of_the_rfcs_verify() {
    let file = fixture("vectors/rfc_vectors.json");
    let mut count = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let is_hmac = vector["alg"]
            .as_str()
            .is_some_and(|algorithm| algorithm.starts_with("HS"));
        // The example of jwt.io has a secret that can be guessed, which is no key here.
        let is_guessable = vector["source"] == "jwt.io default token";
        if vector["kind"] == "jws" && is_hmac && !is_guessable {
            let signer = signer(text(vector, "alg"), &vector["jwk"]);
            let payload = jws::verify(text(vector, "token"), signer.algorithm(), &signer.verifier()).unwrap();
            let expected = text(vector, "token").split('.').nth(1).unwrap();
            assert_eq!(URL_SAFE_NO_PAD.encode(payload), expected, "{}", vector["source"]);
            count += 1;
        }
        if vector["kind"] == "jws_must_reject" {
            for algorithm in ["HS256", "HS384", "HS512"] {
                let signer = Signer::new(algorithm.parse().unwrap(), &SigningKey::new(crate::KEY)).unwrap();
                let verdict = jws::verify(text(vector, "token"), signer.algorithm(), &signer.verifier());
                assert_eq!(verdict, Err(Error::Invalid));
            }
            count += 1;
        }
    }
    assert_eq!(count, 2);
}

fn hs256() -> Signer {
    Signer::new(Algorithm::Hs256, &SigningKey::new(crate::KEY)).unwrap()
}

/// What both ways of verifying say.
fn verdict(token: &str) -> Result<Vec<u8>, Error> {
    let verdict = jws::verify(token, Algorithm::Hs256, &hs256().verifier());
    assert_eq!(
        KeyRing::new(hs256()).verify(token, crate::at(crate::NOW)),
        verdict,
        "{token:?}"
    );
    verdict
}

/// Any message, rightly signed.
fn seal(message: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(crate::KEY.as_bytes()).unwrap();
    let signature = mac.chain_update(message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn token_with_header(header: &str) -> String {
    seal(&format!("{}.Zm9v", URL_SAFE_NO_PAD.encode(header)))
}

#[test]
fn a_header_is_taken_or_refused_as_pyjwt_does() {
    let file = fixture("token_claims.json");
    let headers = file["headers"].as_array().unwrap();
    for vector in headers {
        let verdict = verdict(&token_with_header(text(vector, "header")));
        assert_eq!(verdict.is_ok(), vector["accepted"] == true, "{vector}");
    }
    assert_eq!(headers.len(), 38);
}

#[test]
fn a_header_is_strict_json() {
    for header in [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","x":{"y":1,"y":1}}"#,
        r#"{"alg":"HS256","x":NaN}"#,
        "\u{feff}{\"alg\":\"HS256\"}",
    ] {
        assert_eq!(
            verdict(&token_with_header(header)),
            Err(Error::Invalid),
            "{header}"
        );
    }
}

#[test]
fn a_token_is_read_in_one_spelling_only() {
    const HEADER: &str = "eyJhbGciOiJIUzI1NiJ9";
    let token = seal(&format!("{HEADER}.-_-_YQ"));
    assert_eq!(verdict(&token), Ok(b"\xfb\xff\xbfa".to_vec()));
    for (header, payload) in [
        (HEADER, "+/+/YQ"),
        (HEADER, "-_-_YQ=="),
        (HEADER, "-_-_YR"),
        (HEADER, "-_-_Y"),
        (HEADER, "-_-_ YQ"),
        (HEADER, "-_-_YQ\n"),
        (HEADER, "-_-_.YQ"),
        ("eyJhbGciOiJIUzI1NiJ9=", "-_-_YQ"),
        ("eyJhbGciOiJIUzI1NiJ8", "-_-_YQ"),
        ("", "-_-_YQ"),
    ] {
        let token = seal(&format!("{header}.{payload}"));
        assert_eq!(verdict(&token), Err(Error::Invalid), "{token}");
    }
    let (message, signature) = token.rsplit_once('.').unwrap();
    for spelling in [
        format!("{token}="),
        format!("{token}."),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{token}\u{0}"),
        format!(".{token}"),
        format!("{message}..{signature}"),
        format!("{message}."),
        message.to_owned(),
    ] {
        assert_eq!(verdict(&spelling), Err(Error::Invalid), "{spelling}");
    }
    // The last letter of a signature of 32 bytes carries two bits that mean nothing.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for other in alphabet.chars().filter(|&other| other != last) {
        let spelling = format!("{}{other}", &token[..token.len() - 1]);
        assert_eq!(verdict(&spelling), Err(Error::Invalid), "{spelling}");
    }
}

#[test]
fn a_token_with_any_byte_changed_left_out_or_put_in_is_refused() {
    let token = jws::sign(br#"{"token_type":"access","exp":1767225900}"#, &hs256()).unwrap();
    for at in 0..token.len() {
        let (before, after) = (&token[..at], &token[at + 1..]);
        assert_eq!(verdict(&format!("{before}{after}")), Err(Error::Invalid));
        for byte in (0..128_u8).map(char::from) {
            let put_in = format!("{before}{byte}{}", &token[at..]);
            assert_eq!(verdict(&put_in), Err(Error::Invalid), "{put_in:?}");
            let changed = format!("{before}{byte}{after}");
            assert_eq!(verdict(&changed).is_ok(), changed == token, "{changed:?}");
        }
    }
}

#[test]
fn a_text_that_is_too_long_is_refused_whatever_it_holds() {
    let longest = jws::MAX_TOKEN;
    let overhead = jws::sign(b"", &hs256()).unwrap().len();
    let payload = vec![b'a'; (longest - overhead) / 4 * 3];
    let token = jws::sign(&payload, &hs256()).unwrap();
    assert!(token.len() > longest - 4 && token.len() <= longest);
    assert_eq!(verdict(&token), Ok(payload.clone()));
    let token = jws::sign(&[payload, vec![b'a'; 3]].concat(), &hs256()).unwrap();
    assert_eq!(verdict(&token), Err(Error::Invalid));
    for text in [".".repeat(longest), ".".repeat(1_000_000), "a".repeat(1_000_000)] {
        assert_eq!(verdict(&text), Err(Error::Invalid));
    }
}

#[test]
fn no_algorithm_verifies_anothers_signature() {
    let algorithms = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
    let signers = algorithms.map(|algorithm| Signer::new(algorithm, &SigningKey::new(crate::KEY)).unwrap());
    for signer in &signers {
        for other in &signers {
            let (token, algorithm) = (jws::sign(b"foo", signer).unwrap(), other.algorithm());
            let is_good = jws::verify(&token, algorithm, &other.verifier()).is_ok();
            assert_eq!(is_good, signer.algorithm() == algorithm);
        }
    }
}
