//! Sessions that a Django beside us opens by itself: they have a record from the moment in which they are seen, and end by
//! it. What a real Django makes of it is in `interop/test_devices.py`.

use crate::support::{Client, Database, SECRET_KEY, TestServer, mseo, mseo_signs_in, on_both};
use axum::body::Body;
use http::Method;
use munjigi::accounts::{administration, backfill, devices};
use munjigi_sessions::SessionData;
use serde_json::json;

on_both!(
    a_session_of_djangos_is_listed_from_the_moment_in_which_it_is_presented,
    the_backfill_finds_what_is_a_users_and_leaves_the_others_alone,
    an_ended_session_of_djangos_is_refused_and_gone,
    ending_all_ends_what_nobody_has_seen_yet,
    a_session_that_django_closed_is_not_open,
    a_new_key_from_django_is_followed_and_ends_with_its_record,
    a_sign_in_here_takes_the_place_of_djangos_in_the_same_browser,
    a_session_of_djangos_that_moves_to_a_new_secret_key_keeps_its_id,
    who_is_shut_out_finds_no_session_of_djangos_when_he_is_let_in_again,
    a_thousand_sessions_and_more_are_found_in_slices,
);

const KEY: &str = "djangodjangodjangodjangodjango01";

async fn server(database: Database) -> TestServer {
    let server = database.server().await;
    server.signed_up().await;
    server
}

async fn djangos(server: &TestServer, key: &str) {
    let data = server.djangos_login(SECRET_KEY).await;
    server.write_session(key, &data, SECRET_KEY).await;
}

async fn data_of(server: &TestServer, key: &str) -> Option<String> {
    let rows = server
        .sql(&format!(
            "SELECT session_data FROM django_session WHERE session_key = '{key}'"
        ))
        .await;
    rows.into_iter().next().map(|mut row| row.remove(0))
}

fn browser<'s>(server: &'s TestServer, key: &str) -> Client<'s> {
    let mut client = server.anonymous();
    client.cookies.insert("sessionid".into(), key.into());
    client
}

async fn listed(server: &TestServer) -> Vec<String> {
    let user = server.user("mseo").await;
    let found = devices::list(&server.app, &user, server.clock.now())
        .await
        .unwrap();
    found.newest.into_iter().map(|it| it.record.sid).collect()
}

async fn records(server: &TestServer) -> String {
    server.sql("SELECT count(*) FROM munjigi_session").await[0][0].clone()
}

async fn a_session_of_djangos_is_listed_from_the_moment_in_which_it_is_presented(database: Database) {
    let server = server(database).await;
    djangos(&server, KEY).await;
    let before = data_of(&server, KEY).await;
    server.clock.advance(10);
    let mut client = browser(&server, KEY);
    client.header("user-agent", "Firefox");
    let body = client.get("/user/sessions").await.expect_status(200).json();
    let id = body["sessions"][0]["id"].as_str().unwrap().to_owned();
    let seen = json!({
        "id": id, "current": true, "opened": "2026-01-01T00:00:00Z", "last_seen": "2026-01-01T00:00:00Z",
        "expires": "2026-01-02T00:00:00Z", "carrier": "session",
        "client": {"name": null, "address": "127.0.0.1", "agent": "Firefox"},
    });
    assert_eq!(body, json!({"sessions": [seen], "more": false}));
    assert_eq!(id.len(), 32);
    assert_eq!(data_of(&server, KEY).await, before, "Django's row stays as it is");
    client.get("/user/me").await.expect_status(200);
    backfill::finish(&server.app).await.unwrap();
    assert_eq!(listed(&server).await, [id]);
    assert_eq!(records(&server).await, "1");
}

async fn the_backfill_finds_what_is_a_users_and_leaves_the_others_alone(database: Database) {
    let server = server(database).await;
    djangos(&server, KEY).await;
    // By another backend of the project's: not ours to authenticate, and his all the same.
    let mut data = server.djangos_login(SECRET_KEY).await;
    data.insert("_auth_user_backend", "project.backends.Ldap");
    server
        .write_session("ldapldapldapldapldapldapldapldap", &data, SECRET_KEY)
        .await;
    let mut nobody = SessionData::default();
    nobody.insert("cart", json!([1]));
    server
        .write_session("nobodynobodynobodynobodynobodyno", &nobody, SECRET_KEY)
        .await;
    server
        .write_session("strangestrangestrangestrangestra", &data, "another project's key")
        .await;
    data.insert("_auth_user_id", "seven");
    server
        .write_session("seven7seven7seven7seven7seven7se", &data, SECRET_KEY)
        .await;
    djangos(&server, "expiredexpiredexpiredexpiredexpi").await;
    server
        .sql(
            "UPDATE django_session SET expire_date = '2025-12-31 23:59:59' WHERE session_key LIKE 'expired%'",
        )
        .await;
    let mut anonymous = browser(&server, "nobodynobodynobodynobodynobodyno");
    anonymous.get("/user/me").await.expect_status(401);
    assert_eq!(
        records(&server).await,
        "0",
        "an anonymous visitor leaves no record"
    );

    backfill::finish(&server.app).await.unwrap();
    assert_eq!(records(&server).await, "2");
    assert_eq!(listed(&server).await.len(), 2);
    let before = server.app.store().metrics().jobs;
    backfill::finish(&server.app).await.unwrap();
    // PostgreSQL counts the two looks, at all rows and behind the last.
    let jobs = server.app.store().metrics().jobs - before;
    assert!(jobs == 0 || jobs == 2, "nothing is left to write: {jobs}");

    // Who uses the session is known when it is presented.
    let mut client = browser(&server, KEY);
    client.comes_from("192.0.2.7");
    client.get("/user/me").await.expect_status(200);
    let known = server
        .sql("SELECT client_address FROM munjigi_session WHERE client_address IS NOT NULL")
        .await;
    assert_eq!(known, [["192.0.2.7"]]);
    let commits = server.app.store().metrics().jobs;
    client.get("/user/me").await.expect_status(200);
    assert_eq!(server.app.store().metrics().jobs, commits, "once is enough");
}

async fn an_ended_session_of_djangos_is_refused_and_gone(database: Database) {
    let server = server(database).await;
    djangos(&server, KEY).await;
    backfill::finish(&server.app).await.unwrap();
    let (access, _) = server.tokens().await;
    let id = listed(&server)
        .await
        .into_iter()
        .find(|id| *id != sid(&access))
        .unwrap();
    let mut phone = server.anonymous();
    phone.bearer(&access);
    let path = format!("/user/sessions/{id}");
    let reply = phone.send(Method::DELETE, &path, None, Body::empty()).await;
    reply.expect_status(200);
    assert_eq!(data_of(&server, KEY).await, None, "Django refuses it, too");
    let reply = browser(&server, KEY).get("/user/me").await.expect_status(401);
    assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=0"));

    // Somebody who writes the row once more, from a backup, does not bring it back.
    djangos(&server, KEY).await;
    let reply = browser(&server, KEY).get("/user/me").await.expect_status(401);
    assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=0"));
    assert_eq!(data_of(&server, KEY).await, None);
}

fn sid(access: &str) -> String {
    crate::support::claims(access)["sid"].as_str().unwrap().to_owned()
}

async fn ending_all_ends_what_nobody_has_seen_yet(database: Database) {
    let server = server(database).await;
    djangos(&server, KEY).await;
    djangos(&server, "another1another1another1another1").await;
    let (access, _) = server.tokens().await;
    let mut phone = server.anonymous();
    phone.bearer(&access);
    let reply = phone
        .send(Method::DELETE, "/user/sessions", None, Body::empty())
        .await;
    assert_eq!(reply.expect_status(200).json()["ended"], 2);
    assert!(server.sql("SELECT 1 FROM django_session").await.is_empty());
    assert_eq!(listed(&server).await, [sid(&access)]);
    djangos(&server, KEY.replace('1', "2").as_str()).await;
    let ended = administration::end_sessions(&server.app, "mseo", server.clock.now()).await;
    assert_eq!(ended.unwrap(), 2);
    djangos(&server, KEY.replace('1', "3").as_str()).await;
    let ended = administration::end_all_sessions(&server.app, server.clock.now()).await;
    assert_eq!(ended.unwrap(), 1);
    assert!(server.sql("SELECT 1 FROM django_session").await.is_empty());
}

async fn a_session_that_django_closed_is_not_open(database: Database) {
    let server = server(database).await;
    djangos(&server, KEY).await;
    djangos(&server, "expired1expired1expired1expired1").await;
    backfill::finish(&server.app).await.unwrap();
    assert_eq!(listed(&server).await.len(), 2);
    server
        .sql(&format!("DELETE FROM django_session WHERE session_key = '{KEY}'"))
        .await;
    assert_eq!(listed(&server).await.len(), 1);
    server.clock.advance(24 * 3600);
    assert!(listed(&server).await.is_empty());
}

async fn a_new_key_from_django_is_followed_and_ends_with_its_record(database: Database) {
    let server = server(database).await;
    let mut client = server.anonymous();
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    let key = client.cookies["sessionid"].clone();
    let id = listed(&server).await;
    // `cycle_key()`, as after a change of the password in Django.
    let cycle = |from: &str, to: &str| {
        format!("UPDATE django_session SET session_key = '{to}' WHERE session_key = '{from}'")
    };
    server.sql(&cycle(&key, KEY)).await;
    assert!(listed(&server).await.is_empty());
    backfill::finish(&server.app).await.unwrap();
    assert_eq!(listed(&server).await, id);
    let user = server.user("mseo").await;
    let ended = devices::end(&server.app, &user, &id[0], server.clock.now()).await;
    assert!(ended.unwrap());
    assert_eq!(data_of(&server, KEY).await, None);

    // One that ended while Django gave it a new key is gone as soon as it is found.
    client.cookies.clear();
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    let id = listed(&server).await;
    server.sql(&cycle(&client.cookies["sessionid"], KEY)).await;
    let ended = devices::end(&server.app, &user, &id[0], server.clock.now()).await;
    assert!(ended.unwrap());
    backfill::finish(&server.app).await.unwrap();
    assert_eq!(data_of(&server, KEY).await, None);
}

async fn a_sign_in_here_takes_the_place_of_djangos_in_the_same_browser(database: Database) {
    let server = server(database).await;
    djangos(&server, KEY).await;
    backfill::finish(&server.app).await.unwrap();
    let before = listed(&server).await;
    let mut client = browser(&server, KEY);
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    assert_eq!(client.cookies["sessionid"], KEY, "Django's login keeps the key");
    let after = listed(&server).await;
    assert_eq!(after.len(), 1);
    assert_ne!(before, after);
    backfill::finish(&server.app).await.unwrap();
    assert_eq!(listed(&server).await, after);
    client.csrf_header();
    let reply = client.post("/user/session_signout", &json!({})).await;
    reply.expect_status(200);
    assert!(listed(&server).await.is_empty());
}

async fn a_session_of_djangos_that_moves_to_a_new_secret_key_keeps_its_id(database: Database) {
    let old = "an-old-secret-key-0123456789abcdefghijklmnopqrstuvwxyz";
    let server = database
        .server_with(&[("SECRET_KEY_FALLBACKS", &format!("[\"{old}\"]"))])
        .await;
    server.signed_up().await;
    let data = server.djangos_login(old).await;
    server.write_session(KEY, &data, old).await;
    backfill::finish(&server.app).await.unwrap();
    let before = listed(&server).await;
    assert_eq!(before.len(), 1);
    let mut client = browser(&server, KEY);
    client.get("/user/me").await.expect_status(200);
    assert_ne!(client.cookies["sessionid"], KEY);
    client.get("/user/me").await.expect_status(200);
    backfill::finish(&server.app).await.unwrap();
    assert_eq!(listed(&server).await, before);
}

async fn who_is_shut_out_finds_no_session_of_djangos_when_he_is_let_in_again(database: Database) {
    let server = server(database).await;
    djangos(&server, KEY).await;
    let now = server.clock.now();
    let ended = administration::disable(&server.app, "mseo", now).await;
    assert_eq!(ended.unwrap(), 1);
    administration::enable(&server.app, "mseo").await.unwrap();
    browser(&server, KEY).get("/user/me").await.expect_status(401);
    assert_eq!(data_of(&server, KEY).await, None);
}

async fn a_thousand_sessions_and_more_are_found_in_slices(database: Database) {
    let server = database.server().await;
    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signup", &mseo()).await;
    reply.expect_status(201);
    djangos(&server, KEY).await;
    let copies = format!(
        "INSERT INTO django_session (session_key, session_data, expire_date) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) \
         SELECT 'copy-of-a-session-' || i, session_data, expire_date FROM django_session, n \
         WHERE session_key = '{KEY}'"
    );
    server.sql(&copies).await;
    let waiting = [backfill::finish(&server.app), backfill::finish(&server.app)];
    for done in crate::support::at_once(waiting).await {
        done.unwrap();
    }
    assert_eq!(records(&server).await, "1202");
    let ended = administration::end_sessions(&server.app, "mseo", server.clock.now()).await;
    assert_eq!(ended.unwrap(), 1202);
    assert!(server.sql("SELECT 1 FROM django_session").await.is_empty());
}
