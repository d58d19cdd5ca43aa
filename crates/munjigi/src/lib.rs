//! munjigi: sign-up and sign-in that speaks Django's data and wire, as a library and as the binary of the same
//! name.
//!
//! # In a service of one's own
//!
//! [`router`] is the whole of sign-up and sign-in as a router of axum, beside whatever else a service serves, in one process and
//! on one port:
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use munjigi::App;
//! use munjigi::config::{Config, Mode, Sources, Written};
//! use munjigi_axum::CurrentUser;
//! use munjigi_store::users::User;
//! use std::net::SocketAddr;
//!
//! async fn hello(CurrentUser(user): CurrentUser<User>) -> String {
//!     format!("Hello, {}!", user.username)
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // munjigi.toml and MUNJIGI_*, as for `munjigi serve`; `munjigi migrate` has made the tables.
//! let variables = std::env::vars_os().collect();
//! let written = Written::gather(Sources { variables, ..Sources::default() })?;
//! let app = App::open(Config::resolve(&written, Mode::Serve)?).await?;
//! tokio::spawn(munjigi::background(app.clone()));
//!
//! // POST /accounts/user/jwt_signin gives the token that GET /hello asks for.
//! let service = Router::new()
//!     .route("/hello", get(hello))
//!     .with_state(munjigi::authentication(&app))
//!     .nest("/accounts", munjigi::router(app));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
//! axum::serve(listener, service.into_make_service_with_connect_info::<SocketAddr>()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A service in another process needs `munjigi-axum` alone.
//!
//! # The rooms
//!
//! From the door inwards: [`cli`] starts things, [`http`] speaks with clients, [`accounts`] holds the
//! rules, and the crates `munjigi-store`, `munjigi-tokens`, `munjigi-passwords`, `munjigi-sessions`, `munjigi-signing` do
//! the work. [`app`] is what all of them share. [`config`] says how, [`keys`] keeps the keys of tokens, [`mail`] sends,
//! [`i18n`] says it in words. For who comes from Django there are [`neighbour`], which asks a project for its settings,
//! [`transfer`], which moves its users, and [`shadow`], which stands in front of it.

pub mod accounts;
pub mod app;
mod background;
pub mod cli;
pub mod clock;
pub mod config;
pub mod http;
pub mod i18n;
mod isoformat;
pub mod keys;
pub mod mail;
pub mod neighbour;
pub mod shadow;
pub mod transfer;

pub use app::App;
pub use background::background;
pub use http::authentication;

/// The routes of `[ROUTES]`, each at its path, to be nested under a prefix or merged. The welcome page, the probes and the
/// answer to unknown paths are the service's own, as are the limits on connections and headers.
///
/// A request passes the same checks as at `munjigi serve`: the host, the deadline, CORS, the size of its body. The address of
/// a client, which records keep, is known where the service is made with `into_make_service_with_connect_info`. What
/// must run beside the requests does so in [`background()`].
///
/// Under a prefix the browser knows these routes by another path than the settings: write
/// `AUTH_COOKIE_REFRESH_PATH` with the prefix, where tokens come in cookies. `/openapi.json` and `/docs` tell the paths of the
/// settings, without it. Where that matters, write the prefix into `[ROUTES]` and merge.
pub fn router(app: App) -> axum::Router {
    http::nested(app)
}
