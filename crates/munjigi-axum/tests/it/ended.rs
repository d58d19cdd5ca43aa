//! Sign-ins that ended at another server.

use crate::issuer::{Answer, Issuer, REFUSED_URLS, Ticks, hostile, until};
use munjigi_axum::remote::{EndedList, MAX_STALENESS};
use munjigi_tokens::Revocations;
use munjigi_tokens::ended::{EndedPage, Fingerprint};
use std::time::Duration;

fn page(cursor: u64, ended: &[&str]) -> EndedPage {
    EndedPage {
        cursor,
        reset: false,
        more: false,
        ended: ended.iter().map(|sid| Fingerprint::of(sid)).collect(),
    }
}

fn whole(cursor: u64, ended: &[&str]) -> EndedPage {
    EndedPage {
        reset: true,
        ..page(cursor, ended)
    }
}

fn answer(page: &EndedPage) -> Answer {
    Answer::Json(page.to_json())
}

async fn issuer_and_list(page: &EndedPage) -> (Issuer, Ticks, EndedList) {
    let (issuer, ticks) = (Issuer::start(answer(page)).await, Ticks::start());
    let list = EndedList::with_clock(issuer.url(), MAX_STALENESS, ticks.clock()).unwrap();
    (issuer, ticks, list)
}

fn is_revoked(list: &EndedList, sid: &str) -> Option<bool> {
    match list.is_revoked(Some(sid), Some("jti")) {
        Ok(is_revoked) => Some(is_revoked),
        Err(error) => {
            assert!(error.is_unavailable());
            None
        }
    }
}

#[tokio::test]
async fn nothing_is_known_before_the_first_answer() {
    let (_, _, list) = issuer_and_list(&whole(1, &["a"])).await;
    assert_eq!(is_revoked(&list, "a"), None);
    assert!(
        !list.is_revoked(None, Some("jti")).unwrap(),
        "without a sign-in there is nothing to know"
    );
    list.poll().await.unwrap();
    assert_eq!(
        (is_revoked(&list, "a"), is_revoked(&list, "b")),
        (Some(true), Some(false))
    );
}

#[tokio::test]
async fn each_question_goes_on_where_the_last_answer_ended() {
    let (issuer, _, list) = issuer_and_list(&whole(7, &["a"])).await;
    list.poll().await.unwrap();
    issuer.answer(answer(&page(9, &["b"])));
    list.poll().await.unwrap();
    issuer.answer(answer(&page(9, &[])));
    list.poll().await.unwrap();
    assert_eq!(issuer.asked_for(), ["/keys", "/keys?after=7", "/keys?after=9"]);
    assert_eq!(
        (is_revoked(&list, "a"), is_revoked(&list, "b")),
        (Some(true), Some(true))
    );
    assert_eq!(issuer.connections(), 1);
}

#[tokio::test]
async fn a_list_that_begins_anew_takes_the_place_of_the_old_one() {
    let (issuer, _, list) = issuer_and_list(&whole(7, &["a"])).await;
    list.poll().await.unwrap();
    issuer.answer(answer(&whole(3, &["b"])));
    list.poll().await.unwrap();
    assert_eq!(
        (is_revoked(&list, "a"), is_revoked(&list, "b")),
        (Some(false), Some(true))
    );
}

#[tokio::test]
async fn the_list_is_read_whole_every_hour() {
    let (issuer, ticks, list) = issuer_and_list(&whole(7, &["a"])).await;
    list.poll().await.unwrap();
    issuer.answer(answer(&page(7, &[])));
    ticks.advance(3599);
    list.poll().await.unwrap();
    ticks.advance(1);
    issuer.answer(answer(&whole(7, &[])));
    list.poll().await.unwrap();
    assert_eq!(issuer.asked_for(), ["/keys", "/keys?after=7", "/keys"]);
    assert_eq!(
        is_revoked(&list, "a"),
        Some(false),
        "what the server forgot is forgotten"
    );
}

#[tokio::test]
async fn a_list_without_end_is_given_up_and_half_of_a_list_is_none() {
    let (issuer, _, list) = issuer_and_list(&whole(7, &["a"])).await;
    list.poll().await.unwrap();
    issuer.answer(answer(&EndedPage {
        more: true,
        ..whole(8, &["b"])
    }));
    assert_eq!(list.poll().await.unwrap_err().code(), "remote_malformed");
    assert_eq!(
        (is_revoked(&list, "a"), is_revoked(&list, "b")),
        (Some(true), Some(false))
    );
}

#[tokio::test]
async fn an_outage_is_no_reason_to_forget_and_after_a_while_none_to_trust() {
    let elsewhere = Issuer::start(answer(&whole(1, &[]))).await;
    let (issuer, ticks, list) = issuer_and_list(&whole(7, &["a"])).await;
    list.poll().await.unwrap();
    for (word, answer) in hostile(&elsewhere) {
        issuer.answer(answer);
        assert_eq!(list.poll().await.unwrap_err().code(), word);
    }
    assert_eq!(elsewhere.asked(), 0, "no redirection was followed");
    ticks.advance(30);
    assert_eq!(
        (is_revoked(&list, "a"), is_revoked(&list, "b")),
        (Some(true), Some(false))
    );
    ticks.advance(1);
    assert_eq!(
        (is_revoked(&list, "a"), is_revoked(&list, "b")),
        (Some(true), None)
    );
    issuer.answer(answer(&page(8, &["b"])));
    list.poll().await.unwrap();
    assert_eq!(
        (is_revoked(&list, "b"), is_revoked(&list, "c")),
        (Some(true), Some(false))
    );
}

#[tokio::test]
async fn who_follows_the_list_hears_of_an_ending() {
    let issuer = Issuer::start(answer(&whole(7, &[]))).await;
    let list = EndedList::new(issuer.url()).unwrap();
    tokio::spawn(list.clone().follow());
    until(|| is_revoked(&list, "a") == Some(false)).await;
    issuer.answer(answer(&page(8, &["a"])));
    until(|| is_revoked(&list, "a") == Some(true)).await;
}

#[tokio::test]
async fn who_wants_a_newer_list_than_most_says_so() {
    let issuer = Issuer::start(answer(&whole(7, &["a"]))).await;
    let list = EndedList::with_max_staleness(issuer.url(), Duration::ZERO).unwrap();
    list.poll().await.unwrap();
    assert_eq!(
        (is_revoked(&list, "a"), is_revoked(&list, "b")),
        (Some(true), None),
        "an answer that has arrived is older than nothing"
    );
}

#[test]
fn an_address_is_https_or_this_machine() {
    for url in REFUSED_URLS {
        assert_eq!(
            EndedList::new(url).err().map(|error| error.code()),
            Some("remote_url"),
            "{url}"
        );
    }
}
