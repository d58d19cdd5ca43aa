//! `/user/sessions` and `/user/sessions/{id}`: where a user is signed in, and the end of it from elsewhere.

use crate::support::{
    Client, Database, Reply, SignedIn, TestServer, at_once, claims, jti, mseo, mseo_signs_in, on_both,
};
use axum::body::Body;
use http::Method;
use munjigi::accounts::ended;
use munjigi_store::records::EndReason;
use serde_json::{Value, json};

on_both!(
    sign_ins_are_listed_the_newest_first_and_this_one_is_marked,
    ending_one_shuts_every_door_of_it_and_no_other,
    ending_a_session_from_a_phone_takes_its_row_away,
    all_but_this_one_end,
    all_end_and_the_cookies_of_this_one_go,
    a_session_needs_the_csrf_token_to_end_anything,
    a_token_cookie_needs_the_csrf_token_to_end_anything,
    without_a_row_the_user_is_looked_up_by_his_claim,
    nobody_ends_what_is_not_his_or_not_there,
    ending_at_the_same_time_ends_once,
    what_another_password_shut_is_not_listed,
    a_refresh_keeps_the_id_of_a_sign_in,
    many_sign_ins_are_cut_in_the_list_and_all_end,
    nonsense_for_all_is_refused,
    who_is_not_signed_in_has_no_list,
);

async fn list(client: &mut Client<'_>) -> Vec<Value> {
    let body = client.get("/user/sessions").await.expect_status(200).json();
    body["sessions"].as_array().unwrap().clone()
}

async fn delete(client: &mut Client<'_>, path: &str) -> Reply {
    client.send(Method::DELETE, path, None, Body::empty()).await
}

fn sid(access: &str) -> String {
    claims(access)["sid"].as_str().unwrap().to_owned()
}

fn holder<'s>(server: &'s TestServer, access: &str) -> Client<'s> {
    let mut client = server.anonymous();
    client.bearer(access);
    client
}

async fn sign_ins_are_listed_the_newest_first_and_this_one_is_marked(database: Database) {
    let server = database.server().await;
    let mut browser = server.anonymous();
    browser.header("user-agent", "Firefox");
    browser.comes_from("2001:db8::1");
    browser
        .post("/user/session_signup", &mseo())
        .await
        .expect_status(201);
    browser
        .post("/user/session_signin", &mseo_signs_in())
        .await
        .expect_status(200);
    server.clock.advance(60);
    let mut phone = server.anonymous();
    phone.header("munjigi-client", "내 휴대폰");
    let reply = phone.post("/user/jwt_signin", &mseo_signs_in()).await;
    let (access, refresh) = (reply.text("access_token"), reply.text("refresh_token"));
    phone.bearer(&access);
    server.bystander().await;

    let session = server.records("mseo").await[0].sid.clone();
    let token = json!({
        "id": sid(&access), "current": true, "opened": "2026-01-01T00:01:00Z", "last_seen": "2026-01-01T00:01:00Z",
        "expires": "2026-01-08T00:01:00Z", "carrier": "token",
        "client": {"name": "내 휴대폰", "address": "127.0.0.1", "agent": null},
    });
    let cookie = json!({
        "id": session, "current": false, "opened": "2026-01-01T00:00:00Z", "last_seen": "2026-01-01T00:00:00Z",
        "expires": "2026-01-15T00:00:00Z", "carrier": "session",
        "client": {"name": null, "address": "2001:db8::1", "agent": "Firefox"},
    });
    assert_eq!(list(&mut phone).await, [token.clone(), cookie.clone()]);
    let mut seen = list(&mut browser).await;
    assert_eq!(
        (seen[0]["current"].take(), seen[1]["current"].take()),
        (json!(false), json!(true))
    );
    assert_eq!((&seen[0]["id"], &seen[1]["id"]), (&token["id"], &cookie["id"]));
    assert_eq!(claims(&refresh)["sid"], token["id"]);
    // What has expired is not open, though nobody ended it.
    server.clock.advance(7 * 24 * 3600);
    let seen = list(&mut browser).await;
    assert_eq!((seen.len(), &seen[0]["id"]), (1, &cookie["id"]));
}

async fn ending_one_shuts_every_door_of_it_and_no_other(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = server.bystander().await;
    let (access, refresh) = user.first.clone();
    let mut client = holder(&server, &user.second.0);
    let path = format!("/user/sessions/{}", sid(&access));
    let reply = delete(&mut client, &path).await.expect_status(200);
    assert_eq!(reply.json(), json!({"message": "로그아웃 성공"}));

    server.me(&access).await.expect_error(401, "token_blacklisted");
    server
        .refresh(&refresh)
        .await
        .expect_error(401, "token_blacklisted");
    let mut anonymous = server.anonymous();
    let body = json!({"refresh": refresh});
    let simplejwts = anonymous.post("/api/token/refresh/", &body).await;
    simplejwts.expect_error(401, "token_blacklisted");
    let verified = anonymous
        .post("/api/token/verify/", &json!({"token": refresh}))
        .await;
    assert!(verified.status.is_client_error(), "{}", verified.status);
    let mut dead = holder(&server, &access);
    dead.get("/user/sessions")
        .await
        .expect_error(401, "token_blacklisted");
    delete(&mut dead, "/user/sessions")
        .await
        .expect_error(401, "token_blacklisted");
    assert_eq!(
        server.blacklisted().await,
        [jti(&refresh)],
        "Django refuses it, too"
    );
    let record = server.record(&sid(&access)).await;
    assert_eq!(record.end_reason, Some(EndReason::Revoked));

    assert_eq!(user.holds().await, [false, true, true]);
    assert_eq!(list(&mut client).await.len(), 2);
    other.get("/user/me").await.expect_status(200);
    delete(&mut client, &path).await.expect_error(404, "not_found");
    // One's own.
    let path = format!("/user/sessions/{}/", sid(&user.second.0));
    delete(&mut client, &path).await.expect_status(200);
    assert_eq!(user.holds().await, [false, false, true]);
}

async fn ending_a_session_from_a_phone_takes_its_row_away(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut client = holder(&server, &user.first.0);
    let sessions = list(&mut client).await;
    let session = sessions.iter().find(|it| it["carrier"] == "session").unwrap();
    let path = format!("/user/sessions/{}", session["id"].as_str().unwrap());
    let reply = delete(&mut client, &path).await.expect_status(200);
    assert_eq!(reply.header("set-cookie"), "", "it is not this client's");
    assert!(server.sql("SELECT 1 FROM django_session").await.is_empty());
    let reply = user
        .browser
        .get("/user/me")
        .await
        .expect_error(401, "not_authenticated");
    assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=0"));
    assert_eq!(user.holds().await, [true, true, false]);
}

async fn all_but_this_one_end(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = server.bystander().await;
    user.browser.csrf_header();
    let reply = delete(&mut user.browser, "/user/sessions")
        .await
        .expect_status(200);
    assert_eq!(reply.json(), json!({"message": "로그아웃 성공", "ended": 2}));
    assert_eq!(user.holds().await, [false, false, true]);
    let again = delete(&mut user.browser, "/user/sessions/")
        .await
        .expect_status(200);
    assert_eq!(again.json()["ended"], 0);

    let (access, refresh) = server.tokens().await;
    let mut client = holder(&server, &access);
    let reply = delete(&mut client, "/user/sessions?all=false").await;
    assert_eq!(reply.expect_status(200).json()["ended"], 1);
    server.refresh(&refresh).await.expect_status(200);
    assert_eq!(user.holds().await, [false, false, false]);
    let left = list(&mut client).await;
    assert_eq!((left.len(), &left[0]["current"]), (1, &json!(true)));
    other.get("/user/me").await.expect_status(200);
}

async fn all_end_and_the_cookies_of_this_one_go(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = server.bystander().await;
    user.browser.csrf_header();
    let reply = delete(&mut user.browser, "/user/sessions?all=true").await;
    let reply = reply.expect_status(200);
    assert_eq!(reply.json(), json!({"message": "로그아웃 성공", "ended": 3}));
    assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=0"));
    assert_eq!(user.holds().await, [false, false, false]);
    assert!(server.records("mseo").await.is_empty());
    assert_eq!(server.sql("SELECT 1 FROM django_session").await.len(), 1);
    other.get("/user/me").await.expect_status(200);
}

async fn a_session_needs_the_csrf_token_to_end_anything(database: Database) {
    let server = database.server().await;
    let mut browser = server.cookie_user().await;
    let id = list(&mut browser).await[0]["id"].as_str().unwrap().to_owned();
    for path in [
        "/user/sessions",
        "/user/sessions?all=1",
        &format!("/user/sessions/{id}"),
    ] {
        delete(&mut browser, path)
            .await
            .expect_error(403, "csrf_token_missing");
    }
    browser.get("/user/me").await.expect_status(200);
    browser.csrf_header();
    let reply = delete(&mut browser, &format!("/user/sessions/{id}")).await;
    let reply = reply.expect_status(200);
    assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=0"));
    browser.get("/user/me").await.expect_status(401);
}

async fn a_token_cookie_needs_the_csrf_token_to_end_anything(database: Database) {
    let server = database
        .server_with(&[("SIMPLE_JWT__AUTH_COOKIE", "access")])
        .await;
    server.signed_up().await;
    let mut browser = server.anonymous();
    let reply = browser.post("/user/jwt_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    let (_, refresh) = server.tokens().await;
    let seen = list(&mut browser).await;
    let current: Vec<&Value> = seen.iter().filter(|it| it["current"] == true).collect();
    assert_eq!((seen.len(), current.len()), (2, 1));
    let path = format!("/user/sessions/{}", claims(&refresh)["sid"].as_str().unwrap());
    delete(&mut browser, &path)
        .await
        .expect_error(403, "csrf_token_missing");
    server.refresh(&refresh).await.expect_status(200);
    browser.csrf_header();
    let reply = delete(&mut browser, &path).await.expect_status(200);
    assert_eq!(reply.header("set-cookie"), "");
    server
        .refresh(&refresh)
        .await
        .expect_error(401, "token_blacklisted");
    let reply = delete(&mut browser, "/user/sessions?all=on")
        .await
        .expect_status(200);
    assert_eq!(reply.json()["ended"], 1);
    assert!(!browser.cookies.contains_key("access") && !browser.cookies.contains_key("access_refresh"));
    browser.get("/user/me").await.expect_status(401);
}

async fn without_a_row_the_user_is_looked_up_by_his_claim(database: Database) {
    let classes = r#"["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication", "rest_framework.authentication.SessionAuthentication"]"#;
    let server = database
        .server_with(&[("REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES", classes)])
        .await;
    ended::poll(&server.app).await.unwrap();
    let mut user = SignedIn::new(&server).await;
    let mut client = holder(&server, &user.first.0);
    let seen = list(&mut client).await;
    let current = seen.iter().find(|it| it["current"] == true).unwrap();
    assert_eq!((seen.len(), &current["id"]), (3, &json!(sid(&user.first.0))));
    delete(&mut client, &format!("/user/sessions/{}", sid(&user.second.0)))
        .await
        .expect_status(200);
    assert_eq!(user.holds().await, [true, false, true]);
    let reply = delete(&mut client, "/user/sessions").await.expect_status(200);
    assert_eq!(reply.json()["ended"], 1);
    assert_eq!(user.holds().await, [true, false, false]);

    // What ends past us is no matter for a token by itself, and is one here.
    server.sql("UPDATE user_user SET is_active = false").await;
    client.get("/user/me").await.expect_status(200);
    client
        .get("/user/sessions")
        .await
        .expect_error(401, "user_inactive");
    delete(&mut client, "/user/sessions")
        .await
        .expect_error(401, "user_inactive");
    server.sql("UPDATE user_user SET is_active = true").await;
    server.set_password("mseo", &server.encoded("another")).await;
    client.get("/user/me").await.expect_status(200);
    client.speaks_english();
    let reply = client
        .get("/user/sessions")
        .await
        .expect_error(401, "token_blacklisted");
    assert_eq!(reply.json()["messages"][0]["token_class"], "AccessToken");
}

async fn nobody_ends_what_is_not_his_or_not_there(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other = server.bystander().await;
    let others = server.records("bystander").await[0].sid.clone();
    let mut client = holder(&server, &user.first.0);
    let long = "a".repeat(10_000);
    let zeros = "%00".repeat(64);
    let upper = sid(&user.second.0).to_uppercase();
    for id in [
        &others,
        "0123456789abcdef0123456789abcdef",
        "x",
        ".",
        "%2e%2e",
        "%2F",
        "a%2Fb",
        "%00",
        &zeros,
        "%ff%fe",
        "%ED%A0%80",
        "%F0%9F%98%80",
        "'%20OR%201=1--",
        "%25",
        "null",
        "*",
        "{id}",
        &long,
        &format!("{}%00", sid(&user.second.0)),
        &format!("{}%20", sid(&user.second.0)),
        &upper,
    ] {
        let reply = delete(&mut client, &format!("/user/sessions/{id}")).await;
        let reply = reply.expect_error(404, "not_found");
        assert_eq!(reply.json(), json!({"detail": "찾을 수 없습니다."}), "{id}");
    }
    assert_eq!(user.holds().await, [true, true, true]);
    other.get("/user/me").await.expect_status(200);
    // Who is nobody is told that first, whatever he asks for.
    for path in [format!("/user/sessions/{others}"), "/user/sessions/x".to_owned()] {
        delete(&mut server.anonymous(), &path)
            .await
            .expect_error(401, "not_authenticated");
    }
}

async fn ending_at_the_same_time_ends_once(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let path = format!("/user/sessions/{}", sid(&user.first.0));
    let all = at_once((0..20).map(async |_| {
        let mut client = holder(&server, &user.second.0);
        delete(&mut client, &path).await.status.as_u16()
    }));
    let mut statuses = all.await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert_eq!(statuses[1..], [404; 19]);
    let all = at_once((0..20).map(async |_| {
        let mut client = holder(&server, &user.second.0);
        let reply = delete(&mut client, "/user/sessions").await.expect_status(200);
        reply.json()["ended"].as_u64().unwrap()
    }));
    assert_eq!(all.await.iter().sum::<u64>(), 1);
    assert_eq!(user.holds().await, [false, true, false]);
}

async fn what_another_password_shut_is_not_listed(database: Database) {
    let server = database.server().await;
    SignedIn::new(&server).await;
    // Django changed it past us: no record has ended, and nothing of it opens anything.
    server.set_password("mseo", &server.encoded("1234")).await;
    let (access, _) = server.tokens().await;
    let seen = list(&mut holder(&server, &access)).await;
    assert_eq!((seen.len(), &seen[0]["id"]), (1, &json!(sid(&access))));
    assert_eq!(server.records("mseo").await.len(), 4);
    let reply = delete(&mut holder(&server, &access), "/user/sessions").await;
    assert_eq!(
        reply.expect_status(200).json()["ended"],
        3,
        "they end all the same"
    );
}

async fn a_refresh_keeps_the_id_of_a_sign_in(database: Database) {
    let server = database
        .server_with(&[("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", "true")])
        .await;
    let (mut client, refresh) = server.token_user().await;
    let before = list(&mut client).await;
    server.clock.advance(100);
    let reply = server.refresh(&refresh).await.expect_status(200);
    client.bearer(&reply.text("access_token"));
    let after = list(&mut client).await;
    assert_eq!((after.len(), &after[0]["id"]), (1, &before[0]["id"]));
    assert_eq!(
        (&before[0]["expires"], &after[0]["expires"]),
        (&json!("2026-01-08T00:00:00Z"), &json!("2026-01-08T00:01:40Z"))
    );
}

async fn many_sign_ins_are_cut_in_the_list_and_all_end(database: Database) {
    let server = database.server().await;
    let (mut client, _) = server.token_user().await;
    let sid = server.records("mseo").await[0].sid.clone();
    // As many as somebody has who signs in by a program; each opened a moment before the other.
    let copies = format!(
        "INSERT INTO munjigi_session (sid, user_id, opened_at, last_seen_at, auth_hash, jti, jti_exp, rotations) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
         SELECT 'copy-' || i, user_id, opened_at - i, opened_at, auth_hash, 'jti-' || i, jti_exp, 0 \
         FROM munjigi_session, n WHERE sid = '{sid}'"
    );
    server.sql(&copies).await;
    let body = client.get("/user/sessions").await.expect_status(200).json();
    let seen = body["sessions"].as_array().unwrap();
    assert_eq!((seen.len(), &body["more"]), (100, &json!(true)));
    assert_eq!(
        (&seen[0]["id"], &seen[99]["id"]),
        (&json!(sid), &json!("copy-99"))
    );
    let reply = delete(&mut client, "/user/sessions").await.expect_status(200);
    assert_eq!(reply.json()["ended"], 3000);
    let body = client.get("/user/sessions").await.expect_status(200).json();
    assert_eq!(
        (body["sessions"].as_array().unwrap().len(), &body["more"]),
        (1, &json!(false))
    );
    assert_eq!(server.blacklisted().await.len(), 3000);
    let listed = server.sql("SELECT count(*), max(seq) FROM munjigi_ended").await;
    assert_eq!(listed, [["3000", "3000"]]);
}

async fn nonsense_for_all_is_refused(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut client = holder(&server, &user.first.0);
    for all in ["", "2", "truee", "%00", "null", "%ff", &"1".repeat(10_000)] {
        let reply = delete(&mut client, &format!("/user/sessions?all={all}")).await;
        let reply = reply.expect_error(400, "invalid");
        assert_eq!(reply.json(), json!({"all": ["유효한 불리언이어야 합니다."]}));
    }
    delete(&mut client, "/user/sessions?all=true&all=")
        .await
        .expect_error(400, "invalid");
    assert_eq!(user.holds().await, [true, true, true]);
}

async fn who_is_not_signed_in_has_no_list(database: Database) {
    let server = database.server().await;
    let mut client = server.anonymous();
    for method in [Method::GET, Method::DELETE] {
        let reply = client.send(method, "/user/sessions", None, Body::empty()).await;
        let reply = reply.expect_error(401, "not_authenticated");
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"api\"");
    }
}
