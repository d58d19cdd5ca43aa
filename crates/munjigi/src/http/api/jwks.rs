//! `/.well-known/jwks.json`: the public keys, for who verifies our tokens (RFC 7517, section 5). simplejwt has no such
//! route; its `JWK_URL` reads one.
//!
//! It is no view of DRF's: whoever asks for `application/jwk-set+json` alone gets the same JSON.

use super::{Endpoint, page};
use crate::app::App;
use crate::config::Config;
use crate::http::openapi::{Answer, Door, Head, Operation, Schema, Tag, Words, fails};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, Method, StatusCode};
use munjigi_axum::header;
use serde_json::json;

/// A next key is published longer than this before it signs, unless somebody rotates at once.
const FIVE_MINUTES: &str = "public, max-age=300";

/// The route of this file, where `[ROUTES]` puts it.
pub(super) fn endpoint(config: &Config) -> Option<Endpoint> {
    let words = Words {
        en: "The public keys of tokens",
        ko: "토큰의 공개 키",
    };
    let kept = |answer: Answer| answer.with(Head::Kept).with(Head::Tag);
    let told = Operation::new(Method::GET, "jwks", Tag::Server, words)
        .answers(kept(
            Answer::json(StatusCode::OK, KEYS, "A JWK set (RFC 7517).", "JWK 집합입니다.")
                .like(json!({"keys": []})),
        ))
        .answers(kept(Answer::nothing(
            StatusCode::NOT_MODIFIED,
            "Nothing has changed since the ETag of If-None-Match.",
            "If-None-Match의 ETag와 같습니다.",
        )))
        .answers_all(fails());
    let endpoint = page(config.routes.jwks.as_ref(), told, jwks)?;
    Some(Endpoint {
        door: Door::Servers,
        ..endpoint
    })
}

const KEYS: Schema = Schema::new("JwkSet", |_| {
    json!({
        "type": "object",
        "required": ["keys"],
        "properties": {"keys": {"type": "array", "items": {"type": "object"}}},
    })
});

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
