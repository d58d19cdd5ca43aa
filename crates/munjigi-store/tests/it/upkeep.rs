//! When records were last used, and what a sweep takes of them.

use jiff::{SignedDuration, Timestamp};
use munjigi_store::records::{self, EndReason};
use munjigi_store::upkeep::{self, Seen, Sweep, Swept};
use munjigi_store::{Store, UserModel};

use crate::records::{end, new, open};
use crate::support::{TestDatabase, on_both};

on_both!(
    a_record_that_was_used_knows_when_unless_it_is_over,
    what_is_over_goes_and_what_is_not_stays,
    a_record_without_an_absolute_end_goes_when_nothing_carries_it,
    a_sweep_goes_over_all_records_a_thousand_at_a_time,
);

fn hour(hour: i64) -> Timestamp {
    new("a", 7).opened_at + SignedDuration::from_hours(hour)
}

async fn see(store: &Store, sid: &str, at: i64, idle_end: Option<i64>) {
    let seen = vec![Seen {
        sid: sid.to_owned(),
        at: hour(at),
        idle_end: idle_end.map(hour),
    }];
    store
        .write(seen, |tx, seen| Box::pin(upkeep::see(tx, seen)))
        .await
        .unwrap();
}

async fn last_seen(store: &Store, sid: &str) -> (Timestamp, Option<Timestamp>) {
    let record = records::by_sid(&mut store.reader(), sid).await.unwrap().unwrap();
    (record.last_seen_at, record.idle_end)
}

async fn sweep(store: &Store, before: i64, after: &str) -> Swept {
    let sweep = Sweep {
        over_before: hour(before),
        rotated_before: hour(before),
    };
    upkeep::sweep(store, sweep, after).await.unwrap()
}

async fn a_record_that_was_used_knows_when_unless_it_is_over(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for sid in ["a", "b"] {
        open(&store, new(sid, 7)).await;
    }
    see(&store, "a", 2, Some(5)).await;
    see(&store, "a", 1, Some(4)).await;
    assert_eq!(last_seen(&store, "a").await, (hour(2), Some(hour(5))));
    see(&store, "a", 5, Some(8)).await;
    assert_eq!(
        last_seen(&store, "a").await,
        (hour(2), Some(hour(5))),
        "it was idle for too long"
    );
    see(&store, "a", 4, None).await;
    assert_eq!(last_seen(&store, "a").await, (hour(4), None));
    end(&store, "b", EndReason::SignOut).await;
    see(&store, "b", 2, Some(5)).await;
    assert_eq!(last_seen(&store, "b").await, (hour(0), None));
}

async fn what_is_over_goes_and_what_is_not_stays(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for (sid, idle_end, absolute_end) in [
        ("ended", None, Some(24)),
        ("idle", Some(1), Some(24)),
        ("old", None, Some(1)),
        ("open", Some(24), Some(24)),
    ] {
        let mut record = new(sid, 7);
        record.idle_end = idle_end.map(hour);
        record.absolute_end = absolute_end.map(hour);
        open(&store, record).await;
    }
    end(&store, "ended", EndReason::SignOut).await;
    db.execute("UPDATE munjigi_session SET rotated_at = opened_at, sealed_successor = NULL");
    assert_eq!(sweep(&store, 0, "").await.records, 0);
    let swept = sweep(&store, 2, "").await;
    assert_eq!((swept.records, swept.seals), (3, 0));
    assert_eq!(db.rows("SELECT sid FROM munjigi_session ORDER BY sid"), ["open"]);
}

async fn a_record_without_an_absolute_end_goes_when_nothing_carries_it(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for sid in ["token", "used", "session", "gone"] {
        let mut record = new(sid, 7);
        record.absolute_end = None;
        if matches!(sid, "session" | "gone") {
            (record.jti, record.jti_exp) = (None, None);
        }
        open(&store, record).await;
    }
    see(&store, "used", 3, None).await;
    db.execute(
        "INSERT INTO django_session (session_key, session_data, expire_date) \
         VALUES ('key-session', '', '2027-01-01 00:00:00')",
    );
    assert_eq!(sweep(&store, 2, "").await.records, 2);
    assert_eq!(
        db.rows("SELECT sid FROM munjigi_session ORDER BY sid"),
        ["session", "used"]
    );
}

async fn a_sweep_goes_over_all_records_a_thousand_at_a_time(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let rows: Vec<String> = (0..2_500)
        .map(|n| format!("('{n:04}', '7', 0, 0, 1, '', 0)"))
        .collect();
    let columns = "sid, user_id, opened_at, last_seen_at, absolute_end, auth_hash, rotations";
    db.execute(&format!(
        "INSERT INTO munjigi_session ({columns}) VALUES {}",
        rows.join(", ")
    ));
    let mut last = String::new();
    let mut slices = Vec::new();
    loop {
        let swept = sweep(&store, 0, &last).await;
        slices.push(swept.records);
        match swept.last {
            Some(next) => last = next,
            None => break,
        }
    }
    assert_eq!(slices, [1_000, 1_000, 500, 0]);
    assert_eq!(db.rows("SELECT count(*) FROM munjigi_session"), ["0"]);
}
