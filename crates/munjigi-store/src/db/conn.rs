//! A connection that reads, and a transaction that writes.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::panic::resume_unwind;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinError;

use super::postgres::{InTransaction, Postgres};
use super::rehearsal::Rehearsed;
use super::row::Row;
use super::sqlite::{Own, Readers};
use super::value::{Param, Stmt};
use super::{TokenBlacklist, Work};
use crate::ended::{self, Ended};
use crate::error::{Error, Result};
use crate::uncached::{self, Changed};
use crate::users::{User, UserSql};

/// Something to read from: [`Store::reader`](super::Store::reader) gives one, and a [`Tx`] is one.
pub struct Conn {
    users: Arc<UserSql>,
    link: Link,
    /// The first statement that failed, for the transaction's end.
    failed: Option<Error>,
}

pub(super) enum Link {
    /// SQLite, reading on the calling thread.
    SqliteShared(Arc<Readers>),
    /// SQLite, a connection held by the writer's thread or by a scan.
    SqliteOwn(Own),
    /// PostgreSQL, reading on connections that all share.
    PostgresShared(Arc<Postgres>),
    /// PostgreSQL, a connection with an open transaction.
    PostgresOwn(InTransaction),
    /// Whatever the rehearsal reads from at the moment.
    Rehearsed(Arc<Rehearsed>),
}

impl Conn {
    pub(super) fn new(users: Arc<UserSql>, link: Link) -> Self {
        Self {
            users,
            link,
            failed: None,
        }
    }

    /// The statements on the user's table.
    pub(crate) fn users(&self) -> Arc<UserSql> {
        Arc::clone(&self.users)
    }

    /// Whether simplejwt's tables are kept.
    pub(crate) fn has_token_blacklist(&self) -> bool {
        self.users.token_blacklist == TokenBlacklist::Kept
    }

    /// Which of two is for this database, where one does not do: what asks about the schema, and what makes it.
    pub(crate) fn choose<T>(&self, sqlite: T, postgres: T) -> T {
        match &self.link {
            Link::SqliteShared(_) | Link::SqliteOwn(_) => sqlite,
            Link::PostgresShared(_) | Link::PostgresOwn(_) => postgres,
            Link::Rehearsed(rehearsed) => rehearsed.choose(sqlite, postgres),
        }
    }

    /// The first row, or none.
    pub(crate) async fn optional<T>(
        &mut self,
        stmt: &Stmt,
        params: &[Param<'_>],
        read: impl Fn(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Option<T>>
    where
        T: Send,
    {
        // The statements that come here select by a unique key or return one row.
        Ok(self.all(stmt, params, read).await?.into_iter().next())
    }

    /// All rows.
    pub(crate) async fn all<T>(
        &mut self,
        stmt: &Stmt,
        params: &[Param<'_>],
        read: impl Fn(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>>
    where
        T: Send,
    {
        let found = match &mut self.link {
            Link::SqliteShared(readers) => readers.all(stmt, params, read),
            Link::SqliteOwn(own) => own.all(stmt, params, read),
            Link::PostgresShared(postgres) => match postgres.rows(stmt, params).await {
                Ok(rows) => rows.iter().map(|row| read(&Row::Postgres(row))).collect(),
                Err(error) => Err(error),
            },
            Link::PostgresOwn(own) => match own.rows(stmt, params).await {
                Ok(rows) => rows.iter().map(|row| read(&Row::Postgres(row))).collect(),
                Err(error) => Err(error),
            },
            Link::Rehearsed(rehearsed) => {
                Box::pin(rehearsed.read(async |conn: &mut Self| conn.all(stmt, params, read).await)).await
            }
        };
        self.noted(found)
    }

    /// The users with this e-mail address, none where the model has no address, on a thread of its own where SQLite must read the whole table.
    pub(crate) async fn all_by_email(&mut self, email: &str) -> Result<Vec<User>> {
        let users = self.users();
        let Some(stmt) = &users.by_email else {
            return Ok(Vec::new());
        };
        if let Link::Rehearsed(rehearsed) = &self.link {
            return Box::pin(rehearsed.read(async |conn: &mut Self| conn.all_by_email(email).await)).await;
        }
        if let Link::SqliteShared(readers) = &self.link
            && !readers.has_index_for(stmt)
        {
            let (readers, users, email) = (Arc::clone(readers), Arc::clone(&users), email.to_owned());
            let whole_table = tokio::task::spawn_blocking(move || match &users.by_email {
                Some(stmt) => readers.all(stmt, &[(&email).into()], |row| users.read(row)),
                None => Ok(Vec::new()),
            });
            return joined(whole_table.await)?;
        }
        self.all(stmt, &[email.into()], |row| users.read(row)).await
    }

    fn noted<T>(&mut self, result: Result<T>) -> Result<T> {
        if let (Err(error), None) = (&result, &self.failed) {
            self.failed = Some(error.clone());
        }
        result
    }

    pub(super) fn link(&mut self) -> &mut Link {
        &mut self.link
    }
}

/// A transaction: a [`Conn`] that writes too.
pub struct Tx {
    conn: Conn,
    /// The records that ended in this transaction.
    ended: Vec<Ended>,
    /// Those that were to end in it and had ended before.
    ended_before: Vec<Ended>,
    copies: Copies,
    /// The sessions that it changed, where there are copies of them.
    changed: Vec<Changed>,
}

/// Whether a Django beside us keeps copies of sessions in a cache.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Copies {
    Cached,
    Nowhere,
}

impl Tx {
    pub(super) fn new(conn: Conn, copies: Copies) -> Self {
        Self {
            conn,
            ended: Vec::new(),
            ended_before: Vec::new(),
            copies,
            changed: Vec::new(),
        }
    }

    /// Runs the work up to where it may be committed. What ended in it is numbered last of all, so that the lock on
    /// the counter is held no longer than it must be, and nobody who holds it waits for another lock.
    pub(super) async fn run<I, T>(&mut self, input: &I, work: Work<I, T>) -> Result<T> {
        // What a run before this one left behind, on SQLite, where all share a connection.
        self.ended.clear();
        self.ended_before.clear();
        self.changed.clear();
        self.conn.failed = None;
        let done = work(self, input).await?;
        if let Some(error) = self.conn.failed.take() {
            return Err(error);
        }
        let changed = mem::take(&mut self.changed);
        uncached::note(self, &changed).await?;
        self.changed = changed;
        let ended = mem::take(&mut self.ended);
        ended::number(self, &ended).await?;
        self.ended = ended;
        self.ended.append(&mut self.ended_before);
        Ok(done)
    }

    /// Puts a record that ended on the list of [`crate::ended`].
    pub(crate) fn note_ended(&mut self, ended: Ended) {
        self.ended.push(ended);
    }

    /// Tells of a record that had ended before. It has its number; but another process may have given it that, and this
    /// one is about to answer that it ended.
    pub(crate) fn note_ended_before(&mut self, ended: Ended) {
        self.ended_before.push(ended);
    }

    /// Notes that a session is another than it was, for who deletes copies of it.
    pub(crate) fn note_changed(&mut self, session_key: &str, at: Timestamp) {
        if self.copies == Copies::Cached {
            self.changed.push(Changed {
                session_key: session_key.to_owned(),
                at,
            });
        }
    }

    /// The sessions whose copies are to be deleted after the commit.
    pub(super) fn take_changed(&mut self) -> Vec<String> {
        let changed = mem::take(&mut self.changed).into_iter();
        changed.map(|changed| changed.session_key).collect()
    }

    /// What ended, for those who are told of it after the commit.
    pub(super) fn take_ended(&mut self) -> Vec<Ended> {
        mem::take(&mut self.ended)
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub(crate) async fn execute(&mut self, stmt: &Stmt, params: &[Param<'_>]) -> Result<u64> {
        let changed = match &mut self.conn.link {
            Link::SqliteOwn(own) => own.execute(stmt, params),
            Link::PostgresOwn(own) => own.execute(stmt, params).await,
            Link::SqliteShared(_) | Link::PostgresShared(_) | Link::Rehearsed(_) => Err(only_reads()),
        };
        self.conn.noted(changed)
    }

    /// Runs statements without parameters, each ended by `;`.
    pub(crate) async fn script(&mut self, text: &str) -> Result<()> {
        let done = match &mut self.conn.link {
            Link::SqliteOwn(own) => own.script(text),
            Link::PostgresOwn(own) => own.script(text).await,
            Link::SqliteShared(_) | Link::PostgresShared(_) | Link::Rehearsed(_) => Err(only_reads()),
        };
        self.conn.noted(done)
    }

    /// Waits until nobody else migrates. On SQLite a transaction that writes is alone already.
    pub(crate) async fn lock_schema(&mut self) -> Result<()> {
        match self.conn.link {
            Link::PostgresOwn(_) => self.script(LOCK_SCHEMA).await,
            _ => Ok(()),
        }
    }

    pub(super) fn link(&mut self) -> &mut Link {
        self.conn.link()
    }

    /// The connection, for another transaction in the same one.
    pub(super) fn into_conn(self) -> Conn {
        self.conn
    }
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

fn only_reads() -> Error {
    Error::Statement(Arc::from(Box::from(
        "a connection for reading was asked to write",
    )))
}

/// The number is ours alone: "munjigi" in ASCII.
pub(crate) const LOCK_SCHEMA: &str = "SELECT pg_advisory_xact_lock(30809889553606505)";

/// What a task or thread of ours returned; its panic goes on here.
pub(super) fn joined<T>(result: Result<T, JoinError>) -> Result<T> {
    result.map_err(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(cancelled) => Error::Unavailable(Arc::new(cancelled)),
    })
}
