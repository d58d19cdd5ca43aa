//! `POST /user/password_reset_confirm`: which links are good, and what one does.

use super::{BAD_LINK, Link, NEW, Site, URL};
use crate::support::{
    Database, Manner, Reply, SECRET_KEY, SignedIn, TestServer, at_once, mseo_signs_in, on_both, run,
};
use munjigi_store::records::EndReason;
use munjigi_store::users;
use serde_json::json;

on_both!(
    a_mailed_link_sets_a_password_ends_every_sign_in_and_is_used_up,
    a_link_that_is_no_good_is_one_error_whatever_is_wrong_with_it,
    a_link_is_good_for_as_long_as_the_setting_says,
    of_two_who_use_one_link_at_once_one_comes_first,
    a_link_outlives_the_secret_key_that_it_was_made_with,
);

const VALIDATORS: (&str, &str) = (
    "AUTH_PASSWORD_VALIDATORS",
    r#"[{ NAME = "MinimumLengthValidator" }, { NAME = "UserAttributeSimilarityValidator" }]"#,
);

#[track_caller]
fn expect_bad_link(reply: Reply) {
    let reply = reply.expect_error(400, "invalid");
    assert_eq!(reply.json(), json!({"token": [BAD_LINK]}));
}

async fn a_mailed_link_sets_a_password_ends_every_sign_in_and_is_used_up(database: Database) {
    let site = Site::with(database, Manner::Takes, &[VALIDATORS]).await;
    // Signed up before there were any validators.
    let encoded = site.server.encoded("1234");
    site.server.insert_user("mseo", "mseo@naver.com", &encoded).await;
    let mut browser = site.server.anonymous();
    browser
        .post("/user/session_signin", &mseo_signs_in())
        .await
        .expect_status(200);
    let (access, refresh) = site.server.tokens().await;
    let mut bystander = site.server.bystander().await;
    let sids: Vec<String> = site
        .server
        .records("mseo")
        .await
        .into_iter()
        .map(|record| record.sid)
        .collect();
    assert_eq!(sids.len(), 2);

    let link = site.link("mseo@naver.com").await;
    let weak = link.use_for(&site.server, "mseo@nav").await.expect_status(400);
    let similar = "비밀번호가 이메일 주소와 너무 유사합니다.";
    assert_eq!(weak.json(), json!({"new_password": [similar]}));
    site.server.me(&access).await.expect_status(200);

    let reply = link.use_for(&site.server, NEW).await.expect_status(200);
    assert_eq!(
        reply.json(),
        json!({"message": "비밀번호가 설정되었습니다. 이제 로그인하세요."})
    );
    assert!(reply.set_cookie("sessionid").is_none());
    site.server.me(&access).await.expect_status(401);
    site.server.refresh(&refresh).await.expect_status(401);
    browser.get("/user/me").await.expect_status(401);
    for sid in &sids {
        let record = site.server.record(sid).await;
        assert_eq!(record.end_reason, Some(EndReason::PasswordChange));
    }
    bystander.get("/user/me").await.expect_status(200);

    expect_bad_link(link.use_for(&site.server, "yet-another-9-word").await);
    let mut client = site.server.anonymous();
    client
        .post("/user/jwt_signin", &mseo_signs_in())
        .await
        .expect_status(400);
    let body = json!({"email": "mseo@naver.com", "password": NEW});
    client.post("/user/jwt_signin", &body).await.expect_status(200);
}

async fn a_link_that_is_no_good_is_one_error_whatever_is_wrong_with_it(database: Database) {
    let site = Site::new(database).await;
    site.server.signed_up().await;
    let encoded = site.server.encoded("x");
    let other = site
        .server
        .insert_user("other", "other@naver.com", &encoded)
        .await;
    let good = site.link("mseo@naver.com").await;
    let with_uid = |uid: &str| Link {
        uid: uid.to_owned(),
        ..good.clone()
    };
    let with_token = |token: &str| Link {
        token: token.to_owned(),
        ..good.clone()
    };
    let mut bad: Vec<Link> = [
        "!",
        "MQ==",
        "_____",
        "LTE",
        "OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
        "7",
        "AAAA",
        "w7w",
    ]
    .map(with_uid)
    .into();
    bad.push(with_uid(&munjigi_signing::uid_encode(&other.id.to_string())));
    bad.push(with_uid(&munjigi_signing::uid_encode("999999")));
    bad.push(with_uid(&"A".repeat(100_000)));
    bad.extend(["x", "-", "a-b", "set-password"].map(with_token));
    bad.push(with_token(&good.token.to_uppercase()));
    bad.push(with_token(&good.token[..good.token.len() - 1]));
    bad.push(with_token(&format!("{}0", good.token)));
    bad.push(with_token(&good.token.repeat(10_000)));
    for link in &bad {
        expect_bad_link(link.use_for(&site.server, NEW).await);
    }
    // A sign-in since, another address, and another password each use a link up.
    site.server.tokens().await;
    expect_bad_link(good.use_for(&site.server, NEW).await);
    let id = site.server.user("mseo").await.id;
    let spoilt_by = async |sql: String| {
        // The longest pause between two mails.
        site.server.clock.advance(3_600);
        let link = site.link("mseo@naver.com").await;
        site.server.sql(&sql).await;
        expect_bad_link(link.use_for(&site.server, NEW).await);
    };
    let inactive = if site.server.is_sqlite() { "0" } else { "false" };
    spoilt_by(format!(
        "UPDATE user_user SET password = '{encoded}' WHERE id = {id}"
    ))
    .await;
    spoilt_by(format!(
        "UPDATE user_user SET is_active = {inactive} WHERE id = {id}"
    ))
    .await;
    let active = if site.server.is_sqlite() { "1" } else { "true" };
    site.server
        .sql(&format!(
            "UPDATE user_user SET is_active = {active} WHERE id = {id}"
        ))
        .await;
    spoilt_by(format!(
        "UPDATE user_user SET email = 'mseo@example.org' WHERE id = {id}"
    ))
    .await;
    assert_eq!(
        site.server.user("mseo").await.password,
        encoded,
        "none of them did anything"
    );
}

async fn a_link_is_good_for_as_long_as_the_setting_says(database: Database) {
    let zone = ("TIME_ZONE", "Asia/Seoul");
    let site = Site::with(database, Manner::Takes, &[("PASSWORD_RESET_TIMEOUT", "90"), zone]).await;
    site.server.signed_up().await;
    let late = site.link("mseo@naver.com").await;
    site.server.clock.advance(91);
    expect_bad_link(late.use_for(&site.server, NEW).await);
    let in_time = site.link("mseo@naver.com").await;
    site.server.clock.advance(90);
    in_time.use_for(&site.server, NEW).await.expect_status(200);
}

async fn of_two_who_use_one_link_at_once_one_comes_first(database: Database) {
    let site = Site::new(database).await;
    site.server.signed_up().await;
    let link = site.link("mseo@naver.com").await;
    let passwords: Vec<String> = (0..8).map(|number| format!("password-number-{number}")).collect();
    let replies = at_once(
        passwords
            .iter()
            .map(|password| link.use_for(&site.server, password)),
    )
    .await;
    let won: Vec<usize> = (0..8).filter(|at| replies[*at].status == 200).collect();
    assert_eq!(won.len(), 1, "{won:?}");
    for (at, reply) in replies.into_iter().enumerate() {
        if at != won[0] {
            expect_bad_link(reply);
        }
    }
    let body = json!({"email": "mseo@naver.com", "password": passwords[won[0]]});
    let mut client = site.server.anonymous();
    client.post("/user/jwt_signin", &body).await.expect_status(200);
}

/// The hash takes its time, and what is true of the user when it is written decides.
#[test]
fn a_link_ends_with_the_address_that_it_was_mailed_to_though_it_is_being_used() {
    run(async {
        let Some(database) = Database::postgres().await else {
            return;
        };
        let site = Site::new(database).await;
        site.server.signed_up().await;
        let link = site.link("mseo@naver.com").await;
        let held = site
            .server
            .held("UPDATE user_user SET email = 'other@naver.com'")
            .await;
        let changing = async {
            held.wait_for(1).await;
            held.commit().await;
        };
        let (reply, ()) = tokio::join!(link.use_for(&site.server, NEW), changing);
        expect_bad_link(reply);
        let body = json!({"username": "mseo", "password": "1234"});
        let mut client = site.server.anonymous();
        client.post("/user/jwt_signin", &body).await.expect_status(200);
    });
}

async fn a_link_outlives_the_secret_key_that_it_was_made_with(database: Database) {
    let site = Site::new(database).await;
    site.server.signed_up().await;
    let link = site.link("mseo@naver.com").await;
    let fallbacks = format!("[\"{SECRET_KEY}\"]");
    let renewed = (
        "SECRET_KEY",
        "another-secret-key-of-the-tests-9876543210-zyxwvutsrqponmlkjihgfedcba",
    );
    let Site { server, .. } = site;
    let server = server.restarted_with(&[URL, renewed]).await;
    expect_bad_link(link.use_for(&server, NEW).await);
    let server = server
        .restarted_with(&[URL, renewed, ("SECRET_KEY_FALLBACKS", &fallbacks)])
        .await;
    link.use_for(&server, NEW).await.expect_status(200);
}

#[test]
fn a_confirmation_wants_all_three_fields_in_json_or_a_form() {
    run(async {
        let site = Site::new(Database::sqlite()).await;
        site.server.signed_up().await;
        let link = site.link("mseo@naver.com").await;
        let mut client = site.server.anonymous();
        let required = ["이 필드는 필수 항목입니다."];
        let reply = client
            .post("/user/password_reset_confirm", &json!({}))
            .await
            .expect_status(400);
        assert_eq!(
            reply.json(),
            json!({"uid": required, "token": required, "new_password": required})
        );
        let form = format!("uid={}&token={}&new_password=1234", link.uid, link.token);
        client.speaks_english();
        let reply = client
            .post_form("/user/password_reset_confirm", &form)
            .await
            .expect_status(200);
        let done = "Your password has been set.  You may go ahead and log in now.";
        assert_eq!(reply.json(), json!({"message": done}));
        let reply = client.post_form("/user/password_reset_confirm", &form).await;
        let bad = "The password reset link was invalid, possibly because it has already been used.  Please request a new \
                   password reset.";
        assert_eq!(reply.expect_status(400).json(), json!({"token": [bad]}));
    });
}

#[test]
fn a_reset_proves_the_mailbox_and_ends_what_somebody_else_opened_before() {
    run(async {
        let site = Site::new(Database::sqlite()).await;
        let mut thief = SignedIn::new(&site.server).await;
        let link = site.link("mseo@naver.com").await;
        link.use_for(&site.server, NEW).await.expect_status(200);
        assert_eq!(thief.holds().await, [false; 3]);
        let user = site.server.user("mseo").await;
        let records = site.server.records("mseo").await;
        assert!(records.is_empty());
        let read = users::by_id(&mut site.server.app.store().reader(), &user.id)
            .await
            .unwrap();
        assert_eq!(read.unwrap().last_login, user.last_login, "nobody signed in");
    });
}

#[test]
fn the_page_of_dev_is_a_form_for_its_own_link_and_shows_nothing_else_of_it() {
    run(async {
        let server: TestServer = Database::sqlite().server().await;
        let mut client = server.anonymous();
        let page = client
            .get("/user/password_reset_confirm?uid=MQ&token=a-b")
            .await
            .expect_status(200);
        let html = String::from_utf8(page.body.clone()).unwrap();
        assert!(
            html.contains("name=\"uid\" value=\"MQ\"") && html.contains("name=\"token\" value=\"a-b\""),
            "{html}"
        );
        let evil = client
            .get("/user/password_reset_confirm?uid=%22%3E%3Cscript%3E&token='")
            .await;
        let html = String::from_utf8(evil.expect_status(200).body).unwrap();
        assert!(
            !html.contains("script") && html.contains("name=\"token\" value=\"\""),
            "{html}"
        );
    });
}
