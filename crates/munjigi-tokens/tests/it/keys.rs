//! `SIGNING_KEY` and `VERIFYING_KEY` as texts, alone and together.

use crate::{KEY, NOW, User, at, fixture};
use munjigi_tokens::{
    AccessToken, Algorithm, Error, MAX_KEY_ID, RefreshToken, Signer, SigningKey, SimpleJwt,
    SimpleJwtSettings, Verifier, VerifyingKey,
};
use serde_json::Value;
use std::fmt::Write;

fn key(name: &str) -> Value {
    fixture("keys.json")["keys"][name].clone()
}

fn text(key: &Value, pointer: &str) -> String {
    key.pointer(pointer).unwrap().as_str().unwrap().to_owned()
}

fn settings(algorithm: Algorithm, signing: Option<&str>, verifying: Option<&str>) -> SimpleJwtSettings {
    SimpleJwtSettings {
        algorithm,
        signing_key: signing.map(SigningKey::new),
        verifying_key: verifying.map(VerifyingKey::new),
        ..SimpleJwtSettings::default()
    }
}

fn refusal(settings: SimpleJwtSettings) -> String {
    let error = SimpleJwt::new(settings).err().unwrap();
    assert_eq!(error.code(), "improperly_configured");
    error.to_string()
}

#[test]
fn a_key_is_read_in_every_encoding_and_what_it_signs_verifies() {
    let mut count = 0;
    for key in fixture("keys.json")["keys"].as_object().unwrap().values() {
        let algorithm: Algorithm = text(key, "/algorithms/0").parse().unwrap();
        let mut texts: Vec<_> = key["private"]
            .as_object()
            .unwrap()
            .values()
            .map(|pem| pem.as_str().unwrap().to_owned())
            .collect();
        texts.push(key["jwk"]["private"].to_string());
        texts.push(format!("# a note\n{}\nand another", text(key, "/private/pkcs8")));
        texts.push(text(key, "/private/pkcs8").replace('\n', "\r\n"));
        texts.push(format!("\u{feff}{}", text(key, "/private/pkcs8")));
        for signing in texts {
            let jwt = SimpleJwt::new(settings(algorithm, Some(&signing), None))
                .unwrap()
                .with_clock(|| at(NOW));
            let access = AccessToken::for_user(&jwt, &User).unwrap().encode().unwrap();
            for verifying in [
                text(key, "/public/spki"),
                key["jwk"]["public"].to_string(),
                signing,
            ] {
                let other = SimpleJwt::new(settings(algorithm, None, Some(&verifying))).unwrap();
                assert_eq!(
                    AccessToken::verify_at(&other, &access, at(NOW))
                        .unwrap()
                        .user_id(),
                    Ok("1")
                );
                count += 1;
            }
        }
    }
    assert_eq!(count, 84);
}

#[test]
fn a_text_that_is_no_key_is_refused_with_what_to_do_instead() {
    let refused = fixture("keys.json")["refused"].clone();
    for (name, algorithm, words) in [
        (
            "encrypted_pkcs8",
            "RS256",
            "is encrypted. Write it without its passphrase",
        ),
        (
            "encrypted_pkcs1",
            "RS256",
            "is encrypted. Write it without its passphrase",
        ),
        ("openssh_private", "RS256", "`ssh-keygen -p -m PKCS8"),
        ("openssh_public", "RS256", "`ssh-keygen -e -m PKCS8"),
        ("certificate", "RS256", "`openssl x509"),
        ("rsa_1024", "RS256", "an RSA key of 2048 to 8192 bits"),
        ("rsa_8201", "PS512", "an RSA key of 2048 to 8192 bits"),
        ("secp256k1", "ES256", "a key on the curve P-256"),
        ("ed448", "EdDSA", "an Ed25519 key"),
    ] {
        let algorithm = algorithm.parse().unwrap();
        let key = refused[name].as_str().unwrap();
        let sentence = refusal(settings(algorithm, Some(key), None));
        assert!(
            sentence.starts_with("SIGNING_KEY ") && sentence.contains(words),
            "{name}: {sentence}"
        );
        let sentence = refusal(settings(algorithm, None, Some(key)));
        assert!(
            sentence.starts_with("VERIFYING_KEY ") && sentence.contains(words),
            "{name}: {sentence}"
        );
    }
    assert_eq!(refused.as_object().unwrap().len(), 9);
    let pem = text(&key("rsa"), "/private/pkcs8");
    for odd in [
        String::new(),
        KEY.to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        "-----BEGIN PRIVATE KEY-----".to_owned(),
        pem.replace("END PRIVATE", "END PUBLIC"),
        pem.replace("MI", "M!"),
        pem.replacen("MII", "MIJ", 1),
        pem.replace(" PRIVATE", " ANY PRIVATE"),
        pem.replace(" PRIVATE", " EC PRIVATE"),
        pem.replace(" PRIVATE", " PUBLIC"),
        format!("{}{pem}", "x".repeat(64 * 1024)),
    ] {
        for &algorithm in Algorithm::ALL
            .iter()
            .filter(|algorithm| !algorithm.is_symmetric())
        {
            let sentence = refusal(settings(algorithm, Some(&odd), None));
            assert!(sentence.starts_with("SIGNING_KEY "), "{odd}: {sentence}");
            let sentence = refusal(settings(algorithm, None, Some(&odd)));
            assert!(sentence.starts_with("VERIFYING_KEY "), "{odd}: {sentence}");
        }
    }
}

#[test]
fn a_key_fits_the_algorithms_of_its_kind_alone() {
    for (name, key) in fixture("keys.json")["keys"].as_object().unwrap() {
        let own = key["algorithms"].as_array().unwrap();
        for &algorithm in Algorithm::ALL {
            let is_own = own.iter().any(|own| own == algorithm.name());
            let private = SigningKey::new(text(key, "/private/pkcs8"));
            let public = VerifyingKey::new(text(key, "/public/spki"));
            assert_eq!(
                Signer::new(algorithm, &private).is_ok(),
                is_own,
                "{name} {algorithm}"
            );
            assert_eq!(
                Verifier::new(algorithm, &public).is_ok(),
                is_own,
                "{name} {algorithm}"
            );
        }
    }
}

#[test]
fn a_public_key_cannot_sign() {
    let public = text(&key("p256"), "/public/spki");
    let sentence = refusal(settings(Algorithm::Es256, Some(&public), None));
    assert!(sentence.starts_with("SIGNING_KEY is a public key"), "{sentence}");
    let jwt = SimpleJwt::new(settings(Algorithm::Es256, None, Some(&public))).unwrap();
    assert_eq!(
        RefreshToken::for_user(&jwt, &User).unwrap_err(),
        Error::NoSigningKey
    );
    assert_eq!(jwt.key_ring().sign(b"{}"), Err(Error::NoSigningKey));

    let private = text(&key("p256"), "/private/pkcs8");
    let other = SimpleJwt::new(settings(Algorithm::Es256, Some(&private), None)).unwrap();
    let refresh = RefreshToken::for_user(&other, &User).unwrap().encode().unwrap();
    let read = RefreshToken::verify(&jwt, &refresh).unwrap();
    assert_eq!(read.encode(), Err(Error::NoSigningKey));
    assert!(write!(String::new(), "{read}").is_err());
    assert_eq!(read.access_token().encode(), Err(Error::NoSigningKey));
}

#[test]
fn a_verifying_key_belongs_to_the_signing_key() {
    let ours = key("rsa");
    let other = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/vectors/keys/rsa2048_other.pub.pem"
    ))
    .unwrap();
    let (private, public) = (text(&ours, "/private/pkcs8"), text(&ours, "/public/pkcs1"));
    assert!(SimpleJwt::new(settings(Algorithm::Ps256, Some(&private), Some(&public))).is_ok());
    assert!(SimpleJwt::new(settings(Algorithm::Ps256, Some(&private), Some(&private))).is_ok());
    assert!(SimpleJwt::new(settings(Algorithm::Hs256, Some(KEY), Some(KEY))).is_ok());
    assert!(SimpleJwt::new(settings(Algorithm::Hs256, None, Some(KEY))).is_ok());
    for settings in [
        settings(Algorithm::Ps256, Some(&private), Some(&other)),
        settings(Algorithm::Hs256, Some(KEY), Some(&KEY.repeat(2))),
    ] {
        let sentence = refusal(settings);
        assert!(
            sentence.starts_with("VERIFYING_KEY does not belong to SIGNING_KEY"),
            "{sentence}"
        );
    }
    let sentence = refusal(SimpleJwtSettings::default());
    assert!(
        sentence.starts_with("There is neither a SIGNING_KEY nor a VERIFYING_KEY"),
        "{sentence}"
    );
}

#[test]
fn a_kid_has_bounds() {
    let signer = || Signer::new(Algorithm::Hs256, &SigningKey::new(KEY)).unwrap();
    for (length, is_good) in [(0, false), (1, true), (MAX_KEY_ID, true), (MAX_KEY_ID + 1, false)] {
        let key_id = "k".repeat(length);
        assert_eq!(signer().with_key_id(&key_id).is_ok(), is_good, "{length}");
        assert_eq!(
            signer().verifier().with_key_id(&key_id).is_ok(),
            is_good,
            "{length}"
        );
    }
}
