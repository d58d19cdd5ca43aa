//! `POST /user/password_reset`: who is written to, and what is answered to everybody.

use super::{Link, SENT, Site, recipient, text_of};
use crate::support::{Database, FORM, MailServer, Manner, TestServer, on_both, run};
use http::Method;
use munjigi_store::users;
use serde_json::json;

on_both!(
    every_address_is_answered_alike_and_only_who_may_reset_is_written_to,
    every_user_of_an_address_gets_a_link_of_his_own,
    a_user_is_written_to_ever_more_seldom_while_somebody_asks,
);

async fn every_address_is_answered_alike_and_only_who_may_reset_is_written_to(database: Database) {
    let site = Site::new(database).await;
    let encoded = site.server.encoded("1234");
    for (name, email) in [
        ("mike", "mike@example.org"),
        ("seo", "Seo@naver.com"),
        ("gone", "gone@naver.com"),
    ] {
        site.server.insert_user(name, email, &encoded).await;
    }
    let unusable = format!("!{}", "a".repeat(40));
    site.server
        .insert_user("unusable", "unusable@naver.com", &unusable)
        .await;
    let gone = site.server.user("gone").await.id;
    let shut_out = site
        .server
        .app
        .store()
        .write(gone, |tx, id| Box::pin(users::deactivate(tx, id)));
    assert!(shut_out.await.unwrap());

    let mut answers = Vec::new();
    for email in [
        "nobody@naver.com",
        "gone@naver.com",
        "unusable@naver.com",
        "mıke@example.org",
        "mike@example.org",
        "SEO@NAVER.com",
    ] {
        let reply = site.ask(email).await.expect_status(200);
        assert_eq!(reply.json(), json!({"message": SENT}));
        answers.push((reply.headers, reply.body));
    }
    site.settle().await;
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    let mails = site.post.mails(2).await;
    let mut recipients: Vec<&str> = mails.iter().map(|mail| recipient(mail)).collect();
    recipients.sort_unstable();
    assert_eq!(
        recipients,
        ["Seo@naver.com", "mike@example.org"],
        "as they are stored"
    );
}

async fn every_user_of_an_address_gets_a_link_of_his_own(database: Database) {
    let site = Site::new(database).await;
    let encoded = site.server.encoded("1234");
    // Whoever may not reset takes nobody's place.
    for number in 0..10 {
        let name = format!("unusable{number}");
        site.server.insert_user(&name, "we@naver.com", "!").await;
    }
    for number in 0..12 {
        let email = if number % 2 == 0 {
            "we@naver.com"
        } else {
            "WE@naver.com"
        };
        site.server
            .insert_user(&format!("user{number}"), email, &encoded)
            .await;
    }
    site.ask("We@Naver.com").await.expect_status(200);
    site.settle().await;
    let mails = site.post.mails(10).await;
    let mut uids: Vec<String> = mails.iter().map(|mail| Link::in_mail(mail).uid).collect();
    uids.sort();
    uids.dedup();
    assert_eq!((mails.len(), uids.len()), (10, 10), "ten of twelve");
    for mail in &mails {
        let uid = Link::in_mail(mail).uid;
        let pk = munjigi_signing::uid_decode(&uid).unwrap();
        let number: i64 = pk.parse().unwrap();
        let user = users::by_id(&mut site.server.app.store().reader(), &number.into()).await;
        assert!(text_of(mail).contains(&user.unwrap().unwrap().username));
    }
}

async fn a_user_is_written_to_ever_more_seldom_while_somebody_asks(database: Database) {
    let site = Site::new(database).await;
    site.server.signed_up().await;
    let mut mails = 0;
    // A minute, two and four; after a quiet day a minute again.
    for (seconds, is_written_to) in [
        (0, true),
        (59, false),
        (1, true),
        (60, false),
        (60, true),
        (239, false),
        (1, true),
        (86_400, true),
        (60, true),
    ] {
        site.server.clock.advance(seconds);
        let reply = site.ask("mseo@naver.com").await.expect_status(200);
        assert_eq!(reply.json(), json!({"message": SENT}), "nobody is told");
        site.settle().await;
        mails += usize::from(is_written_to);
        assert_eq!(site.post.mails(mails).await.len(), mails, "{seconds}");
    }
}

#[test]
fn a_link_leads_to_the_page_that_is_written_whatever_host_is_asked() {
    run(async {
        let site = Site::with(Database::sqlite(), Manner::Takes, &[("ALLOWED_HOSTS", "[\"*\"]")]).await;
        site.server.signed_up().await;
        let mut client = site.server.anonymous();
        client.header("host", "evil.example");
        client.header("x-forwarded-host", "evil.example");
        client.header("forwarded", "host=evil.example");
        client.speaks_english();
        let body = json!({"email": "mseo@naver.com"});
        client
            .post("/user/password_reset", &body)
            .await
            .expect_status(200);
        let mail = site.post.mails(1).await.remove(0);
        assert!(
            !mail.contains("evil") && !text_of(&mail).contains("evil"),
            "{mail}"
        );
        Link::in_mail(&mail);
    });
}

#[test]
fn the_mail_is_djangos_in_the_language_of_who_asked() {
    run(async {
        let site = Site::new(Database::sqlite()).await;
        site.server.signed_up().await;
        let Link { uid, token } = site.link("mseo@naver.com").await;
        let mails = site.post.mails(1).await;
        let korean = format!(
            "app.example.com의 계정 비밀번호를 초기화하기 위한 요청으로 이 이메일이 전송되었습니다.\n\n\
             다음 페이지에서 새 비밀번호를 선택하세요.\n\nhttps://app.example.com/reset/{uid}/{token}/\n\n\
             잊으신 경우, 귀하의 사용자 이름은 다음과 같습니다: mseo\n\n사이트를 이용해 주셔서 고맙습니다.\n\n\
             app.example.com 팀\n"
        );
        assert_eq!(text_of(&mails[0]), korean);
        assert!(
            mails[0].starts_with("From: webmaster@localhost\r\n"),
            "{}",
            mails[0]
        );

        site.server.clock.advance(60);
        let mut client = site.server.anonymous();
        client.speaks_english();
        let reply = client
            .post_form("/user/password_reset", "email=mseo%40naver.com")
            .await;
        let sent = "We’ve emailed you instructions for setting your password, if an account exists with the email you \
                    entered. You should receive them shortly.";
        assert_eq!(reply.expect_status(200).json(), json!({"message": sent}));
        let mails = site.post.mails(2).await;
        assert!(
            mails[1].contains("Subject: Password reset on app.example.com\r\n"),
            "{}",
            mails[1]
        );
        let Link { uid, token } = Link::in_mail(&mails[1]);
        let english = format!(
            "You're receiving this email because you requested a password reset for your user account at \
             app.example.com.\n\nPlease go to the following page and choose a new password:\n\n\
             https://app.example.com/reset/{uid}/{token}/\n\nIn case you’ve forgotten, you are: mseo\n\n\
             Thanks for using our site!\n\nThe app.example.com team\n"
        );
        // SMTP ends a mail with a line of its own.
        assert_eq!(text_of(&mails[1]).trim_end(), english.trim_end());
    });
}

#[test]
fn what_is_no_address_is_an_error_of_its_field_however_long_it_is() {
    run(async {
        let site = Site::new(Database::sqlite()).await;
        let mut client = site.server.anonymous();
        let required = client.post("/user/password_reset", &json!({})).await;
        assert_eq!(
            required.expect_status(400).json(),
            json!({"email": ["이 필드는 필수 항목입니다."]})
        );
        let invalid = "유효한 이메일 주소를 입력하세요.";
        for email in [
            json!("mseo"),
            json!(1234),
            json!("a@b\r\nBcc: c@d"),
            json!(["mseo@naver.com"]),
        ] {
            let reply = client
                .post("/user/password_reset", &json!({"email": email}))
                .await;
            assert_eq!(
                reply.expect_status(400).json(),
                json!({"email": [invalid]}),
                "{email}"
            );
        }
        let long = format!("{}@naver.com", "a".repeat(1_000_000));
        let begun = std::time::Instant::now();
        let reply = site.ask(&long).await.expect_status(400);
        assert!(begun.elapsed().as_millis() < 1_000, "{:?}", begun.elapsed());
        assert!(reply.json()["email"].is_array());
        let form = format!("email={}", "a%40b.kr&email=".repeat(500));
        client
            .send(Method::POST, "/user/password_reset", Some(FORM), form)
            .await;
    });
}

#[test]
fn a_foreign_page_has_nobody_written_to() {
    run(async {
        let site = Site::new(Database::sqlite()).await;
        site.server.signed_up().await;
        let mut page = site.server.anonymous();
        page.header("origin", "https://evil.example");
        let body = json!({"email": "mseo@naver.com"});
        page.post("/user/password_reset", &body)
            .await
            .expect_error(403, "cross_site");
        page.post("/user/password_reset_confirm", &body)
            .await
            .expect_error(403, "cross_site");
        site.settle().await;
        assert!(site.post.mails(0).await.is_empty());
    });
}

#[test]
fn a_client_that_asks_for_many_is_told_to_come_again_and_keeps_nobody_else_waiting() {
    run(async {
        let Some(database) = Database::postgres().await else {
            return;
        };
        let site = Site::new(database).await;
        site.server.signed_up().await;
        let held = site.server.held("LOCK TABLE user_user").await;
        let mut flood = site.server.anonymous();
        let mut taken = 0;
        for number in 0..300 {
            // All of one /64.
            flood.comes_from(&format!("2001:db8:1:2::{number:x}"));
            let body = json!({"email": format!("{number}@naver.com")});
            let reply = flood.post("/user/password_reset", &body).await;
            if reply.status == 200 {
                taken += 1;
            } else {
                let reply = reply.expect_error(503, "unavailable");
                assert_eq!(reply.header("retry-after"), "1");
            }
        }
        // His share, and the one that is being looked up.
        assert_eq!(taken, 33);
        let told: Vec<_> = ["nobody@naver.com", "mseo@naver.com", "1@naver.com"]
            .into_iter()
            .map(|email| json!({"email": email}))
            .collect();
        let mut answers = Vec::new();
        for body in &told {
            let reply = flood.post("/user/password_reset", body).await;
            answers.push((reply.status, reply.headers, reply.body));
        }
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");

        let mut user = site.server.anonymous();
        user.comes_from("2001:db8:1:3::1");
        for body in [&told[1], &json!({"email": "MSEO@naver.com"})] {
            user.post("/user/password_reset", body).await.expect_status(200);
        }
        held.run("ROLLBACK").await;
        assert_eq!(recipient(&site.post.mails(1).await[0]), "mseo@naver.com");
        site.settle().await;
        flood
            .post("/user/password_reset", &told[0])
            .await
            .expect_status(200);
    });
}

#[test]
fn where_all_places_are_taken_by_a_few_clients_somebody_else_is_looked_up_all_the_same() {
    run(async {
        let Some(database) = Database::postgres().await else {
            return;
        };
        let site = Site::new(database).await;
        site.server.signed_up().await;
        let held = site.server.held("LOCK TABLE user_user").await;
        let mut flood = site.server.anonymous();
        for number in 0..400 {
            flood.comes_from(&format!("203.0.113.{}", number % 10));
            let body = json!({"email": format!("{number}@naver.com")});
            flood.post("/user/password_reset", &body).await;
        }
        let mut user = site.server.anonymous();
        user.comes_from("198.51.100.1");
        let body = json!({"email": "mseo@naver.com"});
        user.post("/user/password_reset", &body).await.expect_status(200);
        held.run("ROLLBACK").await;
        assert_eq!(recipient(&site.post.mails(1).await[0]), "mseo@naver.com");
        site.settle().await;
    });
}

#[test]
fn a_large_table_without_an_index_on_addresses_is_a_finding_that_names_the_route_where_there_is_one() {
    run(async {
        let server = Database::sqlite().server().await;
        server.sql("DROP INDEX munjigi_user_email").await;
        let columns = "id, username, password, email, first_name, last_name, is_superuser, is_staff, is_active, date_joined";
        let users = format!(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000) \
             INSERT INTO user_user ({columns}) SELECT n, n, '!', n || '@naver.com', '', '', 0, 0, 1, '2026-01-01' FROM n"
        );
        server.sql(&users).await;
        server
            .sql("UPDATE munjigi_origin SET created_by = 'django'")
            .await;
        let projects = ("AUTH_USER_MODEL", "user.User");
        let finding = |server: &TestServer| {
            let warnings = &server.app.config().warnings;
            let found = warnings.iter().find(|warning| warning.id == "munjigi.W060");
            found.unwrap().message.clone()
        };
        let off = ("ROUTES__PASSWORD_RESET", "false");
        let server = server.restarted_with(&[projects, off]).await;
        let alone = finding(&server);
        assert!(
            alone.ends_with("each sign-in by e-mail reads all of it."),
            "{alone}"
        );
        let server = server
            .restarted_with(&[projects, ("ROUTES__PASSWORD_RESET", "/user/password_reset")])
            .await;
        let both = finding(&server);
        assert!(both.contains(" to /user/password_reset, "), "{both}");
    });
}

#[test]
fn a_mail_server_that_hangs_keeps_nobody_waiting() {
    run(async {
        let site = Site::with(Database::sqlite(), Manner::Hangs, &[]).await;
        site.server.signed_up().await;
        for email in ["mseo@naver.com", "nobody@naver.com"] {
            let begun = std::time::Instant::now();
            site.ask(email).await.expect_status(200);
            assert!(begun.elapsed().as_millis() < 1_000, "{:?}", begun.elapsed());
        }
    });
}

#[test]
fn nothing_is_asked_of_a_mail_server_for_an_address_that_none_takes() {
    run(async {
        let site = Site::new(Database::sqlite()).await;
        let encoded = site.server.encoded("1234");
        // A sign-up would not take it; a Django's admin may have.
        let address = "mseo@naver.com\r\nBcc: thief@example.com";
        let user = site.server.insert_user("mseo", address, &encoded).await;
        let found = users::all_by_email(&mut site.server.app.store().reader(), address).await;
        assert_eq!(found.unwrap()[0].id, user.id);
        let post: &MailServer = &site.post;
        munjigi::accounts::password::reset::ask(
            &site.server.app,
            address.to_owned(),
            munjigi::i18n::Lang::En,
            &munjigi::accounts::Client::default(),
        )
        .unwrap();
        site.settle().await;
        assert!(post.mails(0).await.is_empty());
    });
}
