//! Fields that are no good, and bodies that cannot be read.

use crate::support::{Database, NOTES_POST_ROUTES, mseo, mseo_signs_in, on_both, run};
use axum::body::{Body, Bytes};
use http::Method;
use hyper::body::Frame;
use serde_json::{Value, json};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

on_both!(
    each_field_of_a_sign_up_is_judged_and_all_that_is_wrong_is_told,
    an_age_is_a_whole_number_from_zero_or_nothing,
);

async fn each_field_of_a_sign_up_is_judged_and_all_that_is_wrong_is_told(database: Database) {
    let server = database.server().await;
    let required = "이 필드는 필수 항목입니다.";
    let no_null = "이 필드는 null일 수 없습니다.";
    let blank = "이 필드는 blank일 수 없습니다.";
    let no_text = "유효한 문자열이 아닙니다.";
    let no_email = "유효한 이메일 주소를 입력하세요.";
    let nul = "null 문자는 사용할 수 없습니다. ";
    let mut cases = vec![
        (
            json!({}),
            json!({"username": [required], "password": [required], "email": [required]}),
        ),
        (
            json!({"username": null, "password": null, "email": null}),
            json!({"username": [no_null], "password": [no_null], "email": [no_null]}),
        ),
        (
            json!({"username": "", "password": " ", "email": "\t"}),
            json!({"username": [blank], "password": [blank], "email": [blank]}),
        ),
        (
            json!({"username": true, "password": ["x"], "email": {}}),
            json!({"username": [no_text], "password": [no_text], "email": [no_email]}),
        ),
    ];
    for (field, value, texts) in [
        (
            "username",
            json!("u".repeat(151)),
            json!(["이 필드의 글자 수가 150 이하인지 확인하세요."]),
        ),
        ("email", json!("mseo"), json!([no_email])),
        ("email", json!("mseo@naver"), json!([no_email])),
        ("email", json!("mseo@naver.com "), json!(null)),
        ("password", json!("1234\u{0}"), json!([nul])),
        ("username", json!("m\u{ac00}_.+-@1"), json!(null)),
    ] {
        let mut body = mseo();
        body[field] = value;
        let wrong = if texts.is_null() {
            Value::Null
        } else {
            json!({field: texts})
        };
        cases.push((body, wrong));
    }
    for (at, (body, wrong)) in cases.into_iter().enumerate() {
        for path in ["/user/session_signup", "/user/jwt_signup"] {
            let mut client = server.anonymous();
            if wrong.is_null() {
                let mut body = body.clone();
                let name = format!("{path}{at}").replace('/', "+");
                for field in ["username", "email"] {
                    body[field] = json!(format!("{name}{}", body[field].as_str().unwrap()));
                }
                if body["email"].as_str().unwrap().ends_with(' ') {
                    body["username"] = json!(name);
                }
                client.post(path, &body).await.expect_status(201);
            } else {
                let reply = client.post(path, &body).await.expect_error(400, "invalid");
                assert_eq!(reply.json(), wrong, "{body}");
            }
        }
    }
}

async fn an_age_is_a_whole_number_from_zero_or_nothing(database: Database) {
    let server = database.server().await;
    let mut at = 0;
    let mut sign_up = async |age: &str| {
        at += 1;
        let member = if age.is_empty() {
            String::new()
        } else {
            format!(r#", "age": {age}"#)
        };
        let body = format!(r#"{{"username": "u{at}", "password": 1, "email": "u{at}@a.kr"{member}}}"#);
        let mut client = server.anonymous();
        client.post_json("/user/session_signup", body.as_bytes()).await
    };
    for (age, kept) in [
        ("24", json!(24)),
        (r#""24""#, json!(24)),
        ("24.0", json!(24)),
        ("0", json!(0)),
        ("2147483647", json!(2_147_483_647)),
        ("null", json!(null)),
        ("", json!(null)),
    ] {
        let reply = sign_up(age).await.expect_status(201);
        assert_eq!(reply.json()["user"]["age"], kept, "{age}");
    }
    let not_an_integer = "유효한 정수를 입력하세요.";
    for (age, text) in [
        ("-1", "이 값이 0보다 크거나 같은지 확인하세요."),
        (r#""abc""#, not_an_integer),
        ("1.5", not_an_integer),
        ("true", not_an_integer),
        (r#""""#, not_an_integer),
        ("[24]", not_an_integer),
        ("{}", not_an_integer),
        ("1e400", not_an_integer),
    ] {
        let reply = sign_up(age).await.expect_error(400, "invalid");
        assert_eq!(reply.json(), json!({"age": [text]}), "{age}");
    }
    for huge in ["99999999999999999999", r#""9223372036854775808""#, "1e30"] {
        let reply = sign_up(huge).await.expect_error(400, "invalid");
        assert!(reply.json()["age"].is_array(), "{huge}");
    }
}

#[test]
fn a_body_that_is_no_json_is_told_where_it_breaks() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        for path in NOTES_POST_ROUTES
            .iter()
            .filter(|path| !path.ends_with("session_signout"))
        {
            let reply = client.post_json(path, b"{\"username\": \"mseo\", ").await;
            let reply = reply.expect_error(400, "parse_error");
            let why = "Expecting property name enclosed in double quotes: line 1 column 22 (char 21)";
            assert_eq!(
                reply.json(),
                json!({"detail": format!("JSON parse error - {why}")})
            );
            assert_eq!(reply.list("allow"), ["OPTIONS", "POST"]);
            let reply = client.post_json(path, "[".repeat(100_000).as_bytes()).await;
            reply.expect_error(400, "parse_error");
            let reply = client.post_json(path, b"[1]").await.expect_error(400, "invalid");
            assert!(reply.json()["non_field_errors"].is_array());
        }
    });
}

#[test]
fn a_body_larger_than_the_limit_is_refused_at_its_length_or_at_its_end() {
    run(async {
        let server = Database::sqlite().server().await;
        let limit = 1_048_576;
        let padded = |length: usize| format!("{{}}{}", " ".repeat(length - 2)).into_bytes();
        let mut client = server.anonymous();
        for path in ["/user/session_signup", "/user/jwt_signin", "/api/token/"] {
            client.post_json(path, &padded(limit)).await.expect_status(400);
            let reply = client.post_json(path, &padded(limit + 1)).await;
            let reply = reply.expect_error(413, "body_too_large");
            let detail = "요청 본문이 1048576바이트보다 큽니다.";
            assert_eq!(reply.json(), json!({"detail": detail}));
        }
        // Said in advance, it is refused before a byte of it is read.
        client.header("content-length", "1048577");
        let never = Body::new(Unfinished::Silent);
        let reply = client.send(Method::POST, "/user/jwt_signin", Some("application/json"), never);
        reply.await.expect_error(413, "body_too_large");
    });
}

#[test]
fn a_megabyte_in_a_field_is_answered_quickly() {
    run(async {
        let server = Database::sqlite().server().await;
        server.signed_up().await;
        let long = "\u{1112}\u{1161}\u{11ab}".repeat(110_000);
        let started = Instant::now();
        for (field, path) in [
            ("username", "/user/session_signup"),
            ("email", "/user/session_signup"),
            ("password", "/user/jwt_signin"),
            ("username", "/user/jwt_signin"),
            ("email", "/user/jwt_signin"),
            ("refresh_token", "/user/jwt_refresh"),
            ("username", "/api/token/"),
        ] {
            let mut body = json!({"email": "mseo@naver.com", "password": "1234"});
            if path != "/user/jwt_signin" {
                body["username"] = json!("mseo");
            }
            body[field] = json!(long);
            let mut client = server.anonymous();
            let reply = client.post(path, &body).await;
            assert!(reply.status.is_client_error(), "{path} {field} {}", reply.status);
        }
        assert!(started.elapsed() < Duration::from_secs(10));
    });
}

#[test]
fn a_media_type_that_is_not_read_is_refused_unless_there_is_nothing_to_read() {
    run(async {
        let server = Database::sqlite().server().await;
        server.signed_up().await;
        let mut client = server.anonymous();
        let body = mseo_signs_in().to_string();
        for content_type in [
            "text/plain",
            "text/html",
            "application/xml",
            "application/vnd.api+json",
            "application/jsonx",
            "json",
            "application/octet-stream",
            "multipart/mixed; boundary=B",
        ] {
            for path in ["/user/jwt_signin", "/user/session_signup", "/api/token/"] {
                let reply = client
                    .send(Method::POST, path, Some(content_type), body.clone())
                    .await;
                let reply = reply.expect_error(415, "unsupported_media_type");
                assert!(reply.text("detail").contains(content_type));
                let reply = client
                    .send(Method::POST, path, Some(content_type), Body::empty())
                    .await;
                reply.expect_status(400);
            }
        }
        let reply = client
            .send(Method::POST, "/user/jwt_signin", None, body.clone())
            .await;
        reply.expect_error(415, "unsupported_media_type");
    });
}

#[test]
fn a_body_that_breaks_off_or_never_ends_is_told_so() {
    run(async {
        let server = Database::sqlite().server_with(&[("BODY_TIMEOUT", "1")]).await;
        let mut client = server.anonymous();
        let json = Some("application/json");
        let broken = Body::new(Unfinished::Broken);
        let reply = client.send(Method::POST, "/user/jwt_signin", json, broken).await;
        reply.expect_error(400, "body_broken");
        let silent = Body::new(Unfinished::Silent);
        let reply = client.send(Method::POST, "/user/jwt_signin", json, silent).await;
        reply.expect_error(408, "body_too_slow");
        let settings = [
            ("BODY_TIMEOUT", "10"),
            ("REQUEST_TIMEOUT", "1"),
            ("HASHING_DEADLINE_MS", "1000"),
        ];
        let server = server.restarted_with(&settings).await;
        let silent = Body::new(Unfinished::Silent);
        let reply = server
            .anonymous()
            .send(Method::POST, "/user/jwt_signin", json, silent)
            .await;
        reply.expect_error(503, "deadline");
    });
}

/// A body of which no end comes.
enum Unfinished {
    /// The client is gone in the middle.
    Broken,
    /// The client says nothing more.
    Silent,
}

impl hyper::body::Body for Unfinished {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match *self {
            Self::Broken => Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into()))),
            Self::Silent => Poll::Pending,
        }
    }
}
