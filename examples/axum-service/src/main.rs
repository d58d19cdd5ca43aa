//! Posts, behind munjigi's tokens. It asks no database, and no munjigi at a request: keys and ended sign-ins are fetched
//! in the background.
//!
//! `ISSUER` is where munjigi listens. With `SECRET_KEY` tokens are verified by the secret that both share (HS256), without
//! it by munjigi's public keys (EdDSA).

use axum::routing::{get, post};
use axum::{Json, Router};
use munjigi_axum::permissions::HasPerm;
use munjigi_axum::remote::{EndedList, JwksClient};
use munjigi_axum::{Authentication, CurrentUser, JwtAuthentication, MaybeUser, TokenUser};
use munjigi_tokens::{Algorithm, KeyRing, SigningKey, SimpleJwt, SimpleJwtSettings};
use serde_json::{Value, json};
use std::env::var;
use std::error::Error;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let auth = Authentication::new(tokens_of(&var("ISSUER")?)?);
    let app = Router::new()
        .route("/", get(hello))
        .route("/me", get(me))
        .route(
            "/posts",
            post(publish).route_layer(auth.require(HasPerm("blog.add_post"))),
        )
        .with_state(auth);
    let listener = TcpListener::bind(var("BIND").unwrap_or("127.0.0.1:3000".to_owned())).await?;
    Ok(axum::serve(listener, app).await?)
}

fn tokens_of(issuer: &str) -> Result<JwtAuthentication<TokenUser>, Box<dyn Error>> {
    let ended = EndedList::new(&format!("{issuer}/.well-known/munjigi/ended"))?;
    tokio::spawn(ended.clone().follow());
    if let Ok(secret) = var("SECRET_KEY") {
        let jwt = SimpleJwt::new(SimpleJwtSettings::new(SigningKey::new(secret)))?;
        return Ok(JwtAuthentication::stateless(jwt)?.revocations(ended));
    }
    let settings = SimpleJwtSettings {
        algorithm: Algorithm::EdDsa,
        ..SimpleJwtSettings::default()
    };
    let jwt = SimpleJwt::with_key_ring(settings, KeyRing::default())?;
    let keys = JwksClient::new(&format!("{issuer}/.well-known/jwks.json"))?;
    Ok(JwtAuthentication::stateless(jwt)?.keys(keys)?.revocations(ended))
}

async fn hello(MaybeUser(user): MaybeUser<TokenUser>) -> String {
    format!(
        "Hello, {}!",
        user.map_or("stranger".to_owned(), |user| user.id().to_owned())
    )
}

async fn me(CurrentUser(user): CurrentUser<TokenUser>) -> Json<Value> {
    Json(json!({"id": user.id(), "claims": user.claims().names().collect::<Vec<_>>()}))
}

async fn publish(CurrentUser(user): CurrentUser<TokenUser>) -> String {
    format!("Published by {}.", user.id())
}
