//! Under which name the server is reached, and whose word is taken on where a request came from.

use crate::support::{Client, Database, TestServer, mseo, mseo_signs_in, run};
use serde_json::json;

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
