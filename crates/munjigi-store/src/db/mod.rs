//! The waist: the one place that names a driver.
//!
//! Above it there is one [`Conn`] that reads and one [`Tx`] that writes, whichever database it is.

mod conn;
mod postgres;
mod rehearsal;
mod row;
mod sqlite;
mod time;
mod url;
mod value;

use std::pin::Pin;
use std::sync::Arc;

pub(crate) use self::conn::LOCK_SCHEMA;
pub use self::conn::{Conn, Tx};
use self::conn::{Copies, Link};
use self::postgres::{Listening, Postgres};
pub use self::rehearsal::Rehearsal;
use self::rehearsal::Rehearsed;
pub(crate) use self::row::Row;
use self::sqlite::Sqlite;
pub(crate) use self::time::to_text as moment_text;
pub(crate) use self::url::LEAVING;
use self::url::Target;
pub use self::url::{DatabaseUrl, Place};
pub(crate) use self::value::{Param, Stmt, literal, quoted};
use crate::cache::{SessionCache, SessionEngine};
use crate::ended::{self, Ended, Listeners};
use crate::error::Result;
use crate::model::UserModel;
use crate::users::UserSql;

/// A boxed future that may move to another thread.
pub type BoxFuture<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

/// What a transaction does: a function of the transaction and an input that can be run again from the start, since
/// the database may ask for that. It keeps nothing from one run for the next, and awaits only the database.
pub type Work<I, T> = for<'t> fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T>>;

/// What a read of many rows does; see [`Store::scan`].
pub type Reading<I, T> = for<'t> fn(&'t mut Conn, &'t I) -> BoxFuture<'t, Result<T>>;

/// A database that is open, with the table of its users. Cloning it is cheap.
///
/// When the last clone goes, what was asked for is still written, and the files are closed.
#[derive(Clone)]
pub struct Store {
    db: Db,
    users: Arc<UserSql>,
    cache: Option<Arc<SessionCache>>,
    options: Options,
    /// Where nothing is to stay.
    rehearsed: Option<Arc<Rehearsed>>,
}

#[derive(Clone)]
enum Db {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Db {
    fn reader(&self) -> Conn {
        match self {
            Self::Sqlite(sqlite) => sqlite.reader(),
            Self::Postgres(postgres) => postgres.reader(),
        }
    }
}

/// How a [`Store`] is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to do where there is no database file.
    pub missing: Missing,
    /// What to do with the database of a Django project.
    pub foreign: Foreign,
    /// Whether simplejwt's tables are kept.
    pub token_blacklist: TokenBlacklist,
    /// Where a Django beside us looks for a session first.
    pub sessions: SessionEngine,
}

/// What to do where there is no SQLite file. A database on a PostgreSQL server is never created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Create one, readable by its owner alone.
    Create,
    /// Refuse to open, with [`Error::NoDatabaseFile`](crate::Error::NoDatabaseFile).
    Refuse,
}

/// What [`migrate`](crate::migrate) does with a database that a Django project made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Refuse it, with [`Error::ForeignDatabase`](crate::Error::ForeignDatabase): nobody wrote `AUTH_USER_MODEL`,
    /// so this may be a mistake.
    Refuse,
    /// Work beside the project: leave its tables as they are and add our own.
    Adopt,
}

/// Whether simplejwt's two tables of tokens are kept, for a Django that looks there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenBlacklist {
    /// They are written and read.
    Kept,
    /// They are neither: [`token_blacklist`](crate::token_blacklist) does nothing and finds nothing.
    Absent,
}

/// What the writers have done since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Transactions that were acknowledged.
    pub jobs: u64,
    /// Commits; on SQLite one of them serves many jobs.
    pub commits: u64,
    /// Transactions that were run again, because another one was in the way or a commit of many failed.
    pub reruns: u64,
}

impl Store {
    /// Opens a database. Nothing is written to it, but that a new SQLite file is created if
    /// [`Options::missing`] says so, and that SQLite's journal is switched to WAL.
    ///
    /// # Errors
    /// What stands in the way, in a sentence that names the file or the server.
    pub async fn open(url: &DatabaseUrl, model: UserModel, options: Options) -> Result<Self> {
        let users = Arc::new(UserSql::new(model, options.token_blacklist));
        let (cache, copies) = match &options.sessions {
            SessionEngine::Db => (None, Copies::Nowhere),
            SessionEngine::CachedDb(settings) => {
                let cache = SessionCache::new(settings)?;
                (Some(Arc::new(cache)), Copies::Cached)
            }
        };
        let db = match url.target() {
            Target::Sqlite(path) => {
                let (path, users) = (path.clone(), Arc::clone(&users));
                let missing = options.missing;
                let opened = tokio::task::spawn_blocking(move || Sqlite::open(&path, users, missing, copies));
                Db::Sqlite(Arc::new(conn::joined(opened.await)??))
            }
            Target::Postgres(target) => Db::Postgres(Arc::new(
                Postgres::open(target, Arc::clone(&users), copies).await?,
            )),
        };
        Ok(Self {
            db,
            users,
            cache,
            options,
            rehearsed: None,
        })
    }

    /// A connection for reading single rows, each in a moment. On SQLite it reads on this thread; on PostgreSQL
    /// it shares a few connections with all others. Two reads need not see the same state of the database.
    pub fn reader(&self) -> Conn {
        match &self.rehearsed {
            Some(rehearsed) => Conn::new(Arc::clone(&self.users), Link::Rehearsed(Arc::clone(rehearsed))),
            None => self.db.reader(),
        }
    }

    /// A store on the same database of whose work nothing stays: see [`Rehearsal`].
    pub fn rehearsal(&self) -> Rehearsal {
        Rehearsal::of(self)
    }

    /// Runs a transaction and returns when it is on disk. `Err` rolls everything back, and so does a statement
    /// that failed even where the work made nothing of it; a refusal that must leave a trace is therefore an `Ok`.
    ///
    /// It goes on to its end even if the caller does not wait for it. Of sessions that it changed, a Django beside us may
    /// have copies; they are deleted before this returns, where the cache answers.
    ///
    /// # Errors
    /// What `work` returned, or [`Error::Busy`](crate::Error::Busy) where the writer stayed locked for five
    /// seconds.
    pub async fn write<I, T>(&self, input: I, work: Work<I, T>) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        if let Some(rehearsed) = &self.rehearsed {
            return rehearsed.write(input, work).await;
        }
        let committed = match &self.db {
            Db::Sqlite(sqlite) => sqlite.write(input, work).await,
            Db::Postgres(postgres) => Postgres::write(postgres, input, work).await,
        }?;
        if let Some(cache) = &self.cache {
            cache.delete_briefly(&committed.changed).await;
        }
        Ok(committed.value)
    }

    /// Closes the database after one last transaction. On SQLite nobody else may have the file open, and it is left with the
    /// journal that it has in Django's hands, `DELETE`.
    ///
    /// # Errors
    /// What `work` returned, or [`Error::InUse`](crate::Error::InUse).
    pub(crate) async fn leave<I, T>(self, input: I, work: Work<I, T>) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        match self.db {
            Db::Sqlite(sqlite) => {
                let left = tokio::task::spawn_blocking(move || sqlite::leave(sqlite, &input, work));
                conn::joined(left.await)?
            }
            Db::Postgres(postgres) => {
                let committed = Postgres::write(&postgres, input, work).await?;
                Ok(committed.value)
            }
        }
    }

    /// Reads many rows, for lists and exports: on a thread or a connection of its own, and all of one state of
    /// the database; in a [`Rehearsal`] as it reads all else.
    ///
    /// # Errors
    /// What `reading` returned.
    pub async fn scan<I, T>(&self, input: I, reading: Reading<I, T>) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        if self.rehearsed.is_some() {
            return reading(&mut self.reader(), &input).await;
        }
        match &self.db {
            Db::Sqlite(sqlite) => sqlite.scan(input, reading).await,
            Db::Postgres(postgres) => Postgres::scan(postgres, input, reading).await,
        }
    }

    /// Has `listener` told of the records that end through this store, each time after the commit and before
    /// [`Store::write`] returns. It must not block. What other processes end is read from [`crate::ended`].
    pub fn on_ended(&self, listener: impl Fn(&[Ended]) + Send + Sync + 'static) {
        let listeners = match &self.db {
            Db::Sqlite(sqlite) => sqlite.listeners(),
            Db::Postgres(postgres) => postgres.listeners(),
        };
        listeners.add(Box::new(listener));
    }

    /// Listens for what other processes end, so that who polls [`crate::ended`] need not wait for the next poll.
    ///
    /// On PostgreSQL it holds a connection of its own, and needs a runtime of tokio. Through a pooler that lends connections by
    /// the transaction it hears nothing.
    pub fn endings(&self) -> Endings {
        Endings(match &self.db {
            Db::Sqlite(_) => None,
            Db::Postgres(postgres) => postgres.listen(ended::CHANNEL),
        })
    }

    /// The user model that the store was opened with.
    pub fn user_model(&self) -> &UserModel {
        &self.users.model
    }

    /// What the writers have done so far.
    pub fn metrics(&self) -> Metrics {
        match &self.db {
            Db::Sqlite(sqlite) => sqlite.metrics(),
            Db::Postgres(postgres) => postgres.metrics(),
        }
    }

    /// How many rows a transaction of [`Store::in_slices`] removes at most.
    pub(crate) const SLICE: i64 = 1_000;

    /// Removes many rows with a transaction for each [`Store::SLICE`] of them, so that nobody waits long for the
    /// writer. `work` removes one slice and gives its size.
    pub(crate) async fn in_slices<I>(&self, input: I, work: Work<I, u64>) -> Result<u64>
    where
        I: Copy + Send + Sync + 'static,
    {
        let mut total = 0;
        loop {
            let removed = self.write(input, work).await?;
            total += removed;
            if i64::try_from(removed).is_ok_and(|removed| removed < Self::SLICE) {
                return Ok(total);
            }
        }
    }

    /// Whether somebody between us and PostgreSQL lends its connections by the transaction.
    pub fn is_pooled(&self) -> bool {
        match &self.db {
            Db::Sqlite(_) => false,
            Db::Postgres(postgres) => postgres.is_pooled(),
        }
    }

    /// Whether the cache of a Django beside us answered when it was last asked; true where it has none.
    pub fn has_cache_in_reach(&self) -> bool {
        self.cache.as_ref().is_none_or(|cache| cache.is_reachable())
    }

    pub(crate) fn session_cache(&self) -> Option<&SessionCache> {
        self.cache.as_deref()
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }
}

/// A transaction that is on disk.
struct Committed<T> {
    value: T,
    /// The keys of the sessions that it changed, where there may be copies of them.
    changed: Vec<String>,
}

/// See [`Store::endings`].
pub struct Endings(Option<Listening>);

impl Endings {
    /// Waits until something has ended, in whatever process, or may have. It promises nothing: it may come for nothing, and
    /// where the connection was lost, on SQLite, or through a pooler, it does not come. It may be dropped at any moment.
    pub async fn next(&self) {
        match &self.0 {
            Some(listening) => listening.heard().await,
            None => std::future::pending().await,
        }
    }
}

/// Counters behind [`Metrics`].
#[derive(Default)]
struct Counters {
    jobs: std::sync::atomic::AtomicU64,
    commits: std::sync::atomic::AtomicU64,
    reruns: std::sync::atomic::AtomicU64,
}

impl Counters {
    fn read(&self) -> Metrics {
        use std::sync::atomic::Ordering::Relaxed;
        Metrics {
            jobs: self.jobs.load(Relaxed),
            commits: self.commits.load(Relaxed),
            reruns: self.reruns.load(Relaxed),
        }
    }
}
