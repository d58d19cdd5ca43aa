//! Keeps pages of other sites from signing their visitors up, in or out.
//!
//! The notes' routes ask for no CSRF token, so that curl and a phone can use them; Django's reference answers any
//! page there. A browser says by itself from where a request comes (`Origin`, `Sec-Fetch-Site`): one that comes
//! from a foreign page is refused, and one that says nothing comes from no page.

use super::context::Context;
use super::csrf;
use super::error::{Error, Result};
use crate::app::App;
use crate::config::AllowedOrigins;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{HeaderName, ORIGIN};
use http::{HeaderMap, Method};
use munjigi_axum::header;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses requests that a foreign page makes a browser send.
pub(super) async fn refuse(
    State(app): State<App>,
    context: Context,
    request: Request,
    next: Next,
) -> Result<Response> {
    if !is_safe(request.method()) {
        refuse_foreign(&app, &context, request.headers())?;
    }
    Ok(next.run(request).await)
}

/// The same for a safe method that writes all the same.
///
/// # Errors
/// [`Error::CrossSite`] with the origin that the browser names.
pub(super) fn refuse_foreign(app: &App, context: &Context, headers: &HeaderMap) -> Result<()> {
    foreign_origin(app, context, headers).map_or(Ok(()), |origin| Err(Error::CrossSite(origin)))
}

/// The foreign origin that the browser names, if it does.
fn foreign_origin(app: &App, context: &Context, headers: &HeaderMap) -> Option<String> {
    match header::text(headers, ORIGIN) {
        Some(origin) => (!is_trusted(app, context, &origin)).then(|| origin.into_owned()),
        // A browser that names no origin with a POST is an old one; this header says as much.
        None => (headers.get(SEC_FETCH_SITE)? == "cross-site").then(|| "null".to_owned()),
    }
}

/// `CORS_ALLOW_ALL_ORIGINS` lets every page read answers; it does not let every page sign its visitors in.
fn is_trusted(app: &App, context: &Context, origin: &str) -> bool {
    let cors = &app.config().cors.origins;
    (*cors != AllowedOrigins::All && cors.allow(origin)) || csrf::is_trusted_origin(app, context, origin)
}

/// RFC 9110 section 9.2.1.
fn is_safe(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}
