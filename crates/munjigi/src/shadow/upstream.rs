//! The way to Django and back: a request is sent on as it came and its answer given back as it is, whatever it is about.
//!
//! Each request gets a connection of its own, as nginx does it when it is told nothing else. A kept one saves a tenth of a
//! millisecond, and now and then a request is sent on one that Django is just closing: nobody knows then whether it was
//! served, and it may be a sign-in.

use axum::body::{Body, Bytes};
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED, HOST, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, Version};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use munjigi_axum::remote::{HeaderLimits, InTheClear, Origin, RemoteError};
use std::error::Error;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

/// Where Django answers.
pub struct Upstream {
    authority: HeaderValue,
    origin: Origin,
    patience: Duration,
}

/// An address that nothing can be sent on to.
#[derive(Debug, thiserror::Error)]
#[error("--upstream {url} {wrong}. Write where Django itself answers, such as http://127.0.0.1:8000.")]
pub struct UrlError {
    url: String,
    wrong: String,
}

impl From<RemoteError> for UrlError {
    fn from(error: RemoteError) -> Self {
        match error {
            RemoteError::Url { url, wrong } => Self {
                url,
                wrong: wrong.to_owned(),
            },
            other => Self {
                url: "…".to_owned(),
                wrong: format!("cannot be asked: {other}"),
            },
        }
    }
}

/// Why there is no answer of Django's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum Failure {
    /// Nobody is there, or what he says is no HTTP.
    #[error("Django cannot be reached: {0}")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// He takes too long.
    #[error("Django did not answer in time.")]
    TooSlow,
    /// The client left in the middle of what he sent, or it was no HTTP.
    #[error("The client broke off its request.")]
    BrokenOff,
}

/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(5);
/// An answer's header.
const HEADER: HeaderLimits = HeaderLimits {
    bytes: 64 * 1024,
    lines: 200,
};

impl Upstream {
    /// Takes `http://host:port` or `https://host:port`. `patience` is how long Django may take to begin its answer, counted
    /// from when it has the whole request.
    ///
    /// # Errors
    /// [`UrlError`], a sentence.
    pub fn new(url: &str, patience: Duration) -> Result<Self, UrlError> {
        let origin = Origin::of(url, InTheClear::Anywhere)?;
        let refuse = |wrong: &str| UrlError {
            url: url.to_owned(),
            wrong: wrong.to_owned(),
        };
        let address = origin.url();
        if address.path() != "/" || address.query().is_some() {
            return Err(refuse("has a path"));
        }
        let authority = address.authority().map_or("", |authority| authority.as_str());
        Ok(Self {
            authority: HeaderValue::from_str(authority).map_err(|_| refuse("names no host"))?,
            origin,
            patience,
        })
    }

    /// Sends a request on, and gives its answer. `peer` is a client whom nobody has named yet.
    pub(super) async fn send(
        &self,
        head: &Parts,
        body: Body,
        peer: Option<IpAddr>,
    ) -> Result<Response<Body>, Failure> {
        let connecting = timeout(CONNECTING, self.origin.connect(HEADER));
        let connected = connecting.await.map_err(|_| Failure::TooSlow)?;
        let mut connection = connected.map_err(Failure::unreachable)?;
        let (body, sent) = Watched::new(body);
        let mut answering = pin!(connection.send_request(self.request(head, body, peer)?));
        let too_long = async {
            // It ends when the body is gone: an upload may take as long as it takes.
            drop(sent.await);
            sleep(self.patience).await;
        };
        let answer = tokio::select! {
            answer = &mut answering => answer.map_err(Failure::of)?,
            () = too_long => return Err(Failure::TooSlow),
        };
        let (mut head, body) = answer.into_parts();
        strip(&mut head.headers);
        // What Django does not say of its size is not said of it here: the answer to a HEAD would else be one of no bytes.
        let body = body.map_frame(std::convert::identity);
        Ok(Response::from_parts(head, Body::new(body)))
    }

    fn request(
        &self,
        head: &Parts,
        body: Watched,
        peer: Option<IpAddr>,
    ) -> Result<Request<Watched>, Failure> {
        let target = head.uri.path_and_query().cloned();
        let mut request = Request::new(body);
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = Uri::from(target.unwrap_or(PathAndQuery::from_static("/")));
        *request.version_mut() = Version::HTTP_11;
        let mut headers = head.headers.clone();
        if headers.contains_key(TRANSFER_ENCODING) {
            // The framing is the connection's; hyper chooses it anew.
            headers.remove(CONTENT_LENGTH);
        }
        strip(&mut headers);
        if let Some(authority) = head.uri.authority() {
            // A request line with a whole URL names the host there (RFC 9112 section 3.2.2).
            let named = HeaderValue::from_str(authority.as_str()).map_err(Failure::unreachable)?;
            headers.insert(HOST, named);
        }
        headers.entry(HOST).or_insert_with(|| self.authority.clone());
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        forwarded_for(&mut headers, peer)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

impl Failure {
    /// What a body fails with, the client's, comes through hyper as it is.
    fn of(error: hyper::Error) -> Self {
        match error.source() {
            Some(cause) if cause.is::<axum::Error>() => Self::BrokenOff,
            _ => Self::unreachable(error),
        }
    }

    fn unreachable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreachable(error.into())
    }
}

/// What concerns one connection alone (RFC 9110 section 7.6.1), and `Expect`, which is answered here.
fn strip(headers: &mut HeaderMap) {
    let listed: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name: &HeaderName| !is_for_the_end(name))
        .collect();
    let always = [
        CONNECTION,
        EXPECT,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ];
    for name in listed.into_iter().chain(always) {
        headers.remove(name);
    }
}

/// Whether a header says who asks or where. None of them concerns one connection, whatever a client says of it: a proxy before
/// us may have written it, and Django would take the request for somebody else's without it.
fn is_for_the_end(name: &HeaderName) -> bool {
    [AUTHORIZATION, COOKIE, FORWARDED, HOST].contains(name) || name.as_str().starts_with("x-forwarded-")
}

pub(super) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Puts who asked us behind those that are named already.
fn forwarded_for(headers: &mut HeaderMap, peer: Option<IpAddr>) -> Result<(), Failure> {
    let Some(peer) = peer else { return Ok(()) };
    let peer = peer.to_canonical().to_string();
    let mut chain: Vec<&[u8]> = headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    chain.push(peer.as_bytes());
    let chain = HeaderValue::from_bytes(&chain.join(&b", "[..])).map_err(Failure::unreachable)?;
    headers.insert(X_FORWARDED_FOR, chain);
    Ok(())
}

/// A body that tells when it is gone.
struct Watched {
    body: Body,
    _gone: oneshot::Sender<()>,
}

impl Watched {
    fn new(body: Body) -> (Self, oneshot::Receiver<()>) {
        let (gone, is_gone) = oneshot::channel();
        (Self { body, _gone: gone }, is_gone)
    }
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_a_host_and_nothing_else() {
        let patience = Duration::from_secs(1);
        for url in ["http://127.0.0.1:8000", "http://django/", "https://[::1]:8443"] {
            assert!(Upstream::new(url, patience).is_ok(), "{url}");
        }
        for (url, wrong) in [
            ("django:8000", "names no host"),
            ("ftp://django", "is neither"),
            ("/api", "names no host"),
            ("http://django/app", "has a path"),
            ("http://django/?q", "has a path"),
            ("http:// ", "is no URL"),
        ] {
            let error = Upstream::new(url, patience).err().map(|error| error.to_string());
            assert!(
                error.as_ref().is_some_and(|error| error.contains(wrong)),
                "{url}: {error:?}"
            );
        }
        let secret = Upstream::new("http://app:hunter2@django", patience);
        assert!(!secret.err().unwrap().to_string().contains("hunter2"));
    }

    #[test]
    fn what_concerns_one_connection_is_not_sent_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Hop, X-Forwarded-For, Cookie"),
            ("x-hop", "1"),
            ("keep-alive", "5"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("expect", "100-continue"),
            ("cookie", "sessionid=a"),
            ("x-forwarded-for", "192.0.2.1"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers.append("x-forwarded-for", HeaderValue::from_static("192.0.2.2"));
        strip(&mut headers);
        forwarded_for(&mut headers, Some("::ffff:192.0.2.3".parse().unwrap())).unwrap();
        let names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["cookie", "x-forwarded-for"]);
        assert_eq!(headers["x-forwarded-for"], "192.0.2.1, 192.0.2.2, 192.0.2.3");
    }
}
