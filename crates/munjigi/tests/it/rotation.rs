//! Refresh tokens that rotate, sliding tokens that are refreshed, and the rows that follow them.

mod alone;
mod faults;
mod machine;
mod sealed;

use crate::support::{Database, Reply, TestServer, at_once, claims, jti, on_both, signed};
use munjigi::accounts::housekeeping::flush_expired_tokens;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

on_both!(
    a_refresh_gives_a_new_refresh_token_in_both_dialects_where_that_is_set,
    of_twenty_who_use_a_token_up_at_once_one_gets_through_where_nothing_is_repeated,
    twenty_who_use_a_token_up_at_once_get_one_successor,
    twenty_who_rotate_a_token_at_once_all_get_through_where_nothing_is_blacklisted,
    twenty_who_refresh_a_sliding_token_at_once_all_get_through,
    the_record_follows_the_token,
    signing_out_by_whatever_token_blacklists_the_current_one,
    a_sign_in_that_has_ended_rotates_no_more,
    a_token_of_djangos_gets_a_record_when_it_rotates,
    a_sliding_token_that_was_blacklisted_is_not_forgotten_while_a_copy_is_good,
    a_sliding_token_that_opens_routes_also_signs_out,
    without_a_jti_claim_the_record_alone_ends_a_token,
    the_verifying_route_asks_the_blacklist_as_simplejwt_where_that_is_set,
    as_simplejwts_main_a_refresh_says_that_the_password_changed,
);

const ROTATE: (&str, &str) = ("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", "true");
const BLACKLIST: (&str, &str) = ("SIMPLE_JWT__BLACKLIST_AFTER_ROTATION", "true");
/// simplejwt's rule.
const UPSTREAM: (&str, &str) = ("SIMPLE_JWT__ROTATION_WINDOW", "0");
const SLIDING_OPENS: (&str, &str) = (
    "SIMPLE_JWT__AUTH_TOKEN_CLASSES",
    r#"["rest_framework_simplejwt.tokens.SlidingToken"]"#,
);

/// Asks one of simplejwt's routes, in English.
async fn ask(server: &TestServer, path: &str, body: Value) -> Reply {
    let mut client = server.anonymous();
    client.speaks_english();
    client.post(&format!("/api/token/{path}"), &body).await
}

async fn refresh(server: &TestServer, token: &str) -> Reply {
    ask(server, "refresh/", json!({"refresh": token})).await
}

async fn sliding(server: &TestServer) -> String {
    let body = json!({"username": "mseo", "password": "1234"});
    ask(server, "sliding/", body)
        .await
        .expect_status(200)
        .text("token")
}

fn sid(token: &str) -> String {
    claims(token)["sid"].as_str().unwrap().to_owned()
}

async fn signed_up(database: Database, settings: &[(&str, &str)]) -> TestServer {
    let server = database.server_with(settings).await;
    server.signed_up().await;
    server
}

async fn outstanding(server: &TestServer) -> usize {
    server
        .sql("SELECT jti FROM token_blacklist_outstandingtoken")
        .await
        .len()
}

async fn a_refresh_gives_a_new_refresh_token_in_both_dialects_where_that_is_set(database: Database) {
    let server = signed_up(database, &[ROTATE]).await;
    let (_, first) = server.tokens().await;
    let reply = refresh(&server, &first).await.expect_status(200);
    let second = reply.text("refresh");
    let reply = server.refresh(&second).await.expect_status(200);
    let third = reply.text("refresh_token");
    server.me(&reply.text("access_token")).await.expect_status(200);
    // Nothing is blacklisted: each of them is good.
    for token in [first, second, third] {
        refresh(&server, &token).await.expect_status(200);
    }
}

async fn of_twenty_who_use_a_token_up_at_once_one_gets_through_where_nothing_is_repeated(database: Database) {
    let server = signed_up(database, &[ROTATE, BLACKLIST, UPSTREAM]).await;
    let (_, mut token) = server.tokens().await;
    for round in 1..=5 {
        let replies = at_once((0..20).map(|_| refresh(&server, &token))).await;
        let (through, refused): (Vec<Reply>, Vec<Reply>) =
            replies.into_iter().partition(|reply| reply.status == 200);
        assert_eq!(through.len(), 1, "round {round}");
        for reply in refused {
            let reply = reply.expect_error(401, "token_blacklisted");
            let refused = json!({"detail": "Token is blacklisted", "code": "token_not_valid"});
            assert_eq!(reply.json(), refused);
        }
        let successor = through[0].text("refresh");
        let record = server.record(&sid(&successor)).await;
        assert_eq!((record.jti, record.rotations), (Some(jti(&successor)), round));
        assert_eq!(record.previous_jti, Some(jti(&token)));
        token = successor;
    }
    assert_eq!(
        (outstanding(&server).await, server.blacklisted().await.len()),
        (6, 5)
    );
    refresh(&server, &token).await.expect_status(200);
}

async fn twenty_who_use_a_token_up_at_once_get_one_successor(database: Database) {
    let server = signed_up(database, &[ROTATE, BLACKLIST]).await;
    let (_, mut token) = server.tokens().await;
    for round in 1..=5 {
        let replies = at_once((0..20).map(|_| refresh(&server, &token))).await;
        let pairs = replies.into_iter().map(|reply| {
            let reply = reply.expect_status(200);
            (reply.text("access"), reply.text("refresh"))
        });
        let (accesses, successors): (BTreeSet<String>, BTreeSet<String>) = pairs.unzip();
        assert_eq!((accesses.len(), successors.len()), (20, 1), "round {round}");
        for access in &accesses {
            assert_eq!(claims(access)["sid"], claims(&token)["sid"]);
        }
        server.me(accesses.first().unwrap()).await.expect_status(200);
        let successor = successors.into_iter().next().unwrap();
        let record = server.record(&sid(&successor)).await;
        assert_eq!((record.jti, record.rotations), (Some(jti(&successor)), round));
        assert_eq!(record.previous_jti, Some(jti(&token)));
        token = successor;
    }
    assert_eq!(
        (outstanding(&server).await, server.blacklisted().await.len()),
        (6, 5)
    );
    assert_eq!(server.records("mseo").await.len(), 1);
}

async fn twenty_who_rotate_a_token_at_once_all_get_through_where_nothing_is_blacklisted(database: Database) {
    let server = signed_up(database, &[ROTATE]).await;
    let (_, mut token) = server.tokens().await;
    for round in 1..=5 {
        let replies = at_once((0..20).map(|_| refresh(&server, &token))).await;
        let successors: Vec<String> = replies
            .into_iter()
            .map(|reply| reply.expect_status(200).text("refresh"))
            .collect();
        let record = server.record(&sid(&token)).await;
        assert_eq!(record.rotations, 20 * round);
        let current = successors
            .into_iter()
            .find(|token| Some(jti(token)) == record.jti);
        token = current.expect("the record knows one of them");
    }
    assert_eq!(outstanding(&server).await, 101);
}

async fn twenty_who_refresh_a_sliding_token_at_once_all_get_through(database: Database) {
    let server = signed_up(database, &[]).await;
    let token = sliding(&server).await;
    for _ in 0..5 {
        server.clock.advance(1);
        let replies =
            at_once((0..20).map(|_| ask(&server, "sliding/refresh/", json!({"token": token})))).await;
        for reply in replies {
            assert_eq!(jti(&reply.expect_status(200).text("token")), jti(&token));
        }
    }
    assert_eq!(outstanding(&server).await, 1);
}

async fn the_record_follows_the_token(database: Database) {
    let server = signed_up(database, &[ROTATE]).await;
    let (_, first) = server.tokens().await;
    server.clock.advance(60);
    let second = refresh(&server, &first).await.text("refresh");
    assert_eq!(sid(&first), sid(&second));
    let record = server.record(&sid(&second)).await;
    assert_eq!(record.jti, Some(jti(&second)));
    assert_eq!(record.jti_exp.unwrap().as_second(), claims(&second)["exp"]);
    assert_eq!(record.previous_jti, Some(jti(&first)));
    assert_eq!(record.rotated_at, Some(server.clock.now()));

    let token = sliding(&server).await;
    server.clock.advance(60);
    let newer = ask(&server, "sliding/refresh/", json!({"token": token}))
        .await
        .text("token");
    let record = server.record(&sid(&newer)).await;
    assert_eq!((record.jti, record.rotations), (Some(jti(&token)), 0));
    assert_eq!(record.jti_exp.unwrap().as_second(), claims(&newer)["exp"]);
}

async fn signing_out_by_whatever_token_blacklists_the_current_one(database: Database) {
    let server = signed_up(database, &[ROTATE]).await;
    for by in ["first", "second", "access", "route"] {
        let (_, first) = server.tokens().await;
        let reply = refresh(&server, &first).await;
        let (access, second) = (reply.text("access"), reply.text("refresh"));
        let mut client = server.anonymous();
        let reply = match by {
            "first" => {
                client
                    .post("/user/jwt_signout", &json!({"refresh_token": first}))
                    .await
            }
            "second" => {
                client
                    .post("/user/jwt_signout", &json!({"refresh_token": second}))
                    .await
            }
            "access" => {
                client.bearer(&access);
                client.post("/user/jwt_signout", &json!({})).await
            }
            _ => ask(&server, "blacklist/", json!({"refresh": first})).await,
        };
        reply.expect_status(200);
        assert!(server.blacklisted().await.contains(&jti(&second)), "{by}");
        for token in [&first, &second] {
            refresh(&server, token)
                .await
                .expect_error(401, "token_blacklisted");
        }
        server.me(&access).await.expect_error(401, "token_blacklisted");
    }
}

async fn a_sign_in_that_has_ended_rotates_no_more(database: Database) {
    let server = signed_up(database, &[ROTATE]).await;
    let (_, first) = server.tokens().await;
    let second = refresh(&server, &first).await.text("refresh");
    ask(&server, "blacklist/", json!({"refresh": second}))
        .await
        .expect_status(200);
    let rows = outstanding(&server).await;
    // The first was never blacklisted, and its sign-in is over.
    refresh(&server, &first)
        .await
        .expect_error(401, "token_blacklisted");
    assert_eq!(outstanding(&server).await, rows);
}

async fn a_token_of_djangos_gets_a_record_when_it_rotates(database: Database) {
    let server = signed_up(database, &[ROTATE, BLACKLIST]).await;
    let (_, token) = server.tokens().await;
    let mut theirs = claims(&token);
    theirs.as_object_mut().unwrap().remove("sid");
    theirs["jti"] = json!("f".repeat(32));
    let theirs = signed(&theirs, crate::support::SECRET_KEY);
    let replies = at_once((0..20).map(|_| refresh(&server, &theirs))).await;
    let successors: BTreeSet<String> = replies
        .into_iter()
        .map(|reply| reply.expect_status(200).text("refresh"))
        .collect();
    assert_eq!(successors.len(), 1);
    let second = successors.first().unwrap();
    let record = server.record(&sid(second)).await;
    assert_eq!((record.jti, record.rotations), (Some(jti(second)), 1));
    assert_eq!(server.records("mseo").await.len(), 2, "the sign-in, and this one");
    assert_eq!(server.blacklisted().await, ["f".repeat(32)]);
    let third = refresh(&server, second).await.expect_status(200).text("refresh");
    assert_eq!(sid(&third), sid(second));
    server.clock.advance(11);
    refresh(&server, &theirs).await.expect_error(401, "token_reused");
    refresh(&server, &third)
        .await
        .expect_error(401, "token_blacklisted");
    assert_eq!(server.records("mseo").await.len(), 1);
}

async fn a_sliding_token_that_was_blacklisted_is_not_forgotten_while_a_copy_is_good(database: Database) {
    let server = signed_up(database, &[SLIDING_OPENS]).await;
    let token = sliding(&server).await;
    server.clock.advance(200);
    let newer = ask(&server, "sliding/refresh/", json!({"token": token}))
        .await
        .text("token");
    // As Django does it: the token is listed, and no record ends.
    server
        .sql(
            "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
             SELECT id, '2026-01-01 00:03:20' FROM token_blacklist_outstandingtoken",
        )
        .await;
    // The first copy has expired, the newer one has not.
    server.clock.advance(200);
    let flush = async || {
        let flushed = flush_expired_tokens(&server.app, server.app.now(), |_| ControlFlow::Continue(()));
        flushed.await.unwrap()
    };
    assert_eq!(flush().await, 0);
    server.me(&newer).await.expect_error(401, "token_blacklisted");
    let reply = ask(&server, "sliding/refresh/", json!({"token": newer})).await;
    reply.expect_error(401, "token_blacklisted");
    server.clock.advance(200);
    assert_eq!(flush().await, 1);
    server.me(&newer).await.expect_error(401, "token_expired");
}

async fn a_sliding_token_that_opens_routes_also_signs_out(database: Database) {
    let server = signed_up(database, &[SLIDING_OPENS]).await;
    let token = sliding(&server).await;
    server.me(&token).await.expect_status(200);
    let mut client = server.anonymous();
    client.bearer(&token);
    client
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
    assert_eq!(server.blacklisted().await, [jti(&token)]);
    server.me(&token).await.expect_error(401, "token_blacklisted");
    let (access, _) = server.tokens().await;
    client.bearer(&access);
    let reply = client.post("/user/jwt_signout", &json!({})).await;
    reply.expect_error(401, "token_wrong_type");
}

async fn without_a_jti_claim_the_record_alone_ends_a_token(database: Database) {
    let server = signed_up(database, &[ROTATE, ("SIMPLE_JWT__JTI_CLAIM", "")]).await;
    let (access, token) = server.tokens().await;
    assert!(claims(&token)["jti"].is_null());
    let successor = refresh(&server, &token).await.expect_status(200).text("refresh");
    let slide = sliding(&server).await;
    let reply = ask(&server, "sliding/refresh/", json!({"token": slide})).await;
    reply.expect_status(200);
    ask(&server, "verify/", json!({"token": successor}))
        .await
        .expect_status(200);
    ask(&server, "blacklist/", json!({"refresh": token}))
        .await
        .expect_status(200);
    let again = ask(&server, "blacklist/", json!({"refresh": token})).await;
    again.expect_error(401, "token_blacklisted");
    for token in [&token, &successor] {
        refresh(&server, token)
            .await
            .expect_error(401, "token_blacklisted");
        ask(&server, "verify/", json!({"token": token}))
            .await
            .expect_status(400);
    }
    server.me(&access).await.expect_error(401, "token_blacklisted");
    assert_eq!(outstanding(&server).await, 0);
}

async fn the_verifying_route_asks_the_blacklist_as_simplejwt_where_that_is_set(database: Database) {
    let theirs = ("SIMPLE_JWT__VERIFY_CHECKS_BLACKLIST", "false");
    let server = signed_up(database, &[theirs]).await;
    let (access, token) = server.tokens().await;
    ask(&server, "blacklist/", json!({"refresh": token}))
        .await
        .expect_status(200);
    for token in [&access, &token] {
        ask(&server, "verify/", json!({"token": token}))
            .await
            .expect_status(200);
    }
    let server = server.restarted_with(&[theirs, BLACKLIST]).await;
    let reply = ask(&server, "verify/", json!({"token": token}))
        .await
        .expect_status(400);
    assert_eq!(
        reply.json(),
        json!({"non_field_errors": ["Token is blacklisted"]})
    );
    ask(&server, "verify/", json!({"token": access}))
        .await
        .expect_status(200);
    let server = server.restarted_with(&[]).await;
    for token in [&access, &token] {
        ask(&server, "verify/", json!({"token": token}))
            .await
            .expect_status(400);
    }
}

async fn as_simplejwts_main_a_refresh_says_that_the_password_changed(database: Database) {
    let revoking = ("SIMPLE_JWT__CHECK_REVOKE_TOKEN", "true");
    let main = ("SIMPLE_JWT__COMPAT_VERSION", "main");
    let server = signed_up(database, &[revoking, main]).await;
    let (access, token) = server.tokens().await;
    let slide = sliding(&server).await;
    let encoded = server.encoded("another");
    server.set_password("mseo", &encoded).await;
    let mut client = server.anonymous();
    client.speaks_english();
    client.bearer(&access);
    let reply = client.get("/user/me").await.expect_error(401, "password_changed");
    let words = "The user's password has been changed.";
    assert_eq!(reply.json(), json!({"detail": words, "code": "password_changed"}));
    let reply = refresh(&server, &token)
        .await
        .expect_error(401, "password_changed");
    assert_eq!(reply.json(), json!({"detail": words}));
    let reply = ask(&server, "sliding/refresh/", json!({"token": slide})).await;
    let reply = reply.expect_error(401, "password_changed");
    assert_eq!(reply.json(), json!({"detail": words}));
    assert_eq!(server.blacklisted().await, [jti(&token), jti(&slide)]);
    refresh(&server, &token)
        .await
        .expect_error(401, "token_blacklisted");
}
