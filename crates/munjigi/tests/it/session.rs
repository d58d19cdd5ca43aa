//! `/user/session_signin`, `/user/session_signout` and who is signed in by a cookie.

use crate::support::{Database, SECRET_KEY, decoded, on_both};
use munjigi_sessions::SessionData;
use munjigi_store::sessions::SessionRow;
use munjigi_store::{records, sessions, users};
use serde_json::json;

on_both!(
    signing_in_sets_both_cookies_as_django_does,
    a_cookie_opens_me_until_signing_out,
    signing_out_needs_the_csrf_token,
    a_page_of_this_machine_can_sign_out_under_dev,
    a_foreign_session_key_is_never_adopted,
    an_anonymous_session_keeps_its_data_under_a_new_key,
    signing_in_again_keeps_the_key_and_replaces_the_record,
    a_session_under_an_old_secret_key_moves_to_the_new_one,
    a_damaged_session_is_anonymous,
    a_session_ends_with_its_time,
);

async fn signing_in_sets_both_cookies_as_django_does(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let mut client = server.anonymous();
    let reply = client
        .post(
            "/user/session_signin",
            &json!({"email": "mseo@naver.com", "password": 1234}),
        )
        .await;
    let reply = reply.expect_status(200);
    assert_eq!(reply.json(), json!({"message": "로그인 성공"}));
    let session = reply.set_cookie("sessionid").unwrap();
    assert!(
        session.ends_with(
            "; expires=Thu, 15 Jan 2026 00:00:00 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"
        ),
        "{session}"
    );
    let csrf = reply.set_cookie("csrftoken").unwrap();
    assert!(
        csrf.ends_with("; expires=Thu, 31 Dec 2026 00:00:00 GMT; Max-Age=31449600; Path=/; SameSite=Lax"),
        "{csrf}"
    );
    assert_eq!(reply.header("cache-control"), "no-store");
    let user = users::by_username(&mut server.app.store().reader(), "mseo")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(user.last_login, Some(server.clock.now()));
}

async fn a_cookie_opens_me_until_signing_out(database: Database) {
    let server = database.server().await;
    let mut client = server.cookie_user().await;
    let me = json!({"id": 1, "username": "mseo", "email": "mseo@naver.com", "age": 24});
    assert_eq!(client.get("/user/me").await.expect_status(200).json(), me);
    let key = client.cookies["sessionid"].clone();

    client.csrf_header();
    let reply = client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(200);
    assert_eq!(reply.json(), json!({"message": "로그아웃 성공"}));
    assert!(
        reply
            .set_cookie("sessionid")
            .unwrap()
            .starts_with("sessionid=\"\"; expires=Thu, 01 Jan 1970")
    );
    assert!(reply.set_cookie("csrftoken").is_none());
    assert!(
        sessions::by_key(&mut server.app.store().reader(), &key, server.clock.now())
            .await
            .unwrap()
            .is_none()
    );

    client.cookies.insert("sessionid".into(), key);
    let reply = client.get("/user/me").await.expect_status(401);
    assert_eq!(
        reply.json(),
        json!({"detail": "자격 인증 데이터가 제공되지 않았습니다."})
    );
    assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"api\"");
    let records = records::for_user(&mut server.app.store().reader(), &1.into())
        .await
        .unwrap();
    assert!(records.is_empty(), "the record has ended");
}

async fn signing_out_needs_the_csrf_token(database: Database) {
    let server = database.server().await;
    let mut client = server.cookie_user().await;
    let reply = client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(403);
    assert_eq!(
        reply.json(),
        json!({"detail": "CSRF Failed: CSRF token missing."})
    );
    client.header("x-csrftoken", &"x".repeat(32));
    let reply = client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(403);
    assert_eq!(
        reply.json(),
        json!({"detail": "CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header incorrect."})
    );
    client.without("x-csrftoken");
    client.get("/user/me").await.expect_status(200);
    let reply = client.get("/user/csrf").await.expect_status(200);
    let masked = reply.json()["csrftoken"].as_str().unwrap().to_owned();
    assert_eq!(masked.len(), 64);
    client.header("x-csrftoken", &masked);
    client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(200);
    server
        .anonymous()
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(200);
}

async fn a_page_of_this_machine_can_sign_out_under_dev(database: Database) {
    let server = database.server().await;
    let mut client = server.cookie_user().await;
    client.csrf_header();
    client.header("origin", "http://evil.example");
    client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(403);
    client.header("origin", "http://localhost:5173");
    client.without("x-csrftoken");
    client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(403);
    client.csrf_header();
    client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(200);
}

async fn a_foreign_session_key_is_never_adopted(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let mut client = server.anonymous();
    client
        .cookies
        .insert("sessionid".into(), "attackerchosenkey1234567890abcde".into());
    client
        .post(
            "/user/session_signin",
            &json!({"username": "mseo", "password": "1234"}),
        )
        .await
        .expect_status(200);
    assert_ne!(client.cookies["sessionid"], "attackerchosenkey1234567890abcde");
}

async fn an_anonymous_session_keeps_its_data_under_a_new_key(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let mut client = server.anonymous();
    let mut cart = SessionData::default();
    cart.insert("cart", json!([1, 2]));
    let before = "anonymousanonymousanonymousanony";
    server.write_session(before, &cart, "secret-of-nobody").await;
    client.cookies.insert("sessionid".into(), before.into());
    client
        .post(
            "/user/session_signin",
            &json!({"username": "mseo", "password": "1234"}),
        )
        .await
        .expect_status(200);
    assert_ne!(client.cookies["sessionid"], before);

    // A session that another key signed is empty; one of ours keeps what it has.
    let data = read_session(&server.app, &client.cookies["sessionid"]).await;
    assert_eq!(data.get("cart"), None);
    let ours = "oursoursoursoursoursoursoursours";
    server.write_session(ours, &cart, SECRET_KEY).await;
    client.cookies.insert("sessionid".into(), ours.into());
    client
        .post(
            "/user/session_signin",
            &json!({"username": "mseo", "password": "1234"}),
        )
        .await
        .expect_status(200);
    let data = read_session(&server.app, &client.cookies["sessionid"]).await;
    assert_eq!(data.get("cart"), Some(json!([1, 2])));
    assert!(
        sessions::by_key(&mut server.app.store().reader(), ours, server.clock.now())
            .await
            .unwrap()
            .is_none()
    );
}

async fn signing_in_again_keeps_the_key_and_replaces_the_record(database: Database) {
    let server = database.server().await;
    let mut client = server.cookie_user().await;
    let key = client.cookies["sessionid"].clone();
    let before = records::for_user(&mut server.app.store().reader(), &1.into())
        .await
        .unwrap();
    client
        .post(
            "/user/session_signin",
            &json!({"username": "mseo", "password": "1234"}),
        )
        .await
        .expect_status(200);
    assert_eq!(client.cookies["sessionid"], key);
    let after = records::for_user(&mut server.app.store().reader(), &1.into())
        .await
        .unwrap();
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_ne!(before[0].sid, after[0].sid);
    client.get("/user/me").await.expect_status(200);
}

async fn a_session_under_an_old_secret_key_moves_to_the_new_one(database: Database) {
    let old = "an-old-secret-key-0123456789abcdefghijklmnopqrstuvwxyz";
    let server = database
        .server_with(&[("SECRET_KEY_FALLBACKS", &format!("[\"{old}\"]"))])
        .await;
    server.signed_up().await;
    let mut client = server.anonymous();
    let data = server.djangos_login(old).await;
    let key = "underanoldkeyunderanoldkeyundera";
    server.write_session(key, &data, old).await;
    client.cookies.insert("sessionid".into(), key.into());
    client.get("/user/me").await.expect_status(200);
    assert_ne!(client.cookies["sessionid"], key, "the browser has the new key");
    client.get("/user/me").await.expect_status(200);
    assert!(
        sessions::by_key(&mut server.app.store().reader(), key, server.clock.now())
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_damaged_session_is_anonymous(database: Database) {
    let server = database.server().await;
    let mut client = server.cookie_user().await;
    let key = client.cookies["sessionid"].clone();
    let row = SessionRow {
        session_key: key,
        session_data: "eyJhIjoxfQ:1vb66i:forged".into(),
        expire_date: server.clock.now() + jiff::SignedDuration::from_hours(1),
    };
    let written = server
        .app
        .store()
        .write(row, |tx, row| {
            Box::pin(sessions::update(tx, row, jiff::Timestamp::UNIX_EPOCH))
        })
        .await
        .unwrap();
    assert!(written);
    client.get("/user/me").await.expect_status(401);
}

async fn a_session_ends_with_its_time(database: Database) {
    let server = database.server().await;
    let mut client = server.cookie_user().await;
    server.clock.advance(1_209_599);
    client.get("/user/me").await.expect_status(200);
    server.clock.advance(1);
    let reply = client.get("/user/me").await.expect_status(401);
    assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=0"));
}

async fn read_session(app: &munjigi::app::App, key: &str) -> SessionData {
    let row = sessions::by_key(&mut app.store().reader(), key, app.now())
        .await
        .unwrap()
        .unwrap();
    decoded(&row.session_data, SECRET_KEY)
}
