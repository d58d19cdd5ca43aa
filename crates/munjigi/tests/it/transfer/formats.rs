//! One user in four formats, other names for fields, and what else stands in a file.

use super::{HASH, import, named, names, options, rehearsed};
use crate::support::run;
use crate::support::{Database, on_both};
use munjigi::transfer::Format;
use munjigi::transfer::import::Options;
use std::path::Path;

on_both!(a_field_that_is_not_given_has_the_default_of_the_settings);

#[test]
fn a_user_is_the_same_in_every_format() {
    run(async {
        let fields = format!(
            r#""password": "{HASH}", "last_login": "2026-01-02T03:04:05.123456Z", "is_superuser": false,
            "username": "mseo", "first_name": "민,지", "last_name": "\"서\"", "email": "Mseo@naver.com", "is_staff": true,
            "is_active": true, "date_joined": "2025-12-31T23:59:59+09:00", "age": 24"#
        );
        let row = format!(
            "id,password,last_login,username,first_name,last_name,email,is_staff,date_joined,age\n7,{HASH},\
             2026-01-02 03:04:05.123456+00:00,mseo,\"민,지\",\"\"\"서\"\"\",Mseo@naver.com,True,2025-12-31T14:59:59Z,24\n"
        );
        let one_line = fields.replace('\n', " ");
        let mut written = Vec::new();
        for (format, text) in [
            (
                Format::Fixture,
                format!("[{{\"model\": \"user.User\", \"pk\": \"7\", \"fields\": {{{fields}}}}}]"),
            ),
            (
                Format::Jsonl,
                format!("{{\"model\": \"user.user\", \"pk\": 7, \"fields\": {{{one_line}}}}}"),
            ),
            (Format::Ndjson, format!("{{\"id\": 7, {one_line}}}\r\n")),
            (Format::Csv, format!("\u{feff}{}", row.replace('\n', "\r\n"))),
        ] {
            let server = Database::sqlite().server().await;
            let came = rehearsed(&server, text, options(format)).await;
            assert_eq!((came.report.imported, came.told), (1, Vec::new()), "{format:?}");
            written.push(server.sql("SELECT * FROM user_user").await);
        }
        assert!(
            written[0][0].contains(&"2025-12-31 14:59:59".to_owned()),
            "{written:?}"
        );
        assert!(written.windows(2).all(|pair| pair[0] == pair[1]), "{written:?}");
    });
}

#[test]
fn fields_may_be_called_otherwise_in_the_file() {
    run(async {
        let server = Database::sqlite().server().await;
        let options = || Options {
            names: [("email", "mail"), ("username", "login"), ("id", "number")]
                .map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()))
                .into(),
            ..options(Format::Csv)
        };
        let text =
            format!("number,login,mail,password,email,note\n3,mseo,m@naver.com,{HASH},other@naver.com,x\n");
        let came = rehearsed(&server, text, options()).await;
        let fields: Vec<&str> = came.report.fields.keys().map(String::as_str).collect();
        assert_eq!(fields, ["email", "note"]);
        let row = server.sql("SELECT id, username, email FROM user_user").await;
        assert_eq!(row, [["3", "mseo", "m@naver.com"]]);
        let text = format!(r#"{{"number": 4, "login": "minji", "mail": "", "password": "{HASH}"}}"#);
        let options = Options {
            format: Format::Ndjson,
            ..options()
        };
        assert_eq!(rehearsed(&server, text, options).await.report.imported, 1);
    });
}

#[test]
fn a_header_that_says_nothing_ends_the_import_at_once() {
    run(async {
        let server = Database::sqlite().server().await;
        let with = |names: &[(&str, &str)]| Options {
            names: names
                .iter()
                .map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned()))
                .collect(),
            ..options(Format::Csv)
        };
        for (header, options, (code, told)) in [
            ("a,b", with(&[]), ("header_no_field", "names no field")),
            ("id", with(&[]), ("header_no_field", "names no field")),
            (
                "username,username",
                with(&[]),
                ("header_twice", "names the field username twice"),
            ),
            (
                "username,password",
                with(&[("email", "mail")]),
                ("header_not_there", "the column \"mail\", and the header does not"),
            ),
            (
                "username,password",
                with(&[("mail", "email")]),
                ("no_such_field", "the field \"mail\", and the users have none"),
            ),
            (
                "username,\"password",
                with(&[]),
                ("header_unreadable", "cannot be taken"),
            ),
        ] {
            let came = rehearsed(&server, format!("{header}\n1,2\n"), options).await;
            let refused = came.done.unwrap_err();
            assert_eq!(refused.code(), code);
            assert!(refused.to_string().contains(told), "{refused}");
        }
    });
}

#[test]
fn other_models_are_counted_however_long_their_rows_are() {
    run(async {
        let server = Database::sqlite().server().await;
        let long = "x".repeat(3 << 20);
        let text = format!(
            "[{{\"model\": \"blog.post\", \"pk\": 1, \"fields\": {{\"text\": \"{long}\"}}}},\n\
             {{\"model\": \"blog.post\", \"pk\": 2, \"fields\": {{}}}},\n{{\"fields\": {{}}, \"model\": \"shop.order\"}},\n\
             {},\n{{\"model\": \"auth.user\", \"pk\": 1, \"fields\": {{\"username\": \"a\"}}}}]",
            named("1", "one", r#", "phone": "1""#)
        );
        let came = rehearsed(&server, &text, options(Format::Fixture)).await;
        let others: Vec<(&str, u64)> = came
            .report
            .others
            .iter()
            .map(|(name, count)| (name.as_str(), *count))
            .collect();
        assert_eq!(others, [("auth.user", 1), ("blog.post", 2), ("shop.order", 1)]);
        assert_eq!(came.report.fields.get("phone"), Some(&1));
        let other_model = Options {
            model: Some("auth.User".to_owned()),
            ..options(Format::Fixture)
        };
        let came = import(&server, &text, &other_model).await;
        assert_eq!(came.told.len(), 1, "of auth.user, without a password");
        assert_eq!(came.report.others.get("user.user"), Some(&1));
        assert_eq!(names(&server).await, ["1 one"]);
    });
}

#[test]
fn a_moment_without_an_offset_is_taken_for_utc_and_counted() {
    run(async {
        let server = Database::sqlite().server().await;
        let text = named(
            "1",
            "one",
            r#", "date_joined": "2026-01-02T03:04:05", "last_login": "2026-01-02 03:04:05Z""#,
        );
        let came = rehearsed(&server, text, options(Format::Jsonl)).await;
        assert_eq!(came.report.naive, 1);
        let row = server.sql("SELECT date_joined, last_login FROM user_user").await;
        assert_eq!(row, [["2026-01-02 03:04:05", "2026-01-02 03:04:05"]]);
    });
}

#[test]
fn the_format_is_told_by_the_name_of_the_file() {
    for (path, format) in [
        ("users.json", Some(Format::Fixture)),
        ("a/users.JSONL", Some(Format::Jsonl)),
        ("users.ndjson", Some(Format::Ndjson)),
        ("users.2026.csv", Some(Format::Csv)),
        ("users.xlsx", None),
        ("-", None),
    ] {
        assert_eq!(Format::of_path(Path::new(path)), format, "{path}");
    }
}

async fn a_field_that_is_not_given_has_the_default_of_the_settings(database: Database) {
    let settings = [
        ("USER__FIELDS__AGE__TYPE", "PositiveIntegerField"),
        ("USER__FIELDS__AGE__NULL", "true"),
        ("USER__FIELDS__AGE__DEFAULT", "24"),
    ];
    let server = database.server_with(&settings).await;
    let given = named("1", "mseo", "")
        + "\n"
        + &named("2", "minji", ", \"age\": 7")
        + "\n"
        + &named("3", "han", ", \"age\": null");
    let came = rehearsed(&server, given, options(Format::Jsonl)).await;
    assert_eq!(came.told, Vec::new());
    let ages = server.sql("SELECT age FROM user_user ORDER BY id").await;
    assert_eq!(ages, [["24"], ["7"], [""]]);
}
