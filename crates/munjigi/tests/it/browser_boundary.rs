//! What a browser is kept from doing for a page of another site, and whose word is taken on where a request came from.

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

#[test]
fn a_host_that_is_not_ours_gets_no_answer() {
    run(async {
        let server = Database::sqlite().server().await;
        for host in [
            "evil.com",
            "127.0.0.1.evil.com",
            "127.0.0.1@evil.com",
            "localhost.evil.com:8000",
            "192.168.0.1",
            "",
            "127.0.0.1:8000:80",
            "127.0.0.1/x",
        ] {
            let mut client = server.anonymous();
            client.header("host", host);
            for path in ["/", "/user/me", "/user/jwt_signin", "/nothing"] {
                let reply = client.get(path).await.expect_error(400, "disallowed_host");
                assert_eq!(reply.json(), json!({"detail": "잘못된 요청입니다."}), "{host}");
            }
            // A probe asks by address.
            client.get("/healthz").await.expect_status(200);
            client.get("/readyz").await.expect_status(200);
        }
        let mut client = server.anonymous();
        client.header_bytes("host", b"127.0.0.1\xe9");
        client.get("/user/me").await.expect_error(400, "disallowed_host");
        // A whole URL in the request line names the host; the header beside it does not count.
        let mut client = server.anonymous();
        let reply = client.get("http://evil.com/user/me").await;
        reply.expect_error(400, "disallowed_host");
        client.header("host", "evil.com");
        client
            .get("http://localhost:8000/user/me")
            .await
            .expect_status(401);
        for host in [
            "localhost",
            "LOCALHOST:80",
            "localhost.",
            "a.localhost",
            "[::1]",
            "127.0.0.1:1",
        ] {
            let mut client = server.anonymous();
            client.header("host", host);
            client
                .get("/user/me")
                .await
                .expect_error(401, "not_authenticated");
        }
    });
}

/// Behind a proxy at 10.0.0.1 that speaks TLS.
const PROXIED: [(&str, &str); 5] = [
    ("TRUSTED_PROXIES", r#"["10.0.0.0/24"]"#),
    ("USE_X_FORWARDED_HOST", "true"),
    (
        "SECURE_PROXY_SSL_HEADER",
        r#"["HTTP_X_FORWARDED_PROTO", "https"]"#,
    ),
    ("ALLOWED_HOSTS", r#"["auth.example.com"]"#),
    ("SECURE_HSTS_SECONDS", "3600"),
];

fn proxied<'s>(server: &'s TestServer, address: &str) -> Client<'s> {
    let mut client = server.anonymous();
    client.comes_from(address);
    client.header("x-forwarded-host", "auth.example.com");
    client.header("x-forwarded-proto", "https");
    client.header("x-forwarded-for", "198.51.100.9, 203.0.113.7");
    client
}

#[test]
fn what_is_forwarded_is_believed_from_the_proxies_alone() {
    run(async {
        let server = Database::sqlite().server_with(&PROXIED).await;
        let mut client = proxied(&server, "10.0.0.1");
        client
            .post("/user/session_signup", &mseo())
            .await
            .expect_status(201);
        let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
        let reply = reply.expect_status(200);
        assert_eq!(reply.header("strict-transport-security"), "max-age=3600");
        let [record] = &server.records("mseo").await[..] else {
            panic!("one sign-in")
        };
        // Of the chain, what stands left of the last stranger was written by himself.
        assert_eq!(record.client.address.as_deref(), Some("203.0.113.7"));

        for stranger in ["203.0.113.66", "10.0.1.1", "::1", "127.0.0.1"] {
            let mut client = proxied(&server, stranger);
            client.get("/user/me").await.expect_error(400, "disallowed_host");
            client.header("host", "auth.example.com");
            let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
            let reply = reply.expect_status(200);
            assert!(reply.headers.get("strict-transport-security").is_none());
            let records = server.records("mseo").await;
            let address = records.iter().find_map(|record| {
                let address = record.client.address.as_deref();
                address.filter(|address| *address == stranger)
            });
            assert_eq!(address, Some(stranger));
        }
        // An IPv4 proxy on an IPv6 socket is the same proxy.
        proxied(&server, "::ffff:10.0.0.1")
            .get("/user/me")
            .await
            .expect_status(401);
    });
}

#[test]
fn a_chain_of_proxies_is_read_from_the_right() {
    run(async {
        let server = Database::sqlite().server_with(&PROXIED).await;
        proxied(&server, "10.0.0.1")
            .post("/user/session_signup", &mseo())
            .await
            .expect_status(201);
        for (chain, client_address) in [
            ("203.0.113.1", "203.0.113.1"),
            ("evil, 203.0.113.2", "203.0.113.2"),
            ("203.0.113.3, 10.0.0.7", "203.0.113.3"),
            ("10.0.0.8,10.0.0.9", "10.0.0.8"),
            ("203.0.113.4, garbage", "10.0.0.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("", "10.0.0.1"),
        ] {
            let mut client = proxied(&server, "10.0.0.1");
            client.header("x-forwarded-for", chain);
            let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
            reply.expect_status(200);
            server.clock.advance(1);
            let records = server.records("mseo").await;
            let last = records.last().unwrap();
            assert_eq!(last.client.address.as_deref(), Some(client_address), "{chain}");
        }
    });
}

#[test]
fn behind_tls_a_session_needs_a_referer_of_ours_or_an_origin() {
    run(async {
        let server = Database::sqlite().server_with(&PROXIED).await;
        let mut client = proxied(&server, "10.0.0.1");
        client
            .post("/user/session_signup", &mseo())
            .await
            .expect_status(201);
        client
            .post("/user/session_signin", &mseo_signs_in())
            .await
            .expect_status(200);
        client.csrf_header();
        let reply = client
            .post("/user/session_signout", &json!({}))
            .await
            .expect_status(403);
        let detail = "CSRF Failed: Referer checking failed - no Referer.";
        assert_eq!(reply.json(), json!({"detail": detail}));
        for referer in [
            "http://auth.example.com/",
            "https://evil.com/",
            "https://evil.com/https://auth.example.com/",
            "https://auth.example.com.evil.com/",
            "auth.example.com",
            "https://auth.example.com:8443/",
            "about:blank",
            "",
        ] {
            client.header("referer", referer);
            let reply = client
                .post("/user/session_signout", &json!({}))
                .await
                .expect_status(403);
            let detail = reply.text("detail");
            assert!(
                detail.starts_with("CSRF Failed: Referer checking failed - "),
                "{referer} {detail}"
            );
        }
        client.header_bytes("referer", b"https://auth.example.com\xe9/");
        client
            .post("/user/session_signout", &json!({}))
            .await
            .expect_status(403);
        client.get("/user/me").await.expect_status(200);
        client.header("origin", "http://auth.example.com");
        let reply = client.post("/user/session_signout", &json!({})).await;
        reply.expect_error(403, "cross_site");
        client.without("origin");
        client.header("referer", "https://auth.example.com/account/");
        client
            .post("/user/session_signout", &json!({}))
            .await
            .expect_status(200);

        let mut client = proxied(&server, "10.0.0.1");
        client.header("origin", "https://auth.example.com");
        client
            .post("/user/session_signin", &mseo_signs_in())
            .await
            .expect_status(200);
        client.csrf_header();
        client
            .post("/user/session_signout", &json!({}))
            .await
            .expect_status(200);
    });
}

#[test]
fn the_language_is_the_clients_or_the_settings() {
    run(async {
        let server = Database::sqlite().server().await;
        let english = "Authentication credentials were not provided.";
        let korean = "자격 인증 데이터가 제공되지 않았습니다.";
        let ask = async |server: &TestServer, accepted: Option<&str>| {
            let mut client = server.anonymous();
            if let Some(accepted) = accepted {
                client.header("accept-language", accepted);
            }
            let reply = client.get("/user/me").await.expect_status(401);
            let vary = ["Accept", "Accept-Language", "Authorization", "Cookie"];
            assert!(
                vary.iter()
                    .all(|name| reply.list("vary").contains(&(*name).to_owned()))
            );
            (reply.header("content-language").to_owned(), reply.text("detail"))
        };
        let in_korean = ("ko".to_owned(), korean.to_owned());
        let in_english = ("en".to_owned(), english.to_owned());
        for accepted in [
            "ko",
            "ko-KR,ko;q=0.9,en;q=0.8",
            "fr, ja",
            "*",
            "",
            "en;q=0.1, ko",
            "\u{e9}",
        ] {
            assert_eq!(ask(&server, Some(accepted)).await, in_korean, "{accepted}");
        }
        for accepted in ["en", "EN-us", "en-GB, ko;q=0.5", "fr, en;q=0.3"] {
            assert_eq!(ask(&server, Some(accepted)).await, in_english, "{accepted}");
        }
        assert_eq!(ask(&server, None).await, in_korean);
        let server = server.restarted_with(&[("LANGUAGE_CODE", "en")]).await;
        assert_eq!(ask(&server, None).await, in_english);
        assert_eq!(ask(&server, Some("ko")).await, in_korean);
        let server = server.restarted_with(&[("LANGUAGES", r#"["ko"]"#)]).await;
        assert_eq!(ask(&server, Some("en")).await, in_korean);
    });
}

#[test]
fn the_sentences_of_the_notes_have_an_english_form() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        client.speaks_english();
        let reply = client.post("/user/session_signup", &mseo()).await;
        assert_eq!(reply.text("message"), "Signed up");
        let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
        assert_eq!(reply.json(), json!({"message": "Signed in"}));
        client.csrf_header();
        let reply = client.post("/user/session_signout", &json!({})).await;
        assert_eq!(reply.json(), json!({"message": "Signed out"}));
        let reply = client
            .post("/user/jwt_signin", &json!({}))
            .await
            .expect_status(400);
        let error = "The email address or the password is incorrect";
        assert_eq!(reply.json(), json!({"error": error}));
        let reply = client.get("/").await.expect_status(200);
        assert!(String::from_utf8(reply.body).unwrap().contains("sign up"));
    });
}

#[test]
fn the_security_headers_are_those_that_are_written() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        // `Reply::check` sees the others on every answer.
        let reply = client.get("/user/me").await;
        assert!(reply.headers.get("strict-transport-security").is_none());
        assert!(reply.headers.get("server").is_none());
        assert!(reply.headers.get("x-powered-by").is_none());
        let settings = [
            ("SECURE_HSTS_SECONDS", "31536000"),
            ("SECURE_HSTS_INCLUDE_SUBDOMAINS", "true"),
            ("SECURE_HSTS_PRELOAD", "true"),
            ("TRUSTED_PROXIES", r#"["127.0.0.1"]"#),
            (
                "SECURE_PROXY_SSL_HEADER",
                r#"["HTTP_X_FORWARDED_PROTO", "https"]"#,
            ),
        ];
        let server = server.restarted_with(&settings).await;
        let mut client = server.anonymous();
        let strict = "max-age=31536000; includeSubDomains; preload";
        for (proto, header) in [
            ("https", strict),
            ("https, http", strict),
            ("http", ""),
            ("http, https", ""),
            ("HTTPS", ""),
        ] {
            client.header("x-forwarded-proto", proto);
            let reply = client.get("/user/me").await;
            assert_eq!(reply.header("strict-transport-security"), header, "{proto}");
        }
    });
}
