//! Users who are there already, and keys that come after.

use super::{Came, HASH, import, named, names, options, record, rehearsed, rows};
use crate::support::{Database, TestServer, mseo, on_both};
use munjigi::transfer::Format;
use munjigi::transfer::import::{Emails, OnConflict, Options};
use serde_json::json;

on_both!(
    who_is_there_already_is_a_bad_row_unless_something_else_was_asked_for,
    skipping_takes_the_same_file_again_and_writes_nothing,
    an_update_sets_what_is_given_and_keeps_what_is_not,
    nobody_gets_the_address_of_somebody_who_signed_up_here,
    an_address_that_nobody_holds_any_more_is_free,
    a_name_that_was_given_up_is_free_for_the_next_row,
    an_address_that_was_given_up_is_free_for_the_next_row,
    the_next_sign_up_gets_a_key_after_those_that_came_in,
    a_key_that_was_given_once_is_not_given_again,
    users_of_one_file_are_told_apart_as_those_who_are_there,
);

fn with(on_conflict: OnConflict) -> Options {
    Options {
        on_conflict,
        ..options(Format::Jsonl)
    }
}

fn reasons(came: &Came) -> Vec<&str> {
    came.told.iter().map(|(_, told)| told.as_str()).collect()
}

async fn two_are_there(server: &TestServer) {
    let text = [
        named("1", "one", r#", "email": "one@naver.com", "age": 11"#),
        named("2", "two", r#", "email": "two@naver.com", "age": 22"#),
    ];
    import(server, text.join("\n"), &options(Format::Jsonl))
        .await
        .done
        .unwrap();
}

async fn who_is_there_already_is_a_bad_row_unless_something_else_was_asked_for(database: Database) {
    let server = database.server().await;
    two_are_there(&server).await;
    let text = [
        named("1", "one", ""),
        named("1", "other", ""),
        named("3", "two", ""),
        named("1", "two", ""),
        named("null", "one", ""),
        named("4", "four", ""),
    ];
    let came = rehearsed(&server, text.join("\n"), with(OnConflict::Fail)).await;
    assert_eq!(
        reasons(&came),
        [
            "this user is there already",
            "its key is that of another user, who is called otherwise",
            "its username is that of another user",
            "its username is that of another user",
            "this user is there already",
        ]
    );
    assert_eq!(names(&server).await, ["1 one", "2 two", "4 four"]);
}

async fn skipping_takes_the_same_file_again_and_writes_nothing(database: Database) {
    let server = database.server().await;
    let text = [
        named("1", "one", r#", "email": "one@naver.com""#),
        named("1", "two", ""),
        named("null", "three", ""),
    ];
    rehearsed(&server, text.join("\n"), with(OnConflict::Skip)).await;
    let before = rows(&server).await;
    let again = rehearsed(&server, text.join("\n"), with(OnConflict::Skip)).await;
    assert_eq!(
        (again.report.skipped, again.report.imported, again.report.bad),
        (2, 0, 1)
    );
    assert_eq!(rows(&server).await, before);
}

async fn an_update_sets_what_is_given_and_keeps_what_is_not(database: Database) {
    let server = database.server().await;
    two_are_there(&server).await;
    let text = [
        record("1", r#""username": "first", "is_active": false"#),
        record("2", r#""email": "Zwei@naver.com""#),
        record("null", r#""username": "two", "age": 23"#),
        named("5", "five", ""),
        record("6", r#""username": "six""#),
    ];
    let came = rehearsed(&server, text.join("\n"), with(OnConflict::Update)).await;
    assert_eq!((came.report.updated, came.report.imported), (3, 1));
    assert_eq!(reasons(&came), ["it has no password"]);
    let (users, claims) = rows(&server).await;
    let no = if server.is_sqlite() { "0" } else { "f" };
    let yes = if server.is_sqlite() { "1" } else { "t" };
    assert_eq!(users[0], ["1", "first", "one@naver.com", HASH, no, no, no, "11"]);
    assert_eq!(users[1], ["2", "two", "Zwei@naver.com", HASH, no, no, yes, "23"]);
    assert_eq!(claims, [["one@naver.com", "1"], ["zwei@naver.com", "2"]]);
}

async fn nobody_gets_the_address_of_somebody_who_signed_up_here(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let text = named("7", "other", r#", "email": "MSEO@naver.com""#);
    let came = rehearsed(&server, &text, with(OnConflict::Skip)).await;
    assert!(
        came.told[0]
            .1
            .starts_with("its e-mail address is that of another user"),
        "{:?}",
        came.told
    );
    let shared = Options {
        emails: Emails::Shared,
        ..with(OnConflict::Fail)
    };
    assert_eq!(rehearsed(&server, &text, shared).await.report.imported, 1);
    // By the address it could be either, so it is nobody.
    let mut client = server.anonymous();
    let by_address = json!({"email": "mseo@naver.com", "password": "1234"});
    client
        .post("/user/jwt_signin", &by_address)
        .await
        .expect_status(400);
    let by_name = json!({"username": "mseo", "password": "1234"});
    client.post("/user/jwt_signin", &by_name).await.expect_status(200);
}

async fn an_address_that_nobody_holds_any_more_is_free(database: Database) {
    let server = database.server().await;
    two_are_there(&server).await;
    // Django changes and deletes users without a word.
    server
        .sql("UPDATE user_user SET email = 'new@naver.com' WHERE id = 1")
        .await;
    server.sql("DELETE FROM user_user WHERE id = 2").await;
    let text = [
        named("3", "three", r#", "email": "one@naver.com""#),
        named("4", "four", r#", "email": "two@naver.com""#),
    ];
    let came = rehearsed(&server, text.join("\n"), with(OnConflict::Fail)).await;
    assert_eq!(came.report.imported, 2);
    assert_eq!(
        rows(&server).await.1,
        [["one@naver.com", "3"], ["two@naver.com", "4"]]
    );
}

async fn a_name_that_was_given_up_is_free_for_the_next_row(database: Database) {
    let server = database.server().await;
    two_are_there(&server).await;
    let text = [
        record("1", r#""username": "first""#),
        record("2", r#""username": "one""#),
        named("3", "two", ""),
    ];
    let came = rehearsed(&server, text.join("\n"), with(OnConflict::Update)).await;
    assert_eq!(reasons(&came), Vec::<&str>::new());
    assert_eq!(names(&server).await, ["1 first", "2 one", "3 two"]);
}

async fn an_address_that_was_given_up_is_free_for_the_next_row(database: Database) {
    let server = database.server().await;
    two_are_there(&server).await;
    let text = [
        record("1", r#""email": "first@naver.com""#),
        record("2", r#""email": "one@naver.com""#),
    ];
    let came = rehearsed(&server, text.join("\n"), with(OnConflict::Update)).await;
    assert_eq!(reasons(&came), Vec::<&str>::new());
    let expected = [["first@naver.com", "1"], ["one@naver.com", "2"]];
    assert_eq!(rows(&server).await.1, expected);
}

async fn the_next_sign_up_gets_a_key_after_those_that_came_in(database: Database) {
    let server = database.server().await;
    let text = [
        named("4000", "far", ""),
        named("17", "near", ""),
        named("-3", "below", ""),
    ];
    rehearsed(&server, text.join("\n"), with(OnConflict::Fail)).await;
    server.signed_up().await;
    assert_eq!(server.user("mseo").await.id.to_string(), "4001");
    rehearsed(&server, named("null", "keyless", ""), with(OnConflict::Fail)).await;
    let mut client = server.anonymous();
    let mut other = mseo();
    other["username"] = json!("last");
    other["email"] = json!("last@naver.com");
    client
        .post("/user/session_signup", &other)
        .await
        .expect_status(201);
}

async fn a_key_that_was_given_once_is_not_given_again(database: Database) {
    let server = database.server().await;
    import(&server, named("900", "gone", ""), &options(Format::Jsonl))
        .await
        .done
        .unwrap();
    server.sql("DELETE FROM user_user").await;
    import(&server, named("5", "five", ""), &options(Format::Jsonl))
        .await
        .done
        .unwrap();
    server.signed_up().await;
    assert_eq!(server.user("mseo").await.id.to_string(), "901");
}

async fn users_of_one_file_are_told_apart_as_those_who_are_there(database: Database) {
    let server = database.server().await;
    // More than go in one transaction lie between the first and its like.
    let mut text = vec![named("1", "one", r#", "email": "one@naver.com""#)];
    text.extend((1_000..1_450).map(|at| named(&at.to_string(), &format!("u{at}"), "")));
    text.push(named("1", "one", ""));
    text.push(named("2", "one", ""));
    text.push(named("1", "other", ""));
    text.push(named("3", "three", r#", "email": "One@naver.com""#));
    text.push(named("4", "four", ""));
    let came = rehearsed(&server, text.join("\n"), with(OnConflict::Fail)).await;
    let lines: Vec<u64> = came.told.iter().map(|(line, _)| *line).collect();
    assert_eq!((lines, came.report.imported), (vec![452, 453, 454, 455], 452));
}
