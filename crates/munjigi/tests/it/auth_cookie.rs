//! Tokens in cookies: `SIMPLE_JWT.AUTH_COOKIE` and its kin, each at another value than its default.

use crate::support::{
    Client, Database, Reply, START, TestServer, claims, mseo, mseo_signs_in, on_both, signed,
};
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
    the_refresh_cookie_gives_a_new_access_cookie,
    a_rotation_sets_the_new_refresh_cookie,
    a_refresh_token_in_the_body_needs_no_csrf_token,
    signing_out_by_cookie_ends_the_sign_in_and_clears_both,
    signing_out_by_cookie_needs_the_csrf_token,
    signing_out_clears_cookies_whose_tokens_are_dead,
    signing_out_by_the_access_cookie_alone_ends_the_sign_in,
    signing_out_ends_what_either_cookie_carries_though_they_do_not_belong_together,
    a_stale_cookie_is_told_and_shuts_no_door_that_is_open_without_it,
    a_stale_cookie_does_not_hide_a_session,
    a_cookie_that_is_no_token_is_no_error_of_ours,
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

async fn the_refresh_cookie_gives_a_new_access_cookie(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, signed_in) = browser(&server).await;
    server.clock.advance(300);
    client.get("/user/me").await.expect_error(401, "token_expired");
    let reply = client.post("/user/jwt_refresh", &json!({})).await;
    let reply = reply.expect_error(403, "csrf_token_missing");
    assert!(reply.headers.get("set-cookie").is_none());

    client.csrf_header();
    let reply = client
        .post("/user/jwt_refresh", &json!({}))
        .await
        .expect_status(200);
    assert!(reply.json().as_object().unwrap().keys().eq(["access_token"]));
    let access = reply.text("access_token");
    assert_eq!(client.cookies["access"], access);
    assert_eq!(claims(&access)["exp"], START + 600);
    assert_eq!(
        attributes(&reply, "access"),
        "expires=Thu, 01 Jan 2026 00:10:00 GMT; HttpOnly; Max-Age=300; Path=/; SameSite=Lax"
    );
    assert!(reply.set_cookie("access_refresh").is_none(), "it did not change");
    assert!(reply.set_cookie("csrftoken").is_none(), "the browser has one");
    client.get("/user/me").await.expect_status(200);
    // By a form, too, whose token is a field.
    client.without("x-csrftoken");
    let form = format!("csrfmiddlewaretoken={}", client.cookies["csrftoken"]);
    client
        .post_form("/user/jwt_refresh", &form)
        .await
        .expect_status(200);

    server.clock.advance(604_800);
    client.csrf_header();
    let reply = client.post("/user/jwt_refresh", &json!({})).await;
    let reply = reply.expect_error(401, "token_expired");
    assert_eq!(reply.json()["code"], "token_not_valid");
    assert_eq!(client.cookies["access_refresh"], signed_in.text("refresh_token"));
}

async fn a_rotation_sets_the_new_refresh_cookie(database: Database) {
    let settings = [
        ("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", "true"),
        ("SIMPLE_JWT__BLACKLIST_AFTER_ROTATION", "true"),
    ];
    let server = server(database, &settings).await;
    let (mut client, signed_in) = browser(&server).await;
    server.clock.advance(60);
    client.csrf_header();
    let reply = client
        .post("/user/jwt_refresh", &json!({}))
        .await
        .expect_status(200);
    let refresh = reply.text("refresh_token");
    assert_ne!(refresh, signed_in.text("refresh_token"));
    assert_eq!(client.cookies["access_refresh"], refresh);
    assert_eq!(
        attributes(&reply, "access_refresh"),
        "expires=Thu, 08 Jan 2026 00:01:00 GMT; HttpOnly; Max-Age=604800; Path=/user/; SameSite=Lax"
    );
    client
        .post("/user/jwt_refresh", &json!({}))
        .await
        .expect_status(200);
}

async fn a_refresh_token_in_the_body_needs_no_csrf_token(database: Database) {
    let server = server(database, &[]).await;
    let (_, refresh) = server.tokens().await;
    let mut client = server.anonymous();
    let body = json!({"refresh_token": refresh});
    let reply = client.post("/user/jwt_refresh", &body).await.expect_status(200);
    assert_eq!(client.cookies["access"], reply.text("access_token"));
    assert!(
        client.cookies.contains_key("csrftoken"),
        "without it the cookie could change nothing"
    );
    // One in the body is meant, whatever the cookie holds; null is not a missing one.
    client.cookies.insert("access_refresh".into(), refresh);
    client.csrf_header();
    for (body, status) in [
        (json!({"refresh_token": "x"}), 401),
        (json!({"refresh_token": null}), 400),
    ] {
        client
            .post("/user/jwt_refresh", &body)
            .await
            .expect_status(status);
    }
}

async fn signing_out_by_cookie_ends_the_sign_in_and_clears_both(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, signed_in) = browser(&server).await;
    client.csrf_header();
    let reply = client
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
    assert_eq!(reply.json(), json!({"message": "로그아웃 성공"}));
    assert_eq!(
        attributes(&reply, "access"),
        format!("{GONE}HttpOnly; Max-Age=0; Path=/; SameSite=Lax")
    );
    assert_eq!(
        attributes(&reply, "access_refresh"),
        format!("{GONE}HttpOnly; Max-Age=0; Path=/user/; SameSite=Lax")
    );
    assert!(
        reply.set_cookie("csrftoken").is_none(),
        "it stays, as at Django's sign-out"
    );
    client
        .get("/user/me")
        .await
        .expect_error(401, "not_authenticated");
    assert!(server.records("mseo").await.is_empty());
    assert_eq!(server.blacklisted().await.len(), 1);
    let access = signed_in.text("access_token");
    server.me(&access).await.expect_error(401, "token_blacklisted");
}

async fn signing_out_by_cookie_needs_the_csrf_token(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, signed_in) = browser(&server).await;
    let reply = client.post("/user/jwt_signout", &json!({})).await;
    let reply = reply.expect_error(403, "csrf_token_missing");
    assert!(reply.headers.get("set-cookie").is_none());
    client.get("/user/me").await.expect_status(200);
    // A page that has the token itself needs no other proof; the cookies go all the same.
    let body = json!({"refresh_token": signed_in.text("refresh_token")});
    client.post("/user/jwt_signout", &body).await.expect_status(200);
    assert!(client.cookies.keys().eq(["csrftoken"]));
    assert!(server.records("mseo").await.is_empty());
}

async fn signing_out_clears_cookies_whose_tokens_are_dead(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, signed_in) = browser(&server).await;
    let dead = [
        signed_in.text("refresh_token"),
        "x".to_owned(),
        "a.b.c".to_owned(),
    ];
    server.clock.advance(604_800);
    client.csrf_header();
    for token in dead {
        client.cookies.insert("access".into(), token.clone());
        client.cookies.insert("access_refresh".into(), token);
        let reply = client
            .post("/user/jwt_signout", &json!({}))
            .await
            .expect_status(200);
        assert_eq!(reply.json(), json!({"message": "로그아웃 성공"}));
        assert!(client.cookies.keys().eq(["csrftoken"]));
    }
    // Without cookies nothing was given, as before.
    let reply = client.post("/user/jwt_signout", &json!({})).await;
    let reply = reply.expect_error(400, "invalid");
    assert_eq!(
        reply.json(),
        json!({"refresh_token": ["이 필드는 필수 항목입니다."]})
    );
}

async fn signing_out_by_the_access_cookie_alone_ends_the_sign_in(database: Database) {
    let server = server(database, &[]).await;
    for other in [None, Some("x.y.z")] {
        let (mut client, _) = browser(&server).await;
        client.cookies.remove("access_refresh");
        if let Some(other) = other {
            client.cookies.insert("access_refresh".into(), other.into());
        }
        client.csrf_header();
        client
            .post("/user/jwt_signout", &json!({}))
            .await
            .expect_status(200);
        assert!(server.records("mseo").await.is_empty(), "{other:?}");
    }
}

async fn signing_out_ends_what_either_cookie_carries_though_they_do_not_belong_together(database: Database) {
    // An access token that outlives its refresh token, too.
    let lives = [
        ("SIMPLE_JWT__ACCESS_TOKEN_LIFETIME", "2h"),
        ("SIMPLE_JWT__REFRESH_TOKEN_LIFETIME", "1h"),
    ];
    let server = server(database, &lives).await;
    let (_, of_another) = browser(&server).await;
    let (mut client, signed_in) = browser(&server).await;
    client
        .cookies
        .insert("access_refresh".into(), of_another.text("refresh_token"));
    client.csrf_header();
    let reply = client.post("/user/jwt_signout", &json!({})).await;
    reply.expect_status(200);
    assert!(server.records("mseo").await.is_empty());
    for ended in [&signed_in, &of_another] {
        let reply = server.me(&ended.text("access_token")).await;
        reply.expect_error(401, "token_blacklisted");
    }

    let (mut client, signed_in) = browser(&server).await;
    server.clock.advance(3_600);
    client.csrf_header();
    let reply = client.post("/user/jwt_signout", &json!({})).await;
    reply.expect_status(200);
    let reply = server.me(&signed_in.text("access_token")).await;
    reply.expect_error(401, "token_blacklisted");
}

async fn a_stale_cookie_is_told_and_shuts_no_door_that_is_open_without_it(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, signed_in) = browser(&server).await;
    let stranger = signed(
        &claims(&signed_in.text("access_token")),
        "another-key-of-thirty-two-bytes-or-more",
    );
    for (token, word) in [
        (stranger, "token_not_valid"),
        (signed_in.text("refresh_token"), "token_wrong_type"),
        ("x".to_owned(), "token_not_valid"),
    ] {
        client.cookies.insert("access".into(), token);
        let reply = client.get("/user/me").await.expect_error(401, word);
        assert_eq!(reply.json()["code"], "token_not_valid");
        assert!(
            reply.headers.get("set-cookie").is_none(),
            "a parallel refresh may have set a new one"
        );
        // Nobody is signed in by it, so that there is nothing to protect.
        client
            .post("/user/session_signout", &json!({}))
            .await
            .expect_status(200);
    }
    let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    client.get("/user/me").await.expect_status(200);

    // A user who is gone or shut out is told as by a header.
    server.sql("UPDATE user_user SET is_active = FALSE").await;
    client.get("/user/me").await.expect_error(401, "user_inactive");
}

async fn a_stale_cookie_does_not_hide_a_session(database: Database) {
    let server = server(database, &[]).await;
    let (mut client, _) = browser(&server).await;
    client
        .post("/user/session_signin", &mseo_signs_in())
        .await
        .expect_status(200);
    client.cookies.insert("access".into(), "x".into());
    client.get("/user/me").await.expect_status(200);
    // Now it is the session that the token is asked for.
    let path = "/user/session_signout";
    client
        .post(path, &json!({}))
        .await
        .expect_error(403, "csrf_token_missing");
    client.csrf_header();
    client.post(path, &json!({})).await.expect_status(200);
    client.get("/user/me").await.expect_error(401, "token_not_valid");
}

async fn a_cookie_that_is_no_token_is_no_error_of_ours(database: Database) {
    let server = server(database, &[]).await;
    let mut client = server.anonymous();
    let long = "a.".repeat(10_000);
    for value in ["", "\"\"", ".", "..", "a.b.c.d", "=", "%00", long.as_str()] {
        for name in ["access", "access_refresh"] {
            client.header(
                "cookie",
                &format!("csrftoken={0}; {name}={value}", "x".repeat(32)),
            );
            client.header("x-csrftoken", &"x".repeat(32));
            let reply = client.get("/user/me").await.expect_status(401);
            assert!(reply.headers.get("set-cookie").is_none());
            let status = client.post("/user/jwt_refresh", &json!({})).await.status;
            assert!(status == 400 || status == 401, "{name}={value}: {status}");
            let status = client.post("/user/jwt_signout", &json!({})).await.status;
            assert!(status == 400 || status == 200, "{name}={value}: {status}");
        }
    }
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
