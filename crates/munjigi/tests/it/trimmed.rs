//! `TRIM_PASSWORDS`: a password with spaces at its ends, where DRF stored it without.

use crate::support::{Database, TestServer, on_both};
use http::Method;
use munjigi_passwords::{Error, Hashers, Password, PasswordHasher, Unreadable};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

on_both!(
    a_password_with_spaces_at_its_ends_is_tried_without_them_too,
    without_the_setting_a_space_is_a_letter,
    what_was_stored_with_its_spaces_signs_in_with_them_alone,
    a_trimmed_password_is_stored_anew_as_it_was_trimmed,
    who_proves_his_password_may_send_the_spaces_too,
    as_many_hashes_are_run_for_nobody_as_for_somebody,
);

const TRIM: (&str, &str) = ("TRIM_PASSWORDS", "true");
const DOORS: [(&str, u16); 4] = [
    ("/user/session_signin", 400),
    ("/user/jwt_signin", 400),
    ("/api/token/", 401),
    ("/api/token/sliding/", 401),
];

/// Whether each of the doors lets this password in.
async fn is_let_in(server: &TestServer, username: &str, password: &str) -> bool {
    let mut verdicts = Vec::new();
    for (door, refused) in DOORS {
        let body = json!({"username": username, "password": password});
        let reply = server.anonymous().post(door, &body).await;
        let status = reply.status.as_u16();
        assert!([200, refused].contains(&status), "{door} {status}");
        verdicts.push(status == 200);
    }
    assert!(verdicts.windows(2).all(|pair| pair[0] == pair[1]), "{verdicts:?}");
    verdicts[0]
}

async fn a_password_with_spaces_at_its_ends_is_tried_without_them_too(database: Database) {
    let server = database.server_with(&[TRIM]).await;
    server.signed_up().await;
    for password in ["1234", " 1234", "1234 ", "\t1234\u{3000}\n", "\u{1f}1234"] {
        assert!(is_let_in(&server, "mseo", password).await, "{password:?}");
    }
    for password in ["12 34", " 12345 ", "\u{200b}1234", "x1234"] {
        assert!(!is_let_in(&server, "mseo", password).await, "{password:?}");
    }
}

async fn without_the_setting_a_space_is_a_letter(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    assert!(is_let_in(&server, "mseo", "1234").await);
    assert!(!is_let_in(&server, "mseo", "1234 ").await);
}

async fn what_was_stored_with_its_spaces_signs_in_with_them_alone(database: Database) {
    let server = database.server_with(&[TRIM]).await;
    let encoded = server.encoded(" 1234 ");
    server.insert_user("spaced", "spaced@naver.com", &encoded).await;
    assert!(is_let_in(&server, "spaced", " 1234 ").await);
    for password in ["1234", " 1234", "  1234  "] {
        assert!(!is_let_in(&server, "spaced", password).await, "{password:?}");
    }
}

async fn a_trimmed_password_is_stored_anew_as_it_was_trimmed(database: Database) {
    let server = database
        .server_with(&[("HASHERS__PBKDF2_SHA256__ITERATIONS", "500")])
        .await;
    server.signed_up().await;
    let server = server.restarted_with(&[TRIM]).await;
    assert!(is_let_in(&server, "mseo", " 1234 ").await);
    let stored = server.user("mseo").await.password;
    assert!(stored.starts_with("pbkdf2_sha256$1000$"), "{stored}");
    assert!(is_let_in(&server, "mseo", "1234").await);
    assert_eq!(server.user("mseo").await.password, stored);
}

async fn who_proves_his_password_may_send_the_spaces_too(database: Database) {
    let server = database.server_with(&[TRIM]).await;
    let (mut client, _) = server.token_user().await;
    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    let reply = client
        .post("/user/password_change", &change(" 12 34 ", "x"))
        .await;
    reply.expect_status(400);
    let reply = client
        .post("/user/password_change", &change(" 1234 ", " spaced "))
        .await;
    reply.expect_status(200);
    // What is new is what was sent.
    assert!(!is_let_in(&server, "mseo", "spaced").await);
    assert!(is_let_in(&server, "mseo", " spaced ").await);
    let body = json!({"current_password": " spaced "}).to_string().into_bytes();
    let left = client
        .send(Method::DELETE, "/user/me", Some("application/json"), body)
        .await;
    left.expect_status(200);
}

/// Counts the hashes. Its rows are `counting$password`.
struct Counting(Arc<AtomicUsize>);

impl PasswordHasher for Counting {
    fn algorithm(&self) -> &'static str {
        "counting"
    }

    fn encode(&self, password: &Password, _salt: &str) -> Result<String, Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(format!("counting${}", password.expose()))
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        Ok(self
            .encode(password, "")
            .is_ok_and(|computed| computed == encoded))
    }

    fn must_update(&self, _encoded: &str) -> bool {
        false
    }
}

async fn as_many_hashes_are_run_for_nobody_as_for_somebody(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let work = Arc::new(AtomicUsize::new(0));
    let hashers = Hashers::from_hashers(vec![Box::new(Counting(Arc::clone(&work)))]).unwrap();
    let server = server.hashing_with(hashers, &[TRIM]).await;
    for (name, stored) in [
        ("right", "counting$1234"),
        ("away", "counting$1234"),
        ("unusable", "!counting$1234"),
        ("unknown", "md5$1234"),
    ] {
        server
            .insert_user(name, &format!("{name}@naver.com"), stored)
            .await;
    }
    server
        .sql("UPDATE user_user SET is_active = NOT is_active WHERE username = 'away'")
        .await;
    let mut client = server.anonymous();
    for (sent, expected) in [
        (json!("1234"), 1),
        (json!(" 1234"), 2),
        (json!("12345"), 1),
        (json!(" 12345 "), 2),
        (json!("   "), 1),
        (json!(""), 1),
        (json!(1234), 1),
    ] {
        for name in ["right", "away", "unusable", "unknown", "nobody"] {
            let body = json!({"username": name, "password": sent});
            client.post("/user/jwt_signin", &body).await;
            let run = work.swap(0, Ordering::Relaxed);
            assert_eq!(run, expected, "{name} {sent}");
        }
    }
}
