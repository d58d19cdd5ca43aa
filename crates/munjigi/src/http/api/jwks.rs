//! `/.well-known/jwks.json`: the public keys, for who verifies our tokens (RFC 7517, section 5). simplejwt has no such
//! route; its `JWK_URL` reads one.
//!
//! It is no view of DRF's: whoever asks for `application/jwk-set+json` alone gets the same JSON.

use super::route;
use crate::app::App;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use munjigi_axum::header;

/// A next key is published longer than this before it signs, unless somebody rotates at once.
const FIVE_MINUTES: &str = "public, max-age=300";

/// The route of this file, where `[ROUTES]` puts it.
pub fn routes(app: &App) -> Router<App> {
    route(Router::new(), app.config().routes.jwks.as_ref(), get(jwks))
}

/// The keys that sign, will sign, or still verify; none where tokens are signed with a secret.
async fn jwks(State(app): State<App>, headers: HeaderMap) -> Response {
    let published = app.keys().published();
    let known = header::text(&headers, IF_NONE_MATCH);
    let kept = [(CACHE_CONTROL, FIVE_MINUTES), (ETAG, published.etag.as_str())];
    if known.is_some_and(|known| names(&known, &published.etag)) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    let json = [(CONTENT_TYPE, "application/json")];
    (kept, json, published.document.clone()).into_response()
}

/// Whether `If-None-Match` names this tag (RFC 9110, section 13.1.2).
fn names(known: &str, etag: &str) -> bool {
    known.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag == etag
    })
}
