//! Signing out by cookie, whatever the cookies carry.

use super::{GONE, attributes, browser, server};
use crate::support::{Database, on_both};
use serde_json::json;

on_both!(
    signing_out_by_cookie_ends_the_sign_in_and_clears_both,
    signing_out_by_cookie_needs_the_csrf_token,
    signing_out_clears_cookies_whose_tokens_are_dead,
    signing_out_by_the_access_cookie_alone_ends_the_sign_in,
    signing_out_ends_what_either_cookie_carries_though_they_do_not_belong_together,
);

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
