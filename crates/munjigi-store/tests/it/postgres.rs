//! What only a server can do to us.

use munjigi_store::{Error, Foreign, UserModel, users};

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
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'munjigi' AND \
                 query LIKE '%' AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
            );
            let read = users::by_username(&mut store.reader(), "user7").await.unwrap();
            assert!(read.is_some(), "round {round}");
            sign_up(&store, &format!("after{round}"), "").await.unwrap();
        }
        assert_eq!(db.rows("SELECT count(*) FROM user_user"), ["19"]);
    });
}

#[test]
fn a_deadlock_runs_again() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    run(async {
        let store = db.store(UserModel::user_user()).await;
        let one = sign_up(&store, "one", "").await.unwrap().id;
        let two = sign_up(&store, "two", "").await.unwrap().id;
        let mut tasks = Vec::new();
        for number in 0..40 {
            let order = if number % 2 == 0 {
                [one.clone(), two.clone()]
            } else {
                [two.clone(), one.clone()]
            };
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                store
                    .write(order, |tx, [first, second]| {
                        Box::pin(async move {
                            users::set_password(tx, first, "a").await?;
                            users::set_password(tx, second, "b").await
                        })
                    })
                    .await
            }));
        }
        for task in tasks {
            assert!(task.await.unwrap().unwrap());
        }
    });
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
        let options = munjigi_store::Options {
            missing: munjigi_store::Missing::Create,
            foreign: Foreign::Refuse,
        };
        let error = munjigi_store::Store::open(&db, UserModel::user_user(), options)
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
