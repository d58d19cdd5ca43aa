//! Columns that a sign-up fills by itself: an import takes what the file gives, and fills what it does not.

use super::{HASH, allow, exported, import, options};
use crate::support::{Database, TestServer, on_both};
use crate::user_models::sailors_with_more;
use munjigi::transfer::Format;
use munjigi::transfer::import::{OnConflict, Options};

on_both!(
    a_column_that_a_sign_up_fills_is_filled_where_the_row_gives_nothing,
    what_a_row_gives_for_such_a_column_comes_in_and_goes_out,
    what_such_a_column_cannot_hold_is_told_of_the_row,
);

const BADGE: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

fn sailor(pk: u32, name: &str, fields: &str) -> String {
    format!(
        r#"{{"model": "crew.sailor", "pk": {pk}, "fields": {{"login": "{name}", "password": "{HASH}", "ship": "Olive"{fields}}}}}"#
    ) + "\n"
}

/// One to whom all is given.
fn veteran(pk: u32) -> String {
    let fields = format!(
        r#", "badge": "{BADGE}", "hired": "2001-02-03", "since": "2001-02-03T04:05:06Z", "pay": "99.75",
        "likes": {{"food": ["spinach", 1]}}, "grade": 9, "is_sober": false"#
    );
    sailor(pk, "popeye", &fields.replace('\n', " "))
}

async fn columns(server: &TestServer) -> Vec<Vec<String>> {
    let columns = "badge, \"hiredOn\", since, pay, likes, grade";
    server
        .sql(&format!("SELECT {columns} FROM crew_sailor ORDER BY number"))
        .await
}

async fn a_column_that_a_sign_up_fills_is_filled_where_the_row_gives_nothing(database: Database) {
    let server = sailors_with_more(database).await;
    let text = sailor(4, "bluto", "") + &sailor(5, "wimpy", "");
    let came = import(&server, text, &options(Format::Jsonl)).await;
    came.done.unwrap();
    assert_eq!((came.report.imported, came.told), (2, Vec::new()));
    let rows = columns(&server).await;
    assert_ne!(rows[0][0], rows[1][0], "each has a badge of his own");
    for row in &rows {
        assert!([32, 36].contains(&row[0].len()), "{row:?}");
        assert_eq!(row[1], "2026-01-01");
        assert!(row[2].starts_with("2026-01-01 00:00:00"), "{row:?}");
        assert!(["12.5", "12.50"].contains(&row[3].as_str()), "{row:?}");
        assert_eq!((row[4].as_str(), row[5].as_str()), ("{}", "3"));
    }
}

async fn what_a_row_gives_for_such_a_column_comes_in_and_goes_out(database: Database) {
    let server = sailors_with_more(database).await;
    let came = import(&server, veteran(4), &options(Format::Jsonl)).await;
    assert_eq!((came.report.imported, came.told), (1, Vec::new()));
    let row = columns(&server).await.remove(0);
    assert_eq!(row[0].replace('-', ""), BADGE.replace('-', ""));
    assert_eq!((row[1].as_str(), row[3].as_str()), ("2001-02-03", "99.75"));
    assert!(row[2].starts_with("2001-02-03 04:05:06"), "{row:?}");
    let fixture = exported(&server, Format::Fixture).await;
    for written in [
        format!("\"badge\":\"{BADGE}\""),
        "\"hired\":\"2001-02-03\"".to_owned(),
        "\"since\":\"2001-02-03T04:05:06Z\"".to_owned(),
        "\"pay\":\"99.75\"".to_owned(),
        "\"likes\":{\"food\":[\"spinach\",1]}".to_owned(),
    ] {
        assert!(fixture.contains(&written), "{written} in {fixture}");
    }
    for format in [Format::Jsonl, Format::Ndjson, Format::Csv] {
        let twin = sailors_with_more(Database::sqlite()).await;
        let came = import(&twin, exported(&server, format).await, &options(format)).await;
        assert_eq!((came.report.imported, came.told), (1, Vec::new()), "{format:?}");
        assert_eq!(exported(&twin, Format::Fixture).await, fixture, "{format:?}");
    }
    let update = Options {
        on_conflict: OnConflict::Update,
        ..options(Format::Jsonl)
    };
    let later = sailor(4, "popeye", r#", "hired": "2002-02-03", "likes": []"#);
    assert_eq!(import(&server, later, &update).await.report.updated, 1);
    let row = columns(&server).await.remove(0);
    assert_eq!(row[0].replace('-', ""), BADGE.replace('-', ""), "it is kept");
    assert_eq!((row[1].as_str(), row[4].as_str()), ("2002-02-03", "[]"));
}

async fn what_such_a_column_cannot_hold_is_told_of_the_row(database: Database) {
    let server = sailors_with_more(database).await;
    allow(&server).await;
    for (field, value, wanted) in [
        ("badge", "\"7\"", "a UUID"),
        ("hired", "\"yesterday\"", "a day as 2026-11-21"),
        ("hired", "\"2026-02-30\"", "a day as 2026-11-21"),
        ("since", "7", "a date and time"),
        ("pay", "\"inf\"", "a number"),
        ("pay", "\"0x10\"", "a number"),
    ] {
        let text = sailor(4, "bluto", &format!(", \"{field}\": {value}"));
        let came = import(&server, text, &options(Format::Jsonl)).await;
        let [(1, told)] = &came.told[..] else {
            panic!("{field} {value}: {:?}", came.told)
        };
        assert!(told.contains(field) && told.contains(wanted), "{told}");
    }
    assert!(columns(&server).await.is_empty());
}
