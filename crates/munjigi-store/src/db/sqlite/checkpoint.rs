//! Checkpoints: what the log holds goes into the database file, on a thread of its own. Inside a commit it would stop
//! the writer for ten milliseconds and more.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;

use super::super::conn::{Link, Tx};
use super::connection::Own;
use super::{errors, open};
use crate::error::{Error, Result};

/// From this many pages on (4 MiB) the log is copied while the writer goes on.
const COPY_FROM: i32 = 1_000;
/// From this many pages on (32 MiB) the writer itself lets the log start again from its beginning: copying alone
/// never ends while there is always a writer.
const RESTART_FROM: i32 = 8_000;
/// After this long without a commit the log is copied and cut to nothing.
const IDLE: Duration = Duration::from_secs(1);

/// The writer's end: it watches the log and wakes the thread.
pub(super) struct Checkpoints {
    log: Arc<Log>,
    /// From how many pages on the thread is woken next.
    copy_at: i32,
    /// From how many pages on the writer tries next to start the log again; a long reader may prevent it.
    restart_at: i32,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What both threads know of the log.
struct Log {
    /// Its length after the last commit, as SQLite told it.
    pages: AtomicI32,
    /// How many commits there were.
    commits: AtomicU64,
    /// The log is empty and the thread sleeps until it is woken.
    asleep: AtomicBool,
}

impl Checkpoints {
    pub(super) fn start(own: &Own) -> Result<Self> {
        let log = Arc::new(Log {
            pages: 0.into(),
            commits: 0.into(),
            asleep: true.into(),
        });
        let (wake, woken) = sync_channel(1);
        let copying = Copying {
            connection: open::checkpointer(own.path())?,
            path: Arc::clone(own.path()),
            log: Arc::clone(&log),
        };
        let thread = thread::Builder::new()
            .name("munjigi-checkpoint".to_owned())
            .spawn(move || copying.run(&woken))
            .map_err(|error| Error::Unavailable(Arc::new(error)))?;
        Ok(Self {
            log,
            copy_at: COPY_FROM,
            restart_at: RESTART_FROM,
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    /// Lets SQLite tell the length of the log after each commit. This also turns its own checkpoints off.
    pub(super) fn watch(&self, tx: &mut Tx) {
        let Link::SqliteOwn(own) = tx.link() else { return };
        let log = Arc::clone(&self.log);
        let watched = own.connection.wal_hook(Some(move |_: &mut Wal, pages| {
            log.pages.store(pages, SeqCst);
            Ok(())
        }));
        if let Err(error) = watched {
            tracing::error!(%error, "SQLite does not tell the length of its log.");
        }
    }

    /// To be called by the writer after a commit, outside of any transaction.
    pub(super) fn after_commit(&mut self, tx: &mut Tx) {
        self.log.commits.fetch_add(1, SeqCst);
        let pages = self.log.pages.load(SeqCst);
        if pages < COPY_FROM {
            (self.copy_at, self.restart_at) = (COPY_FROM, RESTART_FROM);
        }
        if pages >= self.restart_at {
            self.restart_at = pages + COPY_FROM;
            restart(tx);
        }
        if pages >= self.copy_at || self.log.asleep.swap(false, SeqCst) {
            self.copy_at = self.copy_at.max(pages + COPY_FROM);
            if let Some(wake) = &self.wake {
                // A full channel means that it is awake.
                let _ = wake.try_send(());
            }
        }
    }
}

/// Copies what is left of the log and lets it start again, unless a reader still needs it.
fn restart(tx: &mut Tx) {
    if let Link::SqliteOwn(own) = tx.link() {
        let restarted = own.wait_for_lock(Duration::ZERO).map(|()| {
            own.connection
                .wal_checkpoint_v2(Some("main"), CheckpointMode::RESTART)
        });
        tracing::debug!(?restarted, "The log has grown long.");
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread holds.
struct Copying {
    connection: Connection,
    path: Arc<PathBuf>,
    log: Arc<Log>,
}

impl Copying {
    /// Sleeps while the log is empty; else copies when it is told to, and cuts the log when nobody wrote for a while.
    fn run(&self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            let mut seen = self.log.commits.load(SeqCst);
            while !self.log.asleep.load(SeqCst) {
                match woken.recv_timeout(IDLE) {
                    Ok(()) => drop(self.checkpoint(CheckpointMode::PASSIVE)),
                    Err(RecvTimeoutError::Timeout) => seen = self.after_idle(seen),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        }
    }

    /// Cuts the log and goes to sleep if there was no commit since `seen`. Gives the number of commits until now.
    fn after_idle(&self, seen: u64) -> u64 {
        let commits = self.log.commits.load(SeqCst);
        if commits == seen && self.checkpoint(CheckpointMode::TRUNCATE).is_ok() {
            self.log.asleep.store(true, SeqCst);
            // A commit in this moment has woken nobody.
            if self.log.commits.load(SeqCst) != seen {
                self.log.asleep.store(false, SeqCst);
            }
        }
        commits
    }

    /// An error is told here; that a reader is in the way is none, and the next checkpoint copies the rest.
    fn checkpoint(&self, mode: CheckpointMode) -> Result<()> {
        let done = self.connection.wal_checkpoint_v2(Some("main"), mode);
        let done = done.map(drop).map_err(|error| errors::told(error, &self.path));
        if let Err(error) = &done
            && !matches!(error, Error::Busy)
        {
            tracing::error!(%error, "A checkpoint failed.");
        }
        done
    }
}
