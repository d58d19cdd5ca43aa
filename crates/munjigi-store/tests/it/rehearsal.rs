use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::task::Poll;

use munjigi_store::records::EndReason;
use munjigi_store::sessions::SessionRow;
use munjigi_store::token_blacklist::OutstandingToken;
use munjigi_store::{Error, Store, UserModel, records, sessions, token_blacklist, users};
use munjigi_user::UserId;

use crate::support::{TestDatabase, new_user, now, on_both, run, sign_up};

on_both!(
    nothing_of_a_rehearsal_stays,
    a_rehearsal_reads_what_it_wrote_and_nobody_else_does,
    before_its_first_write_a_rehearsal_sees_what_others_write,
    a_refused_write_of_a_rehearsal_is_undone_alone,
    a_rehearsal_that_is_dropped_is_undone_and_its_store_is_no_use,
    a_panic_in_a_rehearsal_is_the_callers_and_leaves_nothing,
    a_caller_who_leaves_in_the_middle_leaves_nothing,
    a_rehearsal_ends_and_others_write_at_once,
    a_rehearsal_beside_one_who_holds_the_row_is_busy_and_soon,
    nobody_is_told_of_what_ends_in_a_rehearsal,
    many_rehearsals_at_once_leave_nothing,
);

fn everything(db: &TestDatabase) -> Vec<String> {
    let mut all = db.rows("SELECT username, password, last_login FROM user_user ORDER BY id");
    for table in [
        "django_session",
        "munjigi_session",
        "munjigi_ended",
        "token_blacklist_outstandingtoken",
    ] {
        all.extend(db.rows(&format!("SELECT count(*) FROM {table}")));
    }
    all.extend(db.rows("SELECT * FROM munjigi_counter"));
    all
}

async fn count(store: &Store) -> u64 {
    users::count(&mut store.reader()).await.unwrap()
}

fn session(key: &str) -> SessionRow {
    SessionRow {
        session_key: key.to_owned(),
        session_data: "data".to_owned(),
        expire_date: "2027-01-01T00:00:00Z".parse().unwrap(),
    }
}

async fn write_session(store: &Store, key: &str) -> Result<(), Error> {
    let row = session(key);
    store
        .write(row, |tx, row| Box::pin(sessions::insert(tx, row)))
        .await
}

async fn nothing_of_a_rehearsal_stays(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    sign_up(&store, "mseo", "").await.unwrap();
    let before = everything(db);
    let rehearsal = store.rehearsal();
    sign_up(rehearsal.store(), "jlee", "").await.unwrap();
    write_session(rehearsal.store(), "a").await.unwrap();
    let redeemed = rehearsal.store().write((), |tx, ()| {
        Box::pin(
            async move { users::redeem(tx, &UserId::Int(1), "pbkdf2_sha256$1$salt$hash", Some(now())).await },
        )
    });
    assert!(redeemed.await.unwrap());
    rehearsal.end().await;
    assert_eq!(everything(db), before);
}

async fn a_rehearsal_reads_what_it_wrote_and_nobody_else_does(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let rehearsal = store.rehearsal();
    sign_up(rehearsal.store(), "mseo", "m@naver.com").await.unwrap();
    assert_eq!((count(rehearsal.store()).await, count(&store).await), (1, 0));
    let mut conn = rehearsal.store().reader();
    assert_eq!(users::by_email(&mut conn, "M@naver.com").await.unwrap().len(), 1);
    let scanned = rehearsal
        .store()
        .scan((), |conn, ()| Box::pin(users::count(conn)));
    assert_eq!(scanned.await.unwrap(), 1);
    // Two who ask at once take their turns.
    let (one, other) = tokio::join!(count(rehearsal.store()), count(rehearsal.store()));
    assert_eq!((one, other), (1, 1));
    rehearsal.end().await;
}

async fn before_its_first_write_a_rehearsal_sees_what_others_write(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let rehearsal = store.rehearsal();
    assert_eq!(count(rehearsal.store()).await, 0);
    sign_up(&store, "mseo", "").await.unwrap();
    assert_eq!(count(rehearsal.store()).await, 1);
    rehearsal.end().await;
}

async fn a_refused_write_of_a_rehearsal_is_undone_alone(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let rehearsal = store.rehearsal();
    sign_up(rehearsal.store(), "mseo", "").await.unwrap();
    let taken = sign_up(rehearsal.store(), "mseo", "").await.unwrap_err();
    assert_eq!(taken.code(), "unique_violation");
    let refused = rehearsal.store().write(new_user("other", ""), |tx, new| {
        Box::pin(async move {
            users::insert(tx, new).await?;
            Err::<(), _>(Error::Abandoned)
        })
    });
    assert_eq!(refused.await.unwrap_err().code(), "abandoned");
    sign_up(rehearsal.store(), "jlee", "").await.expect("it goes on");
    assert_eq!(count(rehearsal.store()).await, 2);
    rehearsal.end().await;
    assert_eq!(count(&store).await, 0);
}

async fn a_rehearsal_that_is_dropped_is_undone_and_its_store_is_no_use(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for is_ended in [true, false] {
        let rehearsal = store.rehearsal();
        let lingering = rehearsal.store().clone();
        sign_up(&lingering, "mseo", "").await.unwrap();
        if is_ended {
            rehearsal.end().await;
        } else {
            drop(rehearsal);
        }
        let late = sign_up(&lingering, "late", "").await.unwrap_err();
        let reading = users::count(&mut lingering.reader()).await.unwrap_err();
        assert_eq!((late.code(), reading.code()), ("abandoned", "abandoned"));
        // Its lock is free, though the server may learn of it a moment later.
        sign_up(&store, if is_ended { "one" } else { "two" }, "")
            .await
            .unwrap();
    }
    assert_eq!(
        db.rows("SELECT username FROM user_user ORDER BY id"),
        ["one", "two"]
    );
}

async fn a_panic_in_a_rehearsal_is_the_callers_and_leaves_nothing(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let panicking = store.clone();
    let task = tokio::spawn(async move {
        let rehearsal = panicking.rehearsal();
        let write = rehearsal.store().write((), |tx, ()| {
            Box::pin(async move {
                users::insert(tx, &new_user("mseo", "")).await?;
                panic!("a bug");
                #[expect(unreachable_code, reason = "the type of the result")]
                Ok(())
            })
        });
        AssertUnwindSafe(write).await
    });
    let panic = task.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a bug"));
    sign_up(&store, "next", "").await.expect("its lock is free");
    assert_eq!(count(&store).await, 1);
}

async fn a_caller_who_leaves_in_the_middle_leaves_nothing(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for number in 0..20 {
        let rehearsal = store.rehearsal();
        sign_up(rehearsal.store(), "first", "").await.unwrap();
        let mut write = Box::pin(sign_up(rehearsal.store(), "second", ""));
        // Asked for once, and then left.
        poll_fn(|cx| {
            let _ = write.as_mut().poll(cx);
            Poll::Ready(())
        })
        .await;
        drop(write);
        if number % 2 == 0 {
            rehearsal.end().await;
        }
    }
    sign_up(&store, "first", "").await.expect("no lock is left");
    assert_eq!(count(&store).await, 1);
}

async fn a_rehearsal_ends_and_others_write_at_once(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for number in 0..50 {
        let rehearsal = store.rehearsal();
        sign_up(rehearsal.store(), "same", "").await.unwrap();
        rehearsal.end().await;
        sign_up(&store, &format!("user{number}"), "").await.unwrap();
    }
    assert_eq!(count(&store).await, 50);
}

async fn a_rehearsal_beside_one_who_holds_the_row_is_busy_and_soon(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let holding = store.rehearsal();
    sign_up(holding.store(), "mseo", "").await.unwrap();
    let waiting = store.rehearsal();
    let started = std::time::Instant::now();
    let busy = sign_up(waiting.store(), "mseo", "").await.unwrap_err();
    assert_eq!(busy.code(), "database_busy");
    assert!(started.elapsed().as_millis() < 3_000, "{:?}", started.elapsed());
    holding.end().await;
    sign_up(waiting.store(), "mseo", "")
        .await
        .expect("now it is free");
    waiting.end().await;
    assert_eq!(count(&store).await, 0);
}

async fn nobody_is_told_of_what_ends_in_a_rehearsal(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    sign_up(&store, "mseo", "").await.unwrap();
    store.on_ended(|ended| panic!("told of {ended:?}"));
    let rehearsal = store.rehearsal();
    let ended = rehearsal
        .store()
        .write(crate::records::new("sid", 1), |tx, record| {
            Box::pin(async move {
                records::open(tx, record).await?;
                let end = records::End {
                    reason: EndReason::SignOut,
                    at: now(),
                    outlived: jiff::SignedDuration::from_mins(5),
                };
                records::end(tx, &record.sid, &end).await
            })
        });
    assert!(ended.await.unwrap());
    rehearsal.end().await;
    assert_eq!(db.rows("SELECT count(*) FROM munjigi_ended"), ["0"]);
}

async fn many_rehearsals_at_once_leave_nothing(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    sign_up(&store, "mseo", "").await.unwrap();
    let before = everything(db);
    let clients = (0..8).map(|client| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0..10 {
                let rehearsal = store.rehearsal();
                write_session(rehearsal.store(), &format!("{client}-{number}"))
                    .await
                    .unwrap();
                let token = OutstandingToken {
                    user_id: Some(UserId::Int(1)),
                    jti: format!("{client}-{number}"),
                    token: String::new(),
                    created_at: None,
                    expires_at: now(),
                };
                let noted = rehearsal.store().write(token, |tx, token| {
                    Box::pin(token_blacklist::blacklist(tx, token, now()))
                });
                noted.await.unwrap();
                if number % 3 > 0 {
                    rehearsal.end().await;
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    sign_up(&store, "next", "").await.unwrap();
    let mut after = everything(db);
    after.retain(|row| !row.starts_with("next"));
    assert_eq!(after, before);
}

#[test]
fn a_rehearsal_that_sqlite_rolled_back_by_itself_commits_nothing_after_it() {
    let db = TestDatabase::sqlite();
    run(async {
        let store = db.store(UserModel::user_user()).await;
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON django_session WHEN NEW.session_key = 'full' \
             BEGIN SELECT RAISE(ROLLBACK, 'as a full disk does'); END",
        );
        let rehearsal = store.rehearsal();
        write_session(rehearsal.store(), "one").await.unwrap();
        assert!(write_session(rehearsal.store(), "full").await.is_err());
        let after = write_session(rehearsal.store(), "two").await.unwrap_err();
        assert_eq!(after.code(), "abandoned");
        rehearsal.end().await;
        assert_eq!(db.rows("SELECT count(*) FROM django_session"), ["0"]);
    });
}
