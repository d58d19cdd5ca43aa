//! The whole of sign-in as a router in a service of somebody else's.

use crate::support::{Database, TestServer, mseo, mseo_signs_in, on_both};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use munjigi_axum::permissions::IsAuthenticated;
use munjigi_axum::{CurrentUser, MaybeUser};
use munjigi_store::users::User;
use serde_json::{Value, json};
use std::pin::pin;
use tower::ServiceExt;

on_both!(
    a_route_beside_it_takes_the_tokens_that_it_gives_out,
    a_route_beside_it_refuses_in_simplejwts_words,
    what_it_does_not_serve_is_the_services_own,
    it_can_be_merged_where_it_stands_under_no_prefix,
    beside_the_requests_the_list_of_ended_sign_ins_is_read,
);

async fn hello(CurrentUser(user): CurrentUser<User>) -> String {
    format!("Hello, {}!", user.username)
}

async fn welcome(MaybeUser(user): MaybeUser<User>) -> String {
    user.map_or("Hello, stranger!".to_owned(), |user| {
        format!("Hello, {}!", user.username)
    })
}

/// A service with routes of its own.
fn own(server: &TestServer) -> Router {
    let auth = munjigi::authentication(&server.app);
    Router::new()
        .route("/hello", get(hello))
        .route(
            "/only",
            get(async || "in").route_layer(auth.require(IsAuthenticated)),
        )
        .route("/", get(welcome))
        .route("/healthz", get(async || "well"))
        .fallback(async || (StatusCode::NOT_FOUND, "nothing here"))
        .with_state(auth)
}

fn nested(server: &TestServer) -> Router {
    own(server).nest("/accounts", munjigi::router(server.app.clone()))
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn ask(service: &Router, request: http::request::Builder, body: Body) -> Reply {
    let request = request.header(HOST, "localhost").body(body).unwrap();
    let (parts, body) = service.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn get_as(service: &Router, path: &str, token: &str) -> Reply {
    let request = Request::get(path).header(AUTHORIZATION, format!("Bearer {token}"));
    ask(service, request, Body::empty()).await
}

async fn post(service: &Router, path: &str, body: &Value) -> Reply {
    let request = Request::post(path).header(CONTENT_TYPE, "application/json");
    ask(service, request, Body::from(body.to_string())).await
}

/// Signs the notes' user up and in: the access and the refresh token.
async fn tokens(service: &Router, prefix: &str) -> (String, String) {
    let reply = post(service, &format!("{prefix}/user/session_signup"), &mseo()).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let reply = post(service, &format!("{prefix}/user/jwt_signin"), &mseo_signs_in()).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let text = |name: &str| reply.json()[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

async fn a_route_beside_it_takes_the_tokens_that_it_gives_out(database: Database) {
    let server = database.server().await;
    let service = nested(&server);
    let (access, refresh) = tokens(&service, "/accounts").await;
    assert_eq!(
        get_as(&service, "/accounts/user/me", &access).await.json()["username"],
        "mseo"
    );
    for (path, body) in [("/hello", "Hello, mseo!"), ("/only", "in"), ("/", "Hello, mseo!")] {
        assert_eq!(get_as(&service, path, &access).await.body, body);
    }
    let body = json!({"refresh_token": refresh});
    assert_eq!(
        post(&service, "/accounts/user/jwt_signout", &body).await.status,
        200
    );
    let reply = get_as(&service, "/hello", &access).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json()["messages"][0]["message"], "Token is blacklisted");
    assert_eq!(get_as(&service, "/", &access).await.body, "Hello, stranger!");
}

async fn a_route_beside_it_refuses_in_simplejwts_words(database: Database) {
    let server = database.server().await;
    let service = nested(&server);
    let (access, refresh) = tokens(&service, "/accounts").await;
    let nobody = json!({"detail": "Authentication credentials were not provided."});
    for path in ["/hello", "/only"] {
        let reply = ask(&service, Request::get(path), Body::empty()).await;
        assert_eq!((reply.status, reply.json()), (401, nobody.clone()));
        assert_eq!(reply.headers[WWW_AUTHENTICATE], "Bearer realm=\"api\"");
    }
    let wrong_type = get_as(&service, "/hello", &refresh).await;
    assert_eq!(
        wrong_type.json()["messages"][0]["message"],
        "Token has wrong type"
    );
    server.sql("UPDATE user_user SET is_active = false").await;
    let inactive = json!({"detail": "User is inactive", "code": "user_inactive"});
    assert_eq!(get_as(&service, "/hello", &access).await.json(), inactive);
    server.sql("DELETE FROM munjigi_email").await;
    server
        .sql("UPDATE token_blacklist_outstandingtoken SET user_id = NULL")
        .await;
    server.sql("DELETE FROM user_user").await;
    let gone = json!({"detail": "User not found", "code": "user_not_found"});
    assert_eq!(get_as(&service, "/hello", &access).await.json(), gone);
    server.clock.advance(300);
    let expired = get_as(&service, "/hello", &access).await;
    assert_eq!(expired.json()["messages"][0]["message"], "Token is expired");
}

async fn what_it_does_not_serve_is_the_services_own(database: Database) {
    let server = database.server().await;
    let service = nested(&server);
    for path in ["/accounts/nothing", "/accounts/healthz", "/user/me", "/nothing"] {
        let reply = ask(&service, Request::get(path), Body::empty()).await;
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (404, "nothing here"),
            "{path}"
        );
    }
    assert_eq!(
        ask(&service, Request::get("/healthz"), Body::empty()).await.body,
        "well"
    );
    let method = ask(&service, Request::put("/accounts/user/jwt_signin"), Body::empty()).await;
    assert_eq!(
        (method.status, method.headers[ALLOW].to_str().unwrap()),
        (405, "POST, OPTIONS")
    );
    let options = ask(
        &service,
        Request::options("/accounts/user/jwt_signin/"),
        Body::empty(),
    )
    .await;
    assert_eq!(
        (options.status, options.headers[ALLOW].to_str().unwrap()),
        (200, "POST, OPTIONS")
    );
}

async fn it_can_be_merged_where_it_stands_under_no_prefix(database: Database) {
    let server = database.server().await;
    let service = own(&server).merge(munjigi::router(server.app.clone()));
    let (access, _) = tokens(&service, "").await;
    assert_eq!(get_as(&service, "/user/me/", &access).await.status, 200);
    assert_eq!(get_as(&service, "/hello", &access).await.body, "Hello, mseo!");
    assert_eq!(
        ask(&service, Request::get("/nothing"), Body::empty()).await.body,
        "nothing here"
    );
}

async fn beside_the_requests_the_list_of_ended_sign_ins_is_read(database: Database) {
    let settings = [("ROUTES__ENDED", "/.well-known/munjigi/ended")];
    let server = database.server_with(&settings).await;
    let is_read = || server.app.ended().check(server.clock.now()).is_ok();
    assert!(!is_read());
    let mut background = pin!(munjigi::background(server.app.clone()));
    let read = async {
        while !is_read() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = read => {}
        _ = &mut background => {}
    }
}
