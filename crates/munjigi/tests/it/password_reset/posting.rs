//! The way of a mail to its server.

use super::Site;
use crate::support::{Database, Manner, run};

const STARTTLS: (&str, &str) = ("EMAIL_USE_TLS", "true");

/// What a mail server hears of somebody who is to be written to.
async fn heard(manner: Manner, settings: &[(&str, &str)], last: &str) -> Vec<String> {
    let site = Site::with(Database::sqlite(), manner, settings).await;
    site.server.signed_up().await;
    site.ask("mseo@naver.com").await.expect_status(200);
    site.post.told(last).await
}

#[test]
fn a_server_that_does_not_offer_starttls_is_told_nothing() {
    run(async {
        let site = Site::with(Database::sqlite(), Manner::Takes, &[STARTTLS]).await;
        site.server.signed_up().await;
        site.ask("mseo@naver.com").await.expect_status(200);
        site.settle().await;
        let heard = site.post.told("EHLO").await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(site.post.mails(0).await.is_empty());
    });
}

#[test]
fn a_server_that_takes_its_offer_of_starttls_back_is_told_nothing_and_asked_again() {
    run(async {
        let heard = heard(Manner::RefusesTls, &[STARTTLS], "STARTTLS").await;
        assert!(
            heard
                .iter()
                .all(|line| line.starts_with("EHLO") || line == "STARTTLS" || line == "QUIT"),
            "{heard:?}"
        );
    });
}

#[test]
fn what_is_said_behind_the_answer_to_starttls_is_not_believed() {
    run(async {
        let heard = heard(Manner::Injects, &[STARTTLS], "then").await;
        assert_eq!(
            heard.last().unwrap(),
            "then ClientHello, and no mail",
            "{heard:?}"
        );
        assert!(heard.iter().all(|line| !line.starts_with("MAIL")), "{heard:?}");
    });
}

#[test]
fn a_server_that_refuses_for_the_moment_is_asked_again() {
    run(async {
        let site = Site::with(Database::sqlite(), Manner::RefusesOnce, &[]).await;
        site.server.signed_up().await;
        site.link("mseo@naver.com").await;
        let heard = site.post.told("MAIL").await;
        assert_eq!(
            heard.iter().filter(|line| line.starts_with("RCPT")).count(),
            2,
            "{heard:?}"
        );
    });
}

#[test]
fn a_server_that_refuses_for_good_is_not_asked_again() {
    run(async {
        let site = Site::with(Database::sqlite(), Manner::Refuses, &[]).await;
        site.server.signed_up().await;
        site.ask("mseo@naver.com").await.expect_status(200);
        site.settle().await;
        let heard = site.post.told("RCPT").await;
        assert_eq!(
            heard.iter().filter(|line| line.starts_with("RCPT")).count(),
            1,
            "{heard:?}"
        );
    });
}

#[test]
fn who_we_are_is_said_where_both_parts_of_it_are_written() {
    run(async {
        let user = ("EMAIL_HOST_USER", "munjigi");
        let site = Site::with(Database::sqlite(), Manner::Takes, &[user]).await;
        site.server.signed_up().await;
        site.link("mseo@naver.com").await;
        let heard = site.post.told("RCPT").await;
        assert!(heard.iter().all(|line| !line.starts_with("AUTH")), "{heard:?}");
        assert!(
            heard.contains(&"MAIL FROM:<webmaster@localhost>".to_owned()),
            "{heard:?}"
        );
        assert!(
            heard.contains(&"RCPT TO:<mseo@naver.com>".to_owned()),
            "{heard:?}"
        );
    });
}
