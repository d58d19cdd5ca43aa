//! `/openapi.json`: what is served here, for programs. `/docs`: the same for people.

use super::{Endpoint, page};
use crate::app::App;
use crate::config::Config;
use crate::http::context::Context;
use crate::http::openapi::{self, Answer, Head, Operation, Schema, Tag, Words, fails};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderName, Method, StatusCode};
use serde_json::json;
use std::sync::{Arc, OnceLock};

pub(super) fn endpoints(config: &Config) -> Vec<Endpoint> {
    // The settings do not change while a server runs.
    let kept = Arc::new(OnceLock::new());
    let document = async move |State(app): State<App>| document(&app, &kept);
    [
        page(config.routes.openapi.as_ref(), document_told(), document),
        page(config.routes.docs.as_ref(), docs_told(), docs),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn document_told() -> Operation {
    let words = Words {
        en: "This document",
        ko: "이 서버의 OpenAPI 문서",
    };
    let document = Answer::json(StatusCode::OK, DOCUMENT, "OpenAPI 3.1.", "OpenAPI 3.1입니다.");
    Operation::new(Method::GET, "openapi", Tag::Server, words)
        .answers(document.with(Head::Kept))
        .answers_all(fails())
}

const DOCUMENT: Schema = Schema::new(
    "OpenApi",
    |_| json!({"type": "object", "required": ["openapi", "info", "paths"]}),
);

/// The same bytes for everybody.
fn document(app: &App, kept: &OnceLock<Bytes>) -> Response {
    let bytes = kept.get_or_init(|| Bytes::from(openapi::document(app.config()).to_string()));
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, bytes.clone()).into_response()
}

fn docs_told() -> Operation {
    let words = Words {
        en: "The same for people",
        ko: "사람이 읽는 문서",
    };
    let html = Answer::text(
        "text/html",
        "A page without scripts.",
        "스크립트가 없는 페이지입니다.",
    );
    Operation::new(Method::GET, "docs", Tag::Server, words)
        .answers(html)
        .answers_all(fails())
}

async fn docs(State(app): State<App>, context: Context) -> ([(HeaderName, String); 2], String) {
    let html = openapi::page(app.config(), &context.origin().base(), context.lang());
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, openapi::STYLE_POLICY.clone()),
    ];
    (headers, html)
}
