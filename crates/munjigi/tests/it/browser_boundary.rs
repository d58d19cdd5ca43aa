//! What a browser is kept from doing for a page of another site.

use crate::support::{
    Client, Database, NOTES_POST_ROUTES, Reply, TestServer, mseo, mseo_signs_in, on_both, run,
};
use axum::body::Body;
use http::Method;
use serde_json::json;

on_both!(
    a_page_of_another_site_can_post_to_no_route_of_the_notes,
    a_page_of_ours_can,
    a_page_that_is_trusted_can,
    a_page_of_this_machine_can_under_dev,
    a_client_that_is_no_browser_can,
);

async fn a_page_of_another_site_can_post_to_no_route_of_the_notes(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    for origin in [
        &b"https://evil.example.com"[..],
        b"http://evil.example.com:8000",
        b"https://127.0.0.1:8000.evil.com",
        b"http://127.0.0.1:8000@evil.com",
        b"null",
        b"",
        b"file://",
        b"http://\xe9vil.com",
        b"http://127.0.0.1:8000\xe9",
        b"http://127.0.0.1:8000, http://evil.com",
    ] {
        for path in NOTES_POST_ROUTES {
            let mut client = server.anonymous();
            client.header_bytes("origin", origin);
            for path in [path.to_owned(), format!("{path}/")] {
                let reply = client.post(&path, &mseo_signs_in()).await;
                assert_eq!(reply.status, 403, "{}", String::from_utf8_lossy(origin));
                let reply = reply.expect_error(403, "cross_site");
                assert!(
                    reply
                        .text("detail")
                        .starts_with("CSRF Failed: Origin checking failed - ")
                );
                assert!(reply.headers.get("access-control-allow-origin").is_none());
                assert!(reply.headers.get("set-cookie").is_none());
            }
        }
    }
    let mut client = server.anonymous();
    client.header("sec-fetch-site", "cross-site");
    for path in NOTES_POST_ROUTES {
        let reply = client.post(path, &mseo_signs_in()).await;
        reply.expect_error(403, "cross_site");
    }
    // What changes nothing is for the browser to keep from the page, and CORS tells it so.
    client.header("origin", "https://evil.example.com");
    let reply = client.get("/user/csrf").await.expect_status(200);
    assert!(reply.headers.get("access-control-allow-origin").is_none());
    for method in [Method::GET, Method::HEAD, Method::TRACE] {
        let reply = client.send(method, "/user/jwt_signin", None, Body::empty()).await;
        reply.expect_error(405, "method_not_allowed");
    }
    let reply = client
        .send(Method::OPTIONS, "/user/jwt_signin", None, Body::empty())
        .await;
    reply.expect_status(200);
    assert!(server.records("mseo").await.is_empty());
}

async fn a_page_of_ours_can(database: Database) {
    let server = database.server_with(&[("CORS_ALLOWED_ORIGINS", "[]")]).await;
    for (host, origin) in [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("app.localhost", "http://app.localhost"),
        ("[::1]:8000", "http://[::1]:8000"),
    ] {
        let mut client = server.anonymous();
        client.header("host", host);
        client.header("origin", origin);
        client.header("sec-fetch-site", "same-origin");
        signs_up_in_and_out(&mut client, &host.replace([':', '[', ']'], "-")).await;
    }
    // The same machine on another port is another origin.
    for origin in [
        "http://127.0.0.1:3000",
        "http://127.0.0.1",
        "https://127.0.0.1:8000",
    ] {
        let mut client = server.anonymous();
        client.header("origin", origin);
        let reply = client.post("/user/session_signup", &mseo()).await;
        reply.expect_error(403, "cross_site");
    }
}

async fn a_page_that_is_trusted_can(database: Database) {
    let trusted = r#"["https://app.example.com", "https://*.pages.example.com"]"#;
    let settings = [
        ("CSRF_TRUSTED_ORIGINS", trusted),
        ("CORS_ALLOWED_ORIGINS", r#"["https://spa.example.com"]"#),
    ];
    let server = database.server_with(&settings).await;
    for (at, origin) in ["https://app.example.com", "https://a.b.pages.example.com"]
        .iter()
        .enumerate()
    {
        let mut client = server.anonymous();
        client.header("origin", origin);
        client.header("sec-fetch-site", "cross-site");
        signs_up_in_and_out(&mut client, &format!("trusted{at}")).await;
    }
    // What CORS lets in may use the routes that ask for no token, and not a session without one.
    let mut client = server.anonymous();
    client.header("origin", "https://spa.example.com");
    client.post("/user/jwt_signup", &mseo()).await.expect_status(201);
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    let reply = reply.expect_status(200);
    assert_eq!(
        reply.header("access-control-allow-origin"),
        "https://spa.example.com"
    );
    client.csrf_header();
    let reply = client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(403);
    assert!(
        reply
            .text("detail")
            .starts_with("CSRF Failed: Origin checking failed")
    );
    for origin in [
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://xpages.example.com",
    ] {
        let mut client = server.anonymous();
        client.header("origin", origin);
        let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
        reply.expect_error(403, "cross_site");
    }
}

async fn a_page_of_this_machine_can_under_dev(database: Database) {
    let server = database.server().await;
    for (at, origin) in [
        "http://localhost:5173",
        "http://127.0.0.1:3000",
        "http://[::1]:8080",
    ]
    .iter()
    .enumerate()
    {
        let mut client = server.anonymous();
        client.header("origin", origin);
        client.header("sec-fetch-site", "same-site");
        signs_up_in_and_out(&mut client, &format!("page{at}")).await;
    }
}

async fn a_client_that_is_no_browser_can(database: Database) {
    let server = database.server().await;
    let mut client = server.anonymous();
    signs_up_in_and_out(&mut client, "curl").await;
    for (at, site) in ["same-origin", "same-site", "none"].iter().enumerate() {
        let mut client = server.anonymous();
        client.header("sec-fetch-site", site);
        signs_up_in_and_out(&mut client, &format!("fetch{at}")).await;
    }
}

/// Goes by every route of the notes that takes POST.
async fn signs_up_in_and_out(client: &mut Client<'_>, name: &str) {
    let body =
        |name: String| json!({"username": name, "password": "1234", "email": format!("{name}@naver.com")});
    let (first, second) = (body(name.to_owned()), body(format!("{name}.2")));
    client
        .post("/user/session_signup", &first)
        .await
        .expect_status(201);
    let reply = client.post("/user/jwt_signup", &second).await.expect_status(201);
    let refresh = json!({"refresh_token": reply.text("refresh_token")});
    client.post("/user/jwt_signin", &first).await.expect_status(200);
    client
        .post("/user/jwt_refresh", &refresh)
        .await
        .expect_status(200);
    client
        .post("/user/jwt_signout", &refresh)
        .await
        .expect_status(200);
    client
        .post("/user/session_signin", &first)
        .await
        .expect_status(200);
    client.get("/user/me").await.expect_status(200);
    client.csrf_header();
    client
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(200);
    client.get("/user/me").await.expect_status(401);
}

#[test]
fn a_preflight_is_answered_for_pages_that_are_let_in() {
    run(async {
        let server = Database::sqlite().server().await;
        for path in [
            "/user/me",
            "/user/jwt_signin",
            "/user/session_signout",
            "/api/token/",
        ] {
            let reply = preflight(&server, path, "http://localhost:5173").await;
            assert_eq!(
                reply.header("access-control-allow-origin"),
                "http://localhost:5173"
            );
            assert_eq!(reply.header("access-control-allow-credentials"), "true");
            assert_eq!(
                reply.list("access-control-allow-methods"),
                ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"]
            );
            assert_eq!(
                reply.list("access-control-allow-headers"),
                [
                    "accept",
                    "authorization",
                    "content-type",
                    "user-agent",
                    "x-csrftoken",
                    "x-requested-with"
                ]
            );
            assert_eq!(reply.header("access-control-max-age"), "86400");
            assert!(reply.list("vary").contains(&"origin".to_owned()));

            for evil in ["https://evil.example.com", "null", "http://localhost.evil.com"] {
                let reply = preflight(&server, path, evil).await;
                assert!(
                    reply.headers.get("access-control-allow-origin").is_none(),
                    "{evil}"
                );
            }
        }
        // An OPTIONS request that is no preflight is the route's own.
        let mut client = server.anonymous();
        client.header("origin", "http://localhost:5173");
        let reply = client
            .send(Method::OPTIONS, "/api/token/", None, Body::empty())
            .await;
        assert_eq!(reply.expect_status(200).text("name"), "Token Obtain Pair");
    });
}

#[test]
fn a_page_that_is_let_in_may_read_refusals_as_well() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        client.header("origin", "http://localhost:5173");
        let wrong = json!({"email": "x", "password": "x"});
        for reply in [
            client.get("/user/me").await.expect_status(401),
            client.post("/user/jwt_signin", &wrong).await.expect_status(400),
            client.get("/user/jwt_signin").await.expect_status(405),
            client.get("/nothing").await.expect_status(404),
        ] {
            assert_eq!(
                reply.header("access-control-allow-origin"),
                "http://localhost:5173"
            );
            assert_eq!(reply.header("access-control-allow-credentials"), "true");
        }
        let settings = [
            ("CORS_ALLOWED_ORIGINS", r#"["https://app.example.com"]"#),
            ("CORS_ALLOW_CREDENTIALS", "false"),
            ("CORS_EXPOSE_HEADERS", r#"["munjigi-error"]"#),
            ("CORS_PREFLIGHT_MAX_AGE", "0"),
        ];
        let server = server.restarted_with(&settings).await;
        let mut client = server.anonymous();
        client.header("origin", "https://app.example.com");
        let reply = client.get("/user/me").await;
        assert_eq!(
            reply.header("access-control-allow-origin"),
            "https://app.example.com"
        );
        assert!(reply.headers.get("access-control-allow-credentials").is_none());
        assert_eq!(reply.header("access-control-expose-headers"), "munjigi-error");
        let reply = preflight(&server, "/user/me", "https://app.example.com").await;
        assert!(reply.headers.get("access-control-max-age").is_none());
        client.header("origin", "http://localhost:5173");
        let reply = client.get("/user/me").await;
        assert!(reply.headers.get("access-control-allow-origin").is_none());
    });
}

async fn preflight(server: &TestServer, path: &str, origin: &str) -> Reply {
    let mut client = server.anonymous();
    client.header("origin", origin);
    client.header("access-control-request-method", "POST");
    client.header("access-control-request-headers", "content-type,x-csrftoken");
    let reply = client.send(Method::OPTIONS, path, None, Body::empty()).await;
    reply.expect_status(200)
}
