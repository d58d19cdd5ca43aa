//! A connection of rusqlite's, the pool of those that read, and the parameters' form there.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::super::row::Row;
use super::super::time;
use super::super::value::{Param, Stmt};
use super::{errors, open};
use crate::error::Result;

/// A connection and the file that it is to.
pub(in crate::db) struct Own {
    pub(super) connection: Connection,
    path: Arc<PathBuf>,
}

impl Own {
    pub(super) fn new(connection: Connection, path: Arc<PathBuf>) -> Self {
        Self { connection, path }
    }

    pub(super) fn path(&self) -> &Arc<PathBuf> {
        &self.path
    }

    pub(in crate::db) fn all<T>(
        &self,
        stmt: &Stmt,
        params: &[Param<'_>],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let failed = |error| errors::told(error, &self.path);
        let mut prepared = self.connection.prepare_cached(stmt.sqlite()).map_err(failed)?;
        let mut rows = prepared.query(params_from_iter(params)).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            found.push(read(&Row::Sqlite(row))?);
        }
        Ok(found)
    }

    pub(in crate::db) fn execute(&self, stmt: &Stmt, params: &[Param<'_>]) -> Result<u64> {
        let failed = |error| errors::told(error, &self.path);
        let mut prepared = self.connection.prepare_cached(stmt.sqlite()).map_err(failed)?;
        let changed = prepared.execute(params_from_iter(params)).map_err(failed)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    pub(in crate::db) fn script(&self, text: &str) -> Result<()> {
        self.connection
            .execute_batch(text)
            .map_err(|error| errors::told(error, &self.path))
    }

    /// How long the next statements wait for another writer.
    pub(super) fn wait_for_lock(&self, patience: Duration) -> Result<()> {
        self.connection
            .busy_timeout(patience)
            .map_err(|error| errors::told(error, &self.path))
    }

    /// A statement of our own without parameters, prepared once.
    pub(super) fn run(&self, text: &str) -> Result<()> {
        let failed = |error| errors::told(error, &self.path);
        self.connection
            .prepare_cached(text)
            .map_err(failed)?
            .execute(())
            .map_err(failed)?;
        Ok(())
    }
}

/// Connections that wait to be used again; a thread for each of them may read at the same time.
const IDLE: usize = 32;

/// Connections for reading. One is taken for each statement and laid back after it, so there are never more than
/// threads that read at the same time, and a [`Conn`](crate::Conn) holds none while its owner does something else.
pub(in crate::db) struct Readers {
    pub(super) path: Arc<PathBuf>,
    idle: Mutex<Vec<Own>>,
    has_index: OnceLock<bool>,
}

impl Readers {
    pub(super) fn new(path: Arc<PathBuf>) -> Self {
        Self {
            path,
            idle: Mutex::default(),
            has_index: OnceLock::new(),
        }
    }

    /// A new connection, which the pool does not know.
    pub(super) fn open(&self) -> Result<Own> {
        Ok(Own::new(open::reader(&self.path)?, Arc::clone(&self.path)))
    }

    pub(in crate::db) fn all<T>(
        &self,
        stmt: &Stmt,
        params: &[Param<'_>],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let idle = self.idle().pop();
        let own = idle.map_or_else(|| self.open(), Ok)?;
        let found = own.all(stmt, params, read);
        let mut idle = self.idle();
        if idle.len() < IDLE {
            idle.push(own);
        }
        found
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Own>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether SQLite finds the rows of a statement by an index. It is asked once.
    pub(in crate::db) fn has_index_for(&self, stmt: &Stmt) -> bool {
        if let Some(known) = self.has_index.get() {
            return *known;
        }
        let plan = Stmt::new(format!("EXPLAIN QUERY PLAN {}", stmt.sqlite()));
        let steps = self
            .all(&plan, &[Param::Null], |row| row.text(3))
            .unwrap_or_default();
        *self
            .has_index
            .get_or_init(|| steps.iter().any(|step| step.starts_with("SEARCH")))
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match *self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Bool(value) => ToSqlOutput::Borrowed(ValueRef::Integer(value.into())),
            Self::Int(value) => ToSqlOutput::Borrowed(ValueRef::Integer(value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Self::Bytes(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Self::Time(value) => ToSqlOutput::Owned(Value::Text(time::to_text(value))),
            Self::Date(value) => ToSqlOutput::Owned(Value::Text(value.to_string())),
            Self::Uuid(value) => ToSqlOutput::Owned(Value::Text(value.as_simple().to_string())),
        })
    }
}
