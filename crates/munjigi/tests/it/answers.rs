//! What an answer has beside its body: its language, and what it tells the browser.

use crate::support::{Database, TestServer, mseo, mseo_signs_in, run};
use serde_json::json;

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
        assert!(String::from_utf8(reply.body).unwrap().contains("Sign up"));
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
