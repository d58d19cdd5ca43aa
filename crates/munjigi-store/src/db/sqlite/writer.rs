//! The writer's thread. Transactions come by a queue, run one after the other, and share a commit: what makes a
//! commit slow is the disk, and it is as slow for one row as for a hundred.
//!
//! Each transaction is a savepoint in a `BEGIN IMMEDIATE`, and is answered after the `COMMIT` that it shares. One that
//! fails is rolled back alone. But Django's foreign keys are checked at the commit, and a full disk may undo all: then
//! the others run again, each in a commit of its own.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::super::conn::{Conn, Copies, Link, Tx};
use super::super::{Committed, Counters, Listeners, Work};
use super::checkpoint::Checkpoints;
use super::connection::Own;
use super::{finished, open};
use crate::ended::Ended;
use crate::error::{Error, Result};
use crate::users::UserSql;

/// A commit waits for no more transactions than these,
const GROUP: usize = 256;
/// and no longer than this.
const GROUP_TIME: Duration = Duration::from_millis(5);
/// Transactions that may wait; more than these are told that the database is busy.
const QUEUE: usize = 4_096;

/// The way to the thread. When it is dropped, the thread ends what was asked for, and its end is waited for.
pub(super) struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    listeners: Arc<Listeners>,
}

impl Writer {
    pub(super) fn start(
        own: Own,
        users: Arc<UserSql>,
        copies: Copies,
        counters: Arc<Counters>,
    ) -> Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let checkpoints = Checkpoints::start(&own)?;
        let tx = Tx::new(Conn::new(users, Link::SqliteOwn(own)), copies);
        let mut writing = Writing {
            tx,
            counters,
            checkpoints,
        };
        let thread = thread::Builder::new()
            .name("munjigi-writer".to_owned())
            .spawn(move || {
                writing.checkpoints.watch(&mut writing.tx);
                while let Ok(job) = jobs.recv() {
                    writing.group(job, &jobs);
                }
            });
        let thread = thread.map_err(|error| Error::Unavailable(Arc::new(error)))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            listeners: Arc::default(),
        })
    }

    pub(super) fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    pub(super) async fn run<I, T>(&self, input: I, work: Work<I, T>) -> Result<Committed<T>>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let deadline = Instant::now() + open::PATIENCE;
        let job = Box::new(Transaction {
            input,
            work,
            deadline,
            outcome: None,
            ended: Vec::new(),
            listeners: Arc::clone(&self.listeners),
            reply,
        });
        let Some(queue) = &self.queue else {
            return Err(Error::Busy);
        };
        match queue.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(Error::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(gone()),
        }
        match answer.await {
            Ok(Outcome::Returned(result)) => result,
            Ok(Outcome::Panicked(panic)) => resume_unwind(panic),
            Err(_) => Err(gone()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        // The last clone of a store may go inside a transaction, on this very thread.
        if let Some(thread) = self
            .thread
            .take()
            .filter(|thread| thread.thread().id() != thread::current().id())
        {
            // A panic there was told to the one who caused it.
            let _ = thread.join();
        }
    }
}

/// What the thread holds.
struct Writing {
    tx: Tx,
    counters: Arc<Counters>,
    checkpoints: Checkpoints,
}

/// How a job's run left the transaction that it shares.
enum Ran {
    /// It waits for the commit.
    Well,
    /// It was undone, the others were not.
    Undone,
    /// SQLite rolled everything back.
    AllLost,
}

impl Writing {
    /// One commit: `first` and what comes while it runs.
    fn group(&mut self, first: Box<dyn Job>, jobs: &Receiver<Box<dyn Job>>) {
        if let Err(error) = self.begin(first.deadline()) {
            return first.answer(Err(error));
        }
        let started = Instant::now();
        let mut waiting = Vec::new();
        let mut next = Some(first);
        while let Some(mut job) = next {
            match self.savepoint(job.as_mut()) {
                Ran::Well => waiting.push(job),
                Ran::Undone => job.answer(Ok(())),
                Ran::AllLost => {
                    waiting.push(job);
                    return self.one_by_one(waiting);
                }
            }
            let full = waiting.len() >= GROUP || started.elapsed() >= GROUP_TIME;
            next = if full { None } else { jobs.try_recv().ok() };
        }
        self.commit_all(waiting);
    }

    fn commit_all(&mut self, waiting: Vec<Box<dyn Job>>) {
        match self.run("COMMIT") {
            Ok(()) => {
                self.committed(waiting.len());
                for job in waiting {
                    job.answer(Ok(()));
                }
                self.checkpoints.after_commit(&mut self.tx);
            }
            Err(_) => self.one_by_one(waiting),
        }
    }

    /// Runs jobs again, each in a commit of its own, so that each is told its own error.
    fn one_by_one(&mut self, jobs: Vec<Box<dyn Job>>) {
        self.roll_back();
        // Together they wait no longer than one does.
        let deadline = Instant::now() + open::PATIENCE;
        for mut job in jobs {
            self.counters.reruns.fetch_add(1, Relaxed);
            let end = self.alone(job.as_mut(), deadline);
            job.answer(end);
        }
        self.checkpoints.after_commit(&mut self.tx);
    }

    fn alone(&mut self, job: &mut dyn Job, deadline: Instant) -> Result<()> {
        self.begin(deadline)?;
        if !job.run(&mut self.tx) {
            self.roll_back();
            return Ok(());
        }
        self.run("COMMIT").inspect_err(|_| self.roll_back())?;
        self.committed(1);
        Ok(())
    }

    fn savepoint(&mut self, job: &mut dyn Job) -> Ran {
        if self.run("SAVEPOINT job").is_err() {
            return Ran::AllLost;
        }
        if job.run(&mut self.tx) {
            return if self.run("RELEASE job").is_ok() {
                Ran::Well
            } else {
                Ran::AllLost
            };
        }
        if self.is_autocommit() || self.run("ROLLBACK TO job").is_err() || self.run("RELEASE job").is_err() {
            return Ran::AllLost;
        }
        Ran::Undone
    }

    /// Takes the lock for writing, and waits for it until `deadline`.
    fn begin(&mut self, deadline: Instant) -> Result<()> {
        let patience = deadline.saturating_duration_since(Instant::now());
        if let Link::SqliteOwn(own) = self.tx.link() {
            own.wait_for_lock(patience)?;
        }
        self.run("BEGIN IMMEDIATE")
    }

    fn roll_back(&mut self) {
        if !self.is_autocommit()
            && let Err(error) = self.run("ROLLBACK")
        {
            tracing::error!(%error, "A transaction could not be rolled back.");
        }
    }

    fn committed(&self, jobs: usize) {
        self.counters
            .jobs
            .fetch_add(u64::try_from(jobs).unwrap_or(0), Relaxed);
        self.counters.commits.fetch_add(1, Relaxed);
    }

    fn run(&mut self, text: &str) -> Result<()> {
        match self.tx.link() {
            Link::SqliteOwn(own) => own.run(text),
            _ => Err(gone()),
        }
    }

    fn is_autocommit(&mut self) -> bool {
        matches!(self.tx.link(), Link::SqliteOwn(own) if own.connection.is_autocommit())
    }
}

/// A transaction in the queue, whatever it takes and returns.
trait Job: Send {
    /// Until when it waits for the lock.
    fn deadline(&self) -> Instant;

    /// Runs the work and keeps what came of it. False if nothing is to be committed.
    fn run(&mut self, tx: &mut Tx) -> bool;

    /// Tells the caller: what came of it, or why it could not be committed.
    fn answer(self: Box<Self>, end: Result<()>);
}

struct Transaction<I, T> {
    input: I,
    work: Work<I, T>,
    deadline: Instant,
    outcome: Option<Outcome<T>>,
    /// What ended in it, and who is told of that.
    ended: Vec<Ended>,
    listeners: Arc<Listeners>,
    reply: oneshot::Sender<Outcome<T>>,
}

enum Outcome<T> {
    Returned(Result<Committed<T>>),
    Panicked(Box<dyn Any + Send>),
}

impl<I: Send + Sync, T: Send> Job for Transaction<I, T> {
    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn run(&mut self, tx: &mut Tx) -> bool {
        let ran = catch_unwind(AssertUnwindSafe(|| finished(tx.run(&self.input, self.work))));
        let outcome = ran.map_or_else(Outcome::Panicked, |result| {
            Outcome::Returned(result.map(|value| Committed {
                value,
                changed: tx.take_changed(),
            }))
        });
        self.ended = tx.take_ended();
        let well = matches!(outcome, Outcome::Returned(Ok(_)));
        self.outcome = Some(outcome);
        well
    }

    fn answer(self: Box<Self>, end: Result<()>) {
        let outcome = match (end, self.outcome) {
            (Ok(()), Some(outcome)) => {
                if let Outcome::Returned(Ok(_)) = &outcome {
                    self.listeners.tell(&self.ended);
                }
                outcome
            }
            (Ok(()), None) => Outcome::Returned(Err(gone())),
            (Err(error), _) => Outcome::Returned(Err(error)),
        };
        // Whoever does not wait any more does not want to know.
        let _ = self.reply.send(outcome);
    }
}

fn gone() -> Error {
    Error::Unavailable(Arc::from(Box::from("the thread that writes has ended")))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::super::value::Stmt;
    use super::*;
    use crate::db::TokenBlacklist;
    use crate::model::UserModel;

    /// A writer on a file that may not grow beyond sixty pages.
    fn writer_on_a_small_disk(file: &PathBuf) -> Writer {
        let _ = std::fs::remove_file(file);
        let connection = open::writer(file, super::super::Missing::Create).unwrap();
        connection
            .execute_batch("CREATE TABLE t (x text); PRAGMA max_page_count = 60")
            .unwrap();
        let own = Own::new(connection, Arc::new(file.clone()));
        let users = Arc::new(UserSql::new(UserModel::auth_user(), TokenBlacklist::Kept));
        Writer::start(own, users, Copies::Nowhere, Arc::default()).unwrap()
    }

    async fn insert(writer: &Writer, length: usize) -> Result<u64> {
        let insert = writer.run("x".repeat(length), |tx, text| {
            Box::pin(async move {
                tx.execute(&Stmt::new("INSERT INTO t VALUES ($1)"), &[text.into()])
                    .await?;
                // The second row may be the one that does not fit; then the first goes too.
                tx.execute(&Stmt::new("INSERT INTO t VALUES ($1)"), &[text.into()])
                    .await
            })
        });
        insert.await.map(|committed| committed.value)
    }

    #[tokio::test]
    async fn a_full_disk_fails_what_does_not_fit_and_the_rest_goes_on() {
        let file = std::env::temp_dir().join(format!("munjigi-full-{}.sqlite3", std::process::id()));
        let writer = Arc::new(writer_on_a_small_disk(&file));
        let tasks: Vec<_> = (0..40)
            .map(|number| {
                let writer = Arc::clone(&writer);
                tokio::spawn(async move { insert(&writer, if number % 4 == 0 { 200_000 } else { 10 }).await })
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            match task.await.unwrap() {
                Ok(changed) => assert_eq!((changed, number % 4 == 0), (1, false), "{number}"),
                Err(error) => {
                    assert_eq!(
                        (error.code(), number % 4),
                        ("database_unavailable", 0),
                        "{number}: {error}"
                    );
                }
            }
        }
        let rows = writer.run((), |tx, ()| {
            Box::pin(async move {
                tx.all(&Stmt::new("SELECT count(*) FROM t"), &[], |row| row.int(0))
                    .await
            })
        });
        assert_eq!(
            rows.await.unwrap().value,
            [60],
            "two rows of each of the thirty that fit"
        );
        drop(writer);
        std::fs::remove_file(&file).unwrap();
    }
}
