//! The JSON routes, a file each for the notes' routes, simplejwt's, djangorestframework-jwt's, and the probes.

pub mod drf_jwt;
pub mod ended;
pub mod jwks;
mod metadata;
mod negotiation;
pub mod probe;
pub mod token;
pub mod user;
pub mod welcome;

use super::error::Error;
use crate::app::App;
use axum::handler::Handler;
use axum::middleware::{from_fn, map_response};
use axum::response::Response;
use axum::routing::{self, MethodRouter};
use axum::{Json, Router};
use http::HeaderValue;
use http::header::ALLOW;
use metadata::View;

/// A path that takes POST.
fn post<H: Handler<T, App>, T: 'static>(handler: H) -> MethodRouter<App> {
    only("POST, OPTIONS", routing::post(handler).options(async || ()))
}

/// A path that takes POST, and answers OPTIONS with what stands there.
fn view<H: Handler<T, App>, T: 'static>(view: &'static View, handler: H) -> MethodRouter<App> {
    let describe = async || Json(view.describe());
    only("POST, OPTIONS", routing::post(handler).options(describe))
}

/// A path that takes GET.
fn get<H: Handler<T, App>, T: 'static>(handler: H) -> MethodRouter<App> {
    only("GET, OPTIONS", routing::get(handler).options(async || ()))
}

/// Refuses every other method in DRF's words and who takes no JSON, and names the methods on each answer, as DRF does.
fn only(allow: &'static str, methods: MethodRouter<App>) -> MethodRouter<App> {
    methods
        .fallback(async |method: http::Method| Error::MethodNotAllowed(method))
        .layer(from_fn(negotiation::negotiate))
        .layer(map_response(move |mut response: Response| async move {
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static(allow));
            response
        }))
}

/// Serves `path` with and without a slash at its end; a route that is switched off is not served at all.
fn route(routes: Router<App>, path: Option<&String>, methods: MethodRouter<App>) -> Router<App> {
    match path {
        Some(path) => routes
            .route(path, methods.clone())
            .route(&format!("{path}/"), methods),
        None => routes,
    }
}
