//! Whatever is sent wherever, no answer is an error page. `Reply::check` holds each to what all answers have.

use crate::support::{Database, FORM, NOTES_POST_ROUTES, SIMPLEJWT_ROUTES, mseo_signs_in, on_both};
use http::Method;
use serde_json::{Value, json};

on_both!(
    no_body_makes_an_error_page,
    no_bearer_and_no_cookie_makes_an_error_page,
);

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
    assert_eq!(answers, bodies.len() * 13 * 4);
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

/// Every body that a careless server would stumble over.
fn hostile_bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = SCRAPS.iter().map(|text| text.as_bytes().to_vec()).collect();
    bodies.extend([
        b"\xff".to_vec(),
        b"{\"username\":\"\xff\"}".to_vec(),
        b"\x1f\x8b\x08\x00".to_vec(),
        "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ]);
    for depth in [900, 1001, 100_000] {
        bodies.push(format!("{{\"username\":{}", "[".repeat(depth)).into());
        bodies.push(format!("{{\"password\":{}1{}}}", "[".repeat(depth), "]".repeat(depth)).into());
        bodies.push("{\"a\":".repeat(depth).into());
    }
    for value in hostile_values() {
        let names = ["username", "password", "email", "age", "refresh", "refresh_token"];
        let members = names.map(|name| (name.to_owned(), value.clone()));
        bodies.push(Value::Object(members.into_iter().collect()).to_string().into());
    }
    for surrogate in [r"\ud800", r"\udfff", r"\ud800x", r"\udc00\ud800"] {
        let body = r#"{"username":"S","password":"S","email":"S@a.kr","refresh":"S","refresh_token":"S"}"#;
        bodies.push(body.replace('S', surrogate).into());
    }
    bodies
}

/// What may stand in any field.
fn hostile_values() -> Vec<Value> {
    vec![
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
    ]
}

/// What is no JSON object of texts, as JSON or as a form.
const SCRAPS: [&str; 52] = [
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
];
