//! What happens between the moment a password was verified and the moment a sign-in is written, and what an upgrade
//! of the stored hash must not do.

use crate::support::{Database, on_both};
use http::Method;
use jiff::Timestamp;
use munjigi::accounts::signin::{self, Credentials, Login};
use munjigi::accounts::{Arrival, Client, Error, RememberMe, administration};
use munjigi_passwords::{Algorithm, Costs, Hashers, LegacyRows, Password};
use munjigi_sessions::SessionKey;
use munjigi_store::{records, sessions, users};
use munjigi_tokens::RefreshToken;
use munjigi_user::{AuthUser, UserId};
use serde_json::json;

on_both!(
    an_upgrade_revives_nothing_that_a_password_change_had_ended,
    who_is_shut_out_after_his_password_was_verified_does_not_come_in,
    who_got_another_password_after_his_was_verified_does_not_come_in,
    a_user_who_is_gone_signs_out_without_a_fault,
    a_session_whose_key_django_cycled_ends_with_its_record,
    a_form_may_carry_the_csrf_token,
    a_sid_that_is_no_text_is_refused,
);

/// The encoding of a password by another site's cost.
fn foreign_hash(password: &str, iterations: u32) -> String {
    let mut costs = Costs::default();
    costs.pbkdf2_sha256.iterations = iterations;
    let hashers = Hashers::new(&[Algorithm::Pbkdf2Sha256], &costs, LegacyRows::Refuse).unwrap();
    let password = Password::from(password.to_owned());
    hashers
        .make_password(Some(&password), &mut munjigi::clock::entropy())
        .unwrap()
}

async fn an_upgrade_revives_nothing_that_a_password_change_had_ended(database: Database) {
    let server = database.server().await;
    let (mut thief, refresh) = server.token_user().await;
    let mut browser = server.anonymous();
    let signin = json!({"username": "mseo", "password": "1234"});
    browser
        .post("/user/session_signin", &signin)
        .await
        .expect_status(200);
    let key = browser.cookies["sessionid"].clone();

    // Django sets another password, at its own cost, and knows nothing of records.
    let changed = (UserId::Int(1), foreign_hash("changed", 500));
    let store = server.app.store();
    store
        .write(changed, |tx, (id, hash)| {
            Box::pin(users::set_password(tx, id, hash))
        })
        .await
        .unwrap();
    let mut owner = server.anonymous();
    owner
        .post(
            "/user/jwt_signin",
            &json!({"username": "mseo", "password": "changed"}),
        )
        .await
        .expect_status(200);
    let row = users::by_id(&mut store.reader(), &UserId::Int(1))
        .await
        .unwrap()
        .unwrap();
    assert!(
        row.password.starts_with("pbkdf2_sha256$1000$"),
        "the hash was upgraded"
    );

    thief.get("/user/me").await.expect_status(401);
    thief
        .post("/api/token/refresh/", &json!({"refresh": refresh}))
        .await
        .expect_status(401);
    browser.get("/user/me").await.expect_status(401);
    assert!(
        sessions::by_key(&mut store.reader(), &key, server.clock.now())
            .await
            .unwrap()
            .is_none()
    );
    let open = records::for_user(&mut store.reader(), &UserId::Int(1))
        .await
        .unwrap();
    assert_eq!(open.len(), 1, "the owner's own sign-in alone");
}

fn arrival(client: &Client, now: Timestamp) -> Arrival<'_> {
    Arrival {
        client,
        remember_me: RememberMe::Unsaid,
        now,
    }
}

fn client() -> Client {
    Client {
        name: None,
        address: None,
        agent: String::new(),
    }
}

fn credentials() -> Credentials {
    Credentials {
        login: Some(Login::Username("mseo".into())),
        password: Some(Password::from("1234".to_owned())),
    }
}

async fn who_is_shut_out_after_his_password_was_verified_does_not_come_in(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (app, now) = (&server.app, server.clock.now());
    let verified = signin::authenticate(app, credentials(), &Client::default(), now)
        .await
        .unwrap();
    administration::disable(app, "mseo", now).await.unwrap();
    let by_jwt = signin::open_jwt(app, &verified, arrival(&client(), now)).await;
    assert!(matches!(by_jwt, Err(Error::InvalidCredentials)));
    let by_session = signin::open_session(app, verified, None, arrival(&client(), now)).await;
    assert!(matches!(by_session, Err(Error::InvalidCredentials)));
    administration::enable(app, "mseo").await.unwrap();
    assert!(
        records::for_user(&mut app.store().reader(), &UserId::Int(1))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn who_got_another_password_after_his_was_verified_does_not_come_in(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (app, now) = (&server.app, server.clock.now());
    let verified = signin::authenticate(app, credentials(), &Client::default(), now)
        .await
        .unwrap();
    administration::change_password(app, "mseo", Password::from("another".to_owned()), now)
        .await
        .unwrap();
    let by_jwt = signin::open_jwt(app, &verified, arrival(&client(), now)).await;
    assert!(matches!(by_jwt, Err(Error::InvalidCredentials)));
}

struct Gone;

impl AuthUser for Gone {
    fn id(&self) -> UserId {
        UserId::Int(4711)
    }
}

async fn a_user_who_is_gone_signs_out_without_a_fault(database: Database) {
    let server = database.server().await;
    let token = RefreshToken::for_user_at(server.app.jwt(), &Gone, server.clock.now())
        .unwrap()
        .encode()
        .unwrap();
    let body = json!({"refresh_token": token});
    let mut client = server.anonymous();
    client.post("/user/jwt_signout", &body).await.expect_status(200);
    client.post("/user/jwt_signout", &body).await.expect_status(200);
    client.post("/user/jwt_refresh", &body).await.expect_status(401);
}

async fn a_session_whose_key_django_cycled_ends_with_its_record(database: Database) {
    let server = database.server().await;
    let mut client = server.cookie_user().await;
    let old = client.cookies["sessionid"].clone();
    let cycled = SessionKey::generate(&mut munjigi::clock::entropy());
    let store = server.app.store();
    let row = sessions::by_key(&mut store.reader(), &old, server.clock.now())
        .await
        .unwrap()
        .unwrap();
    let renamed = sessions::SessionRow {
        session_key: cycled.expose().to_owned(),
        ..row
    };
    store
        .write((old, renamed), |tx, (old, renamed)| {
            Box::pin(async move {
                sessions::delete(tx, old, Timestamp::UNIX_EPOCH).await?;
                sessions::insert(tx, renamed).await
            })
        })
        .await
        .unwrap();
    client
        .cookies
        .insert("sessionid".into(), cycled.expose().to_owned());
    client.get("/user/me").await.expect_status(200);

    assert_eq!(
        administration::end_sessions(&server.app, "mseo", server.clock.now())
            .await
            .unwrap(),
        1
    );
    let left = sessions::by_key(&mut store.reader(), cycled.expose(), server.clock.now())
        .await
        .unwrap();
    assert!(left.is_none(), "a Django beside us must not find it either");
}

async fn a_form_may_carry_the_csrf_token(database: Database) {
    let server = database.server().await;
    let mut client = server.cookie_user().await;
    let form = Some("application/x-www-form-urlencoded");
    let token = client.cookies["csrftoken"].clone();
    client.header("x-csrftoken", &token);
    let wrong = format!("csrfmiddlewaretoken={}", "x".repeat(32)).into_bytes();
    let reply = client
        .send(Method::POST, "/user/session_signout", form, wrong)
        .await
        .expect_status(403);
    assert_eq!(
        reply.json(),
        json!({"detail": "CSRF Failed: CSRF token from POST incorrect."})
    );
    client.without("x-csrftoken");
    let right = format!("csrfmiddlewaretoken={token}").into_bytes();
    client
        .send(Method::POST, "/user/session_signout", form, right)
        .await
        .expect_status(200);
    client.get("/user/me").await.expect_status(401);
}

async fn a_sid_that_is_no_text_is_refused(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let user = users::by_username(&mut server.app.store().reader(), "mseo")
        .await
        .unwrap()
        .unwrap();
    for sid in [json!(null), json!(1), json!([]), json!("")] {
        let refresh = RefreshToken::for_user_at(server.app.jwt(), &user, server.clock.now()).unwrap();
        let refresh = refresh.with_claim("sid", sid).unwrap();
        let mut client = server.anonymous();
        client.bearer(&refresh.access_token().encode().unwrap());
        client.get("/user/me").await.expect_status(401);
        let body = json!({"refresh": refresh.encode().unwrap()});
        client.post("/api/token/refresh/", &body).await.expect_status(401);
    }
}
