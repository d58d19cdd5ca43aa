//! Which paths are served, by which methods, and to whom.

use crate::support::{
    ACCOUNT_ROUTES, Database, GET_ROUTES, NOTES_POST_ROUTES, SESSIONS_ROUTES, SIMPLEJWT_ROUTES, run,
};
use axum::body::Body;
use http::Method;
use munjigi_store::users;
use serde_json::json;

#[test]
fn each_route_takes_its_methods_and_names_them_to_the_others() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        let mut asked = 0;
        let posts = NOTES_POST_ROUTES.iter().chain(&SIMPLEJWT_ROUTES);
        let routes = posts
            .map(|path| (*path, &["POST"] as &[&str]))
            .chain(GET_ROUTES.map(|path| (path, &["GET"] as &[&str])))
            .chain(SESSIONS_ROUTES)
            .chain(ACCOUNT_ROUTES);
        for (path, taken) in routes {
            for spelling in [
                path.trim_end_matches('/').to_owned(),
                format!("{}/", path.trim_end_matches('/')),
            ] {
                for method in [
                    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
                    "PROPFIND", "get",
                ] {
                    let verb = Method::from_bytes(method.as_bytes()).unwrap();
                    let reply = client.send(verb, &spelling, None, Body::empty()).await;
                    assert_eq!(
                        reply.list("allow"),
                        sorted(taken.iter().copied().chain(["OPTIONS"])),
                        "{method} {spelling}"
                    );
                    asked += 1;
                    let is_taken = |method| taken.contains(&method);
                    if is_taken(method) || method == "OPTIONS" || (method == "HEAD" && is_taken("GET")) {
                        assert_ne!(reply.status, 405, "{method} {spelling}");
                        continue;
                    }
                    let reply = reply.expect_error(405, "method_not_allowed");
                    if method != "HEAD" {
                        let detail = format!("메서드 \"{method}\"는 허용되지 않습니다.");
                        assert_eq!(reply.json(), json!({"detail": detail}));
                    }
                }
            }
        }
        assert_eq!(asked, 20 * 2 * 11);
        let count = users::count(&mut server.app.store().reader()).await;
        assert_eq!(count.unwrap(), 0);
    });
}

#[test]
fn what_is_not_served_is_not_found_in_json() {
    run(async {
        let server = Database::sqlite()
            .server_with(&[("ROUTES__jwt_signup", "false")])
            .await;
        let mut client = server.anonymous();
        let long = format!("/{}", "a".repeat(60_000));
        for path in [
            "/user",
            "/user/",
            "/user/me//",
            "//user/me",
            "/USER/ME",
            "/user/m%65",
            "/user/me/x",
            "/user/../user/me",
            "/user/me%00",
            "/%ff",
            "/api/token/verify//",
            "/api/token/blacklist/x",
            "/admin/",
            "/.env",
            "/index.html",
            "/user/jwt_signup",
            "*",
            &long,
        ] {
            for method in [Method::GET, Method::POST, Method::OPTIONS, Method::DELETE] {
                let reply = client.send(method, path, None, Body::empty()).await;
                let reply = reply.expect_error(404, "not_found");
                assert_eq!(reply.json(), json!({"detail": "찾을 수 없습니다."}));
            }
        }
        client
            .get("/user/me?next=/admin/&format=xml")
            .await
            .expect_status(401);
        client.get("/").await.expect_status(200);
        for probe in ["/healthz", "/readyz"] {
            client.get(probe).await.expect_status(200);
        }
    });
}

#[test]
fn the_page_and_the_probes_take_get_alone() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        for path in ["/", "/healthz", "/readyz"] {
            for method in [
                Method::POST,
                Method::PUT,
                Method::DELETE,
                Method::OPTIONS,
                Method::TRACE,
            ] {
                let reply = client.send(method, path, None, Body::empty()).await;
                let reply = reply.expect_error(405, "method_not_allowed");
                assert_eq!(reply.list("allow"), ["GET", "HEAD"]);
            }
            let reply = client.send(Method::HEAD, path, None, Body::empty()).await;
            reply.expect_status(200);
        }
    });
}

#[test]
fn a_client_that_takes_no_json_is_told_so_first() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        for path in ["/api/token/", "/user/jwt_signin", "/user/me"] {
            for method in [Method::POST, Method::GET, Method::OPTIONS, Method::DELETE] {
                client.header("accept", "text/html, image/png");
                let reply = client.send(method.clone(), path, None, Vec::new()).await;
                let reply = reply.expect_error(406, "not_acceptable");
                let detail = "요청 Accept 헤더를 만족시킬 수 없습니다.";
                assert_eq!(reply.json(), json!({"detail": detail}));
                assert!(reply.list("allow").contains(&"OPTIONS".to_owned()));
                client.header("accept", "text/html, */*;q=0.1");
                let reply = client.send(method, path, None, Vec::new()).await;
                assert_ne!(reply.status, 406);
            }
        }
        client.header("accept", "text/html");
        client.get("/").await.expect_status(200);
    });
}

#[test]
fn options_describes_a_view_of_simplejwts() {
    run(async {
        let server = Database::sqlite().server().await;
        let mut client = server.anonymous();
        let reply = client.send(Method::OPTIONS, "/api/token/refresh/", None, Vec::new());
        let described = concat!(
            r#"{"name":"Token Refresh","description":"Takes a refresh type JSON web token and returns an access type "#,
            r#"JSON web\ntoken if the refresh token is valid.","renders":["application/json"],"parses":["#,
            r#""application/json","application/x-www-form-urlencoded","multipart/form-data"],"actions":{"POST":{"#,
            r#""refresh":{"type":"string","required":true,"read_only":false,"label":"Refresh"},"#,
            r#""access":{"type":"string","required":false,"read_only":true,"label":"Access"}}}}"#,
        );
        let body = reply.await.expect_status(200).body;
        assert_eq!(String::from_utf8(body).unwrap(), described);
    });
}

fn sorted<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<&'w str> {
    let mut words: Vec<&str> = words.into_iter().collect();
    words.sort_unstable();
    words
}
