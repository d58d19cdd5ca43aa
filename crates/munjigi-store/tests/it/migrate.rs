use munjigi_store::{Foreign, Store, UserModel, migrate, sessions, users};

use crate::support::{TestDatabase, now, on_both, sign_up};

on_both!(
    an_empty_database_is_migrated_once,
    a_store_on_a_database_that_is_not_migrated_says_what_is_missing,
    what_is_applied_stands_in_django_migrations,
    two_who_migrate_at_once_both_succeed,
    a_django_project_is_refused_unless_its_user_model_is_written,
    beside_a_django_project_only_our_own_tables_are_added,
    a_project_with_a_simplejwt_before_5_5_lacks_no_migration,
    a_project_that_is_half_migrated_is_sent_to_its_own_migrate,
    a_newer_schema_is_refused,
    a_database_made_for_another_user_model_is_refused,
    tables_of_unknown_origin_are_not_touched,
    a_project_without_the_fields_that_are_declared_is_refused,
);

async fn an_empty_database_is_migrated_once(db: &TestDatabase) {
    let store = db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap();
    let planned = migrate::plan(&store).await.unwrap();
    let names: Vec<String> = planned.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "contenttypes.0002_remove_content_type_name",
            "auth.0012_alter_user_first_name_max_length",
            "user.0001_initial",
            "sessions.0001_initial",
            "token_blacklist.0013_alter_blacklistedtoken_options_and_more",
            "munjigi.0001_initial",
            "munjigi.0002_ended",
            "munjigi.0003_remembered",
            "munjigi.0004_uncached",
        ]
    );
    assert_eq!(migrate::apply(&store, now()).await.unwrap(), planned);
    assert_eq!(migrate::plan(&store).await.unwrap(), []);
    assert_eq!(migrate::apply(&store, now()).await.unwrap(), []);
    migrate::check(&store).await.unwrap();
}

async fn a_store_on_a_database_that_is_not_migrated_says_what_is_missing(db: &TestDatabase) {
    let store = db.open(UserModel::auth_user(), Foreign::Refuse).await.unwrap();
    let error = migrate::check(&store).await.unwrap_err();
    assert_eq!(error.code(), "not_migrated");
    assert!(error.to_string().contains("munjigi.0001_initial"), "{error}");
    assert!(error.to_string().ends_with("Run `munjigi migrate`."), "{error}");
}

async fn what_is_applied_stands_in_django_migrations(db: &TestDatabase) {
    db.store(UserModel::user_user()).await;
    let rows = db.rows("SELECT app, name FROM django_migrations ORDER BY id");
    assert_eq!((rows.len(), rows[0].as_str()), (28, "contenttypes|0001_initial"));
    assert!(rows.contains(&"user|0001_initial".to_owned()));
    assert!(
        !rows.iter().any(|row| row.starts_with("token_blacklist|0009")),
        "there is no such migration"
    );
    let applied = db.rows("SELECT DISTINCT applied FROM django_migrations");
    assert!(
        applied.len() == 1 && applied[0].starts_with("2026-11-21 01:02:03.0004"),
        "{applied:?}"
    );
}

async fn two_who_migrate_at_once_both_succeed(db: &TestDatabase) {
    let mut nodes = Vec::new();
    for _ in 0..6 {
        nodes.push(db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap());
    }
    let migrating: Vec<_> = nodes
        .into_iter()
        .map(|node: Store| tokio::spawn(async move { migrate::apply(&node, now()).await }))
        .collect();
    let mut steps = Vec::new();
    for node in migrating {
        steps.push(node.await.unwrap().unwrap().len());
    }
    steps.sort_unstable();
    assert_eq!(steps, [0, 0, 0, 0, 0, 9]);
    assert_eq!(db.rows("SELECT count(*) FROM django_migrations"), ["28"]);
}

/// A database as a Django project left it, with `auth.User` and three users.
pub(crate) async fn of_a_project(db: &TestDatabase) {
    let store = db.store(UserModel::auth_user()).await;
    for name in ["one", "two", "three"] {
        sign_up(&store, name, "").await.unwrap();
    }
    drop(store);
    let ours = db.rows(if db.is_sqlite() {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'munjigi_%'"
    } else {
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'munjigi_%'"
    });
    assert_eq!(ours.len(), 7);
    for table in ours {
        db.execute(&format!("DROP TABLE {table}"));
    }
    db.execute("DROP INDEX munjigi_user_email");
}

async fn a_django_project_is_refused_unless_its_user_model_is_written(db: &TestDatabase) {
    of_a_project(db).await;
    let store = db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap();
    for error in [
        migrate::plan(&store).await.unwrap_err(),
        migrate::apply(&store, now()).await.unwrap_err(),
        migrate::check(&store).await.unwrap_err(),
    ] {
        assert_eq!(
            error.to_string(),
            "This database belongs to a Django project (auth_user, 3 users). Write AUTH_USER_MODEL \
             (`munjigi config convert settings.py` finds it), or another DATABASE_URL."
        );
    }
    let adopting = db.open(UserModel::user_user(), Foreign::Adopt).await.unwrap();
    let error = migrate::plan(&adopting).await.unwrap_err().to_string();
    assert!(error.contains("no table user_user"), "{error}");
}

async fn beside_a_django_project_only_our_own_tables_are_added(db: &TestDatabase) {
    of_a_project(db).await;
    let store = db.open(UserModel::auth_user(), Foreign::Adopt).await.unwrap();
    let steps = migrate::apply(&store, now()).await.unwrap();
    assert_eq!(
        steps.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "munjigi.0001_initial",
            "munjigi.0002_ended",
            "munjigi.0003_remembered",
            "munjigi.0004_uncached"
        ]
    );
    migrate::check(&store).await.unwrap();
    assert_eq!(users::count(&mut store.reader()).await.unwrap(), 3);
    let index = if db.is_sqlite() {
        "SELECT count(*) FROM sqlite_master WHERE name = 'munjigi_user_email'"
    } else {
        "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema() AND indexname = 'munjigi_user_email'"
    };
    assert_eq!(db.rows(index), ["0"], "the project's own table gets no index");
    sign_up(&store, "four", "Four@x.org").await.unwrap();
    let found = users::by_email(&mut store.reader(), "four@X.ORG").await.unwrap();
    assert_eq!(found.len(), 1, "an address is found without the index too");
    let refusing = db.open(UserModel::auth_user(), Foreign::Refuse).await.unwrap();
    assert_eq!(
        migrate::check(&refusing).await.unwrap_err().code(),
        "foreign_database",
        "adopted is not ours"
    );
}

async fn a_project_with_a_simplejwt_before_5_5_lacks_no_migration(db: &TestDatabase) {
    of_a_project(db).await;
    db.execute("DELETE FROM django_migrations WHERE app = 'token_blacklist' AND name >= '0013'");
    let store = db.open(UserModel::auth_user(), Foreign::Adopt).await.unwrap();
    let done = migrate::apply(&store, now()).await.unwrap();
    assert!(done.iter().all(|step| step.app == "munjigi"), "{done:?}");
    migrate::check(&store).await.unwrap();
    let noted = "SELECT count(*) FROM django_migrations WHERE name LIKE '0013%'";
    assert_eq!(db.rows(noted), ["0"], "it is the project's to apply");
}

async fn a_project_that_is_half_migrated_is_sent_to_its_own_migrate(db: &TestDatabase) {
    of_a_project(db).await;
    db.execute("DELETE FROM django_migrations WHERE app = 'token_blacklist' AND name >= '0010'");
    let store = db.open(UserModel::auth_user(), Foreign::Adopt).await.unwrap();
    let error = migrate::apply(&store, now()).await.unwrap_err().to_string();
    assert!(
        error.contains("token_blacklist.0010_fix_migrate_to_bigautofield is not applied"),
        "{error}"
    );
    assert!(
        db.rows("SELECT app FROM django_migrations WHERE app = 'munjigi'")
            .is_empty()
    );
}

async fn a_newer_schema_is_refused(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    db.execute("INSERT INTO munjigi_migration (name, applied_at) VALUES ('0099_later', 0)");
    for error in [
        migrate::check(&store).await.unwrap_err(),
        migrate::apply(&store, now()).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), "newer_schema");
        assert!(error.to_string().contains("0099_later"), "{error}");
    }
}

async fn a_database_made_for_another_user_model_is_refused(db: &TestDatabase) {
    db.store(UserModel::auth_user()).await;
    let store = db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap();
    let error = migrate::check(&store).await.unwrap_err().to_string();
    assert!(
        error.contains("made for AUTH_USER_MODEL = \"auth.User\""),
        "{error}"
    );
    let custom = UserModel {
        label: "shop.Customer".to_owned(),
        ..UserModel::auth_user()
    };
    let empty = if db.is_sqlite() {
        Some(TestDatabase::sqlite())
    } else {
        TestDatabase::postgres()
    };
    let empty = empty.unwrap();
    let store = empty.open(custom, Foreign::Adopt).await.unwrap();
    let error = migrate::apply(&store, now()).await.unwrap_err().to_string();
    assert!(
        error.contains("makes only \"user.User\" and \"auth.User\""),
        "{error}"
    );
}

async fn tables_of_unknown_origin_are_not_touched(db: &TestDatabase) {
    db.execute("CREATE TABLE django_session (id integer)");
    let store = db.open(UserModel::user_user(), Foreign::Adopt).await.unwrap();
    let error = migrate::apply(&store, now()).await.unwrap_err().to_string();
    assert!(
        error.contains("There is a table django_session already"),
        "{error}"
    );
    assert_eq!(migrate::plan(&store).await.unwrap_err().code(), "unfit_schema");
    assert_eq!(
        sessions::delete_expired(&store, now()).await.unwrap_err().code(),
        "database_statement"
    );
}

async fn a_project_without_the_fields_that_are_declared_is_refused(db: &TestDatabase) {
    of_a_project(db).await;
    let mut model = UserModel::auth_user();
    model.extra_fields = UserModel::user_user().extra_fields;
    let store = db.open(model, Foreign::Adopt).await.unwrap();
    migrate::apply(&store, now()).await.unwrap();
    let error = migrate::check(&store).await.unwrap_err().to_string();
    assert!(error.contains("The table auth_user has no column age"), "{error}");
}
