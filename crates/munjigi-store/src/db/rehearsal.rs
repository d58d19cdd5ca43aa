//! Work that is done on the real database and never committed: what a request would write is written, looked at, and
//! undone. Django has no such thing, but its `TestCase` wraps each test in a transaction in the same way.
//!
//! Reads go straight to the database until the first write. That begins a transaction on a connection of its own, and from
//! there every read and write goes through it. Each [`Store::write`] is a savepoint in it, so that a refused one is undone
//! alone. What is told after a commit is told to nobody: neither listeners nor a cache nor, on PostgreSQL, other processes
//! learn of anything. Only sequences of PostgreSQL go on, for they know no transactions.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::spawn_blocking;

use super::conn::{Conn, Copies, Link, Tx, joined};
use super::postgres::rehearse;
use super::sqlite::finished;
use super::{Db, Store, Work};
use crate::cache::SessionEngine;
use crate::error::{Error, Result};
use crate::users::UserSql;

/// A [`Store`] whose work is undone at the end, also where that is a panic or nobody waits for it. From then on its clones
/// answer every request with [`Error::Abandoned`].
pub struct Rehearsal {
    store: Store,
    rehearsed: Arc<Rehearsed>,
}

impl Rehearsal {
    pub(super) fn of(store: &Store) -> Self {
        let rehearsed = Arc::new(Rehearsed {
            db: store.db.clone(),
            users: Arc::clone(&store.users),
            copies: match store.options.sessions {
                SessionEngine::Db => Copies::Nowhere,
                SessionEngine::CachedDb(_) => Copies::Cached,
            },
            turn: tokio::sync::Mutex::default(),
            stage: Mutex::new(Stage::Untouched),
        });
        Self {
            store: Store {
                cache: None,
                rehearsed: Some(Arc::clone(&rehearsed)),
                ..store.clone()
            },
            rehearsed,
        }
    }

    /// The store to work with.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Undoes everything, and returns when no lock is held any more. Dropping it does the same a moment later.
    pub async fn end(self) {
        // Who still works, in a task that outlived its request, ends that first.
        let _turn = self.rehearsed.turn.lock().await;
        if let Stage::Open(mut conn) = self.rehearsed.close()
            && let Link::PostgresOwn(own) = conn.link()
        {
            own.undo().await;
        }
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        // A connection that is closed rolls back.
        drop(self.rehearsed.close());
    }
}

/// What the clones of a rehearsal's store share.
pub(super) struct Rehearsed {
    db: Db,
    users: Arc<UserSql>,
    copies: Copies,
    /// One works at a time.
    turn: tokio::sync::Mutex<()>,
    stage: Mutex<Stage>,
}

enum Stage {
    /// Nothing was written yet.
    Untouched,
    /// The transaction lies here.
    Open(Box<Conn>),
    /// Somebody works with it. If he leaves before he lays it back, it is lost, and rolled back.
    Lent,
    Over,
}

impl Rehearsed {
    /// Which of two is for this database.
    pub(super) fn choose<T>(&self, sqlite: T, postgres: T) -> T {
        match self.db {
            Db::Sqlite(_) => sqlite,
            Db::Postgres(_) => postgres,
        }
    }

    /// Reads in the transaction, or past it while there is none.
    pub(super) async fn read<T>(&self, reading: impl AsyncFnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let _turn = self.turn.lock().await;
        let Some(mut conn) = self.lend()? else {
            return reading(&mut self.db.reader()).await;
        };
        let read = reading(&mut conn).await;
        self.lay_back(conn);
        read
    }

    /// Runs the work in a savepoint, in the transaction that begins here if it has not yet.
    pub(super) async fn write<I, T>(&self, input: I, work: Work<I, T>) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let _turn = self.turn.lock().await;
        let conn = match self.lend()? {
            Some(conn) => conn,
            None => self.begin().await?,
        };
        let mut tx = Tx::new(conn, self.copies);
        let (tx, result) = match self.db {
            Db::Sqlite(_) => {
                let run = spawn_blocking(move || {
                    let result = finished(in_a_savepoint(&mut tx, &input, work));
                    (tx, result)
                });
                joined(run.await)?
            }
            Db::Postgres(_) => {
                let result = in_a_savepoint(&mut tx, &input, work).await;
                (tx, result)
            }
        };
        // Where SQLite rolled everything back by itself, the next savepoint would be the outermost, and its release a commit.
        let result = result?;
        self.lay_back(tx.into_conn());
        result
    }

    async fn begin(&self) -> Result<Conn> {
        let link = match &self.db {
            Db::Sqlite(sqlite) => {
                let sqlite = Arc::clone(sqlite);
                Link::SqliteOwn(joined(spawn_blocking(move || sqlite.rehearse()).await)??)
            }
            Db::Postgres(postgres) => Link::PostgresOwn(rehearse(postgres).await?),
        };
        Ok(Conn::new(Arc::clone(&self.users), link))
    }

    /// The transaction, or none while nothing was written.
    fn lend(&self) -> Result<Option<Conn>> {
        let mut stage = self.stage();
        match mem::replace(&mut *stage, Stage::Lent) {
            Stage::Untouched => {
                *stage = Stage::Untouched;
                Ok(None)
            }
            Stage::Open(conn) => Ok(Some(*conn)),
            over @ (Stage::Lent | Stage::Over) => {
                *stage = over;
                Err(Error::Abandoned)
            }
        }
    }

    fn lay_back(&self, conn: Conn) {
        let mut stage = self.stage();
        if !matches!(*stage, Stage::Over) {
            *stage = Stage::Open(Box::new(conn));
        }
    }

    fn close(&self) -> Stage {
        mem::replace(&mut *self.stage(), Stage::Over)
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a commit would have looked at, on PostgreSQL: Django's foreign keys wait for it. SQLite looks at them in a commit alone.
const AS_A_COMMIT: &str =
    "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; RELEASE SAVEPOINT rehearsed";

/// What the work came to. The outer error says that the whole transaction is lost.
async fn in_a_savepoint<I, T>(tx: &mut Tx, input: &I, work: Work<I, T>) -> Result<Result<T>> {
    tx.script("SAVEPOINT rehearsed").await?;
    let released = match tx.run(input, work).await {
        Ok(done) => {
            let release = tx.choose("RELEASE rehearsed", AS_A_COMMIT);
            tx.script(release).await.map(|()| done)
        }
        Err(error) => Err(error),
    };
    if released.is_err() {
        tx.script("ROLLBACK TO SAVEPOINT rehearsed; RELEASE SAVEPOINT rehearsed")
            .await?;
    }
    Ok(released)
}
