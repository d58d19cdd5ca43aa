//! Two requests whose statements come in the worst order. On PostgreSQL one is held at a statement while the other one goes
//! on; SQLite writes one after the other.

use crate::support::{
    Database, SECRET_KEY, TestServer, claims, mseo_signs_in, on_both, run, secret_keys, signed,
};
use axum::body::{Body, Bytes};
use http::Method;
use hyper::body::Frame;
use munjigi::clock::Clock;
use munjigi_sessions::SessionAuthHasher;
use serde_json::json;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

on_both!(
    a_body_that_was_long_on_its_way_takes_nothing_from_the_window,
    a_body_that_is_held_back_does_not_keep_the_window_open,
);

const ROTATE: (&str, &str) = ("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", "true");
const BLACKLIST: (&str, &str) = ("SIMPLE_JWT__BLACKLIST_AFTER_ROTATION", "true");

/// A server on PostgreSQL, where the tests have one.
fn on_postgres<T: Future<Output = ()>>(settings: &[(&str, &str)], test: impl FnOnce(TestServer) -> T) {
    run(async {
        if let Some(database) = Database::postgres().await {
            let server = database.server_with(settings).await;
            server.signed_up().await;
            test(server).await;
        }
    });
}

/// A body whose first byte comes some seconds after the head.
struct Slow {
    clock: Clock,
    seconds: i64,
    text: Option<Bytes>,
}

impl hyper::body::Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let text = self.text.take();
        if text.is_some() {
            self.clock.advance(self.seconds);
        }
        Poll::Ready(text.map(|text| Ok(Frame::data(text))))
    }
}

fn slow(server: &TestServer, seconds: i64, token: &str) -> Body {
    Body::new(Slow {
        clock: server.clock.clone(),
        seconds,
        text: Some(json!({"refresh_token": token}).to_string().into()),
    })
}

async fn a_body_that_was_long_on_its_way_takes_nothing_from_the_window(database: Database) {
    let server = database.server_with(&[ROTATE, BLACKLIST]).await;
    server.signed_up().await;
    let (_, first) = server.tokens().await;
    let body = slow(&server, 11, &first);
    let mut client = server.anonymous();
    let reply = client
        .send(Method::POST, "/user/jwt_refresh", Some("application/json"), body)
        .await;
    let second = reply.expect_status(200).text("refresh_token");
    // The answer was lost.
    let again = server.refresh(&first).await.expect_status(200);
    assert_eq!(again.text("refresh_token"), second);
    server.refresh(&second).await.expect_status(200);
}

async fn a_body_that_is_held_back_does_not_keep_the_window_open(database: Database) {
    let server = database.server_with(&[ROTATE, BLACKLIST]).await;
    server.signed_up().await;
    let (_, first) = server.tokens().await;
    let second = server
        .refresh(&first)
        .await
        .expect_status(200)
        .text("refresh_token");
    let body = slow(&server, 11, &first);
    let mut thief = server.anonymous();
    let reply = thief
        .send(Method::POST, "/user/jwt_refresh", Some("application/json"), body)
        .await;
    reply.expect_error(401, "token_reused");
    server.refresh(&second).await.expect_status(401);
}

#[test]
fn a_request_on_its_way_does_not_end_a_new_sign_in_under_the_same_session_key() {
    on_postgres(&[], |server| async move {
        let mut browser = server.anonymous();
        let mut kept = Vec::new();
        for _ in 0..2 {
            let reply = browser.post("/user/session_signin", &mseo_signs_in()).await;
            reply.expect_status(200);
            kept.push(server.sql("SELECT session_data FROM django_session").await[0][0].clone());
        }
        let (old, new) = (&kept[0], &kept[1]);
        // As it was before the second sign-in, which comes while the request waits.
        let put = |data: &str| format!("UPDATE django_session SET session_data = '{data}'");
        server.sql(&put(old)).await;
        server
            .sql("UPDATE munjigi_session SET rotations = 1, ended_at = NULL WHERE ended_at IS NOT NULL")
            .await;
        let held = server.held("LOCK TABLE munjigi_session").await;
        let signing_in = async {
            held.wait_for(1).await;
            held.run(&put(new)).await;
            held.run("UPDATE munjigi_session SET ended_at = 1 WHERE rotations = 1")
                .await;
            held.commit().await;
        };
        let (reply, ()) = tokio::join!(browser.get("/user/me"), signing_in);
        reply.expect_status(200);
        browser.get("/user/me").await.expect_status(200);
        assert_eq!(server.records("mseo").await.len(), 1);
    });
}

#[test]
fn a_refresh_beside_a_password_that_is_stored_anew_is_not_refused() {
    on_postgres(&[ROTATE, BLACKLIST], |server| async move {
        let (_, first) = server.tokens().await;
        let encoded = server.encoded("1234");
        let auth_hash = SessionAuthHasher::new(&secret_keys(SECRET_KEY)).hash(&encoded);
        let held = server.held("LOCK TABLE user_user").await;
        let storing = async {
            held.wait_for(1).await;
            held.run(&format!("UPDATE user_user SET password = '{encoded}'"))
                .await;
            held.run(&format!("UPDATE munjigi_session SET auth_hash = '{auth_hash}'"))
                .await;
            held.commit().await;
        };
        let (reply, ()) = tokio::join!(server.refresh(&first), storing);
        reply.expect_status(200);
    });
}

/// Has the database wait in a trigger for who holds the table `gate`.
async fn gate(server: &TestServer, trigger: &str, when: &str) {
    server.sql("CREATE TABLE gate (); CREATE SEQUENCE turn").await;
    server
        .sql(&format!(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \
             $$ BEGIN IF {when} THEN LOCK TABLE gate IN SHARE MODE; END IF; RETURN NULL; END $$"
        ))
        .await;
    server
        .sql(&format!("CREATE TRIGGER wait {trigger} EXECUTE FUNCTION wait()"))
        .await;
}

#[test]
fn who_ends_all_but_his_own_sign_in_keeps_it_though_it_rotates_at_that_moment() {
    on_postgres(&[ROTATE, BLACKLIST], |server| async move {
        let (access, first) = server.tokens().await;
        server.tokens().await;
        // The first ending is that of the others; then comes what blacklists the tokens of no record.
        let trigger = "BEFORE UPDATE ON munjigi_session FOR EACH STATEMENT";
        gate(&server, trigger, "nextval('turn') = 2").await;
        let held = server.held("LOCK TABLE gate").await;
        let mut client = server.anonymous();
        client.bearer(&access);
        let ending = client.send(Method::DELETE, "/user/sessions", None, Body::empty());
        let refreshing = async {
            held.wait_for(1).await;
            let second = server
                .refresh(&first)
                .await
                .expect_status(200)
                .text("refresh_token");
            held.commit().await;
            second
        };
        let (ended, second) = tokio::join!(ending, refreshing);
        ended.expect_status(200);
        server.refresh(&second).await.expect_status(200);
    });
}

#[test]
fn a_token_of_djangos_that_gets_its_record_while_all_sign_ins_end_ends_too() {
    on_postgres(&[ROTATE, BLACKLIST], |server| async move {
        let (access, token) = server.tokens().await;
        let mut theirs = claims(&token);
        theirs.as_object_mut().unwrap().remove("sid");
        theirs["jti"] = json!("f".repeat(32));
        let theirs = signed(&theirs, SECRET_KEY);
        server
            .sql(
                "INSERT INTO token_blacklist_outstandingtoken (user_id, jti, token, created_at, expires_at) \
                 SELECT user_id, repeat('f', 32), 'theirs', created_at, expires_at \
                 FROM token_blacklist_outstandingtoken LIMIT 1",
            )
            .await;
        let trigger = "AFTER INSERT ON token_blacklist_outstandingtoken FOR EACH ROW";
        gate(&server, trigger, "true").await;
        let held = server.held("LOCK TABLE gate").await;
        let mut client = server.anonymous();
        client.bearer(&access);
        let ending = async {
            held.wait_for(1).await;
            let all = client.send(Method::DELETE, "/user/sessions?all=true", None, Body::empty());
            let committing = async {
                held.wait_for(2).await;
                held.commit().await;
            };
            tokio::join!(all, committing).0
        };
        let (adopted, ended) = tokio::join!(server.refresh(&theirs), ending);
        ended.expect_status(200);
        let adopted = adopted.expect_status(200);
        server.me(&adopted.text("access_token")).await.expect_status(401);
        server
            .refresh(&adopted.text("refresh_token"))
            .await
            .expect_status(401);
        assert_eq!(server.records("mseo").await.len(), 0);
    });
}

#[test]
fn a_session_that_moves_and_a_sign_out_take_their_rows_in_one_order() {
    on_postgres(&[], |server| async move {
        let mut browser = server.anonymous();
        browser
            .post("/user/session_signin", &mseo_signs_in())
            .await
            .expect_status(200);
        let cookies = browser.cookies.clone();
        let (new, fallbacks) = ("n".repeat(50), format!("[\"{SECRET_KEY}\"]"));
        let server = server
            .restarted_with(&[("SECRET_KEY", &new), ("SECRET_KEY_FALLBACKS", &fallbacks)])
            .await;
        let mut browser = server.anonymous();
        browser.cookies = cookies;
        // What a sign-out does: the record first, then its session, which nobody may hold while he waits for the record.
        let held = server
            .held("UPDATE munjigi_session SET ended_at = 1, end_reason = 'signout'")
            .await;
        let signing_out = async {
            held.wait_for(1).await;
            held.run("SET LOCAL lock_timeout = '200ms'; DELETE FROM django_session")
                .await;
            held.commit().await;
        };
        let (moved, ()) = tokio::join!(browser.get("/user/me"), signing_out);
        moved.expect_status(401);
    });
}
