//! Everything of munjigi-tokens that reads what others wrote: tokens, payloads, JWK, JWK Sets, PEM.
//!
//! The first byte of an input says which of them the rest is.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use munjigi_tokens::{
    AccessToken, Algorithm, Jwk, JwkSet, KeyRing, RefreshToken, Signer, SigningKey, SimpleJwt, SimpleJwtSettings,
    UntypedToken, Verifier, VerifyingKey, jws,
};
use std::sync::LazyLock;

const SECRET: &str = "django-insecure-munjigi-vector-key-0123456789abcdefghijklmnopqrstuvwxyz";
/// RFC 8037, appendix A.1.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// RFC 7515, appendix A.3.
const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

static SIGNERS: LazyLock<[Signer; 3]> = LazyLock::new(|| {
    let jwk = |algorithm, text| Signer::from_jwk(algorithm, &Jwk::parse(text).unwrap()).unwrap();
    [
        Signer::new(Algorithm::Hs256, &SigningKey::new(SECRET)).unwrap(),
        jwk(Algorithm::EdDsa, ED25519),
        jwk(Algorithm::Es256, P256),
    ]
});

/// All three keys without a name, and once more each under its own.
static JWT: LazyLock<SimpleJwt> = LazyLock::new(|| {
    let mut ring = KeyRing::new(SIGNERS[0].clone());
    for signer in &SIGNERS[1..] {
        ring = ring.with_verifier(signer.verifier()).unwrap();
    }
    for (signer, name) in SIGNERS.iter().zip(["a", "b", "c"]) {
        let verifier = signer.verifier().with_key_id(name).unwrap();
        ring = ring.with_verifier_until(verifier, now() + jiff::SignedDuration::from_secs(1)).unwrap();
    }
    SimpleJwt::with_key_ring(SimpleJwtSettings::default(), ring).unwrap()
});

fn now() -> Timestamp {
    Timestamp::from_second(1_767_225_600).unwrap()
}

fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else { return };
    match (kind, std::str::from_utf8(rest)) {
        (b't', Ok(text)) => token(text),
        (b'p', _) => payload(rest),
        (b'k', Ok(text)) => key(text),
        (b's', Ok(text)) => set(text),
        (b'm', _) => pem(rest),
        _ => {}
    }
});

/// Any text as a token.
fn token(text: &str) {
    let key_id = jws::key_id(text);
    let verdict = JWT.key_ring().verify(text, now());
    if verdict.is_ok() {
        assert!(jws::MAX_TOKEN >= text.len());
        let one = SIGNERS
            .iter()
            .find_map(|signer| jws::verify(text, signer.algorithm(), &signer.verifier()).ok());
        assert_eq!(one, verdict.ok(), "{key_id:?}");
    }
    claims(text);
}

/// Any bytes, rightly signed.
fn payload(bytes: &[u8]) {
    for signer in SIGNERS.iter() {
        let token = jws::sign(bytes, signer).unwrap();
        let is_short = token.len() <= jws::MAX_TOKEN;
        let verdict = jws::verify(&token, signer.algorithm(), &signer.verifier());
        assert_eq!(verdict.ok().as_deref(), is_short.then_some(bytes));
        claims(&token);
    }
}

fn claims(token: &str) {
    let _access = AccessToken::verify_at(&JWT, token, now());
    let _refresh = RefreshToken::verify_at(&JWT, token, now());
    if let Ok(token) = UntypedToken::verify_at(&JWT, token, now()) {
        let again = token.encode().unwrap();
        let read = UntypedToken::verify_at(&JWT, &again, now()).map(|read| read.encode().unwrap());
        assert!(again.len() > jws::MAX_TOKEN || read.as_ref() == Ok(&again));
    }
}

/// What is read as a key is the same when it is written and read again, and it signs what it verifies.
fn key(text: &str) {
    let Ok(jwk) = Jwk::parse(text) else { return };
    let written = jwk.to_private_json();
    let read = Jwk::parse(&written).unwrap();
    assert_eq!(*read.to_private_json(), *written);
    assert_eq!(jwk.to_public_json().is_none(), jwk.is_shared_secret());
    if let Some(public) = jwk.to_public_json() {
        let public = Jwk::parse(&public).unwrap();
        assert!(!public.is_private());
        assert_eq!(public.thumbprint(), jwk.thumbprint());
    }
    for &algorithm in Algorithm::ALL {
        let (signer, verifier) = (Signer::from_jwk(algorithm, &jwk), Verifier::from_jwk(algorithm, &jwk));
        if let (Ok(signer), Ok(verifier)) = (signer, verifier) {
            let token = jws::sign(b"{}", &signer).unwrap();
            assert!(jws::verify(&token, algorithm, &verifier).is_ok());
        }
    }
}

fn set(text: &str) {
    let Ok(set) = JwkSet::parse(text) else { return };
    assert!(set.keys().len() + set.skipped().len() <= JwkSet::MAX_KEYS);
    let public = JwkSet::parse(&set.to_public_json()).unwrap();
    assert!(public.skipped().is_empty() && public.keys().iter().all(|key| !key.is_private()));
    let _ring = KeyRing::from_jwk_set(&set, Algorithm::ALL);
}

fn pem(bytes: &[u8]) {
    for &algorithm in Algorithm::ALL {
        let _verifier = Verifier::new(algorithm, &VerifyingKey::new(bytes));
        if let Ok(signer) = Signer::new(algorithm, &SigningKey::new(bytes)) {
            let token = jws::sign(b"{}", &signer).unwrap();
            assert!(jws::verify(&token, algorithm, &signer.verifier()).is_ok());
        }
    }
}
