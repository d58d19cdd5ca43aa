//! What every request passes on its way in, and every answer on its way out: Django's `SecurityMiddleware`,
//! `CommonMiddleware` (host check) and `LocaleMiddleware`, and a deadline.

use super::api;
use super::context::Context;
use super::error::{Error, MUNJIGI_ERROR};
use crate::app::App;
use crate::config::{HostSettings, SecurityHeaders};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, HOST, HeaderName,
    REFERRER_POLICY, SET_COOKIE, STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, Method};
use munjigi_axum::header;
use std::time::Instant;
use tokio::time::timeout;

/// Gives the request its [`Context`], holds it to the deadline, and finishes the answer.
pub(super) async fn doorway(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let config = app.config();
    let wanted = header::text(request.headers(), ACCEPT_LANGUAGE);
    let context = Context::of(
        &request,
        &config.hosts,
        config.languages.negotiate(wanted.as_deref()),
        app.now(),
    );
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    request.extensions_mut().insert(context.clone());

    let answered = async {
        // Two names: what stands before us may have believed the other one (RFC 9112 section 3.2).
        let is_one = request.headers().get_all(HOST).iter().count() < 2;
        if api::is_probe(request.uri().path()) || is_one && is_allowed(&config.hosts, &context.origin().host)
        {
            next.run(request).await
        } else {
            Error::DisallowedHost.into_response()
        }
    };
    let limit = config.limits.request_timeout;
    let mut response = timeout(limit, answered)
        .await
        .unwrap_or_else(|_| Error::Deadline.into_response());
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        response = error.finish(response, context.lang(), &app);
    }
    finish(&mut response, &context, &config.headers);
    log(&method, route.as_deref(), &response, &context, started);
    response
}

/// Django's `validate_host` (`http/request.py`): a listed name, `.example.com` for a domain and what is below it,
/// or `*`. The port does not count, nor does a dot at the end.
fn is_allowed(hosts: &HostSettings, host: &str) -> bool {
    let Some(name) = host_name(host) else { return false };
    hosts.allowed.iter().any(|pattern| {
        pattern == "*"
            || *pattern == name
            || pattern.strip_prefix('.').is_some_and(|domain| {
                name == domain
                    || name
                        .strip_suffix(domain)
                        .is_some_and(|below| below.ends_with('.'))
            })
    })
}

/// The name or address in `host[:port]`, in lower case; `None` where it is neither (`host_validation_re`).
fn host_name(host: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => (
            format!("[{address}]"),
            port.strip_prefix(':').or(port.is_empty().then_some(""))?,
        ),
        None => host
            .split_once(':')
            .map_or((host.clone(), ""), |(name, port)| (name.to_owned(), port)),
    };
    let inner = name.trim_matches(|bracket| bracket == '[' || bracket == ']');
    let plain = !inner.is_empty()
        && inner
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'));
    let numeric = port.chars().all(|digit| digit.is_ascii_digit());
    (plain && numeric).then(|| name.strip_suffix('.').map_or(name.clone(), str::to_owned))
}

const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Nothing that we answer may be framed, or load anything.
const NOTHING_LOADS: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// What an answer depends on. Caches are told not to keep any; these lines are for those that do not listen.
const DEPENDS_ON: HeaderValue = HeaderValue::from_static("Accept, Accept-Language, Authorization, Cookie");

fn finish(response: &mut Response, context: &Context, security: &SecurityHeaders) {
    let cookies = context.take_cookies();
    let failed = response.status().is_server_error();
    let headers = response.headers_mut();
    if !failed {
        for cookie in cookies {
            headers.append(SET_COOKIE, cookie);
        }
    }
    // What may be kept says so itself: it is the same for everybody and in no language.
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(VARY, DEPENDS_ON);
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(context.lang().code()));
    }
    // The one page of ours names its style.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING_LOADS);
    let mut set = |name: HeaderName, value: &Option<HeaderValue>| {
        if let Some(value) = value {
            headers.insert(name, value.clone());
        }
    };
    set(X_CONTENT_TYPE_OPTIONS, &security.content_type_options);
    set(REFERRER_POLICY, &security.referrer_policy);
    set(CROSS_ORIGIN_OPENER_POLICY, &security.cross_origin_opener_policy);
    set(X_FRAME_OPTIONS, &security.frame_options);
    if context.origin().secure {
        set(STRICT_TRANSPORT_SECURITY, &security.strict_transport_security);
    }
}

/// One line a request. It names the route, not the path, and no header: neither a token nor a mistyped password can
/// be in it.
fn log(method: &Method, route: Option<&str>, response: &Response, context: &Context, started: Instant) {
    tracing::info!(
        target: "munjigi::request",
        %method,
        route = route.unwrap_or("-"),
        status = response.status().as_u16(),
        error = response.headers().get(MUNJIGI_ERROR).and_then(|code| code.to_str().ok()),
        client = context.client().address.map(tracing::field::display),
        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(patterns: &[&str], host: &str) -> bool {
        let hosts = HostSettings {
            allowed: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
            use_x_forwarded_host: false,
            proxy_ssl_header: None,
            trusted_proxies: Vec::new(),
        };
        is_allowed(&hosts, host)
    }

    #[test]
    fn a_host_is_taken_by_name_by_domain_or_by_star() {
        for host in ["example.com", "EXAMPLE.com:8000", "example.com."] {
            assert!(allowed(&["example.com"], host), "{host}");
        }
        for host in ["a.example.com", "example.com", "b.a.example.com:1"] {
            assert!(allowed(&[".example.com"], host), "{host}");
        }
        assert!(allowed(&["[::1]"], "[::1]:8000"));
        assert!(allowed(&["*"], "anything"));
    }

    #[test]
    fn a_host_that_is_no_name_or_not_ours_is_refused() {
        for host in [
            "",
            "evil.com",
            "example.com.evil.com",
            "notexample.com",
            "example.com@evil.com",
            "example.com:80:80",
            "example.com/x",
            "a b",
            "exa\tmple.com",
            "[::1",
            "example.com:port",
        ] {
            assert!(!allowed(&["example.com", ".sub.example.com"], host), "{host}");
        }
        assert!(!allowed(&["*"], "bad host"));
    }
}
