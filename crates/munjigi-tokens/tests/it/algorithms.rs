//! Each algorithm with each: what one signs, no other takes, and no encoding of a public key is a secret.

use crate::{NOW, at, fixture};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use munjigi_tokens::{
    AccessToken, Algorithm, Error, Jwk, KeyRing, Signer, SigningKey, SimpleJwt, SimpleJwtSettings,
    UntypedToken, Verifier, VerifyingKey, jws,
    jwt_auth::{JwtAuth, JwtAuthSettings},
};
use serde_json::Value;
use sha2::Sha256;

const SECRET: &str = "a secret that is long enough for sixty-four bytes, which is HS512's";

/// The keys of `keys.json`, each for one algorithm.
fn signers() -> Vec<Signer> {
    let file = fixture("keys.json");
    let signer = |&algorithm: &Algorithm| {
        let key = if algorithm.is_symmetric() {
            SECRET.to_owned()
        } else {
            let keys = file["keys"].as_object().unwrap().values();
            let mut keys = keys.filter(|key| has_algorithm(key, algorithm));
            keys.next().unwrap()["private"]["pkcs8"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        Signer::new(algorithm, &SigningKey::new(key)).unwrap()
    };
    let signers: Vec<_> = Algorithm::ALL.iter().map(signer).collect();
    assert_eq!(signers.len(), 13);
    signers
}

fn has_algorithm(key: &Value, algorithm: Algorithm) -> bool {
    let names = key["algorithms"].as_array().unwrap();
    names.iter().any(|name| name == algorithm.name())
}

#[test]
fn what_an_algorithm_signs_it_verifies_and_no_other_does() {
    let signers = signers();
    for signer in &signers {
        let token = jws::sign(b"{}", signer).unwrap();
        for other in &signers {
            let is_same = signer.algorithm() == other.algorithm();
            let verdict = jws::verify(&token, other.algorithm(), &other.verifier());
            let ring = KeyRing::new(other.clone());
            assert_eq!(ring.verify(&token, at(NOW)), verdict);
            assert_eq!(
                verdict.is_ok(),
                is_same,
                "{} {}",
                signer.algorithm(),
                other.algorithm()
            );
            let misnamed = jws::verify(&token, signer.algorithm(), &other.verifier());
            assert_eq!(misnamed.is_ok(), is_same);
            let misnamed = jws::verify(&token, other.algorithm(), &signer.verifier());
            assert_eq!(misnamed.is_ok(), is_same);
        }
    }
}

/// The same key for six algorithms: a header that was changed to name another of them does not help.
#[test]
fn a_header_that_names_another_algorithm_of_the_key_is_refused() {
    for signer in signers() {
        let token = jws::sign(b"{}", &signer).unwrap();
        let (_, rest) = token.split_once('.').unwrap();
        for &algorithm in Algorithm::ALL {
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#));
            let renamed = format!("{header}.{rest}");
            for other in signers() {
                let is_same = renamed == token && other.algorithm() == algorithm;
                let verdict = jws::verify(&renamed, other.algorithm(), &other.verifier());
                assert_eq!(verdict.is_ok(), is_same, "{renamed}");
            }
        }
    }
}

#[test]
fn a_token_with_a_byte_changed_or_left_out_is_refused_by_every_algorithm() {
    for signer in signers() {
        let (verifier, ring) = (signer.verifier(), KeyRing::new(signer.clone()));
        let token = jws::sign(br#"{"a":1}"#, &signer).unwrap();
        let is_refused = |text: &str| {
            assert_eq!(
                jws::verify(text, signer.algorithm(), &verifier),
                Err(Error::Invalid),
                "{text}"
            );
            assert_eq!(ring.verify(text, at(NOW)), Err(Error::Invalid), "{text}");
        };
        for place in 0..token.len() {
            let (before, after) = (&token[..place], &token[place + 1..]);
            is_refused(&format!("{before}{after}"));
            let other = if token[place..].starts_with('A') { 'B' } else { 'A' };
            is_refused(&format!("{before}{other}{after}"));
        }
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let zeros = vec![0; signature.len()];
        for odd in [
            &[][..],
            &signature[1..],
            &signature[..signature.len() - 1],
            &[&signature[..], &[0]].concat(),
            &[&[0], &signature[..]].concat(),
            &zeros,
            &vec![0xff; signature.len()],
            &vec![0; 1024],
            &vec![0; 1025],
        ] {
            is_refused(&format!("{message}.{}", URL_SAFE_NO_PAD.encode(odd)));
        }
    }
}

/// RFC 8725, section 2.1: an HMAC over whatever everybody knows of the public key.
#[test]
fn no_encoding_of_a_public_key_is_a_secret() {
    for key in fixture("keys.json")["keys"].as_object().unwrap().values() {
        let algorithm: Algorithm = key["algorithms"][0].as_str().unwrap().parse().unwrap();
        let pem = key["public"]["spki"].as_str().unwrap();
        let verifier = Verifier::new(algorithm, &VerifyingKey::new(pem)).unwrap();
        let signer = SigningKey::new(key["private"]["pkcs8"].as_str().unwrap());
        let ring = KeyRing::new(Signer::new(algorithm, &signer).unwrap());
        for secret in encodings(key) {
            for alg in ["HS256", algorithm.name()] {
                let token = forged(alg, &secret);
                assert_eq!(jws::verify(&token, algorithm, &verifier), Err(Error::Invalid));
                assert_eq!(
                    jws::verify(&token, Algorithm::Hs256, &verifier),
                    Err(Error::Invalid)
                );
                assert_eq!(ring.verify(&token, at(NOW)), Err(Error::Invalid));
            }
            let refused = Signer::new(Algorithm::Hs256, &SigningKey::new(secret.clone()))
                .err()
                .unwrap();
            let text = String::from_utf8_lossy(&secret).into_owned();
            assert!(
                refused.to_string().contains("another family"),
                "{text}: {refused}"
            );
            assert!(Verifier::new(Algorithm::Hs256, &VerifyingKey::new(secret)).is_err());
        }
    }
}

fn encodings(key: &Value) -> Vec<Vec<u8>> {
    let pem = key["public"]["spki"].as_str().unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(&body).unwrap();
    let jwk = key["jwk"]["public"].to_string();
    let mut encodings = vec![
        pem.trim().to_owned().into_bytes(),
        pem.replace('\n', "\r\n").into_bytes(),
        pem.replace('\n', "").into_bytes(),
        format!("\u{feff}{pem}").into_bytes(),
        URL_SAFE_NO_PAD.encode(&der).into_bytes(),
        body.into_bytes(),
        der,
        format!("\u{feff} {jwk}").into_bytes(),
        format!(r#"{{"keys":[{jwk}]}}"#).into_bytes(),
        jwk.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        jwk.into_bytes(),
    ];
    encodings.extend(key["public"]["pkcs1"].as_str().map(|pem| pem.as_bytes().to_vec()));
    encodings
}

fn forged(alg: &str, secret: &[u8]) -> String {
    let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
    let message = format!("{header}.e30");
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    let signature = mac.chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn pyjwts_tokens_verify_with_each_key_in_each_encoding() {
    let mut count = 0;
    for key in fixture("keys.json")["keys"].as_object().unwrap().values() {
        let halves = [&key["public"], &key["private"]];
        let texts: Vec<_> = halves
            .into_iter()
            .flat_map(|half| half.as_object().unwrap().values())
            .collect();
        for (name, tokens) in key["tokens"].as_object().unwrap() {
            let algorithm: Algorithm = name.parse().unwrap();
            let mut verifiers: Vec<_> = texts
                .iter()
                .map(|text| Verifier::new(algorithm, &VerifyingKey::new(text.as_str().unwrap())).unwrap())
                .collect();
            for half in ["public", "private"] {
                let text = key["jwk"][half].to_string();
                verifiers.push(Verifier::new(algorithm, &VerifyingKey::new(text.as_str())).unwrap());
                let jwk = Jwk::parse(&text).unwrap();
                verifiers.push(Verifier::from_jwk(algorithm, &jwk).unwrap());
            }
            for verifier in &verifiers {
                for kind in ["plain", "named"] {
                    let payload = jws::verify(tokens[kind].as_str().unwrap(), algorithm, verifier).unwrap();
                    assert_eq!(payload, br#"{"iss":"PyJWT"}"#);
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 148);
}

/// RSA with PKCS#1 and Ed25519 draw nothing: the same bytes. PyJWT writes `kid` between `alg` and `typ`.
#[test]
fn a_token_has_the_bytes_of_pyjwt_where_chance_has_no_part() {
    let mut count = 0;
    for key in fixture("keys.json")["keys"].as_object().unwrap().values() {
        for (name, tokens) in key["tokens"].as_object().unwrap() {
            let secret = SigningKey::new(key["private"]["pkcs8"].as_str().unwrap());
            let signer = Signer::new(name.parse().unwrap(), &secret).unwrap();
            let named = signer.clone().with_key_id("a \"kid\" of ü").unwrap();
            let made = [("plain", signer), ("named", named)];
            for (kind, signer) in made {
                let token = jws::sign(br#"{"iss":"PyJWT"}"#, &signer).unwrap();
                let theirs = tokens[kind].as_str().unwrap();
                assert_eq!(token.split('.').next(), theirs.split('.').next());
                if matches!(name.as_str(), "RS256" | "RS384" | "RS512" | "EdDSA") {
                    assert_eq!(token, theirs);
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 8);
}

/// Every public way to a verdict, with one key and one algorithm: whether it takes a token.
fn doors(algorithm: Algorithm, key: &str, token: &str) -> Vec<(&'static str, bool)> {
    let signer = Signer::new(algorithm, &SigningKey::new(key)).unwrap();
    let settings = SimpleJwtSettings {
        algorithm,
        signing_key: Some(SigningKey::new(key)),
        ..SimpleJwtSettings::default()
    };
    let jwt = SimpleJwt::new(settings).unwrap().with_clock(|| at(NOW));
    let jwt_auth = JwtAuth::new(JwtAuthSettings {
        algorithm,
        token_type_claims: vec![],
        ..JwtAuthSettings::new(SigningKey::new(key))
    });
    vec![
        (
            "jws::verify",
            jws::verify(token, algorithm, &signer.verifier()).is_ok(),
        ),
        (
            "KeyRing::verify",
            KeyRing::new(signer).verify(token, at(NOW)).is_ok(),
        ),
        ("AccessToken::verify", AccessToken::verify(&jwt, token).is_ok()),
        (
            "AccessToken::verify_at",
            AccessToken::verify_at(&jwt, token, at(NOW)).is_ok(),
        ),
        ("UntypedToken::verify", UntypedToken::verify(&jwt, token).is_ok()),
        (
            "SimpleJwt::validated_token",
            jwt.validated_token(token, at(NOW)).is_ok(),
        ),
        (
            "JwtAuth::verify_at",
            jwt_auth.unwrap().verify_at(token, at(NOW)).is_ok(),
        ),
    ]
}

/// A key of the algorithm that is not in `keys.json`, as a text.
fn foreign_key(algorithm: Algorithm, rsa: &str) -> String {
    let mut fill = |bytes: &mut [u8]| bytes.fill(0x33);
    match algorithm.name().get(..2) {
        Some("HS") => "another secret, which is long enough for sixty-four bytes of HS512".to_owned(),
        Some("RS" | "PS") => rsa.to_owned(),
        _ => Jwk::generate(algorithm, &mut fill)
            .unwrap()
            .to_private_json()
            .to_string(),
    }
}

#[test]
fn every_door_refuses_what_another_signed_and_what_nobody_signed() {
    let payload = format!(
        r#"{{"token_type":"access","exp":{},"iat":{NOW},"jti":"a","user_id":"1","username":"mseo"}}"#,
        NOW + 60
    );
    let file = fixture("keys.json");
    let rsa = Jwk::generate(Algorithm::Rs256, &mut |_| ())
        .unwrap()
        .to_private_json();
    let rsa = rsa.replace(r#""alg":"RS256","#, "");
    for &algorithm in Algorithm::ALL {
        let mut keys = file["keys"].as_object().unwrap().values();
        let own = keys.find(|key| has_algorithm(key, algorithm));
        let own = own.map_or(SECRET, |key| key["private"]["pkcs8"].as_str().unwrap());
        let sign = |key: &str| {
            let signer = Signer::new(algorithm, &SigningKey::new(key)).unwrap();
            jws::sign(payload.as_bytes(), &signer).unwrap()
        };
        let good = sign(own);
        for (door, is_taken) in doors(algorithm, own, &good) {
            assert!(is_taken, "{algorithm} {door}");
        }
        let (message, signature) = good.rsplit_once('.').unwrap();
        let (_, body) = message.split_once('.').unwrap();
        let none = |alg: &str| URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}"}}"#));
        for bad in [
            sign(&foreign_key(algorithm, &rsa)),
            format!("{message}."),
            message.to_owned(),
            format!("{message}.{}", "A".repeat(signature.len())),
            format!("{}.{body}.", none("none")),
            format!("{}.{body}.", none("NONE")),
            format!("{}.{body}.{signature}", none("none")),
            format!("{}.{body}.{signature}", none("")),
        ] {
            for (door, is_taken) in doors(algorithm, own, &bad) {
                assert!(!is_taken, "{algorithm} {door} {bad}");
            }
        }
    }
}
