//! Groups and permissions of those who come in.

use super::{exported, named, options, rehearsed};
use crate::support::{Database, TestServer, on_both};
use munjigi::transfer::Format;
use munjigi::transfer::import::{OnConflict, Options};

on_both!(
    groups_and_permissions_go_by_their_natural_keys,
    a_number_means_what_the_file_says_and_nothing_else,
    a_group_that_is_there_keeps_its_permissions,
    an_update_sets_the_groups_that_are_given,
);

/// What Django's `migrate` would have written.
async fn fill(server: &TestServer) {
    for sql in [
        "INSERT INTO django_content_type (id, app_label, model) VALUES (31, 'blog', 'post'), (32, 'blog', 'draft')",
        "INSERT INTO auth_permission (id, content_type_id, codename, name) VALUES (41, 31, 'add_post', ''), \
         (42, 31, 'view_post', ''), (43, 32, 'add_post', '')",
        "INSERT INTO auth_group (name) VALUES ('administrators')",
        "INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 41)",
    ] {
        server.sql(sql).await;
    }
}

async fn members(server: &TestServer) -> Vec<String> {
    let sql = "SELECT u.username, g.name FROM user_user u JOIN user_user_groups ug ON ug.user_id = u.id \
               JOIN auth_group g ON g.id = ug.group_id ORDER BY u.id, g.name";
    server
        .sql(sql)
        .await
        .into_iter()
        .map(|row| row.join(" "))
        .collect()
}

async fn permitted(server: &TestServer) -> Vec<String> {
    let own = "SELECT u.username, p.id FROM user_user u JOIN user_user_user_permissions up ON up.user_id = u.id \
               JOIN auth_permission p ON p.id = up.permission_id ORDER BY u.id, p.id";
    let by_group = "SELECT g.name, gp.permission_id FROM auth_group g \
                    JOIN auth_group_permissions gp ON gp.group_id = g.id ORDER BY g.name, gp.permission_id";
    let rows = [server.sql(own).await, server.sql(by_group).await].concat();
    rows.into_iter().map(|row| row.join(" ")).collect()
}

async fn groups_and_permissions_go_by_their_natural_keys(database: Database) {
    let server = database.server().await;
    fill(&server).await;
    let text = [
        r#"{"model": "auth.group", "fields": {"name": "editors", "permissions": [["add_post", "blog", "draft"], ["no", "blog", "post"]]}}"#.to_owned(),
        named("1", "one", r#", "groups": [["editors"], ["editors"], ["writers"]], "user_permissions": [["add_post", "blog", "post"], ["view_post", "shop", "post"]]"#),
        named("2", "two", r#", "groups": [], "user_permissions": []"#),
    ];
    let came = rehearsed(&server, text.join("\n"), options(Format::Jsonl)).await;
    assert_eq!(
        (
            came.report.imported,
            came.report.groups,
            came.report.lost_permissions
        ),
        (2, 2, 2)
    );
    let joined: Vec<_> = came.report.members.iter().collect();
    assert_eq!(joined, [(&"editors".to_owned(), &1), (&"writers".to_owned(), &1)]);
    assert_eq!(came.report.permitted, 1);
    assert_eq!(members(&server).await, ["one editors", "one writers"]);
    assert_eq!(
        permitted(&server).await,
        ["one 41", "administrators 41", "editors 43"]
    );
    // What went in comes out.
    let lines = exported(&server, Format::Jsonl).await;
    assert!(
        lines.contains(r#"{"model":"auth.group","fields":{"name":"editors","permissions":[["add_post","blog","draft"]]}}"#)
            && lines.contains(r#""groups":[["editors"],["writers"]],"user_permissions":[["add_post","blog","post"]]"#),
        "{lines}"
    );
}

async fn a_number_means_what_the_file_says_and_nothing_else(database: Database) {
    let server = database.server().await;
    fill(&server).await;
    let text = [
        r#"{"model": "contenttypes.contenttype", "pk": 5, "fields": {"app_label": "blog", "model": "post"}}"#.to_owned(),
        r#"{"model": "auth.permission", "pk": 9, "fields": {"name": "", "content_type": 5, "codename": "view_post"}}"#.to_owned(),
        r#"{"model": "auth.permission", "pk": 10, "fields": {"name": "", "content_type": ["blog", "draft"], "codename": "add_post"}}"#.to_owned(),
        r#"{"model": "auth.permission", "pk": 11, "fields": {"name": "", "content_type": 6, "codename": "add_post"}}"#.to_owned(),
        r#"{"model": "auth.group", "pk": 2, "fields": {"name": "editors", "permissions": [10, 11]}}"#.to_owned(),
        named("1", "one", r#", "groups": [1, 2], "user_permissions": [9, 41]"#),
    ];
    let came = rehearsed(&server, text.join("\n"), options(Format::Jsonl)).await;
    // 1 is the administrators' number here, and 41 that of a permission.
    assert_eq!((came.report.lost_groups, came.report.lost_permissions), (1, 2));
    assert_eq!(members(&server).await, ["one editors"]);
    assert_eq!(
        permitted(&server).await,
        ["one 42", "administrators 41", "editors 43"]
    );
    assert_eq!(came.report.others.get("auth.permission"), Some(&3));
}

async fn a_group_that_is_there_keeps_its_permissions(database: Database) {
    let server = database.server().await;
    fill(&server).await;
    let text = [
        r#"{"model": "auth.group", "pk": 1, "fields": {"name": "administrators", "permissions": [["view_post", "blog", "post"]]}}"#.to_owned(),
        named("1", "one", r#", "groups": [1]"#),
    ];
    let came = rehearsed(&server, text.join("\n"), options(Format::Jsonl)).await;
    assert_eq!(came.report.groups, 0);
    assert_eq!(permitted(&server).await, ["administrators 41"]);
    assert_eq!(members(&server).await, ["one administrators"]);
}

async fn an_update_sets_the_groups_that_are_given(database: Database) {
    let server = database.server().await;
    let text = named("1", "one", r#", "groups": [["a"], ["b"]]"#)
        + "\n"
        + &named("2", "two", r#", "groups": [["a"]]"#);
    rehearsed(&server, text, options(Format::Jsonl)).await;
    let text = named("1", "one", r#", "groups": [["b"], ["c"]]"#) + "\n" + &named("2", "two", "");
    let update = Options {
        on_conflict: OnConflict::Update,
        ..options(Format::Jsonl)
    };
    rehearsed(&server, text, update).await;
    assert_eq!(members(&server).await, ["one b", "one c", "two a"]);
}
