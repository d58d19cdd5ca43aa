//! What only a server can do to us.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use munjigi_store::{
    BoxFuture, Error, Foreign, Missing, Options, Result, SessionEngine, Store, TokenBlacklist, Tx, UserModel,
    users,
};
use munjigi_user::UserId;
use tokio::sync::Barrier;

use crate::support::{TestDatabase, new_user, run, sign_up};

#[test]
fn lost_connections_are_made_anew_and_nobody_notices() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    run(async {
        let store = db.store(UserModel::user_user()).await;
        let clients = (0..16).map(|number| {
            let store = store.clone();
            tokio::spawn(async move { sign_up(&store, &format!("user{number}"), "").await.unwrap() })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        for round in 0..3 {
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE application_name = current_schema() AND pid <> pg_backend_pid()",
            );
            let read = users::by_username(&mut store.reader(), "user7").await.unwrap();
            assert!(read.is_some(), "round {round}");
            sign_up(&store, &format!("after{round}"), "").await.unwrap();
        }
        assert_eq!(db.rows("SELECT count(*) FROM user_user"), ["19"]);
    });
}

/// Two who lock two rows in opposite order, each after the other has locked its first.
struct Crossing {
    order: [UserId; 2],
    both: Arc<Barrier>,
    runs: Arc<AtomicU32>,
}

#[test]
fn a_transaction_that_the_server_ended_for_a_deadlock_runs_again() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    run(async {
        let store = db.store(UserModel::user_user()).await;
        let one = sign_up(&store, "one", "").await.unwrap().id;
        let two = sign_up(&store, "two", "").await.unwrap().id;
        let (both, runs) = (Arc::new(Barrier::new(2)), Arc::<AtomicU32>::default());
        let orders = [[one.clone(), two.clone()], [two, one]];
        let tasks = orders.map(|order| {
            let (store, both, runs) = (store.clone(), Arc::clone(&both), Arc::clone(&runs));
            tokio::spawn(async move { store.write(Crossing { order, both, runs }, cross).await })
        });
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(runs.load(Relaxed), 3, "one of the two ran twice");
        assert_eq!(store.metrics().reruns, 1);
    });
}

fn cross<'t>(tx: &'t mut Tx, crossing: &'t Crossing) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        let [first, second] = &crossing.order;
        users::set_password(tx, first, "a").await?;
        if crossing.runs.fetch_add(1, Relaxed) < 2 {
            crossing.both.wait().await;
        }
        users::set_password(tx, second, "b").await.map(drop)
    })
}

#[test]
fn a_table_that_was_altered_under_way_is_read_again() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    run(async {
        let store = db.store(UserModel::user_user()).await;
        sign_up(&store, "mseo", "").await.unwrap();
        for _ in 0..4 {
            assert!(
                users::by_username(&mut store.reader(), "mseo")
                    .await
                    .unwrap()
                    .is_some()
            );
        }
        db.execute("ALTER TABLE user_user ALTER COLUMN username TYPE varchar(200)");
        for _ in 0..4 {
            assert!(
                users::by_username(&mut store.reader(), "mseo")
                    .await
                    .unwrap()
                    .is_some()
            );
        }
        sign_up(&store, "after", "").await.unwrap();
    });
}

#[test]
fn a_server_that_is_not_there_is_told_at_the_start() {
    let db = "postgres://munjigi@127.0.0.1:1/nothing".parse().unwrap();
    run(async {
        let options = Options {
            missing: Missing::Create,
            foreign: Foreign::Refuse,
            token_blacklist: TokenBlacklist::Kept,
            sessions: SessionEngine::Db,
        };
        let error = Store::open(&db, UserModel::user_user(), options)
            .await
            .err()
            .unwrap();
        assert!(matches!(error, Error::Unavailable(_)), "{error}");
    });
}

#[test]
fn a_text_that_the_server_cannot_hold_is_an_error_and_not_a_row() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    run(async {
        let store = db.store(UserModel::user_user()).await;
        let error = sign_up(&store, "ms\0eo", "").await.unwrap_err();
        assert_eq!(error.code(), "database_statement", "{error}");
        let long = new_user(&"x".repeat(151), "");
        let error = store
            .write(long, |tx, new| Box::pin(users::insert(tx, new)))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "database_statement", "{error}");
    });
}

#[test]
fn a_commit_is_on_the_disk_even_where_the_server_is_set_not_to_wait_for_it() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    run(async {
        let url = db
            .exposed_url()
            .replace("options=", "options=-csynchronous_commit%3Doff%20");
        let options = Options {
            missing: Missing::Refuse,
            foreign: Foreign::Refuse,
            token_blacklist: TokenBlacklist::Kept,
            sessions: SessionEngine::Db,
        };
        db.store(UserModel::user_user()).await;
        db.execute(
            "CREATE TABLE seen (setting text); \
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$; \
             CREATE TRIGGER note BEFORE INSERT ON user_user FOR EACH ROW EXECUTE FUNCTION note()",
        );
        let model = UserModel::user_user();
        let store = Store::open(&url.parse().unwrap(), model, options).await.unwrap();
        sign_up(&store, "mseo", "").await.unwrap();
        assert_eq!(db.rows("SELECT setting FROM seen"), ["on"]);
    });
}
