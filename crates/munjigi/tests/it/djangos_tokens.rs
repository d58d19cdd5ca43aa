//! Tokens that a Django with the same key makes: they name a user and no sign-in of ours.

use crate::support::{Database, SECRET_KEY, START, claims, jti, on_both, signed};
use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

on_both!(
    a_token_that_django_made_is_taken,
    a_token_that_django_blacklisted_is_refused,
    a_token_for_nobody_opens_nothing,
    a_token_of_a_sign_in_that_is_not_there_is_refused,
    what_django_made_of_a_token_ends_with_the_sign_in,
    what_django_made_of_a_token_stays_with_the_sign_in_that_stays,
);

async fn a_token_that_django_made_is_taken(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    // simplejwt before 5.5 wrote the id as a number.
    for user_id in [json!("1"), json!(1)] {
        let (access, refresh) = djangos_tokens(&user_id);
        assert_eq!(
            server.me(&access).await.expect_status(200).json()["username"],
            "mseo"
        );
        let reply = server.refresh(&refresh).await.expect_status(200);
        let renewed = reply.text("access_token");
        // From then on a record stands behind it.
        let record = server.record(claims(&renewed)["sid"].as_str().unwrap()).await;
        assert_eq!((record.jti, record.rotations), (Some(jti(&refresh)), 0));
        assert_eq!(claims(&renewed)["user_id"], user_id);
        server.me(&renewed).await.expect_status(200);
    }
    assert_eq!(server.records("mseo").await.len(), 1);

    // Its refresh token can be taken back, and an access token that says nothing of a record cannot.
    let (access, refresh) = djangos_tokens(&json!("1"));
    let mut client = server.anonymous();
    client.bearer(&access);
    let reply = client.post("/user/jwt_signout", &json!({})).await;
    reply.expect_error(401, "token_not_valid");
    let body = json!({"refresh_token": refresh});
    client.post("/user/jwt_signout", &body).await.expect_status(200);
    server
        .refresh(&refresh)
        .await
        .expect_error(401, "token_blacklisted");
    assert_eq!(server.blacklisted().await, [jti(&refresh)]);
    server.me(&access).await.expect_status(200);
    assert!(server.records("mseo").await.is_empty());
}

async fn a_token_that_django_blacklisted_is_refused(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, refresh) = server.tokens().await;
    let found = server
        .sql(&format!(
            "SELECT id FROM token_blacklist_outstandingtoken WHERE jti = '{}'",
            jti(&refresh)
        ))
        .await;
    server
        .sql(&format!(
            "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
             VALUES ({}, '2026-01-01 00:00:00')",
            found[0][0]
        ))
        .await;
    server
        .refresh(&refresh)
        .await
        .expect_error(401, "token_blacklisted");
    // As in Django, an access token is not asked for by its refresh token.
    server.me(&access).await.expect_status(200);
}

async fn what_django_made_of_a_token_ends_with_the_sign_in(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, refresh) = server.tokens().await;
    let (_, other) = server.tokens().await;
    for (made_of, jti, given_to) in [
        (&refresh, "its", "1"),
        (&refresh, "its older", "1"),
        (&other, "the other", "1"),
        (&refresh, "nobody", "NULL"),
    ] {
        let mut successor = claims(made_of);
        successor["jti"] = json!(jti);
        let token = signed(&successor, SECRET_KEY);
        server
            .sql(&format!(
                "INSERT INTO token_blacklist_outstandingtoken (user_id, jti, token, expires_at) \
                 VALUES ({given_to}, '{jti}', '{token}', '2027-01-01 00:00:00')"
            ))
            .await;
    }
    for token in ["'no token'", "'a.b.c'", "'a.e30.c'"] {
        server
            .sql(&format!(
                "INSERT INTO token_blacklist_outstandingtoken (user_id, jti, token, expires_at) \
                 VALUES (1, {token}, {token}, '2027-01-01 00:00:00')"
            ))
            .await;
    }
    let mut client = server.anonymous();
    client.bearer(&access);
    client
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
    let mut listed = server.blacklisted().await;
    listed.sort();
    let mut expected = [jti(&refresh), "its".to_owned(), "its older".to_owned()];
    expected.sort();
    assert_eq!(listed, expected);
}

async fn what_django_made_of_a_token_stays_with_the_sign_in_that_stays(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, refresh) = server.tokens().await;
    let (_, other) = server.tokens().await;
    for (made_of, jti) in [(&refresh, "its"), (&other, "the other")] {
        let mut successor = claims(made_of);
        successor["jti"] = json!(jti);
        let token = signed(&successor, SECRET_KEY);
        server
            .sql(&format!(
                "INSERT INTO token_blacklist_outstandingtoken (user_id, jti, token, expires_at) \
                 VALUES (1, '{jti}', '{token}', '2027-01-01 00:00:00')"
            ))
            .await;
    }
    server
        .sql(&format!(
            "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
             SELECT id, '2026-01-01 00:00:00' FROM token_blacklist_outstandingtoken WHERE jti = '{}'",
            jti(&refresh)
        ))
        .await;
    let mut client = server.anonymous();
    client.bearer(&access);
    client
        .send(Method::DELETE, "/user/sessions", None, Body::empty())
        .await
        .expect_status(200);
    assert!(!server.blacklisted().await.contains(&"its".to_owned()));
    assert!(server.blacklisted().await.contains(&"the other".to_owned()));
}

async fn a_token_for_nobody_opens_nothing(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    for user_id in ["2", "0", "-1", "9223372036854775807", "2147483648"] {
        let (access, refresh) = djangos_tokens(&json!(user_id));
        let reply = server.me(&access).await.expect_error(401, "user_not_found");
        let body = json!({"detail": "찾을 수 없는 사용자입니다", "code": "user_not_found"});
        assert_eq!(reply.json(), body);
        server
            .refresh(&refresh)
            .await
            .expect_error(401, "no_active_account");
    }
    // What Python's int() makes a user of and we do not, and what is none at all.
    for user_id in [
        json!("١"),
        json!(" 1"),
        json!("1_0"),
        json!("+1"),
        json!("1.0"),
        json!("one"),
        json!(""),
        json!("99999999999999999999"),
        json!("1\u{0}"),
        json!(true),
        json!(1.0),
        json!(null),
        json!(["1"]),
        json!({"pk": "1"}),
    ] {
        let (access, refresh) = djangos_tokens(&user_id);
        server.me(&access).await.expect_status(401);
        server.refresh(&refresh).await.expect_status(401);
    }
    let mut nameless = djangos_claims("access", &json!("1"));
    nameless.as_object_mut().unwrap().remove("user_id");
    let mut client = server.anonymous();
    client.speaks_english();
    client.bearer(&signed(&nameless, SECRET_KEY));
    let reply = client.get("/user/me").await.expect_status(401);
    let detail = "Token contained no recognizable user identification";
    assert_eq!(reply.json(), json!({"detail": detail, "code": "token_not_valid"}));
}

async fn a_token_of_a_sign_in_that_is_not_there_is_refused(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    // Even one whose stored password is the same: the record is another user's.
    let stored = server.user("mseo").await.password;
    server.insert_user("other", "other@naver.com", &stored).await;
    let mut client = server.anonymous();
    let other = json!({"username": "other", "password": "1234"});
    let reply = client.post("/user/jwt_signin", &other).await.expect_status(200);
    let others = claims(&reply.text("access_token"))["sid"].clone();
    for sid in [
        json!("0123456789abcdef0123456789abcdef"),
        json!(""),
        json!("\u{0}"),
        json!("x".repeat(1000)),
        others,
    ] {
        for (kind, word) in [("access", "me"), ("refresh", "refresh")] {
            let mut claims = djangos_claims(kind, &json!("1"));
            claims["sid"] = sid.clone();
            let token = signed(&claims, SECRET_KEY);
            let reply = match word {
                "me" => server.me(&token).await,
                _ => server.refresh(&token).await,
            };
            reply.expect_error(401, "token_blacklisted");
        }
    }
}

/// An access and a refresh token as a Django with the same `SECRET_KEY` makes them.
fn djangos_tokens(user_id: &Value) -> (String, String) {
    let token = |kind| signed(&djangos_claims(kind, user_id), SECRET_KEY);
    (token("access"), token("refresh"))
}

fn djangos_claims(kind: &str, user_id: &Value) -> Value {
    let lifetime = if kind == "access" { 300 } else { 86_400 };
    json!({
        "token_type": kind,
        "exp": START + lifetime,
        "iat": START,
        "jti": format!("1000000000004000800000000000000{}", usize::from(kind == "access")),
        "user_id": user_id,
    })
}
