//! Who may, as layers of routes.

use crate::support::{BEARER, Reply, User, Users, access, ask, by_bearer, by_jwt, user};
use axum::Router;
use axum::routing::get;
use http::request::Parts;
use munjigi_axum::permissions::{
    AllowAny, HasGroup, HasPerm, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly,
};
use munjigi_axum::{
    Authentication, BasePermission, CurrentUser, Error, JwtAuthentication, Rejection, TokenUser,
};
use serde_json::json;
use std::sync::Arc;

const FORBIDDEN: (u16, Option<&str>, &str) = (
    403,
    None,
    r#"{"detail":"You do not have permission to perform this action."}"#,
);
const NOBODY: (u16, Option<&str>, &str) = (
    401,
    BEARER,
    r#"{"detail":"Authentication credentials were not provided."}"#,
);

/// mseo; an admin; an editor; a superuser; a superuser who is locked out, where nobody checks.
fn people() -> Arc<Users> {
    let mut people = [
        user(1, "mseo"),
        user(2, "admin"),
        user(3, "editor"),
        user(4, "root"),
    ];
    people[1].is_staff = true;
    people[2].groups = vec!["editors".to_owned()];
    people[2].permissions = vec!["blog.add_post".to_owned()];
    people[3].is_superuser = true;
    Users::of(people)
}

fn guarded<P: BasePermission<User>>(permission: P) -> Router {
    let layer = by_jwt(&people()).require(permission);
    Router::new()
        .route("/", get(async || "in").post(async || "written"))
        .route_layer(layer)
}

async fn replies(router: &Router, line: &str) -> Vec<Reply> {
    let mut replies = vec![ask(router, line, &[]).await];
    for id in 1..=4 {
        let bearer = format!("Bearer {}", access(id, &[]));
        replies.push(ask(router, line, &[("authorization", &bearer)]).await);
    }
    replies
}

/// Who of nobody, mseo, admin, editor and root gets in; the others are refused in DRF's words.
async fn let_in(router: &Router, line: &str) -> [bool; 5] {
    let replies = replies(router, line).await;
    for (reply, refusal) in replies
        .iter()
        .zip([NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN])
    {
        assert!(reply.status == 200 || reply.refusal() == refusal, "{reply:?}");
    }
    let statuses: Vec<bool> = replies.iter().map(|reply| reply.status == 200).collect();
    statuses.try_into().unwrap()
}

#[tokio::test]
async fn each_rule_lets_those_in_that_drf_lets_in() {
    let all = [true; 5];
    let known = [false, true, true, true, true];
    assert_eq!(let_in(&guarded(AllowAny), "POST /").await, all);
    assert_eq!(let_in(&guarded(IsAuthenticated), "GET /").await, known);
    assert_eq!(let_in(&guarded(IsAuthenticatedOrReadOnly), "GET /").await, all);
    assert_eq!(let_in(&guarded(IsAuthenticatedOrReadOnly), "HEAD /").await, all);
    assert_eq!(let_in(&guarded(IsAuthenticatedOrReadOnly), "POST /").await, known);
    assert_eq!(
        let_in(&guarded(IsAdminUser), "GET /").await,
        [false, false, true, false, false]
    );
    assert_eq!(
        let_in(&guarded(HasGroup("editors")), "GET /").await,
        [false, false, false, true, false]
    );
    assert_eq!(
        let_in(&guarded(HasPerm("blog.add_post")), "GET /").await,
        [false, false, false, true, true]
    );
    assert_eq!(
        let_in(&guarded(HasPerm("blog.delete_post")), "GET /").await,
        [false, false, false, false, true]
    );
}

#[tokio::test]
async fn a_bad_credential_is_refused_even_where_everybody_may() {
    let reply = by_bearer(&guarded(AllowAny), "/", "abc").await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("www-authenticate")),
        (401, BEARER)
    );
    assert!(reply.body.contains("token_not_valid"));
}

#[tokio::test]
async fn a_path_that_does_not_exist_is_404_to_everybody() {
    assert_eq!(
        ask(&guarded(IsAuthenticated), "GET /nowhere", &[]).await.status,
        404
    );
}

#[tokio::test]
async fn two_layers_and_a_handler_ask_the_source_once() {
    async fn name(CurrentUser(user): CurrentUser<User>) -> &'static str {
        user.username
    }
    let users = people();
    let auth = by_jwt(&users);
    let router = Router::new()
        .route("/", get(name))
        .route_layer(auth.require(HasGroup("editors")))
        .route_layer(auth.require(HasPerm("blog.add_post")))
        .with_state(auth);
    assert_eq!(by_bearer(&router, "/", &access(3, &[])).await.body, "editor");
    assert_eq!(users.asked(), 1);
    assert_eq!(
        by_bearer(&router, "/", &access(2, &[])).await.refusal(),
        FORBIDDEN
    );
}

#[tokio::test]
async fn what_one_authentication_found_out_does_not_count_for_another() {
    async fn name(CurrentUser(user): CurrentUser<User>) -> &'static str {
        user.username
    }
    let (front, back) = (
        by_jwt(&Users::of([user(1, "front")])),
        by_jwt(&Users::of([user(1, "back")])),
    );
    let router = Router::new()
        .route("/", get(name))
        .route_layer(front.require(IsAuthenticated))
        .with_state(back);
    assert_eq!(by_bearer(&router, "/", &access(1, &[])).await.body, "back");
}

#[tokio::test]
async fn an_application_adds_its_own_rule() {
    #[derive(Clone)]
    struct OnlyOnPath(&'static str);
    impl<U> BasePermission<U> for OnlyOnPath {
        fn has_permission(&self, parts: &Parts, user: Option<&U>) -> bool {
            user.is_some() && parts.uri.path() == self.0
        }
    }
    assert_eq!(
        let_in(&guarded(OnlyOnPath("/")), "GET /").await,
        [false, true, true, true, true]
    );
    assert_eq!(let_in(&guarded(OnlyOnPath("/other")), "GET /").await, [false; 5]);
}

#[tokio::test]
async fn a_handler_refuses_by_itself_in_the_same_words() {
    async fn drafts(CurrentUser(user): CurrentUser<User>) -> Result<&'static str, Rejection> {
        if user.username == "editor" {
            Ok("drafts")
        } else {
            Err(Error::PermissionDenied.into())
        }
    }
    let router = Router::new()
        .route("/", get(drafts))
        .with_state(by_jwt(&people()));
    assert_eq!(by_bearer(&router, "/", &access(3, &[])).await.body, "drafts");
    assert_eq!(
        by_bearer(&router, "/", &access(1, &[])).await.refusal(),
        FORBIDDEN
    );
}

#[tokio::test]
async fn claims_of_a_token_give_permissions_to_a_stateless_user() {
    let class = JwtAuthentication::stateless(crate::support::jwt(crate::support::settings())).unwrap();
    let auth: Authentication<TokenUser> = Authentication::new(class);
    let router: Router = Router::new()
        .route("/", get(async || "in"))
        .route_layer(auth.require(HasPerm("blog.add_post")));
    let editor = access(1, &[("permissions", json!(["blog.add_post"]))]);
    assert_eq!(by_bearer(&router, "/", &editor).await.body, "in");
    assert_eq!(
        by_bearer(&router, "/", &access(1, &[])).await.refusal(),
        FORBIDDEN
    );
}
