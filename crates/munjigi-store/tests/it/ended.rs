use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use munjigi_store::ended::{self, Ended, Page};
use munjigi_store::records::{self, Client, End, EndReason, NewRecord};
use munjigi_store::{Endings, Error, Foreign, Store, UserModel};
use munjigi_user::UserId;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::support::{TestDatabase, on_both, run};

on_both!(
    what_ends_is_listed_with_the_last_moment_of_its_tokens,
    all_that_a_password_change_ends_is_listed,
    what_was_undone_is_neither_listed_nor_told,
    who_reads_along_misses_nothing,
    endings_do_not_wait_for_each_other_in_a_circle,
    the_list_is_swept_in_slices,
    a_list_without_its_counter_says_so,
);

fn moment() -> Timestamp {
    "2026-11-21T01:02:03.004Z".parse().unwrap()
}

static END: LazyLock<End> = LazyLock::new(|| End {
    reason: EndReason::SignOut,
    at: moment(),
    outlived: SignedDuration::from_mins(5),
});

/// Opens a record whose token expires in an hour, or that has none.
async fn open(store: &Store, sid: &str, jti: Option<&str>) {
    let record = NewRecord {
        sid: sid.to_owned(),
        user_id: UserId::Int(7),
        opened_at: moment(),
        idle_end: None,
        absolute_end: None,
        is_remembered: true,
        auth_hash: String::new(),
        django_session_key: None,
        jti: jti.map(str::to_owned),
        jti_exp: jti.map(|_| moment() + SignedDuration::from_hours(1)),
        client: Client::default(),
    };
    store
        .write(record, |tx, record| Box::pin(records::open(tx, record)))
        .await
        .unwrap();
}

async fn ended(store: &Store, sid: &str) -> bool {
    store
        .write(sid.to_owned(), |tx, sid| Box::pin(records::end(tx, sid, &END)))
        .await
        .unwrap()
}

async fn page(store: &Store, seq: i64) -> Page {
    ended::after(&mut store.reader(), seq, moment()).await.unwrap()
}

fn sids(page: &Page) -> Vec<(i64, &str)> {
    page.ended
        .iter()
        .map(|(seq, ended)| (*seq, ended.sid.as_str()))
        .collect()
}

async fn what_ends_is_listed_with_the_last_moment_of_its_tokens(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    assert_eq!(
        page(&store, 0).await,
        Page {
            last: 0,
            ended: Vec::new()
        }
    );
    open(&store, "tokens", Some("j")).await;
    open(&store, "session", None).await;
    assert!(ended(&store, "tokens").await);
    assert!(!ended(&store, "tokens").await, "once is enough");
    assert!(!ended(&store, "nobody").await);
    assert!(ended(&store, "session").await);
    let all = page(&store, 0).await;
    assert_eq!((all.last, sids(&all)), (2, vec![(1, "tokens"), (2, "session")]));
    let untils: Vec<Timestamp> = all.ended.iter().map(|(_, ended)| ended.until).collect();
    let after_refresh = moment() + SignedDuration::from_mins(65);
    assert_eq!(untils, [after_refresh, moment() + SignedDuration::from_mins(5)]);
    assert_eq!(sids(&page(&store, 1).await), [(2, "session")]);
    let none_left = Page {
        last: 2,
        ended: Vec::new(),
    };
    assert_eq!(page(&store, 2).await, none_left);
    // What can no longer be sent is passed over, the last moment itself is not.
    let at = async |now| ended::after(&mut store.reader(), 0, now).await.unwrap();
    assert_eq!(at(after_refresh).await.ended.len(), 1);
    assert_eq!(
        at(after_refresh + SignedDuration::from_millis(1)).await,
        none_left
    );
}

async fn all_that_a_password_change_ends_is_listed(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    for number in 0..150 {
        open(&store, &format!("{number:03}"), Some(&format!("jti{number}"))).await;
    }
    ended(&store, "000").await;
    let told = told_of(&store);
    let ended = store
        .write((), |tx, ()| {
            Box::pin(async move {
                records::end_all_for_user(tx, &UserId::Int(7), &END, Some("149"), u32::MAX).await
            })
        })
        .await
        .unwrap();
    assert_eq!(ended.len(), 148);
    let all = page(&store, 0).await;
    let numbers: Vec<i64> = all.ended.iter().map(|(seq, _)| *seq).collect();
    assert_eq!((all.last, numbers), (149, (1..=149).collect()));
    let listed: BTreeSet<&str> = all.ended.iter().map(|(_, ended)| ended.sid.as_str()).collect();
    assert!(listed.len() == 149 && !listed.contains("149"));
    assert_eq!(told.lock().unwrap().len(), 148, "told before the caller goes on");
}

/// What a store tells of its endings.
fn told_of(store: &Store) -> Arc<Mutex<Vec<Ended>>> {
    let told = Arc::<Mutex<Vec<Ended>>>::default();
    let listening = Arc::clone(&told);
    store.on_ended(move |ended| listening.lock().unwrap().extend_from_slice(ended));
    told
}

async fn what_was_undone_is_neither_listed_nor_told(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let told = told_of(&store);
    open(&store, "a", None).await;
    let refused = store.write((), |tx, ()| {
        Box::pin(async move {
            records::end(tx, "a", &END).await?;
            Err::<(), _>(Error::Busy)
        })
    });
    assert_eq!(refused.await.unwrap_err().code(), "database_busy");
    let panicking = store.clone();
    let panicked = tokio::spawn(async move {
        let work = panicking.write((), |tx, ()| {
            Box::pin(async move {
                records::end(tx, "a", &END).await?;
                assert!(records::by_sid(tx, "a").await?.is_none(), "it is there");
                Ok(())
            })
        });
        work.await
    });
    assert!(panicked.await.unwrap_err().is_panic());
    let nothing = store.write((), |_, ()| Box::pin(async { Ok(()) }));
    nothing.await.unwrap();
    assert_eq!(page(&store, 0).await.last, 0);
    assert!(told.lock().unwrap().is_empty());
    assert!(ended(&store, "a").await);
    assert_eq!(told.lock().unwrap().len(), 1);
}

async fn who_reads_along_misses_nothing(db: &TestDatabase) {
    const WRITERS: usize = 12;
    const EACH: usize = 12;
    let store = db.store(UserModel::user_user()).await;
    let another = db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap();
    for number in 0..WRITERS * EACH {
        open(&store, &format!("{number}"), None).await;
    }
    let writing: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = if writer % 2 == 0 {
                store.clone()
            } else {
                another.clone()
            };
            tokio::spawn(async move {
                for number in 0..EACH {
                    let sid = format!("{}", writer * EACH + number);
                    // Others fail in the same moment, and take nobody with them.
                    let failing = store.write(sid.clone(), |tx, sid| {
                        Box::pin(async move {
                            records::end(tx, sid, &END).await?;
                            Err::<(), _>(Error::Busy)
                        })
                    });
                    let (failed, ended) = tokio::join!(failing, ended(&store, &sid));
                    assert!(failed.is_err() && ended);
                }
            })
        })
        .collect();
    let (mut seen, mut seq) = (BTreeSet::new(), 0);
    let mut reading = true;
    while reading {
        reading = !writing.iter().all(tokio::task::JoinHandle::is_finished);
        let page = page(&store, seq).await;
        seq = page.last;
        seen.extend(page.ended.into_iter().map(|(_, ended)| ended.sid));
    }
    for writer in writing {
        writer.await.unwrap();
    }
    assert_eq!(
        (seq, seen.len()),
        (i64::try_from(WRITERS * EACH).unwrap(), WRITERS * EACH)
    );
}

/// One ends a record and then writes a row that all write, another one does it the other way round. The number comes
/// last in both.
async fn endings_do_not_wait_for_each_other_in_a_circle(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    open(&store, "shared", None).await;
    for number in 0..60 {
        open(&store, &format!("{number}"), None).await;
    }
    let ending = |number: usize| {
        let store = store.clone();
        tokio::spawn(async move {
            let done = store.write(number, |tx, number| {
                Box::pin(async move {
                    let sid = number.to_string();
                    if number % 2 == 0 {
                        records::end(tx, &sid, &END).await?;
                    }
                    records::set_auth_hash(tx, "shared", &sid).await?;
                    if number % 2 == 1 {
                        records::end(tx, &sid, &END).await?;
                    }
                    Ok(())
                })
            });
            done.await.unwrap();
        })
    };
    for ending in (0..60).map(ending).collect::<Vec<_>>() {
        ending.await.unwrap();
    }
    assert_eq!(page(&store, 0).await.last, 60);
    assert_eq!(store.metrics().reruns, 0);
}

async fn the_list_is_swept_in_slices(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let rows: Vec<String> = (1..=2_500)
        .map(|seq| format!("({seq}, 'sid{seq}', {seq})"))
        .collect();
    db.execute(&format!(
        "INSERT INTO munjigi_ended (seq, sid, until) VALUES {}",
        rows.join(", ")
    ));
    db.execute("UPDATE munjigi_counter SET value = 2500");
    let at = |millis| Timestamp::from_millisecond(millis).unwrap();
    let first = ended::after(&mut store.reader(), 0, at(0)).await.unwrap();
    assert_eq!((first.last, first.ended.len()), (2_500, Page::LIMIT));
    assert_eq!(first.ended[999].0, 1_000, "the lowest come first");
    assert_eq!(ended::delete_past(&store, at(2_400)).await.unwrap(), 2_399);
    assert_eq!(
        db.rows("SELECT count(*), min(seq) FROM munjigi_ended"),
        ["101|2400"]
    );
    let rest = ended::after(&mut store.reader(), 0, at(0)).await.unwrap();
    assert_eq!((rest.last, rest.ended.len()), (2_500, 101));
}

async fn a_list_without_its_counter_says_so(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    open(&store, "a", None).await;
    db.execute("DELETE FROM munjigi_counter");
    let error = ended::after(&mut store.reader(), 0, moment()).await.unwrap_err();
    assert!(error.to_string().contains("munjigi_counter"), "{error}");
    let refused = store.write((), |tx, ()| Box::pin(records::end(tx, "a", &END)));
    assert_eq!(refused.await.unwrap_err().code(), "unfit_schema");
    let record = records::by_sid(&mut store.reader(), "a").await.unwrap().unwrap();
    assert_eq!(record.ended_at, None, "what cannot be listed does not end");
}

/// Waits for what [`Store::endings`] tells.
async fn told(endings: &Endings) {
    let told = timeout(Duration::from_secs(10), endings.next()).await;
    told.expect("nothing was told for ten seconds");
}

#[test]
fn postgres_tells_of_an_ending_also_after_the_connection_was_lost() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    run(async {
        let store = db.store(UserModel::user_user()).await;
        let elsewhere = db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap();
        let endings = elsewhere.endings();
        for round in ["a", "b", "c"] {
            // It listens, for the first time or once more.
            told(&endings).await;
            open(&store, round, None).await;
            assert!(ended(&store, round).await);
            told(&endings).await;
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE application_name = current_schema() AND query = 'LISTEN munjigi_ended'",
            );
        }
        drop(endings);
        let listening = "SELECT count(*) FROM pg_stat_activity \
             WHERE application_name = current_schema() AND query = 'LISTEN munjigi_ended'";
        let is_gone = async {
            while db.rows(listening) != ["0"] {
                yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), is_gone)
            .await
            .expect("the connection goes with who listens");
    });
}
