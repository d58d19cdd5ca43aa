//! What is known of a request before any handler looks at it: when it came, from whom, in which language the
//! answer is wanted, and which cookies the answer will set.

use super::error::Error;
use crate::accounts::{Arrival, Client, RememberMe};
use crate::config::HostSettings;
use crate::i18n::Lang;
use axum::extract::{ConnectInfo, FromRequestParts};
use http::header::{HOST, HeaderMap, HeaderName, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, Uri};
use jiff::Timestamp;
use munjigi_axum::header;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The circumstances of one request. Cheap to clone; every clone sets cookies on the same answer.
#[derive(Clone)]
pub struct Context(Arc<Circumstances>);

struct Circumstances {
    now: Timestamp,
    lang: Lang,
    origin: Origin,
    client: Client,
    cookies: Mutex<Vec<HeaderValue>>,
}

/// Under which name the client reached us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `host` or `host:port`, as the client wrote it.
    pub host: String,
    /// Whether it came over TLS, to us or to a proxy that is believed.
    pub secure: bool,
}

impl Origin {
    /// `http://host:port`.
    pub fn base(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.host)
    }
}

impl Context {
    /// Gathers the circumstances of a request from its head.
    pub fn of(
        request: &http::Request<axum::body::Body>,
        hosts: &HostSettings,
        lang: Lang,
        now: Timestamp,
    ) -> Self {
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip());
        let headers = request.headers();
        let believed = peer.is_some_and(|peer| hosts.trusts(peer));
        let origin = Origin {
            host: host(request.uri(), headers, hosts, believed),
            secure: secure(headers, hosts, believed),
        };
        let client = Client {
            address: peer.map(|peer| {
                if believed {
                    forwarded_for(headers, hosts, peer)
                } else {
                    peer
                }
            }),
            agent: header::text(headers, USER_AGENT)
                .unwrap_or_default()
                .chars()
                .take(AGENT_CHARACTERS)
                .collect(),
            name: headers
                .get(MUNJIGI_CLIENT)
                .and_then(|name| client_name(name.as_bytes())),
        };
        Self(Arc::new(Circumstances {
            now,
            lang,
            origin,
            client,
            cookies: Mutex::default(),
        }))
    }

    pub(super) fn of_parts(parts: &Parts) -> Result<Self, Error> {
        let context = parts.extensions.get::<Self>().cloned();
        context.ok_or(Error::Internal("a route stands outside the doorway"))
    }

    /// The time at which the request came; one request has one `now`.
    pub fn now(&self) -> Timestamp {
        self.0.now
    }

    /// The language that the answer is written in.
    pub fn lang(&self) -> Lang {
        self.0.lang
    }

    /// Under which name the client reached us.
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// Who asks.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Somebody who signs in by this request.
    pub fn arrival(&self, remember_me: RememberMe) -> Arrival<'_> {
        Arrival {
            client: self.client(),
            remember_me,
            now: self.now(),
        }
    }

    /// Puts a `Set-Cookie` on the answer, in the place of one with the same name. Like Django, a 5xx answer sets none.
    pub fn set_cookie(&self, cookie: Option<HeaderValue>) {
        let Some(cookie) = cookie else { return };
        let mut cookies = self.cookies();
        cookies.retain(|other| name_of(other) != name_of(&cookie));
        cookies.push(cookie);
    }

    /// Whether the answer sets, or takes away, a cookie of this name.
    pub(super) fn sets_cookie(&self, name: &str) -> bool {
        self.cookies()
            .iter()
            .any(|cookie| name_of(cookie) == Some(name.as_bytes()))
    }

    pub(super) fn take_cookies(&self) -> Vec<HeaderValue> {
        std::mem::take(&mut *self.cookies())
    }

    fn cookies(&self) -> MutexGuard<'_, Vec<HeaderValue>> {
        self.0.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name in a `Set-Cookie`.
fn name_of(cookie: &HeaderValue) -> Option<&[u8]> {
    cookie.as_bytes().split(|byte| *byte == b'=').next()
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Self::of_parts(parts)
    }
}

/// What a record keeps of a `User-Agent`; the longest of browsers have half of it.
const AGENT_CHARACTERS: usize = 512;
/// What a record keeps of the name that a client gives itself.
const NAME_CHARACTERS: usize = 64;
const MUNJIGI_CLIENT: HeaderName = HeaderName::from_static("munjigi-client");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The name, in UTF-8, without the space around it. One that is longer than it may be is cut, and one that would move a
/// terminal's cursor is none.
fn client_name(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let name: String = text.trim().chars().take(NAME_CHARACTERS).collect();
    let is_name = !name.is_empty() && !name.chars().any(char::is_control);
    is_name.then_some(name)
}

fn host(uri: &Uri, headers: &HeaderMap, hosts: &HostSettings, believed: bool) -> String {
    let forwarded = if believed && hosts.use_x_forwarded_host {
        header::text(headers, X_FORWARDED_HOST)
    } else {
        None
    };
    // A request line with a whole URL names the host there (RFC 9112 section 3.2.2).
    let named = || {
        uri.authority()
            .map(|authority| authority.as_str().into())
            .or_else(|| header::text(headers, HOST))
    };
    forwarded.or_else(named).unwrap_or_default().into_owned()
}

fn secure(headers: &HeaderMap, hosts: &HostSettings, believed: bool) -> bool {
    let Some(proxy) = hosts.proxy_ssl_header.as_ref().filter(|_| believed) else {
        return false;
    };
    // The first of several values counts, as Django reads it (`HttpRequest.scheme`, 5.2).
    let value = header::text(headers, &proxy.name);
    value.is_some_and(|value| {
        value
            .split(',')
            .next()
            .is_some_and(|first| first.trim() == proxy.value)
    })
}

/// The client behind a chain of proxies: from the right, the first address that is no proxy of ours. What stands
/// left of it was written by the client itself and means nothing.
fn forwarded_for(headers: &HeaderMap, hosts: &HostSettings, peer: IpAddr) -> IpAddr {
    let mut client = peer;
    let values: Vec<&str> = headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    for text in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        let Ok(address) = text.trim().parse::<IpAddr>() else {
            break;
        };
        client = address;
        if !hosts.trusts(address) {
            break;
        }
    }
    client
}
