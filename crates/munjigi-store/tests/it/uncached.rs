//! What Django's cache may have copies of. The cache's server is one that is not there, and then one of a few lines.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use munjigi_store::sessions::{self, SessionRow};
use munjigi_store::{
    CacheSettings, Error, Foreign, Missing, Options, SessionEngine, Store, TokenBlacklist, UserModel,
    migrate, uncached,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{TestDatabase, now, on_both};

on_both!(
    what_changes_is_noted_with_its_change_and_forgotten_after_a_minute,
    a_transaction_that_is_undone_notes_nothing,
    a_session_that_changes_again_is_not_taken_for_done,
    without_a_cache_nothing_is_noted,
);

const NOTED: &str = "SELECT session_key FROM munjigi_uncached ORDER BY session_key";

/// A server that knows `DEL` and says which keys it was asked for.
struct Cache {
    url: String,
    deleted: Receiver<String>,
}

impl Cache {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let (told, deleted) = channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, told.clone()));
            }
        });
        Self { url, deleted }
    }

    fn deleted(&self) -> Vec<String> {
        self.deleted.try_iter().collect()
    }
}

/// Every command is an array of strings; a reply to all but `DEL` is `OK`.
async fn answer(mut stream: tokio::net::TcpStream, told: Sender<String>) {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else {
            return;
        };
        read.extend_from_slice(&buffer[..count]);
        while let Some((command, length)) = command(&read) {
            read.drain(..length);
            let is_delete = command[0] == "DEL";
            if is_delete {
                command[1..]
                    .iter()
                    .for_each(|key| told.send(key.clone()).unwrap());
            }
            stream
                .write_all(if is_delete { b":0\r\n" } else { b"+OK\r\n" })
                .await
                .unwrap();
        }
    }
}

/// The first command in what was read, where it is whole, and its length.
fn command(read: &[u8]) -> Option<(Vec<String>, usize)> {
    let text = std::str::from_utf8(read).unwrap();
    let count: usize = text.strip_prefix('*')?.split_once("\r\n")?.0.parse().unwrap();
    let lines: Vec<&str> = text.splitn(2 * count + 2, "\r\n").collect();
    let rest = lines.get(2 * count + 1)?;
    let words = lines[1..=2 * count].iter().skip(1).step_by(2);
    Some((
        words.map(|word| (*word).to_owned()).collect(),
        text.len() - rest.len(),
    ))
}

async fn store(db: &TestDatabase, url: &str) -> Store {
    let settings = CacheSettings {
        url: url.parse().unwrap(),
        key_prefix: "pre".to_owned(),
        version: 2,
    };
    let options = Options {
        missing: Missing::Create,
        foreign: Foreign::Refuse,
        token_blacklist: TokenBlacklist::Kept,
        sessions: SessionEngine::CachedDb(Arc::new(settings)),
    };
    let store = Store::open(&db.url, UserModel::user_user(), options)
        .await
        .unwrap();
    migrate::apply(&store, now()).await.unwrap();
    store
}

async fn insert(store: &Store, key: &str) {
    let row = SessionRow {
        session_key: key.to_owned(),
        session_data: "e30:1:x".to_owned(),
        expire_date: now() + SignedDuration::from_hours(1),
    };
    let insert = store.write(row, |tx, row| Box::pin(sessions::insert(tx, row)));
    insert.await.unwrap();
}

async fn delete(store: &Store, key: &str, at: Timestamp) -> bool {
    let delete = store.write((key.to_owned(), at), |tx, (key, at)| {
        Box::pin(sessions::delete(tx, key, *at))
    });
    delete.await.unwrap()
}

async fn what_changes_is_noted_with_its_change_and_forgotten_after_a_minute(db: &TestDatabase) {
    let cache = Cache::start().await;
    let store = store(db, &cache.url).await;
    let copy = |key: &str| format!("pre:2:django.contrib.sessions.cached_db{key}");
    insert(&store, "one").await;
    insert(&store, "two").await;
    assert_eq!(db.rows(NOTED), [""; 0], "nobody has a copy of a new session");

    assert!(delete(&store, "one", now()).await);
    assert!(!delete(&store, "none", now()).await);
    let row = SessionRow {
        session_key: "two".to_owned(),
        session_data: "e30:2:x".to_owned(),
        expire_date: now() + SignedDuration::from_hours(1),
    };
    let update = store.write(row, |tx, row| Box::pin(sessions::update(tx, row, now())));
    assert!(update.await.unwrap());
    assert_eq!(cache.deleted(), [copy("one"), copy("two")]);
    assert_eq!(db.rows(NOTED), ["one", "two"]);

    for (seconds, deleted, left) in [(1, 0, 2), (2, 2, 2), (59, 0, 2), (60, 2, 0), (90, 0, 0)] {
        let then = now() + SignedDuration::from_secs(seconds);
        assert!(uncached::settle(&store, then).await.unwrap());
        assert_eq!(cache.deleted().len(), deleted, "after {seconds} seconds");
        assert_eq!(db.rows(NOTED).len(), left, "after {seconds} seconds");
    }
    assert!(store.has_cache_in_reach());
}

async fn a_transaction_that_is_undone_notes_nothing(db: &TestDatabase) {
    let cache = Cache::start().await;
    let store = store(db, &cache.url).await;
    insert(&store, "one").await;
    let undone = store.write((), |tx, ()| {
        Box::pin(async move {
            sessions::delete(tx, "one", now()).await?;
            Err::<(), _>(Error::Abandoned)
        })
    });
    assert_eq!(undone.await.unwrap_err().code(), "abandoned");
    assert_eq!(db.rows(NOTED), [""; 0]);
    assert!(delete(&store, "one", now()).await);
    assert_eq!(cache.deleted().len(), 1);
}

async fn a_session_that_changes_again_is_not_taken_for_done(db: &TestDatabase) {
    let cache = Cache::start().await;
    let store = store(db, &cache.url).await;
    for _ in 0..2 {
        insert(&store, "one").await;
        assert!(delete(&store, "one", now()).await);
    }
    let moments = "SELECT changed_at FROM munjigi_uncached";
    assert_eq!(db.rows(moments), [(now().as_millisecond() + 1).to_string()]);
    let later = now() + SignedDuration::from_secs(30);
    insert(&store, "one").await;
    assert!(delete(&store, "one", later).await);
    assert_eq!(db.rows(moments), [later.as_millisecond().to_string()]);
    assert!(
        uncached::settle(&store, now() + SignedDuration::from_secs(60))
            .await
            .unwrap()
    );
    assert_eq!(
        db.rows(NOTED),
        ["one"],
        "a minute from the last change has not passed"
    );
}

async fn without_a_cache_nothing_is_noted(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    insert(&store, "one").await;
    assert!(delete(&store, "one", now()).await);
    assert_eq!(db.rows(NOTED), [""; 0]);
    assert!(uncached::settle(&store, now()).await.unwrap());
    assert!(store.has_cache_in_reach());
}

#[tokio::test]
async fn a_cache_that_is_away_costs_one_moment_and_loses_nothing() {
    let db = TestDatabase::sqlite();
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let store = store(&db, &format!("redis://{address}")).await;
    for key in 0..20 {
        insert(&store, &key.to_string()).await;
    }
    let started = std::time::Instant::now();
    for key in 0..20 {
        assert!(delete(&store, &key.to_string(), now()).await);
    }
    let waited = started.elapsed();
    assert!(waited < Duration::from_secs(1), "{waited:?}: one of them waits");
    assert!(!store.has_cache_in_reach());
    assert_eq!(db.rows(NOTED).len(), 20);
    let later = now() + SignedDuration::from_mins(5);
    assert!(!uncached::settle(&store, later).await.unwrap());
    assert_eq!(db.rows(NOTED).len(), 20);

    drop(silent);
    let listener = TcpListener::bind(address).await.unwrap();
    let (told, deleted) = channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, told.clone()));
        }
    });
    let at_once = now() + SignedDuration::from_millis(1);
    assert!(uncached::settle(&store, at_once).await.unwrap());
    assert!(store.has_cache_in_reach());
    assert_eq!(deleted.try_iter().count(), 20, "all of them, however new");
    assert_eq!(db.rows(NOTED).len(), 20);
    assert!(uncached::settle(&store, later).await.unwrap());
    assert_eq!(db.rows(NOTED), [""; 0]);
}
