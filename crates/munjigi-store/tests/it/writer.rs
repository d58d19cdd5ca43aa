//! The writer of SQLite: groups, neighbours, and the length of the log.

use std::time::Instant;

use munjigi_store::sessions::{self, SessionRow};
use munjigi_store::{Error, Foreign, Store, UserModel, users};

use crate::support::{TestDatabase, new_user, now, run, sign_up};

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

/// The length of the log in bytes.
fn log_length(db: &TestDatabase) -> u64 {
    let mut name = db.file().into_os_string();
    name.push("-wal");
    std::fs::metadata(name).map_or(0, |log| log.len())
}

/// A session with 40,000 letters of data, which takes ten pages of the log.
async fn long_row(store: &Store, key: String) {
    let row = SessionRow {
        session_key: key,
        session_data: "x".repeat(40_000),
        expire_date: now(),
    };
    store
        .write(row, |tx, row| Box::pin(sessions::insert(tx, row)))
        .await
        .unwrap();
}

#[test]
fn the_log_stays_short_under_writes_and_is_cut_when_they_end() {
    let db = TestDatabase::sqlite();
    run(async {
        let store = db.store(UserModel::user_user()).await;
        let mut longest = 0;
        for number in 0..3_000 {
            long_row(&store, number.to_string()).await;
            longest = longest.max(log_length(&db));
        }
        assert!(
            longest > 0 && longest < 48 << 20,
            "120 MB were written; the log had {longest} bytes"
        );
        let started = Instant::now();
        while log_length(&db) > 0 {
            assert!(
                started.elapsed().as_secs() < 20,
                "the log is still {} bytes long",
                log_length(&db)
            );
            tokio::task::yield_now().await;
        }
        long_row(&store, "after".to_owned()).await;
        assert!(log_length(&db) > 0);
        assert_eq!(db.rows("SELECT count(*) FROM django_session"), ["3001"]);
    });
}

#[test]
fn the_log_is_cut_after_a_reader_who_held_it() {
    let db = TestDatabase::sqlite();
    run(async {
        let store = db.store(UserModel::user_user()).await;
        long_row(&store, "first".to_owned()).await;
        let reader = rusqlite::Connection::open(db.file()).unwrap();
        reader
            .execute_batch("BEGIN; SELECT count(*) FROM django_session")
            .unwrap();
        for number in 0..1_500 {
            long_row(&store, number.to_string()).await;
        }
        let held = log_length(&db);
        assert!(held > 32 << 20, "the reader needs the log: {held} bytes");
        let started = Instant::now();
        // Longer than the writer must be idle before the log is cut.
        while started.elapsed().as_millis() < 2_500 {
            assert!(log_length(&db) >= held);
            tokio::task::yield_now().await;
        }
        reader.execute_batch("COMMIT").unwrap();
        while log_length(&db) > 0 {
            assert!(
                started.elapsed().as_secs() < 20,
                "the log is still {} bytes long",
                log_length(&db)
            );
            tokio::task::yield_now().await;
        }
    });
}
