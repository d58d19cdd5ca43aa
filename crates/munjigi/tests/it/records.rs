//! The record behind each sign-in: what ends it, and what ends with it.

use crate::support::{
    Client, Database, SECRET_KEY, START, TestServer, claims, mseo_signs_in, on_both, signed,
};
use munjigi::accounts::administration;
use munjigi_passwords::Password;
use munjigi_store::records::{self, EndReason, Record};
use munjigi_store::{sessions, users};
use serde_json::{Value, json};

on_both!(
    each_sign_in_has_a_record,
    signing_out_of_a_session_ends_that_sign_in_alone,
    signing_out_by_a_refresh_token_ends_that_sign_in_alone,
    signing_out_by_an_access_token_ends_that_sign_in_alone,
    a_token_that_is_dead_signs_out_as_well,
    signing_out_at_the_same_time_ends_the_sign_in_once,
    signing_out_by_nothing_and_by_nonsense_is_refused,
    a_changed_password_ends_everything_of_its_user,
    a_password_that_django_changed_ends_everything_as_well,
    who_is_shut_out_is_out_at_once_and_stays_signed_out,
    who_is_inactive_for_a_while_keeps_what_he_had,
    a_token_for_nobody_opens_nothing,
    a_token_that_django_made_is_taken,
    a_token_that_django_blacklisted_is_refused,
    a_token_of_a_sign_in_that_is_not_there_is_refused,
    ending_the_sign_ins_of_one_leaves_the_others,
    ending_all_sign_ins_leaves_nobody,
);

/// Somebody who is signed in twice by tokens and once by a session.
struct SignedIn<'s> {
    server: &'s TestServer,
    first: (String, String),
    second: (String, String),
    browser: Client<'s>,
}

impl<'s> SignedIn<'s> {
    async fn new(server: &'s TestServer) -> Self {
        let browser = server.cookie_user().await;
        Self {
            server,
            first: server.tokens().await,
            second: server.tokens().await,
            browser,
        }
    }

    /// Whether the first pair, the second pair and the session are good.
    async fn holds(&mut self) -> [bool; 3] {
        let pair = async |(access, refresh): &(String, String)| {
            let by_access = self.server.me(access).await.status == 200;
            let by_refresh = self.server.refresh(refresh).await.status == 200;
            assert_eq!(by_access, by_refresh, "one sign-in carries both");
            by_access
        };
        let (first, second) = (pair(&self.first).await, pair(&self.second).await);
        [first, second, self.browser.get("/user/me").await.status == 200]
    }
}

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
    let record = record(&server, &sid).await;
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
    assert_eq!(blacklisted(&server).await, [jti(&user.first.1)]);
    let record = record(&server, claims(&user.first.0)["sid"].as_str().unwrap()).await;
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
    assert_eq!(blacklisted(&server).await, [jti(&user.second.1)]);

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
    assert_eq!(blacklisted(&server).await, [jti(&refresh)]);

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
    let statuses = crate::support::at_once((0..8).map(signing_out)).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(user.holds().await, [false, true, true]);
    assert_eq!(blacklisted(&server).await, [jti(&user.first.1)]);
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
    assert_eq!(user.holds().await, [true, true, true]);
}

async fn a_changed_password_ends_everything_of_its_user(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = bystander(&server).await;
    let key = user.browser.cookies["sessionid"].clone();
    let new = Password::from("another".to_owned());
    let changed = administration::change_password(&server.app, "mseo", new, server.clock.now());
    changed.await.unwrap();
    assert!(!has_session(&server, &key).await);
    assert!(server.records("mseo").await.is_empty());
    let mut listed = blacklisted(&server).await;
    listed.sort();
    let mut expected = vec![jti(&user.first.1), jti(&user.second.1)];
    expected.sort();
    assert_eq!(listed, expected);
    assert_eq!(user.holds().await, [false, false, false]);
    other.get("/user/me").await.expect_status(200);
    let sid = claims(&user.first.0)["sid"].as_str().unwrap().to_owned();
    assert_eq!(
        record(&server, &sid).await.end_reason,
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
    let mut other = bystander(&server).await;
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
    let mut other = bystander(&server).await;
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
        assert_eq!(claims(&renewed).get("sid"), None);
        assert_eq!(claims(&renewed)["user_id"], user_id);
        server.me(&renewed).await.expect_status(200);
    }
    assert!(server.records("mseo").await.is_empty());

    // It has no record to end: its refresh token can be taken back, and an access token cannot.
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
    assert_eq!(blacklisted(&server).await, [jti(&refresh)]);
    server.me(&access).await.expect_status(200);
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

async fn a_token_of_a_sign_in_that_is_not_there_is_refused(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let other = json!({"username": "other", "password": "x", "email": "other@naver.com"});
    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signup", &other).await.expect_status(201);
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

async fn ending_the_sign_ins_of_one_leaves_the_others(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = bystander(&server).await;
    let now = server.clock.now();
    let ended = administration::end_sessions(&server.app, "mseo", now).await;
    assert_eq!(ended.unwrap(), 3);
    assert_eq!(user.holds().await, [false, false, false]);
    other.get("/user/me").await.expect_status(200);
    let sid = claims(&user.first.0)["sid"].as_str().unwrap().to_owned();
    assert_eq!(record(&server, &sid).await.end_reason, Some(EndReason::Revoked));
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
    let mut other = bystander(&server).await;
    let ended = administration::end_all_sessions(&server.app, server.clock.now()).await;
    assert_eq!(ended.unwrap(), 4);
    assert_eq!(user.holds().await, [false, false, false]);
    other.get("/user/me").await.expect_status(401);
    let rows = server.sql("SELECT count(*) FROM django_session").await;
    assert_eq!(rows, [["0"]]);
}

/// Somebody else, signed in by a session.
async fn bystander(server: &TestServer) -> Client<'_> {
    let encoded = server.encoded("x");
    server
        .insert_user("bystander", "bystander@naver.com", &encoded)
        .await;
    let mut client = server.anonymous();
    let body = json!({"username": "bystander", "password": "x"});
    client
        .post("/user/session_signin", &body)
        .await
        .expect_status(200);
    client
}

async fn record(server: &TestServer, sid: &str) -> Record {
    let found = records::by_sid(&mut server.app.store().reader(), sid).await;
    found.unwrap().unwrap()
}

async fn sid_of(server: &TestServer, session_key: &str) -> String {
    let found = records::by_django_session_key(&mut server.app.store().reader(), session_key).await;
    found.unwrap().unwrap().sid
}

async fn has_session(server: &TestServer, session_key: &str) -> bool {
    let found = sessions::by_key(&mut server.app.store().reader(), session_key, server.clock.now()).await;
    found.unwrap().is_some()
}

/// The ids of the tokens that Django, too, refuses.
async fn blacklisted(server: &TestServer) -> Vec<String> {
    let rows = server
        .sql(
            "SELECT o.jti FROM token_blacklist_blacklistedtoken b \
             JOIN token_blacklist_outstandingtoken o ON o.id = b.token_id ORDER BY b.id",
        )
        .await;
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}

fn jti(token: &str) -> String {
    claims(token)["jti"].as_str().unwrap().to_owned()
}

/// An access and a refresh token as a Django with the same SECRET_KEY makes them.
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
