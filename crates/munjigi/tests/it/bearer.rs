//! What a token opens: `/user/me` by an access token, access tokens by a refresh token.

use crate::support::{Database, Reply, START, claims, on_both, signed};
use serde_json::{Value, json};

on_both!(
    a_token_opens_me,
    a_token_that_was_touched_or_is_anothers_opens_nothing,
    a_token_opens_nothing_from_the_second_in_which_it_expires,
    a_refresh_token_is_no_access_token,
    a_refresh_token_gives_access_tokens_in_both_dialects,
    a_refresh_token_is_refused_in_both_dialects,
    the_header_is_read_as_simplejwt_reads_it,
    the_first_class_that_finds_a_credential_decides,
);

async fn a_token_opens_me(database: Database) {
    let server = database.server().await;
    let (mut client, _) = server.token_user().await;
    let reply = client.get("/user/me").await.expect_status(200);
    let me = json!({"id": 1, "username": "mseo", "email": "mseo@naver.com", "age": 24});
    assert_eq!(reply.json(), me);
    client.get("/user/me/").await.expect_status(200);
    // No cookie carries it, so nothing has to be proven by a token of another kind.
    let reply = client.post("/user/session_signout", &json!({})).await;
    reply.expect_status(200);
}

async fn a_token_that_was_touched_or_is_anothers_opens_nothing(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, _) = server.tokens().await;
    let mine = claims(&access);
    let mut admins = mine.clone();
    admins["user_id"] = json!("2");
    let [head, payload, signature] = access.split('.').collect::<Vec<_>>()[..] else {
        panic!("{access}")
    };
    let forged = signed(&admins, "another-key-0123456789-0123456789-0123456789");
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let turned = if payload.starts_with("eyJ0") {
        "eyJ1"
    } else {
        "eyJ0"
    };
    for bad in [
        format!("{head}.{payload}.{}", signature.chars().rev().collect::<String>()),
        format!("{head}.{turned}{}.{signature}", &payload[4..]),
        format!("{head}.{payload}.{signature}="),
        format!("{head}.{payload}.{signature}A"),
        format!("{head}.{payload}."),
        format!("{head}.{payload}"),
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        forged.clone(),
        format!("{head}.{}.{signature}", forged.split('.').nth(1).unwrap()),
        "garbage".to_owned(),
        "..".to_owned(),
    ] {
        let reply = server.me(&bad).await.expect_error(401, "token_not_valid");
        assert_eq!(reply.json(), refusal("Token is invalid"), "{bad}");
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"api\"");
    }
    server.me(&access).await.expect_status(200);
}

async fn a_token_opens_nothing_from_the_second_in_which_it_expires(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, refresh) = server.tokens().await;
    server.clock.advance(299);
    server.me(&access).await.expect_status(200);
    server.clock.advance(1);
    let reply = server.me(&access).await.expect_error(401, "token_expired");
    assert_eq!(reply.json(), refusal("Token is expired"));
    assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"api\"");
    server.clock.advance(604_800 - 301);
    server.refresh(&refresh).await.expect_status(200);
    server.clock.advance(1);
    let reply = server.refresh(&refresh).await.expect_error(401, "token_expired");
    let expired = json!({"detail": "Token is expired", "code": "token_not_valid"});
    assert_eq!(reply.json(), expired);
}

async fn a_refresh_token_is_no_access_token(database: Database) {
    let server = database.server().await;
    let (_, refresh) = server.token_user().await;
    let mut client = server.anonymous();
    client.bearer(&refresh);
    let reply = client.get("/user/me").await.expect_error(401, "token_wrong_type");
    assert_eq!(reply.json(), refusal("잘못된 토큰 타입입니다"));
    client.speaks_english();
    let reply = client.get("/user/me").await.expect_status(401);
    let message =
        json!({"token_class": "AccessToken", "token_type": "access", "message": "Token has wrong type"});
    let detail = "Given token not valid for any token type";
    let body = json!({"detail": detail, "code": "token_not_valid", "messages": [message]});
    assert_eq!(reply.json(), body);
}

async fn a_refresh_token_gives_access_tokens_in_both_dialects(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, refresh) = server.tokens().await;
    server.clock.advance(60);
    let mut client = server.anonymous();
    let notes = client
        .post("/user/jwt_refresh", &json!({"refresh_token": refresh}))
        .await
        .expect_status(200);
    assert_eq!(keys(&notes), ["access_token"]);
    let body = json!({"refresh": refresh});
    let simplejwts = client.post("/api/token/refresh/", &body).await;
    let simplejwts = simplejwts.expect_status(200);
    assert_eq!(keys(&simplejwts), ["access"]);
    let form = format!("refresh={refresh}");
    let by_form = client.post_form("/api/token/refresh", &form).await;
    let tokens = [
        notes.text("access_token"),
        simplejwts.text("access"),
        by_form.expect_status(200).text("access"),
    ];
    for token in &tokens {
        let (first, token_claims) = (claims(&access), claims(token));
        assert_eq!(token_claims["exp"], START + 60 + 300);
        assert_eq!(token_claims["iat"], START + 60);
        assert_eq!(token_claims["user_id"], "1");
        assert_eq!(token_claims["sid"], first["sid"]);
        assert_ne!(token_claims["jti"], first["jti"]);
        server.me(token).await.expect_status(200);
    }
    assert_eq!(server.records("mseo").await.len(), 1);
}

async fn a_refresh_token_is_refused_in_both_dialects(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, _) = server.tokens().await;
    for (path, field) in [
        ("/user/jwt_refresh", "refresh_token"),
        ("/api/token/refresh/", "refresh"),
    ] {
        for (body, text) in [
            (json!({}), "이 필드는 필수 항목입니다."),
            (json!({field: ""}), "이 필드는 blank일 수 없습니다."),
            (json!({field: null}), "이 필드는 null일 수 없습니다."),
            (json!({field: [access]}), "유효한 문자열이 아닙니다."),
            (json!({field: "a\u{0}"}), "null 문자는 사용할 수 없습니다. "),
        ] {
            let mut client = server.anonymous();
            let reply = client.post(path, &body).await.expect_error(400, "invalid");
            assert_eq!(reply.json(), json!({field: [text]}));
        }
        for (token, text, word) in [
            ("a.b.c", "Token is invalid", "token_not_valid"),
            (&*access, "잘못된 토큰 타입입니다", "token_wrong_type"),
        ] {
            let mut client = server.anonymous();
            let reply = client.post(path, &json!({field: token})).await;
            let reply = reply.expect_error(401, word);
            assert_eq!(reply.json(), json!({"detail": text, "code": "token_not_valid"}));
            assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"api\"");
        }
    }
}

async fn the_header_is_read_as_simplejwt_reads_it(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, _) = server.tokens().await;
    let ask = async |header: String| {
        let mut client = server.anonymous();
        client.authorization(header.as_bytes());
        client.get("/user/me").await
    };
    for header in [format!("Bearer  {access}"), format!("Bearer\t{access}")] {
        ask(header).await.expect_status(200);
    }
    for header in [
        format!("bearer {access}"),
        format!("BEARER {access}"),
        format!("JWT {access}"),
        format!("Bearer{access}"),
        access.clone(),
        "Basic bXNlbzp4".to_owned(),
        String::new(),
    ] {
        let reply = ask(header).await.expect_error(401, "not_authenticated");
        let detail = "자격 인증 데이터가 제공되지 않았습니다.";
        assert_eq!(reply.json(), json!({"detail": detail}));
    }
    for header in ["Bearer".to_owned(), format!("Bearer {access} {access}")] {
        let reply = ask(header).await.expect_error(401, "bad_authorization_header");
        assert_eq!(reply.text("code"), "bad_authorization_header");
    }
    let mut client = server.anonymous();
    client.authorization(b"Bearer \xff\xfe");
    client.get("/user/me").await.expect_error(401, "token_not_valid");
}

async fn the_first_class_that_finds_a_credential_decides(database: Database) {
    let server = database.server().await;
    let mut client = server.cookie_user().await;
    client.get("/user/me").await.expect_status(200);
    client.bearer("garbage");
    client.get("/user/me").await.expect_error(401, "token_not_valid");
    client.header("authorization", "Basic bXNlbzp4");
    client.get("/user/me").await.expect_status(200);
    // A good token needs no CSRF token, though a session cookie comes with it.
    let (access, _) = server.tokens().await;
    client.bearer(&access);
    let reply = client.post("/user/session_signout", &json!({})).await;
    reply.expect_status(200);
}

/// What `/user/me` says of a token, in Korean.
fn refusal(message: &str) -> Value {
    json!({
        "detail": "이 토큰은 모든 타입의 토큰에 대해 유효하지 않습니다",
        "code": "token_not_valid",
        "messages": [{"token_class": "AccessToken", "token_type": "access", "message": message}],
    })
}

fn keys(reply: &Reply) -> Vec<String> {
    reply.json().as_object().unwrap().keys().cloned().collect()
}
