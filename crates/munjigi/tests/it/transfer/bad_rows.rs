//! Each kind of row that is not taken: told with its line and its reason, and the rows around it come in.

use super::{HASH, import, named, names, options, record, rehearsed};
use crate::support::{Database, on_both};
use munjigi::transfer::Format;
use munjigi::transfer::import::Passwords;

on_both!(
    every_bad_row_is_told_with_its_line_and_the_others_come_in,
    a_password_that_nobody_could_verify_is_left_out_where_that_is_asked_for,
    what_only_the_database_refuses_is_told_of_its_row_alone,
    a_file_that_is_cut_off_gives_what_was_before,
    bad_lines_of_csv_are_told_by_their_lines,
    no_password_stands_in_what_is_told,
);

/// A row, and a part of what is told of it.
type Bad = (String, &'static str);

fn bad_rows() -> Vec<Bad> {
    [bad_records(), bad_keys(), bad_fields(), bad_passwords()].concat()
}

fn user(fields: &str) -> String {
    named("50", "bad", fields)
}

fn bad_records() -> Vec<Bad> {
    let long = "x".repeat(10 << 20);
    vec![
        ("12".to_owned(), "no JSON object"),
        ("nonsense".to_owned(), "no JSON that can be read"),
        ("{\"model\": \"user.user\"}".to_owned(), "no record of a fixture"),
        ("{\"username\": \"bad\"}".to_owned(), "no record of a fixture"),
        (
            r#"{"model": "user.user", "pk": 50, "fields": []}"#.to_owned(),
            "no record of a fixture",
        ),
        (
            "{'model': 'user.user'}".to_owned(),
            "no JSON that can be read: key must be a string",
        ),
        (
            format!("{{\"fields\": {}{}}}", "[".repeat(5_000), "]".repeat(5_000)),
            "recursion limit exceeded",
        ),
        (user(r#", "username": "other""#), "a key stands twice"),
        (user(r#", "first_name": "\ud800""#), "no JSON that can be read"),
        (user(", \"first_name\": \"\u{1}\""), "control character"),
        (named("1e999", "bad", ""), "number out of range"),
        (format!("{{\"x\": \"{long}\"}}"), "longer than 1024 KiB"),
    ]
}

fn bad_keys() -> Vec<Bad> {
    vec![
        (named("0.5", "bad", ""), "its key is not an integer of 64 bits"),
        (
            named("12345678901234567890123", "bad", ""),
            "its key is not an integer",
        ),
        (
            named("-9223372036854775809", "bad", ""),
            "its key is not an integer",
        ),
        (
            named("9223372036854775807", "bad", ""),
            "the greatest that the column holds",
        ),
        (named("\"07\"", "bad", ""), "its key is not an integer"),
        (named("\"one\"", "bad", ""), "its key is not an integer"),
        (named("true", "bad", ""), "its key is not an integer"),
        (named("[1]", "bad", ""), "its key is not an integer"),
    ]
}

fn bad_fields() -> Vec<Bad> {
    vec![
        (
            record("50", &format!(r#""password": "{HASH}""#)),
            "it has no username",
        ),
        (record("50", r#""username": "bad""#), "it has no password"),
        (
            record("50", r#""username": "bad", "password": null"#),
            "it has no password",
        ),
        (
            record("50", &format!(r#""username": null, "password": "{HASH}""#)),
            "its username is null",
        ),
        (
            record("50", &format!(r#""username": 7, "password": "{HASH}""#)),
            "its username is not a text",
        ),
        (
            named("50", &"x".repeat(151), ""),
            "its username is longer than the 150 characters",
        ),
        (
            named("50", "ba\\u0000d", ""),
            "its username holds the character NUL",
        ),
        (
            user(&format!(r#", "email": "{}@naver.com""#, "x".repeat(250))),
            "longer than the 254 characters",
        ),
        (user(r#", "email": null"#), "its email is null"),
        (user(r#", "first_name": ["x"]"#), "its first_name is not a text"),
        (
            user(r#", "is_staff": "yes""#),
            "its is_staff is not true or false",
        ),
        (user(r#", "is_active": null"#), "its is_active is null"),
        (user(r#", "is_active": 2"#), "its is_active is not true or false"),
        (
            user(r#", "date_joined": "yesterday""#),
            "its date_joined is not a date and time",
        ),
        (
            user(r#", "date_joined": 1767225600"#),
            "its date_joined is not a date and time",
        ),
        (
            user(r#", "last_login": "2026-02-30T00:00:00Z""#),
            "its last_login is not a date and time",
        ),
        (
            user(r#", "age": 2147483648"#),
            "its age is not between 0 and 2147483647",
        ),
        (user(r#", "age": -1"#), "its age is not between"),
        (
            user(r#", "age": 99999999999999999999999"#),
            "its age is not an integer",
        ),
        (user(r#", "age": 1.5"#), "its age is not an integer"),
        (user(r#", "groups": 7"#), "its groups is no list"),
        (user(r#", "groups": [["a", "b"]]"#), "its groups is no list"),
        (
            user(r#", "user_permissions": [["add_post"]]"#),
            "its user_permissions is no list",
        ),
    ]
}

fn bad_passwords() -> Vec<Bad> {
    let stored = |password: &str| record("50", &format!(r#""username": "bad", "password": "{password}""#));
    vec![
        (stored("1234"), "no encoding that Django knows"),
        (
            stored("correct horse battery staple"),
            "no encoding that Django knows",
        ),
        (stored("crypt$$abcdefghijk"), "no encoding that Django knows"),
        (
            stored("md5$seasalt$0123456789abcdef0123456789abcdef"),
            "MD5PasswordHasher",
        ),
        (
            stored("$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"),
            "BCryptPasswordHasher",
        ),
        (
            stored("sha1$seasalt$0123456789012345678901234567890123456789"),
            "VERIFY_LEGACY_PASSWORDS",
        ),
        (stored("pbkdf2_sha256$1$seasalt$AAAA"), "is not whole"),
        (
            stored("pbkdf2_sha256$2147483647$s$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            "more work or memory",
        ),
        (
            stored("$argon2id$v=19$m=2147483648,t=1,p=1$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A"),
            "more work or memory",
        ),
        (
            stored(&format!("scrypt$2147483648$seasalt$8$1${}==", "A".repeat(86))),
            "more work or memory",
        ),
        (
            stored(&format!(
                "pbkdf2_sha256$1${}$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "s".repeat(90)
            )),
            "128 characters",
        ),
    ]
}

async fn every_bad_row_is_told_with_its_line_and_the_others_come_in(database: Database) {
    let server = database.server().await;
    let bad = bad_rows();
    let mut lines = vec!["[".to_owned()];
    for (at, (row, _)) in bad.iter().enumerate() {
        lines.push(format!("{row},"));
        lines.push(format!(
            "{},",
            named(&(at + 100).to_string(), &format!("good{at}"), "")
        ));
    }
    lines.push(format!("{}]", named("99", "last", "")));
    let came = rehearsed(&server, lines.join("\n"), options(Format::Fixture)).await;
    came.done.unwrap();
    for (at, ((row, reason), (line, told))) in bad.iter().zip(&came.told).enumerate() {
        assert_eq!(*line, 2 * at as u64 + 2, "{told}");
        assert!(told.contains(reason), "{}: {told}", row.get(..200).unwrap_or(row));
    }
    assert_eq!(came.told.len(), bad.len());
    assert_eq!(
        (came.report.bad, came.report.imported),
        (bad.len() as u64, bad.len() as u64 + 1)
    );
    assert_eq!(names(&server).await.len(), bad.len() + 1);
}

async fn a_password_that_nobody_could_verify_is_left_out_where_that_is_asked_for(database: Database) {
    let server = database.server().await;
    let text = [
        record("1", r#""username": "plain", "password": "1234""#),
        record("2", r#""username": "none""#),
        named("3", "whole", ""),
        record(
            "4",
            r#""username": "unusable", "password": "!tU1sMtZZ7LWAvxEJwd8HAvfTaXbGRl2jRkB5rGZa""#,
        ),
    ];
    let mut options = options(Format::Jsonl);
    options.passwords = Passwords::Dropped;
    let came = rehearsed(&server, text.join("\n"), options).await;
    assert_eq!((came.report.imported, came.told.len()), (4, 0));
    let stored = server.sql("SELECT password FROM user_user ORDER BY id").await;
    assert_eq!(
        stored.concat(),
        ["", "", HASH, "!tU1sMtZZ7LWAvxEJwd8HAvfTaXbGRl2jRkB5rGZa"]
    );
    let mut client = server.anonymous();
    for (name, password) in [("plain", "1234"), ("none", "x"), ("unusable", "!")] {
        let signin = serde_json::json!({"username": name, "password": password});
        client.post("/user/jwt_signin", &signin).await.expect_status(400);
    }
}

async fn what_only_the_database_refuses_is_told_of_its_row_alone(database: Database) {
    let server = database.server().await;
    server.sql("CREATE UNIQUE INDEX one_age ON user_user (age)").await;
    let text = [
        named("1", "one", r#", "age": 5"#),
        named("2", "two", r#", "age": 6"#),
        named("3", "three", r#", "age": 5"#),
        named("4", "four", r#", "age": 7"#),
    ];
    let came = rehearsed(&server, text.join("\n"), options(Format::Jsonl)).await;
    assert_eq!(names(&server).await, ["1 one", "2 two", "4 four"]);
    let [(line, told)] = came.told.as_slice() else {
        panic!("{:?}", came.told)
    };
    assert_eq!(*line, 3);
    assert!(
        told.contains("the database does not take it") && told.contains("age"),
        "{told}"
    );
}

async fn a_file_that_is_cut_off_gives_what_was_before(database: Database) {
    let server = database.server().await;
    let whole = format!(
        "[{},\n{},\n{}]",
        named("1", "one", ""),
        named("2", "two", ""),
        named("3", "three", "")
    );
    let came = rehearsed(&server, &whole[..whole.len() - 30], options(Format::Fixture)).await;
    assert_eq!(names(&server).await, ["1 one", "2 two"]);
    assert_eq!(came.told.len(), 1);
    assert!(
        came.told[0].0 == 3 && came.told[0].1.contains("cut off"),
        "{:?}",
        came.told
    );
    // What stands behind the list is told when all before it is in.
    let text = format!("[{}]\nmore", named("4", "four", ""));
    let came = rehearsed(&server, text, options(Format::Fixture)).await;
    assert!(came.done.unwrap_err().to_string().starts_with("Line 2 "));
    assert_eq!(names(&server).await, ["1 one", "2 two", "4 four"]);
}

async fn bad_lines_of_csv_are_told_by_their_lines(database: Database) {
    let server = database.server().await;
    let mut text =
        format!("id,username,password\r\n1,one,{HASH}\r\n2,two\r\n3,\"th\nree\",{HASH}\r\n").into_bytes();
    text.extend(format!("4,\"fo\"ur,{HASH}\n5,\u{fffd},{HASH}\n").bytes());
    text.extend(b"6,\xFF,x\n");
    text.extend(format!("7,seven,{HASH},more\n8,eight,{HASH}\n9,\"nine,{HASH}\n").bytes());
    let came = rehearsed(&server, text, options(Format::Csv)).await;
    let told: Vec<(u64, &str)> = came
        .told
        .iter()
        .map(|(line, told)| (*line, told.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (3, "it has 2 cells, and the header names 3"),
            (8, "it is not UTF-8"),
            (9, "it has 4 cells, and the header names 3"),
            (11, "the input ends in the middle of it, and may be cut off"),
        ]
    );
    assert_eq!(
        names(&server).await,
        ["1 one", "3 th\nree", "4 four", "5 \u{fffd}", "8 eight"]
    );
}

async fn no_password_stands_in_what_is_told(database: Database) {
    let server = database.server().await;
    server
        .sql("ALTER TABLE user_user ADD COLUMN nick varchar(9) DEFAULT '' CHECK (username <> 'bad')")
        .await;
    let secret = "pbkdf2_sha256$1$seasalt$TellNobodyTellNobodyTellNobodyTellNobodyTel=";
    let text = [
        record("1", &format!(r#""username": "bad", "password": "{secret}""#)),
        record("2", r#""username": "plain", "password": "TellNobody""#),
        r#"{"model": "user.user", "pk": 3, "fields": {"password": "TellNobody", "#.to_owned(),
    ];
    let came = import(&server, text.join("\n"), &options(Format::Jsonl)).await;
    assert_eq!(came.told.len(), 3);
    for (_, told) in came.told {
        assert!(!told.contains("TellNobody"), "{told}");
    }
}
