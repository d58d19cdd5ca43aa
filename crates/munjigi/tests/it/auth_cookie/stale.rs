//! A cookie that is stale, or no token at all.

use super::{browser, server};
use crate::support::{Database, claims, mseo_signs_in, on_both, signed};
use serde_json::json;

on_both!(
    a_stale_cookie_is_told_and_shuts_no_door_that_is_open_without_it,
    a_stale_cookie_does_not_hide_a_session,
    a_cookie_that_is_no_token_is_no_error_of_ours,
);

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
