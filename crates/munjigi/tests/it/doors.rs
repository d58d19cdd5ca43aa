//! Every door, and who may no longer come in: shut out, gone, or with another password, each of which a Django beside us
//! has written into its tables and told nobody.

use crate::support::{Database, TestServer, mseo_signs_in, on_both};
use http::Method;
use munjigi::accounts::ended;
use munjigi_store::{token_blacklist, users};
use munjigi_user::UserId;
use serde_json::{Value, json};

on_both!(
    who_was_shut_out_is_refused_at_every_door,
    who_is_gone_is_refused_at_every_door,
    who_has_another_password_is_refused_at_every_door,
);

/// What somebody had before.
struct Carriers {
    session: String,
    access: String,
    refresh: String,
    sliding: String,
    json_web_token: String,
}

const CLASSES: &str = r#"["rest_framework_simplejwt.authentication.JWTAuthentication",
    "rest_framework_jwt.authentication.JSONWebTokenAuthentication",
    "rest_framework.authentication.SessionAuthentication"]"#;
const STATELESS: &str = r#"["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"]"#;
const TOKENS: &str =
    r#"["rest_framework_simplejwt.tokens.AccessToken", "rest_framework_simplejwt.tokens.SlidingToken"]"#;

fn settings(classes: &str) -> [(&'static str, &str); 6] {
    [
        ("REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES", classes),
        ("SIMPLE_JWT__AUTH_TOKEN_CLASSES", TOKENS),
        ("SIMPLE_JWT__AUTH_COOKIE", "access"),
        ("ROUTES__obtain_jwt_token", "/api-token-auth/"),
        ("ROUTES__refresh_jwt_token", "/api-token-refresh/"),
        ("JWT_AUTH__JWT_ALLOW_REFRESH", "true"),
    ]
}

async fn let_in(server: &TestServer) -> Carriers {
    let mut browser = server.cookie_user().await;
    let (access, refresh) = server.tokens().await;
    let mut client = server.anonymous();
    let body = json!({"username": "mseo", "password": "1234"});
    Carriers {
        session: browser.cookies.remove("sessionid").unwrap(),
        access,
        refresh,
        sliding: client.post("/api/token/sliding/", &body).await.text("token"),
        json_web_token: client.post("/api-token-auth/", &body).await.text("token"),
    }
}

/// What each door answers to each carrier, by a name.
async fn knock(server: &TestServer, carriers: &Carriers) -> Vec<(String, u16)> {
    let mut answers = Vec::new();
    let own = [
        (Method::GET, "/user/me", json!({})),
        (Method::GET, "/user/sessions", json!({})),
        (Method::PATCH, "/user/me", json!({"age": 1})),
        (
            Method::POST,
            "/user/password_change",
            json!({"current_password": "12345", "new_password": "x"}),
        ),
        (Method::DELETE, "/user/me", json!({"current_password": "12345"})),
    ];
    for carrier in ["session", "bearer", "cookie", "sliding", "drf-jwt"] {
        for (method, path, body) in &own {
            let mut client = server.anonymous();
            match carrier {
                "session" => drop(
                    client
                        .cookies
                        .insert("sessionid".to_owned(), carriers.session.clone()),
                ),
                "bearer" => client.bearer(&carriers.access),
                "cookie" => drop(
                    client
                        .cookies
                        .insert("access".to_owned(), carriers.access.clone()),
                ),
                "sliding" => client.bearer(&carriers.sliding),
                _ => client.header("authorization", &format!("JWT {}", carriers.json_web_token)),
            }
            client.cookies.insert("csrftoken".to_owned(), "a".repeat(32));
            client.header("x-csrftoken", &"a".repeat(32));
            let body = body.to_string().into_bytes();
            let json = Some("application/json");
            let reply = client.send(method.clone(), path, json, body).await;
            answers.push((format!("{carrier} {method} {path}"), reply.status.as_u16()));
        }
    }
    let given = |name: &str, token: &str| json!({name: token});
    let signs_in: Value = json!({"username": "mseo", "password": "1234"});
    for (path, body) in [
        ("/user/jwt_refresh", given("refresh_token", &carriers.refresh)),
        ("/api/token/refresh/", given("refresh", &carriers.refresh)),
        ("/api/token/sliding/refresh/", given("token", &carriers.sliding)),
        ("/api-token-refresh/", given("token", &carriers.json_web_token)),
        ("/user/session_signin", mseo_signs_in()),
        ("/user/jwt_signin", mseo_signs_in()),
        ("/api/token/", signs_in.clone()),
        ("/api/token/sliding/", signs_in.clone()),
        ("/api-token-auth/", signs_in),
        ("/api/token/verify/", given("token", &carriers.access)),
    ] {
        let reply = server.anonymous().post(path, &body).await;
        answers.push((path.to_owned(), reply.status.as_u16()));
    }
    answers
}

/// Holds every answer against what the door says; `ended` is what a token of djangorestframework-jwt's gets whose sign-in
/// no longer holds, and `verified` what the verifying route says, which asks for no user.
async fn expect(server: &TestServer, carriers: &Carriers, ended: u16, verified: u16) {
    let answers = knock(server, carriers).await;
    assert_eq!(answers.len(), 35);
    for (door, status) in answers {
        let expected = match door.as_str() {
            "/api/token/verify/" => verified,
            "/user/session_signin" | "/user/jwt_signin" | "/api-token-auth/" | "/api-token-refresh/" => 400,
            door if door.starts_with("drf-jwt") => ended,
            _ => 401,
        };
        assert_eq!(status, expected, "{door}");
    }
}

/// By a stateless token no row is read, and so he is as he was; what changes a row reads it.
async fn expect_stateless(server: &TestServer, carriers: &Carriers) {
    let server = server.neighbour(&settings(STATELESS)).await;
    ended::poll(&server.app).await.unwrap();
    for (door, status) in knock(&server, carriers).await {
        let is_by_token = ["bearer", "sliding"].iter().any(|name| door.starts_with(name));
        let is_read_only = door.ends_with("GET /user/me");
        match (is_by_token, is_read_only) {
            (true, true) => assert_eq!(status, 200, "{door}"),
            (true, false) => assert_eq!(status, 401, "{door}"),
            _ => {}
        }
    }
}

async fn at_home(database: Database) -> (TestServer, Carriers) {
    let server = database.server_with(&settings(CLASSES)).await;
    let carriers = let_in(&server).await;
    for (door, status) in knock(&server, &carriers).await {
        // A wrong password was shown where one is asked for.
        let asks = ["POST /user/password_change", "DELETE /user/me"];
        let expected = if asks.iter().any(|asking| door.ends_with(asking)) {
            400
        } else if door.starts_with("/api-token-") {
            201
        } else {
            200
        };
        assert_eq!(status, expected, "{door}");
    }
    (server, carriers)
}

async fn who_was_shut_out_is_refused_at_every_door(database: Database) {
    let (server, carriers) = at_home(database).await;
    let id = server.user("mseo").await.id;
    let off = server
        .app
        .store()
        .write(id, |tx, id| Box::pin(users::deactivate(tx, id)));
    assert!(off.await.unwrap());
    expect(&server, &carriers, 401, 200).await;
    expect_stateless(&server, &carriers).await;
}

async fn who_is_gone_is_refused_at_every_door(database: Database) {
    let (server, carriers) = at_home(database).await;
    let gone = server.app.store().write(UserId::Int(1), |tx, id| {
        Box::pin(async move {
            token_blacklist::disown(tx, id).await?;
            users::delete(tx, id).await
        })
    });
    assert!(gone.await.unwrap());
    expect(&server, &carriers, 401, 200).await;
    expect_stateless(&server, &carriers).await;
}

async fn who_has_another_password_is_refused_at_every_door(database: Database) {
    let (server, carriers) = at_home(database).await;
    let encoded = server.encoded("another");
    server.set_password("mseo", &encoded).await;
    expect(&server, &carriers, 403, 400).await;
    expect_stateless(&server, &carriers).await;
}
