use jiff::{SignedDuration, Timestamp};
use munjigi_store::sessions::{self, SessionRow};
use munjigi_store::{Error, Store, UserModel};

use crate::support::{TestDatabase, now, on_both};

on_both!(
    a_session_is_read_until_it_expires,
    a_key_in_use_is_told_by_its_column,
    a_session_that_was_removed_is_not_written_again,
    what_another_one_has_put_into_a_session_is_not_replaced,
    expired_sessions_are_removed_and_no_others,
    moments_stand_in_the_table_as_django_writes_them,
);

fn row(session_key: &str, expire_date: Timestamp) -> SessionRow {
    SessionRow {
        session_key: session_key.to_owned(),
        session_data: "e30:1:x".to_owned(),
        expire_date,
    }
}

async fn insert(store: &Store, row: SessionRow) -> munjigi_store::Result<()> {
    store
        .write(row, |tx, row| Box::pin(sessions::insert(tx, row)))
        .await
}

async fn a_session_is_read_until_it_expires(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let micro = SignedDuration::from_micros(1);
    insert(&store, row("key", now())).await.unwrap();
    let mut conn = store.reader();
    assert!(sessions::by_key(&mut conn, "key", now() - micro).await.unwrap() == Some(row("key", now())));
    assert!(sessions::by_key(&mut conn, "key", now()).await.unwrap().is_none());
    assert!(
        sessions::by_key(&mut conn, "key", now() + micro)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        sessions::by_key(&mut conn, "KEY", now() - micro)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        sessions::by_key(&mut conn, "k\0", now() - micro)
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_key_in_use_is_told_by_its_column(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    insert(&store, row("key", now())).await.unwrap();
    let error = insert(&store, row("key", now())).await.unwrap_err();
    assert!(
        matches!(&error, Error::UniqueViolation { column, .. } if column == "session_key"),
        "{error}"
    );
}

async fn a_session_that_was_removed_is_not_written_again(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let write = |row| store.write(row, |tx, row| Box::pin(sessions::update(tx, row, now())));
    let delete = |key| store.write(key, |tx, key: &String| Box::pin(sessions::delete(tx, key, now())));
    let later = now() + SignedDuration::from_hours(1);
    insert(&store, row("key", now())).await.unwrap();
    assert!(write(row("key", later)).await.unwrap());
    assert!(sessions::by_key(&mut store.reader(), "key", now()).await.unwrap() == Some(row("key", later)));
    assert!(delete("key".to_owned()).await.unwrap());
    assert!(!write(row("key", later)).await.unwrap());
    assert!(!delete("key".to_owned()).await.unwrap());
    assert_eq!(db.rows("SELECT count(*) FROM django_session"), ["0"]);
}

async fn what_another_one_has_put_into_a_session_is_not_replaced(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let replace = |read, data: &str| {
        let change = (read, data.to_owned());
        store.write(change, |tx, (read, data)| {
            Box::pin(sessions::replace(tx, read, data, now()))
        })
    };
    let read = row("key", now());
    insert(&store, read.clone()).await.unwrap();
    assert!(replace(read.clone(), "new").await.unwrap());
    assert!(!replace(read.clone(), "newer").await.unwrap());
    let found = sessions::by_key(&mut store.reader(), "key", now() - SignedDuration::from_secs(1)).await;
    let stored = found.unwrap().unwrap();
    assert_eq!(
        (stored.session_data.as_str(), stored.expire_date),
        ("new", read.expire_date)
    );
    assert!(!replace(row("another", now()), "new").await.unwrap());
}

async fn expired_sessions_are_removed_and_no_others(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let expired = |number| {
        if number < 2_300 {
            "2026-11-21 01:02:03.0003"
        } else {
            "2026-11-21 01:02:03.000400"
        }
    };
    let values: Vec<String> = (0..2_310)
        .map(|n| format!("('key{n}', '', '{}')", expired(n)))
        .collect();
    db.execute(&format!(
        "INSERT INTO django_session (session_key, session_data, expire_date) VALUES {}",
        values.join(", ")
    ));
    assert_eq!(sessions::delete_expired(&store, now()).await.unwrap(), 2_300);
    assert_eq!(sessions::delete_expired(&store, now()).await.unwrap(), 0);
    assert_eq!(db.rows("SELECT count(*) FROM django_session"), ["10"]);
}

async fn moments_stand_in_the_table_as_django_writes_them(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for (key, moment) in [
        ("a", "2026-11-21T01:02:03Z"),
        ("b", "2026-11-21T01:02:03.0000019Z"),
    ] {
        insert(&store, row(key, moment.parse().unwrap())).await.unwrap();
    }
    let written = db.rows("SELECT expire_date FROM django_session ORDER BY session_key");
    let zone = if db.is_sqlite() { "" } else { "+00" };
    let texts = ["2026-11-21 01:02:03", "2026-11-21 01:02:03.000001"];
    assert_eq!(written, texts.map(|text| format!("{text}{zone}")));
}
