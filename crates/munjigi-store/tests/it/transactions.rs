use std::panic::AssertUnwindSafe;

use munjigi_store::{Error, UserModel, users};
use munjigi_user::UserId;

use crate::support::{TestDatabase, new_user, now, on_both, sign_up};

on_both!(
    a_refused_transaction_leaves_nothing,
    a_statement_that_failed_fails_the_transaction_even_if_nobody_looks,
    a_transaction_goes_on_when_its_caller_leaves,
    a_panic_in_a_transaction_is_the_callers_and_leaves_nothing,
    a_deferred_foreign_key_fails_its_own_transaction_alone,
    many_transactions_at_once_are_all_written,
    a_scan_sees_one_state_of_the_database,
    what_was_written_is_read_at_once,
);

async fn a_refused_transaction_leaves_nothing(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let refused = store.write(new_user("mseo", ""), |tx, new| {
        Box::pin(async move {
            users::insert(tx, new).await?;
            Err::<(), _>(Error::Busy)
        })
    });
    assert_eq!(refused.await.unwrap_err().code(), "database_busy");
    assert_eq!(users::count(&mut store.reader()).await.unwrap(), 0);
}

async fn a_statement_that_failed_fails_the_transaction_even_if_nobody_looks(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    sign_up(&store, "taken", "").await.unwrap();
    let careless = store.write((), |tx, ()| {
        Box::pin(async move {
            users::insert(tx, &new_user("mseo", "")).await?;
            let _ = users::insert(tx, &new_user("taken", "")).await;
            Ok(())
        })
    });
    assert_eq!(careless.await.unwrap_err().code(), "unique_violation");
    assert_eq!(users::count(&mut store.reader()).await.unwrap(), 1);
    sign_up(&store, "next", "")
        .await
        .expect("the next transaction starts anew");
}

async fn a_transaction_goes_on_when_its_caller_leaves(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for number in 0..20 {
        let new = new_user(&format!("user{number}"), "");
        let mut write = Box::pin(store.write(new, |tx, new| Box::pin(users::insert(tx, new))));
        // Asked for once, and then left.
        let asked = std::future::poll_fn(|cx| {
            assert!(write.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        });
        asked.await;
    }
    // On SQLite transactions are done in their order. On PostgreSQL the tasks may still be under way.
    loop {
        sign_up(&store, "last", "")
            .await
            .map_or_else(|error| assert_eq!(error.code(), "unique_violation"), drop);
        if users::count(&mut store.reader()).await.unwrap() == 21 {
            break;
        }
    }
}

async fn a_panic_in_a_transaction_is_the_callers_and_leaves_nothing(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let (caught, panicking) = (store.clone(), store.clone());
    let task = tokio::spawn(async move {
        let write = panicking.write((), |tx, ()| {
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
    sign_up(&caught, "next", "").await.expect("the writer goes on");
    assert_eq!(users::count(&mut store.reader()).await.unwrap(), 1);
}

async fn a_deferred_foreign_key_fails_its_own_transaction_alone(db: &TestDatabase) {
    use munjigi_store::token_blacklist::{OutstandingToken, insert_outstanding};
    let store = db.store(UserModel::user_user()).await;
    sign_up(&store, "mseo", "").await.unwrap();
    let tokens = (0..50).map(|number| {
        let store = store.clone();
        let token = OutstandingToken {
            user_id: Some(UserId::Int(if number % 10 == 3 { 99 } else { 1 })),
            jti: number.to_string(),
            token: String::new(),
            created_at: None,
            expires_at: now(),
        };
        tokio::spawn(async move {
            store
                .write(token, |tx, token| Box::pin(insert_outstanding(tx, token)))
                .await
        })
    });
    for (number, token) in tokens.collect::<Vec<_>>().into_iter().enumerate() {
        match token.await.unwrap() {
            Ok(()) => assert_ne!(number % 10, 3),
            Err(error) => assert_eq!((number % 10, error.code()), (3, "foreign_key_violation")),
        }
    }
    assert_eq!(
        db.rows("SELECT count(*) FROM token_blacklist_outstandingtoken"),
        ["45"]
    );
    assert_eq!(
        store.metrics().jobs,
        1 + 1 + 45,
        "with the migration and the sign-up"
    );
}

async fn many_transactions_at_once_are_all_written(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let clients = (0..16).map(|client| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0..20 {
                sign_up(&store, &format!("user{client}-{number}"), "")
                    .await
                    .unwrap();
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    assert_eq!(db.rows("SELECT count(*), max(id) FROM user_user"), ["320|320"]);
}

async fn a_scan_sees_one_state_of_the_database(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    sign_up(&store, "one", "").await.unwrap();
    let scan = store.scan(store.clone(), |conn, store| {
        Box::pin(async move {
            let before = users::count(conn).await?;
            let runtime = tokio::runtime::Handle::current();
            let store = store.clone();
            // Somebody signs up while the scan is under way.
            std::thread::spawn(move || runtime.block_on(sign_up(&store, "two", "")).unwrap())
                .join()
                .unwrap();
            Ok((before, users::count(conn).await?))
        })
    });
    assert_eq!(scan.await.unwrap(), (1, 1));
    assert_eq!(users::count(&mut store.reader()).await.unwrap(), 2);
}

async fn what_was_written_is_read_at_once(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for number in 0..100 {
        let name = format!("user{number}");
        sign_up(&store, &name, "").await.unwrap();
        assert!(
            users::by_username(&mut store.reader(), &name)
                .await
                .unwrap()
                .is_some(),
            "{name}"
        );
    }
}
