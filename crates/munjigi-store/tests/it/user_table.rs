//! The user's table of a Django project, as the catalogue tells of it.

use munjigi_store::migrate::{self, EmailIndex};
use munjigi_store::{
    ExtraField, FieldKind, Fill, FilledColumn, FilledKind, Foreign, Store, UserModel, users,
};
use munjigi_user::{UserId, UserIdKind};

use crate::support::{TestDatabase, new_user, now, on_both};

on_both!(
    a_column_that_a_sign_up_would_fail_on_is_named_before,
    an_index_on_addresses_is_made_where_it_is_asked_for,
    a_user_is_written_and_read_under_the_columns_of_his_model,
    a_model_has_the_lengths_of_its_columns,
);

/// `people.Person`, whose table and columns have names of their own.
fn person() -> UserModel {
    let mut model = UserModel {
        label: "people.Person".to_owned(),
        table: "Staff register".to_owned(),
        id_kind: UserIdKind::Uuid,
        username_field: "login".to_owned(),
        email_field: Some("contact".to_owned()),
        ..UserModel::auth_user()
    };
    for (field, column) in [
        ("id", "person_no"),
        ("password", "pw"),
        ("login", "loginName"),
        ("contact", "mail"),
        ("is_active", "enabled"),
        ("last_login", "seen"),
    ] {
        model.columns.set(field, column);
    }
    for field in [
        "username",
        "email",
        "is_superuser",
        "is_staff",
        "first_name",
        "last_name",
        "date_joined",
    ] {
        model.columns.remove(field);
    }
    model
}

/// A project with that table.
async fn project(db: &TestDatabase, model: UserModel) -> Store {
    let (uuid, moment) = if db.is_sqlite() {
        ("char(32)", "datetime")
    } else {
        ("uuid", "timestamptz")
    };
    db.execute(&format!(
        "CREATE TABLE django_migrations (id integer, app varchar(255), name varchar(255), applied {moment});\
         INSERT INTO django_migrations (app, name) VALUES ('people', '0001_initial');\
         CREATE TABLE \"Staff register\" (person_no {uuid} NOT NULL PRIMARY KEY, pw varchar(128) NOT NULL, \
         \"loginName\" varchar(40) NOT NULL UNIQUE, mail varchar(100) NOT NULL, enabled bool NOT NULL, seen {moment} NULL, \
         dept varchar(30) NOT NULL, badge {uuid} NOT NULL, notes text NOT NULL DEFAULT '')"
    ));
    let store = db.open(model, Foreign::Adopt).await.unwrap();
    migrate::apply(&store, now()).await.unwrap();
    store
}

fn department() -> ExtraField {
    ExtraField {
        name: "department".to_owned(),
        column: "dept".to_owned(),
        kind: FieldKind::Text { max_length: None },
        nullable: false,
        editable: true,
        default: None,
    }
}

fn complete() -> UserModel {
    UserModel {
        extra_fields: vec![department()],
        filled: vec![FilledColumn {
            name: "badge".to_owned(),
            column: "badge".to_owned(),
            kind: FilledKind::Uuid,
            fill: Fill::Uuid4,
        }],
        ..person()
    }
}

async fn a_column_that_a_sign_up_would_fail_on_is_named_before(db: &TestDatabase) {
    let store = project(db, person()).await;
    migrate::check(&store).await.unwrap();
    let error = migrate::check_signup(&store).await.unwrap_err();
    assert_eq!(error.code(), "unfit_schema");
    let told = error.to_string();
    assert!(
        told.contains("the table Staff register has columns") && told.contains("(dept, badge)"),
        "{told}"
    );
    drop(store);
    let store = db.open(complete(), Foreign::Adopt).await.unwrap();
    migrate::check_signup(&store).await.unwrap();
}

async fn an_index_on_addresses_is_made_where_it_is_asked_for(db: &TestDatabase) {
    let store = project(db, complete()).await;
    let missing = migrate::email_index(&store).await.unwrap();
    assert_eq!(missing, EmailIndex::Missing { users: 0 });
    assert!(migrate::add_email_index(&store).await.unwrap());
    assert_eq!(migrate::email_index(&store).await.unwrap(), EmailIndex::Present);
    assert!(!migrate::add_email_index(&store).await.unwrap(), "once");
    let mut nameless = complete();
    nameless.email_field = None;
    let nameless = db.open(nameless, Foreign::Adopt).await.unwrap();
    db.execute("DROP INDEX munjigi_user_email");
    assert_eq!(
        migrate::email_index(&nameless).await.unwrap(),
        EmailIndex::Present
    );
    db.execute("CREATE INDEX of_the_project ON \"Staff register\" (lower(mail), dept)");
    assert_eq!(migrate::email_index(&store).await.unwrap(), EmailIndex::Present);
}

async fn a_user_is_written_and_read_under_the_columns_of_his_model(db: &TestDatabase) {
    let store = project(db, complete()).await;
    let mut new = new_user("mseo", "Mseo@naver.com");
    let id = UserId::uuid4([7; 16]);
    new.id = Some(id.clone());
    new.extra = vec![munjigi_store::FieldValue::Text("문지기".to_owned())];
    new.random = vec![[9; 16]];
    let written = store
        .write(new, |tx, new| Box::pin(users::insert(tx, new)))
        .await
        .unwrap();
    let mut conn = store.reader();
    let read = users::by_id(&mut conn, &id).await.unwrap().unwrap();
    assert!(read == written);
    assert_eq!(
        (read.username.as_str(), read.email.as_str()),
        ("mseo", "Mseo@naver.com")
    );
    assert!(read.is_active && !read.is_staff && !read.is_superuser);
    assert_eq!((read.date_joined, read.first_name.as_str()), (None, ""));
    assert!(users::by_username(&mut conn, "mseo").await.unwrap().is_some());
    assert_eq!(
        users::by_email(&mut conn, "mseo@NAVER.com").await.unwrap().len(),
        1
    );
    assert_eq!(users::list(&mut conn, None, 10).await.unwrap().len(), 1);
    let is_redeemed = store
        .write(read.clone(), |tx, user| {
            Box::pin(users::redeem(tx, &user.id, &user.password, Some(now())))
        })
        .await;
    assert!(is_redeemed.unwrap());
    let seen = users::by_id(&mut conn, &id).await.unwrap().unwrap();
    assert_eq!(seen.last_login, Some(now()));
    let is_out = store
        .write(id.clone(), |tx, id| Box::pin(users::deactivate(tx, id)))
        .await;
    assert!(is_out.unwrap());
    assert!(!users::by_id(&mut conn, &id).await.unwrap().unwrap().is_active);
    let is_gone = store
        .write(id.clone(), |tx, id| Box::pin(users::delete(tx, id)))
        .await;
    assert!(is_gone.unwrap());
    assert_eq!(users::count(&mut conn).await.unwrap(), 0);
}

async fn a_model_has_the_lengths_of_its_columns(db: &TestDatabase) {
    let store = project(db, complete()).await;
    let columns = users::columns::all(&mut store.reader()).await.unwrap();
    let model = complete().within(&columns);
    assert_eq!((model.name_lengths.username, model.name_lengths.email), (40, 100));
    assert_eq!(
        model.extra_fields[0].kind,
        FieldKind::Text { max_length: Some(30) }
    );
}
