//! The refresh cookie: a new access token, a rotation, and what needs a CSRF token.

use super::{attributes, browser, server};
use crate::support::{Database, START, claims, on_both};
use serde_json::json;

on_both!(
    the_refresh_cookie_gives_a_new_access_cookie,
    a_rotation_sets_the_new_refresh_cookie,
    a_refresh_token_in_the_body_needs_no_csrf_token,
);

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
