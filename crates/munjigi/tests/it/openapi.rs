//! `/openapi.json` and `/docs`. That every answer is as it is told is looked at in every test: `support::told`.

use crate::support::{Database, on_both, run};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use munjigi::http::openapi::document;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

on_both!(
    every_method_that_is_told_is_served_and_no_other,
    a_username_that_is_no_name_signs_nobody_in_by_the_address_beside_it,
);

/// Settings that change what is served or told.
const PROFILES: [&[(&str, &str)]; 5] = [
    &[],
    &[
        ("ROUTES__JWT_SIGNIN", "/login"),
        ("ROUTES__ME", "false"),
        ("ROUTES__TOKEN_REFRESH", "/t/r/"),
    ],
    &[
        ("ROUTES__OBTAIN_JWT_TOKEN", "/api-token-auth/"),
        ("ROUTES__REFRESH_JWT_TOKEN", "/api-token-refresh/"),
        ("ROUTES__VERIFY_JWT_TOKEN", "/api-token-verify/"),
    ],
    &[
        ("SIMPLE_JWT__AUTH_COOKIE", "access"),
        ("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", "true"),
        ("SIMPLE_JWT__BLACKLIST_AFTER_ROTATION", "true"),
    ],
    &[
        ("ROUTES__OPENAPI", "false"),
        ("ROUTES__DOCS", "/about/"),
        ("USER__FIELDS__NICKNAME__TYPE", "TextField"),
    ],
];

async fn every_method_that_is_told_is_served_and_no_other(database: Database) {
    let mut database = Some(database);
    for profile in PROFILES {
        let database = database.take().unwrap_or_else(Database::sqlite);
        let server = database.server_with(profile).await;
        let told = document(server.app.config());
        let mut asked = 0;
        for (path, operations) in told["paths"].as_object().unwrap() {
            for spelling in [path.clone(), format!("{}/", path.trim_end_matches('/'))] {
                let is_fixed = ["/healthz", "/readyz"].contains(&path.as_str());
                for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
                    let verb = Method::from_bytes(method.as_bytes()).unwrap();
                    let reply = server
                        .anonymous()
                        .send(verb, &spelling, None, Body::empty())
                        .await;
                    let is_told = operations.get(method.to_lowercase()).is_some();
                    let is_served = ![404, 405].contains(&reply.status.as_u16());
                    let is_other_spelling = is_fixed && spelling != *path;
                    assert_eq!(is_served, is_told && !is_other_spelling, "{method} {spelling}");
                    asked += 1;
                }
            }
        }
        assert!(asked > 200, "{asked}");
    }
}

/// A path becomes a route in one place, so that none is served that is not told. The page of `METRICS_BIND` is not one of
/// the API: it has an address of its own.
#[test]
fn a_path_becomes_a_route_in_one_place() {
    let mut places = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src"
    ))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let mut code = text.lines().filter(|line| !line.starts_with("//"));
            if code.any(|line| line.contains(".route(")) {
                places.push(path.file_name().unwrap().to_owned());
            }
        }
    }
    places.sort();
    assert_eq!(places, ["metrics.rs", "mod.rs"]);
}

#[test]
fn the_document_is_what_the_settings_serve_and_may_be_kept() {
    run(async {
        let server = Database::sqlite().server().await;
        let reply = server.anonymous().get("/openapi.json").await.expect_status(200);
        assert_eq!(reply.json(), document(server.app.config()));
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("cache-control"), "public, max-age=300");
        assert_eq!(reply.header("content-language"), "");
        let again = server.anonymous().get("/openapi.json/").await.expect_status(200);
        assert_eq!(again.body, reply.body);
    });
}

#[test]
fn the_page_speaks_both_languages_and_runs_nothing() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        let korean = client.get("/docs").await.expect_status(200);
        client.speaks_english();
        let english = client.get("/docs").await.expect_status(200);
        let html = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
        for (reply, lang, word) in [(&korean, "ko", "회원가입"), (&english, "en", "Sign up")] {
            let page = html(&reply.body);
            assert!(page.starts_with("<!doctype html>\n"), "{page}");
            assert!(page.contains(&format!("<html lang=\"{lang}\">")) && page.contains(word));
            assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
            for forbidden in [
                "<script",
                "javascript:",
                "<img",
                "<link",
                "<form",
                "style=",
                "onclick=",
            ] {
                assert!(!page.contains(forbidden), "{forbidden}");
            }
            let (_, rest) = page.split_once("<style>").unwrap();
            let hash = STANDARD.encode(Sha256::digest(rest.split_once("</style>").unwrap().0));
            let policy = reply.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; style-src 'sha256-"),
                "{policy}"
            );
            assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy}");
            let told = document(server.app.config());
            for path in told["paths"].as_object().unwrap().keys() {
                assert!(page.contains(&format!(" {path}</code>")), "{path}");
            }
            assert!(page.contains("curl http://127.0.0.1:8000/user/session_signup"));
            assert!(
                page.contains("{&quot;email&quot;: &quot;mseo@naver.com&quot;, &quot;password&quot;: 1234}")
            );
        }
    });
}

/// A router within ours counts a refusal before it has words: hyper then told another length than it sent.
#[test]
fn the_length_of_a_refused_options_is_that_of_its_words() {
    run(async {
        let server = Database::sqlite().server().await;
        for (path, status) in [
            ("/", 405),
            ("/docs", 405),
            ("/openapi.json", 405),
            ("/nothing", 404),
        ] {
            let mut client = server.anonymous();
            let reply = client.send(Method::OPTIONS, path, None, Body::empty()).await;
            let reply = reply.expect_status(status);
            assert_eq!(
                reply.header("content-length"),
                reply.body.len().to_string(),
                "{path}"
            );
            assert!(reply.json()["detail"].is_string());
        }
    });
}

async fn a_username_that_is_no_name_signs_nobody_in_by_the_address_beside_it(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    for route in ["/user/session_signin", "/user/jwt_signin"] {
        for username in [json!({}), json!([]), json!(true)] {
            let body = json!({"username": username, "email": "mseo@naver.com", "password": 1234});
            let reply = server.anonymous().post(route, &body).await;
            reply.expect_error(400, "invalid_credentials");
        }
        let body = json!({"username": Value::Null, "email": "mseo@naver.com", "password": 1234});
        server.anonymous().post(route, &body).await.expect_status(200);
    }
}
