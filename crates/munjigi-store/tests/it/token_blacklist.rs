use jiff::{SignedDuration, Timestamp};
use munjigi_store::token_blacklist::{self, Blacklisting, OutstandingToken, TokenRow};
use munjigi_store::{Error, Result, Store, UserModel, users};
use munjigi_user::UserId;

use crate::support::{TestDatabase, now, on_both, sign_up};

on_both!(
    a_token_is_noted_once,
    a_token_is_blacklisted_once_whether_it_was_noted_or_not,
    of_many_who_blacklist_a_token_one_is_first,
    a_token_of_a_user_who_is_gone_is_refused_at_the_commit,
    expired_tokens_are_removed_from_both_tables,
    two_who_remove_expired_tokens_at_once_do_not_disturb_each_other,
    a_token_that_lives_longer_than_its_row_says_is_kept_as_long,
    all_tokens_of_a_user_but_one_are_blacklisted_whoever_gave_them_out,
    the_tokens_of_a_user_who_goes_stay_without_one,
    a_tokens_row_tells_whose_it_is_until_when_and_whether_it_is_blacklisted,
);

fn token(jti: &str, expires_at: Timestamp) -> OutstandingToken {
    OutstandingToken {
        user_id: Some(UserId::Int(1)),
        jti: jti.to_owned(),
        token: "sha256:00".to_owned(),
        created_at: Some(now()),
        expires_at,
    }
}

async fn note(store: &Store, token: OutstandingToken) -> Result<()> {
    store
        .write(token, |tx, token| {
            Box::pin(token_blacklist::insert_outstanding(tx, token))
        })
        .await
}

async fn blacklist(store: &Store, token: OutstandingToken) -> Result<Blacklisting> {
    store
        .write(token, |tx, token| {
            Box::pin(token_blacklist::blacklist(tx, token, now()))
        })
        .await
}

async fn store(db: &TestDatabase) -> Store {
    let store = db.store(UserModel::user_user()).await;
    sign_up(&store, "mseo", "").await.unwrap();
    store
}

async fn a_token_is_noted_once(db: &TestDatabase) {
    let store = store(db).await;
    note(&store, token("a", now())).await.unwrap();
    let error = note(&store, token("a", now())).await.unwrap_err();
    assert!(
        matches!(&error, Error::UniqueViolation { column, .. } if column == "jti"),
        "{error}"
    );
    let rows = db.rows("SELECT user_id, jti, token FROM token_blacklist_outstandingtoken");
    assert_eq!(rows, ["1|a|sha256:00"]);
}

async fn a_token_is_blacklisted_once_whether_it_was_noted_or_not(db: &TestDatabase) {
    let store = store(db).await;
    note(&store, token("noted", now())).await.unwrap();
    for jti in ["noted", "unknown"] {
        let mut conn = store.reader();
        assert!(!token_blacklist::is_blacklisted(&mut conn, jti).await.unwrap());
        assert_eq!(
            blacklist(&store, token(jti, now())).await.unwrap(),
            Blacklisting::Now
        );
        assert_eq!(
            blacklist(&store, token(jti, now())).await.unwrap(),
            Blacklisting::Already
        );
        assert!(token_blacklist::is_blacklisted(&mut conn, jti).await.unwrap());
        assert!(
            !token_blacklist::is_blacklisted(&mut conn, &format!("{jti}\0"))
                .await
                .unwrap()
        );
    }
}

async fn of_many_who_blacklist_a_token_one_is_first(db: &TestDatabase) {
    let store = store(db).await;
    let tries = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { blacklist(&store, token("a", now())).await.unwrap() })
    });
    let mut first = 0;
    for attempt in tries.collect::<Vec<_>>() {
        first += u32::from(attempt.await.unwrap() == Blacklisting::Now);
    }
    assert_eq!(first, 1);
}

async fn a_token_of_a_user_who_is_gone_is_refused_at_the_commit(db: &TestDatabase) {
    let store = store(db).await;
    let mut orphan = token("orphan", now());
    orphan.user_id = Some(UserId::Int(2));
    let error = note(&store, orphan).await.unwrap_err();
    assert_eq!(error.code(), "foreign_key_violation", "{error}");
    let nobody = OutstandingToken {
        user_id: None,
        ..token("nobody", now())
    };
    note(&store, nobody).await.expect("the column may be NULL");
}

async fn expired_tokens_are_removed_from_both_tables(db: &TestDatabase) {
    let store = store(db).await;
    let values: Vec<String> = (0..1_200)
        .map(|n| format!("('t', '2026-11-21 01:02:03', 'old{n}')"))
        .collect();
    db.execute(&format!(
        "INSERT INTO token_blacklist_outstandingtoken (token, expires_at, jti) VALUES {}",
        values.join(", ")
    ));
    blacklist(&store, token("old7", now())).await.unwrap();
    blacklist(&store, token("good", now() + SignedDuration::from_secs(1)))
        .await
        .unwrap();
    let count = token_blacklist::count_expired(&mut store.reader(), now()).await;
    assert_eq!(count.unwrap(), 1_200);
    for removed in [1_000, 200, 0] {
        assert_eq!(
            token_blacklist::delete_expired(&store, now()).await.unwrap(),
            removed
        );
    }
    assert_eq!(
        db.rows("SELECT jti FROM token_blacklist_outstandingtoken"),
        ["good"]
    );
    assert_eq!(
        db.rows("SELECT count(*) FROM token_blacklist_blacklistedtoken"),
        ["1"]
    );
}

async fn two_who_remove_expired_tokens_at_once_do_not_disturb_each_other(db: &TestDatabase) {
    let store = store(db).await;
    for slice in 0..5 {
        let values: Vec<String> = (0..1_000)
            .map(|n| format!("('t', '2026-11-21 01:02:03', '{slice}-{n}')"))
            .collect();
        db.execute(&format!(
            "INSERT INTO token_blacklist_outstandingtoken (token, expires_at, jti) VALUES {}",
            values.join(", ")
        ));
    }
    db.execute(
        "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
         SELECT id, '2026-11-21 01:02:03' FROM token_blacklist_outstandingtoken",
    );
    let flushes = (0..2).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut total = 0;
            loop {
                match token_blacklist::delete_expired(&store, now()).await.unwrap() {
                    0 => return total,
                    removed => total += removed,
                }
            }
        })
    });
    let mut total = 0;
    for flush in flushes.collect::<Vec<_>>() {
        total += flush.await.unwrap();
    }
    assert_eq!(total, 5_000);
}

async fn a_token_that_lives_longer_than_its_row_says_is_kept_as_long(db: &TestDatabase) {
    let store = store(db).await;
    let later = now() + SignedDuration::from_hours(1);
    note(&store, token("sliding", now())).await.unwrap();
    for expires_at in [later, now()] {
        let noted = store.write(token("sliding", expires_at), |tx, token| {
            Box::pin(token_blacklist::outstand(tx, token))
        });
        noted.await.unwrap();
    }
    note(&store, token("longer", now())).await.unwrap();
    blacklist(&store, token("longer", later)).await.unwrap();
    assert_eq!(token_blacklist::delete_expired(&store, now()).await.unwrap(), 0);
    assert_eq!(token_blacklist::delete_expired(&store, later).await.unwrap(), 2);
}

/// Tokens of two users, one of them listed already.
async fn several(db: &TestDatabase) -> Store {
    let store = store(db).await;
    sign_up(&store, "other", "").await.unwrap();
    for jti in ["a", "b", "listed"] {
        note(&store, token(jti, now())).await.unwrap();
    }
    let other = OutstandingToken {
        user_id: Some(UserId::Int(2)),
        ..token("other", now())
    };
    note(&store, other).await.unwrap();
    blacklist(&store, token("listed", now())).await.unwrap();
    db.execute(
        "INSERT INTO token_blacklist_outstandingtoken (user_id, jti, token, expires_at) \
         VALUES (1, 'django', 'eyJ', '2026-11-21 01:02:03')",
    );
    store
}

fn listed(db: &TestDatabase) -> Vec<String> {
    db.rows(
        "SELECT o.jti FROM token_blacklist_blacklistedtoken b \
         JOIN token_blacklist_outstandingtoken o ON o.id = b.token_id ORDER BY o.jti",
    )
}

async fn all_tokens_of_a_user_but_one_are_blacklisted_whoever_gave_them_out(db: &TestDatabase) {
    let store = several(db).await;
    for (except, count, expected) in [
        (Some("b"), 2, &["a", "django", "listed"] as &[&str]),
        (Some("b"), 0, &["a", "django", "listed"]),
        (None, 1, &["a", "b", "django", "listed"]),
    ] {
        let all = store.write(except, |tx, except| {
            Box::pin(token_blacklist::blacklist_all_for_user(
                tx,
                &UserId::Int(1),
                *except,
                now(),
            ))
        });
        assert_eq!(all.await.unwrap(), count, "{except:?}");
        assert_eq!(listed(db), expected, "{except:?}");
    }
}

async fn the_tokens_of_a_user_who_goes_stay_without_one(db: &TestDatabase) {
    let store = several(db).await;
    let goes = async || {
        store
            .write(UserId::Int(1), |tx, id| Box::pin(users::delete(tx, id)))
            .await
    };
    let error = goes().await.unwrap_err();
    assert_eq!(error.code(), "foreign_key_violation", "{error}");
    let disowned = store.write(UserId::Int(1), |tx, id| Box::pin(token_blacklist::disown(tx, id)));
    disowned.await.unwrap();
    assert!(goes().await.unwrap());
    assert_eq!(
        db.rows("SELECT jti, user_id FROM token_blacklist_outstandingtoken ORDER BY jti"),
        ["a|", "b|", "django|", "listed|", "other|2"]
    );
    assert_eq!(listed(db), ["listed"]);
}

async fn a_tokens_row_tells_whose_it_is_until_when_and_whether_it_is_blacklisted(db: &TestDatabase) {
    let store = store(db).await;
    let ownerless = OutstandingToken {
        user_id: None,
        ..token("ownerless", now() + SignedDuration::from_secs(5))
    };
    note(&store, token("good", now())).await.unwrap();
    note(&store, ownerless.clone()).await.unwrap();
    blacklist(&store, ownerless.clone()).await.unwrap();
    let mut conn = store.reader();
    let mut rows = Vec::new();
    for jti in ["good", "ownerless", "unknown", "a\0b"] {
        rows.push(token_blacklist::row(&mut conn, jti).await.unwrap());
    }
    let good = TokenRow {
        has_user: true,
        expires_at: now(),
        is_blacklisted: false,
    };
    let ended = TokenRow {
        has_user: false,
        expires_at: ownerless.expires_at,
        is_blacklisted: true,
    };
    assert_eq!(rows, [Some(good), Some(ended), None, None]);
}
