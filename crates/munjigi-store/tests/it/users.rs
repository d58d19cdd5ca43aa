use jiff::Timestamp;
use munjigi_store::{Error, FieldValue, UserModel, users};
use munjigi_user::{AuthUser, UserId};

use crate::support::{TestDatabase, new_user, now, on_both, run, sign_up};

on_both!(
    a_user_is_read_as_he_was_written,
    a_user_of_auth_user_is_read_as_he_was_written,
    a_username_is_looked_up_letter_by_letter,
    an_address_is_looked_up_in_either_case_of_a_to_z_alone,
    an_address_that_repeats_is_told_as_two,
    a_taken_username_is_told_by_its_column,
    changes_reach_one_user_and_tell_whether_he_is_there,
    a_hash_is_upgraded_only_if_it_is_still_the_one_that_was_verified,
    users_are_listed_by_their_keys_in_pages,
    a_key_that_the_column_cannot_hold_is_nobodys,
    a_neighbours_rows_are_read,
    an_age_below_zero_is_refused_by_the_database,
    an_address_and_a_further_field_change_by_themselves,
    a_user_is_removed_with_his_groups_and_his_permissions,
    a_user_whom_another_table_names_stays,
);

async fn a_user_is_read_as_he_was_written(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let mut new = new_user("문지기", "Door@Keeper.kr");
    new.extra = vec![FieldValue::Integer(24)];
    new.is_staff = true;
    let written = store
        .write(new, |tx, new| Box::pin(users::insert(tx, new)))
        .await
        .unwrap();
    let read = users::by_id(&mut store.reader(), &written.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(read, written);
    assert_eq!(
        (read.id.clone(), read.username.as_str()),
        (UserId::Int(1), "문지기")
    );
    assert_eq!(
        (read.is_active, read.is_staff, read.is_superuser),
        (true, true, false)
    );
    assert_eq!((read.date_joined, read.last_login), (Some(now()), None));
    assert_eq!(read.extra("age"), Some(&FieldValue::Integer(24)));
    assert_eq!(read.field("age").as_deref(), Some("24"));
    assert_eq!(read.field("height"), None);
    assert!(
        !format!("{read:?}").contains("pbkdf2"),
        "the stored hash is never printed"
    );
}

async fn a_user_of_auth_user_is_read_as_he_was_written(db: &TestDatabase) {
    let store = db.store(UserModel::auth_user()).await;
    let written = sign_up(&store, "mseo", "").await.unwrap();
    let read = users::by_username(&mut store.reader(), "mseo").await.unwrap();
    assert_eq!(read, Some(written));
    assert_eq!(read.unwrap().extra, []);
}

async fn a_username_is_looked_up_letter_by_letter(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for name in ["mseo", "MSeo", "mseo "] {
        sign_up(&store, name, "").await.unwrap();
    }
    for name in ["mseo", "MSeo", "mseo "] {
        let user = users::by_username(&mut store.reader(), name)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(user.username, name);
    }
    for name in ["MSEO", "mse", "%", "ms\0eo", ""] {
        assert_eq!(
            users::by_username(&mut store.reader(), name).await.unwrap(),
            None,
            "{name:?}"
        );
    }
}

async fn an_address_is_looked_up_in_either_case_of_a_to_z_alone(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    sign_up(&store, "one", "Éva@Example.org").await.unwrap();
    sign_up(&store, "two", "").await.unwrap();
    for (address, found) in [
        ("Éva@Example.org", 1),
        ("Éva@EXAMPLE.ORG", 1),
        ("éva@example.org", 0),
        ("Eva@example.org", 0),
        ("", 0),
        ("\0", 0),
        ("%", 0),
    ] {
        let users = users::by_email(&mut store.reader(), address).await.unwrap();
        assert_eq!(users.len(), found, "{address:?}");
    }
}

async fn an_address_that_repeats_is_told_as_two(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for name in ["a", "b", "c"] {
        sign_up(&store, name, &format!("{name}@x.org").replace(name, "SAME"))
            .await
            .unwrap();
    }
    let found = users::by_email(&mut store.reader(), "same@x.org").await.unwrap();
    assert_eq!(
        found
            .iter()
            .map(|user| user.username.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
}

async fn a_taken_username_is_told_by_its_column(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    sign_up(&store, "mseo", "").await.unwrap();
    for _ in 0..2 {
        let error = sign_up(&store, "mseo", "other@x.org").await.unwrap_err();
        assert_eq!(error.code(), "unique_violation");
        let Error::UniqueViolation { table, column } = error else {
            panic!("{error}")
        };
        assert_eq!((table.as_str(), column.as_str()), ("user_user", "username"));
    }
}

async fn changes_reach_one_user_and_tell_whether_he_is_there(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let user = sign_up(&store, "one", "").await.unwrap();
    let other = sign_up(&store, "two", "").await.unwrap();
    let later: Timestamp = "2026-12-01T00:00:00.5Z".parse().unwrap();
    let done = store
        .write((user.id.clone(), later), |tx, (id, later)| {
            Box::pin(async move {
                Ok([
                    users::set_password(tx, id, "new").await?,
                    users::redeem(tx, id, "new", Some(*later)).await?,
                    users::redeem(tx, id, "new", None).await?,
                    users::deactivate(tx, id).await?,
                    users::redeem(tx, id, "new", None).await?,
                    users::set_password(tx, &UserId::Int(99), "new").await?,
                    users::redeem(tx, &UserId::Int(99), "new", None).await?,
                    users::activate(tx, &UserId::Int(99)).await?,
                ])
            })
        })
        .await
        .unwrap();
    assert_eq!(done, [true, true, true, true, false, false, false, false]);
    let mut conn = store.reader();
    let read = users::by_id(&mut conn, &user.id).await.unwrap().unwrap();
    assert_eq!(
        (read.password.as_str(), read.last_login, read.is_active),
        ("new", Some(later), false)
    );
    assert_eq!(users::by_id(&mut conn, &other.id).await.unwrap(), Some(other));
    assert!(
        store
            .write(user.id.clone(), |tx, id| Box::pin(users::activate(tx, id)))
            .await
            .unwrap()
    );
    assert!(
        users::by_id(&mut conn, &user.id)
            .await
            .unwrap()
            .unwrap()
            .is_active
    );
}

async fn a_hash_is_upgraded_only_if_it_is_still_the_one_that_was_verified(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let user = sign_up(&store, "mseo", "").await.unwrap();
    let upgrade = |verified: &'static str, encoded: &'static str| {
        store.write(
            (user.id.clone(), verified, encoded),
            |tx, (id, verified, encoded)| Box::pin(users::upgrade_password(tx, id, verified, encoded)),
        )
    };
    assert!(!upgrade("what was there before", "upgraded").await.unwrap());
    assert!(upgrade("pbkdf2_sha256$1$salt$hash", "upgraded").await.unwrap());
    assert_eq!(db.rows("SELECT password FROM user_user"), ["upgraded"]);
}

async fn users_are_listed_by_their_keys_in_pages(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for number in 1..=5 {
        sign_up(&store, &format!("user{number}"), "").await.unwrap();
    }
    let mut names = Vec::new();
    let mut last = None;
    loop {
        let page = store
            .scan(last.clone(), |conn, last| {
                Box::pin(users::list(conn, last.as_ref(), 2))
            })
            .await
            .unwrap();
        let Some(user) = page.last() else { break };
        last = Some(user.id.clone());
        names.extend(page.into_iter().map(|user| user.username));
    }
    assert_eq!(names, ["user1", "user2", "user3", "user4", "user5"]);
    assert_eq!(users::count(&mut store.reader()).await.unwrap(), 5);
}

async fn a_key_that_the_column_cannot_hold_is_nobodys(db: &TestDatabase) {
    let store = db.store(UserModel::auth_user()).await;
    sign_up(&store, "mseo", "").await.unwrap();
    let mut conn = store.reader();
    let keys = [
        UserId::Int(0),
        UserId::Int(i64::MAX),
        UserId::Int(i64::MIN),
        UserId::Text("1".to_owned()),
    ];
    for key in keys {
        assert_eq!(users::by_id(&mut conn, &key).await.unwrap(), None, "{key}");
    }
}

async fn a_neighbours_rows_are_read(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let (yes, no) = if db.is_sqlite() {
        ("1", "0")
    } else {
        ("true", "false")
    };
    db.execute(&format!(
        "INSERT INTO user_user (id, password, last_login, is_superuser, username, first_name, last_name, email, \
         is_staff, is_active, date_joined, age) VALUES (4000000000, '!x', '2026-11-21 01:02:03', {yes}, 'django', \
         '', '', '', {no}, {yes}, '2026-11-20 00:00:00.000001', NULL)"
    ));
    let user = users::by_username(&mut store.reader(), "django")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (user.id, user.is_superuser, user.is_staff),
        (UserId::Int(4_000_000_000), true, false)
    );
    assert_eq!(user.last_login.unwrap().to_string(), "2026-11-21T01:02:03Z");
    assert_eq!(
        user.date_joined.unwrap().to_string(),
        "2026-11-20T00:00:00.000001Z"
    );
    assert_eq!(user.extra[0].1, FieldValue::Null);
}

async fn an_age_below_zero_is_refused_by_the_database(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let mut new = new_user("mseo", "");
    new.extra = vec![FieldValue::Integer(-1)];
    let error = store
        .write(new, |tx, new| Box::pin(users::insert(tx, new)))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "database_statement", "{error}");
    assert_eq!(users::count(&mut store.reader()).await.unwrap(), 0);
}

#[test]
fn an_address_is_found_by_an_index_in_a_database_of_ours() {
    let db = TestDatabase::sqlite();
    run(async { drop(db.store(UserModel::user_user()).await) });
    let plan = db.rows("EXPLAIN QUERY PLAN SELECT id FROM user_user WHERE lower(email) = lower('a@x.org')");
    assert!(
        plan.len() == 1 && plan[0].contains("INDEX munjigi_user_email (<expr>=?)"),
        "{plan:?}"
    );
}

async fn an_address_and_a_further_field_change_by_themselves(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let (one, other) = (
        sign_up(&store, "one", "one@x.org").await.unwrap(),
        sign_up(&store, "other", "other@x.org").await.unwrap(),
    );
    let moved = store.write(one.id.clone(), |tx, id| {
        Box::pin(users::set_email(tx, id, "new@x.org"))
    });
    assert!(moved.await.unwrap());
    for (place, age, is_there) in [
        (0, FieldValue::Integer(24), true),
        (0, FieldValue::Null, true),
        (1, FieldValue::Integer(1), false),
        (0, FieldValue::Integer(25), true),
    ] {
        let set = store.write((one.id.clone(), place, age), |tx, (id, place, age)| {
            Box::pin(users::set_extra(tx, id, *place, age))
        });
        assert_eq!(set.await.unwrap(), is_there);
    }
    let changed = users::User {
        email: "new@x.org".to_owned(),
        extra: vec![("age".into(), FieldValue::Integer(25))],
        ..one.clone()
    };
    let mut conn = store.reader();
    assert_eq!(users::by_id(&mut conn, &one.id).await.unwrap(), Some(changed));
    assert_eq!(users::by_id(&mut conn, &other.id).await.unwrap(), Some(other));
    let nobody = store.write(UserId::Int(9), |tx, id| Box::pin(users::set_email(tx, id, "")));
    assert!(!nobody.await.unwrap());
}

async fn a_user_is_removed_with_his_groups_and_his_permissions(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let (one, other) = (
        sign_up(&store, "one", "").await.unwrap(),
        sign_up(&store, "other", "").await.unwrap(),
    );
    db.execute(
        "INSERT INTO django_content_type (id, app_label, model) VALUES (1, 'blog', 'post');\
         INSERT INTO auth_permission (id, content_type_id, codename, name) VALUES (1, 1, 'view_post', '');\
         INSERT INTO auth_group (id, name) VALUES (1, 'writers');\
         INSERT INTO user_user_groups (user_id, group_id) VALUES (1, 1), (2, 1);\
         INSERT INTO user_user_user_permissions (user_id, permission_id) VALUES (1, 1), (2, 1);",
    );
    for is_there in [true, false] {
        let removed = store.write(one.id.clone(), |tx, id| Box::pin(users::delete(tx, id)));
        assert_eq!(removed.await.unwrap(), is_there);
    }
    assert_eq!(users::by_id(&mut store.reader(), &one.id).await.unwrap(), None);
    assert_eq!(
        users::by_id(&mut store.reader(), &other.id).await.unwrap(),
        Some(other)
    );
    for relation in ["user_user_groups", "user_user_user_permissions"] {
        assert_eq!(db.rows(&format!("SELECT user_id FROM {relation}")), ["2"]);
    }
}

async fn a_user_whom_another_table_names_stays(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let one = sign_up(&store, "one", "").await.unwrap();
    db.execute(
        "CREATE TABLE blog_post (id integer PRIMARY KEY, author_id bigint NOT NULL \
         REFERENCES user_user (id) DEFERRABLE INITIALLY DEFERRED);\
         INSERT INTO blog_post VALUES (1, 1);",
    );
    let removed = store.write(one.id.clone(), |tx, id| Box::pin(users::delete(tx, id)));
    let error = removed.await.unwrap_err();
    assert_eq!(error.code(), "foreign_key_violation", "{error}");
    assert_eq!(
        users::by_id(&mut store.reader(), &one.id).await.unwrap(),
        Some(one)
    );
}
