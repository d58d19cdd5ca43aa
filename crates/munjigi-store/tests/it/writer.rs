//! The writer of SQLite: groups, neighbours, and the length of the log.

use std::time::Instant;

use munjigi_store::{Error, Foreign, Store, UserModel, users};

use crate::support::{TestDatabase, new_user, run, sign_up};

/// `clients` sign up `each` users, one after the other.
async fn sign_ups(store: &Store, clients: usize, each: usize) {
    let clients = (0..clients).map(|client| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0..each {
                sign_up(&store, &format!("user{client}-{number}"), "")
                    .await
                    .unwrap();
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

#[test]
fn transactions_of_many_clients_share_their_commits() {
    let db = TestDatabase::sqlite();
    run(async {
        let store = db.store(UserModel::user_user()).await;
        let before = store.metrics();
        sign_ups(&store, 64, 50).await;
        let after = store.metrics();
        let (jobs, commits) = (after.jobs - before.jobs, after.commits - before.commits);
        assert_eq!((jobs, after.reruns), (3_200, 0));
        assert!(commits * 8 < jobs, "{jobs} transactions in {commits} commits");
    });
}

#[test]
fn a_transaction_waits_for_a_neighbour_who_writes_and_reads_go_on() {
    let db = TestDatabase::sqlite();
    run(async {
        let store = db.store(UserModel::user_user()).await;
        sign_up(&store, "before", "").await.unwrap();
        let neighbour = rusqlite::Connection::open(db.file()).unwrap();
        neighbour.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let waiting: Vec<_> = (0..20)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { sign_up(&store, &format!("user{number}"), "").await })
            })
            .collect();
        let started = Instant::now();
        while started.elapsed().as_millis() < 500 {
            assert!(
                users::by_username(&mut store.reader(), "before")
                    .await
                    .unwrap()
                    .is_some()
            );
        }
        assert_eq!(users::count(&mut store.reader()).await.unwrap(), 1);
        neighbour.execute_batch("ROLLBACK").unwrap();
        for write in waiting {
            write.await.unwrap().unwrap();
        }
        assert_eq!(users::count(&mut store.reader()).await.unwrap(), 21);
    });
}

#[test]
fn a_transaction_that_waited_five_seconds_for_a_neighbour_is_told_that_the_database_is_busy() {
    let db = TestDatabase::sqlite();
    run(async {
        let store = db.store(UserModel::user_user()).await;
        let neighbour = rusqlite::Connection::open(db.file()).unwrap();
        neighbour.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let started = Instant::now();
        let waiting: Vec<_> = (0..20)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { sign_up(&store, &format!("user{number}"), "").await })
            })
            .collect();
        for write in waiting {
            assert_eq!(write.await.unwrap().unwrap_err().code(), "database_busy");
        }
        let seconds = started.elapsed().as_secs_f64();
        assert!(
            (5.0..7.0).contains(&seconds),
            "all of them together waited {seconds} s"
        );
        neighbour.execute_batch("ROLLBACK").unwrap();
        sign_up(&store, "after", "").await.expect("and then it goes on");
    });
}

#[test]
fn work_that_waits_for_something_else_than_the_database_is_an_error() {
    let db = TestDatabase::sqlite();
    run(async {
        let store = db.store(UserModel::user_user()).await;
        let foreign = store.write(new_user("mseo", ""), |tx, new| {
            Box::pin(async move {
                users::insert(tx, new).await?;
                std::future::pending::<()>().await;
                Ok(())
            })
        });
        assert!(matches!(foreign.await, Err(Error::ForeignAwait)));
        assert_eq!(users::count(&mut store.reader()).await.unwrap(), 0);
    });
}

#[test]
fn two_stores_and_a_neighbour_write_to_one_file() {
    let db = TestDatabase::sqlite();
    run(async {
        let one = db.store(UserModel::user_user()).await;
        let two = db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap();
        let file = db.file();
        let neighbour = std::thread::spawn(move || {
            let connection = rusqlite::Connection::open(file).unwrap();
            connection.execute_batch("PRAGMA busy_timeout = 5000").unwrap();
            for number in 0..50 {
                let sql = format!("INSERT INTO munjigi_email (folded, user_id) VALUES ('{number}', '1')");
                connection.execute_batch(&sql).unwrap();
            }
        });
        let writing = |store: Store, name: &'static str| {
            tokio::spawn(async move {
                let clients = (0..8).map(|client| {
                    let store = store.clone();
                    tokio::spawn(async move {
                        for number in 0..50 {
                            sign_up(&store, &format!("{name}{client}-{number}"), "")
                                .await
                                .unwrap();
                        }
                    })
                });
                for client in clients.collect::<Vec<_>>() {
                    client.await.unwrap();
                }
            })
        };
        let (first, second) = (writing(one.clone(), "one"), writing(two, "two"));
        first.await.unwrap();
        second.await.unwrap();
        neighbour.join().unwrap();
        assert_eq!(users::count(&mut one.reader()).await.unwrap(), 800);
        assert_eq!(db.rows("SELECT count(*) FROM munjigi_email"), ["50"]);
        assert_eq!(db.rows("PRAGMA integrity_check"), ["ok"]);
    });
}
