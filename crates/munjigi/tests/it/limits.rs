//! How long a sign-in lasts: `SESSION_ABSOLUTE_AGE`, `SESSION_IDLE_AGE`, `remember_me`, and what is kept of when it was last
//! used and swept when it is over.

use crate::support::{Database, TestServer, claims, mseo_signs_in, on_both};
use munjigi::accounts::housekeeping::{Swept, sweep_records};
use munjigi::accounts::last_seen;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tokio::sync::watch;

on_both!(
    a_chain_of_tokens_that_rotates_daily_stops_at_the_end_of_its_sign_in,
    an_access_token_that_is_made_a_minute_before_the_end_ends_with_it,
    a_sliding_token_and_one_of_drf_jwt_do_not_outlive_their_sign_in,
    a_session_that_django_keeps_alive_ends_with_its_sign_in,
    a_sign_in_that_is_left_idle_ends_and_one_that_is_used_does_not,
    who_asks_not_to_be_remembered_is_forgotten_when_the_browser_closes,
    who_asks_to_be_remembered_is_as_long_as_the_settings_allow,
    a_wish_that_is_no_truth_is_an_error_of_its_field,
    when_a_sign_in_was_last_used_is_written_by_the_background_and_at_its_end,
    a_sweep_takes_what_is_over_and_old_seals_and_two_at_once_do_no_harm,
);

const DAY: i64 = 86_400;
const ROTATING: [(&str, &str); 2] = [
    ("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", "true"),
    ("SIMPLE_JWT__BLACKLIST_AFTER_ROTATION", "true"),
];

fn exp(token: &str) -> i64 {
    claims(token)["exp"].as_i64().unwrap()
}

async fn a_chain_of_tokens_that_rotates_daily_stops_at_the_end_of_its_sign_in(database: Database) {
    let settings = [&ROTATING[..], &[("SESSION_ABSOLUTE_AGE", "10d")]].concat();
    let server = database.server_with(&settings).await;
    let end = server.clock.now().as_second() + 10 * DAY;
    let (_, mut refresh) = server.token_user().await;
    for day in 1..10 {
        server.clock.advance(DAY);
        let reply = server.refresh(&refresh).await.expect_status(200);
        refresh = reply.text("refresh_token");
        let whole_life = server.clock.now().as_second() + 7 * DAY;
        assert_eq!(exp(&refresh), whole_life.min(end), "day {day}");
        assert!(exp(&reply.text("access_token")) <= end);
    }
    server.clock.advance(DAY);
    assert_eq!(server.refresh(&refresh).await.status, 401);
}

async fn an_access_token_that_is_made_a_minute_before_the_end_ends_with_it(database: Database) {
    let server = database
        .server_with(&[("SESSION_ABSOLUTE_AGE", "7d"), ("SIMPLE_JWT__LEEWAY", "600")])
        .await;
    let end = server.clock.now().as_second() + 7 * DAY;
    let (_, refresh) = server.token_user().await;
    server.clock.advance(7 * DAY - 60);
    let reply = server.refresh(&refresh).await.expect_status(200);
    let access = reply.text("access_token");
    assert_eq!(exp(&access), end);
    assert_eq!(server.me(&access).await.status, 200);
    // Within the leeway the token is good by itself; its sign-in is over all the same.
    server.clock.advance(60);
    assert_eq!(server.me(&access).await.status, 401);
    assert_eq!(server.refresh(&refresh).await.status, 401);
}

async fn a_sliding_token_and_one_of_drf_jwt_do_not_outlive_their_sign_in(database: Database) {
    let server = database
        .server_with(&[
            ("SESSION_ABSOLUTE_AGE", "1h"),
            ("SIMPLE_JWT__SLIDING_TOKEN_LIFETIME", "2h"),
            ("ROUTES__OBTAIN_JWT_TOKEN", "/api-token-auth/"),
            ("ROUTES__REFRESH_JWT_TOKEN", "/api-token-refresh/"),
            ("JWT_AUTH__JWT_EXPIRATION_DELTA", "2h"),
        ])
        .await;
    server.signed_up().await;
    let start = server.clock.now().as_second();
    let body = json!({"username": "mseo", "password": "1234"});
    let mut client = server.anonymous();
    let sliding = client.post("/api/token/sliding/", &body).await.expect_status(200);
    let drf_jwt = client.post("/api-token-auth/", &body).await;
    assert!(drf_jwt.status.is_success());
    let (sliding, drf_jwt) = (sliding.text("token"), drf_jwt.text("token"));
    assert_eq!(claims(&sliding)["refresh_exp"], start + 3600);
    server.clock.advance(1800);
    let sliding_again = client
        .post("/api/token/sliding/refresh/", &json!({"token": sliding}))
        .await;
    let drf_jwt_again = client
        .post("/api-token-refresh/", &json!({"token": drf_jwt}))
        .await;
    let newer = [sliding_again.text("token"), drf_jwt_again.text("token")];
    for token in [&sliding, &drf_jwt, &newer[0], &newer[1]] {
        assert_eq!(exp(token), start + 3600);
    }
}

async fn a_session_that_django_keeps_alive_ends_with_its_sign_in(database: Database) {
    let server = database
        .server_with(&[("SESSION_ABSOLUTE_AGE", "10d"), ("SESSION_COOKIE_AGE", "10d1s")])
        .await;
    server.signed_up().await;
    let mut client = server.anonymous();
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    let cookie = reply.set_cookie("sessionid").unwrap();
    assert!(cookie.contains("; Max-Age=864000;"), "{cookie}");
    let dates = server.sql("SELECT expire_date FROM django_session").await;
    assert!(dates[0][0].starts_with("2026-01-11 00:00:00"), "{dates:?}");
    // Django saves the session and prolongs it by settings of its own.
    server
        .sql("UPDATE django_session SET expire_date = '2027-01-01 00:00:00'")
        .await;
    server.clock.advance(10 * DAY - 1);
    assert_eq!(client.get("/user/me").await.status, 200);
    server.clock.advance(1);
    assert_eq!(client.get("/user/me").await.status, 401);
    let left = server.sql("SELECT session_key FROM django_session").await;
    assert_eq!(left.len(), 0, "the row is gone, so Django refuses it too");
}

async fn a_sign_in_that_is_left_idle_ends_and_one_that_is_used_does_not(database: Database) {
    let server = database
        .server_with(&[
            ("SESSION_IDLE_AGE", "30m"),
            ("SIMPLE_JWT__ACCESS_TOKEN_LIFETIME", "30m"),
            ("SIMPLE_JWT__LEEWAY", "600"),
        ])
        .await;
    let writing = Writing::of(&server).await;
    let (_, refresh) = server.token_user().await;
    let mut browser = server.anonymous();
    browser
        .post("/user/session_signin", &mseo_signs_in())
        .await
        .expect_status(200);
    let mut access = String::new();
    for _ in 0..4 {
        // A minute more than the limit: that much and another minute it takes until all is written.
        server.clock.advance(31 * 60);
        access = server
            .refresh(&refresh)
            .await
            .expect_status(200)
            .text("access_token");
        assert_eq!(browser.get("/user/me").await.status, 200);
        last_seen::write(&server.app).await.unwrap();
    }
    server.clock.advance(32 * 60);
    assert_eq!(server.me(&access).await.status, 401);
    assert_eq!(server.refresh(&refresh).await.status, 401);
    assert_eq!(browser.get("/user/me").await.status, 401);
    writing.stop().await;
}

async fn who_asks_not_to_be_remembered_is_forgotten_when_the_browser_closes(database: Database) {
    let settings = [&ROTATING[..], &[("SIMPLE_JWT__AUTH_COOKIE", "access")]].concat();
    let server = database.server_with(&settings).await;
    server.signed_up().await;
    let body = json!({"email": "mseo@naver.com", "password": "1234", "remember_me": false});
    let day_later = server.clock.now().as_second() + DAY;

    let mut browser = server.anonymous();
    let reply = browser
        .post("/user/session_signin", &body)
        .await
        .expect_status(200);
    assert!(!reply.set_cookie("sessionid").unwrap().contains("Max-Age"));
    let dates = server.sql("SELECT expire_date FROM django_session").await;
    assert!(dates[0][0].starts_with("2026-01-02 00:00:00"), "{dates:?}");

    let mut tokens = server.anonymous();
    let reply = tokens.post("/user/jwt_signin", &body).await.expect_status(200);
    assert_eq!(exp(&reply.text("refresh_token")), day_later);
    let lasts = |reply: &crate::support::Reply| {
        ["access", "access_refresh"].map(|name| reply.set_cookie(name).unwrap().contains("Max-Age"))
    };
    assert_eq!(lasts(&reply), [false, false]);
    server.clock.advance(60);
    let refresh = json!({"refresh_token": reply.text("refresh_token")});
    let reply = tokens
        .post("/user/jwt_refresh", &refresh)
        .await
        .expect_status(200);
    assert_eq!(lasts(&reply), [false, false], "nor does a refresh forget it");
    for record in server.records("mseo").await {
        assert!(!record.is_remembered);
        assert_eq!(record.absolute_end.unwrap().as_second(), day_later);
    }
    server.clock.advance(DAY);
    assert_eq!(browser.get("/user/me").await.status, 401);
}

async fn who_asks_to_be_remembered_is_as_long_as_the_settings_allow(database: Database) {
    let server = database
        .server_with(&[
            ("SESSION_EXPIRE_AT_BROWSER_CLOSE", "true"),
            ("SESSION_ABSOLUTE_AGE", "10d"),
            ("SESSION_COOKIE_AGE", "9d"),
            ("SIMPLE_JWT__AUTH_COOKIE", "access"),
            ("SIMPLE_JWT__REFRESH_TOKEN_LIFETIME", "11d"),
        ])
        .await;
    server.signed_up().await;
    let mut browser = server.anonymous();
    let body = json!({"email": "mseo@naver.com", "password": "1234", "remember_me": "yes"});
    let reply = browser
        .post("/user/session_signin", &body)
        .await
        .expect_status(200);
    assert!(
        reply
            .set_cookie("sessionid")
            .unwrap()
            .contains("; Max-Age=777600;")
    );
    let reply = browser.post("/user/jwt_signin", &body).await.expect_status(200);
    assert!(
        reply
            .set_cookie("access_refresh")
            .unwrap()
            .contains("; Max-Age=864000;")
    );
    // Nothing is said: as the settings have it, also for the session that was remembered.
    let reply = server
        .anonymous()
        .post("/user/session_signin", &mseo_signs_in())
        .await;
    assert!(!reply.set_cookie("sessionid").unwrap().contains("Max-Age"));
    assert!(
        server
            .records("mseo")
            .await
            .iter()
            .all(|record| record.is_remembered)
    );
}

async fn a_wish_that_is_no_truth_is_an_error_of_its_field(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    for route in ["/user/session_signin", "/user/jwt_signin"] {
        for (wish, korean, english) in [
            (
                json!("maybe"),
                "유효한 불리언이어야 합니다.",
                "Must be a valid boolean.",
            ),
            (
                json!([true]),
                "유효한 불리언이어야 합니다.",
                "Must be a valid boolean.",
            ),
            (
                Value::Null,
                "이 필드는 null일 수 없습니다.",
                "This field may not be null.",
            ),
        ] {
            let body = json!({"email": "mseo@naver.com", "password": "1234", "remember_me": wish});
            let mut client = server.anonymous();
            let reply = client.post(route, &body).await.expect_status(400);
            assert_eq!(reply.json(), json!({"remember_me": [korean]}));
            client.speaks_english();
            let reply = client.post(route, &body).await.expect_status(400);
            assert_eq!(reply.json(), json!({"remember_me": [english]}));
        }
    }
    // In a form an empty field is as good as none.
    let form = "email=mseo@naver.com&password=1234&remember_me=";
    let reply = server.anonymous().post_form("/user/session_signin", form).await;
    assert_eq!(reply.status, 200);
}

async fn when_a_sign_in_was_last_used_is_written_by_the_background_and_at_its_end(database: Database) {
    let settings = [("ROUTES__ENDED", "/.well-known/munjigi/ended")];
    let server = database.server_with(&settings).await;
    let (mut client, _) = server.token_user().await;
    server.clock.advance(60);
    client.get("/user/me").await.expect_status(200);
    assert_eq!(
        server.app.last_seen().count(),
        0,
        "nobody writes, so nothing is kept"
    );

    let background = tokio::spawn(munjigi::background(server.app.clone()));
    let opened = server.records("mseo").await[0].opened_at;
    soon(async || {
        client.get("/user/me").await.expect_status(200);
        server.app.last_seen().count() == 1
    })
    .await;
    assert_eq!(server.records("mseo").await[0].last_seen_at, opened);
    background.abort();
    soon(async || server.records("mseo").await[0].last_seen_at == server.clock.now()).await;
    client.get("/user/me").await.expect_status(200);
    assert_eq!(server.app.last_seen().count(), 0);
}

async fn a_sweep_takes_what_is_over_and_old_seals_and_two_at_once_do_no_harm(database: Database) {
    let settings = [&ROTATING[..], &[("SESSION_ABSOLUTE_AGE", "20d")]].concat();
    let server = database.server_with(&settings).await;
    let (_, rotated) = server.token_user().await;
    server.tokens().await;
    server.refresh(&rotated).await.expect_status(200);
    let sweep = async || {
        sweep_records(&server.app, server.clock.now(), |_| ControlFlow::Continue(()))
            .await
            .unwrap()
    };
    let nothing = Swept::default();
    server.clock.advance(60);
    assert_eq!(sweep().await, nothing, "the seal may be asked for");
    server.clock.advance(3600);
    let seals = Swept { seals: 1, ..nothing };
    assert_eq!(sweep().await, seals);
    assert_eq!(
        server.refresh(&rotated).await.status,
        401,
        "its reuse is noticed all the same"
    );
    // The longest life of a token after the absolute end.
    server.clock.advance(20 * DAY + 7 * DAY - 3660);
    assert_eq!(sweep().await.records, 1, "that which ended by the reuse");
    server.clock.advance(1);
    let (one, other) = tokio::join!(sweep(), sweep());
    assert_eq!(one.records + other.records, 1);
    assert_eq!(server.sql("SELECT sid FROM munjigi_session").await.len(), 0);
}

/// Who writes when sign-ins were last used, as the background does.
struct Writing {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Writing {
    async fn of(server: &TestServer) -> Self {
        let (stop, stopped) = watch::channel(false);
        let app = server.app.clone();
        let task = tokio::spawn(async move { last_seen::write_now_and_then(&app, stopped).await });
        soon(async || {
            server.app.last_seen().note("nobody", server.clock.now());
            server.app.last_seen().count() == 1
        })
        .await;
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

/// Waits until something is so.
async fn soon(mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so().await {
        assert!(Instant::now() < deadline, "it never came");
        tokio::task::yield_now().await;
    }
}
