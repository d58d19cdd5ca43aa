//! `COMPAT_VERSION`: what simplejwt's branch `main` answers otherwise than its release 5.5.1 (`serializers.py`,
//! `TokenRefreshSerializer` and `TokenRefreshSlidingSerializer`).

use crate::support::{Database, SECRET_KEY, TestServer, claims, jti, on_both, signed};
use serde_json::json;

on_both!(
    a_refresh_after_a_change_of_the_password_tells_so_and_takes_the_token_back,
    the_release_has_no_words_for_a_change_of_the_password,
    whose_token_slides_is_asked_before_its_time,
);

/// A refresh token as Django makes it, with no sign-in of ours behind it, for the password that the user has.
async fn djangos(server: &TestServer) -> String {
    server.signed_up().await;
    let (_, refresh) = server.tokens().await;
    let mut made = claims(&refresh);
    assert!(made["hash_password"].is_string());
    made.as_object_mut().unwrap().shift_remove("sid");
    made["jti"] = json!("10000000000040008000000000000001");
    signed(&made, SECRET_KEY)
}

async fn refused(server: &TestServer, path: &str, body: serde_json::Value) -> serde_json::Value {
    let mut client = server.anonymous();
    client.speaks_english();
    client.post(path, &body).await.expect_status(401).json()
}

async fn a_refresh_after_a_change_of_the_password_tells_so_and_takes_the_token_back(database: Database) {
    let settings = [
        ("SIMPLE_JWT__COMPAT_VERSION", "main"),
        ("SIMPLE_JWT__CHECK_REVOKE_TOKEN", "true"),
    ];
    let server = database.server_with(&settings).await;
    let refresh = djangos(&server).await;
    let body = json!({"refresh": refresh});
    let mut client = server.anonymous();
    client.post("/api/token/refresh/", &body).await.expect_status(200);
    server.set_password("mseo", &server.encoded("another")).await;
    assert_eq!(
        refused(&server, "/api/token/refresh/", body.clone()).await,
        json!({"detail": "The user's password has been changed."})
    );
    assert!(server.blacklisted().await.contains(&jti(&refresh)));
    assert_eq!(
        refused(&server, "/api/token/refresh/", body).await,
        json!({"detail": "Token is blacklisted", "code": "token_not_valid"})
    );
}

async fn the_release_has_no_words_for_a_change_of_the_password(database: Database) {
    let server = database
        .server_with(&[("SIMPLE_JWT__CHECK_REVOKE_TOKEN", "true")])
        .await;
    let refresh = djangos(&server).await;
    server.set_password("mseo", &server.encoded("another")).await;
    assert_eq!(
        refused(&server, "/api/token/refresh/", json!({"refresh": refresh})).await,
        json!({"detail": "Token is blacklisted", "code": "token_not_valid"})
    );
    assert!(!server.blacklisted().await.contains(&jti(&refresh)));
}

async fn whose_token_slides_is_asked_before_its_time(database: Database) {
    for (version, detail, code) in [
        ("main", "No active account found for the given token.", None),
        (
            "5.5.1",
            "Token 'refresh_exp' claim has expired",
            Some("token_not_valid"),
        ),
    ] {
        let settings = [
            ("SIMPLE_JWT__COMPAT_VERSION", version),
            ("SIMPLE_JWT__SLIDING_TOKEN_LIFETIME", "2h"),
            ("SIMPLE_JWT__SLIDING_TOKEN_REFRESH_LIFETIME", "1h"),
        ];
        let server = database.twin().await.server_with(&settings).await;
        server.signed_up().await;
        let mut client = server.anonymous();
        let body = json!({"username": "mseo", "password": "1234"});
        let reply = client.post("/api/token/sliding/", &body).await.expect_status(200);
        server.sql("UPDATE user_user SET is_active = false").await;
        server.clock.advance(3600);
        let mut expected = json!({"detail": detail});
        if let Some(code) = code {
            expected["code"] = json!(code);
        }
        let body = json!({"token": reply.text("token")});
        assert_eq!(
            refused(&server, "/api/token/sliding/refresh/", body).await,
            expected,
            "{version}"
        );
    }
}
