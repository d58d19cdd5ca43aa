//! What ends sign-ins from elsewhere: another password, an account that is shut out, an operator.

use crate::support::{Database, SignedIn, TestServer, claims, jti, mseo_signs_in, on_both};
use munjigi::accounts::administration;
use munjigi_passwords::Password;
use munjigi_store::records::EndReason;
use munjigi_store::{sessions, users};
use serde_json::json;

on_both!(
    a_changed_password_ends_everything_of_its_user,
    a_password_that_django_changed_ends_everything_as_well,
    who_is_shut_out_is_out_at_once_and_stays_signed_out,
    who_is_inactive_for_a_while_keeps_what_he_had,
    ending_the_sign_ins_of_one_leaves_the_others,
    ending_all_sign_ins_leaves_nobody,
    whatever_ends_all_sign_ins_ends_the_tokens_that_django_gave_out,
);

async fn a_changed_password_ends_everything_of_its_user(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = server.bystander().await;
    let key = user.browser.cookies["sessionid"].clone();
    let new = Password::from("another".to_owned());
    let changed = administration::change_password(&server.app, "mseo", new, server.clock.now());
    changed.await.unwrap();
    assert!(!has_session(&server, &key).await);
    assert!(server.records("mseo").await.is_empty());
    let mut listed = server.blacklisted().await;
    listed.sort();
    let mut expected = vec![jti(&user.first.1), jti(&user.second.1)];
    expected.sort();
    assert_eq!(listed, expected);
    assert_eq!(user.holds().await, [false, false, false]);
    other.get("/user/me").await.expect_status(200);
    let sid = claims(&user.first.0)["sid"].as_str().unwrap().to_owned();
    assert_eq!(
        server.record(&sid).await.end_reason,
        Some(EndReason::PasswordChange)
    );

    let mut client = server.anonymous();
    client
        .post("/user/jwt_signin", &mseo_signs_in())
        .await
        .expect_status(400);
    let body = json!({"email": "mseo@naver.com", "password": "another"});
    client.post("/user/jwt_signin", &body).await.expect_status(200);
}

async fn a_password_that_django_changed_ends_everything_as_well(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = server.bystander().await;
    let key = user.browser.cookies["sessionid"].clone();
    let encoded = server.encoded("1234");
    // The same password, even: what Django's form stores is another hash of it.
    server.set_password("mseo", &encoded).await;
    server
        .me(&user.first.0)
        .await
        .expect_error(401, "token_blacklisted");
    server
        .refresh(&user.first.1)
        .await
        .expect_error(401, "token_blacklisted");
    assert_eq!(user.holds().await, [false, false, false]);
    assert!(
        !user.browser.cookies.contains_key("sessionid"),
        "the cookie is taken away"
    );
    assert!(!has_session(&server, &key).await, "the session is flushed");
    other.get("/user/me").await.expect_status(200);
    let (access, _) = server.tokens().await;
    server.me(&access).await.expect_status(200);
}

async fn who_is_shut_out_is_out_at_once_and_stays_signed_out(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = server.bystander().await;
    let ended = administration::disable(&server.app, "mseo", server.clock.now());
    assert_eq!(ended.await.unwrap(), 3);
    assert!(server.records("mseo").await.is_empty());
    let mut client = server.anonymous();
    client.speaks_english();
    client.bearer(&user.first.0);
    let reply = client.get("/user/me").await.expect_error(401, "user_inactive");
    let inactive = json!({"detail": "User is inactive", "code": "user_inactive"});
    assert_eq!(reply.json(), inactive);
    user.browser
        .get("/user/me")
        .await
        .expect_error(401, "not_authenticated");
    server.refresh(&user.first.1).await.expect_status(401);
    for path in ["/user/jwt_signin", "/user/session_signin"] {
        let reply = client.post(path, &mseo_signs_in()).await;
        reply.expect_error(400, "invalid_credentials");
    }
    other.get("/user/me").await.expect_status(200);

    administration::enable(&server.app, "mseo").await.unwrap();
    assert_eq!(user.holds().await, [false, false, false]);
    server
        .me(&user.first.0)
        .await
        .expect_error(401, "token_blacklisted");
    server.tokens().await;
}

async fn who_is_inactive_for_a_while_keeps_what_he_had(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let id = server.user("mseo").await.id;
    let store = server.app.store();
    let set = store.write(id.clone(), |tx, id| Box::pin(users::deactivate(tx, id)));
    assert!(set.await.unwrap());
    server.me(&user.first.0).await.expect_error(401, "user_inactive");
    let reply = server
        .refresh(&user.first.1)
        .await
        .expect_error(401, "no_active_account");
    let refused = json!({"detail": "No active account found for the given token."});
    assert_eq!(reply.json(), refused);
    user.browser
        .get("/user/me")
        .await
        .expect_error(401, "not_authenticated");
    let set = store.write(id, |tx, id| Box::pin(users::activate(tx, id)));
    assert!(set.await.unwrap());
    assert_eq!(user.holds().await, [true, true, true]);
}

async fn ending_the_sign_ins_of_one_leaves_the_others(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = server.bystander().await;
    let now = server.clock.now();
    let ended = administration::end_sessions(&server.app, "mseo", now).await;
    assert_eq!(ended.unwrap(), 3);
    assert_eq!(user.holds().await, [false, false, false]);
    other.get("/user/me").await.expect_status(200);
    let sid = claims(&user.first.0)["sid"].as_str().unwrap().to_owned();
    assert_eq!(server.record(&sid).await.end_reason, Some(EndReason::Revoked));
    let again = administration::end_sessions(&server.app, "mseo", now).await;
    assert_eq!(again.unwrap(), 0);
    assert!(
        administration::end_sessions(&server.app, "nobody", now)
            .await
            .is_err()
    );
    server.tokens().await;
}

async fn ending_all_sign_ins_leaves_nobody(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = server.bystander().await;
    let ended = administration::end_all_sessions(&server.app, server.clock.now()).await;
    assert_eq!(ended.unwrap(), 4);
    assert_eq!(user.holds().await, [false, false, false]);
    other.get("/user/me").await.expect_status(401);
    let rows = server.sql("SELECT count(*) FROM django_session").await;
    assert_eq!(rows, [["0"]]);
}

async fn whatever_ends_all_sign_ins_ends_the_tokens_that_django_gave_out(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    server.bystander().await;
    let now = server.clock.now();
    let app = &server.app;
    let mut listed = Vec::new();
    let mut of_others = Vec::new();
    let mut ends = async |end: &str| {
        let (_, refresh) = server.given_by_django("mseo").await;
        let (_, others) = server.given_by_django("bystander").await;
        of_others.push(jti(&others));
        server.refresh(&refresh).await.expect_status(200);
        match end {
            "changepassword" => {
                let new = Password::from("1234".to_owned());
                administration::change_password(app, "mseo", new, now)
                    .await
                    .unwrap();
            }
            "users disable" => {
                administration::disable(app, "mseo", now).await.unwrap();
                administration::enable(app, "mseo").await.unwrap();
            }
            "sessions end mseo" => {
                administration::end_sessions(app, "mseo", now).await.unwrap();
            }
            _ => {
                administration::end_all_sessions(app, now).await.unwrap();
                listed.append(&mut of_others);
            }
        }
        listed.push(jti(&refresh));
        server
            .refresh(&refresh)
            .await
            .expect_error(401, "token_blacklisted");
        let status = server.refresh(&others).await.status;
        assert_eq!(status == 200, !listed.contains(&jti(&others)), "{end}");
        let mut expected = listed.clone();
        let mut found = server.blacklisted().await;
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{end}: Django refuses them too");
    };
    for end in ["changepassword", "users disable", "sessions end mseo"] {
        ends(end).await;
    }
    ends("sessions end --all").await;
}

async fn has_session(server: &TestServer, session_key: &str) -> bool {
    let found = sessions::by_key(&mut server.app.store().reader(), session_key, server.clock.now()).await;
    found.unwrap().is_some()
}
