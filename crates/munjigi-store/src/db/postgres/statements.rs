//! How a statement is put to the server, and how it is found out which way can be gone.
//!
//! Prepared statements belong to a connection of the server. A pooler that lends those by the transaction (`PgBouncer` with
//! `pool_mode = transaction`) gives the next transaction another one, on which the name is unknown or, worse, means what
//! somebody else prepared. There each statement goes with its text and without a name, in one round trip.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, SimpleQueryMessage};

use super::super::value::{Param, Stmt};
use super::errors::Failure;
use crate::error::Error;

/// Which way it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statements {
    /// Each is prepared once on each connection.
    Prepared,
    /// None is.
    Unnamed,
}

impl Statements {
    pub(super) async fn rows(
        self,
        client: &ClientWrapper,
        stmt: &Stmt,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Failure> {
        Ok(match self {
            Self::Prepared => {
                let prepared = client.prepare_cached(stmt.postgres()).await?;
                client.query(&prepared, &as_dyn(params)).await?
            }
            Self::Unnamed => client.query_typed(stmt.postgres(), &untyped(params)).await?,
        })
    }

    pub(super) async fn execute(
        self,
        client: &ClientWrapper,
        stmt: &Stmt,
        params: &[Param<'_>],
    ) -> Result<u64, Failure> {
        Ok(match self {
            Self::Prepared => {
                let prepared = client.prepare_cached(stmt.postgres()).await?;
                client.execute(&prepared, &as_dyn(params)).await?
            }
            Self::Unnamed => client.execute_typed(stmt.postgres(), &untyped(params)).await?,
        })
    }
}

fn as_dyn<'a>(params: &'a [Param<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| param as &(dyn ToSql + Sync)).collect()
}

fn untyped<'a>(params: &'a [Param<'a>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    let untyped = params
        .iter()
        .map(|param| (param as &(dyn ToSql + Sync), Type::UNKNOWN));
    untyped.collect()
}

/// How often is looked. A pooler lends the connection that lay idle last, so that two who ask in turn get the same one unless
/// somebody else came in between each time.
const LOOKS: usize = 8;

/// Whether somebody between us and the server lends connections by the transaction: then one connection of ours is now this
/// process of the server's and now that, or two are the same.
pub(super) async fn are_lent(one: &ClientWrapper, other: &ClientWrapper) -> Result<bool, Failure> {
    let first = (process(one).await?, process(other).await?);
    if first.0 == first.1 {
        return Ok(true);
    }
    for _ in 1..LOOKS {
        if (process(one).await?, process(other).await?) != first {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The process of the server's that answers. Asked without preparing anything.
async fn process(client: &ClientWrapper) -> Result<Option<String>, Failure> {
    let messages = client.simple_query("SELECT pg_backend_pid()").await?;
    Ok(messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

/// What to write where `options` were refused by a pooler, which does so as soon as we come.
pub(super) fn refusal_of_options(error: Error, has_options: bool) -> Error {
    match &error {
        Error::Unavailable(cause) if has_options && cause.to_string().contains("startup parameter") => {
            options_are_lost()
        }
        _ => error,
    }
}

/// A pooler that is told to ignore them would leave us with another `search_path` than was written.
pub(super) fn options_are_lost() -> Error {
    Error::InvalidUrl(
        "DATABASE_URL has `options`, which a pooler that lends connections by the transaction does not pass on. Leave \
         them out, and set them for the role: `ALTER ROLE app SET search_path = app, public`."
            .to_owned(),
    )
}
