//! Cross-origin answers, with the settings and the behaviour of django-cors-headers 4: `tower-http` does the work.

use crate::app::App;
use crate::config::{AllowedOrigins, CorsSettings};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::header::ACCESS_CONTROL_REQUEST_METHOD;
use http::uri::Authority;
use http::{HeaderValue, Method};
use std::net::IpAddr;
use tower::ServiceExt;
use tower_http::cors::{AllowCredentials, AllowOrigin, CorsLayer};

/// Answers preflights and marks answers, in front of `routes`.
pub(super) fn around(routes: Router<App>, app: &App) -> Router<App> {
    // tower-http takes every OPTIONS request for a preflight; one that asks for nothing is for the route itself.
    let plain = routes.clone().with_state(app.clone());
    routes
        .layer(layer(&app.config().cors))
        .layer(from_fn_with_state(plain, plain_options))
}

async fn plain_options(State(routes): State<Router>, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS && !request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        let Ok(response) = routes.oneshot(request).await;
        return response;
    }
    next.run(request).await
}

fn layer(settings: &CorsSettings) -> CorsLayer {
    let origins = settings.origins.clone();
    let is_allowed = move |origin: &HeaderValue| origin.to_str().is_ok_and(|origin| origins.allow(origin));
    let with_cookies = settings.allow_credentials;
    let mut layer = CorsLayer::new()
        .allow_credentials(AllowCredentials::predicate({
            let is_allowed = is_allowed.clone();
            move |origin, _| with_cookies && is_allowed(origin)
        }))
        .allow_origin(AllowOrigin::predicate(move |origin, _| is_allowed(origin)))
        .allow_methods(settings.allow_methods.clone())
        .allow_headers(settings.allow_headers.clone())
        .expose_headers(settings.expose_headers.clone());
    if !settings.preflight_max_age.is_zero() {
        layer = layer.max_age(settings.preflight_max_age);
    }
    layer
}

impl AllowedOrigins {
    /// Whether a page of this origin may read our answers.
    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Self::All => true,
            Self::Listed(list) => list.iter().any(|listed| listed.eq_ignore_ascii_case(origin)),
            Self::Loopback => is_loopback(origin),
        }
    }
}

/// `http://localhost:5173`, `https://127.0.0.1`, `http://[::1]:3000`: a page served by this very machine.
fn is_loopback(origin: &str) -> bool {
    let Some(authority) = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
    else {
        return false;
    };
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    // No user before the host, and behind it a port or nothing: a name may go on where a port ends.
    let whole = match authority.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    authority.as_str() == whole && (host == "localhost" || address.is_ok_and(|address| address.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_origin_is_one_of_this_machine_and_nothing_that_looks_like_it() {
        let is_allowed = |origin: &str| AllowedOrigins::Loopback.allow(origin);
        for origin in [
            "http://localhost:5173",
            "http://127.0.0.1:3000",
            "https://[::1]",
            "http://127.8.8.8",
        ] {
            assert!(is_allowed(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://",
            "http://localhost.evil.com",
            "http://evil.com",
            "http://localhost@evil.com",
            "http://evil.com@localhost",
            "http://127.0.0.1.evil.com",
            "http://127.0.0.1:8000.evil.com",
            "http://localhost:",
            "file://localhost",
            "http://192.168.0.1",
        ] {
            assert!(!is_allowed(origin), "{origin}");
        }
    }

    #[test]
    fn a_listed_origin_is_compared_whole() {
        let listed = AllowedOrigins::Listed(vec!["https://app.example.com".into()]);
        assert!(listed.allow("https://APP.example.com"));
        for origin in [
            "https://app.example.com.evil.com",
            "http://app.example.com",
            "https://app.example.com:8443",
        ] {
            assert!(!listed.allow(origin), "{origin}");
        }
    }
}
