//! Whole exchanges with simplejwt's views, as Django gave the answers, held against ours one by one in one server.
//!
//! Tokens are compared by their header and their claims, but for the two that must differ: `jti` is random, and `sid`
//! is ours. `/me/` of the recording is `/user/me`, of which `id` and `username` are compared.

use crate::support::{Client, Database, Reply, START, TestServer, claims, header, on_both};
use http::Method;
use munjigi_store::users;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

on_both!(simplejwts_exchanges_are_answered_as_simplejwt_answered_them);

const FILE: &str = "simplejwt_http.json";
const PASSWORD: &str = "Str0ng-pass-2026!";
/// Where the recording's routes stand.
const ROUTES: [(&str, &str); 8] = [
    ("/api/token/", "/api/token/"),
    ("/api/token", "/api/token"),
    ("/api/token/refresh/", "/api/token/refresh/"),
    ("/api/token/verify/", "/api/token/verify/"),
    ("/api/token/blacklist/", "/api/token/blacklist/"),
    ("/api/token/sliding/", "/api/token/sliding/"),
    ("/api/token/sliding/refresh/", "/api/token/sliding/refresh/"),
    ("/me/", "/user/me/"),
];

async fn simplejwts_exchanges_are_answered_as_simplejwt_answered_them(database: Database) {
    let settings = [
        ("SIMPLE_JWT__REFRESH_TOKEN_LIFETIME", "1d"),
        ("SIMPLE_JWT__UPDATE_LAST_LOGIN", "false"),
        ("LANGUAGE_CODE", "en"),
    ];
    let server = database.server_with(&settings).await;
    let recording = read(FILE);
    people(&server).await;
    let deviations = deviations();
    let mut saved = BTreeMap::new();
    let mut now = START;
    let (mut same, mut different) = (0, BTreeSet::new());
    for vector in recording["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        before(&server, id).await;
        let path = vector["request"]["path"].as_str().unwrap();
        let (_, path) = ROUTES.iter().find(|(theirs, _)| *theirs == path).unwrap();
        let then = vector["now"].as_i64().unwrap();
        server.clock.advance(then - now);
        now = then;
        let reply = ask(&server, &vector["request"], path, &saved).await;
        keep(vector, &reply, &mut saved);
        let (ours, theirs) = (answer(&reply), recorded(&vector["response"]));
        if ours == theirs {
            same += 1;
        } else {
            assert!(deviations.contains(id), "{id}\nours   {ours}\ntheirs {theirs}");
            different.insert(id.to_owned());
        }
    }
    assert_eq!(different, deviations, "an entry without a difference");
    assert_eq!((same, different.len()), (114, 9));
}

/// The users of the recording, in its order, each with the same password as there.
async fn people(server: &TestServer) {
    for (username, password) in [
        ("mseo", PASSWORD),
        ("inactive", PASSWORD),
        ("todelete", PASSWORD),
        ("chpass", PASSWORD),
        ("홍길동", "비밀번호 안전"),
        ("unusable", PASSWORD),
        ("deact", PASSWORD),
    ] {
        let encoded = match username {
            "unusable" => "!unusable".to_owned(),
            _ => server.encoded(password),
        };
        let email = format!("{username}@naver.com");
        server.insert_user(username, &email, &encoded).await;
    }
    deactivate(server, "inactive").await;
}

async fn deactivate(server: &TestServer, username: &str) {
    let id = server.user(username).await.id;
    let written = server
        .app
        .store()
        .write(id, |tx, id| Box::pin(users::deactivate(tx, id)));
    assert!(written.await.unwrap());
}

/// What happened between two exchanges of the recording, behind the server's back.
async fn before(server: &TestServer, id: &str) {
    match id {
        "me_deleted_user" => {
            for sql in [
                "UPDATE token_blacklist_outstandingtoken SET user_id = NULL WHERE user_id = 3",
                "DELETE FROM user_user WHERE id = 3 AND username = 'todelete'",
            ] {
                server.sql(sql).await;
            }
        }
        "me_inactive_user" => deactivate(server, "deact").await,
        "me_after_password_change" => {
            let encoded = server.encoded("another password");
            server.set_password("chpass", &encoded).await;
        }
        _ => {}
    }
}

async fn ask(server: &TestServer, request: &Value, path: &str, saved: &BTreeMap<String, String>) -> Reply {
    let mut client: Client<'_> = server.anonymous();
    for (name, value) in request["headers"].as_object().unwrap() {
        let value = filled(value.as_str().unwrap(), saved);
        // Python's http.client writes headers as Latin-1.
        let bytes: Vec<u8> = value
            .chars()
            .map(|letter| u8::try_from(letter).unwrap())
            .collect();
        match name.as_str() {
            "Authorization" => client.header_bytes("authorization", &bytes),
            "Accept" => client.header_bytes("accept", &bytes),
            other => panic!("a header that no test sends: {other}"),
        }
    }
    let body = match &request["body"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    // U+FFFD stands for the byte 0xFF, which no JSON file can hold.
    let mut bytes = Vec::new();
    for letter in filled(&body, saved).chars() {
        match letter {
            '\u{FFFD}' => bytes.push(0xFF),
            letter => bytes.extend(letter.to_string().bytes()),
        }
    }
    let method = Method::from_bytes(request["method"].as_str().unwrap().as_bytes()).unwrap();
    let content_type = request["content_type"].as_str().filter(|text| !text.is_empty());
    client.send(method, path, content_type, bytes).await
}

/// `{{NAME}}` stands for what an earlier answer gave under that name. What was never given stays as it is.
fn filled(text: &str, saved: &BTreeMap<String, String>) -> String {
    saved.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    })
}

fn keep(vector: &Value, reply: &Reply, saved: &mut BTreeMap<String, String>) {
    let Some(names) = vector["saves"].as_object().filter(|_| reply.status == 200) else {
        return;
    };
    for (member, name) in names {
        if let Some(value) = reply.json()[member].as_str() {
            saved.insert(name.as_str().unwrap().to_owned(), value.to_owned());
        }
    }
}

/// What is compared of an answer of ours.
fn answer(reply: &Reply) -> Value {
    let body = if reply.body.is_empty() {
        json!("")
    } else {
        reply.json()
    };
    let allow = if reply.headers.contains_key("allow") {
        reply.list("allow")
    } else {
        Vec::new()
    };
    json!({
        "status": reply.status.as_u16(),
        "content_type": reply.header("content-type"),
        "www_authenticate": reply.header("www-authenticate"),
        "allow": allow,
        "body": comparable(body),
    })
}

/// The same of a recorded one.
fn recorded(response: &Value) -> Value {
    let mut allow: Vec<&str> = match response["headers"]["Allow"].as_str() {
        Some(list) => list.split(", ").collect(),
        None => Vec::new(),
    };
    allow.sort_unstable();
    json!({
        "status": response["status"],
        "content_type": response["content_type"],
        "www_authenticate": response["headers"]["WWW-Authenticate"].as_str().unwrap_or_default(),
        "allow": allow,
        "body": comparable(response["body"].clone()),
    })
}

/// A body with its tokens opened, and of `/user/me` what the recording's view tells. Members keep their order.
fn comparable(body: Value) -> Value {
    let Value::Object(mut members) = body else {
        return body;
    };
    for name in ["email", "age"] {
        members.remove(name);
    }
    for name in ["access", "refresh", "token"] {
        if let Some(token) = members.get(name).and_then(Value::as_str).map(str::to_owned) {
            let mut claims = claims(&token);
            let claims = claims.as_object_mut().unwrap();
            claims.shift_remove("jti");
            claims.shift_remove("sid");
            let opened = json!({"header": header(&token), "claims": claims}).to_string();
            members.insert(name.to_owned(), Value::String(opened));
        }
    }
    Value::String(Value::Object(members).to_string())
}

fn read(name: &str) -> Value {
    let path = format!(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/vectors/{}"),
        name
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The exchanges that are answered differently on purpose.
fn deviations() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/deviations.toml");
    let file: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let entries = file["deviation"].as_array().unwrap();
    let ours = entries
        .iter()
        .filter(|entry| entry["vectors"].as_str() == Some(FILE));
    ours.map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect()
}
