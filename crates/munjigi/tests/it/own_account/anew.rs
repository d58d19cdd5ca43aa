//! Another password, where the tokens that it came by give way to new ones.

use super::{NEW, bearing, change_password, signs_in_anew};
use crate::support::{Database, SignedIn, jti, on_both};
use serde_json::json;

on_both!(
    a_token_that_says_its_password_gives_way_to_a_new_pair,
    a_sliding_token_that_says_its_password_gives_way_to_a_new_one,
    a_token_of_djangos_gives_way_to_a_pair_with_a_record,
);

const REVOKES: (&str, &str) = ("SIMPLE_JWT__CHECK_REVOKE_TOKEN", "true");

async fn a_token_that_says_its_password_gives_way_to_a_new_pair(database: Database) {
    let server = database
        .server_with(&[REVOKES, ("SIMPLE_JWT__AUTH_COOKIE", "access")])
        .await;
    let mut user = SignedIn::new(&server).await;
    let mut phone = bearing(&server, &user.first.0);
    let reply = change_password(&mut phone).await.expect_status(200);
    let (access, refresh) = (reply.text("access_token"), reply.text("refresh_token"));
    assert_eq!(phone.cookies["access"], access);
    assert_eq!(phone.cookies["access_refresh"], refresh);
    assert_eq!(user.holds().await, [false, false, false]);
    server.me(&access).await.expect_status(200);
    server.refresh(&refresh).await.expect_status(200);
    let records = server.records("mseo").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].jti, Some(jti(&refresh)));
    let mut listed = server.blacklisted().await;
    listed.sort();
    let mut used_up = vec![jti(&user.first.1), jti(&user.second.1)];
    used_up.sort();
    assert_eq!(listed, used_up);
    // By the cookies that came with them.
    let mut page = server.anonymous();
    page.cookies = phone.cookies.clone();
    page.get("/user/me").await.expect_status(200);
    // A session says its password as well, and goes on.
    let mut browser = server.anonymous();
    let reply = browser.post("/user/session_signin", &signs_in_anew()).await;
    reply.expect_status(200);
    browser.csrf_header();
    let back = json!({"current_password": NEW, "new_password": "1234"});
    let reply = browser
        .post("/user/password_change", &back)
        .await
        .expect_status(200);
    assert_eq!(reply.json(), json!({"message": "비밀번호 변경 성공"}));
    browser.get("/user/me").await.expect_status(200);
    server.me(&access).await.expect_status(401);
}

async fn a_sliding_token_that_says_its_password_gives_way_to_a_new_one(database: Database) {
    let classes = r#"["rest_framework_simplejwt.tokens.SlidingToken"]"#;
    let server = database
        .server_with(&[REVOKES, ("SIMPLE_JWT__AUTH_TOKEN_CLASSES", classes)])
        .await;
    server.signed_up().await;
    let mut client = server.anonymous();
    let body = json!({"username": "mseo", "password": "1234"});
    let old = client.post("/api/token/sliding/", &body).await.text("token");
    client.bearer(&old);
    let new = change_password(&mut client)
        .await
        .expect_status(200)
        .text("token");
    let refresh = async |token: &str| {
        let mut client = server.anonymous();
        let reply = client
            .post("/api/token/sliding/refresh/", &json!({"token": token}))
            .await;
        reply.status.as_u16()
    };
    assert_eq!(
        (server.me(&old).await.status.as_u16(), refresh(&old).await),
        (401, 401)
    );
    assert_eq!(
        (server.me(&new).await.status.as_u16(), refresh(&new).await),
        (200, 200)
    );
    assert_eq!(server.blacklisted().await, [jti(&old)]);
}

async fn a_token_of_djangos_gives_way_to_a_pair_with_a_record(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, refresh) = server.given_by_django("mseo").await;
    let reply = change_password(&mut bearing(&server, &access))
        .await
        .expect_status(200);
    server
        .refresh(&refresh)
        .await
        .expect_error(401, "token_blacklisted");
    server.me(&reply.text("access_token")).await.expect_status(200);
    server
        .refresh(&reply.text("refresh_token"))
        .await
        .expect_status(200);

    // One that Django rotated: the record knows the token before it.
    let mut client = server.anonymous();
    let mine = client.post("/user/jwt_signin", &signs_in_anew()).await;
    let (access, refresh) = (mine.text("access_token"), mine.text("refresh_token"));
    let jti = jti(&refresh);
    server
        .sql(&format!(
            "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
             SELECT id, expires_at FROM token_blacklist_outstandingtoken WHERE jti = '{jti}' RETURNING id"
        ))
        .await;
    let back = json!({"current_password": NEW, "new_password": "1234"});
    let reply = bearing(&server, &access)
        .post("/user/password_change", &back)
        .await;
    let reply = reply.expect_status(200);
    server.me(&access).await.expect_error(401, "token_blacklisted");
    server
        .refresh(&reply.text("refresh_token"))
        .await
        .expect_status(200);
    assert_eq!(server.records("mseo").await.len(), 1);
}
