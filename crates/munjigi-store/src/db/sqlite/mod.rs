//! SQLite: one thread that writes, in groups; reads on the caller's thread; one thread that checkpoints.
//!
//! Any number of processes may use one file, of ours and of Django's: a second server, a command while the server runs,
//! a backup. Each transaction that writes takes SQLite's lock at its beginning (`BEGIN IMMEDIATE`) and holds it for
//! some milliseconds, so that there is no deadlock and everybody comes in within the five seconds that all wait. That
//! is why a second process is not refused. It must be one machine and a local disk, for the log's index is shared
//! memory.

mod checkpoint;
mod connection;
mod errors;
mod open;
mod writer;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

pub(super) use self::connection::{Own, Readers};
use self::writer::Writer;
use super::conn::{Conn, Copies, Link, Tx, joined};
use super::{Committed, Counters, Listeners, Metrics, Missing, Reading, Work};
use crate::error::{Error, Result};
use crate::users::UserSql;

pub(super) struct Sqlite {
    /// Closed before the writer, so that a connection that may write is the last one and tidies up.
    readers: Arc<Readers>,
    writer: Writer,
    users: Arc<UserSql>,
    counters: Arc<Counters>,
}

impl Sqlite {
    /// Opens the file and starts the threads. This blocks.
    pub(super) fn open(path: &Path, users: Arc<UserSql>, missing: Missing, copies: Copies) -> Result<Self> {
        let path: Arc<PathBuf> = Arc::new(path.to_owned());
        let writing = open::writer(&path, missing)?;
        let counters = Arc::<Counters>::default();
        let readers = Arc::new(Readers::new(Arc::clone(&path)));
        let own = Own::new(writing, path);
        let writer = Writer::start(own, Arc::clone(&users), copies, Arc::clone(&counters))?;
        Ok(Self {
            readers,
            writer,
            users,
            counters,
        })
    }

    pub(super) fn reader(&self) -> Conn {
        Conn::new(
            Arc::clone(&self.users),
            Link::SqliteShared(Arc::clone(&self.readers)),
        )
    }

    pub(super) async fn write<I, T>(&self, input: I, work: Work<I, T>) -> Result<Committed<T>>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.writer.run(input, work).await
    }

    /// Reads on a thread of the blocking pool, in one read transaction.
    pub(super) async fn scan<I, T>(&self, input: I, reading: Reading<I, T>) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (readers, users) = (Arc::clone(&self.readers), Arc::clone(&self.users));
        let scan = tokio::task::spawn_blocking(move || {
            let own = readers.open()?;
            own.script("BEGIN")?;
            let mut conn = Conn::new(users, Link::SqliteOwn(own));
            finished(reading(&mut conn, &input))
        });
        joined(scan.await)?
    }

    /// A connection of its own with a transaction that holds the lock for writing. This blocks.
    pub(super) fn rehearse(&self) -> Result<Own> {
        let path = &self.readers.path;
        let own = Own::new(open::rehearser(path)?, Arc::clone(path));
        own.run("BEGIN IMMEDIATE")?;
        Ok(own)
    }

    pub(super) fn listeners(&self) -> &Listeners {
        self.writer.listeners()
    }

    pub(super) fn metrics(&self) -> Metrics {
        self.counters.read()
    }
}

/// Closes the database and runs one last transaction on it, alone, after which its journal is Django's again. This blocks.
pub(super) fn leave<I, T>(sqlite: Arc<Sqlite>, input: &I, work: Work<I, T>) -> Result<T> {
    let (path, users) = (Arc::clone(&sqlite.readers.path), Arc::clone(&sqlite.users));
    drop(sqlite);
    let own = Own::new(open::alone(&path)?, path);
    own.run("BEGIN IMMEDIATE")?;
    let mut tx = Tx::new(Conn::new(users, Link::SqliteOwn(own)), Copies::Nowhere);
    // What fails closes the connection, and that rolls back.
    let done = finished(tx.run(input, work))?;
    match tx.link() {
        Link::SqliteOwn(own) => own.run("COMMIT").map(|()| done),
        _ => Err(Error::Busy),
    }
}

/// The end of a future that awaits nothing but SQLite, and so ends at once.
pub(super) fn finished<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::ForeignAwait),
    }
}
