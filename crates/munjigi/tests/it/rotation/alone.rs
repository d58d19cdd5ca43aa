//! `TOKEN_BLACKLIST_APP = false`: no Django looks into simplejwt's tables, and the record alone says which token is good.

use super::{BLACKLIST, ROTATE, ask, outstanding, refresh, sid, signed_up, sliding};
use crate::support::{Database, SECRET_KEY, TestServer, at_once, claims, jti, on_both, signed};
use munjigi::accounts::housekeeping::clear_sessions;
use munjigi_store::records::EndReason;
use serde_json::json;
use std::collections::BTreeSet;

on_both!(
    a_sign_in_is_one_row_however_often_its_token_rotates,
    of_twenty_at_once_all_get_one_successor_by_the_record_alone,
    a_used_token_is_refused_on_every_door,
    a_sign_out_by_any_token_ends_all_of_them,
    a_token_without_a_record_that_is_taken_back_leaves_an_ended_one,
    a_token_without_a_record_that_was_taken_back_stays_so_when_its_record_is_swept,
    an_older_token_is_in_two_hands,
    a_sliding_token_goes_by_its_record,
);

const DAY: i64 = 24 * 3600;
const ALONE: (&str, &str) = ("SIMPLE_JWT__TOKEN_BLACKLIST_APP", "false");
const REFRESH_OPENS: (&str, &str) = (
    "SIMPLE_JWT__AUTH_TOKEN_CLASSES",
    r#"["RefreshToken", "AccessToken"]"#,
);

async fn alone(database: Database) -> TestServer {
    signed_up(database, &[ROTATE, BLACKLIST, ALONE]).await
}

/// Neither table has a row.
async fn has_no_rows(server: &TestServer) -> bool {
    outstanding(server).await == 0 && server.blacklisted().await.is_empty()
}

async fn a_sign_in_is_one_row_however_often_its_token_rotates(database: Database) {
    let server = alone(database).await;
    let (_, mut token) = server.tokens().await;
    let widths = "SELECT length(sealed_successor) FROM munjigi_session";
    for _ in 0..20 {
        token = refresh(&server, &token).await.expect_status(200).text("refresh");
    }
    let before = server.sql(widths).await;
    for _ in 0..20 {
        token = refresh(&server, &token).await.expect_status(200).text("refresh");
    }
    assert_eq!(server.sql(widths).await, before);
    assert_eq!(
        server.sql("SELECT rotations FROM munjigi_session").await,
        [["40"]]
    );
    assert!(has_no_rows(&server).await);
}

async fn of_twenty_at_once_all_get_one_successor_by_the_record_alone(database: Database) {
    let server = alone(database).await;
    let (_, mut token) = server.tokens().await;
    for round in 1..=5 {
        let replies = at_once((0..20).map(|_| refresh(&server, &token))).await;
        let replies = replies
            .into_iter()
            .map(|reply| reply.expect_status(200).text("refresh"));
        let successors: BTreeSet<String> = replies.collect();
        assert_eq!(successors.len(), 1, "round {round}");
        token = successors.into_iter().next().unwrap();
        assert_eq!(server.record(&sid(&token)).await.rotations, round);
    }
}

async fn a_used_token_is_refused_on_every_door(database: Database) {
    let server = signed_up(database, &[ROTATE, BLACKLIST, ALONE, REFRESH_OPENS]).await;
    let (_, first) = server.tokens().await;
    server.me(&first).await.expect_status(200);
    let second = refresh(&server, &first).await.expect_status(200).text("refresh");
    server.me(&first).await.expect_error(401, "token_blacklisted");
    ask(&server, "verify/", json!({"token": first}))
        .await
        .expect_status(400);
    ask(&server, "blacklist/", json!({"refresh": first}))
        .await
        .expect_error(401, "token_blacklisted");
    server.me(&second).await.expect_status(200);
    ask(&server, "verify/", json!({"token": second}))
        .await
        .expect_status(200);
    server.clock.advance(11);
    refresh(&server, &first).await.expect_error(401, "token_reused");
    refresh(&server, &second)
        .await
        .expect_error(401, "token_blacklisted");
}

async fn a_sign_out_by_any_token_ends_all_of_them(database: Database) {
    let server = alone(database).await;
    for by in ["the first", "the second", "the route"] {
        let (_, first) = server.tokens().await;
        let reply = refresh(&server, &first).await.expect_status(200);
        let (access, second) = (reply.text("access"), reply.text("refresh"));
        let mut client = server.anonymous();
        let reply = match by {
            "the route" => ask(&server, "blacklist/", json!({"refresh": second})).await,
            by => {
                let token = if by == "the first" { &first } else { &second };
                client
                    .post("/user/jwt_signout", &json!({"refresh_token": token}))
                    .await
            }
        };
        reply.expect_status(200);
        for token in [&first, &second] {
            refresh(&server, token)
                .await
                .expect_error(401, "token_blacklisted");
            ask(&server, "verify/", json!({"token": token}))
                .await
                .expect_status(400);
            ask(&server, "blacklist/", json!({"refresh": token}))
                .await
                .expect_error(401, "token_blacklisted");
        }
        server.me(&access).await.expect_error(401, "token_blacklisted");
        assert_eq!(
            server.record(&sid(&first)).await.end_reason,
            Some(EndReason::SignOut)
        );
    }
    assert!(has_no_rows(&server).await);
}

async fn a_token_without_a_record_that_is_taken_back_leaves_an_ended_one(database: Database) {
    let server = alone(database).await;
    let (_, token) = server.tokens().await;
    let mut made = claims(&token);
    made.as_object_mut().unwrap().remove("sid");
    made["jti"] = json!("d".repeat(32));
    let made = signed(&made, SECRET_KEY);
    ask(&server, "verify/", json!({"token": made}))
        .await
        .expect_status(200);
    let reply = server
        .anonymous()
        .post("/user/jwt_signout", &json!({"refresh_token": made}))
        .await;
    reply.expect_status(200);
    refresh(&server, &made)
        .await
        .expect_error(401, "token_blacklisted");
    ask(&server, "verify/", json!({"token": made}))
        .await
        .expect_status(400);
    let ended = server
        .sql("SELECT jti FROM munjigi_session WHERE ended_at IS NOT NULL")
        .await;
    assert_eq!(ended, [[jti(&made)]]);
    assert!(has_no_rows(&server).await);
}

async fn a_token_without_a_record_that_was_taken_back_stays_so_when_its_record_is_swept(database: Database) {
    for settings in [
        vec![ALONE, REFRESH_OPENS],
        vec![ALONE, REFRESH_OPENS, ROTATE, BLACKLIST],
    ] {
        let server = signed_up(database.twin().await, &settings).await;
        let (_, token) = server.tokens().await;
        // A Django whose tokens live for longer than ours made it.
        let mut theirs = claims(&token);
        theirs.as_object_mut().unwrap().remove("sid");
        theirs["exp"] = json!(theirs["exp"].as_i64().unwrap() + 30 * DAY);
        theirs["jti"] = json!("a".repeat(32));
        let signed_out = signed(&theirs, SECRET_KEY);
        theirs["jti"] = json!("b".repeat(32));
        let used = signed(&theirs, SECRET_KEY);
        let refreshed = refresh(&server, &used).await.expect_status(200).json();
        let last = refreshed["refresh"].as_str().unwrap_or(&used);
        for token in [&signed_out, last] {
            let body = json!({"refresh_token": token});
            let reply = server.anonymous().post("/user/jwt_signout", &body).await;
            reply.expect_status(200);
        }
        server.clock.advance(15 * DAY);
        clear_sessions(&server.app, server.clock.now()).await.unwrap();
        for token in [signed_out, used] {
            for reply in [
                refresh(&server, &token).await,
                server.me(&token).await,
                ask(&server, "blacklist/", json!({"refresh": token})).await,
            ] {
                reply.expect_error(401, "token_blacklisted");
            }
        }
    }
}

async fn an_older_token_is_in_two_hands(database: Database) {
    let server = alone(database).await;
    let (_, first) = server.tokens().await;
    let second = refresh(&server, &first).await.text("refresh");
    let third = refresh(&server, &second).await.text("refresh");
    refresh(&server, &first).await.expect_error(401, "token_reused");
    refresh(&server, &third)
        .await
        .expect_error(401, "token_blacklisted");
}

async fn a_sliding_token_goes_by_its_record(database: Database) {
    let server = alone(database).await;
    let token = sliding(&server).await;
    server.clock.advance(60);
    let newer = ask(&server, "sliding/refresh/", json!({"token": token})).await;
    let newer = newer.expect_status(200).text("token");
    let sid = claims(&newer)["sid"].as_str().unwrap().to_owned();
    assert_eq!(server.record(&sid).await.jti, Some(jti(&token)));
    munjigi::accounts::administration::end_sessions(&server.app, "mseo", server.clock.now())
        .await
        .unwrap();
    ask(&server, "sliding/refresh/", json!({"token": newer}))
        .await
        .expect_error(401, "token_blacklisted");
    assert!(has_no_rows(&server).await);
}
