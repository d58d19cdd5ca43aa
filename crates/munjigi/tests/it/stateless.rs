//! `JWTStatelessUserAuthentication`: the user is the token, and the database is not asked.

use crate::support::{Database, TestServer, claims, jti, mseo_signs_in, on_both, signed};
use crate::support::{SECRET_KEY, START};
use munjigi::accounts::{ended, housekeeping};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both!(
    tokens_of_every_shape_are_answered_as_simplejwt_answers_them_without_a_table,
    a_token_is_refused_from_the_moment_in_which_its_sign_in_ends,
    a_token_whose_sign_in_has_ended_stays_refused_though_tokens_live_shorter_by_now,
    without_the_list_only_what_needs_it_is_turned_away,
    a_session_beside_it_is_still_a_row,
    a_token_cookie_may_carry_it,
    a_list_of_classes_with_a_refresh_token_in_it_asks_the_blacklist,
    the_old_name_is_taken,
);

const FILE: &str = "stateless_user.json";
const STATELESS: &str = r#"["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication", "rest_framework.authentication.SessionAuthentication"]"#;
const CLASSES: (&str, &str) = ("REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES", STATELESS);

async fn stateless(database: Database) -> TestServer {
    let server = database.server_with(&[CLASSES]).await;
    ended::poll(&server.app).await.unwrap();
    server
}

async fn tokens_of_every_shape_are_answered_as_simplejwt_answers_them_without_a_table(database: Database) {
    let server = database.server_with(&[CLASSES]).await;
    let ended_sid = "0123456789abcdef0123456789abcdef"
        .chars()
        .rev()
        .collect::<String>();
    let end = format!("INSERT INTO munjigi_ended (seq, sid, until) VALUES (1, '{ended_sid}', 9000000000000)");
    server.sql(&end).await;
    server.sql("UPDATE munjigi_counter SET value = 1").await;
    ended::poll(&server.app).await.unwrap();
    without_tables(&server).await;

    let path = format!("{}/../../fixtures/{FILE}", env!("CARGO_MANIFEST_DIR"));
    let golden: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(
        (&golden["meta"]["key"], &golden["meta"]["now"]),
        (&json!(SECRET_KEY), &json!(START))
    );
    let mut differing = BTreeSet::new();
    let vectors = golden["vectors"].as_array().unwrap();
    for vector in vectors {
        let header = match vector.get("payload") {
            Some(payload) => Some(format!("Bearer {}", signed(payload, SECRET_KEY))),
            None => vector["header"].as_str().map(str::to_owned),
        };
        for lang in ["en", "ko"] {
            let mut client = server.anonymous();
            client.header("accept-language", lang);
            if let Some(header) = &header {
                client.authorization(header.as_bytes());
            }
            let reply = client.get("/user/me").await;
            let ours = (
                reply.status.as_u16().into(),
                challenge(reply.header("www-authenticate")),
                reply.json(),
            );
            let body = vector.get(lang).unwrap_or(&vector["en"]);
            let theirs = (
                vector["status"].clone(),
                vector["www_authenticate"].clone(),
                body.clone(),
            );
            if ours != theirs {
                differing.insert(vector["id"].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!((differing, vectors.len()), (deviations(), 73));
}

fn challenge(header: &str) -> Value {
    if header.is_empty() {
        Value::Null
    } else {
        header.into()
    }
}

/// Takes every table away: whatever is answered now is answered without the database.
async fn without_tables(server: &TestServer) {
    for table in [
        "user_user",
        "django_session",
        "token_blacklist_outstandingtoken",
        "token_blacklist_blacklistedtoken",
        "munjigi_session",
        "munjigi_ended",
        "munjigi_counter",
    ] {
        server
            .sql(&format!("ALTER TABLE {table} RENAME TO away_{table}"))
            .await;
    }
}

fn deviations() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/deviations.toml");
    let list: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let entries = list["deviation"].as_array().unwrap().iter();
    let ours = entries.filter(|entry| entry["vectors"].as_str() == Some(FILE));
    ours.map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn a_token_is_refused_from_the_moment_in_which_its_sign_in_ends(database: Database) {
    let here = stateless(database).await;
    let elsewhere = here.neighbour(&[CLASSES]).await;
    ended::poll(&elsewhere.app).await.unwrap();
    here.signed_up().await;
    let (access, refresh) = here.tokens().await;
    let (other, _) = here.tokens().await;
    for server in [&here, &elsewhere] {
        let reply = server.me(&access).await.expect_status(200);
        let me = json!({"id": "1", "username": "", "email": null, "age": null});
        assert_eq!(reply.json(), me);
    }
    let body = json!({"refresh_token": refresh});
    here.anonymous()
        .post("/user/jwt_signout", &body)
        .await
        .expect_status(200);
    let refused = here.me(&access).await.expect_error(401, "token_blacklisted");
    elsewhere.me(&access).await.expect_status(200);
    ended::poll(&elsewhere.app).await.unwrap();
    let there = elsewhere.me(&access).await.expect_error(401, "token_blacklisted");
    assert_eq!(there.json(), refused.json());
    let with_rows = here.neighbour(&[]).await;
    let by_row = with_rows.me(&access).await.expect_error(401, "token_blacklisted");
    assert_eq!(by_row.json(), refused.json());
    assert_eq!(
        by_row.header("www-authenticate"),
        refused.header("www-authenticate")
    );
    for server in [&here, &elsewhere] {
        server.me(&other).await.expect_status(200);
    }
}

async fn a_token_whose_sign_in_has_ended_stays_refused_though_tokens_live_shorter_by_now(database: Database) {
    const HOUR: i64 = 3_600;
    let lives = [
        CLASSES,
        ("SIMPLE_JWT__ACCESS_TOKEN_LIFETIME", "1d"),
        ("SIMPLE_JWT__REFRESH_TOKEN_LIFETIME", "1d"),
    ];
    let long = database.server_with(&lives).await;
    ended::poll(&long.app).await.unwrap();
    long.signed_up().await;
    let (_, refresh) = long.tokens().await;
    long.clock.advance(23 * HOUR);
    let access = long.refresh(&refresh).await.text("access_token");
    // The same server with today's settings: five minutes for an access token.
    let short = long.neighbour(&[CLASSES]).await;
    ended::poll(&short.app).await.unwrap();
    let body = json!({"refresh_token": refresh});
    let reply = short.anonymous().post("/user/jwt_signout", &body).await;
    reply.expect_status(200);
    for _ in 0..23 {
        short.clock.advance(HOUR);
        ended::poll(&short.app).await.unwrap();
        let reply = short.me(&access).await;
        reply.expect_error(401, "token_blacklisted");
    }
    housekeeping::clear_sessions(&short.app, short.clock.now())
        .await
        .unwrap();
    let later = short.neighbour(&[CLASSES]).await;
    ended::poll(&later.app).await.unwrap();
    let reply = later.me(&access).await;
    reply.expect_error(401, "token_blacklisted");
}

async fn without_the_list_only_what_needs_it_is_turned_away(database: Database) {
    let server = stateless(database).await;
    let (mut client, _) = server.token_user().await;
    server.clock.advance(31);
    client.get("/user/me").await.expect_error(503, "unavailable");
    // Who is known to be out is out, however old the news.
    let (access, refresh) = server.tokens().await;
    let body = json!({"refresh_token": refresh});
    server
        .anonymous()
        .post("/user/jwt_signout", &body)
        .await
        .expect_status(200);
    server.me(&access).await.expect_error(401, "token_blacklisted");
    client.get("/readyz").await.expect_error(503, "unavailable");
    server.me("garbage").await.expect_error(401, "token_not_valid");
    // A token of Django's has no record that could have ended.
    let djangos = json!({"token_type": "access", "exp": START + 300, "jti": "0", "user_id": "1"});
    server.me(&signed(&djangos, SECRET_KEY)).await.expect_status(200);
    server
        .anonymous()
        .post("/user/session_signin", &mseo_signs_in())
        .await
        .expect_status(200);
    ended::poll(&server.app).await.unwrap();
    client.get("/user/me").await.expect_status(200);
}

async fn a_session_beside_it_is_still_a_row(database: Database) {
    let server = stateless(database).await;
    let mut client = server.cookie_user().await;
    let reply = client.get("/user/me").await.expect_status(200);
    let me = json!({"id": 1, "username": "mseo", "email": "mseo@naver.com", "age": 24});
    assert_eq!(reply.json(), me);
    client.csrf_header();
    client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(200);
}

async fn a_token_cookie_may_carry_it(database: Database) {
    let cookie = ("SIMPLE_JWT__AUTH_COOKIE", "access");
    let server = database.server_with(&[CLASSES, cookie]).await;
    ended::poll(&server.app).await.unwrap();
    server.signed_up().await;
    let mut client = server.anonymous();
    client
        .post("/user/jwt_signin", &mseo_signs_in())
        .await
        .expect_status(200);
    let reply = client.get("/user/me").await.expect_status(200);
    assert_eq!(reply.json()["id"], "1");
    let sid = claims(&client.cookies["access"])["sid"]
        .as_str()
        .unwrap()
        .to_owned();
    munjigi::accounts::administration::end_sessions(&server.app, "mseo", server.clock.now())
        .await
        .unwrap();
    assert!(server.app.ended().is_ended(&sid, server.clock.now()).unwrap());
    client
        .get("/user/me")
        .await
        .expect_error(401, "token_blacklisted");
}

async fn a_list_of_classes_with_a_refresh_token_in_it_asks_the_blacklist(database: Database) {
    let classes =
        r#"["rest_framework_simplejwt.tokens.AccessToken", "rest_framework_simplejwt.tokens.RefreshToken"]"#;
    let settings = [CLASSES, ("SIMPLE_JWT__AUTH_TOKEN_CLASSES", classes)];
    let server = database.server_with(&settings).await;
    ended::poll(&server.app).await.unwrap();
    server.signed_up().await;
    // Of Django's, so that no record stands behind it.
    let djangos = json!({"token_type": "refresh", "exp": START + 300, "jti": "7", "user_id": "1"});
    let token = signed(&djangos, SECRET_KEY);
    server.me(&token).await.expect_status(200);
    server
        .anonymous()
        .post("/user/jwt_signout", &json!({"refresh_token": token}))
        .await
        .expect_status(200);
    assert_eq!(server.blacklisted().await, [jti(&token)]);
    let mut client = server.anonymous();
    client.speaks_english();
    client.bearer(&token);
    let reply = client.get("/user/me").await.expect_status(401);
    let messages = [
        json!({"token_class": "AccessToken", "token_type": "access", "message": "Token has wrong type"}),
        json!({"token_class": "RefreshToken", "token_type": "refresh", "message": "Token is blacklisted"}),
    ];
    assert_eq!(reply.json()["messages"], json!(messages));
}

async fn the_old_name_is_taken(database: Database) {
    let classes = r#"["rest_framework_simplejwt.authentication.JWTTokenUserAuthentication"]"#;
    let server = database.server_with(&[(CLASSES.0, classes)]).await;
    ended::poll(&server.app).await.unwrap();
    let (mut client, _) = server.token_user().await;
    let reply = client.get("/user/me").await.expect_status(200);
    assert_eq!(reply.json()["id"], "1");
}
