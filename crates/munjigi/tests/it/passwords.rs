//! Stored passwords: what a sign-in does to them, what it must not do to anybody, and what happens when there are too
//! many at once.

use crate::support::{Database, TestServer, at_once, mseo_signs_in, on_both};
use munjigi_passwords::Password;
use munjigi_passwords::pool::{Answer, Asker};
use munjigi_store::users;
use serde_json::{Value, json};
use std::sync::{Arc, Weak};

on_both!(
    a_dearer_hash_is_stored_at_the_next_sign_in_and_signs_nobody_out,
    eight_who_sign_in_at_once_while_the_hash_is_stored_anew_stay_signed_in,
    a_wrong_password_stores_nothing_anew,
    the_rows_of_all_of_djangos_hashers_sign_in_and_are_stored_anew,
    the_rows_of_hashers_that_django_removed_sign_in_where_that_is_set,
    bcrypt_over_sha256_may_store_the_passwords,
    bcrypt_alone_takes_seventy_two_bytes_and_no_more,
    a_password_that_bcrypt_cannot_hold_stays_as_it_is_stored,
    more_passwords_than_fit_are_told_to_come_again,
    who_shows_his_password_comes_in_though_there_is_no_time_to_store_it_anew,
    a_password_may_be_sent_as_a_number,
    a_password_is_the_text_that_was_sent,
);

const CHEAP: (&str, &str) = ("HASHERS__PBKDF2_SHA256__ITERATIONS", "500");
const DEARER: (&str, &str) = ("HASHERS__PBKDF2_SHA256__ITERATIONS", "1000");

async fn a_dearer_hash_is_stored_at_the_next_sign_in_and_signs_nobody_out(database: Database) {
    let server = database.server_with(&[CHEAP]).await;
    let cookies = server.cookie_user().await.cookies;
    let (access, refresh) = server.tokens().await;
    let before = server.user("mseo").await.password;
    assert!(before.starts_with("pbkdf2_sha256$500$"), "{before}");

    let server = server.restarted_with(&[DEARER]).await;
    let mut browser = server.anonymous();
    browser.cookies = cookies;
    for _ in 0..2 {
        let (renewed, _) = server.tokens().await;
        server.me(&renewed).await.expect_status(200);
        browser.get("/user/me").await.expect_status(200);
        server.me(&access).await.expect_status(200);
        server.refresh(&refresh).await.expect_status(200);
    }
    let after = server.user("mseo").await.password;
    assert!(after.starts_with("pbkdf2_sha256$1000$"), "{after}");
    assert_eq!(server.records("mseo").await.len(), 4);
    // It is bound to the new hash as it was to the old one.
    server.set_password("mseo", &before).await;
    browser.get("/user/me").await.expect_status(401);
    server.me(&access).await.expect_status(401);
}

async fn eight_who_sign_in_at_once_while_the_hash_is_stored_anew_stay_signed_in(database: Database) {
    let server = database.server().await;
    server
        .insert_user("mseo", "mseo@naver.com", &row("pbkdf2_sha1"))
        .await;
    let signing_in = async |number: usize| {
        let mut client = server.anonymous();
        if number.is_multiple_of(2) {
            let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
            reply.expect_status(200);
        } else {
            let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
            client.bearer(&reply.expect_status(200).text("access_token"));
        }
        client
    };
    let clients = at_once((0..8).map(signing_in)).await;
    for mut client in clients {
        client.get("/user/me").await.expect_status(200);
    }
    assert_eq!(server.records("mseo").await.len(), 8);
    let stored = server.user("mseo").await.password;
    assert!(stored.starts_with("pbkdf2_sha256$1000$"), "{stored}");
}

async fn a_wrong_password_stores_nothing_anew(database: Database) {
    let server = database.server().await;
    let encoded = row("pbkdf2_sha1");
    server.insert_user("mseo", "mseo@naver.com", &encoded).await;
    server.insert_user("away", "away@naver.com", &encoded).await;
    let id = server.user("away").await.id;
    let store = server.app.store();
    let set = store.write(id, |tx, id| Box::pin(users::deactivate(tx, id)));
    assert!(set.await.unwrap());
    for (username, password) in [("mseo", "1234x"), ("mseo", "12345"), ("away", "1234")] {
        let body = json!({"username": username, "password": password});
        signs_in(&server, &body, false).await;
    }
    assert_eq!(server.user("mseo").await.password, encoded);
    assert_eq!(server.user("away").await.password, encoded);
}

async fn the_rows_of_all_of_djangos_hashers_sign_in_and_are_stored_anew(database: Database) {
    let hashers = r#"["PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "Argon2PasswordHasher",
        "BCryptSHA256PasswordHasher", "BCryptPasswordHasher", "ScryptPasswordHasher", "MD5PasswordHasher"]"#;
    let server = database.server_with(&[("PASSWORD_HASHERS", hashers)]).await;
    for algorithm in [
        "pbkdf2_sha256",
        "pbkdf2_sha1",
        "argon2",
        "bcrypt_sha256",
        "bcrypt",
        "scrypt",
        "md5",
    ] {
        let encoded = row(algorithm);
        let email = format!("{algorithm}@naver.com");
        server.insert_user(algorithm, &email, &encoded).await;
        let wrong = json!({"username": algorithm, "password": "1234x"});
        signs_in(&server, &wrong, false).await;
        assert_eq!(server.user(algorithm).await.password, encoded);
        let right = json!({"username": algorithm, "password": "1234"});
        signs_in(&server, &right, true).await;
        let stored = server.user(algorithm).await.password;
        assert!(stored.starts_with("pbkdf2_sha256$1000$"), "{stored}");
        assert_eq!(stored == encoded, algorithm == "pbkdf2_sha256");
        signs_in(&server, &wrong, false).await;
        signs_in(&server, &right, true).await;
        assert_eq!(server.user(algorithm).await.password, stored);
    }
}

async fn the_rows_of_hashers_that_django_removed_sign_in_where_that_is_set(database: Database) {
    let rows: Vec<(String, String)> = vectors("hashers_legacy.json")
        .into_iter()
        .filter(|vector| vector["password"] == "1234" && vector["django42_verify"] == true)
        .map(|vector| (text(&vector, "id"), text(&vector, "encoded")))
        .collect();
    assert_eq!(rows.len(), 5);
    let server = database.server().await;
    for (id, encoded) in &rows {
        server.insert_user(&id.replace('/', "+"), "", encoded).await;
        let body = json!({"username": id.replace('/', "+"), "password": "1234"});
        signs_in(&server, &body, false).await;
    }
    let server = server
        .restarted_with(&[("VERIFY_LEGACY_PASSWORDS", "true")])
        .await;
    for (id, _) in &rows {
        let username = id.replace('/', "+");
        let body = json!({"username": username, "password": "1234"});
        signs_in(&server, &body, true).await;
        let stored = server.user(&username).await.password;
        assert!(stored.starts_with("pbkdf2_sha256$1000$"), "{stored}");
    }
}

async fn bcrypt_over_sha256_may_store_the_passwords(database: Database) {
    let hashers = r#"["django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher"]"#;
    let server = database.server_with(&[("PASSWORD_HASHERS", hashers)]).await;
    server.signed_up().await;
    let stored = server.user("mseo").await.password;
    assert!(stored.starts_with("bcrypt_sha256$$2b$12$"), "{stored}");

    let cheaper = ("HASHERS__BCRYPT_SHA256__ROUNDS", "4");
    let server = server
        .restarted_with(&[("PASSWORD_HASHERS", hashers), cheaper])
        .await;
    signs_in(&server, &mseo_signs_in(), true).await;
    let stored = server.user("mseo").await.password;
    assert!(stored.starts_with("bcrypt_sha256$$2b$04$"), "{stored}");
    server.insert_user("django", "", &row("pbkdf2_sha256")).await;
    signs_in(&server, &json!({"username": "django", "password": "1234"}), true).await;
    let stored = server.user("django").await.password;
    assert!(stored.starts_with("bcrypt_sha256$$2b$04$"), "{stored}");
    // SHA-256 comes first: the length of a password does not matter.
    let long = json!({"username": "long", "email": "long@naver.com", "password": "p".repeat(5000)});
    let mut client = server.anonymous();
    client
        .post("/user/session_signup", &long)
        .await
        .expect_status(201);
    signs_in(&server, &long, true).await;
    let mut shorter = long.clone();
    shorter["password"] = json!("p".repeat(4999));
    signs_in(&server, &shorter, false).await;
}

const BCRYPT: [(&str, &str); 2] = [
    (
        "PASSWORD_HASHERS",
        r#"["BCryptPasswordHasher", "PBKDF2PasswordHasher"]"#,
    ),
    ("HASHERS__BCRYPT__ROUNDS", "4"),
];

async fn bcrypt_alone_takes_seventy_two_bytes_and_no_more(database: Database) {
    let server = database.server_with(&BCRYPT).await;
    let mut client = server.anonymous();
    for (at, (password, is_taken)) in [
        ("p".repeat(72), true),
        ("p".repeat(73), false),
        ("비".repeat(24), true),
        (format!("{}x", "비".repeat(24)), false),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("user{at}");
        let body = json!({"username": name, "email": format!("{name}@naver.com"), "password": password});
        let reply = client.post("/user/session_signup", &body).await;
        if is_taken {
            reply.expect_status(201);
            let stored = server.user(&name).await.password;
            assert!(stored.starts_with("bcrypt$$2b$04$"), "{stored}");
            signs_in(&server, &body, true).await;
            // What bcrypt would not see is not left out.
            let longer = json!({"username": name, "password": format!("{password}x")});
            signs_in(&server, &longer, false).await;
        } else {
            let reply = reply.expect_error(400, "invalid");
            let texts = reply.json();
            assert_eq!(texts.as_object().unwrap().len(), 1);
            assert!(texts["password"][0].as_str().unwrap().contains("72"), "{texts}");
            signs_in(&server, &body, false).await;
        }
    }
}

async fn a_password_that_bcrypt_cannot_hold_stays_as_it_is_stored(database: Database) {
    let server = database.server().await;
    let long = json!({"username": "long", "email": "long@naver.com", "password": "p".repeat(73)});
    let mut client = server.anonymous();
    client
        .post("/user/session_signup", &long)
        .await
        .expect_status(201);
    let before = server.user("long").await.password;
    let server = server.restarted_with(&BCRYPT).await;
    signs_in(&server, &long, true).await;
    assert_eq!(server.user("long").await.password, before);
}

async fn more_passwords_than_fit_are_told_to_come_again(database: Database) {
    let dear = [
        ("HASHERS__PBKDF2_SHA256__ITERATIONS", "1000000"),
        ("HASHING_THREADS", "1"),
        ("HASHING_QUEUE", "1"),
        ("HASHING_KERNEL", "portable"),
    ];
    let server = database.server_with(&dear).await;
    let (mut user, refresh) = server.token_user().await;
    // Twelve come at once, and two fit: one that is hashed and one that waits.
    let coming = async |number: usize| {
        let mut client = server.anonymous();
        if number.is_multiple_of(3) {
            let name = format!("new{number}");
            let body = json!({"username": name, "password": "1234", "email": format!("{name}@naver.com")});
            (client.post("/user/session_signup", &body).await, 201)
        } else {
            (client.post("/user/jwt_signin", &mseo_signs_in()).await, 200)
        }
    };
    let (replies, me, refreshed) = tokio::join!(
        at_once((0..12).map(coming)),
        user.get("/user/me"),
        server.refresh(&refresh)
    );
    // Who needs no hash waits for none.
    me.expect_status(200);
    refreshed.expect_status(200);
    let (mut shed, mut made) = (0, 1);
    for (reply, expected) in replies {
        if reply.status == 503 {
            let reply = reply.expect_error(503, "unavailable");
            let detail = "지금은 서비스를 사용할 수 없습니다.";
            assert_eq!(reply.json(), json!({"detail": detail}));
            assert_eq!(reply.header("retry-after"), "1");
            shed += 1;
        } else {
            made += u64::from(expected == 201);
            reply.expect_status(expected);
        }
    }
    assert!((1..12).contains(&shed), "{shed}");
    let count = users::count(&mut server.app.store().reader()).await;
    assert_eq!(count.unwrap(), made, "who was shed left nothing");
    server.tokens().await;
}

async fn who_shows_his_password_comes_in_though_there_is_no_time_to_store_it_anew(database: Database) {
    let server = database
        .server_with(&[
            ("HASHERS__PBKDF2_SHA256__ITERATIONS", "4000000000"),
            ("HASHING_THREADS", "1"),
            ("HASHING_KERNEL", "portable"),
        ])
        .await;
    let before = row("pbkdf2_sha1");
    server.insert_user("mseo", "mseo@naver.com", &before).await;
    // The only lane is taken until this test is over; what runs whole is verified beside it.
    let somebody = Arc::new(());
    let answer = Awaited(Arc::downgrade(&somebody));
    let password = Password::from("another".to_owned());
    let (pool, mut entropy) = (server.app.pool(), munjigi::clock::entropy());
    pool.make_password(Asker::default(), password, &mut entropy, answer)
        .unwrap();
    signs_in(&server, &mseo_signs_in(), true).await;
    assert_eq!(server.user("mseo").await.password, before);
    assert!(pool.stats().shed >= 2, "each door wanted to store it anew");
}

/// An answer that is wanted for as long as somebody is there.
struct Awaited(Weak<()>);

impl Answer<Result<String, munjigi_passwords::Error>> for Awaited {
    fn is_wanted(&self) -> bool {
        self.0.strong_count() > 0
    }

    fn deliver(self: Box<Self>, _: Result<String, munjigi_passwords::Error>) {}
}

async fn a_password_may_be_sent_as_a_number(database: Database) {
    let server = database.server().await;
    for (at, (number, same, others)) in [
        (
            "1234",
            vec![r#""1234""#],
            vec!["1234.0", r#""1234.0""#, r#""01234""#, "12340"],
        ),
        ("1.10", vec![r#""1.1""#, "1.1", "1.100"], vec![r#""1.10""#, "11"]),
        ("1e3", vec![r#""1000.0""#, "1000.0"], vec!["1000", r#""1e3""#]),
        ("-0", vec!["0", r#""0""#], vec![r#""-0""#, "0.0"]),
        (
            "123456789012345678901234567890",
            vec![r#""123456789012345678901234567890""#],
            vec!["123456789012345678901234567891", "1.2345678901234568e29"],
        ),
        (r#""1.10""#, vec![], vec!["1.10", "1.1"]),
        (r#""true""#, vec![], vec!["true"]),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("user{at}");
        let mut client = server.anonymous();
        let body = format!(r#"{{"username": "{name}", "email": "{name}@naver.com", "password": {number}}}"#);
        let reply = client.post_json("/user/session_signup", body.as_bytes()).await;
        reply.expect_status(201);
        let mut sign_in = async |password: &str| {
            let body = format!(r#"{{"username": "{name}", "password": {password}}}"#);
            let reply = client.post_json("/user/jwt_signin", body.as_bytes()).await;
            reply.status.as_u16()
        };
        assert_eq!(sign_in(number).await, 200, "{number}");
        for password in same {
            assert_eq!(sign_in(password).await, 200, "{number} {password}");
        }
        for password in others {
            assert_eq!(sign_in(password).await, 400, "{number} {password}");
        }
    }
}

async fn a_password_is_the_text_that_was_sent(database: Database) {
    let server = database.server().await;
    let passwords = [
        " outer ",
        "outer",
        "\touter\n",
        "비밀번호 안전",
        "\u{e9}",
        "e\u{301}",
        "Str0ng",
        "str0ng",
        "\u{1f511}",
        "\"quoted\\",
        "a%20b+c&d=e",
    ];
    for (at, password) in passwords.iter().enumerate() {
        let name = format!("user{at}");
        let mut client = server.anonymous();
        let body = json!({"username": name, "email": format!("{name}@naver.com"), "password": password});
        client
            .post("/user/session_signup", &body)
            .await
            .expect_status(201);
    }
    for (at, _) in passwords.iter().enumerate() {
        for (other, password) in passwords.iter().enumerate() {
            let body = json!({"username": format!("user{at}"), "password": password});
            signs_in(&server, &body, at == other).await;
        }
    }
    // A form says the same in other letters.
    let mut client = server.anonymous();
    let form = "username=user10&password=a%2520b%2Bc%26d%3De";
    client
        .post_form("/user/jwt_signin", form)
        .await
        .expect_status(200);
    let form = "username=user0&password=+outer%20";
    client
        .post_form("/user/session_signin", form)
        .await
        .expect_status(200);
}

/// Signs in at every door that takes such a body, and sees whether it is let in.
async fn signs_in(server: &TestServer, body: &Value, is_right: bool) {
    let mut doors = vec![("/user/jwt_signin", 400), ("/user/session_signin", 400)];
    if body.get("username").is_some() {
        doors.push(("/api/token/", 401));
    }
    for (path, refusal) in doors {
        let mut client = server.anonymous();
        let reply = client.post(path, body).await;
        let status = if is_right { 200 } else { refusal };
        assert_eq!(reply.status.as_u16(), status, "{path} {body}");
    }
}

/// Django's own row of the password 1234.
fn row(algorithm: &str) -> String {
    let mut rows = vectors("hashers.json").into_iter();
    let row = rows.find(|vector| vector["password"] == "1234" && vector["algorithm"] == algorithm);
    text(&row.unwrap(), "encoded")
}

fn vectors(name: &str) -> Vec<Value> {
    let path = format!(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/vectors/{}"),
        name
    );
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

fn text(vector: &Value, name: &str) -> String {
    vector[name].as_str().unwrap().to_owned()
}
