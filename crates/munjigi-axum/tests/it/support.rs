//! Users, tokens and requests that the tests share.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use munjigi_axum::{Authentication, JwtAuthentication};
use munjigi_tokens::{
    AccessToken, RefreshToken, SigningKey, SimpleJwt, SimpleJwtSettings, SourceError, UserSource,
};
use munjigi_user::{AuthUser, PermissionsMixin, UserId};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt;

/// The moment at which the golden data was made, and its key.
pub(crate) const NOW: i64 = 1_767_225_600;
pub(crate) const KEY: &str = "django-insecure-munjigi-vector-key-0123456789abcdefghijklmnopqrstuvwxyz";

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: &'static str,
    pub(crate) password: &'static str,
    pub(crate) is_active: bool,
    pub(crate) is_staff: bool,
    pub(crate) is_superuser: bool,
    pub(crate) groups: Vec<String>,
    pub(crate) permissions: Vec<String>,
}

impl AuthUser for User {
    fn id(&self) -> UserId {
        UserId::Int(self.id)
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn password(&self) -> &str {
        self.password
    }

    fn field(&self, name: &str) -> Option<String> {
        match name {
            "id" => Some(self.id.to_string()),
            "username" => Some(self.username.to_owned()),
            _ => None,
        }
    }
}

impl PermissionsMixin for User {
    fn is_staff(&self) -> bool {
        self.is_staff
    }

    fn is_superuser(&self) -> bool {
        self.is_superuser
    }

    fn groups(&self) -> &[String] {
        &self.groups
    }

    fn permissions(&self) -> &[String] {
        &self.permissions
    }
}

pub(crate) fn user(id: i64, username: &'static str) -> User {
    User {
        id,
        username,
        password: "pbkdf2_sha256$1000000$salt$hash",
        is_active: true,
        is_staff: false,
        is_superuser: false,
        groups: Vec::new(),
        permissions: Vec::new(),
    }
}

/// Users in memory, or an outage or a fault in their place. It counts how often it was asked.
#[derive(Default)]
pub(crate) struct Users {
    people: Vec<User>,
    failure: Option<fn() -> SourceError>,
    asked: AtomicUsize,
}

impl Users {
    pub(crate) fn of(people: impl IntoIterator<Item = User>) -> Arc<Self> {
        Arc::new(Self {
            people: people.into_iter().collect(),
            ..Self::default()
        })
    }

    pub(crate) fn failing(failure: fn() -> SourceError) -> Arc<Self> {
        Arc::new(Self {
            failure: Some(failure),
            ..Self::default()
        })
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl UserSource for Users {
    type User = User;

    async fn user(&self, field: &str, value: &str) -> Result<Option<User>, SourceError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(failure) = self.failure {
            return Err(failure());
        }
        let is_wanted = |user: &&User| user.field(field).as_deref() == Some(value);
        Ok(self.people.iter().find(is_wanted).cloned())
    }
}

pub(crate) fn settings() -> SimpleJwtSettings {
    SimpleJwtSettings::new(SigningKey::new(KEY))
}

pub(crate) fn jwt(settings: SimpleJwtSettings) -> SimpleJwt {
    jwt_at(settings, NOW)
}

pub(crate) fn jwt_at(settings: SimpleJwtSettings, now: i64) -> SimpleJwt {
    let now = Timestamp::from_second(now).unwrap();
    SimpleJwt::new(settings).unwrap().with_clock(move || now)
}

pub(crate) fn by_jwt(users: &Arc<Users>) -> Authentication<User> {
    Authentication::new(JwtAuthentication::new(jwt(settings()), Arc::clone(users)).unwrap())
}

/// An access token of a user of this id, with the claims of a refresh token that had more.
pub(crate) fn access(id: i64, claims: &[(&str, Value)]) -> String {
    let jwt = jwt(settings());
    let mut refresh = RefreshToken::for_user(&jwt, &user(id, "")).unwrap();
    for (name, value) in claims {
        refresh = refresh.with_claim(name, value.clone()).unwrap();
    }
    text(&refresh.access_token())
}

pub(crate) fn text(token: &AccessToken) -> String {
    token.encode().unwrap()
}

/// What a router answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status, challenge and body, which is all that a refusal has.
    pub(crate) fn refusal(&self) -> (u16, Option<&str>, &str) {
        (self.status.as_u16(), self.header("www-authenticate"), &self.body)
    }
}

pub(crate) const BEARER: Option<&str> = Some("Bearer realm=\"api\"");

pub(crate) async fn ask(router: &Router, line: &str, headers: &[(&str, &str)]) -> Reply {
    let headers = headers
        .iter()
        .map(|&(name, value)| (name, HeaderValue::from_str(value).unwrap()));
    ask_with(router, line, headers).await
}

/// Asks "GET /me" or the like.
pub(crate) async fn ask_with<'a>(
    router: &Router,
    line: &str,
    headers: impl IntoIterator<Item = (&'a str, HeaderValue)>,
) -> Reply {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "testserver");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Reply {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

/// `GET` with a bearer token.
pub(crate) async fn by_bearer(router: &Router, path: &str, token: &str) -> Reply {
    ask(
        router,
        &format!("GET {path}"),
        &[("authorization", &format!("Bearer {token}"))],
    )
    .await
}
