//! What we added to a Django project's database is taken away again, and nothing else.

use jiff::{SignedDuration, Timestamp};
use munjigi_store::migrate::removal::{self, Live};
use munjigi_store::records::{self, End, EndReason, NewRecord};
use munjigi_store::sessions::{self, SessionRow};
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_store::{
    Foreign, Missing, Options, Result, SessionEngine, Store, TokenBlacklist, Tx, UserModel, migrate,
};

use crate::migrate::of_a_project;
use crate::support::{TestDatabase, now, on_both, sign_up};

on_both!(
    what_was_added_is_taken_away_and_nothing_else,
    an_index_of_ours_on_djangos_table_goes_too,
    what_was_removed_can_be_added_again,
    a_database_of_our_own_is_left_alone,
    a_database_of_a_later_version_is_left_alone,
    where_nothing_of_ours_is_there_is_nothing_to_remove,
    nothing_is_removed_while_a_server_has_the_database_open,
    what_users_hold_is_counted,
    tables_that_were_made_for_an_app_of_djangos_stay_and_are_named,
);

async fn adopted(db: &TestDatabase) -> Store {
    let store = db.open(UserModel::auth_user(), Foreign::Adopt).await.unwrap();
    migrate::apply(&store, now()).await.unwrap();
    store
}

async fn leaving(db: &TestDatabase) -> Result<Store> {
    let options = Options {
        missing: Missing::Refuse,
        foreign: Foreign::Adopt,
        token_blacklist: TokenBlacklist::Kept,
        sessions: SessionEngine::Db,
    };
    Store::open(&db.url.clone().for_leaving(), UserModel::auth_user(), options).await
}

/// Every table, column, index and constraint, and every row of the list of migrations.
fn everything(db: &TestDatabase) -> Vec<String> {
    let mut all = db.rows(if db.is_sqlite() {
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name <> 'sqlite_sequence' ORDER BY type, name"
    } else {
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns \
         WHERE table_schema = current_schema() \
         UNION ALL SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = current_schema() \
         UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '' FROM pg_constraint \
         WHERE connamespace = current_schema()::regnamespace \
         UNION ALL SELECT tgrelid::regclass::text, tgname, '', '' FROM pg_trigger \
         WHERE tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace) \
         UNION ALL SELECT proname, '', '', '' FROM pg_proc WHERE pronamespace = current_schema()::regnamespace \
         ORDER BY 1, 2, 3"
    });
    all.extend(db.rows("SELECT app, name FROM django_migrations ORDER BY id"));
    all.extend(db.rows("SELECT username, password FROM auth_user ORDER BY id"));
    all
}

async fn what_was_added_is_taken_away_and_nothing_else(db: &TestDatabase) {
    of_a_project(db).await;
    let before = everything(db);
    drop(adopted(db).await);
    assert!(everything(db).len() > before.len() + 6);
    let store = leaving(db).await.unwrap();
    let ours = removal::look(&store, now()).await.unwrap().unwrap();
    let there = db.rows(if db.is_sqlite() {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'munjigi_%'"
    } else {
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'munjigi_%'"
    });
    assert_eq!(ours.tables.len(), there.len(), "{there:?}");
    removal::remove(store).await.unwrap();
    assert_eq!(everything(db), before);
    if db.is_sqlite() {
        assert_eq!(db.rows("PRAGMA journal_mode"), ["delete"]);
        let files: Vec<_> = std::fs::read_dir(db.file().parent().unwrap()).unwrap().collect();
        assert_eq!(files.len(), 1, "{files:?}");
    }
}

async fn an_index_of_ours_on_djangos_table_goes_too(db: &TestDatabase) {
    of_a_project(db).await;
    drop(adopted(db).await);
    db.execute("CREATE INDEX munjigi_user_email ON auth_user (lower(email))");
    db.execute("CREATE INDEX munjigis_own ON auth_user (lower(first_name))");
    let store = leaving(db).await.unwrap();
    let ours = removal::look(&store, now()).await.unwrap().unwrap();
    assert_eq!(ours.indexes, ["munjigi_user_email"]);
    removal::remove(store).await.unwrap();
    let left = everything(db);
    assert!(
        !left.iter().any(|line| line.contains("munjigi_user_email")),
        "{left:#?}"
    );
    assert!(
        left.iter().any(|line| line.contains("munjigis_own")),
        "not by its first letters"
    );
}

async fn what_was_removed_can_be_added_again(db: &TestDatabase) {
    of_a_project(db).await;
    drop(adopted(db).await);
    removal::remove(leaving(db).await.unwrap()).await.unwrap();
    let store = adopted(db).await;
    migrate::check(&store).await.unwrap();
    sign_up(&store, "four", "Four@x.org").await.unwrap();
}

async fn a_database_of_our_own_is_left_alone(db: &TestDatabase) {
    drop(db.store(UserModel::auth_user()).await);
    let before = everything(db);
    let store = leaving(db).await.unwrap();
    let error = removal::look(&store, now()).await.unwrap_err();
    assert_eq!(error.code(), "own_database");
    assert_eq!(
        removal::remove(store).await.unwrap_err().to_string(),
        error.to_string()
    );
    assert_eq!(everything(db), before);
}

async fn a_database_of_a_later_version_is_left_alone(db: &TestDatabase) {
    of_a_project(db).await;
    drop(adopted(db).await);
    db.execute("INSERT INTO munjigi_migration (name, applied_at) VALUES ('0099_later', 0)");
    let error = removal::remove(leaving(db).await.unwrap()).await.unwrap_err();
    assert_eq!(error.code(), "newer_schema");
}

async fn where_nothing_of_ours_is_there_is_nothing_to_remove(db: &TestDatabase) {
    of_a_project(db).await;
    let store = leaving(db).await.unwrap();
    assert_eq!(removal::look(&store, now()).await.unwrap(), None);
    removal::remove(store).await.unwrap();
}

async fn nothing_is_removed_while_a_server_has_the_database_open(db: &TestDatabase) {
    of_a_project(db).await;
    let server = adopted(db).await;
    let before = everything(db);
    let error = removal::remove(leaving(db).await.unwrap()).await.unwrap_err();
    assert_eq!(error.code(), "database_in_use");
    assert!(error.to_string().contains("a running `munjigi serve`"), "{error}");
    assert_eq!(everything(db), before);
    sign_up(&server, "four", "Four@x.org").await.unwrap();
}

async fn what_users_hold_is_counted(db: &TestDatabase) {
    of_a_project(db).await;
    let store = adopted(db).await;
    let user = sign_up(&store, "four", "").await.unwrap();
    let later = now() + SignedDuration::from_hours(1);
    let record = |sid: &str| NewRecord {
        sid: sid.to_owned(),
        user_id: user.id.clone(),
        opened_at: now(),
        idle_end: None,
        absolute_end: None,
        is_remembered: true,
        auth_hash: String::new(),
        django_session_key: None,
        jti: None,
        jti_exp: None,
        client: records::Client::default(),
    };
    let token = |sid: &str, exp: Timestamp| NewRecord {
        jti: Some(format!("jti-{sid}")),
        jti_exp: Some(exp),
        ..record(sid)
    };
    let by_session = |sid: &str| NewRecord {
        django_session_key: Some(format!("key-{sid}")),
        ..record(sid)
    };
    let past = now() - SignedDuration::from_hours(1);
    for new in [
        by_session("a"),
        by_session("without-a-row"),
        token("b", later),
        token("c", later),
        token("expired", past),
        token("ended", later),
        token("ended-and-blacklisted", later),
    ] {
        store
            .write(new, |tx, new| Box::pin(records::open(tx, new)))
            .await
            .unwrap();
    }
    let row = SessionRow {
        session_key: "key-a".to_owned(),
        session_data: String::new(),
        expire_date: later,
    };
    store
        .write(row, |tx, row| Box::pin(sessions::insert(tx, row)))
        .await
        .unwrap();
    for sid in ["ended", "ended-and-blacklisted"] {
        store.write(sid, |tx, sid| Box::pin(end(tx, sid))).await.unwrap();
    }
    let blacklisted = OutstandingToken {
        user_id: Some(user.id.clone()),
        jti: "jti-ended-and-blacklisted".to_owned(),
        token: String::new(),
        created_at: None,
        expires_at: later,
    };
    store
        .write(blacklisted, |tx, token| {
            Box::pin(async move { token_blacklist::blacklist(tx, token, now()).await.map(drop) })
        })
        .await
        .unwrap();
    drop(store);
    let ours = removal::look(&leaving(db).await.unwrap(), now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        ours.live,
        Live {
            sessions: 1,
            tokens: 2,
            ended_tokens: 1,
        }
    );
}

async fn end(tx: &mut Tx, sid: &str) -> Result<()> {
    let end = End {
        reason: EndReason::SignOut,
        at: now(),
        outlived: SignedDuration::ZERO,
    };
    records::end(tx, sid, &end).await.map(drop)
}

async fn tables_that_were_made_for_an_app_of_djangos_stay_and_are_named(db: &TestDatabase) {
    of_a_project(db).await;
    db.execute("DROP TABLE token_blacklist_blacklistedtoken");
    db.execute("DROP TABLE token_blacklist_outstandingtoken");
    db.execute("DELETE FROM django_migrations WHERE app = 'token_blacklist'");
    db.execute("UPDATE django_migrations SET applied = '2020-01-01 00:00:00'");
    drop(adopted(db).await);
    let store = leaving(db).await.unwrap();
    let ours = removal::look(&store, now()).await.unwrap().unwrap();
    assert_eq!(ours.apps, ["token_blacklist"]);
    removal::remove(store).await.unwrap();
    assert_eq!(
        db.rows("SELECT count(*) FROM token_blacklist_outstandingtoken"),
        ["0"]
    );
}
