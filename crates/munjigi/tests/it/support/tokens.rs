//! Tokens as a client sees them: three parts of base64url.

use super::TestServer;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_tokens::{Algorithm, RefreshToken, Signer, SigningKey, jws};
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

impl TestServer {
    /// The access and the refresh token that a Django beside us gives to a user by `RefreshToken.for_user`: no `sid`, and the
    /// whole text in its row.
    pub(crate) async fn given_by_django(&self, username: &str) -> (String, String) {
        let user = self.user(username).await;
        let now = self.clock.now();
        let token = RefreshToken::for_user_at(self.app.jwt(), &user, now).unwrap();
        let text = token.encode().unwrap();
        let row = OutstandingToken {
            user_id: Some(user.id),
            jti: jti(&text),
            token: text.clone(),
            created_at: token.issued_at(),
            expires_at: token.expires_at(),
        };
        let noted = self.app.store().write(row, |tx, row| {
            Box::pin(token_blacklist::insert_outstanding(tx, row))
        });
        noted.await.unwrap();
        (token.access_token_at(now).encode().unwrap(), text)
    }
}
