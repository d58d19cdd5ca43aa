//! Several keys at once, and keys that change while tokens are out.

use crate::{KEY, NOW, User, at};
use jiff::SignedDuration;
use munjigi_tokens::{
    AccessToken, Algorithm, Error, Jwk, JwkSet, KeyRing, MAX_KEY_ID, Signer, SigningKey, SimpleJwt,
    SimpleJwtSettings, Verifier, jws,
};
use std::thread;

fn secret(number: usize) -> Signer {
    Signer::new(Algorithm::Hs256, &SigningKey::new(format!("{number:040}"))).unwrap()
}

fn jwk(algorithm: Algorithm) -> Jwk {
    let mut last = 0;
    let mut fill = |bytes: &mut [u8]| {
        for byte in bytes {
            last = (last * 73 + 41) % 251;
            *byte = u8::try_from(last).unwrap();
        }
    };
    Jwk::generate(algorithm, &mut fill).unwrap()
}

fn sign(signer: &Signer) -> String {
    jws::sign(b"{}", signer).unwrap()
}

#[test]
fn a_known_kid_is_verified_with_its_key_alone() {
    let (one, two) = (secret(1), secret(2));
    let named = |signer: &Signer, name: &str| signer.clone().with_key_id(name).unwrap();
    let ring = KeyRing::new(named(&one, "one"))
        .with_verifier(named(&two, "two").verifier())
        .unwrap()
        .with_verifier(secret(3).verifier())
        .unwrap();
    let is_good = |signer: &Signer| ring.verify(&sign(signer), at(NOW)).is_ok();
    assert!(is_good(&named(&one, "one")) && is_good(&named(&two, "two")) && is_good(&secret(3)));
    assert!(
        !is_good(&named(&two, "one")) && !is_good(&named(&one, "two")),
        "another's name"
    );
    assert!(
        !is_good(&named(&secret(3), "one")),
        "a nameless key behind the name of another"
    );
    assert!(
        !is_good(&one) && !is_good(&two),
        "a key with a name, and a token without"
    );
    assert!(
        !is_good(&named(&one, "three")) && !is_good(&named(&one, "One")),
        "an unknown name"
    );
    assert!(
        is_good(&named(&secret(3), "three")),
        "upstream does not look at kid"
    );
}

/// The header is compared as a whole before it is read: both ways must judge alike.
#[test]
fn a_kid_is_found_in_whatever_header_it_stands() {
    let jwk = jwk(Algorithm::EdDsa).with_key_id("a/../\"ü\u{1F511}").unwrap();
    let signer = Signer::from_jwk(Algorithm::EdDsa, &jwk).unwrap();
    let ring = KeyRing::new(signer.clone());
    assert!(ring.verify(&sign(&signer), at(NOW)).is_ok());
    assert_eq!(jws::key_id(&sign(&signer)).as_deref(), jwk.key_id());
    assert!(ring.contains(jwk.key_id().unwrap()) && !ring.contains("a"));
}

#[test]
fn nameless_keys_of_the_algorithm_are_tried_in_order() {
    let mut ring = KeyRing::new(secret(0));
    for number in 1..10 {
        ring = ring.with_verifier(secret(number).verifier()).unwrap();
    }
    for number in 0..10 {
        assert!(ring.verify(&sign(&secret(number)), at(NOW)).is_ok());
    }
    assert_eq!(ring.verify(&sign(&secret(10)), at(NOW)), Err(Error::Invalid));
    let other = Signer::new(Algorithm::Hs512, &SigningKey::new(format!("{:040}", 3))).unwrap();
    assert_eq!(
        ring.verify(&sign(&other), at(NOW)),
        Err(Error::Invalid),
        "the key is for HS256"
    );
}

/// From HS256 to EdDSA nobody is signed out, and at a date the old secret is worth nothing.
#[test]
fn an_old_key_verifies_until_its_moment() {
    let old = Signer::new(Algorithm::Hs256, &SigningKey::new(KEY)).unwrap();
    let jwt = SimpleJwt::new(SimpleJwtSettings::new(SigningKey::new(KEY))).unwrap();
    let jwt = jwt.with_clock(|| at(NOW));
    let token = AccessToken::for_user(&jwt, &User).unwrap().encode().unwrap();
    let new = Signer::from_jwk(Algorithm::EdDsa, &jwk(Algorithm::EdDsa)).unwrap();
    let until = at(NOW + 100);
    let ring = KeyRing::new(new)
        .with_verifier_until(old.verifier(), until)
        .unwrap();
    jwt.replace_key_ring(ring);
    let verify = |text: &str, now| AccessToken::verify_at(&jwt, text, now).map(drop);
    assert_eq!(verify(&token, at(NOW)), Ok(()));
    assert_eq!(verify(&token, until - SignedDuration::from_nanos(1)), Ok(()));
    assert_eq!(verify(&token, until), Err(Error::Invalid));
    let newer = AccessToken::for_user(&jwt, &User).unwrap().encode().unwrap();
    assert!(jws::key_id(&newer).is_some());
    assert_eq!(verify(&newer, until), Ok(()));
}

#[test]
fn a_named_key_that_has_ended_gives_way_to_no_other() {
    let named = secret(1).with_key_id("one").unwrap();
    let ring = KeyRing::new(secret(1))
        .with_verifier_until(named.verifier(), at(NOW))
        .unwrap();
    assert!(ring.verify(&sign(&named), at(NOW - 1)).is_ok());
    assert_eq!(ring.verify(&sign(&named), at(NOW)), Err(Error::Invalid));
    assert!(ring.verify(&sign(&secret(1)), at(NOW)).is_ok());
}

#[test]
fn a_ring_has_no_two_keys_of_one_name_and_not_too_many() {
    let named = secret(1).with_key_id("one").unwrap();
    let error = KeyRing::new(named.clone())
        .with_verifier(named.verifier())
        .err()
        .unwrap();
    assert!(error.to_string().contains("the kid \"one\""), "{error}");
    let mut ring = KeyRing::default();
    for number in 0..KeyRing::MAX_KEYS {
        ring = ring.with_verifier(secret(number).verifier()).unwrap();
    }
    assert_eq!(ring.verifiers().count(), KeyRing::MAX_KEYS);
    let error = ring.with_verifier(secret(64).verifier()).err().unwrap();
    assert!(error.to_string().contains("more than 64 keys"), "{error}");
}

#[test]
fn a_ring_is_replaced_under_those_who_verify() {
    let rings = || {
        [1, 2].map(|number| {
            KeyRing::new(secret(number))
                .with_verifier(secret(3 - number).verifier())
                .unwrap()
        })
    };
    let [first, _] = rings();
    let jwt = SimpleJwt::with_key_ring(SimpleJwtSettings::default(), first)
        .unwrap()
        .with_clock(|| at(NOW));
    let clone = jwt.clone();
    thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let token = AccessToken::for_user(&clone, &User).unwrap().encode().unwrap();
                        assert!(AccessToken::verify(&clone, &token).is_ok());
                    }
                })
            })
            .collect();
        while !readers.iter().all(thread::ScopedJoinHandle::is_finished) {
            for ring in rings() {
                jwt.replace_key_ring(ring);
            }
        }
    });
    jwt.replace_key_ring(KeyRing::default());
    assert_eq!(
        AccessToken::for_user(&clone, &User).unwrap_err(),
        Error::NoSigningKey
    );
}

#[test]
fn keys_stand_in_the_settings_or_in_the_ring() {
    let settings = SimpleJwtSettings::new(SigningKey::new(KEY));
    let error = SimpleJwt::with_key_ring(settings, KeyRing::new(secret(1)))
        .err()
        .unwrap();
    assert!(error.to_string().contains("Put them into the ring"), "{error}");
}

#[test]
fn a_kid_is_read_of_whatever_may_be_a_token_and_bounded() {
    let with = |key_id: &str| sign(&secret(1).with_key_id(key_id).unwrap());
    let longest = "k".repeat(MAX_KEY_ID);
    assert_eq!(jws::key_id(&with(&longest)), Some(longest));
    for (header, expected) in [
        (r#"{"alg":"HS256"}"#, None),
        (r#"{"alg":"HS256","kid":""}"#, Some("")),
        (r#"{"kid":"a","alg":"EdDSA","x":[{}]}"#, Some("a")),
        (r#"{"alg":"HS256","kid":1}"#, None),
        (r#"{"alg":"HS256","kid":"\ud800"}"#, None),
        (r#"{"alg":"HS256","kid":"a","kid":"b"}"#, None),
        (r#"{"alg":"none","kid":"a"}"#, None),
        ("", None),
        ("[]", None),
    ] {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let header = URL_SAFE_NO_PAD.encode(header);
        assert_eq!(
            jws::key_id(&format!("{header}.e30.AA")).as_deref(),
            expected,
            "{header}"
        );
    }
    for text in ["", ".", "..", "...", "a", &"a".repeat(jws::MAX_TOKEN + 1)] {
        assert_eq!(jws::key_id(text), None);
    }
    let too_long = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(MAX_KEY_ID + 1));
    let header = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, too_long);
    assert_eq!(jws::key_id(&format!("{header}.e30.AA")), None);
}

#[test]
fn the_public_set_has_no_secret_in_it() {
    let keys: Vec<Jwk> = Algorithm::ALL.iter().map(|&algorithm| jwk(algorithm)).collect();
    let mut ring = KeyRing::default();
    for jwk in &keys {
        ring = ring
            .with_verifier(
                Signer::from_jwk(jwk.algorithm().unwrap(), jwk)
                    .unwrap()
                    .verifier(),
            )
            .unwrap();
    }
    let ended = jwk(Algorithm::EdDsa).with_key_id("ended").unwrap();
    let ended = Verifier::from_jwk(Algorithm::EdDsa, &ended).unwrap();
    ring = ring.with_verifier_until(ended, at(NOW)).unwrap();
    let set = ring.public_jwk_set(at(NOW));
    assert_eq!(set.keys().len(), 10);
    assert_eq!(ring.public_jwk_set(at(NOW - 1)).keys().len(), 11);
    let all: JwkSet = keys.iter().cloned().collect();
    for text in [
        set.to_public_json(),
        set.to_private_json().to_string(),
        all.to_public_json(),
    ] {
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        for key in read["keys"].as_array().unwrap() {
            let mut names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
            names.retain(|name| !["kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"].contains(name));
            assert_eq!(names, Vec::<&str>::new());
            assert!(key["kty"] != "oct" && key["use"] == "sig");
        }
        for jwk in &keys {
            let private: serde_json::Value = serde_json::from_str(&jwk.to_private_json()).unwrap();
            for name in ["k", "d", "p", "q", "dp", "dq", "qi"] {
                assert!(
                    private[name].as_str().is_none_or(|number| !text.contains(number)),
                    "{name}"
                );
            }
        }
        let published = KeyRing::from_jwk_set(&JwkSet::parse(&text).unwrap(), Algorithm::ALL).unwrap();
        assert_eq!(published.verifiers().count(), 10);
        for jwk in keys.iter().filter(|jwk| !jwk.is_shared_secret()) {
            let signer = Signer::from_jwk(jwk.algorithm().unwrap(), jwk).unwrap();
            assert!(published.verify(&sign(&signer), at(NOW)).is_ok());
        }
    }
}
