//! Tokens in cookies, where `AUTH_COOKIE` names one: the access token's, which opens what a bearer token opens, and
//! the refresh token's, which only the routes that need it are sent.
//!
//! simplejwt has no such cookies. They are written with Django's attributes in Django's order, and what comes by them
//! passes DRF's `enforce_csrf`, as what comes by a session does.

use super::context::Context;
use super::cookies::{CookieAttributes, Lifetime};
use crate::accounts::Stay;
use crate::app::App;
use crate::config::AuthCookieSettings;
use http::HeaderMap;
use munjigi_axum::cookies;

/// The access token that a browser sent.
pub fn access<'h>(app: &App, headers: &'h HeaderMap) -> Option<&'h str> {
    read(headers, &app.config().auth_cookie.as_ref()?.access_name)
}

/// The refresh token that a browser sent.
pub fn refresh<'h>(app: &App, headers: &'h HeaderMap) -> Option<&'h str> {
    read(headers, &app.config().auth_cookie.as_ref()?.refresh_name)
}

/// Gives the browser an access token, and a refresh token where there is a new one; each for as long as it lives, or until
/// the browser closes.
pub fn set(app: &App, context: &Context, (access, refresh): (&str, Option<&str>), stay: Stay) {
    let Some(settings) = &app.config().auth_cookie else {
        return;
    };
    let jwt = app.jwt().settings();
    let now = context.now();
    let lifetime = |token| {
        stay.cookie_age(token, now)
            .map_or(Lifetime::BrowserSession, Lifetime::MaxAge)
    };
    let lasting = lifetime(jwt.access_token_lifetime);
    context.set_cookie(access_cookie(settings).set(access, lasting, now));
    if let Some(refresh) = refresh {
        let lasting = lifetime(jwt.refresh_token_lifetime);
        context.set_cookie(refresh_cookie(settings).set(refresh, lasting, now));
    }
}

/// Takes both cookies away. A browser does not send one whose path lies elsewhere, so it is not asked what it has.
pub fn clear(app: &App, context: &Context) {
    if let Some(settings) = &app.config().auth_cookie {
        context.set_cookie(access_cookie(settings).delete());
        context.set_cookie(refresh_cookie(settings).delete());
    }
}

/// A cookie without a value is what some browsers leave of one that was taken away.
fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    cookies::read(headers, name).filter(|token| !token.is_empty())
}

fn access_cookie(settings: &AuthCookieSettings) -> CookieAttributes {
    CookieAttributes {
        name: settings.access_name.clone(),
        path: settings.access_path.clone(),
        http_only: settings.access_http_only,
        domain: settings.domain.clone(),
        secure: settings.secure,
        same_site: settings.same_site,
    }
}

fn refresh_cookie(settings: &AuthCookieSettings) -> CookieAttributes {
    CookieAttributes {
        name: settings.refresh_name.clone(),
        path: settings.refresh_path.clone(),
        http_only: true,
        ..access_cookie(settings)
    }
}
