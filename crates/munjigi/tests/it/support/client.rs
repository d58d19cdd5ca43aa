//! Somebody who sends requests, and what he gets.

use super::{TestServer, told};
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tower::ServiceExt;

/// The media type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Somebody who sends requests, keeps cookies as a browser does, and follows nothing.
pub(crate) struct Client<'s> {
    server: &'s TestServer,
    headers: HeaderMap,
    address: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl<'s> Client<'s> {
    pub(super) fn new(server: &'s TestServer) -> Self {
        Self {
            server,
            headers: HeaderMap::new(),
            address: "127.0.0.1:50000".parse().unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) fn bearer(&mut self, token: &str) {
        self.header("authorization", &format!("Bearer {token}"));
    }

    pub(crate) fn header(&mut self, name: &'static str, value: &str) {
        self.header_bytes(name, value.as_bytes());
    }

    /// A header with bytes that no text holds.
    pub(crate) fn header_bytes(&mut self, name: &'static str, value: &[u8]) {
        self.headers.insert(name, HeaderValue::from_bytes(value).unwrap());
    }

    pub(crate) fn without(&mut self, name: &str) {
        self.headers.remove(name);
    }

    /// Sends `Accept-Language: en`.
    pub(crate) fn speaks_english(&mut self) {
        self.header("accept-language", "en");
    }

    /// The address that the server's socket sees.
    pub(crate) fn comes_from(&mut self, address: &str) {
        self.address = SocketAddr::new(address.parse().unwrap(), 50000);
    }

    /// Sends the token of the CSRF cookie as a page does.
    pub(crate) fn csrf_header(&mut self) {
        let token = self.cookies["csrftoken"].clone();
        self.header("x-csrftoken", &token);
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path, None, Body::empty()).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.post_json(path, body.to_string().as_bytes()).await
    }

    /// Posts what may be no JSON as JSON.
    pub(crate) async fn post_json(&mut self, path: &str, body: &[u8]) -> Reply {
        self.send(Method::POST, path, Some("application/json"), body.to_vec())
            .await
    }

    pub(crate) async fn post_form(&mut self, path: &str, body: &str) -> Reply {
        self.send(Method::POST, path, Some(FORM), body.as_bytes().to_vec())
            .await
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: impl Into<Body>,
    ) -> Reply {
        let request = self.request(method.clone(), path, content_type, body.into());
        let response = self.server.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let reply = Reply {
            status: parts.status,
            headers: parts.headers,
            // hyper sends no body to a HEAD request.
            body: if method == Method::HEAD { Vec::new() } else { body },
        };
        reply.check(&method);
        told::check(&self.server.document, &method, path, &reply);
        self.keep_cookies(&reply);
        reply
    }

    fn request(&self, method: Method, path: &str, content_type: Option<&str>, body: Body) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(ConnectInfo(self.address))
            .header("host", "127.0.0.1:8000");
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let mut request = request.body(body).unwrap();
        request.headers_mut().extend(self.headers.clone());
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request
                .headers_mut()
                .insert(COOKIE, cookies.join("; ").parse().unwrap());
        }
        request
    }

    fn keep_cookies(&mut self, reply: &Reply) {
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// `Authorization`, whatever it is.
    pub(crate) fn authorization(&mut self, value: &[u8]) {
        self.header_bytes(AUTHORIZATION.as_str(), value);
    }
}

/// An answer, read whole.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// What every answer has, whatever was asked.
    #[track_caller]
    fn check(&self, method: &Method) {
        assert_ne!(self.status, 500, "{}", String::from_utf8_lossy(&self.body));
        let refused = self.status.is_client_error() || self.status.is_server_error();
        assert_eq!(
            refused,
            !self.header("munjigi-error").is_empty(),
            "{}",
            self.status
        );
        // What may be kept is the same for everybody.
        if self.header("cache-control") == "public, max-age=300" {
            let vary = self.headers.get_all("vary").iter().any(|vary| vary != "origin");
            assert!(
                !vary && self.header("content-language").is_empty() && self.header("set-cookie").is_empty()
            );
            assert!(self.status == 200 || self.status == 304);
        } else {
            assert_eq!(self.header("cache-control"), "no-store");
            assert!(["ko", "en"].contains(&self.header("content-language")));
        }
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert_eq!(self.header("x-frame-options"), "DENY");
        assert_eq!(self.header("referrer-policy"), "same-origin");
        assert_eq!(self.header("cross-origin-opener-policy"), "same-origin");
        let policy = self.header("content-security-policy");
        let is_page = policy.starts_with("default-src 'none'; style-src 'sha256-");
        assert!(is_page || policy == "default-src 'none'; frame-ancestors 'none'");
        if refused {
            assert_eq!(self.header("content-type"), "application/json");
        }
        let length = self.header("content-length");
        let is_right = length.is_empty() || length == self.body.len().to_string();
        assert!(is_right || method == Method::HEAD, "{length} bytes are announced");
        if self.status == 503 {
            assert_eq!(self.header("retry-after"), "1");
        }
    }

    /// Itself, where the status is this one.
    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// Itself, where it is a refusal with this status and this word for programs.
    #[track_caller]
    pub(crate) fn expect_error(self, status: u16, word: &str) -> Self {
        let reply = self.expect_status(status);
        assert_eq!(reply.header("munjigi-error"), word);
        reply
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    /// The text in a member of the body.
    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        self.json()[name].as_str().expect(name).to_owned()
    }

    /// A header's value, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The values of a header that is a list, sorted.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        let mut list: Vec<String> = values
            .flat_map(|value| value.to_str().unwrap().split(','))
            .map(|word| word.trim().to_owned())
            .collect();
        list.sort();
        list
    }

    /// The `Set-Cookie` line of a cookie.
    pub(crate) fn set_cookie(&self, name: &str) -> Option<&str> {
        let cookies = self
            .headers
            .get_all(SET_COOKIE)
            .iter()
            .map(|cookie| cookie.to_str().unwrap());
        cookies
            .into_iter()
            .find(|cookie| cookie.split('=').next() == Some(name))
    }
}
