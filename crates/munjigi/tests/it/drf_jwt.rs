//! djangorestframework-jwt's dialect: whole exchanges as drf-jwt answers them, and what stands behind a token here.

use crate::support::{
    Client, Database, SECRET_KEY, START, TestServer, claims, mseo_signs_in, on_both, signed,
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

on_both!(
    exchanges_are_those_of_drf_jwt,
    one_token_signs_in_and_says_who_has_it,
    a_sign_out_a_new_password_and_a_closed_account_end_every_token_of_a_line,
    no_token_of_simplejwts_is_one_of_this_dialect_nor_the_other_way_round,
    a_name_that_went_to_somebody_else_opens_nothing,
    the_routes_are_off_and_no_token_is_taken_until_somebody_writes_them,
    both_dialects_are_spoken_side_by_side,
    the_key_may_be_one_of_its_own,
    an_expired_token_signs_out_and_a_foreign_one_does_not,
    a_token_whose_sid_no_column_holds_is_refused_wherever_it_is_sent,
);

const ROUTES: [(&str, &str); 3] = [
    ("ROUTES__OBTAIN_JWT_TOKEN", "/api-token-auth/"),
    ("ROUTES__REFRESH_JWT_TOKEN", "/api-token-refresh/"),
    ("ROUTES__VERIFY_JWT_TOKEN", "/api-token-verify/"),
];
const CLASSES: &str = "REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES";
const ALONE: &str = r#"["rest_framework_jwt.authentication.JSONWebTokenAuthentication"]"#;
const BESIDE: &str = r#"["rest_framework_simplejwt.authentication.JWTAuthentication", "rest_framework_jwt.authentication.JSONWebTokenAuthentication", "rest_framework.authentication.SessionAuthentication"]"#;

fn fixture(name: &str) -> String {
    let path = format!("{}/../../fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn golden() -> Value {
    serde_json::from_str(&fixture("drf_jwt.json")).unwrap()
}

/// The exchanges that `deviations.toml` says we answer otherwise.
fn deviations() -> BTreeSet<String> {
    let table: toml::Table = fixture("deviations.toml").parse().unwrap();
    let all = table["deviation"].as_array().unwrap().iter();
    all.filter(|entry| entry["vectors"].as_str() == Some("drf_jwt.json"))
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The three routes, and this class alone, with the settings of a profile.
async fn speaking(database: Database, profile: &Value) -> TestServer {
    let written: Vec<(String, String)> = profile
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (format!("JWT_AUTH__{key}"), value)
        })
        .collect();
    let mut settings = ROUTES.to_vec();
    settings.push((CLASSES, ALONE));
    settings.extend(written.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    database.server_with(&settings).await
}

async fn exchanges_are_those_of_drf_jwt(database: Database) {
    let golden = golden();
    assert_eq!(golden["secret_key"], SECRET_KEY);
    let mut database = Some(database);
    let mut different = BTreeMap::new();
    let mut asked = 0;
    for (name, profile) in golden["profiles"].as_object().unwrap() {
        // Each profile is a server of its own; the first has the database of the test.
        let postgres_or_file = match database.take() {
            Some(database) => database,
            None => Database::sqlite(),
        };
        let server = speaking(postgres_or_file, profile).await;
        let encoded = server.encoded(golden["password"].as_str().unwrap());
        for user in golden["users"].as_array().unwrap() {
            let text = |key: &str| user[key].as_str().unwrap().to_owned();
            let row = server
                .insert_user(&text("username"), &text("email"), &encoded)
                .await;
            assert_eq!(json!(row.id.to_string().parse::<i64>().unwrap()), user["id"]);
        }
        let disable = "UPDATE user_user SET is_active = false WHERE username = 'inactive'";
        server.sql(disable).await;
        let of_profile = golden["exchanges"].as_array().unwrap().iter();
        for exchange in of_profile.filter(|exchange| exchange["profile"] == name.as_str()) {
            let id = exchange["id"].as_str().unwrap().rsplit_once('/').unwrap().0;
            // What a Django blacklisted stands in a table of its own, which is not read; a sign-in's end is tried below.
            if id.ends_with("_ended") {
                continue;
            }
            asked += 1;
            if let Err(difference) = ask(&server, exchange).await {
                different.insert(id.to_owned(), difference);
            }
        }
    }
    assert_eq!(asked, golden["exchanges"].as_array().unwrap().len() - 6);
    let ids: BTreeSet<String> = different.keys().cloned().collect();
    assert_eq!(ids, deviations(), "{different:#?}");
}

/// Puts one exchange to the server, at its time; the error tells what was answered otherwise.
async fn ask(server: &TestServer, exchange: &Value) -> Result<(), String> {
    let now = exchange["now"].as_i64().unwrap();
    server.clock.advance(now - server.clock.now().as_second());
    let request = &exchange["request"];
    let mut client = server.anonymous();
    client.header("accept-language", exchange["language"].as_str().unwrap());
    if let Some(header) = request["authorization"].as_str() {
        client.authorization(header.as_bytes());
    }
    let method: Method = request["method"].as_str().unwrap().parse().unwrap();
    let content_type = request["content_type"].as_str().filter(|text| !text.is_empty());
    let body = match &request["body"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    let path = request["path"].as_str().unwrap();
    let reply = client.send(method, path, content_type, body).await;
    let wanted = &exchange["response"];
    if json!(reply.status.as_u16()) != wanted["status"] {
        return Err(format!("{} for {}", reply.status, wanted["status"]));
    }
    if let Some(challenge) = wanted["challenge"].as_str() {
        assert_eq!(reply.header("www-authenticate"), challenge);
    }
    let (mut ours, mut theirs) = (reply.json(), wanted["body"].clone());
    if path == "/user/me" && reply.status == StatusCode::OK {
        ours = json!({"id": ours["id"], "username": ours["username"]});
    }
    if reply.status == StatusCode::CREATED {
        for body in [&mut ours, &mut theirs] {
            // A verified token comes back as it is.
            if path != "/api-token-verify/" {
                body["token"] = comparable(claims(body["token"].as_str().unwrap()));
            }
        }
    }
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("{ours} for {theirs}"))
    }
}

/// The claims without what is drawn by chance, and without what munjigi adds.
fn comparable(mut claims: Value) -> Value {
    let all = claims.as_object_mut().unwrap();
    if let Some(jti) = all.get_mut("jti") {
        let id: Vec<usize> = jti.as_str().unwrap().split('-').map(str::len).collect();
        assert_eq!(id, [8, 4, 4, 4, 12]);
        *jti = json!("a UUID");
    }
    if let Some(email) = all.remove("email") {
        assert_eq!(email, "mseo@naver.com");
    }
    all.remove("sid");
    claims
}

async fn signed_up(database: Database, more: &[(&str, &str)]) -> TestServer {
    let mut settings = ROUTES.to_vec();
    settings.push((CLASSES, BESIDE));
    settings.extend(more);
    let server = database.server_with(&settings).await;
    server.signed_up().await;
    server
}

async fn obtained(server: &TestServer) -> String {
    let body = json!({"username": "mseo", "password": "1234"});
    let reply = server.anonymous().post("/api-token-auth/", &body).await;
    reply.expect_status(201).text("token")
}

async fn me_by<'s>(server: &'s TestServer, token: &str) -> (Client<'s>, crate::support::Reply) {
    let mut client = server.anonymous();
    client.authorization(format!("JWT {token}").as_bytes());
    let reply = client.get("/user/me").await;
    (client, reply)
}

async fn given(server: &TestServer, path: &str, token: &str) -> crate::support::Reply {
    let mut client = server.anonymous();
    client.speaks_english();
    client.post(path, &json!({"token": token})).await
}

async fn one_token_signs_in_and_says_who_has_it(database: Database) {
    let server = signed_up(database, &[]).await;
    let body = json!({"username": "mseo", "password": 1234});
    let reply = server.anonymous().post("/api-token-auth/", &body).await;
    let reply = reply.expect_status(201);
    assert!(reply.json().as_object().unwrap().keys().eq(["pk", "token"]));
    assert_eq!(reply.json()["pk"], START);
    let claims = claims(&reply.text("token"));
    let names = [
        "username", "iat", "exp", "jti", "user_id", "orig_iat", "email", "sid",
    ];
    assert!(claims.as_object().unwrap().keys().eq(names), "{claims}");
    assert_eq!(
        [&claims["username"], &claims["user_id"], &claims["email"]],
        [&json!("mseo"), &json!(1), &json!("mseo@naver.com")]
    );
    let (_, reply) = me_by(&server, &reply.text("token")).await;
    assert_eq!(reply.expect_status(200).json()["username"], "mseo");
    assert_eq!(server.records("mseo").await.len(), 1);
    // drf-jwt signs in without writing it.
    assert_eq!(server.sql("SELECT last_login FROM user_user").await, [[""]]);
}

async fn a_sign_out_a_new_password_and_a_closed_account_end_every_token_of_a_line(database: Database) {
    let server = signed_up(database, &[]).await;
    let first = obtained(&server).await;
    let second = given(&server, "/api-token-refresh/", &first)
        .await
        .expect_status(201)
        .text("token");
    assert_eq!(claims(&second)["orig_jti"], claims(&first)["jti"]);
    assert_eq!(claims(&second)["sid"], claims(&first)["sid"]);
    let other = obtained(&server).await;
    let (mut client, reply) = me_by(&server, &second).await;
    reply.expect_status(200);
    client
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
    for token in [&first, &second] {
        let (_, reply) = me_by(&server, token).await;
        assert_eq!(
            reply.expect_error(403, "token_blacklisted").json(),
            json!({"detail": "Token is blacklisted."})
        );
        for path in ["/api-token-verify/", "/api-token-refresh/"] {
            let reply = given(&server, path, token)
                .await
                .expect_error(400, "token_blacklisted");
            assert_eq!(
                reply.json(),
                json!({"non_field_errors": ["Token is blacklisted."]})
            );
        }
    }
    me_by(&server, &other).await.1.expect_status(200);
    server.set_password("mseo", &server.encoded("another")).await;
    me_by(&server, &other)
        .await
        .1
        .expect_error(403, "token_blacklisted");
    server.set_password("mseo", &server.encoded("1234")).await;
    let last = obtained(&server).await;
    server.sql("UPDATE user_user SET is_active = false").await;
    me_by(&server, &last).await.1.expect_error(401, "user_inactive");
    given(&server, "/api-token-refresh/", &last)
        .await
        .expect_error(400, "user_inactive");
}

async fn no_token_of_simplejwts_is_one_of_this_dialect_nor_the_other_way_round(database: Database) {
    let server = signed_up(database, &[]).await;
    let (access, refresh) = server.tokens().await;
    let mut with_name = claims(&access);
    with_name["username"] = json!("mseo");
    with_name["orig_iat"] = json!(START);
    for token in [access, refresh.clone(), signed(&with_name, SECRET_KEY)] {
        me_by(&server, &token)
            .await
            .1
            .expect_error(401, "token_not_valid");
        for path in ["/api-token-verify/", "/api-token-refresh/"] {
            given(&server, path, &token)
                .await
                .expect_error(400, "token_not_valid");
        }
    }
    let token = obtained(&server).await;
    server.me(&token).await.expect_error(401, "token_not_valid");
    server.refresh(&token).await.expect_error(401, "token_not_valid");
    // A token under a renamed type is one of simplejwt's all the same.
    let server = server
        .restarted_with(&[ROUTES[0], ROUTES[2], ("SIMPLE_JWT__TOKEN_TYPE_CLAIM", "typ2")])
        .await;
    with_name["typ2"] = with_name["token_type"].take();
    with_name.as_object_mut().unwrap().remove("token_type");
    for token in [refresh, signed(&with_name, SECRET_KEY)] {
        given(&server, "/api-token-verify/", &token)
            .await
            .expect_error(400, "token_not_valid");
    }
}

async fn a_name_that_went_to_somebody_else_opens_nothing(database: Database) {
    let server = signed_up(database, &[]).await;
    let token = obtained(&server).await;
    server.sql("UPDATE user_user SET username = 'former'").await;
    me_by(&server, &token).await.1.expect_error(401, "user_not_found");
    server
        .insert_user("mseo", "other@naver.com", &server.encoded("x"))
        .await;
    me_by(&server, &token).await.1.expect_error(401, "user_not_found");
    given(&server, "/api-token-refresh/", &token)
        .await
        .expect_error(400, "user_not_found");
}

async fn the_routes_are_off_and_no_token_is_taken_until_somebody_writes_them(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let body = json!({"username": "mseo", "password": "1234"});
    for path in ["/api-token-auth/", "/api-token-refresh/", "/api-token-verify/"] {
        server
            .anonymous()
            .post(path, &body)
            .await
            .expect_error(404, "not_found");
    }
    let ours = json!({"username": "mseo", "iat": START, "exp": START + 300, "user_id": 1});
    let token = signed(&ours, SECRET_KEY);
    let (mut client, reply) = me_by(&server, &token).await;
    reply.expect_error(401, "not_authenticated");
    client
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(400);
}

async fn both_dialects_are_spoken_side_by_side(database: Database) {
    let server = signed_up(database, &[("JWT_AUTH__JWT_EXPIRATION_DELTA", "1h")]).await;
    let (access, _) = server.tokens().await;
    let token = obtained(&server).await;
    server.me(&access).await.expect_status(200);
    me_by(&server, &token).await.1.expect_status(200);
    let mut browser = server.anonymous();
    browser
        .post("/user/session_signin", &mseo_signs_in())
        .await
        .expect_status(200);
    browser.get("/user/me").await.expect_status(200);
    // The first class of the list names the scheme.
    let reply = server
        .anonymous()
        .get("/user/me")
        .await
        .expect_error(401, "not_authenticated");
    assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"api\"");
    server.clock.advance(3599);
    me_by(&server, &token).await.1.expect_status(200);
    server.clock.advance(1);
    me_by(&server, &token).await.1.expect_error(401, "token_expired");
}

async fn the_key_may_be_one_of_its_own(database: Database) {
    let key = "the-key-of-this-dialect-alone-0123456789-abcdefghij";
    let server = signed_up(database, &[("JWT_AUTH__JWT_SECRET_KEY", key)]).await;
    let token = obtained(&server).await;
    assert_eq!(token, signed(&claims(&token), key));
    me_by(&server, &token).await.1.expect_status(200);
    let under_the_secret_key = signed(&claims(&token), SECRET_KEY);
    me_by(&server, &under_the_secret_key)
        .await
        .1
        .expect_error(401, "token_not_valid");
    let (access, _) = server.tokens().await;
    server.me(&access).await.expect_status(200);
}

async fn an_expired_token_signs_out_and_a_foreign_one_does_not(database: Database) {
    let server = signed_up(database, &[]).await;
    let token = obtained(&server).await;
    let foreign = signed(
        &claims(&token),
        "another key of more than thirty-two bytes, not ours",
    );
    let without_record = json!({"username": "mseo", "exp": START + 300});
    for token in [foreign, signed(&without_record, SECRET_KEY)] {
        let (mut client, _) = me_by(&server, &token).await;
        let reply = client.post("/user/jwt_signout", &json!({})).await;
        reply.expect_error(401, "token_not_valid");
    }
    server.clock.advance(300);
    let (mut client, _) = me_by(&server, &token).await;
    client
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
}

async fn a_token_whose_sid_no_column_holds_is_refused_wherever_it_is_sent(database: Database) {
    let server = signed_up(database, &[]).await;
    let mut ours = claims(&obtained(&server).await);
    ours["sid"] = json!("a\0b");
    let token = signed(&ours, SECRET_KEY);
    let (mut client, reply) = me_by(&server, &token).await;
    reply.expect_error(403, "token_blacklisted");
    for path in ["/api-token-verify/", "/api-token-refresh/"] {
        given(&server, path, &token)
            .await
            .expect_error(400, "token_blacklisted");
    }
    let reply = client.post("/user/jwt_signout", &json!({})).await;
    reply.expect_error(401, "token_not_valid");
}
