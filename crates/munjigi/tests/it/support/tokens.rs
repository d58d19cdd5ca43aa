//! Tokens as a client sees them: three parts of base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use munjigi_tokens::{Algorithm, Signer, SigningKey, jws};
use serde_json::Value;

/// The header of a token.
#[track_caller]
pub(crate) fn header(token: &str) -> Value {
    part(token, 0)
}

/// The claims of a token.
#[track_caller]
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The id of a token.
#[track_caller]
pub(crate) fn jti(token: &str) -> String {
    claims(token)["jti"].as_str().unwrap().to_owned()
}

#[track_caller]
fn part(token: &str, number: usize) -> Value {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[number]).unwrap()).unwrap()
}

/// A token with these claims, made by somebody who has this key.
pub(crate) fn signed(claims: &Value, key: &str) -> String {
    let signer = Signer::new(Algorithm::Hs256, &SigningKey::new(key)).unwrap();
    jws::sign(claims.to_string().as_bytes(), &signer).unwrap()
}
