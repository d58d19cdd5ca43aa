//! What Django's settings of sessions change: `CSRF_USE_SESSIONS`, `SESSION_SAVE_EVERY_REQUEST`, `AUTHENTICATION_BACKENDS`.

use crate::support::{Database, SECRET_KEY, decoded, mseo_signs_in, on_both};
use http::Method;
use munjigi_sessions::SessionData;
use serde_json::json;

on_both!(
    the_csrf_secret_is_kept_in_the_session_and_in_no_cookie,
    a_visitors_session_lasts_an_hour_and_longer_while_he_asks,
    a_foreign_page_has_no_session_written_and_a_trusted_one_has,
    a_session_without_a_csrf_secret_is_given_one_and_keeps_the_rest,
    a_session_that_is_used_is_prolonged_where_the_settings_say_so,
    a_session_is_prolonged_by_whatever_its_browser_asks,
    a_session_that_is_over_or_was_never_there_is_not_prolonged,
    an_answer_that_may_be_kept_prolongs_nothing,
    a_visit_for_the_csrf_token_alone_is_prolonged_by_an_hour,
    the_first_backend_is_written_and_any_of_the_list_is_taken,
);

async fn the_csrf_secret_is_kept_in_the_session_and_in_no_cookie(database: Database) {
    let server = database.server_with(&[("CSRF_USE_SESSIONS", "true")]).await;
    server.signed_up().await;
    let mut client = server.anonymous();
    let first = client.get("/user/csrf").await.expect_status(200);
    assert!(
        first.set_cookie("sessionid").is_some(),
        "a visitor gets a session"
    );
    assert!(first.set_cookie("csrftoken").is_none());
    let visitors = client.cookies["sessionid"].clone();
    let again = client.get("/user/csrf").await.expect_status(200);
    assert!(again.set_cookie("sessionid").is_none(), "which is written once");

    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    let reply = reply.expect_status(200);
    assert!(reply.set_cookie("csrftoken").is_none());
    assert_ne!(client.cookies["sessionid"], visitors);
    assert_eq!(
        server.sql("SELECT session_key FROM django_session").await,
        [[client.cookies["sessionid"].clone()]]
    );

    let reason = |reply: crate::support::Reply| reply.expect_status(403).text("detail");
    let signout = client.post("/user/session_signout", &json!({})).await;
    assert_eq!(reason(signout), "CSRF Failed: CSRF token missing.");
    client.header("x-csrftoken", &first.text("csrftoken"));
    let signout = client.post("/user/session_signout", &json!({})).await;
    assert_eq!(
        reason(signout),
        "CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header incorrect.",
        "the one of before the sign-in is worth nothing"
    );
    let token = client
        .get("/user/csrf")
        .await
        .expect_status(200)
        .text("csrftoken");
    client.without("x-csrftoken");
    client.header("x-csrftoken", &token);
    let signout = client.post("/user/session_signout", &json!({})).await;
    signout.expect_status(200);
    assert!(server.sql("SELECT 1 FROM django_session").await.is_empty());
}

async fn a_visitors_session_lasts_an_hour_and_longer_while_he_asks(database: Database) {
    let server = database.server_with(&[("CSRF_USE_SESSIONS", "true")]).await;
    let mut client = server.anonymous();
    let reply = client.get("/user/csrf").await.expect_status(200);
    assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=3600;"));
    let key = client.cookies["sessionid"].clone();
    for (minutes, is_prolonged) in [(29, false), (2, true), (59, true), (31, true), (29, false)] {
        server.clock.advance(minutes * 60);
        let reply = client.get("/user/csrf").await.expect_status(200);
        let cookie = reply.set_cookie("sessionid");
        assert_eq!(cookie.is_some(), is_prolonged, "{minutes}");
        assert!(cookie.is_none_or(|cookie| cookie.contains("Max-Age=3600;") && cookie.contains(&key)));
    }
    server.clock.advance(32 * 60);
    let reply = client.get("/user/csrf").await.expect_status(200);
    assert!(
        !reply.set_cookie("sessionid").unwrap().contains(&key),
        "it is over"
    );

    // A user's own session keeps its end.
    let mut user = server.cookie_user().await;
    server.clock.advance(2 * 7 * 86_400 - 60);
    let reply = user.get("/user/csrf").await.expect_status(200);
    assert!(reply.set_cookie("sessionid").is_none());
    server.clock.advance(120);
    user.get("/user/me").await.expect_status(401);
}

async fn a_foreign_page_has_no_session_written_and_a_trusted_one_has(database: Database) {
    let settings = [
        ("CSRF_USE_SESSIONS", "true"),
        ("CSRF_TRUSTED_ORIGINS", r#"["https://app.example.com"]"#),
    ];
    let server = database.server_with(&settings).await;
    for foreign in [
        &[("origin", "https://evil.example")] as &[(&str, &str)],
        &[("origin", "null"), ("sec-fetch-site", "cross-site")],
        // An image, a link: no origin is named with a GET.
        &[("sec-fetch-site", "cross-site")],
    ] {
        let mut page = server.anonymous();
        for (name, value) in foreign {
            page.header(name, value);
        }
        let reply = page.get("/user/csrf").await.expect_error(403, "cross_site");
        assert!(reply.set_cookie("sessionid").is_none());
        page.send(Method::HEAD, "/user/csrf", None, "")
            .await
            .expect_status(403);
    }
    assert!(server.sql("SELECT 1 FROM django_session").await.is_empty());
    for own in [
        &[] as &[(&str, &str)],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[
            ("origin", "https://app.example.com"),
            ("sec-fetch-site", "cross-site"),
        ],
    ] {
        let mut page = server.anonymous();
        for (name, value) in own {
            page.header(name, value);
        }
        let reply = page.get("/user/csrf").await.expect_status(200);
        assert!(reply.set_cookie("sessionid").is_some(), "{own:?}");
    }
}

async fn a_session_without_a_csrf_secret_is_given_one_and_keeps_the_rest(database: Database) {
    let server = database.server().await;
    let mut client = server.cookie_user().await;
    let (key, cookies) = (client.cookies["sessionid"].clone(), client.cookies.clone());
    let before = data(&server.sql("SELECT session_data FROM django_session").await[0][0]);
    drop(client);
    let server = server.restarted_with(&[("CSRF_USE_SESSIONS", "true")]).await;
    client = server.anonymous();
    client.cookies = cookies;
    client.csrf_header();
    let signout = client.post("/user/session_signout", &json!({})).await;
    assert_eq!(
        signout.expect_status(403).text("detail"),
        "CSRF Failed: CSRF cookie not set.",
        "the cookie of before counts no more"
    );
    let reply = client.get("/user/csrf").await.expect_status(200);
    assert!(reply.set_cookie("sessionid").unwrap().contains(&key));
    let mut after = data(&server.sql("SELECT session_data FROM django_session").await[0][0]);
    assert_eq!(after.text("_csrftoken").unwrap().len(), 32);
    after.remove("_csrftoken");
    assert_eq!(after.to_json(), before.to_json());
    client.without("x-csrftoken");
    client.header("x-csrftoken", &reply.text("csrftoken"));
    let signout = client.post("/user/session_signout", &json!({})).await;
    signout.expect_status(200);
}

fn data(session_data: &str) -> SessionData {
    decoded(session_data, SECRET_KEY)
}

async fn a_session_that_is_used_is_prolonged_where_the_settings_say_so(database: Database) {
    let settings = [
        ("SESSION_SAVE_EVERY_REQUEST", "true"),
        ("SESSION_COOKIE_AGE", "600"),
    ];
    let server = database.server_with(&settings).await;
    let mut client = server.cookie_user().await;
    for _ in 0..3 {
        server.clock.advance(540);
        let reply = client.get("/user/me").await.expect_status(200);
        assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=600;"));
    }
    client.csrf_header();
    let reply = client.post("/user/session_signout", &json!({})).await;
    let cookies = reply.expect_status(200).list("set-cookie").join(", ");
    assert!(
        !cookies.contains("Max-Age=600"),
        "it is taken away, and not given before: {cookies}"
    );
    server.clock.advance(660);
    client.get("/user/me").await.expect_status(401);

    let server = server.restarted_with(&[("SESSION_COOKIE_AGE", "600")]).await;
    let mut client = server.anonymous();
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    server.clock.advance(540);
    let reply = client.get("/user/me").await.expect_status(200);
    assert!(reply.set_cookie("sessionid").is_none());
    server.clock.advance(120);
    client.get("/user/me").await.expect_status(401);
}

const SAVING: [(&str, &str); 2] = [
    ("SESSION_SAVE_EVERY_REQUEST", "true"),
    ("SESSION_COOKIE_AGE", "600"),
];

async fn a_session_is_prolonged_by_whatever_its_browser_asks(database: Database) {
    let server = database.server_with(&SAVING).await;
    let mut client = server.cookie_user().await;
    let key = client.cookies["sessionid"].clone();
    let (access, refresh) = server.tokens().await;
    let right = json!({"username": "mseo", "password": "1234"});
    let wrong = json!({"username": "mseo", "password": "wrong"});
    for (path, body, status) in [
        ("/api/token/", &right, 200),
        ("/api/token/", &wrong, 401),
        ("/api/token/refresh/", &json!({"refresh": refresh}), 200),
        ("/api/token/verify/", &json!({"token": "x"}), 401),
        ("/user/jwt_signin", &right, 200),
        ("/user/session_signin", &wrong, 400),
        ("/user/csrf", &json!({}), 405),
        ("/nothing", &json!({}), 404),
    ] {
        server.clock.advance(540);
        let reply = client.post(path, body).await.expect_status(status);
        let cookie = reply.set_cookie("sessionid").unwrap();
        assert!(
            cookie.starts_with(&format!("sessionid={key};")),
            "{path}: {cookie}"
        );
        assert!(cookie.contains("Max-Age=600;"), "{path}: {cookie}");
    }
    // Also where another credential says who asks, a good one or not.
    for (token, status) in [(access.as_str(), 401), ("x", 401)] {
        server.clock.advance(540);
        client.bearer(token);
        let reply = client.get("/user/me").await.expect_status(status);
        assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=600;"));
    }
    client.without("authorization");
    server.clock.advance(540);
    client.get("/user/me").await.expect_status(200);

    let server = server.restarted_with(&[("SESSION_COOKIE_AGE", "600")]).await;
    let mut client = server.anonymous();
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    let reply = client.post("/api/token/", &right).await.expect_status(200);
    assert!(reply.set_cookie("sessionid").is_none(), "without the setting");
}

async fn a_session_that_is_over_or_was_never_there_is_not_prolonged(database: Database) {
    let server = database.server_with(&SAVING).await;
    let mut client = server.cookie_user().await;
    let key = client.cookies["sessionid"].clone();
    let right = json!({"username": "mseo", "password": "1234"});
    for unknown in ["nobodysnobodysnobodysnobodysnobo", "short", ""] {
        client.cookies.insert("sessionid".to_owned(), unknown.to_owned());
        let reply = client.post("/api/token/", &right).await.expect_status(200);
        assert!(reply.set_cookie("sessionid").is_none(), "{unknown}");
    }
    client.cookies.insert("sessionid".to_owned(), key);
    server.clock.advance(601);
    let reply = client.post("/api/token/", &right).await.expect_status(200);
    assert!(reply.set_cookie("sessionid").is_none());
    let rows = server.sql("SELECT session_key FROM django_session").await;
    assert_eq!(rows.len(), 1, "nobody is given a row for the asking");
    client.get("/user/me").await.expect_status(401);
}

async fn an_answer_that_may_be_kept_prolongs_nothing(database: Database) {
    let server = database.server_with(&SAVING).await;
    let mut client = server.cookie_user().await;
    let reply = client.get("/openapi.json").await.expect_status(200);
    assert!(reply.headers.contains_key("cache-control"));
    assert!(
        !reply.headers["cache-control"]
            .to_str()
            .unwrap()
            .contains("no-store")
    );
    assert!(reply.set_cookie("sessionid").is_none());
}

async fn a_visit_for_the_csrf_token_alone_is_prolonged_by_an_hour(database: Database) {
    let settings = [
        ("SESSION_SAVE_EVERY_REQUEST", "true"),
        ("CSRF_USE_SESSIONS", "true"),
    ];
    let server = database.server_with(&settings).await;
    let mut visitor = server.anonymous();
    visitor.get("/user/csrf").await.expect_status(200);
    for _ in 0..2 {
        server.clock.advance(3000);
        let reply = visitor.get("/user/me").await.expect_status(401);
        assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=3600;"));
    }
    server.clock.advance(3601);
    let reply = visitor.get("/user/me").await.expect_status(401);
    assert!(reply.set_cookie("sessionid").unwrap().contains("Max-Age=0;"));
}

async fn the_first_backend_is_written_and_any_of_the_list_is_taken(database: Database) {
    const BOTH: &str = "[\"site.auth.Backend\", \"django.contrib.auth.backends.ModelBackend\"]";
    let server = database.server().await;
    let old = server.cookie_user().await.cookies.clone();
    let server = server.restarted_with(&[("AUTHENTICATION_BACKENDS", BOTH)]).await;
    let mut client = server.anonymous();
    client.cookies = old;
    client.get("/user/me").await.expect_status(200);
    let mut client = server.anonymous();
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    client.get("/user/me").await.expect_status(200);
    let cookies = client.cookies.clone();
    drop(client);
    let server = server.restarted_with(&[]).await;
    let mut client = server.anonymous();
    client.cookies = cookies;
    client.get("/user/me").await.expect_status(401);
    let rows = server.sql("SELECT session_data FROM django_session").await;
    let backends = rows
        .iter()
        .map(|row| data(&row[0]).auth_backend().unwrap().into_owned());
    let mut backends: Vec<_> = backends.collect();
    backends.sort();
    assert_eq!(
        backends,
        ["django.contrib.auth.backends.ModelBackend", "site.auth.Backend"]
    );
}
