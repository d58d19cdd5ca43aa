//! Tokens in cookies: `SIMPLE_JWT.AUTH_COOKIE` and its kin, each at another value than its default.

mod refreshing;
mod signing_out;
mod stale;

use crate::support::{Client, Database, Reply, TestServer, mseo, mseo_signs_in, on_both};
use munjigi::accounts::ended;
use serde_json::json;

on_both!(
    without_a_name_no_token_stands_in_a_cookie,
    a_sign_in_sets_both_cookies_and_a_new_csrf_token,
    a_sign_up_with_tokens_sets_them_too,
    each_attribute_is_the_one_that_is_written,
    the_cookie_opens_me_without_a_header,
    a_bearer_header_wins_over_the_cookie,
    a_request_by_cookie_needs_the_csrf_token_where_it_changes_something,
    the_class_of_the_cookie_is_jwt_authentication,
    without_a_row_the_cookie_opens_me_by_what_the_token_says,
    with_cookies_only_no_body_has_a_token,
    simplejwts_routes_read_and_set_no_cookie,
    a_foreign_page_does_nothing_by_cookie,
);

const COOKIE: (&str, &str) = ("SIMPLE_JWT__AUTH_COOKIE", "access");

async fn server(database: Database, settings: &[(&str, &str)]) -> TestServer {
    let server = database.server_with(&[&[COOKIE], settings].concat()).await;
    server.signed_up().await;
    server
}

/// A browser in which the notes' user has signed in by JWT.
async fn browser(server: &TestServer) -> (Client<'_>, Reply) {
    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
    (client, reply.expect_status(200))
}

/// The attributes of a cookie, after its value.
#[track_caller]
fn attributes<'r>(reply: &'r Reply, name: &str) -> &'r str {
    reply.set_cookie(name).expect(name).split_once("; ").unwrap().1
}

const GONE: &str = "expires=Thu, 01 Jan 1970 00:00:00 GMT; ";

async fn without_a_name_no_token_stands_in_a_cookie(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (mut client, reply) = browser(&server).await;
    assert!(reply.headers.get("set-cookie").is_none());
    client.cookies.insert("access".into(), reply.text("access_token"));
    client
        .cookies
        .insert("access_refresh".into(), reply.text("refresh_token"));
    client
        .get("/user/me")
        .await
        .expect_error(401, "not_authenticated");
    let reply = client.post("/user/jwt_refresh", &json!({})).await;
    reply.expect_error(400, "invalid");
    let reply = client.post("/user/jwt_signout", &json!({})).await;
    let reply = reply.expect_error(400, "invalid");
    assert!(reply.headers.get("set-cookie").is_none());
}

async fn a_sign_in_sets_both_cookies_and_a_new_csrf_token(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, reply) = browser(&server).await;
    assert!(
        reply
            .json()
            .as_object()
            .unwrap()
            .keys()
            .eq(["access_token", "refresh_token", "message"])
    );
    assert_eq!(client.cookies["access"], reply.text("access_token"));
    assert_eq!(client.cookies["access_refresh"], reply.text("refresh_token"));
    assert_eq!(
        attributes(&reply, "access"),
        "expires=Thu, 01 Jan 2026 00:05:00 GMT; HttpOnly; Max-Age=300; Path=/; SameSite=Lax"
    );
    assert_eq!(
        attributes(&reply, "access_refresh"),
        "expires=Thu, 08 Jan 2026 00:00:00 GMT; HttpOnly; Max-Age=604800; Path=/user/; SameSite=Lax"
    );
    assert!(attributes(&reply, "csrftoken").ends_with("Max-Age=31449600; Path=/; SameSite=Lax"));
    assert!(reply.list("vary").contains(&"Cookie".to_owned()));

    let before = client.cookies["csrftoken"].clone();
    let again = client.post("/user/jwt_signin", &mseo_signs_in()).await;
    again.expect_status(200);
    assert_ne!(
        client.cookies["csrftoken"], before,
        "a secret known from before is worth nothing"
    );
}

async fn a_sign_up_with_tokens_sets_them_too(database: Database) {
    let server = database.server_with(&[COOKIE]).await;
    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signup", &mseo()).await.expect_status(201);
    assert_eq!(client.cookies["access"], reply.text("access_token"));
    assert_eq!(client.cookies["access_refresh"], reply.text("refresh_token"));
    assert!(client.cookies.contains_key("csrftoken"));
    client.get("/user/me").await.expect_status(200);
}

async fn each_attribute_is_the_one_that_is_written(database: Database) {
    let settings = [
        ("SIMPLE_JWT__AUTH_COOKIE_REFRESH", "again"),
        ("SIMPLE_JWT__AUTH_COOKIE_REFRESH_PATH", "/user/jwt_refresh"),
        ("SIMPLE_JWT__AUTH_COOKIE_DOMAIN", "example.com"),
        ("SIMPLE_JWT__AUTH_COOKIE_SECURE", "true"),
        ("SIMPLE_JWT__AUTH_COOKIE_HTTP_ONLY", "false"),
        ("SIMPLE_JWT__AUTH_COOKIE_PATH", "/api"),
        ("SIMPLE_JWT__AUTH_COOKIE_SAMESITE", "Strict"),
        ("SIMPLE_JWT__ACCESS_TOKEN_LIFETIME", "1h"),
        ("SIMPLE_JWT__REFRESH_TOKEN_LIFETIME", "1d"),
    ];
    let server = server(database, &settings).await;
    let (mut client, reply) = browser(&server).await;
    let access = "Path=/api; SameSite=Strict; Secure";
    let refresh = "Path=/user/jwt_refresh; SameSite=Strict; Secure";
    assert_eq!(
        attributes(&reply, "access"),
        format!("Domain=example.com; expires=Thu, 01 Jan 2026 01:00:00 GMT; Max-Age=3600; {access}")
    );
    assert_eq!(
        attributes(&reply, "again"),
        format!(
            "Domain=example.com; expires=Fri, 02 Jan 2026 00:00:00 GMT; HttpOnly; Max-Age=86400; {refresh}"
        )
    );

    client.csrf_header();
    let reply = client
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
    assert_eq!(
        attributes(&reply, "access"),
        format!("Domain=example.com; {GONE}Max-Age=0; {access}")
    );
    assert_eq!(
        attributes(&reply, "again"),
        format!("Domain=example.com; {GONE}HttpOnly; Max-Age=0; {refresh}")
    );
}

async fn the_cookie_opens_me_without_a_header(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, _) = browser(&server).await;
    let me = json!({"id": 1, "username": "mseo", "email": "mseo@naver.com", "age": 24});
    let reply = client.get("/user/me").await.expect_status(200);
    assert_eq!(reply.json(), me);
    assert!(reply.headers.get("set-cookie").is_none());
}

async fn a_bearer_header_wins_over_the_cookie(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, reply) = browser(&server).await;
    client.bearer("no.token.atall");
    client.get("/user/me").await.expect_error(401, "token_not_valid");
    // By header no page of another site can be behind it, so that no CSRF token is asked for.
    client.bearer(&reply.text("access_token"));
    client.get("/user/me").await.expect_status(200);
    client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(200);
    client
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
}

async fn a_request_by_cookie_needs_the_csrf_token_where_it_changes_something(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, _) = browser(&server).await;
    let path = "/user/session_signout";
    let reply = client
        .post(path, &json!({}))
        .await
        .expect_error(403, "csrf_token_missing");
    assert_eq!(
        reply.json(),
        json!({"detail": "CSRF Failed: CSRF token missing."})
    );
    client.header("x-csrftoken", &"x".repeat(32));
    let reply = client.post(path, &json!({})).await.expect_status(403);
    assert_eq!(
        reply.json(),
        json!({"detail": "CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header incorrect."})
    );
    let token = client.cookies.remove("csrftoken").unwrap();
    let reply = client.post(path, &json!({})).await.expect_status(403);
    assert_eq!(
        reply.json(),
        json!({"detail": "CSRF Failed: CSRF cookie not set."})
    );
    client.without("x-csrftoken");
    client.cookies.insert("csrftoken".into(), token.clone());
    // A form bears it in a field of its own.
    let form = format!("csrfmiddlewaretoken={token}");
    client.post_form(path, &form).await.expect_status(200);
}

async fn the_class_of_the_cookie_is_jwt_authentication(database: Database) {
    let classes = (
        "REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES",
        r#"["SessionAuthentication"]"#,
    );
    let server = server(database, &[classes]).await;
    let (mut client, _) = browser(&server).await;
    client
        .get("/user/me")
        .await
        .expect_error(401, "not_authenticated");
}

async fn without_a_row_the_cookie_opens_me_by_what_the_token_says(database: Database) {
    let settings = [
        (
            "REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES",
            r#"["JWTStatelessUserAuthentication"]"#,
        ),
        ("SIMPLE_JWT_CLAIMS__USERNAME", "username"),
    ];
    let server = server(database, &settings).await;
    let (mut client, _) = browser(&server).await;
    // Until it is known who has signed out, nobody can tell.
    client.get("/user/me").await.expect_status(503);
    ended::poll(&server.app).await.unwrap();
    server.sql("UPDATE user_user SET username = 'renamed'").await;
    let reply = client.get("/user/me").await.expect_status(200);
    assert_eq!(reply.text("username"), "mseo", "as it was at the sign-in");
    let path = "/user/session_signout";
    client
        .post(path, &json!({}))
        .await
        .expect_error(403, "csrf_token_missing");
    client.cookies.insert("access".into(), "x".into());
    client.get("/user/me").await.expect_error(401, "token_not_valid");
    client.post(path, &json!({})).await.expect_status(200);
}

async fn with_cookies_only_no_body_has_a_token(database: Database) {
    let server = database
        .server_with(&[COOKIE, ("SIMPLE_JWT__AUTH_COOKIE_ONLY", "true")])
        .await;
    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signup", &mseo()).await.expect_status(201);
    assert!(reply.json().as_object().unwrap().keys().eq(["message", "user"]));
    client.get("/user/me").await.expect_status(200);
    let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
    assert_eq!(reply.expect_status(200).json(), json!({"message": "로그인 성공"}));
    let refresh = client.cookies["access_refresh"].clone();
    client.csrf_header();
    let reply = client
        .post("/user/jwt_refresh", &json!({}))
        .await
        .expect_status(200);
    assert_eq!(reply.json(), json!({}));
    client.get("/user/me").await.expect_status(200);
    // Who brings the token himself gets the new one where all of them are.
    let mut other = server.anonymous();
    let body = json!({"refresh_token": refresh});
    let reply = other.post("/user/jwt_refresh", &body).await.expect_status(200);
    assert_eq!(reply.json(), json!({}));
    other.get("/user/me").await.expect_status(200);
}

async fn simplejwts_routes_read_and_set_no_cookie(database: Database) {
    let server = server(database, &[("SIMPLE_JWT__AUTH_COOKIE_ONLY", "true")]).await;
    let (mut client, _) = browser(&server).await;
    client.csrf_header();
    let reply = client.post("/api/token/refresh/", &json!({})).await;
    let reply = reply.expect_error(400, "invalid");
    assert_eq!(reply.json(), json!({"refresh": ["이 필드는 필수 항목입니다."]}));
    let body = json!({"username": "mseo", "password": "1234"});
    let reply = client.post("/api/token/", &body).await.expect_status(200);
    assert!(reply.headers.get("set-cookie").is_none());
    let body = json!({"refresh": reply.text("refresh")});
    let reply = client.post("/api/token/refresh/", &body).await.expect_status(200);
    assert!(reply.headers.get("set-cookie").is_none());
    reply.text("access");
}

async fn a_foreign_page_does_nothing_by_cookie(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, _) = browser(&server).await;
    client.csrf_header();
    client.header("origin", "https://evil.example");
    for path in ["/user/jwt_refresh", "/user/jwt_signout", "/user/session_signout"] {
        let reply = client
            .post(path, &json!({}))
            .await
            .expect_error(403, "cross_site");
        assert!(reply.headers.get("set-cookie").is_none());
    }
    let reply = client.get("/user/me").await.expect_status(200);
    assert_eq!(reply.header("access-control-allow-origin"), "");
    client.without("origin");
    client
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
}
