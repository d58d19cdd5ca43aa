//! Whole exchanges with simplejwt's views, as Django gave the answers, held against ours one by one: a day under the
//! defaults (`simplejwt_http.json`), and every kind of request and every setting (`simplejwt_exchanges.json`).
//!
//! Tokens are compared by their header and their claims, but for what must differ: ids are random, `sid` is ours, and
//! the digest of a salted hash is another each time. `/me/` of the recording is `/user/me`, of which `id` and
//! `username` are compared.

use crate::support::{Client, Database, Reply, START, TestServer, claims, header, on_both};
use http::Method;
use jiff::Timestamp;
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_store::users;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

on_both!(
    simplejwts_exchanges_are_answered_as_simplejwt_answered_them,
    under_other_settings_too_the_answers_are_simplejwts,
);

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
    let recording = read("vectors/simplejwt_http.json");
    let mut verdict = Verdict::on("simplejwt_http.json");
    replay(
        &server,
        recording["vectors"].as_array().unwrap().iter(),
        &mut verdict,
    )
    .await;
    verdict.expect(114, 9);
}

async fn under_other_settings_too_the_answers_are_simplejwts(database: Database) {
    let recording = read("simplejwt_exchanges.json");
    let mut verdict = Verdict::on("simplejwt_exchanges.json");
    for (profile, described) in recording["profiles"].as_object().unwrap() {
        let settings = environment(&described["settings"]);
        let mut settings: Vec<(&str, &str)> =
            settings.iter().map(|(name, value)| (&**name, &**value)).collect();
        settings.push(("SIMPLE_JWT__ROTATION_WINDOW", "0"));
        let server = database.twin().await.server_with(&settings).await;
        let vectors = recording["vectors"].as_array().unwrap().iter();
        let vectors = vectors.filter(|vector| vector["profile"] == **profile);
        replay(&server, vectors, &mut verdict).await;
    }
    verdict.expect(945, 21);
}

/// `SIMPLE_JWT` of a profile, as environment variables have it.
fn environment(settings: &Value) -> Vec<(String, String)> {
    let settings = settings.as_object().unwrap().iter();
    settings
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (format!("SIMPLE_JWT__{name}"), value)
        })
        .collect()
}

/// How the exchanges of a file went.
struct Verdict {
    /// Those that are answered differently on purpose.
    deviations: BTreeSet<String>,
    same: usize,
    different: BTreeSet<String>,
}

impl Verdict {
    fn on(file: &str) -> Self {
        let entries = read_toml("deviations.toml");
        let entries = entries["deviation"].as_array().unwrap().iter();
        let ours = entries.filter(|entry| entry["vectors"].as_str() == Some(file));
        Self {
            deviations: ours
                .map(|entry| entry["id"].as_str().unwrap().to_owned())
                .collect(),
            same: 0,
            different: BTreeSet::new(),
        }
    }

    fn compare(&mut self, id: &str, ours: &Value, theirs: &Value) {
        if ours == theirs {
            self.same += 1;
        } else {
            assert!(
                self.deviations.contains(id),
                "{id}\nours   {ours}\ntheirs {theirs}"
            );
            self.different.insert(id.to_owned());
        }
    }

    fn expect(self, same: usize, different: usize) {
        assert_eq!(self.different, self.deviations, "an entry without a difference");
        assert_eq!((self.same, self.different.len()), (same, different));
    }
}

/// Goes through the exchanges in their order, with the recording's users.
async fn replay<'v>(server: &TestServer, vectors: impl Iterator<Item = &'v Value>, verdict: &mut Verdict) {
    people(server).await;
    let mut saved = BTreeMap::new();
    let mut now = START;
    for vector in vectors {
        let id = vector["id"].as_str().unwrap();
        before(server, vector, &saved).await;
        let path = vector["request"]["path"].as_str().unwrap();
        let (_, path) = ROUTES.iter().find(|(theirs, _)| *theirs == path).unwrap();
        let then = vector["now"].as_i64().unwrap();
        server.clock.advance(then - now);
        now = then;
        let reply = ask(server, &vector["request"], path, &saved).await;
        keep(vector, &reply, &mut saved);
        verdict.compare(id, &answer(&reply), &recorded(&vector["response"]));
    }
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

/// What happened ahead of an exchange, behind the server's back.
async fn before(server: &TestServer, vector: &Value, saved: &BTreeMap<String, String>) {
    let happened = match (vector["id"].as_str().unwrap(), vector["before"].as_array()) {
        (_, Some(actions)) => actions.clone(),
        ("me_deleted_user", None) => vec![json!(["delete", "todelete"])],
        ("me_inactive_user", None) => vec![json!(["deactivate", "deact"])],
        ("me_after_password_change", None) => vec![json!(["password", "chpass"])],
        _ => Vec::new(),
    };
    for action in &happened {
        let whom = action[1].as_str().unwrap();
        match action[0].as_str().unwrap() {
            "deactivate" => deactivate(server, whom).await,
            "delete" => delete(server, whom).await,
            "password" => {
                let encoded = server.encoded("another password");
                server.set_password(whom, &encoded).await;
            }
            "blacklist" => blacklist(server, &saved[whom]).await,
            other => panic!("nothing that a test does: {other}"),
        }
    }
}

async fn delete(server: &TestServer, username: &str) {
    let id = server.user(username).await.id;
    for sql in [
        format!("UPDATE token_blacklist_outstandingtoken SET user_id = NULL WHERE user_id = {id}"),
        format!("DELETE FROM user_user WHERE id = {id}"),
    ] {
        server.sql(&sql).await;
    }
}

async fn blacklist(server: &TestServer, token: &str) {
    let claims = claims(token);
    let token = OutstandingToken {
        user_id: None,
        jti: claims["jti"].as_str().unwrap().to_owned(),
        token: String::new(),
        created_at: None,
        expires_at: Timestamp::from_second(claims["exp"].as_i64().unwrap()).unwrap(),
    };
    let listed = server
        .app
        .store()
        .write((token, server.clock.now()), |tx, (token, now)| {
            Box::pin(token_blacklist::blacklist(tx, token, *now))
        });
    listed.await.unwrap();
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
            "Accept-Language" => client.header_bytes("accept-language", &bytes),
            "X-Access-Token" => client.header_bytes("x-access-token", &bytes),
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
    // `/user/me` takes more than the recording's view.
    let allow: Vec<String> = allow
        .into_iter()
        .filter(|method| !["DELETE", "PATCH"].contains(&method.as_str()))
        .collect();
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
        let opened = match members.get(name) {
            Some(Value::String(token)) => json!({"header": header(token), "claims": claims(token)}),
            Some(opened @ Value::Object(_)) => opened.clone(),
            _ => continue,
        };
        members.insert(name.to_owned(), Value::String(without_chance(opened).to_string()));
    }
    Value::String(Value::Object(members).to_string())
}

fn without_chance(mut token: Value) -> Value {
    let claims = token["claims"].as_object_mut().unwrap();
    for name in ["jti", "id", "sid"] {
        claims.shift_remove(name);
    }
    for name in ["hash_password", "pw"] {
        if let Some(digest) = claims.get_mut(name) {
            *digest = json!("");
        }
    }
    token
}

fn read(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

fn read_toml(name: &str) -> toml::Table {
    text(name).parse().unwrap()
}

fn text(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures");
    std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
}
