//! The wire: routes, bodies, cookies, answers. No rule of accounts is decided here and no SQL is written.
//!
//! A request passes [`doorway`] (host, language, deadline), CORS, and where it matters [`cross_site`]; a handler in
//! [`api`] reads its body and asks [`crate::accounts`]; what comes back, refusals too, is put into words by
//! [`error`] on the way out.

mod api;
pub mod authentication;
pub mod body;
pub mod context;
pub mod cookies;
mod cors;
mod cross_site;
pub mod csrf;
mod doorway;
pub mod error;
pub mod extract;
pub mod fields;
pub mod metrics;
pub mod openapi;
mod own_routes;
pub mod server;
mod session;
pub mod token_cookies;

pub use own_routes::authentication;
pub(crate) use session::Rehearsed;

use crate::app::App;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use http::Method;
use tower_http::catch_panic::CatchPanicLayer;

/// Every route of the server, in front of `app`'s accounts.
pub fn router(app: App) -> Router {
    unbound(&app).with_state(app)
}

/// The same, whose handlers get their [`App`] by `with_state`: one with the same settings. What stands before them asks the
/// settings alone, but for [`session`], which gets it by [`Rehearsed`].
pub(crate) fn unbound(app: &App) -> Router<App> {
    let api::Routers { pages, servers } = api::routers(app);
    let routes = pages
        .method_not_allowed_fallback(refuse_method)
        .fallback(async || error::Error::NotFound);
    let servers = servers.method_not_allowed_fallback(refuse_method);
    let routes = cors::around(session::around(routes, app), app);
    behind_the_doorway(routes.merge(servers), app)
}

/// The routes of `[ROUTES]` alone, for a service of one's own: see [`crate::router`].
pub(crate) fn nested(app: App) -> Router {
    let api::Routers { pages, servers } = api::nested_routers(&app);
    let routes = pages.method_not_allowed_fallback(refuse_method);
    let servers = servers.method_not_allowed_fallback(refuse_method);
    let routes = cors::around(session::around(routes, &app), &app);
    behind_the_doorway(routes.merge(servers), &app).with_state(app)
}

fn behind_the_doorway(routes: Router<App>, app: &App) -> Router<App> {
    routes
        .layer(CatchPanicLayer::custom(|_| {
            error::Error::Internal("a handler panicked").into_response()
        }))
        .layer(from_fn_with_state(app.clone(), doorway::doorway))
}

async fn refuse_method(method: Method) -> error::Error {
    error::Error::MethodNotAllowed(method)
}
