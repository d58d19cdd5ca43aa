//! `ROTATE_REFRESH_TOKENS` with `BLACKLIST_AFTER_ROTATION`: one lineage behind each sign-in, whatever its tokens go through.

use super::{BLACKLIST, ROTATE, UPSTREAM, refresh, sid, signed_up};
use crate::support::{Database, Reply, SECRET_KEY, TestServer, claims, jti, on_both, signed};
use munjigi::accounts::administration;
use munjigi_passwords::Password;
use munjigi_store::records::EndReason;
use serde_json::{Value, json};

on_both!(
    who_lost_an_answer_gets_it_again_within_the_window,
    a_repeat_never_starts_the_window_again,
    a_thief_who_is_first_is_found_out_by_his_victim,
    a_thief_who_is_second_is_found_out_at_once,
    within_the_window_both_get_one_successor_and_the_next_use_parts_them,
    an_older_token_ends_its_sign_in_within_the_window_too,
    a_sign_in_that_has_ended_repeats_nothing,
    a_user_who_is_inactive_gets_no_repeat_until_he_is_active_again,
    a_token_that_django_blacklisted_is_refused_and_ends_the_sign_in_only_later,
    nothing_is_repeated_that_django_rotated_further,
    a_token_that_django_rotated_becomes_the_current_one_and_the_displaced_one_is_refused,
    a_sign_in_past_its_absolute_end_neither_rotates_nor_repeats,
    who_writes_which_simplejwt_is_to_be_found_gets_its_rule,
    a_seal_of_a_former_secret_key_is_opened_and_one_of_an_unknown_key_is_refused,
);

const MACHINE: [(&str, &str); 2] = [ROTATE, BLACKLIST];

async fn machine(database: Database) -> TestServer {
    signed_up(database, &MACHINE).await
}

async fn refreshed(server: &TestServer, token: &str) -> String {
    refresh(server, token).await.expect_status(200).text("refresh")
}

/// simplejwt's words, and a word of ours.
async fn refused(server: &TestServer, token: &str, word: &str) {
    let reply = refresh(server, token).await.expect_error(401, word);
    let words = json!({"detail": "Token is blacklisted", "code": "token_not_valid"});
    assert_eq!(reply.json(), words);
    assert!(reply.header("www-authenticate").starts_with("Bearer "));
}

/// A sign-in that ended because of a reuse: nothing of it is good, here or at Django.
async fn has_ended(server: &TestServer, tokens: &[&str]) {
    let record = server.record(&sid(tokens[0])).await;
    assert_eq!(record.end_reason, Some(EndReason::Reuse));
    assert!(server.blacklisted().await.contains(&record.jti.unwrap()));
    for token in tokens {
        refused(server, token, "token_blacklisted").await;
    }
    let listed = server.sql("SELECT sid FROM munjigi_ended").await;
    assert_eq!(listed, [[sid(tokens[0])]]);
}

async fn who_lost_an_answer_gets_it_again_within_the_window(database: Database) {
    let server = machine(database).await;
    let (_, first) = server.tokens().await;
    let second = refreshed(&server, &first).await;
    let rows = server
        .sql("SELECT count(*) FROM token_blacklist_outstandingtoken")
        .await;
    server.clock.advance(10);
    let again: Reply = refresh(&server, &first).await.expect_status(200);
    assert_eq!(again.text("refresh"), second);
    let access = claims(&again.text("access"));
    assert_eq!(access["iat"], server.clock.now().as_second());
    assert_eq!(
        (&access["sid"], &access["user_id"]),
        (&claims(&first)["sid"], &json!("1"))
    );
    server.me(&again.text("access")).await.expect_status(200);
    assert_eq!(server.record(&sid(&first)).await.rotations, 1);
    assert_eq!(
        server
            .sql("SELECT count(*) FROM token_blacklist_outstandingtoken")
            .await,
        rows
    );
    let third = refreshed(&server, &second).await;
    // The other dialect repeats as well.
    let again = server.refresh(&second).await.expect_status(200);
    assert_eq!(again.text("refresh_token"), third);
}

async fn a_repeat_never_starts_the_window_again(database: Database) {
    let server = machine(database).await;
    let (_, first) = server.tokens().await;
    let second = refreshed(&server, &first).await;
    for _ in 0..2 {
        server.clock.advance(5);
        assert_eq!(refreshed(&server, &first).await, second);
    }
    server.clock.advance(1);
    refused(&server, &first, "token_reused").await;
    has_ended(&server, &[&first, &second]).await;
}

async fn a_thief_who_is_first_is_found_out_by_his_victim(database: Database) {
    let server = machine(database).await;
    let (access, stolen) = server.tokens().await;
    let (_, elsewhere) = server.tokens().await;
    let reply = refresh(&server, &stolen).await.expect_status(200);
    let thiefs = reply.text("refresh");
    server.clock.advance(60);
    let newest = refreshed(&server, &thiefs).await;
    refused(&server, &stolen, "token_reused").await;
    has_ended(&server, &[&stolen, &thiefs, &newest]).await;
    for access in [access, reply.text("access")] {
        server.me(&access).await.expect_error(401, "token_blacklisted");
    }
    refreshed(&server, &elsewhere).await;
}

async fn a_thief_who_is_second_is_found_out_at_once(database: Database) {
    let server = machine(database).await;
    let (_, stolen) = server.tokens().await;
    let (_, elsewhere) = server.tokens().await;
    let victims = refreshed(&server, &stolen).await;
    server.clock.advance(11);
    refused(&server, &stolen, "token_reused").await;
    has_ended(&server, &[&victims, &stolen]).await;
    refreshed(&server, &elsewhere).await;
}

async fn within_the_window_both_get_one_successor_and_the_next_use_parts_them(database: Database) {
    let server = machine(database).await;
    let (_, stolen) = server.tokens().await;
    let victims = refreshed(&server, &stolen).await;
    assert_eq!(refreshed(&server, &stolen).await, victims);
    server.clock.advance(300);
    let newest = refreshed(&server, &victims).await;
    server.clock.advance(11);
    refused(&server, &victims, "token_reused").await;
    has_ended(&server, &[&victims, &newest]).await;
}

async fn an_older_token_ends_its_sign_in_within_the_window_too(database: Database) {
    let server = machine(database).await;
    let (_, first) = server.tokens().await;
    let second = refreshed(&server, &first).await;
    let third = refreshed(&server, &second).await;
    refused(&server, &first, "token_reused").await;
    has_ended(&server, &[&first, &second, &third]).await;
}

async fn a_sign_in_that_has_ended_repeats_nothing(database: Database) {
    let server = machine(database).await;
    for by in [
        "the successor",
        "the used token",
        "another password",
        "an operator",
    ] {
        let (_, first) = server.tokens().await;
        let second = refreshed(&server, &first).await;
        let now = server.clock.now();
        let (mut client, app) = (server.anonymous(), &server.app);
        match by {
            "another password" => {
                let same = Password::from("1234".to_owned());
                administration::change_password(app, "mseo", same, now)
                    .await
                    .unwrap();
            }
            "an operator" => {
                administration::end_sessions(app, "mseo", now).await.unwrap();
            }
            by => {
                let token = if by == "the successor" { &second } else { &first };
                let reply = client
                    .post("/user/jwt_signout", &json!({"refresh_token": token}))
                    .await;
                reply.expect_status(200);
            }
        }
        let ended = server.record(&sid(&first)).await;
        for token in [&first, &second] {
            refused(&server, token, "token_blacklisted").await;
        }
        server.clock.advance(60);
        refused(&server, &first, "token_blacklisted").await;
        let record = server.record(&sid(&first)).await;
        assert!(
            record == ended && ended.end_reason != Some(EndReason::Reuse),
            "{by}"
        );
    }
}

async fn a_user_who_is_inactive_gets_no_repeat_until_he_is_active_again(database: Database) {
    let server = machine(database).await;
    let (_, first) = server.tokens().await;
    let second = refreshed(&server, &first).await;
    // As a Django beside us does it: no record ends.
    server.sql("UPDATE user_user SET is_active = false").await;
    for token in [&first, &second] {
        refresh(&server, token)
            .await
            .expect_error(401, "no_active_account");
    }
    server.sql("UPDATE user_user SET is_active = true").await;
    assert_eq!(refreshed(&server, &first).await, second);
}

/// As Django's `blacklist()`.
async fn django_blacklists(server: &TestServer, token: &str) {
    let at = server.clock.now().strftime("%Y-%m-%d %H:%M:%S");
    server
        .sql(&format!(
            "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
             SELECT id, '{at}' FROM token_blacklist_outstandingtoken WHERE jti = '{}'",
            jti(token)
        ))
        .await;
}

/// As Django's `TokenRefreshSerializer` under both settings: the old token is blacklisted, the new one written down.
async fn django_rotates(server: &TestServer, token: &str, id: char) -> String {
    django_blacklists(server, token).await;
    let mut made = claims(token);
    let now = server.clock.now().as_second();
    made["jti"] = json!(id.to_string().repeat(32));
    made["iat"] = json!(now);
    made["exp"] = json!(now + 86_400);
    let made = signed(&made, SECRET_KEY);
    server
        .sql(&format!(
            "INSERT INTO token_blacklist_outstandingtoken (user_id, jti, token, created_at, expires_at) \
             VALUES (1, '{}', '{made}', '2026-01-01 00:00:00', '2026-01-08 00:00:00')",
            jti(&made)
        ))
        .await;
    made
}

async fn a_token_that_django_blacklisted_is_refused_and_ends_the_sign_in_only_later(database: Database) {
    let server = machine(database).await;
    let (_, token) = server.tokens().await;
    let before = server.record(&sid(&token)).await;
    django_blacklists(&server, &token).await;
    server.clock.advance(10);
    refused(&server, &token, "token_blacklisted").await;
    assert!(server.record(&sid(&token)).await == before);
    server.clock.advance(1);
    refused(&server, &token, "token_reused").await;
    has_ended(&server, &[&token]).await;
}

async fn nothing_is_repeated_that_django_rotated_further(database: Database) {
    let server = machine(database).await;
    let (_, first) = server.tokens().await;
    let second = refreshed(&server, &first).await;
    let theirs = django_rotates(&server, &second, 'a').await;
    refused(&server, &first, "token_blacklisted").await;
    let ours = refreshed(&server, &theirs).await;
    assert_eq!(refreshed(&server, &theirs).await, ours);
}

async fn a_token_that_django_rotated_becomes_the_current_one_and_the_displaced_one_is_refused(
    database: Database,
) {
    let server = machine(database).await;
    let (_, first) = server.tokens().await;
    let theirs = django_rotates(&server, &first, 'b').await;
    // Another tab, which was slower there.
    refused(&server, &first, "token_blacklisted").await;
    let ours = refreshed(&server, &theirs).await;
    let record = server.record(&sid(&first)).await;
    assert_eq!(
        (record.jti, record.previous_jti),
        (Some(jti(&ours)), Some(jti(&theirs)))
    );
    assert_eq!(refreshed(&server, &theirs).await, ours);

    // Django and we raced: both made a successor, and it blacklisted nothing of ours.
    let mut raced = claims(&ours);
    raced["jti"] = json!("c".repeat(32));
    let raced = signed(&raced, SECRET_KEY);
    let newest = refreshed(&server, &raced).await;
    assert!(
        server.blacklisted().await.contains(&jti(&ours)),
        "it is displaced"
    );
    refused(&server, &ours, "token_reused").await;
    has_ended(&server, &[&ours, &newest]).await;
}

async fn a_sign_in_past_its_absolute_end_neither_rotates_nor_repeats(database: Database) {
    let server = machine(database).await;
    let (_, first) = server.tokens().await;
    let second = refreshed(&server, &first).await;
    let end = server.clock.now().as_millisecond() + 5_000;
    server
        .sql(&format!("UPDATE munjigi_session SET absolute_end = {end}"))
        .await;
    server.clock.advance(4);
    assert_eq!(refreshed(&server, &first).await, second);
    server.clock.advance(1);
    for token in [&first, &second] {
        refused(&server, token, "token_blacklisted").await;
    }
    assert_eq!(server.record(&sid(&first)).await.rotations, 1);
}

async fn who_writes_which_simplejwt_is_to_be_found_gets_its_rule(database: Database) {
    let release = ("SIMPLE_JWT__COMPAT_VERSION", "5.5.1");
    let server = signed_up(database, &[ROTATE, BLACKLIST, release]).await;
    let (_, first) = server.tokens().await;
    let second = refreshed(&server, &first).await;
    for _ in 0..2 {
        refused(&server, &first, "token_blacklisted").await;
        server.clock.advance(60);
    }
    let third = refreshed(&server, &second).await;
    let window = ("SIMPLE_JWT__ROTATION_WINDOW", "30s");
    let server = server.neighbour(&[ROTATE, BLACKLIST, release, window]).await;
    let fourth = refreshed(&server, &third).await;
    server.clock.advance(30);
    assert_eq!(refreshed(&server, &third).await, fourth);
    let server = server.neighbour(&[ROTATE, BLACKLIST, UPSTREAM]).await;
    refused(&server, &third, "token_blacklisted").await;
    refreshed(&server, &fourth).await;
}

async fn a_seal_of_a_former_secret_key_is_opened_and_one_of_an_unknown_key_is_refused(database: Database) {
    const NEW: &str = "another-secret-key-of-the-tests-0123456789-abcdefghijklmnopqrst";
    let signing = ("SIMPLE_JWT__SIGNING_KEY", SECRET_KEY);
    let server = signed_up(database, &[ROTATE, BLACKLIST, signing]).await;
    let (_, first) = server.tokens().await;
    let second = refreshed(&server, &first).await;
    let former = Value::from(vec![SECRET_KEY]).to_string();
    let followed = [
        ROTATE,
        BLACKLIST,
        signing,
        ("SECRET_KEY", NEW),
        ("SECRET_KEY_FALLBACKS", &former),
    ];
    let server = server.restarted_with(&followed).await;
    assert_eq!(refreshed(&server, &first).await, second);
    let unknown = [ROTATE, BLACKLIST, signing, ("SECRET_KEY", NEW)];
    let server = server.restarted_with(&unknown).await;
    refused(&server, &first, "token_blacklisted").await;
    // Its auth hash is of the former key too: nothing of that sign-in is good, and it has not ended.
    assert_eq!(server.record(&sid(&first)).await.ended_at, None);
}
