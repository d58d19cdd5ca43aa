//! Who is in which groups, and what he may do by them and by himself.

use munjigi_store::users::User;
use munjigi_store::{Error, Foreign, Store, UserModel, migrate, permissions};
use munjigi_user::{UserId, UserIdKind};

use crate::support::{TestDatabase, on_both, sign_up};

on_both!(
    a_user_has_his_own_permissions_and_those_of_his_groups,
    a_superuser_has_all_permissions_there_are,
    a_database_of_ours_has_the_tables_and_nothing_in_them,
    the_relations_are_called_after_the_model,
    a_model_without_relations_is_told_before_anybody_asks,
    no_more_is_read_than_a_token_could_hold,
);

/// What a Django project would have: three apps' permissions, two groups.
fn fill(db: &TestDatabase) {
    db.execute(
        "INSERT INTO django_content_type (id, app_label, model) VALUES (1, 'blog', 'post'), (2, 'blog', 'draft'), \
         (3, 'shop', 'order');\
         INSERT INTO auth_permission (id, content_type_id, codename, name) VALUES (1, 1, 'view_post', ''), \
         (2, 1, 'add_post', ''), (3, 2, 'add_post', ''), (4, 3, 'refund', ''), (5, 3, 'view_order', '');\
         INSERT INTO auth_group (id, name) VALUES (1, 'writers'), (2, 'Clerks'), (3, '편집자');\
         INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 1), (1, 3), (2, 5);",
    );
}

async fn asked(store: &Store, user: &User) -> (Vec<String>, Vec<String>) {
    let mut conn = store.reader();
    let groups = permissions::group_names(&mut conn, user).await.unwrap();
    (
        groups,
        permissions::all_permissions(&mut conn, user).await.unwrap(),
    )
}

async fn a_user_has_his_own_permissions_and_those_of_his_groups(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let (one, other) = (
        sign_up(&store, "one", "").await.unwrap(),
        sign_up(&store, "other", "").await.unwrap(),
    );
    fill(db);
    db.execute(
        "INSERT INTO user_user_groups (user_id, group_id) VALUES (1, 1), (1, 3), (1, 2), (2, 3);\
         INSERT INTO user_user_user_permissions (user_id, permission_id) VALUES (1, 2), (1, 4), (1, 1);",
    );
    let (groups, may) = asked(&store, &one).await;
    assert_eq!(groups, ["Clerks", "writers", "편집자"]);
    // add_post is that of two models, and once here, as in Django's set.
    assert_eq!(
        may,
        [
            "blog.add_post",
            "blog.view_post",
            "shop.refund",
            "shop.view_order"
        ]
    );
    let (groups, may) = asked(&store, &other).await;
    assert_eq!((groups, may), (vec!["편집자".to_owned()], Vec::new()));
}

async fn a_superuser_has_all_permissions_there_are(db: &TestDatabase) {
    let store = db.store(UserModel::auth_user()).await;
    let user = sign_up(&store, "root", "").await.unwrap();
    fill(db);
    db.execute("INSERT INTO auth_user_groups (user_id, group_id) VALUES (1, 2)");
    let root = User {
        is_superuser: true,
        ..user
    };
    let (groups, may) = asked(&store, &root).await;
    assert_eq!(groups, ["Clerks"], "groups are those that he is in");
    assert_eq!(
        may,
        [
            "blog.add_post",
            "blog.view_post",
            "shop.refund",
            "shop.view_order"
        ]
    );
}

async fn a_database_of_ours_has_the_tables_and_nothing_in_them(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    migrate::check_permissions(&store).await.unwrap();
    let user = sign_up(&store, "one", "").await.unwrap();
    assert_eq!(asked(&store, &user).await, (Vec::new(), Vec::new()));
    let root = User {
        is_superuser: true,
        ..user
    };
    assert_eq!(asked(&store, &root).await, (Vec::new(), Vec::new()));
}

async fn the_relations_are_called_after_the_model(db: &TestDatabase) {
    let store = db.store(UserModel::auth_user()).await;
    let user = sign_up(&store, "one", "").await.unwrap();
    drop(store);
    fill(db);
    let key = if db.is_sqlite() { "char(32)" } else { "uuid" };
    let id = "0189a4b0c1d24e5f8091a2b3c4d5e6f7";
    db.execute(&format!(
        "CREATE TABLE \"Staff\" (id {key});\
         CREATE TABLE \"Staff_groups\" (member_id {key}, group_id integer);\
         CREATE TABLE \"Staff_user_permissions\" (member_id {key}, permission_id integer);\
         INSERT INTO \"Staff_groups\" VALUES ('{id}', 1);\
         INSERT INTO \"Staff_user_permissions\" VALUES ('{id}', 4);"
    ));
    let model = UserModel {
        label: "shop.Member".to_owned(),
        table: "Staff".to_owned(),
        id_kind: UserIdKind::Uuid,
        ..UserModel::auth_user()
    };
    let store = db.open(model, Foreign::Adopt).await.unwrap();
    migrate::check_permissions(&store).await.unwrap();
    let member = User {
        id: UserId::Uuid(id.parse().unwrap()),
        ..user
    };
    let (groups, may) = asked(&store, &member).await;
    assert_eq!(groups, ["writers"]);
    assert_eq!(may, ["blog.add_post", "blog.view_post", "shop.refund"]);
}

async fn a_model_without_relations_is_told_before_anybody_asks(db: &TestDatabase) {
    let store = db.store(UserModel::auth_user()).await;
    db.execute("DROP TABLE auth_user_user_permissions");
    let error = migrate::check_permissions(&store).await.unwrap_err();
    assert!(
        matches!(&error, Error::UnfitSchema(sentence) if sentence.starts_with(
            "The groups and permissions of auth.User are read from the table auth_user_user_permissions, and there is \
             none with a column user_id."
        )),
        "{error}"
    );
    let error = migrate::check_relations(&store).await.unwrap_err();
    assert!(
        matches!(&error, Error::UnfitSchema(sentence) if sentence.starts_with(
            "Who deletes his account is taken out of the table auth_user_user_permissions, and there is none with a \
             column user_id."
        )),
        "{error}"
    );
}

async fn no_more_is_read_than_a_token_could_hold(db: &TestDatabase) {
    let store = db.store(UserModel::auth_user()).await;
    let user = sign_up(&store, "root", "").await.unwrap();
    db.execute("INSERT INTO django_content_type (id, app_label, model) VALUES (1, 'a', 'm')");
    let rows: Vec<String> = (0..=permissions::MOST)
        .map(|number| format!("(1, 'c{number}', '')"))
        .collect();
    db.execute(&format!(
        "INSERT INTO auth_permission (content_type_id, codename, name) VALUES {}",
        rows.join(", ")
    ));
    let root = User {
        is_superuser: true,
        ..user
    };
    let (_, may) = asked(&store, &root).await;
    assert_eq!(i64::try_from(may.len()).unwrap(), permissions::MOST);
}
