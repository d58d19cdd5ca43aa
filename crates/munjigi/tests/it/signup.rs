//! `/user/session_signup` and `/user/jwt_signup`.

use crate::support::{Database, at_once, mseo, on_both};
use munjigi_store::users;
use serde_json::json;

on_both!(
    the_notes_first_request_makes_a_user,
    a_taken_name_and_a_taken_address_are_both_told,
    the_address_is_one_whatever_its_case,
    no_body_key_becomes_a_column,
    two_who_sign_up_at_once_with_one_name_become_one_user,
    the_password_is_held_against_the_validators_that_are_written,
);

async fn the_notes_first_request_makes_a_user(database: Database) {
    let server = database.server().await;
    let body = br#" { "username" : "mseo",
        "password": 1234, "email": "mseo@naver.com", "age": 24 } "#;
    let mut client = server.anonymous();
    let reply = client
        .send(
            http::Method::POST,
            "/user/session_signup",
            Some("application/json"),
            body.to_vec(),
        )
        .await;
    let reply = reply.expect_status(201);
    let user = json!({"id": 1, "username": "mseo", "email": "mseo@naver.com", "age": 24});
    assert_eq!(reply.json(), json!({"message": "회원가입 성공", "user": user}));
    assert!(reply.set_cookie("sessionid").is_none());

    let row = users::by_username(&mut server.app.store().reader(), "mseo")
        .await
        .unwrap()
        .unwrap();
    assert!(
        row.password.starts_with("pbkdf2_sha256$1000$"),
        "{}",
        row.password
    );
    assert!(row.is_active && !row.is_staff && !row.is_superuser);
    assert_eq!(row.last_login, None);
}

async fn a_taken_name_and_a_taken_address_are_both_told(database: Database) {
    let server = database.server().await;
    let mut client = server.anonymous();
    client
        .post("/user/session_signup", &mseo())
        .await
        .expect_status(201);
    let reply = client
        .post("/user/session_signup", &mseo())
        .await
        .expect_status(400);
    assert_eq!(
        reply.json()["username"],
        json!(["해당 사용자 이름은 이미 존재합니다."])
    );
    assert_eq!(reply.json()["email"].as_array().unwrap().len(), 1);
    assert_eq!(reply.header("munjigi-error"), "invalid");
    client.header("accept-language", "en");
    let reply = client.post("/user/jwt_signup", &mseo()).await.expect_status(400);
    assert_eq!(
        reply.json()["username"],
        json!(["A user with that username already exists."])
    );
    assert!(reply.json().get("access_token").is_none());
}

async fn the_address_is_one_whatever_its_case(database: Database) {
    let server = database.server().await;
    let mut client = server.anonymous();
    client
        .post("/user/session_signup", &mseo())
        .await
        .expect_status(201);
    let other = json!({"username": "other", "password": "x", "email": "MSEO@Naver.com"});
    let reply = client
        .post("/user/session_signup", &other)
        .await
        .expect_status(400);
    assert_eq!(
        reply.json().as_object().unwrap().keys().collect::<Vec<_>>(),
        ["email"]
    );
}

async fn no_body_key_becomes_a_column(database: Database) {
    let server = database.server().await;
    let body = json!({
        "id": 99, "pk": 99, "username": "eve", "password": "1234", "email": "eve@example.com", "age": null,
        "is_superuser": true, "is_staff": true, "is_active": false, "groups": [1], "date_joined": "2000-01-01",
    });
    server
        .anonymous()
        .post("/user/session_signup", &body)
        .await
        .expect_status(201);
    let row = users::by_username(&mut server.app.store().reader(), "eve")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.id.to_string(), "1");
    assert!(row.is_active && !row.is_staff && !row.is_superuser);
    assert_eq!(row.date_joined, Some(server.clock.now()));
}

async fn two_who_sign_up_at_once_with_one_name_become_one_user(database: Database) {
    let server = database.server().await;
    let signup = async |n: usize| {
        let body = json!({"username": "same", "password": "1234", "email": format!("same{n}@example.com")});
        server
            .anonymous()
            .post("/user/session_signup", &body)
            .await
            .status
            .as_u16()
    };
    let statuses = at_once((0..8).map(signup)).await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 400).count(),
        7,
        "{statuses:?}"
    );
    assert_eq!(users::count(&mut server.app.store().reader()).await.unwrap(), 1);
}

async fn the_password_is_held_against_the_validators_that_are_written(database: Database) {
    let validators = r#"[{NAME = "django.contrib.auth.password_validation.MinimumLengthValidator"},
        {NAME = "django.contrib.auth.password_validation.NumericPasswordValidator"}]"#;
    let server = database
        .server_with(&[("AUTH_PASSWORD_VALIDATORS", validators)])
        .await;
    let mut client = server.anonymous();
    client.header("accept-language", "en");
    let reply = client
        .post("/user/session_signup", &mseo())
        .await
        .expect_status(400);
    let texts = json!([
        "This password is too short. It must contain at least 8 characters.",
        "This password is entirely numeric."
    ]);
    assert_eq!(reply.json(), json!({"password": texts}));
    assert_eq!(users::count(&mut server.app.store().reader()).await.unwrap(), 0);
}
