//! PostgreSQL: reads go pipelined over a few connections that all share, transactions over a pool.

mod errors;
mod listening;
mod params;
mod statements;
mod tls;
mod transaction;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::Row;

use self::errors::Failure;
pub(super) use self::listening::Listening;
use self::statements::Statements;
use self::tls::Connector;
pub(super) use self::transaction::{InTransaction, rehearse};
use super::conn::{Conn, Copies, Link, joined};
use super::url::PostgresTarget;
use super::value::{Param, Stmt};
use super::{Committed, Counters, Listeners, Metrics, Reading, Work};
use crate::error::{Error, Result};
use crate::users::UserSql;

/// How long anything may take before the caller is told that the database is busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is added to it where the server itself keeps the time.
const ON_THE_WAY: Duration = Duration::from_secs(1);

/// Connections for reads. One carries some 90,000 reads a second; the second keeps a slow one from stopping all.
const SHARED: usize = 2;

/// A connection to listen. What is left of `connection_limit` is for transactions, whose commits share a flush of the
/// server's log.
const LISTENING: usize = 1;

pub(super) struct Postgres {
    connector: Connector,
    pool: Pool,
    shared: [Slot; SHARED],
    next: AtomicUsize,
    /// How a transaction that writes begins.
    begin: &'static str,
    statements: Statements,
    users: Arc<UserSql>,
    copies: Copies,
    /// The columns of each unique constraint that was violated so far.
    unique_columns: Mutex<HashMap<String, String>>,
    counters: Counters,
    listeners: Listeners,
}

static DURABILITY: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new("SELECT current_setting('synchronous_commit'), current_setting('fsync')"));

/// The place of a shared connection, which is made anew when it was lost.
#[derive(Default)]
struct Slot {
    client: RwLock<Option<Arc<ClientWrapper>>>,
    connecting: tokio::sync::Mutex<()>,
}

impl Postgres {
    /// Connects, so that a wrong address or password is told at the start.
    pub(super) async fn open(target: &PostgresTarget, users: Arc<UserSql>, copies: Copies) -> Result<Self> {
        let connector = Connector::new(target)?;
        let manager = connector.manager(ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        });
        let pool = Pool::builder(manager)
            .max_size(target.connections.saturating_sub(SHARED + LISTENING).max(1))
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(PATIENCE),
                create: Some(PATIENCE),
                recycle: Some(PATIENCE),
            })
            .build()
            .map_err(|error| Error::Unavailable(Arc::new(error)))?;
        let mut postgres = Self {
            begin: transaction::WRITING,
            statements: Statements::Unnamed,
            connector,
            pool,
            shared: Default::default(),
            next: AtomicUsize::new(0),
            users,
            copies,
            unique_columns: Mutex::default(),
            counters: Counters::default(),
            listeners: Listeners::default(),
        };
        postgres.look_for_a_pooler(target).await?;
        if postgres.forgets_commits().await? {
            tracing::warn!(
                "The server's synchronous_commit is off; our transactions turn it on for themselves."
            );
            postgres.begin = transaction::WRITING_THROUGH;
        }
        Ok(postgres)
    }

    /// Prepares statements where every connection of ours is one of the server's.
    async fn look_for_a_pooler(&mut self, target: &PostgresTarget) -> Result<()> {
        let has_options = target.config.get_options().is_some();
        let connected = self.client().await.map(|(_, client)| client);
        let one = connected.map_err(|error| statements::refusal_of_options(error, has_options))?;
        let is_lent = target.is_pooled || {
            let (_, other) = self.client().await?;
            let looked = in_time(statements::are_lent(&one, &other)).await;
            looked.map_err(Failure::into_error)?
        };
        if is_lent && has_options {
            return Err(statements::options_are_lost());
        }
        if is_lent {
            tracing::info!(
                "A pooler lends the server's connections by the transaction: nothing is prepared or listened to on them."
            );
        } else {
            self.statements = Statements::Prepared;
        }
        Ok(())
    }

    pub(super) fn is_pooled(&self) -> bool {
        matches!(self.statements, Statements::Unnamed)
    }

    /// Whether a commit that the server acknowledged may be lost when it crashes.
    async fn forgets_commits(&self) -> Result<bool> {
        let settings = self.rows(&DURABILITY, &[]).await?;
        let setting = |at: usize| settings.first().and_then(|row| row.try_get::<_, String>(at).ok());
        if setting(1).is_some_and(|fsync| fsync == "off") {
            tracing::warn!(
                "The server's fsync is off: what it acknowledges may be lost when its machine crashes."
            );
        }
        Ok(setting(0).is_some_and(|commit| commit == "off"))
    }

    pub(super) fn reader(self: &Arc<Self>) -> Conn {
        Conn::new(Arc::clone(&self.users), Link::PostgresShared(Arc::clone(self)))
    }

    /// Runs the transaction in a task of its own: a caller who leaves cannot stop it between two statements.
    pub(super) async fn write<I, T>(postgres: &Arc<Self>, input: I, work: Work<I, T>) -> Result<Committed<T>>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let postgres = Arc::clone(postgres);
        joined(tokio::spawn(async move { transaction::write(&postgres, &input, work).await }).await)?
    }

    /// Reads in one transaction, which sees one state of the database.
    pub(super) async fn scan<I, T>(postgres: &Arc<Self>, input: I, reading: Reading<I, T>) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let postgres = Arc::clone(postgres);
        joined(tokio::spawn(async move { transaction::scan(&postgres, &input, reading).await }).await)?
    }

    /// The rows of a single statement that reads. It is sent again if the connection was lost or what was prepared
    /// on it is no longer good; each of the shared connections may be so.
    pub(super) async fn rows(&self, stmt: &Stmt, params: &[Param<'_>]) -> Result<Vec<Row>> {
        let mut rows = self.rows_once(stmt, params).await;
        for _ in 0..SHARED {
            match &rows {
                Err(failure) if failure.is_worth_another_try() => rows = self.rows_once(stmt, params).await,
                _ => break,
            }
        }
        rows.map_err(Failure::into_error)
    }

    /// A connection of its own on which the server tells of `channel`. Through a pooler nothing would be heard.
    pub(super) fn listen(&self, channel: &'static str) -> Option<Listening> {
        let is_ours = self.statements == Statements::Prepared;
        is_ours.then(|| Listening::start(self.connector.clone(), channel))
    }

    pub(super) fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    pub(super) fn metrics(&self) -> Metrics {
        self.counters.read()
    }

    async fn rows_once(&self, stmt: &Stmt, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        let (slot, client) = self.client().await.map_err(Failure::Told)?;
        let rows = in_time(self.statements.rows(&client, stmt, params)).await;
        match &rows {
            Err(Failure::Stale(_)) => client.statement_cache.clear(),
            // It may be the network that is silent.
            Err(Failure::TooSlow | Failure::Lost(_)) => slot.replace(&client),
            _ => {}
        }
        rows
    }

    /// One of the shared connections, and its place.
    async fn client(&self) -> Result<(&Slot, Arc<ClientWrapper>)> {
        let turn = self.next.fetch_add(1, Relaxed) % SHARED;
        let slot = self.shared.get(turn).ok_or(Error::Busy)?;
        if let Some(client) = slot.connected() {
            return Ok((slot, client));
        }
        let _one_connects = slot.connecting.lock().await;
        if let Some(client) = slot.connected() {
            return Ok((slot, client));
        }
        // The pool makes another one in its place.
        let client = Arc::new(Object::take(self.pooled("").await.map_err(Failure::into_error)?));
        *slot.client.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&client));
        Ok((slot, client))
    }

    /// A connection of the pool on which this was done. Where the server started again, all that lay idle are lost, and
    /// that is learned only when they are used.
    async fn pooled(&self, first: &str) -> Result<Object, Failure> {
        let mut lost = 0;
        loop {
            let client = self.pool.get().await.map_err(errors::of_the_pool)?;
            match in_time(async { Ok(client.batch_execute(first).await?) }).await {
                Ok(()) => return Ok(client),
                Err(Failure::Lost(_)) if lost < self.pool.status().max_size => lost += 1,
                Err(failure) => {
                    drop(Object::take(client));
                    return Err(failure);
                }
            }
            drop(Object::take(client));
        }
    }

    /// The column names of a unique constraint, from the server's catalogue.
    async fn columns_of(&self, schema: &str, constraint: &str) -> String {
        let key = format!("{schema}.{constraint}");
        let known = |columns: &Mutex<HashMap<String, String>>| {
            columns
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&key)
                .cloned()
        };
        if let Some(columns) = known(&self.unique_columns) {
            return columns;
        }
        let asked = self
            .rows(&errors::UNIQUE_COLUMNS, &[schema.into(), constraint.into()])
            .await;
        let names: Vec<String> = asked
            .unwrap_or_default()
            .iter()
            .filter_map(|row| row.try_get(0).ok())
            .collect();
        if names.is_empty() {
            return constraint.to_owned();
        }
        let columns = names.join(", ");
        self.unique_columns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, columns.clone());
        columns
    }
}

impl Slot {
    fn connected(&self) -> Option<Arc<ClientWrapper>> {
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner);
        client.as_ref().filter(|client| !client.is_closed()).cloned()
    }

    /// Has a new connection made, unless somebody did already. Who waits on the old one goes on waiting.
    fn replace(&self, old: &Arc<ClientWrapper>) {
        let mut client = self.client.write().unwrap_or_else(PoisonError::into_inner);
        client.take_if(|client| Arc::ptr_eq(client, old));
    }
}

async fn in_time<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(PATIENCE + ON_THE_WAY, future)
        .await
        .unwrap_or(Err(Failure::TooSlow))
}
