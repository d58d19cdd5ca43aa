//! A transaction on a connection of the pool.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::super::conn::{Conn, Link, Tx};
use super::super::value::{Param, Stmt};
use super::super::{Committed, Reading, Work};
use super::errors::Failure;
use super::{Postgres, in_time};
use crate::error::{Error, Result};

/// A statement that waits for a lock is ended by the server: it does not notice that nobody waits for it any more.
pub(super) const WRITING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '5s'";
/// For a server, a database or a role that is set to acknowledge a commit before it is on the disk.
pub(super) const WRITING_THROUGH: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
     SET LOCAL lock_timeout = '5s'; SET LOCAL synchronous_commit = on";
/// It waits less than who has something to write, and the server ends it where we have forgotten it.
const REHEARSING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
     SET LOCAL lock_timeout = '500ms'; SET LOCAL idle_in_transaction_session_timeout = '30s'";
const READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// What goes before each run, in milliseconds. The one who was ended for a deadlock lets the other one pass: at once it would take the
/// same lock again before the other is awake.
const PAUSES: [u64; 6] = [0, 5, 10, 20, 40, 80];

/// Runs the work in a transaction, and again where the server asks for it or the connection was lost before the
/// commit.
pub(super) async fn write<I, T>(postgres: &Arc<Postgres>, input: &I, work: Work<I, T>) -> Result<Committed<T>>
where
    I: Send + Sync,
    T: Send,
{
    let mut last = Error::Busy;
    for pause in PAUSES {
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        let mut tx = match InTransaction::begin(postgres, postgres.begin).await {
            Ok(own) => Tx::new(conn(postgres, own), postgres.copies),
            Err(failure) if failure.is_worth_another_try() => {
                last = failure.into_error();
                continue;
            }
            Err(failure) => return Err(failure.into_error()),
        };
        let result = tx.run(input, work).await;
        match ended(tx.link(), result).await {
            End::Final(result) => {
                let value = result?;
                postgres.listeners.tell(&tx.take_ended());
                let changed = tx.take_changed();
                return Ok(Committed { value, changed });
            }
            End::Again(error) => last = error,
        }
        postgres.counters.reruns.fetch_add(1, Relaxed);
    }
    Err(last)
}

/// Reads in a transaction that sees one state of the database.
pub(super) async fn scan<I, T>(postgres: &Arc<Postgres>, input: &I, reading: Reading<I, T>) -> Result<T>
where
    I: Send + Sync,
    T: Send,
{
    let own = InTransaction::begin(postgres, READING).await;
    let mut conn = conn(postgres, own.map_err(Failure::into_error)?);
    let result = reading(&mut conn, input).await;
    match ended(conn.link(), result).await {
        End::Final(result) => result,
        End::Again(error) => Err(error),
    }
}

/// A transaction that will not be committed.
pub(in crate::db) async fn rehearse(postgres: &Arc<Postgres>) -> Result<InTransaction> {
    let begun = InTransaction::begin(postgres, REHEARSING).await;
    begun.map_err(Failure::into_error)
}

fn conn(postgres: &Postgres, own: InTransaction) -> Conn {
    Conn::new(Arc::clone(&postgres.users), Link::PostgresOwn(own))
}

/// How a transaction ended.
enum End<T> {
    Final(Result<T>),
    Again(Error),
}

async fn ended<T>(link: &mut Link, result: Result<T>) -> End<T> {
    match (link, result) {
        (Link::PostgresOwn(own), Ok(value)) => own.commit(value).await,
        (Link::PostgresOwn(own), Err(error)) => own.roll_back(error).await,
        (_, result) => End::Final(result),
    }
}

/// A connection with an open transaction. Dropped before its end it does not go back to the pool.
pub(in crate::db) struct InTransaction {
    postgres: Arc<Postgres>,
    client: Option<Object>,
    /// A statement failed in a way that allows the whole to run again.
    again: bool,
    /// A statement is still under way, or the connection was lost.
    unusable: bool,
}

impl InTransaction {
    async fn begin(postgres: &Arc<Postgres>, text: &'static str) -> Result<Self, Failure> {
        let client = Some(postgres.pooled(text).await?);
        Ok(Self {
            postgres: Arc::clone(postgres),
            client,
            again: false,
            unusable: false,
        })
    }

    pub(in crate::db) async fn rows(&mut self, stmt: &Stmt, params: &[Param<'_>]) -> Result<Vec<Row>> {
        let Some(client) = &self.client else {
            return Err(Error::Busy);
        };
        match in_time(self.postgres.statements.rows(client, stmt, params)).await {
            Ok(rows) => Ok(rows),
            Err(failure) => Err(self.told(failure).await),
        }
    }

    pub(in crate::db) async fn execute(&mut self, stmt: &Stmt, params: &[Param<'_>]) -> Result<u64> {
        let Some(client) = &self.client else {
            return Err(Error::Busy);
        };
        match in_time(self.postgres.statements.execute(client, stmt, params)).await {
            Ok(changed) => Ok(changed),
            Err(failure) => Err(self.told(failure).await),
        }
    }

    pub(in crate::db) async fn script(&mut self, text: &str) -> Result<()> {
        match self.script_inner(text).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.told(failure).await),
        }
    }

    async fn script_inner(&mut self, text: &str) -> Result<(), Failure> {
        let Some(client) = &self.client else {
            return Err(Failure::TooSlow);
        };
        in_time(async { Ok(client.batch_execute(text).await?) }).await
    }

    /// Takes note of a failure, and finds the words for it.
    async fn told(&mut self, failure: Failure) -> Error {
        self.again |= failure.is_worth_another_try();
        match (&failure, &self.client) {
            (Failure::Stale(_), Some(client)) => client.statement_cache.clear(),
            (Failure::Lost(_) | Failure::TooSlow, _) => self.unusable = true,
            _ => {}
        }
        match failure {
            Failure::Taken {
                schema,
                table,
                constraint,
            } => {
                let column = self.postgres.columns_of(&schema, &constraint).await;
                Error::UniqueViolation { table, column }
            }
            other => other.into_error(),
        }
    }

    async fn commit<T>(&mut self, value: T) -> End<T> {
        let Err(failure) = self.script_inner("COMMIT").await else {
            self.postgres.counters.jobs.fetch_add(1, Relaxed);
            self.postgres.counters.commits.fetch_add(1, Relaxed);
            self.client = None;
            return End::Final(Ok(value));
        };
        let again = matches!(failure, Failure::InTheWay);
        let mut error = self.told(failure).await;
        if self.unusable {
            error = Error::Unavailable(Arc::from(Box::from("nobody knows whether the commit was done")));
        } else {
            self.client = None;
        }
        if again {
            End::Again(error)
        } else {
            End::Final(Err(error))
        }
    }

    /// Rolls back, and lays the connection back where that went well.
    pub(in crate::db) async fn undo(&mut self) {
        if !self.unusable && self.script_inner("ROLLBACK").await.is_ok() {
            self.client = None;
        }
    }

    async fn roll_back<T>(&mut self, error: Error) -> End<T> {
        self.undo().await;
        if self.again {
            End::Again(error)
        } else {
            End::Final(Err(error))
        }
    }
}

impl Drop for InTransaction {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
            // Where one connection is lost, as when the server started again, others are too.
            self.postgres.pool.retain(|client, _| !client.is_closed());
        }
    }
}
