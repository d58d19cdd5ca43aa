//! `/user/jwt_signup`, `/user/jwt_signin`, simplejwt's `/api/token/`, and the tokens that they give.

use crate::support::{Database, FORM, Reply, START, claims, header, jti, mseo, mseo_signs_in, on_both};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

on_both!(
    signing_up_by_jwt_answers_the_user_and_two_tokens,
    signing_in_by_jwt_answers_two_tokens_and_a_word,
    whatever_is_wrong_with_the_credentials_the_answer_is_one,
    an_email_address_signs_in_and_so_does_a_username_in_its_place,
    an_email_address_means_its_owner_before_somebody_who_is_called_so,
    of_a_username_and_an_email_address_the_username_counts,
    an_address_that_two_users_have_signs_in_neither,
    a_bearer_that_is_sent_along_is_not_looked_at,
    a_sign_in_comes_as_json_as_a_form_or_in_parts,
    the_claims_are_simplejwts_and_the_id_of_the_sign_in,
    each_sign_in_leaves_a_row_with_a_digest_and_no_token,
    a_user_model_with_another_username_field_signs_in_under_that_name,
);

async fn signing_up_by_jwt_answers_the_user_and_two_tokens(database: Database) {
    let server = database.server().await;
    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signup", &mseo()).await.expect_status(201);
    assert_eq!(keys(&reply), ["message", "user", "access_token", "refresh_token"]);
    assert_eq!(reply.text("message"), "회원가입 성공");
    let user = json!({"id": 1, "username": "mseo", "email": "mseo@naver.com", "age": 24});
    assert_eq!(reply.json()["user"], user);
    assert!(client.cookies.is_empty());
    server.me(&reply.text("access_token")).await.expect_status(200);
    server
        .refresh(&reply.text("refresh_token"))
        .await
        .expect_status(200);
    // As with Django's `for_user`: a sign-up is no login.
    assert_eq!(server.user("mseo").await.last_login, None);
}

async fn signing_in_by_jwt_answers_two_tokens_and_a_word(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
    let reply = reply.expect_status(200);
    assert_eq!(keys(&reply), ["access_token", "refresh_token", "message"]);
    assert_eq!(reply.text("message"), "로그인 성공");
    assert_eq!(reply.header("content-type"), "application/json");
    assert!(client.cookies.is_empty());

    let body = json!({"username": "mseo", "password": "1234"});
    let reply = client.post("/api/token/", &body).await.expect_status(200);
    assert_eq!(keys(&reply), ["refresh", "access"]);
    server.me(&reply.text("access")).await.expect_status(200);
}

async fn whatever_is_wrong_with_the_credentials_the_answer_is_one(database: Database) {
    let server = database.server().await;
    let right = server.encoded("1234");
    server.insert_user("mseo", "mseo@naver.com", &right).await;
    server.insert_user("away", "away@naver.com", &right).await;
    server
        .sql("UPDATE user_user SET is_active = (1 = 0) WHERE username = 'away'")
        .await;
    let rows = [
        "!Ab8dEfGh1jKlMn0pQrStUvWxYz0123456789AbCd",
        "!",
        "",
        "1234",
        "crypt$1$2$3",
        "pbkdf2_sha256$x$salt$hash",
        "pbkdf2_sha256$99999999999$salt$hash",
        "md5$salt$9aa4b8addefd43dbf9340b7540e4e49a",
    ];
    for (number, row) in rows.iter().enumerate() {
        let name = format!("row{number}");
        server.insert_user(&name, &format!("{name}@naver.com"), row).await;
    }
    let mut bodies = vec![
        json!({"email": "mseo@naver.com", "password": "12345"}),
        json!({"email": "mseo@naver.com", "password": ""}),
        json!({"email": "mseo@naver.com", "password": 123}),
        json!({"email": "mseo@naver.com", "password": " 1234"}),
        json!({"email": "mseo@naver.com", "password": null}),
        json!({"email": "mseo@naver.com", "password": true}),
        json!({"email": "mseo@naver.com", "password": ["1234"]}),
        json!({"email": "mseo@naver.com", "password": {"$ne": ""}}),
        json!({"email": "mseo@naver.com"}),
        json!({"password": "1234"}),
        json!({}),
        json!({"email": null, "password": "1234"}),
        json!({"email": "", "password": "1234"}),
        json!({"email": ["mseo@naver.com"], "password": "1234"}),
        json!({"email": "nobody@naver.com", "password": "1234"}),
        json!({"email": "mseo@naver.com\u{0}", "password": "1234"}),
        json!({"email": " mseo@naver.com", "password": "1234"}),
        json!({"username": "MSEO", "password": "1234"}),
        json!({"username": "mseo' OR '1'='1", "password": "1234"}),
        json!({"username": "%", "password": "1234"}),
        json!({"email": "away@naver.com", "password": "1234"}),
        json!({"username": "away", "password": "1234"}),
        json!({"id": 1, "password": "1234"}),
    ];
    bodies.extend(
        (0..rows.len()).map(|number| json!({"username": format!("row{number}"), "password": "1234"})),
    );
    for path in ["/user/jwt_signin", "/user/session_signin"] {
        let mut answers = Vec::new();
        for body in &bodies {
            let mut client = server.anonymous();
            let reply = client
                .post(path, body)
                .await
                .expect_error(400, "invalid_credentials");
            answers.push((reply.headers, reply.body));
        }
        let error = r#"{"error":"이메일 또는 비밀번호가 올바르지 않습니다"}"#;
        assert_eq!(String::from_utf8_lossy(&answers[0].1), error);
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        let mut client = server.anonymous();
        client.post(path, &mseo_signs_in()).await.expect_status(200);
    }
    let user = server.user("away").await;
    assert_eq!(user.last_login, None);
}

async fn an_email_address_signs_in_and_so_does_a_username_in_its_place(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    for login in [
        json!({"email": "mseo@naver.com", "password": 1234}),
        json!({"email": "MSEO@Naver.Com", "password": "1234"}),
        json!({"email": "mseo", "password": "1234"}),
        json!({"username": "mseo", "password": "1234"}),
        json!({"username": "mseo@naver.com", "password": "1234"}),
    ] {
        for path in ["/user/jwt_signin", "/user/session_signin"] {
            let mut client = server.anonymous();
            client.post(path, &login).await.expect_status(200);
        }
    }
    let mut client = server.anonymous();
    let by_email = json!({"username": "mseo@naver.com", "password": "1234"});
    let reply = client.post("/api/token/", &by_email).await.expect_status(401);
    assert_eq!(reply.header("munjigi-error"), "invalid_credentials");
}

async fn an_email_address_means_its_owner_before_somebody_who_is_called_so(database: Database) {
    let server = database.server().await;
    let encoded = server.encoded("first");
    server.insert_user("a@b.kr", "other@b.kr", &encoded).await;
    let mut client = server.anonymous();
    let first = json!({"email": "a@b.kr", "password": "first"});
    client.post("/user/jwt_signin", &first).await.expect_status(200);

    let encoded = server.encoded("second");
    server.insert_user("owner", "A@b.kr", &encoded).await;
    client.post("/user/jwt_signin", &first).await.expect_status(400);
    let second = json!({"email": "a@b.kr", "password": "second"});
    let reply = client.post("/user/jwt_signin", &second).await.expect_status(200);
    assert_eq!(claims(&reply.text("access_token"))["user_id"], "2");

    // By the other key the name comes first.
    let first = json!({"username": "a@b.kr", "password": "first"});
    let reply = client.post("/user/jwt_signin", &first).await.expect_status(200);
    assert_eq!(claims(&reply.text("access_token"))["user_id"], "1");
}

async fn of_a_username_and_an_email_address_the_username_counts(database: Database) {
    let server = database.server().await;
    let encoded = server.encoded("1234");
    server.insert_user("one", "one@b.kr", &encoded).await;
    server.insert_user("two", "two@b.kr", &encoded).await;
    let mut client = server.anonymous();
    let both = json!({"email": "two@b.kr", "username": "one", "password": "1234"});
    let reply = client.post("/user/jwt_signin", &both).await.expect_status(200);
    assert_eq!(claims(&reply.text("access_token"))["user_id"], "1");
    let both = json!({"email": "two@b.kr", "username": "nobody", "password": "1234"});
    client.post("/user/jwt_signin", &both).await.expect_status(400);
}

async fn an_address_that_two_users_have_signs_in_neither(database: Database) {
    let server = database.server().await;
    let encoded = server.encoded("1234");
    server.insert_user("one", "same@b.kr", &encoded).await;
    server.insert_user("two", "SAME@b.kr", &encoded).await;
    let mut client = server.anonymous();
    for key in ["email", "username"] {
        let body = json!({key: "same@b.kr", "password": "1234"});
        client
            .post("/user/jwt_signin", &body)
            .await
            .expect_error(400, "invalid_credentials");
    }
    let body = json!({"username": "two", "password": "1234"});
    client.post("/user/jwt_signin", &body).await.expect_status(200);
}

async fn a_bearer_that_is_sent_along_is_not_looked_at(database: Database) {
    let server = database.server().await;
    let mut client = server.anonymous();
    client.bearer("garbage");
    client
        .post("/user/session_signup", &mseo())
        .await
        .expect_status(201);
    for path in ["/user/jwt_signin", "/user/session_signin"] {
        client.post(path, &mseo_signs_in()).await.expect_status(200);
    }
    let other = json!({"username": "other", "password": "x", "email": "other@naver.com"});
    client.post("/user/jwt_signup", &other).await.expect_status(201);
}

async fn a_sign_in_comes_as_json_as_a_form_or_in_parts(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let json = r#"{"email": "mseo@naver.com", "password": 1234}"#;
    let form = "email=mseo%40naver.com&password=1234";
    let parts = "--B\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nmseo@naver.com\r\n\
                 --B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n1234\r\n--B--\r\n";
    let mut client = server.anonymous();
    for path in [
        "/user/jwt_signin",
        "/user/jwt_signin/",
        "/user/session_signin",
        "/user/session_signin/",
    ] {
        for (content_type, body) in [
            ("application/json", json),
            ("application/json; charset=utf-8", json),
            ("Application/JSON", json),
            (FORM, form),
            ("multipart/form-data; boundary=B", parts),
        ] {
            let body = body.as_bytes().to_vec();
            let reply = client.send(Method::POST, path, Some(content_type), body).await;
            reply.expect_status(200);
        }
        let body = json.as_bytes().to_vec();
        let reply = client.send(Method::POST, path, Some("text/plain"), body).await;
        let reply = reply.expect_error(415, "unsupported_media_type");
        let detail = "요청된 \"text/plain\"가 지원되지 않는 미디어 형태입니다.";
        assert_eq!(reply.json(), json!({"detail": detail}));
        assert_eq!(reply.list("allow"), ["OPTIONS", "POST"]);
    }
    let with_a_file = parts.replace("name=\"email\"", "name=\"email\"; filename=\"a.txt\"");
    let content_type = Some("multipart/form-data; boundary=B");
    let reply = client.send(Method::POST, "/user/jwt_signin", content_type, with_a_file);
    reply.await.expect_error(400, "parse_error");
}

async fn the_claims_are_simplejwts_and_the_id_of_the_sign_in(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, refresh) = server.tokens().await;
    let jws = json!({"alg": "HS256", "typ": "JWT"});
    assert_eq!((header(&access), header(&refresh)), (jws.clone(), jws));
    let (access, refresh) = (claims(&access), claims(&refresh));
    let names = ["token_type", "exp", "iat", "jti", "user_id", "sid"];
    for token in [&access, &refresh] {
        assert!(token.as_object().unwrap().keys().eq(names), "{token}");
        assert_eq!(token["iat"], START);
        assert_eq!(token["user_id"], "1");
        assert!(is_hexadecimal(&token["jti"]) && is_hexadecimal(&token["sid"]));
    }
    assert_eq!(access["token_type"], "access");
    assert_eq!(access["exp"], START + 300);
    assert_eq!(refresh["token_type"], "refresh");
    assert_eq!(refresh["exp"], START + 604_800);
    assert_ne!(access["jti"], refresh["jti"]);
    assert_eq!(access["sid"], refresh["sid"]);
    let [record] = &server.records("mseo").await[..] else {
        panic!("one sign-in, one record")
    };
    assert_eq!(record.sid, access["sid"]);
    assert_eq!(record.jti.as_deref(), refresh["jti"].as_str());
}

async fn each_sign_in_leaves_a_row_with_a_digest_and_no_token(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (_, first) = server.tokens().await;
    let (_, second) = server.tokens().await;
    let rows = server
        .sql("SELECT user_id, jti, token FROM token_blacklist_outstandingtoken ORDER BY id")
        .await;
    let row = |refresh: &str| {
        let digest = STANDARD_NO_PAD.encode(Sha256::digest(refresh));
        vec!["1".to_owned(), jti(refresh), format!("sha256:{digest}")]
    };
    assert_eq!(rows, [row(&first), row(&second)]);
    let listed = server
        .sql("SELECT id FROM token_blacklist_blacklistedtoken")
        .await;
    assert!(listed.is_empty());
    let expiries = server
        .sql("SELECT count(*) FROM token_blacklist_outstandingtoken WHERE expires_at > created_at")
        .await;
    assert_eq!(expiries, [["2"]]);
}

fn is_hexadecimal(value: &Value) -> bool {
    let text = value.as_str().unwrap();
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

async fn a_user_model_with_another_username_field_signs_in_under_that_name(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let settings = [
        ("USER__USERNAME_FIELD", "email"),
        ("ROUTES__TOKEN_OBTAIN_SLIDING", "/api/token/sliding/"),
        ("ROUTES__OBTAIN_JWT_TOKEN", "/api-token-auth/"),
    ];
    let server = server.restarted_with(&settings).await;
    let mut client = server.anonymous();
    client.speaks_english();
    for (path, status) in [
        ("/api/token/", 200),
        ("/api/token/sliding/", 200),
        ("/api-token-auth/", 201),
    ] {
        client.post(path, &mseo_signs_in()).await.expect_status(status);
        let by_username = json!({"username": "mseo@naver.com", "password": "1234"});
        let reply = client.post(path, &by_username).await.expect_status(400);
        assert_eq!(
            reply.json(),
            json!({"email": ["This field is required."]}),
            "{path}"
        );
        let told = client
            .send(Method::OPTIONS, path, None, "")
            .await
            .expect_status(200);
        let fields = &told.json()["actions"]["POST"];
        let email = json!({"type": "string", "required": true, "read_only": false, "label": "Email"});
        assert_eq!(
            (&fields["email"], &fields["username"]),
            (&email, &Value::Null),
            "{path}"
        );
    }
    let document = munjigi::http::openapi::document(server.app.config());
    for name in ["SimpleJwtSignIn", "DrfJwtSignIn"] {
        let properties = &document["components"]["schemas"][name]["properties"];
        assert!(
            properties["email"].is_object() && properties["username"].is_null(),
            "{name}"
        );
    }
}

fn keys(reply: &Reply) -> Vec<String> {
    reply.json().as_object().unwrap().keys().cloned().collect()
}
