//! Credentials that a browser sends by itself: a token in a cookie, and Django's session.

use crate::support::{BEARER, KEY, NOW, User, Users, access, ask, by_bearer, jwt, settings, user};
use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use munjigi_axum::permissions::{AllowAny, IsAuthenticated};
use munjigi_axum::{
    Authentication, Csrf, CurrentUser, JwtAuthentication, SessionAuthentication, SessionRow, SessionSource,
};
use munjigi_sessions::{SessionAuthHasher, SessionCodec, SessionData, SessionKey};
use munjigi_signing::csrf::CsrfSettings;
use munjigi_signing::{SecretKey, SecretKeys};
use munjigi_tokens::{Revocations, SourceError};
use munjigi_user::UserId;
use std::collections::BTreeMap;
use std::sync::Arc;

const SECRET: &str = "aA0bB1cC2dD3eE4fF5gG6hH7iI8jJ9kK";
const SESSION: &str = "0123456789abcdef0123456789abcdef";

async fn name(CurrentUser(user): CurrentUser<User>) -> &'static str {
    user.username
}

fn router(auth: Authentication<User>) -> Router {
    Router::new().route("/", get(name).post(name)).with_state(auth)
}

fn mseo() -> Arc<Users> {
    Users::of([user(1, "mseo")])
}

fn by_token_cookie(csrf: Csrf) -> Authentication<User> {
    Authentication::new(
        JwtAuthentication::new(jwt(settings()), mseo())
            .unwrap()
            .cookie("access", csrf),
    )
}

#[tokio::test]
async fn a_token_in_a_cookie_reads_by_itself_and_writes_with_the_csrf_token() {
    let router = router(by_token_cookie(Csrf::over_http()));
    let cookie = format!("access={}; csrftoken={SECRET}", access(1, &[]));
    assert_eq!(ask(&router, "GET /", &[("cookie", &cookie)]).await.body, "mseo");

    let forged = ask(&router, "POST /", &[("cookie", &cookie)]).await;
    assert_eq!(
        forged.refusal(),
        (403, None, r#"{"detail":"CSRF Failed: CSRF token missing."}"#)
    );
    let with_token = [("cookie", cookie.as_str()), ("x-csrftoken", SECRET)];
    assert_eq!(ask(&router, "POST /", &with_token).await.body, "mseo");
    let foreign = [with_token[0], with_token[1], ("origin", "http://evil.example")];
    let body = concat!(
        r#"{"detail":"CSRF Failed: Origin checking failed - http://evil.example "#,
        r#"does not match any trusted origins."}"#
    );
    assert_eq!(
        ask(&router, "POST /", &foreign).await.refusal(),
        (403, None, body)
    );
}

#[tokio::test]
async fn a_bearer_header_wins_over_the_cookie_and_needs_no_csrf_token() {
    let router = router(by_token_cookie(Csrf::over_http()));
    let bearer = format!("Bearer {}", access(1, &[]));
    let headers = [("authorization", bearer.as_str()), ("cookie", "access=abc")];
    assert_eq!(ask(&router, "POST /", &headers).await.body, "mseo");
    let headers = [("authorization", "Bearer abc"), ("cookie", bearer.as_str())];
    assert_eq!(ask(&router, "GET /", &headers).await.status, 401);
}

#[tokio::test]
async fn a_cookie_that_is_empty_is_none_and_one_that_is_no_token_is_refused() {
    let router = router(by_token_cookie(Csrf::over_http()));
    for (cookie, word) in [
        ("access=\"\"", "Authentication credentials were not provided."),
        ("other=1", "Authentication credentials were not provided."),
        ("access=abc", "Token is invalid"),
    ] {
        let reply = ask(&router, "GET /", &[("cookie", cookie)]).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("www-authenticate")),
            (401, BEARER)
        );
        assert!(reply.body.contains(word), "{cookie}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_cookie_that_is_no_longer_good_closes_no_page_that_is_open_to_all() {
    let auth = by_token_cookie(Csrf::over_http()).or(by_session(good(), Users::of([user(1, "by session")])));
    let open =
        async |user: Option<CurrentUser<User>>| user.map_or("nobody", |CurrentUser(user)| user.username);
    let router = Router::new()
        .route("/open", get(open))
        .route("/any", get(async || "in").route_layer(auth.require(AllowAny)))
        .route(
            "/guarded",
            get(async || "in").route_layer(auth.require(IsAuthenticated)),
        )
        .with_state(auth);
    let stale = [("cookie", "access=abc")];
    assert_eq!(ask(&router, "GET /open", &stale).await.body, "nobody");
    assert_eq!(ask(&router, "GET /any", &stale).await.body, "in");
    let refused = ask(&router, "GET /guarded", &stale).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("www-authenticate")),
        (401, BEARER)
    );
    assert!(refused.body.contains("Token is invalid"), "{}", refused.body);
    // It does not end the search either.
    let cookie = format!("access=abc; sessionid={SESSION}");
    assert_eq!(
        ask(&router, "GET /open", &[("cookie", &cookie)]).await.body,
        "by session"
    );
}

#[tokio::test]
async fn over_https_the_page_that_sends_it_must_be_one_of_ours_or_trusted() {
    let settings = CsrfSettings::default()
        .trusted_origins(["https://app.example"])
        .unwrap();
    let csrf = Csrf::over_https().settings(settings).cookie_name("xsrf");
    let router = router(by_token_cookie(csrf));
    let cookie = format!("access={}; xsrf={SECRET}", access(1, &[]));
    for (name, value, status) in [
        ("origin", "https://testserver", 200),
        ("origin", "https://app.example", 200),
        ("origin", "http://testserver", 403),
        ("referer", "https://testserver/page", 200),
        ("referer", "https://evil.example/testserver", 403),
        ("x-other", "neither Origin nor Referer", 403),
    ] {
        let headers = [
            ("cookie", cookie.as_str()),
            ("x-csrftoken", SECRET),
            (name, value),
        ];
        assert_eq!(
            ask(&router, "POST /", &headers).await.status,
            status,
            "{name}: {value}"
        );
    }
}

/// Rows of `django_session` in memory, or an outage.
struct Rows(Option<BTreeMap<String, SessionRow>>);

impl SessionSource for Rows {
    async fn session(&self, key: &SessionKey) -> Result<Option<SessionRow>, SourceError> {
        let rows = self
            .0
            .as_ref()
            .ok_or_else(|| SourceError::unavailable("no connection"))?;
        Ok(rows.get(key.expose()).cloned())
    }
}

fn keys(current: &str, fallbacks: &[&str]) -> SecretKeys {
    SecretKeys::new(
        SecretKey::new(current),
        fallbacks.iter().map(|key| SecretKey::new(*key)).collect(),
    )
}

/// A session of user 1 as a sign-in under these keys writes it, changed before it is signed.
fn row(keys: &SecretKeys, change: impl FnOnce(&mut SessionData)) -> SessionRow {
    let mut data = SessionData::default();
    data.set_login(
        &UserId::Int(1),
        user(1, "").password,
        &SessionAuthHasher::new(keys),
    );
    change(&mut data);
    let now = Timestamp::from_second(NOW).unwrap();
    SessionRow {
        session_data: SessionCodec::new(keys).encode(&data, now),
        expire_date: Timestamp::from_second(NOW + 1).unwrap(),
    }
}

fn by_session(row: SessionRow, users: Arc<Users>) -> SessionAuthentication<Arc<Users>, Rows> {
    let rows = Rows(Some(BTreeMap::from([(SESSION.to_owned(), row)])));
    let now = Timestamp::from_second(NOW).unwrap();
    SessionAuthentication::new(&keys(KEY, &["the key before"]), users, rows, Csrf::over_http())
        .with_clock(move || now)
}

fn good() -> SessionRow {
    row(&keys(KEY, &[]), |_| {})
}

/// What `GET /` with the session's cookie is answered.
async fn name_by(class: SessionAuthentication<Arc<Users>, Rows>) -> String {
    let router = router(Authentication::new(class));
    ask(&router, "GET /", &[("cookie", &format!("sessionid={SESSION}"))])
        .await
        .body
}

const NOBODY: &str = r#"{"detail":"Authentication credentials were not provided."}"#;

#[tokio::test]
async fn djangos_session_reads_by_itself_and_writes_with_the_csrf_token() {
    let router = router(Authentication::new(by_session(good(), mseo())));
    let cookie = format!("sessionid={SESSION}; csrftoken={SECRET}");
    assert_eq!(ask(&router, "GET /", &[("cookie", &cookie)]).await.body, "mseo");
    let forged = ask(&router, "POST /", &[("cookie", &cookie)]).await;
    assert_eq!(
        forged.refusal(),
        (403, None, r#"{"detail":"CSRF Failed: CSRF token missing."}"#)
    );
    let with_token = [("cookie", cookie.as_str()), ("x-csrftoken", SECRET)];
    assert_eq!(ask(&router, "POST /", &with_token).await.body, "mseo");
    // Nobody has nothing to forge.
    assert_eq!(ask(&router, "POST /", &[]).await.body, NOBODY);
}

#[tokio::test]
async fn a_session_under_an_old_secret_key_holds() {
    assert_eq!(
        name_by(by_session(row(&keys("the key before", &[]), |_| {}), mseo())).await,
        "mseo"
    );
    assert_eq!(
        name_by(by_session(row(&keys("another key", &[]), |_| {}), mseo())).await,
        NOBODY
    );
}

#[tokio::test]
async fn a_session_that_no_longer_holds_is_nobodys() {
    let mut expired = good();
    expired.expire_date = Timestamp::from_second(NOW).unwrap();
    let mut damaged = good();
    damaged.session_data.push('x');
    let foreign = row(&keys(KEY, &[]), |data| {
        data.insert("_auth_user_backend", "another.Backend");
    });
    let nobody = row(&keys(KEY, &[]), |data| assert!(data.remove("_auth_user_id")));
    for row in [expired, damaged, foreign, nobody] {
        assert_eq!(name_by(by_session(row, mseo())).await, NOBODY);
    }
    let mut changed = user(1, "mseo");
    changed.password = "another";
    let mut locked_out = user(1, "mseo");
    locked_out.is_active = false;
    for person in [changed, locked_out, user(2, "somebody else")] {
        assert_eq!(name_by(by_session(good(), Users::of([person]))).await, NOBODY);
    }
}

struct AllEnded;

impl Revocations for AllEnded {
    fn is_revoked(&self, sid: Option<&str>, _: Option<&str>) -> Result<bool, SourceError> {
        Ok(sid.is_some())
    }
}

#[tokio::test]
async fn a_session_whose_sign_in_has_ended_is_nobodys() {
    let with_record = || row(&keys(KEY, &[]), |data| data.insert("_munjigi_sid", "sid"));
    assert_eq!(name_by(by_session(with_record(), mseo())).await, "mseo");
    assert_eq!(
        name_by(by_session(with_record(), mseo()).revocations(AllEnded)).await,
        NOBODY
    );
    assert_eq!(
        name_by(by_session(good(), mseo()).revocations(AllEnded)).await,
        "mseo"
    );
}

#[tokio::test]
async fn the_cookie_has_the_name_that_is_set() {
    let router = router(Authentication::new(by_session(good(), mseo()).cookie_name("sid")));
    assert_eq!(
        ask(&router, "GET /", &[("cookie", &format!("sid={SESSION}"))])
            .await
            .body,
        "mseo"
    );
    assert_eq!(
        ask(&router, "GET /", &[("cookie", &format!("sessionid={SESSION}"))])
            .await
            .body,
        NOBODY
    );
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_503() {
    let rows = Rows(None);
    let class = SessionAuthentication::new(&keys(KEY, &[]), mseo(), rows, Csrf::over_http());
    let router = router(Authentication::new(class));
    let cookie = format!("sessionid={SESSION}");
    assert_eq!(ask(&router, "GET /", &[("cookie", &cookie)]).await.status, 503);
    // A key that is too short is looked up nowhere.
    assert_eq!(
        ask(&router, "GET /", &[("cookie", "sessionid=short")]).await.body,
        NOBODY
    );
}

#[tokio::test]
async fn the_first_class_that_finds_a_credential_decides_and_the_first_of_all_has_the_challenge() {
    let jwt_class = || {
        JwtAuthentication::new(
            jwt(settings()),
            Users::of([user(2, "by token"), user(1, "by token")]),
        )
        .unwrap()
    };
    let session_class = || by_session(good(), Users::of([user(1, "by session")]));
    let (bearer, cookie) = (
        format!("Bearer {}", access(2, &[])),
        format!("sessionid={SESSION}"),
    );
    let both = [("authorization", bearer.as_str()), ("cookie", cookie.as_str())];

    let token_first = router(Authentication::new(jwt_class()).or(session_class()));
    assert_eq!(ask(&token_first, "GET /", &both).await.body, "by token");
    assert_eq!(ask(&token_first, "GET /", &both[1..]).await.body, "by session");
    assert_eq!(
        ask(&token_first, "GET /", &[]).await.refusal(),
        (401, BEARER, NOBODY)
    );

    let session_first = router(Authentication::new(session_class()).or(jwt_class()));
    assert_eq!(ask(&session_first, "GET /", &both).await.body, "by session");
    assert_eq!(
        by_bearer(&session_first, "/", &access(1, &[])).await.body,
        "by token"
    );
    // DRF: a first class without a challenge turns 401 into 403.
    assert_eq!(
        ask(&session_first, "GET /", &[]).await.refusal(),
        (403, None, NOBODY)
    );
    let bad = ask(&session_first, "GET /", &[("authorization", "Bearer abc")]).await;
    assert_eq!((bad.status.as_u16(), bad.header("www-authenticate")), (403, None));
}
