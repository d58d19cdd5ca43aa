//! What a handler gets: the user, perhaps a user, or nothing at all.

use crate::support::{
    BEARER, NOW, User, Users, access, ask, by_bearer, by_jwt, jwt, jwt_at, settings, text, user,
};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use munjigi_axum::{Authentication, CurrentUser, JwtAuthentication, MaybeUser, TokenUser};
use munjigi_tokens::{
    AccessToken, RefreshToken, Revocations, SigningKey, SimpleJwt, SimpleJwtSettings, SourceError, TokenClass,
};
use munjigi_user::{AuthUser, PermissionsMixin};
use serde_json::json;
use std::io;
use std::sync::Arc;

async fn current(CurrentUser(user): CurrentUser<User>) -> String {
    user.username.to_owned()
}

async fn optional(user: Option<CurrentUser<User>>) -> String {
    user.map_or("nobody".to_owned(), |CurrentUser(user)| user.username.to_owned())
}

async fn maybe(MaybeUser(user): MaybeUser<User>) -> String {
    user.map_or("nobody".to_owned(), |user| user.username.to_owned())
}

fn router(auth: Authentication<User>) -> Router {
    Router::new()
        .route("/current", get(current))
        .route("/optional", get(optional))
        .route("/maybe", get(maybe))
        .with_state(auth)
}

fn by_settings(settings: SimpleJwtSettings, users: &Arc<Users>) -> Router {
    let class = JwtAuthentication::new(jwt(settings), Arc::clone(users)).unwrap();
    router(Authentication::new(class))
}

fn mseo() -> Arc<Users> {
    Users::of([user(1, "mseo")])
}

#[tokio::test]
async fn a_good_token_gives_the_user_to_all_three() {
    let users = mseo();
    let router = router(by_jwt(&users));
    for path in ["/current", "/optional", "/maybe"] {
        assert_eq!(
            by_bearer(&router, path, &access(1, &[])).await.body,
            "mseo",
            "{path}"
        );
    }
    assert_eq!(users.asked(), 3);
}

#[tokio::test]
async fn without_a_credential_the_optional_ones_are_none() {
    let router = router(by_jwt(&mseo()));
    let reply = ask(&router, "GET /current", &[]).await;
    let body = r#"{"detail":"Authentication credentials were not provided."}"#;
    assert_eq!(reply.refusal(), (401, BEARER, body));
    assert_eq!(ask(&router, "GET /optional", &[]).await.body, "nobody");
    assert_eq!(ask(&router, "GET /maybe", &[]).await.body, "nobody");
}

#[tokio::test]
async fn a_bad_credential_is_an_error_to_an_optional_user_and_nobody_to_a_maybe_user() {
    let router = router(by_jwt(&mseo()));
    let stale = AccessToken::for_user(&jwt_at(settings(), NOW - 300), &user(1, "mseo")).unwrap();
    let body = concat!(
        r#"{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":"#,
        r#"[{"token_class":"AccessToken","token_type":"access","message":"Token is expired"}]}"#
    );
    for path in ["/current", "/optional"] {
        let reply = by_bearer(&router, path, &text(&stale)).await;
        assert_eq!(reply.refusal(), (401, BEARER, body), "{path}");
    }
    assert_eq!(by_bearer(&router, "/maybe", &text(&stale)).await.body, "nobody");
    assert_eq!(by_bearer(&router, "/maybe", "").await.body, "nobody");
}

#[tokio::test]
async fn a_token_of_another_key_or_changed_on_the_way_is_refused() {
    let router = router(by_jwt(&mseo()));
    let foreign = SimpleJwtSettings::new(SigningKey::new("another key, also of no fewer than 32 bytes"));
    let foreign = text(&AccessToken::for_user(&jwt(foreign), &user(1, "mseo")).unwrap());
    let good = access(1, &[]);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let changed = format!("{message}A.{signature}");
    for token in [foreign, changed] {
        let reply = by_bearer(&router, "/current", &token).await;
        assert_eq!(reply.status, 401);
        assert!(
            reply.body.contains(r#""message":"Token is invalid""#),
            "{}",
            reply.body
        );
    }
}

#[tokio::test]
async fn an_outage_of_the_source_is_503_and_a_fault_500_to_everybody() {
    let outage: fn() -> SourceError = || SourceError::unavailable("no connection to the database");
    let fault: fn() -> SourceError = || io::Error::other("a column is missing").into();
    let unavailable = (
        503,
        None,
        r#"{"detail":"The service is unavailable for the moment."}"#,
    );
    let error = (500, None, r#"{"detail":"A server error occurred."}"#);
    for (failure, refusal) in [(outage, unavailable), (fault, error)] {
        let router = router(by_jwt(&Users::failing(failure)));
        for path in ["/current", "/optional", "/maybe"] {
            let reply = by_bearer(&router, path, &access(1, &[])).await;
            assert_eq!(reply.refusal(), refusal, "{path}");
            assert_eq!(reply.header("retry-after").is_some(), refusal.0 == 503);
        }
    }
}

#[tokio::test]
async fn the_source_is_asked_once_for_all_who_want_to_know() {
    async fn both(CurrentUser(_): CurrentUser<User>, MaybeUser(user): MaybeUser<User>) -> &'static str {
        user.map_or("nobody", |user| user.username)
    }
    let users = mseo();
    let router = Router::new().route("/", get(both)).with_state(by_jwt(&users));
    assert_eq!(by_bearer(&router, "/", &access(1, &[])).await.body, "mseo");
    assert_eq!(users.asked(), 1);
}

#[tokio::test]
async fn the_user_may_be_a_part_of_the_applications_state() {
    #[derive(Clone)]
    struct AppState {
        auth: Authentication<User>,
        name: &'static str,
    }
    impl FromRef<AppState> for Authentication<User> {
        fn from_ref(state: &AppState) -> Self {
            state.auth.clone()
        }
    }
    async fn hello(
        axum::extract::State(state): axum::extract::State<AppState>,
        CurrentUser(user): CurrentUser<User>,
    ) -> String {
        format!("{} at {}", user.username, state.name)
    }
    let state = AppState {
        auth: by_jwt(&mseo()),
        name: "the door",
    };
    let router = Router::new().route("/", get(hello)).with_state(state);
    assert_eq!(
        by_bearer(&router, "/", &access(1, &[])).await.body,
        "mseo at the door"
    );
}

#[tokio::test]
async fn the_header_and_its_types_are_those_of_the_settings() {
    let mut settings = settings();
    settings.auth_header_types = vec!["JWT".to_owned(), "Token".to_owned()];
    "HTTP_X_ACCESS_TOKEN".clone_into(&mut settings.auth_header_name);
    let router = by_settings(settings, &mseo());
    let token = access(1, &[]);
    for value in [format!("JWT {token}"), format!("Token {token}")] {
        assert_eq!(
            ask(&router, "GET /current", &[("x-access-token", &value)])
                .await
                .body,
            "mseo"
        );
    }
    let reply = by_bearer(&router, "/current", &token).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("www-authenticate")),
        (401, Some("JWT realm=\"api\""))
    );
}

#[tokio::test]
async fn each_class_of_tokens_says_why_it_does_not_take_one() {
    let mut settings = settings();
    settings.auth_token_classes = vec![TokenClass::AccessToken, TokenClass::SlidingToken];
    let router = by_settings(settings.clone(), &mseo());
    let refresh = RefreshToken::for_user(&jwt(settings), &user(1, "mseo")).unwrap();
    let body = concat!(
        r#"{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":"#,
        r#"[{"token_class":"AccessToken","token_type":"access","message":"Token has wrong type"},"#,
        r#"{"token_class":"SlidingToken","token_type":"sliding","message":"Token has wrong type"}]}"#
    );
    let reply = by_bearer(&router, "/current", &refresh.encode().unwrap()).await;
    assert_eq!(reply.refusal(), (401, BEARER, body));
}

#[tokio::test]
async fn the_user_is_found_by_the_field_and_in_the_claim_of_the_settings() {
    let mut settings = settings();
    "uid".clone_into(&mut settings.user_id_claim);
    "username".clone_into(&mut settings.user_id_field);
    let token = AccessToken::for_user(&jwt(settings.clone()), &user(1, "mseo")).unwrap();
    assert_eq!(token.claims().text("uid"), Some("mseo"));
    let router = by_settings(settings, &mseo());
    assert_eq!(by_bearer(&router, "/current", &text(&token)).await.body, "mseo");

    let reply = by_bearer(&router, "/current", &access(1, &[])).await;
    let body = r#"{"detail":"Token contained no recognizable user identification","code":"token_not_valid"}"#;
    assert_eq!(reply.refusal(), (401, BEARER, body));
}

#[tokio::test]
async fn an_inactive_user_may_come_in_only_where_nobody_checks() {
    let mut locked_out = user(1, "mseo");
    locked_out.is_active = false;
    let users = Users::of([locked_out]);
    let mut settings = settings();
    let reply = by_bearer(
        &by_settings(settings.clone(), &users),
        "/current",
        &access(1, &[]),
    )
    .await;
    assert_eq!(
        reply.refusal(),
        (
            401,
            BEARER,
            r#"{"detail":"User is inactive","code":"user_inactive"}"#
        )
    );
    settings.check_user_is_active = false;
    let reply = by_bearer(&by_settings(settings, &users), "/current", &access(1, &[])).await;
    assert_eq!(reply.body, "mseo");
}

#[tokio::test]
async fn a_changed_password_ends_tokens_where_somebody_checks() {
    let mut settings = settings();
    settings.check_revoke_token = true;
    let token = text(&AccessToken::for_user(&jwt(settings.clone()), &user(1, "mseo")).unwrap());
    let router = by_settings(settings.clone(), &mseo());
    assert_eq!(by_bearer(&router, "/current", &token).await.body, "mseo");

    let mut changed = user(1, "mseo");
    changed.password = "another";
    let reply = by_bearer(&by_settings(settings, &Users::of([changed])), "/current", &token).await;
    let body = r#"{"detail":"The user's password has been changed.","code":"password_changed"}"#;
    assert_eq!(reply.refusal(), (401, BEARER, body));
}

/// Ends the sign-in "ended" and the token "ended too", and knows nothing of "stale".
struct Ended;

impl Revocations for Ended {
    fn is_revoked(&self, sid: Option<&str>, jti: Option<&str>) -> Result<bool, SourceError> {
        match sid {
            Some("stale") => Err(SourceError::unavailable("the list is too old")),
            _ => Ok(sid == Some("ended") || jti == Some("ended too")),
        }
    }
}

#[tokio::test]
async fn what_has_ended_is_blacklisted_and_what_cannot_be_known_is_503() {
    let class = JwtAuthentication::new(jwt(settings()), mseo())
        .unwrap()
        .revocations(Ended);
    let router = router(Authentication::new(class));
    for sid in [json!("live"), json!("stale"), json!("ended"), json!(1)] {
        let reply = by_bearer(&router, "/current", &access(1, &[("sid", sid.clone())])).await;
        let (status, word) = match sid.as_str() {
            Some("live") => (200, "mseo"),
            Some("stale") => (503, "unavailable for the moment"),
            Some(_) => (401, r#""message":"Token is blacklisted""#),
            None => (401, r#""message":"Token is invalid""#),
        };
        assert_eq!(reply.status, status, "{sid}");
        assert!(reply.body.contains(word), "{sid}: {}", reply.body);
    }
    assert_eq!(by_bearer(&router, "/current", &access(1, &[])).await.body, "mseo");
}

#[tokio::test]
async fn a_stateless_user_is_what_the_token_says() {
    async fn say(CurrentUser(user): CurrentUser<TokenUser>) -> String {
        format!(
            "{} {} {}",
            user.id(),
            user.username(),
            user.claims().text("plan").unwrap_or("none")
        )
    }
    let auth = Authentication::new(JwtAuthentication::stateless(jwt(settings())).unwrap());
    let router: Router = Router::new().route("/", get(say)).with_state(auth);
    let token = access(7, &[("username", json!("mseo")), ("plan", json!("pro"))]);
    assert_eq!(by_bearer(&router, "/", &token).await.body, "7 mseo pro");
    assert_eq!(by_bearer(&router, "/", &access(7, &[])).await.body, "7  none");
}

#[test]
fn a_token_user_has_the_groups_and_permissions_of_his_token() {
    let of = |claims: &[(&str, serde_json::Value)]| {
        let jwt: SimpleJwt = jwt(settings());
        let (_, token) = jwt.validated_token(&access(7, claims), jwt.now()).unwrap();
        TokenUser::new(token).unwrap()
    };
    let plain = of(&[]);
    assert!(plain.is_active() && !plain.is_staff() && !plain.is_superuser() && plain.groups().is_empty());
    assert!(!plain.has_perm("blog.add_post"));
    let editor = of(&[
        ("is_staff", json!(true)),
        ("groups", json!(["editors", 1])),
        ("permissions", json!(["blog.add_post"])),
    ]);
    assert!(editor.is_staff() && editor.in_group("editors") && !editor.in_group("1"));
    assert!(editor.has_perm("blog.add_post") && !editor.has_perm("blog.delete_post"));
    assert!(of(&[("is_superuser", json!(true))]).has_perm("blog.delete_post"));
    let odd = of(&[
        ("is_staff", json!("true")),
        ("groups", json!("editors")),
        ("is_superuser", json!(1)),
    ]);
    assert!(!odd.is_staff() && !odd.is_superuser() && odd.groups().is_empty());
}
