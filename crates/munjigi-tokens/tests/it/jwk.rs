//! JSON Web Keys and sets of them, as they are read and written.

use crate::{KEY, fixture, text};
use munjigi_tokens::{Algorithm, Jwk, JwkSet, MAX_KEY_ID, Signer, SigningKey, Verifier, jws};
use serde_json::{Value, json};

const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn refusal(key: &Value) -> String {
    let error = Jwk::parse(&key.to_string())
        .err()
        .unwrap_or_else(|| panic!("taken: {key}"));
    assert_eq!(error.code(), "improperly_configured");
    assert!(error.to_string().starts_with("The JWK "), "{error}");
    error.to_string()
}

/// A key with some members replaced; null takes one out.
fn with(key: &Value, members: &Value) -> Value {
    let mut key = key.clone();
    for (name, value) in members.as_object().unwrap() {
        if value.is_null() {
            key.as_object_mut().unwrap().remove(name);
        } else {
            key[name] = value.clone();
        }
    }
    key
}

fn of_pyjwt(name: &str) -> Value {
    fixture("keys.json")["keys"][name]["jwk"]["private"].clone()
}

#[test]
fn the_keys_and_signatures_of_the_rfcs_verify() {
    let file = fixture("vectors/rfc_vectors.json");
    let mut count = 0;
    for vector in file["vectors"].as_array().unwrap() {
        if vector["kind"] != "jws" || vector["source"] == "jwt.io default token" {
            continue;
        }
        let jwk = Jwk::parse(&vector["jwk"].to_string()).unwrap();
        let algorithm = text(vector, "alg").parse().unwrap();
        let verifier = Verifier::from_jwk(algorithm, &jwk).unwrap();
        assert!(
            jws::verify(text(vector, "token"), algorithm, &verifier).is_ok(),
            "{vector}"
        );
        count += 1;
    }
    assert_eq!(count, 3);
}

/// RFC 8037, appendix A.3, and RFC 7638, section 3.1.
#[test]
fn a_thumbprint_is_that_of_the_rfcs() {
    let thumbprint = Jwk::parse(ED25519).unwrap().thumbprint();
    assert_eq!(
        thumbprint.as_deref(),
        Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    );
    let rsa = r#"{"kty":"RSA","alg":"RS256","kid":"2011-04-29","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#;
    let thumbprint = Jwk::parse(rsa).unwrap().thumbprint();
    assert_eq!(
        thumbprint.as_deref(),
        Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    );
    let secret = json!({"kty": "oct", "k": "A".repeat(43)}).to_string();
    assert_eq!(Jwk::parse(&secret).unwrap().thumbprint(), None);
}

#[test]
fn a_key_is_made_for_every_algorithm_and_reads_as_it_was_written() {
    for &algorithm in Algorithm::ALL {
        let mut drawn = 0;
        let mut fill = |bytes: &mut [u8]| {
            drawn += bytes.len();
            bytes.fill(0x5a);
        };
        let jwk = Jwk::generate(algorithm, &mut fill).unwrap();
        let is_drawn = !algorithm.name().starts_with(['R', 'P']);
        assert_eq!(drawn > 0, is_drawn, "{algorithm}");
        assert_eq!(jwk.algorithm(), Some(algorithm));
        assert!(jwk.is_private() && jwk.key_id().is_some());
        assert!(algorithm.is_symmetric() || jwk.key_id() == jwk.thumbprint().as_deref());
        let written = jwk.to_private_json();
        let read = Jwk::parse(&written).unwrap();
        assert_eq!(*read.to_private_json(), *written);
        assert_eq!((read.key_id(), read.algorithm()), (jwk.key_id(), jwk.algorithm()));
        let signer = Signer::from_jwk(algorithm, &read).unwrap();
        let token = jws::sign(b"{}", &signer).unwrap();
        let public = jwk.to_public_json().unwrap_or_else(|| written.to_string());
        let public = Jwk::parse(&public).unwrap();
        assert_eq!(public.is_private(), algorithm.is_symmetric());
        let verifier = Verifier::from_jwk(algorithm, &public).unwrap();
        assert!(jws::verify(&token, algorithm, &verifier).is_ok());
    }
}

/// The same bytes give the same key; a number above the curve's order is drawn again.
#[test]
fn a_key_depends_on_nothing_but_what_was_drawn() {
    for algorithm in [
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::EdDsa,
        Algorithm::Hs256,
    ] {
        let made = |first: u8| {
            let mut next = first;
            let mut fill = |bytes: &mut [u8]| {
                bytes.fill(next);
                next = 7;
            };
            Jwk::generate(algorithm, &mut fill).unwrap().to_private_json()
        };
        assert_eq!(made(3), made(3));
        assert_ne!(made(3), made(7));
        let is_redrawn = matches!(algorithm, Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512);
        assert_eq!(made(0xff) == made(7), is_redrawn, "{algorithm}");
    }
}

#[test]
fn pem_becomes_the_jwk_that_pyjwt_makes_of_it() {
    for key in fixture("keys.json")["keys"].as_object().unwrap().values() {
        let algorithm: Algorithm = key["algorithms"][0].as_str().unwrap().parse().unwrap();
        let pem = SigningKey::new(key["private"]["pkcs8"].as_str().unwrap());
        let ours = Jwk::from_signing_key(algorithm, &pem).unwrap();
        let written: Value = serde_json::from_str(&ours.to_private_json()).unwrap();
        for (name, value) in key["jwk"]["private"].as_object().unwrap() {
            if name != "key_ops" {
                assert_eq!(&written[name], value, "{algorithm} {name}");
            }
        }
        assert_eq!(ours.key_id(), ours.thumbprint().as_deref());
    }
    let secret = Jwk::from_signing_key(Algorithm::Hs256, &SigningKey::new(KEY)).unwrap();
    assert_eq!((secret.is_shared_secret(), secret.key_id()), (true, None));
    assert!(Jwk::from_signing_key(Algorithm::Hs256, &SigningKey::new("short")).is_err());
}

#[test]
fn a_member_that_is_missing_or_of_a_wrong_form_is_refused() {
    let names = [
        ("rsa", &["kty", "n", "e", "d", "p", "q", "dp", "dq", "qi"][..]),
        ("p256", &["kty", "crv", "x", "y"]),
        ("ed25519", &["kty", "crv", "x"]),
    ];
    for (name, members) in names {
        let key = of_pyjwt(name);
        for member in members {
            refusal(&with(&key, &json!({*member: null})));
            for odd in [
                json!(1),
                json!(null),
                json!([]),
                json!(""),
                json!("A"),
                json!("AAAA"),
                json!("\u{0}"),
            ] {
                let mut key = key.clone();
                key[*member] = odd;
                refusal(&key);
            }
            let value = text(&key, member);
            if !["kty", "crv"].contains(member) {
                refusal(&with(&key, &json!({*member: format!("{value}=")})));
                refusal(&with(&key, &json!({*member: format!("AA{value}")})));
                refusal(&with(&key, &json!({*member: format!("+{}", &value[1..])})));
                let (first, rest) = value.split_at(4);
                let other = if first == "BBBB" { "CCCC" } else { "BBBB" };
                refusal(&with(&key, &json!({*member: format!("{other}{rest}")})));
            }
        }
    }
    for (name, members) in [
        ("rsa", json!({"oth": []})),
        ("rsa", json!({"e": "AQ"})),
        ("rsa", json!({"e": "Ag"})),
        ("rsa", json!({"alg": "ES256"})),
        ("rsa", json!({"alg": "HS256"})),
        ("rsa", json!({"alg": "RSA-OAEP"})),
        ("rsa", json!({"alg": 256})),
        ("p256", json!({"crv": "P-384"})),
        ("p256", json!({"crv": "secp256k1"})),
        ("p256", json!({"alg": "ES384"})),
        ("p256", json!({"use": "enc"})),
        ("p256", json!({"use": ""})),
        ("p256", json!({"key_ops": []})),
        ("p256", json!({"key_ops": "sign"})),
        ("p256", json!({"key_ops": ["encrypt"]})),
        ("p256", json!({"key_ops": ["sign", "sign"]})),
        ("p256", json!({"key_ops": ["sign", 1]})),
        ("p256", json!({"kid": 1})),
        ("p256", json!({"kid": "k".repeat(MAX_KEY_ID + 1)})),
        ("p256", json!({"exp": "1"})),
        ("p256", json!({"exp": 1.5})),
        ("p256", json!({"exp": 1e30})),
        ("p256", json!({"x5c": "a".repeat(Jwk::MAX_LENGTH)})),
        ("ed25519", json!({"crv": "Ed448"})),
        ("ed25519", json!({"crv": "X25519"})),
    ] {
        refusal(&with(&of_pyjwt(name), &members));
    }
    let public = fixture("keys.json")["keys"]["rsa"]["jwk"]["public"].clone();
    assert!(Jwk::parse(&public.to_string()).is_ok());
    let many = &text(&public, "n")[..300];
    // One, even, with zeros before it, empty; 33 bits are the most that aws-lc takes.
    for e in [
        "", "AA", "AQ", "Ag", "AAEAAQ", "AQAA", "AQAAAAAB", many, "AQAAAAE",
    ] {
        let is_taken = Jwk::parse(&with(&public, &json!({"e": e})).to_string()).is_ok();
        assert_eq!(is_taken, e == "AQAAAAE", "{e}");
    }
    for (k, alg) in [
        (31, "HS256"),
        (47, "HS384"),
        (63, "HS512"),
        (64, "RS256"),
        (64, "A256GCM"),
    ] {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        refusal(&json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(vec![1; k]), "alg": alg}));
    }
    for text in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"kty":"OKP","kty":"OKP"}"#,
        &format!("\u{feff}{ED25519}"),
        &ED25519.repeat(2),
    ] {
        assert!(Jwk::parse(text).is_err(), "{text}");
    }
}

#[test]
fn alg_and_key_ops_say_what_a_key_may_do() {
    let may = |key: &Value, algorithm| {
        let jwk = Jwk::parse(&key.to_string()).unwrap();
        (
            Signer::from_jwk(algorithm, &jwk).is_ok(),
            Verifier::from_jwk(algorithm, &jwk).is_ok(),
        )
    };
    let rsa = with(&of_pyjwt("rsa"), &json!({"key_ops": null}));
    let public = with(
        &rsa,
        &json!({"d": null, "p": null, "q": null, "dp": null, "dq": null, "qi": null}),
    );
    let oct = json!({"kty": "oct", "k": "A".repeat(86)});
    assert_eq!(may(&rsa, Algorithm::Ps384), (true, true));
    assert_eq!(may(&public, Algorithm::Ps384), (false, true));
    assert_eq!(
        may(&with(&rsa, &json!({"alg": "PS384"})), Algorithm::Ps384),
        (true, true)
    );
    assert_eq!(
        may(&with(&rsa, &json!({"alg": "PS256"})), Algorithm::Ps384),
        (false, false)
    );
    assert_eq!(
        may(
            &with(&rsa, &json!({"use": "sig", "key_ops": ["sign"]})),
            Algorithm::Rs256
        ),
        (true, true)
    );
    assert_eq!(
        may(&with(&rsa, &json!({"key_ops": ["verify"]})), Algorithm::Rs256),
        (false, true)
    );
    assert_eq!(
        may(&with(&public, &json!({"key_ops": ["sign"]})), Algorithm::Rs256),
        (false, false)
    );
    assert_eq!(
        may(&with(&oct, &json!({"key_ops": ["sign"]})), Algorithm::Hs256),
        (true, false)
    );
    assert_eq!(
        may(&with(&oct, &json!({"key_ops": ["verify"]})), Algorithm::Hs256),
        (false, true)
    );
    assert_eq!(may(&oct, Algorithm::Hs512), (true, true));
    assert_eq!(may(&oct, Algorithm::Rs256), (false, false));
    assert_eq!(may(&rsa, Algorithm::Hs256), (false, false));
    assert_eq!(may(&of_pyjwt("p256"), Algorithm::Es384), (false, false));
}

#[test]
fn what_a_key_says_of_itself_is_kept() {
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": "a \"name\" of ü", "exp": 1_767_225_600, "key_ops": ["verify"], "x5t": "AA"});
    let jwk = Jwk::parse(&key.to_string()).unwrap();
    assert_eq!(jwk.expires_at(), Some(crate::at(crate::NOW)));
    let written: Value = serde_json::from_str(&jwk.to_public_json().unwrap()).unwrap();
    let expected = with(&key, &json!({"x5t": null, "use": "sig", "alg": "EdDSA"}));
    assert_eq!(written, expected);
    let jwk = jwk.with_expires_at(None).with_key_id("other").unwrap();
    assert_eq!((jwk.expires_at(), jwk.key_id()), (None, Some("other")));
    assert!(jwk.with_key_id("").is_err());
}

#[test]
fn a_set_skips_what_it_does_not_know_and_says_why() {
    let known: Value = serde_json::from_str(ED25519).unwrap();
    let keys = json!([
        with(&known, &json!({"kid": "a"})),
        {"kty": "X", "kid": "a"},
        with(&known, &json!({"kid": "b", "use": "enc"})),
        with(&known, &json!({"kid": "c", "alg": "ML-DSA-44"})),
        with(&known, &json!({"kid": "d"})),
        {},
    ]);
    let set = JwkSet::parse(&json!({"more": [1], "keys": keys}).to_string()).unwrap();
    assert_eq!(
        set.keys().iter().map(Jwk::key_id).collect::<Vec<_>>(),
        [Some("a"), Some("d")]
    );
    assert_eq!(set.skipped().len(), 4);
    assert!(set.skipped()[2].to_string().contains("ML-DSA-44"));
    assert!(set.find("d").is_some() && set.find("b").is_none());
    assert!(JwkSet::parse(r#"{"keys":[]}"#).unwrap().keys().is_empty());
}

#[test]
fn what_is_no_set_is_refused() {
    let key: Value = serde_json::from_str(ED25519).unwrap();
    let named = with(&key, &json!({"kid": "a"}));
    let error = JwkSet::parse(&json!({"keys": [named, named]}).to_string())
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("two keys with the kid \"a\""),
        "{error}"
    );
    for text in [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        ED25519.to_owned(),
        r#"{"keys":{}}"#.to_owned(),
        r#"{"keys":"[]"}"#.to_owned(),
        r#"{"keys":[1]}"#.to_owned(),
        r#"{"keys":[[]]}"#.to_owned(),
        r#"{"keys":["{}"]}"#.to_owned(),
        r#"{"keys":[],"keys":[]}"#.to_owned(),
        r#"{"keys":[{"a":1,"a":2}]}"#.to_owned(),
        format!("{{\"keys\":{}{}}}", "[".repeat(200), "]".repeat(200)),
        json!({"keys": vec![json!({}); JwkSet::MAX_KEYS + 1]}).to_string(),
        json!({"keys": [], "x": "a".repeat(JwkSet::MAX_LENGTH)}).to_string(),
    ] {
        let error = JwkSet::parse(&text)
            .err()
            .unwrap_or_else(|| panic!("taken: {text:.100}"));
        assert!(error.to_string().starts_with("The JWK Set "), "{error}");
    }
    let most = json!({"keys": vec![json!({}); JwkSet::MAX_KEYS]}).to_string();
    assert_eq!(JwkSet::parse(&most).unwrap().skipped().len(), JwkSet::MAX_KEYS);
}
