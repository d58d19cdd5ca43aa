//! What was exported comes in as it was, on either database, and everybody still signs in.

use super::{exported, options, rehearsed};
use crate::support::{Database, on_both};
use munjigi::transfer::Format;
use serde_json::json;

on_both!(what_is_exported_comes_in_as_it_was);

async fn what_is_exported_comes_in_as_it_was(database: Database) {
    let other = match &database {
        Database::Sqlite(_) => Database::postgres().await,
        Database::Postgres { .. } => Some(Database::sqlite()),
    };
    let Some(other) = other else {
        return;
    };
    let settings = [("user__email_unique", "false")];
    let server = database.server_with(&settings).await;
    for (at, name) in ["mseo", "민지", "a,\"b\"\nc", "d\u{1F600}", "ſ", " e "]
        .into_iter()
        .enumerate()
    {
        let encoded = server.encoded(&format!("password {at}"));
        server.insert_user(name, "Same@naver.com", &encoded).await;
    }
    server.sql("UPDATE user_user SET age = 24, first_name = '\\n\\', last_login = '2026-01-02 03:04:05.000400+00:00' WHERE id = 2").await;
    if server.is_sqlite() {
        server
            .sql("UPDATE user_user SET last_login = '2026-01-02 03:04:05.000400' WHERE id = 2")
            .await;
    }
    server
        .sql("INSERT INTO auth_group (name) VALUES ('x,\"y\"')")
        .await;
    server
        .sql("INSERT INTO user_user_groups (user_id, group_id) VALUES (2, 1)")
        .await;
    let fixture = exported(&server, Format::Fixture).await;
    assert!(
        fixture.contains(r#""last_login":"2026-01-02T03:04:05.000400Z""#),
        "{fixture}"
    );
    for format in [Format::Jsonl, Format::Ndjson, Format::Csv] {
        let twin = Database::sqlite().server_with(&settings).await;
        let came = rehearsed(&twin, exported(&server, format).await, options(format)).await;
        assert_eq!(
            (came.report.imported, came.report.groups, came.told),
            (6, 1, Vec::new()),
            "{format:?}"
        );
        assert_eq!(exported(&twin, Format::Fixture).await, fixture, "{format:?}");
    }
    let twin = other.server_with(&settings).await;
    let came = rehearsed(&twin, &fixture, options(Format::Fixture)).await;
    assert_eq!((came.report.imported, came.told), (6, Vec::new()));
    assert_eq!(exported(&twin, Format::Fixture).await, fixture);
    for (at, name) in ["mseo", "민지"].into_iter().enumerate() {
        let signin = json!({"username": name, "password": format!("password {at}")});
        twin.anonymous()
            .post("/user/jwt_signin", &signin)
            .await
            .expect_status(200);
    }
}
