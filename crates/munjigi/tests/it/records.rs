//! The record behind each sign-in, and signing out of one.

use crate::support::{
    Database, SECRET_KEY, START, SignedIn, TestServer, at_once, claims, jti, mseo_signs_in,
};
use crate::support::{on_both, signed};
use munjigi_store::records::{EndReason, Record};
use serde_json::json;

on_both!(
    each_sign_in_has_a_record,
    signing_out_of_a_session_ends_that_sign_in_alone,
    signing_out_by_a_refresh_token_ends_that_sign_in_alone,
    signing_out_by_an_access_token_ends_that_sign_in_alone,
    a_token_that_is_dead_signs_out_as_well,
    signing_out_at_the_same_time_ends_the_sign_in_once,
    signing_out_by_nothing_and_by_nonsense_is_refused,
);

async fn each_sign_in_has_a_record(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    assert!(server.records("mseo").await.is_empty());
    let mut client = server.anonymous();
    client.comes_from("203.0.113.7");
    client.header("user-agent", "curl/8.5.0");
    let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
    let by_notes = claims(&reply.expect_status(200).text("refresh_token"));
    server.clock.advance(1);
    let body = json!({"username": "mseo", "password": "1234"});
    let reply = client.post("/api/token/", &body).await;
    let by_simplejwt = claims(&reply.expect_status(200).text("refresh"));
    server.clock.advance(1);
    client.without("user-agent");
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);

    let records = server.records("mseo").await;
    assert_eq!(records.len(), 3);
    let password = server.user("mseo").await.password;
    for (at, record) in records.iter().enumerate() {
        assert_eq!(record.user_id, "1");
        assert_eq!(record.opened_at.as_second(), START + i64::try_from(at).unwrap());
        assert_eq!(record.client.address.as_deref(), Some("203.0.113.7"));
        let agent = (at < 2).then_some("curl/8.5.0");
        assert_eq!(record.client.agent.as_deref(), agent);
        assert_eq!(record.auth_hash.len(), 64);
        assert!(!record.auth_hash.contains(&password));
        assert!(record.ended_at.is_none() && record.rotations == 0);
    }
    for (record, refresh) in records.iter().zip([&by_notes, &by_simplejwt]) {
        assert_eq!(record.sid, refresh["sid"]);
        assert_eq!(record.jti.as_deref(), refresh["jti"].as_str());
        assert_eq!(record.jti_exp.unwrap().as_second(), refresh["exp"]);
        assert_eq!(record.django_session_key, None);
    }
    assert_eq!(records[2].jti, None);
    let key = &client.cookies["sessionid"];
    assert_eq!(records[2].django_session_key.as_ref(), Some(key));
    // An access token more is no sign-in more.
    let body = json!({"refresh_token": signed(&by_notes, SECRET_KEY)});
    client.post("/user/jwt_refresh", &body).await.expect_status(200);
    assert_eq!(server.records("mseo").await.len(), 3);
}

async fn signing_out_of_a_session_ends_that_sign_in_alone(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = server.anonymous();
    other
        .post("/user/session_signin", &mseo_signs_in())
        .await
        .expect_status(200);
    let sid = sid_of(&server, &user.browser.cookies["sessionid"]).await;
    server.clock.advance(7);
    user.browser.csrf_header();
    let reply = user.browser.post("/user/session_signout", &json!({})).await;
    reply.expect_status(200);
    assert_eq!(user.holds().await, [true, true, false]);
    other.get("/user/me").await.expect_status(200);
    let record = server.record(&sid).await;
    assert_eq!(record.end_reason, Some(EndReason::SignOut));
    assert_eq!(record.ended_at, Some(server.clock.now()));
    assert_eq!(server.records("mseo").await.len(), 3);
}

async fn signing_out_by_a_refresh_token_ends_that_sign_in_alone(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut client = server.anonymous();
    client.speaks_english();
    let body = json!({"refresh_token": user.first.1});
    let reply = client.post("/user/jwt_signout", &body).await.expect_status(200);
    assert_eq!(reply.json(), json!({"message": "Signed out"}));
    assert_eq!(user.holds().await, [false, true, true]);

    client.bearer(&user.first.0);
    let reply = client
        .get("/user/me")
        .await
        .expect_error(401, "token_blacklisted");
    assert_eq!(reply.json()["messages"][0]["message"], "Token is blacklisted");
    let reply = client
        .post("/user/jwt_refresh", &body)
        .await
        .expect_error(401, "token_blacklisted");
    let refused = json!({"detail": "Token is blacklisted", "code": "token_not_valid"});
    assert_eq!(reply.json(), refused);
    assert_eq!(server.blacklisted().await, [jti(&user.first.1)]);
    let record = server
        .record(claims(&user.first.0)["sid"].as_str().unwrap())
        .await;
    assert_eq!(record.end_reason, Some(EndReason::SignOut));
}

async fn signing_out_by_an_access_token_ends_that_sign_in_alone(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut client = server.anonymous();
    client.bearer(&user.second.0);
    let reply = client
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
    assert_eq!(reply.json(), json!({"message": "로그아웃 성공"}));
    assert_eq!(user.holds().await, [true, false, true]);
    // A Django beside us asks for the refresh token by its id.
    assert_eq!(server.blacklisted().await, [jti(&user.second.1)]);

    // Of a bearer and a refresh token, the refresh token counts.
    client.bearer("garbage");
    let body = json!({"refresh_token": user.first.1});
    client.post("/user/jwt_signout", &body).await.expect_status(200);
    assert_eq!(user.holds().await, [false, false, true]);
    // By a form and without a body, as curl sends it.
    let (access, refresh) = server.tokens().await;
    client.without("authorization");
    let body = format!("refresh_token={refresh}");
    let reply = client.post_form("/user/jwt_signout", &body).await;
    reply.expect_status(200);
    server.me(&access).await.expect_status(401);
    let (access, _) = server.tokens().await;
    client.bearer(&access);
    let reply = client.send(http::Method::POST, "/user/jwt_signout/", None, Vec::new());
    reply.await.expect_status(200);
    server.me(&access).await.expect_status(401);
}

async fn a_token_that_is_dead_signs_out_as_well(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, refresh) = server.tokens().await;
    let body = json!({"refresh_token": refresh});
    let mut client = server.anonymous();
    for _ in 0..2 {
        client.post("/user/jwt_signout", &body).await.expect_status(200);
    }
    let mut bearer = server.anonymous();
    bearer.bearer(&access);
    bearer
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
    assert_eq!(server.blacklisted().await, [jti(&refresh)]);

    let (access, refresh) = server.tokens().await;
    server.clock.advance(604_800);
    bearer.bearer(&access);
    bearer
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
    let body = json!({"refresh_token": refresh});
    client.post("/user/jwt_signout", &body).await.expect_status(200);
}

async fn signing_out_at_the_same_time_ends_the_sign_in_once(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let body = json!({"refresh_token": user.first.1});
    let signing_out = async |_: usize| {
        let mut client = server.anonymous();
        client.post("/user/jwt_signout", &body).await.status
    };
    let statuses = at_once((0..8).map(signing_out)).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(user.holds().await, [false, true, true]);
    assert_eq!(server.blacklisted().await, [jti(&user.first.1)]);
}

async fn signing_out_by_nothing_and_by_nonsense_is_refused(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut client = server.anonymous();
    for (body, text) in [
        (json!({}), "이 필드는 필수 항목입니다."),
        (json!({"refresh_token": null}), "이 필드는 null일 수 없습니다."),
        (json!({"refresh_token": " "}), "이 필드는 blank일 수 없습니다."),
        (
            json!({"refresh_token": [user.first.1]}),
            "유효한 문자열이 아닙니다.",
        ),
        (json!({"refresh_token": true}), "유효한 문자열이 아닙니다."),
    ] {
        let reply = client
            .post("/user/jwt_signout", &body)
            .await
            .expect_error(400, "invalid");
        assert_eq!(reply.json(), json!({"refresh_token": [text]}));
    }
    for (token, word) in [
        ("garbage".to_owned(), "token_not_valid"),
        ("a.b.c".to_owned(), "token_not_valid"),
        (user.first.0.clone(), "token_wrong_type"),
        (
            signed(&claims(&user.first.1), "another-key-0123456789-0123456789-012345"),
            "token_not_valid",
        ),
    ] {
        let body = json!({"refresh_token": token});
        let reply = client.post("/user/jwt_signout", &body).await;
        reply.expect_error(401, word);
    }
    for bearer in ["garbage", &user.first.1] {
        client.bearer(bearer);
        let reply = client.post("/user/jwt_signout", &json!({})).await;
        reply.expect_status(401);
    }
    // A bearer does not stand in for a refresh token that is wrong.
    client.bearer(&user.first.0);
    let body = json!({"refresh_token": [user.first.1]});
    let reply = client.post("/user/jwt_signout", &body).await;
    reply.expect_error(400, "invalid");
    assert_eq!(user.holds().await, [true, true, true]);
}

async fn sid_of(server: &TestServer, session_key: &str) -> String {
    let records = server.records("mseo").await;
    let carries = |record: &&Record| record.django_session_key.as_deref() == Some(session_key);
    records.iter().find(carries).unwrap().sid.clone()
}
