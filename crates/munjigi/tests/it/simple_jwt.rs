//! `[SIMPLE_JWT]` and `REST_FRAMEWORK` as a client notices them.

use crate::support::{Database, START, TestServer, claims, header, mseo_signs_in, on_both, signed};
use serde_json::{Value, json};

on_both!(
    the_lifetimes_are_those_that_are_written,
    the_algorithm_stands_in_the_header,
    tokens_verify_under_their_own_key_and_sessions_under_the_other,
    the_header_types_replace_bearer,
    another_header_may_carry_the_token,
    the_username_may_stand_for_the_id,
    the_claims_may_be_renamed,
    issuer_and_audience_are_written_and_demanded,
    the_leeway_lets_a_token_live_longer,
    both_classes_of_tokens_may_open_me,
    the_last_login_is_written_only_where_that_is_set,
    without_the_session_class_a_cookie_opens_nothing,
    the_address_may_stand_for_the_id,
    without_a_type_each_token_passes_for_the_other,
    without_an_id_tokens_are_in_no_table_and_end_with_their_sign_in,
    a_token_of_any_kind_may_open_me,
    one_header_type_may_stand_without_a_list,
);

async fn signed_up(database: Database, settings: &[(&str, &str)]) -> TestServer {
    let server = database.server_with(settings).await;
    server.signed_up().await;
    server
}

async fn the_lifetimes_are_those_that_are_written(database: Database) {
    let settings = [
        ("SIMPLE_JWT__ACCESS_TOKEN_LIFETIME", "3m"),
        ("SIMPLE_JWT__REFRESH_TOKEN_LIFETIME", "1d"),
    ];
    let server = signed_up(database, &settings).await;
    let (access, refresh) = server.tokens().await;
    assert_eq!(claims(&access)["exp"], START + 180);
    assert_eq!(claims(&refresh)["exp"], START + 86_400);
    server.clock.advance(180);
    server.me(&access).await.expect_error(401, "token_expired");
    let reply = server.refresh(&refresh).await.expect_status(200);
    let renewed = claims(&reply.text("access_token"));
    assert_eq!(renewed["exp"], START + 360);
}

async fn the_algorithm_stands_in_the_header(database: Database) {
    let server = signed_up(database, &[("SIMPLE_JWT__ALGORITHM", "HS512")]).await;
    let (access, refresh) = server.tokens().await;
    for token in [&access, &refresh] {
        assert_eq!(header(token), json!({"alg": "HS512", "typ": "JWT"}));
    }
    server.me(&access).await.expect_status(200);
    // The same key under another algorithm is not the same.
    let other = signed(&claims(&access), crate::support::SECRET_KEY);
    server.me(&other).await.expect_error(401, "token_not_valid");
}

async fn tokens_verify_under_their_own_key_and_sessions_under_the_other(database: Database) {
    let key = "the-key-of-the-tokens-alone-0123456789-abcdefghijkl";
    let server = signed_up(database, &[("SIMPLE_JWT__SIGNING_KEY", key)]).await;
    let (access, _) = server.tokens().await;
    server.me(&access).await.expect_status(200);
    assert_eq!(access, signed(&claims(&access), key));
    let under_the_secret_key = signed(&claims(&access), crate::support::SECRET_KEY);
    server
        .me(&under_the_secret_key)
        .await
        .expect_error(401, "token_not_valid");
    let mut client = server.anonymous();
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    client.get("/user/me").await.expect_status(200);
}

async fn the_header_types_replace_bearer(database: Database) {
    let server = signed_up(database, &[("SIMPLE_JWT__AUTH_HEADER_TYPES", r#"["JWT"]"#)]).await;
    let (access, _) = server.tokens().await;
    let mut client = server.anonymous();
    client.authorization(format!("JWT {access}").as_bytes());
    client.get("/user/me").await.expect_status(200);
    client.bearer(&access);
    let reply = client
        .get("/user/me")
        .await
        .expect_error(401, "not_authenticated");
    assert_eq!(reply.header("www-authenticate"), "JWT realm=\"api\"");
    let wrong = json!({"username": "mseo", "password": "x"});
    let reply = client.post("/api/token/", &wrong).await.expect_status(401);
    assert_eq!(reply.header("www-authenticate"), "JWT realm=\"api\"");
}

async fn another_header_may_carry_the_token(database: Database) {
    let settings = [("SIMPLE_JWT__AUTH_HEADER_NAME", "HTTP_X_ACCESS_TOKEN")];
    let server = signed_up(database, &settings).await;
    let (access, _) = server.tokens().await;
    server.me(&access).await.expect_error(401, "not_authenticated");
    let mut client = server.anonymous();
    client.header("x-access-token", &format!("Bearer {access}"));
    client.get("/user/me").await.expect_status(200);
}

async fn the_username_may_stand_for_the_id(database: Database) {
    let server = signed_up(database, &[("SIMPLE_JWT__USER_ID_FIELD", "username")]).await;
    let (access, refresh) = server.tokens().await;
    assert_eq!(claims(&access)["user_id"], "mseo");
    assert_eq!(server.me(&access).await.expect_status(200).json()["id"], 1);
    server.refresh(&refresh).await.expect_status(200);
    let rows = "SELECT user_id FROM token_blacklist_outstandingtoken";
    assert_eq!(server.sql(rows).await, [["1"]]);
}

async fn the_claims_may_be_renamed(database: Database) {
    let settings = [
        ("SIMPLE_JWT__USER_ID_CLAIM", "uid"),
        ("SIMPLE_JWT__TOKEN_TYPE_CLAIM", "typ2"),
        ("SIMPLE_JWT__JTI_CLAIM", "id"),
    ];
    let server = signed_up(database, &settings).await;
    let (access, refresh) = server.tokens().await;
    let names = ["typ2", "exp", "iat", "id", "uid", "sid"];
    for (token, kind) in [(&access, "access"), (&refresh, "refresh")] {
        let claims = claims(token);
        assert!(claims.as_object().unwrap().keys().eq(names), "{claims}");
        assert_eq!((&claims["typ2"], &claims["uid"]), (&json!(kind), &json!("1")));
    }
    server.me(&access).await.expect_status(200);
    server.me(&refresh).await.expect_error(401, "token_wrong_type");
    server.refresh(&refresh).await.expect_status(200);
    let rows = "SELECT jti FROM token_blacklist_outstandingtoken";
    assert_eq!(
        server.sql(rows).await,
        [[claims(&refresh)["id"].as_str().unwrap()]]
    );
    let body = json!({"refresh_token": refresh});
    let mut client = server.anonymous();
    client.post("/user/jwt_signout", &body).await.expect_status(200);
    server.me(&access).await.expect_error(401, "token_blacklisted");
    server
        .refresh(&refresh)
        .await
        .expect_error(401, "token_blacklisted");
}

async fn issuer_and_audience_are_written_and_demanded(database: Database) {
    let settings = [
        ("SIMPLE_JWT__ISSUER", "https://auth.example.com"),
        ("SIMPLE_JWT__AUDIENCE", r#"["web", "app"]"#),
    ];
    let server = signed_up(database, &settings).await;
    let (access, refresh) = server.tokens().await;
    for token in [&access, &refresh] {
        assert_eq!(claims(token)["iss"], "https://auth.example.com");
        assert_eq!(claims(token)["aud"], json!(["web", "app"]));
    }
    server.me(&access).await.expect_status(200);
    server.refresh(&refresh).await.expect_status(200);
    for (claim, value, status) in [
        ("iss", json!("https://evil.example.com"), 401),
        ("iss", Value::Null, 401),
        ("aud", json!("intranet"), 401),
        ("aud", json!([]), 401),
        ("aud", json!("app"), 200),
        ("aud", json!(["intranet", "web"]), 200),
    ] {
        let mut changed = claims(&access);
        changed[claim] = value;
        let token = signed(&changed, crate::support::SECRET_KEY);
        server.me(&token).await.expect_status(status);
    }
}

async fn the_leeway_lets_a_token_live_longer(database: Database) {
    let server = signed_up(database, &[("SIMPLE_JWT__LEEWAY", "10")]).await;
    let (access, _) = server.tokens().await;
    server.clock.advance(309);
    server.me(&access).await.expect_status(200);
    server.clock.advance(1);
    server.me(&access).await.expect_error(401, "token_expired");
}

async fn both_classes_of_tokens_may_open_me(database: Database) {
    let classes =
        r#"["rest_framework_simplejwt.tokens.AccessToken", "rest_framework_simplejwt.tokens.RefreshToken"]"#;
    let server = signed_up(database, &[("SIMPLE_JWT__AUTH_TOKEN_CLASSES", classes)]).await;
    let warned = &server.app.config().warnings;
    assert!(
        warned
            .iter()
            .any(|finding| finding.message.contains("AUTH_TOKEN_CLASSES"))
    );
    let (access, refresh) = server.tokens().await;
    server.me(&access).await.expect_status(200);
    server.me(&refresh).await.expect_status(200);

    let mut client = server.anonymous();
    client.speaks_english();
    client.bearer("garbage");
    let reply = client.get("/user/me").await.expect_error(401, "token_not_valid");
    let message =
        |class, kind| json!({"token_class": class, "token_type": kind, "message": "Token is invalid"});
    assert_eq!(
        reply.json()["messages"],
        json!([
            message("AccessToken", "access"),
            message("RefreshToken", "refresh")
        ])
    );

    // A refresh token that was signed out of opens nothing, though its class is taken: ours, and one of Django's,
    // behind which no sign-in stands.
    client.without("authorization");
    let mut djangos = claims(&refresh);
    djangos.as_object_mut().unwrap().shift_remove("sid");
    djangos["jti"] = json!("10000000000040008000000000000001");
    let djangos = signed(&djangos, crate::support::SECRET_KEY);
    server.me(&djangos).await.expect_status(200);
    for token in [refresh, djangos] {
        let body = json!({"refresh_token": token});
        client.post("/user/jwt_signout", &body).await.expect_status(200);
        server.me(&token).await.expect_error(401, "token_blacklisted");
    }
}

async fn the_last_login_is_written_only_where_that_is_set(database: Database) {
    let server = signed_up(database, &[("SIMPLE_JWT__UPDATE_LAST_LOGIN", "false")]).await;
    server.tokens().await;
    let mut client = server.anonymous();
    let body = json!({"username": "mseo", "password": "1234"});
    client.post("/api/token/", &body).await.expect_status(200);
    assert_eq!(server.user("mseo").await.last_login, None);
    // A session is Django's own sign-in, which writes it in any case.
    client
        .post("/user/session_signin", &body)
        .await
        .expect_status(200);
    assert_eq!(server.user("mseo").await.last_login, Some(server.clock.now()));
}

async fn without_the_session_class_a_cookie_opens_nothing(database: Database) {
    let classes = r#"["rest_framework_simplejwt.authentication.JWTAuthentication"]"#;
    let settings = [("REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES", classes)];
    let server = database.server_with(&settings).await;
    let mut client = server.cookie_user().await;
    client
        .get("/user/me")
        .await
        .expect_error(401, "not_authenticated");
    let (access, _) = server.tokens().await;
    client.bearer(&access);
    client.get("/user/me").await.expect_status(200);
}

async fn the_address_may_stand_for_the_id(database: Database) {
    let server = signed_up(database, &[("SIMPLE_JWT__USER_ID_FIELD", "email")]).await;
    let (access, refresh) = server.tokens().await;
    assert_eq!(claims(&access)["user_id"], "mseo@naver.com");
    server.me(&access).await.expect_status(200);
    server.refresh(&refresh).await.expect_status(200);
    let mut djangos = claims(&access);
    djangos.as_object_mut().unwrap().shift_remove("sid");
    let token = |address: &str| {
        let mut claims = djangos.clone();
        claims["user_id"] = json!(address);
        signed(&claims, crate::support::SECRET_KEY)
    };
    server.me(&token("mseo@naver.com")).await.expect_status(200);
    server
        .me(&token("MSEO@naver.com"))
        .await
        .expect_error(401, "user_not_found");
    // Django's own users may share an address; then it names nobody.
    server.insert_user("other", "mseo@naver.com", "!").await;
    server
        .me(&token("mseo@naver.com"))
        .await
        .expect_error(401, "user_not_found");
}

async fn without_a_type_each_token_passes_for_the_other(database: Database) {
    let server = signed_up(database, &[("SIMPLE_JWT__TOKEN_TYPE_CLAIM", "")]).await;
    let (access, refresh) = server.tokens().await;
    for token in [&access, &refresh] {
        let names = ["exp", "iat", "jti", "user_id", "sid"];
        assert!(claims(token).as_object().unwrap().keys().eq(names));
        server.me(token).await.expect_status(200);
        server.refresh(token).await.expect_status(200);
    }
}

async fn without_an_id_tokens_are_in_no_table_and_end_with_their_sign_in(database: Database) {
    let settings = [
        ("SIMPLE_JWT__JTI_CLAIM", ""),
        ("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", "true"),
    ];
    let server = signed_up(database, &settings).await;
    let (access, refresh) = server.tokens().await;
    let names = ["token_type", "exp", "iat", "user_id", "sid"];
    assert!(claims(&refresh).as_object().unwrap().keys().eq(names));
    server.clock.advance(1);
    let reply = server.refresh(&refresh).await.expect_status(200);
    assert_ne!(reply.text("refresh_token"), refresh, "it has other times");
    server.me(&access).await.expect_status(200);
    let body = json!({"token": refresh});
    let mut client = server.anonymous();
    client.post("/api/token/verify/", &body).await.expect_status(200);
    let rows = "SELECT jti FROM token_blacklist_outstandingtoken";
    assert!(server.sql(rows).await.is_empty());

    let body = json!({"refresh_token": refresh});
    client.post("/user/jwt_signout", &body).await.expect_status(200);
    server.me(&access).await.expect_error(401, "token_blacklisted");
    server
        .refresh(&reply.text("refresh_token"))
        .await
        .expect_error(401, "token_blacklisted");
}

async fn a_token_of_any_kind_may_open_me(database: Database) {
    let settings = [("SIMPLE_JWT__AUTH_TOKEN_CLASSES", r#"["UntypedToken"]"#)];
    let server = signed_up(database, &settings).await;
    let (access, refresh) = server.tokens().await;
    server.me(&access).await.expect_status(200);
    server.me(&refresh).await.expect_status(200);
    let reply = server.me("garbage").await.expect_error(401, "token_not_valid");
    let message = &reply.json()["messages"][0];
    assert_eq!(message["token_class"], "UntypedToken");
    assert_eq!(message["token_type"], "untyped");
}

async fn one_header_type_may_stand_without_a_list(database: Database) {
    let server = signed_up(database, &[("SIMPLE_JWT__AUTH_HEADER_TYPES", "jwt")]).await;
    let (access, _) = server.tokens().await;
    server.me(&access).await.expect_error(401, "not_authenticated");
    let mut client = server.anonymous();
    client.authorization(format!("jwt {access}").as_bytes());
    client.get("/user/me").await.expect_status(200);
}
