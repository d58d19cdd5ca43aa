use jiff::{SignedDuration, Timestamp};
use munjigi_store::records::{self, Client, End, EndReason, NewRecord, Successor};
use munjigi_store::{Store, UserModel};
use munjigi_user::UserId;

use crate::support::{TestDatabase, on_both};

on_both!(
    a_record_is_read_as_it_was_opened,
    a_record_that_is_there_is_not_opened_twice,
    a_record_learns_who_uses_it,
    a_record_ends_once_and_keeps_its_first_reason,
    all_records_of_a_user_end_but_one,
    a_record_follows_its_session_and_its_user,
    a_record_follows_its_token_until_it_ends,
);

/// Whole milliseconds, as the table keeps them.
fn moment() -> Timestamp {
    "2026-11-21T01:02:03.004Z".parse().unwrap()
}

pub(crate) fn new(sid: &str, user: i64) -> NewRecord {
    NewRecord {
        sid: sid.to_owned(),
        user_id: UserId::Int(user),
        opened_at: moment(),
        idle_end: None,
        absolute_end: Some(moment() + SignedDuration::from_hours(24)),
        is_remembered: true,
        auth_hash: "f0".to_owned(),
        django_session_key: Some(format!("key-{sid}")),
        jti: Some(format!("jti-{sid}")),
        jti_exp: Some(moment() + SignedDuration::from_hours(1)),
        client: Client {
            name: None,
            address: Some("::1".to_owned()),
            agent: Some("curl/8".to_owned()),
        },
    }
}

pub(crate) async fn open(store: &Store, record: NewRecord) {
    store
        .write(record, |tx, record| Box::pin(records::open(tx, record)))
        .await
        .unwrap();
}

fn ended_by(reason: EndReason) -> End {
    End {
        reason,
        at: moment(),
        outlived: SignedDuration::ZERO,
    }
}

pub(crate) async fn end(store: &Store, sid: &str, reason: EndReason) -> bool {
    store
        .write((sid.to_owned(), reason), |tx, (sid, reason)| {
            Box::pin(async move { records::end(tx, sid, &ended_by(*reason)).await })
        })
        .await
        .unwrap()
}

async fn a_record_is_read_as_it_was_opened(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    open(&store, new("a", 7)).await;
    let mut conn = store.reader();
    let record = records::by_sid(&mut conn, "a").await.unwrap().unwrap();
    let opened = new("a", 7);
    assert_eq!((record.sid.as_str(), record.user_id.as_str()), ("a", "7"));
    assert_eq!((record.opened_at, record.last_seen_at), (moment(), moment()));
    assert_eq!(
        (record.idle_end, record.absolute_end),
        (None, opened.absolute_end)
    );
    assert_eq!((record.jti.clone(), record.jti_exp), (opened.jti, opened.jti_exp));
    assert_eq!(
        (record.previous_jti.clone(), record.rotated_at, record.rotations),
        (None, None, 0)
    );
    assert_eq!((record.ended_at, record.end_reason), (None, None));
    assert_eq!(record.client, opened.client);
    assert_eq!(record.django_session_key, opened.django_session_key);
    assert!(records::by_sid(&mut conn, "A").await.unwrap().is_none());
    assert!(records::by_sid(&mut conn, "a\0").await.unwrap().is_none());
}

async fn a_record_that_is_there_is_not_opened_twice(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let open = |record| {
        store.write(record, |tx, record| {
            Box::pin(records::open_unless_there(tx, record))
        })
    };
    assert!(open(new("a", 7)).await.unwrap());
    assert!(!open(new("a", 8)).await.unwrap());
    end(&store, "a", EndReason::Revoked).await;
    assert!(!open(new("a", 7)).await.unwrap(), "an ended one stays ended");
    let record = records::by_sid(&mut store.reader(), "a").await.unwrap().unwrap();
    assert_eq!(
        (record.user_id.as_str(), record.end_reason),
        ("7", Some(EndReason::Revoked))
    );
}

async fn a_record_learns_who_uses_it(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    open(&store, new("a", 7)).await;
    let client = Client {
        name: Some("phone".to_owned()),
        address: None,
        agent: Some("curl/8".to_owned()),
    };
    let learn = || {
        store.write(("a", client.clone()), |tx, (sid, client)| {
            Box::pin(records::set_client(tx, sid, client))
        })
    };
    assert!(learn().await.unwrap());
    let record = records::by_sid(&mut store.reader(), "a").await.unwrap().unwrap();
    assert_eq!(record.client, client);
    end(&store, "a", EndReason::SignOut).await;
    assert!(!learn().await.unwrap());
}

async fn a_record_ends_once_and_keeps_its_first_reason(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    open(&store, new("a", 7)).await;
    assert!(end(&store, "a", EndReason::SignOut).await);
    assert!(!end(&store, "a", EndReason::Revoked).await);
    assert!(!end(&store, "b", EndReason::Revoked).await);
    assert!(!end(&store, "a\0", EndReason::Revoked).await);
    let record = records::by_sid(&mut store.reader(), "a").await.unwrap().unwrap();
    assert_eq!(
        (record.ended_at, record.end_reason),
        (Some(moment()), Some(EndReason::SignOut))
    );
}

async fn all_records_of_a_user_end_but_one(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for (sid, user) in [("a", 7), ("b", 7), ("c", 7), ("d", 7), ("other", 8)] {
        open(&store, new(sid, user)).await;
    }
    end(&store, "a", EndReason::SignOut).await;
    let mut ended = store
        .write((), |tx, ()| {
            Box::pin(async move {
                let end = ended_by(EndReason::PasswordChange);
                records::end_all_for_user(tx, &UserId::Int(7), &end, Some("b"), u32::MAX).await
            })
        })
        .await
        .unwrap();
    ended.sort_by(|one, other| one.sid.cmp(&other.sid));
    let sids: Vec<&str> = ended.iter().map(|record| record.sid.as_str()).collect();
    assert_eq!(
        sids,
        ["c", "d"],
        "not the one that stays, nor the one that had ended"
    );
    assert_eq!(ended[0].django_session_key.as_deref(), Some("key-c"));
    assert_eq!(
        (ended[0].jti.as_deref(), ended[0].jti_exp),
        (Some("jti-c"), new("c", 7).jti_exp)
    );
    let mut conn = store.reader();
    let left = records::for_user(&mut conn, &UserId::Int(7)).await.unwrap();
    assert_eq!(
        left.iter().map(|record| record.sid.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
    assert_eq!(
        records::for_user(&mut conn, &UserId::Int(8)).await.unwrap().len(),
        1
    );
}

async fn a_record_follows_its_session_and_its_user(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    open(&store, new("a", 7)).await;
    let follow = || {
        store.write("a", |tx, sid| {
            Box::pin(async move {
                Ok([
                    records::set_django_session_key(tx, sid, "cycled").await?,
                    records::set_auth_hash(tx, sid, "new hash").await?,
                ])
            })
        })
    };
    assert_eq!(follow().await.unwrap(), [true, true]);
    let record = records::by_sid(&mut store.reader(), "a").await.unwrap().unwrap();
    assert_eq!(
        (record.django_session_key.as_deref(), record.auth_hash.as_str()),
        (Some("cycled"), "new hash")
    );
    end(&store, "a", EndReason::SignOut).await;
    assert_eq!(
        follow().await.unwrap(),
        [false, false],
        "an ended record stays as it ended"
    );
}

async fn a_record_follows_its_token_until_it_ends(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    open(&store, new("a", 7)).await;
    let rotate = async |sid: &str, jti: &str| {
        let successor = Successor {
            previous_jti: Some("presented".to_owned()),
            jti: Some(jti.to_owned()),
            jti_exp: moment() + SignedDuration::from_hours(2),
            rotated_at: moment() + SignedDuration::from_mins(1),
            sealed: None,
        };
        let rotated = store.write((sid.to_owned(), successor), |tx, (sid, successor)| {
            Box::pin(records::follow(tx, sid, successor))
        });
        rotated.await.unwrap()
    };
    let extend = async |sid: &str| {
        let extended = store.write(sid.to_owned(), |tx, sid| {
            Box::pin(records::set_jti_exp(
                tx,
                sid,
                moment() + SignedDuration::from_hours(3),
            ))
        });
        extended.await.unwrap()
    };
    assert!(rotate("a", "second").await && rotate("a", "third").await);
    assert!(!rotate("b", "second").await && !extend("b").await);
    let record = records::by_sid(&mut store.reader(), "a").await.unwrap().unwrap();
    assert_eq!(record.previous_jti.as_deref(), Some("presented"));
    assert_eq!((record.jti.as_deref(), record.rotations), (Some("third"), 2));
    assert_eq!(record.jti_exp, Some(moment() + SignedDuration::from_hours(2)));
    assert_eq!(record.rotated_at, Some(moment() + SignedDuration::from_mins(1)));
    assert!(extend("a").await);
    let record = records::by_sid(&mut store.reader(), "a").await.unwrap().unwrap();
    assert_eq!(record.jti_exp, Some(moment() + SignedDuration::from_hours(3)));
    assert!(end(&store, "a", EndReason::SignOut).await);
    assert!(!rotate("a", "fourth").await && !extend("a").await);
}
