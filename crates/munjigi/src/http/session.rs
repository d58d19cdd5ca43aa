//! What Django's `SessionMiddleware` does to every answer under `SESSION_SAVE_EVERY_REQUEST`: `process_response` of
//! `contrib/sessions/middleware.py`. Who asks by another credential, or asks for what is not there, prolongs his session too.
//!
//! An answer that may be kept gets no cookie, which would be somebody's. A key of no session opens none here: Django gives
//! whoever makes one up a row of his own.

use super::authentication::give_session_key;
use super::context::Context;
use crate::accounts::sessions::{self, Saved};
use crate::app::App;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::header::CACHE_CONTROL;
use munjigi_axum::cookies;
use munjigi_sessions::SessionKey;

/// The [`App`] of a rehearsal, in a request's extensions: what stands before the handlers writes to its database.
#[derive(Clone)]
pub(crate) struct Rehearsed(pub(crate) App);

/// Saves the session behind each request, where the settings say so. `openapi::document` tells of its cookie.
pub(super) fn around(routes: Router<App>, app: &App) -> Router<App> {
    if app.config().session.save_every_request {
        routes.layer(from_fn_with_state(app.clone(), save))
    } else {
        routes
    }
}

async fn save(State(app): State<App>, context: Context, request: Request, next: Next) -> Response {
    let rehearsed = request.extensions().get::<Rehearsed>();
    let app = rehearsed.map_or(app, |rehearsed| rehearsed.0.clone());
    let name = &app.config().session.cookie_name;
    let key = cookies::read(request.headers(), name).and_then(SessionKey::parse);
    let response = next.run(request).await;
    let may_be_kept = response.headers().contains_key(CACHE_CONTROL);
    let Some(key) = key.filter(|_| !may_be_kept && !response.status().is_server_error()) else {
        return response;
    };
    // It was opened, ended or given another key just now.
    if context.sets_cookie(name) {
        return response;
    }
    match sessions::save(&app, &key, context.now()).await {
        Ok(Some(Saved { cookie_age })) => give_session_key(&app, &context, &key, cookie_age),
        Ok(None) => {}
        // What was asked for is done, and cannot be asked for again: a refresh token is used up.
        Err(error) => tracing::warn!(%error, "a session could not be prolonged"),
    }
    response
}
