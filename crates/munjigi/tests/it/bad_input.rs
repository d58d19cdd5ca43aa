//! What is no good request: fields, bodies, methods, paths, cookies. `Reply::check` holds every answer to what all
//! answers have, and none is a 500.

use crate::support::{Database, FORM, GET_ROUTES, NOTES_POST_ROUTES, SIMPLEJWT_ROUTES};
use crate::support::{mseo, mseo_signs_in, on_both, run};
use axum::body::{Body, Bytes};
use http::Method;
use hyper::body::Frame;
use munjigi_store::users;
use serde_json::{Value, json};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

on_both!(
    each_field_of_a_sign_up_is_judged_and_all_that_is_wrong_is_told,
    an_age_is_a_whole_number_from_zero_or_nothing,
    no_body_makes_an_error_page,
    no_bearer_and_no_cookie_makes_an_error_page,
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

/// Bodies that are no JSON object of texts, or one that a careless server would stumble over.
fn hostile_bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "\0",
        "{",
        "}",
        "{}",
        "[]",
        "[[]]",
        "null",
        "true",
        "0",
        "-",
        "1e999",
        "\"",
        "\"x\"",
        "NaN",
        "Infinity",
        "{]",
        "{\"",
        "{\"username\"",
        "{\"username\":",
        "{\"username\":}",
        "{\"username\":\"x\",}",
        "{'username':'x'}",
        "{username:\"x\"}",
        "{\"username\":\"\\u\"}",
        "{\"username\":\"\\x\"}",
        "{\"username\":\"\n\"}",
        "{\"username\":undefined}",
        "{\"username\":01}",
        "{\"username\":+1}",
        "{\"username\":.5}",
        "{\"username\":1.}",
        "{\"username\":0x10}",
        "{\"username\":NaN,\"password\":NaN}",
        "{\"username\":1e999,\"password\":1e999}",
        "{}{}",
        "{} x",
        "//\n{}",
        "/**/{}",
        "\u{feff}{}",
        "{\"\":\"\"}",
        "{\"username\":null,\"password\":null}",
        "username=x&password=x",
        "=",
        "&&&&",
        "%",
        "%zz=%zz",
        "username[$ne]=x",
        "--B\r\n\r\n--B--\r\n",
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
        "{\"__proto__\":{\"is_staff\":true},\"constructor\":1}",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.extend([
        b"\xff".to_vec(),
        b"{\"username\":\"\xff\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
    ]);
    bodies.extend([
        b"\x1f\x8b\x08\x00".to_vec(),
        "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ]);
    for depth in [900, 1001, 100_000] {
        bodies.push(format!("{{\"username\":{}", "[".repeat(depth)).into());
        bodies.push(format!("{{\"password\":{}1{}}}", "[".repeat(depth), "]".repeat(depth)).into());
        bodies.push("{\"a\":".repeat(depth).into());
    }
    for value in [
        json!("x"),
        json!("\u{0}"),
        json!("a\u{0}b"),
        json!("\u{202e}x"),
        json!("' OR 1=1 --"),
        json!("\\"),
        json!(true),
        json!([]),
        json!({}),
        json!(-1),
        json!(1.5),
        json!("x".repeat(100_000)),
        json!("💥".repeat(5000)),
        json!(vec!["x"; 100]),
        json!("%s%n{}${jndi:ldap://x}"),
        json!("../../etc/passwd"),
        json!("\u{ffff}\u{fdd0}"),
    ] {
        let names = ["username", "password", "email", "age", "refresh", "refresh_token"];
        let all: serde_json::Map<_, _> = names
            .map(|name| (name.to_owned(), value.clone()))
            .into_iter()
            .collect();
        bodies.push(Value::Object(all).to_string().into());
    }
    for surrogate in [r"\ud800", r"\udfff", r"\ud800x", r"\udc00\ud800"] {
        let body = r#"{"username":"S","password":"S","email":"S@a.kr","refresh":"S","refresh_token":"S"}"#;
        bodies.push(body.replace('S', surrogate).into());
    }
    bodies
}

async fn no_body_makes_an_error_page(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let bodies = hostile_bodies();
    assert!(bodies.len() > 80);
    let mut client = server.anonymous();
    let mut answers = 0;
    for path in NOTES_POST_ROUTES.iter().chain(&SIMPLEJWT_ROUTES) {
        for body in &bodies {
            for content_type in [
                "application/json",
                FORM,
                "multipart/form-data; boundary=B",
                "multipart/form-data",
            ] {
                let reply = client
                    .send(Method::POST, path, Some(content_type), body.clone())
                    .await;
                assert!(!reply.status.is_server_error(), "{path} {content_type}");
                answers += 1;
            }
            client.cookies.clear();
        }
    }
    assert_eq!(answers, bodies.len() * 9 * 4);
    let staff = server
        .sql("SELECT count(*) FROM user_user WHERE is_staff OR is_superuser")
        .await;
    assert_eq!(staff, [["0"]]);
    server.tokens().await;
}

async fn no_bearer_and_no_cookie_makes_an_error_page(database: Database) {
    let server = database.server().await;
    let mut owner = server.cookie_user().await;
    let key = owner.cookies["sessionid"].clone();
    for bearer in [
        &b"Bearer "[..],
        b"Bearer a.b.c",
        b"Bearer ...",
        b"Bearer e30.e30.e30",
        b"Bearer bnVsbA.bnVsbA.bnVsbA",
        b"Bearer eyJhbGciOiJub25lIn0.e30.",
        b"Bearer \xff\xff.\xff.\xff",
        b"Bearer %00.%00.%00",
        b"bearer",
        b"\xe9",
        b",",
    ] {
        let mut client = server.anonymous();
        client.authorization(bearer);
        client.get("/user/me").await.expect_status(401);
        client.post("/user/jwt_signout", &json!({})).await;
    }
    let mut client = server.anonymous();
    client.bearer(&"x.".repeat(20_000));
    client.get("/user/me").await.expect_status(401);
    let long = "k".repeat(10_000);
    let upper = key.to_uppercase();
    for value in [
        "",
        "x",
        "' OR 1=1 --",
        "..",
        "%00",
        "\"",
        "\"\"",
        "a=b=c",
        &long,
        &upper,
        &key[1..],
        &format!("{key}x"),
    ] {
        let cookies = format!("sessionid={value}; csrftoken={value}");
        let mut client = server.anonymous();
        client.header("cookie", &cookies);
        client.get("/user/me").await.expect_status(401);
        client.get("/user/csrf").await.expect_status(200);
        let mut client = server.anonymous();
        client.header("cookie", &cookies);
        let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
        reply.expect_status(200);
        client.get("/user/me").await.expect_status(200);
    }
    let mut client = server.anonymous();
    client.header_bytes("cookie", b"sessionid=\xff\xfe; csrftoken=\xff");
    client.get("/user/me").await.expect_status(401);
    client.get("/user/csrf").await.expect_status(200);
    // A cookie of somebody else's that is not ASCII does not hide ours.
    let mut client = server.anonymous();
    client.header_bytes(
        "cookie",
        format!("name=\u{c774}\u{b984}; sessionid={key}").as_bytes(),
    );
    client.get("/user/me").await.expect_status(200);
    owner.get("/user/me").await.expect_status(200);
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
        let settings = [("BODY_TIMEOUT", "10"), ("REQUEST_TIMEOUT", "1")];
        let server = server.restarted_with(&settings).await;
        let silent = Body::new(Unfinished::Silent);
        let reply = server
            .anonymous()
            .send(Method::POST, "/user/jwt_signin", json, silent)
            .await;
        reply.expect_error(503, "deadline");
    });
}

#[test]
fn each_route_takes_its_methods_and_names_them_to_the_others() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        let mut asked = 0;
        let posts = NOTES_POST_ROUTES.iter().chain(&SIMPLEJWT_ROUTES);
        let routes = posts
            .map(|path| (*path, "POST"))
            .chain(GET_ROUTES.map(|path| (path, "GET")));
        for (path, taken) in routes {
            for spelling in [
                path.trim_end_matches('/').to_owned(),
                format!("{}/", path.trim_end_matches('/')),
            ] {
                for method in [
                    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
                    "PROPFIND", "get",
                ] {
                    let verb = Method::from_bytes(method.as_bytes()).unwrap();
                    let reply = client.send(verb, &spelling, None, Body::empty()).await;
                    assert_eq!(
                        reply.list("allow"),
                        sorted([taken, "OPTIONS"]),
                        "{method} {spelling}"
                    );
                    asked += 1;
                    if method == taken || method == "OPTIONS" || (method == "HEAD" && taken == "GET") {
                        assert_ne!(reply.status, 405, "{method} {spelling}");
                        continue;
                    }
                    let reply = reply.expect_error(405, "method_not_allowed");
                    if method != "HEAD" {
                        let detail = format!("메서드 \"{method}\"는 허용되지 않습니다.");
                        assert_eq!(reply.json(), json!({"detail": detail}));
                    }
                }
            }
        }
        assert_eq!(asked, 11 * 2 * 11);
        let count = users::count(&mut server.app.store().reader()).await;
        assert_eq!(count.unwrap(), 0);
    });
}

#[test]
fn what_is_not_served_is_not_found_in_json() {
    run(async {
        let server = Database::sqlite()
            .server_with(&[("ROUTES__jwt_signup", "false")])
            .await;
        let mut client = server.anonymous();
        let long = format!("/{}", "a".repeat(60_000));
        for path in [
            "/user",
            "/user/",
            "/user/me//",
            "//user/me",
            "/USER/ME",
            "/user/m%65",
            "/user/me/x",
            "/user/../user/me",
            "/user/me%00",
            "/%ff",
            "/api/token/verify/",
            "/api/token/blacklist/",
            "/admin/",
            "/.env",
            "/index.html",
            "/user/jwt_signup",
            "*",
            &long,
        ] {
            for method in [Method::GET, Method::POST, Method::OPTIONS, Method::DELETE] {
                let reply = client.send(method, path, None, Body::empty()).await;
                let reply = reply.expect_error(404, "not_found");
                assert_eq!(reply.json(), json!({"detail": "찾을 수 없습니다."}));
            }
        }
        client
            .get("/user/me?next=/admin/&format=xml")
            .await
            .expect_status(401);
        client.get("/").await.expect_status(200);
        for probe in ["/healthz", "/readyz"] {
            client.get(probe).await.expect_status(200);
        }
    });
}

#[test]
fn the_page_and_the_probes_take_get_alone() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        for path in ["/", "/healthz", "/readyz"] {
            for method in [
                Method::POST,
                Method::PUT,
                Method::DELETE,
                Method::OPTIONS,
                Method::TRACE,
            ] {
                let reply = client.send(method, path, None, Body::empty()).await;
                let reply = reply.expect_error(405, "method_not_allowed");
                assert_eq!(reply.list("allow"), ["GET", "HEAD"]);
            }
            let reply = client.send(Method::HEAD, path, None, Body::empty()).await;
            reply.expect_status(200);
        }
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

fn sorted<const N: usize>(mut words: [&str; N]) -> [&str; N] {
    words.sort_unstable();
    words
}
