//! Cross-site request forgery: Django's `CsrfViewMiddleware` for requests that a cookie authenticates, a session's or
//! a token's, and the cookie that its token is made from. What is decided is in `munjigi_signing::csrf`.

use super::authentication::give_session_key;
use super::context::Context;
use super::cookies::{CookieAttributes, Lifetime};
use super::error::{Error, Result};
use crate::accounts::sessions::{self, KeptSecret, Session};
use crate::app::App;
use crate::config::AllowedOrigins;
use http::header::{ORIGIN, REFERER};
use http::request::Parts;
use http::{HeaderMap, Method};
use jiff::SignedDuration;
use munjigi_axum::{cookies, header};
use munjigi_sessions::SessionKey;
use munjigi_signing::csrf::{CsrfRequest, CsrfSecret, check, origin_verified};
use std::borrow::Cow;

/// DRF's `SessionAuthentication.enforce_csrf`.
///
/// # Errors
/// [`Error::Csrf`] with Django's reason.
pub fn enforce(app: &App, context: &Context, parts: &Parts, form_token: Option<&str>) -> Result<()> {
    let cookie = cookies::read(&parts.headers, &app.config().csrf.cookie_name);
    enforce_secret(app, context, parts, (cookie, form_token))
}

/// The same for what comes by a session, which may keep the secret itself (`CSRF_USE_SESSIONS`).
///
/// # Errors
/// [`Error::Csrf`] with Django's reason.
pub fn enforce_for_session(
    app: &App,
    context: &Context,
    parts: &Parts,
    (session, form_token): (&Session, Option<&str>),
) -> Result<()> {
    if app.config().csrf.use_sessions {
        return enforce_secret(app, context, parts, (session.csrf.as_deref(), form_token));
    }
    enforce(app, context, parts, form_token)
}

fn enforce_secret(
    app: &App,
    context: &Context,
    parts: &Parts,
    (secret, form_token): (Option<&str>, Option<&str>),
) -> Result<()> {
    let headers = &parts.headers;
    let (origin, referer) = (page_origin(app, context, headers), header::text(headers, REFERER));
    let token = header::text(headers, app.csrf().request_header());
    let request = CsrfRequest {
        origin: origin.as_deref(),
        referer: referer.as_deref(),
        cookie: secret,
        form_token,
        header_token: token.as_deref(),
        ..request(context, &parts.method)
    };
    check(app.csrf(), &request).map_err(Error::Csrf)
}

/// Whether a page of this origin may send what needs no token: our own pages, and those of `CSRF_TRUSTED_ORIGINS`.
pub(super) fn is_trusted_origin(app: &App, context: &Context, origin: &str) -> bool {
    origin_verified(app.csrf(), &request(context, &Method::POST), origin)
}

/// The origin of the page that sends the request. Under `munjigi dev` a page of this machine counts as our own, on
/// whichever port it stands: CORS lets it in there, and it could sign in and never out again.
fn page_origin<'a>(app: &App, context: &Context, headers: &'a HeaderMap) -> Option<Cow<'a, str>> {
    let origin = header::text(headers, ORIGIN)?;
    let neighbours = &app.config().cors.origins;
    if *neighbours != AllowedOrigins::Loopback || !neighbours.allow(&origin) {
        return Some(origin);
    }
    let own = context.origin();
    let scheme = if own.secure { "https" } else { "http" };
    Some(format!("{scheme}://{}", own.host).into())
}

fn request<'a>(context: &'a Context, method: &'a Method) -> CsrfRequest<'a> {
    CsrfRequest {
        method: method.as_str(),
        is_secure: context.origin().secure,
        host: Some(&context.origin().host),
        origin: None,
        referer: None,
        cookie: None,
        form_token: None,
        header_token: None,
    }
}

/// Gives the browser the cookie where it has none: what comes by cookie needs its token.
pub fn provide(app: &App, context: &Context, headers: &HeaderMap) {
    if known(app, headers).is_none() {
        rotate(app, context);
    }
}

/// `rotate_token`: a new secret at sign-in, so that one known from before is worth nothing. Where sessions keep it, the
/// sign-in has written it.
pub fn rotate(app: &App, context: &Context) {
    if app.config().csrf.use_sessions {
        return;
    }
    set_cookie(app, context, &CsrfSecret::new(&mut app.entropy()));
}

/// `get_token`: the secret that the browser has, or a new one; its cookie is set anew either way, and a masked
/// token for this answer is returned. Where sessions keep the secret, it is the session's.
///
/// # Errors
/// What the database may fail with, where it is asked.
pub async fn token(app: &App, context: &Context, headers: &HeaderMap) -> Result<String> {
    if app.config().csrf.use_sessions {
        let key = cookies::read(headers, &app.config().session.cookie_name).and_then(SessionKey::parse);
        let KeptSecret { secret, written } = sessions::csrf_secret(app, key, context.now()).await?;
        if let Some((key, age)) = written {
            give_session_key(app, context, &key, age);
        }
        return Ok(secret.mask(&mut app.entropy()));
    }
    let secret = known(app, headers).unwrap_or_else(|| CsrfSecret::new(&mut app.entropy()));
    set_cookie(app, context, &secret);
    Ok(secret.mask(&mut app.entropy()))
}

fn known(app: &App, headers: &HeaderMap) -> Option<CsrfSecret> {
    cookies::read(headers, &app.config().csrf.cookie_name).and_then(|cookie| CsrfSecret::parse(cookie).ok())
}

fn set_cookie(app: &App, context: &Context, secret: &CsrfSecret) {
    let settings = &app.config().csrf;
    let lifetime = settings.cookie_age.map_or(Lifetime::BrowserSession, |seconds| {
        Lifetime::MaxAge(SignedDuration::from_secs(seconds.into()))
    });
    context.set_cookie(CookieAttributes::from(settings).set(secret.expose(), lifetime, context.now()));
}
