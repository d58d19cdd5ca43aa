//! Opening the file: with what care, and with which pragmas.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::super::Missing;
use super::errors;
use crate::error::{Error, Result};

/// How long a writer waits for another one. Django's default is the same.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A reader waits for a writer only while the journal is recovered or its mode is switched, and it waits on a
/// thread that serves requests.
const READER_PATIENCE: Duration = Duration::from_millis(100);

/// A rehearsal waits no longer for who writes.
const REHEARSERS_PATIENCE: Duration = Duration::from_millis(500);

/// Statements that a connection keeps prepared; there are fewer than these.
const STATEMENTS: usize = 64;

/// The connection for writing: WAL, and a commit returns only when the log is on the disk.
pub(super) fn writer(path: &Path, missing: Missing) -> Result<Connection> {
    look_first(path, missing)?;
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let failed = |error| errors::told(error, path);
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    if connection.is_readonly("main").map_err(failed)? {
        return Err(unusable(path, "it can be read only"));
    }
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_master", (), |row| row.get(0))
        .map_err(failed)?;
    use_wal(&connection, path, tables)?;
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
        .map_err(failed)?;
    Ok(connection)
}

/// A connection for reading.
pub(super) fn reader(path: &Path) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection
        .busy_timeout(READER_PATIENCE)
        .map_err(|error| errors::told(error, path))?;
    Ok(connection)
}

/// A connection for a transaction that will not be committed. It waits less than who has something to write.
pub(super) fn rehearser(path: &Path) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let failed = |error| errors::told(error, path);
    connection.busy_timeout(REHEARSERS_PATIENCE).map_err(failed)?;
    connection
        .execute_batch("PRAGMA foreign_keys = ON")
        .map_err(failed)?;
    Ok(connection)
}

/// The connection that checkpoints. It never waits: there is always a next time.
pub(super) fn checkpointer(path: &Path) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        .execute_batch("PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL")
        .map_err(|error| errors::told(error, path))?;
    Ok(connection)
}

/// A connection for writing beside which there is no other one, with the journal that Django makes. SQLite switches a
/// journal back from WAL only for who is alone, and so tells whether he is. Django has no connection open between two requests
/// (`CONN_MAX_AGE = 0`), a server of ours always.
pub(super) fn alone(path: &Path) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let failed = |error| errors::told(error, path);
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
        .map_err(failed)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let switched =
            connection.query_row("PRAGMA journal_mode = DELETE", (), |row| row.get::<_, String>(0));
        match switched.map_err(failed) {
            Ok(mode) if mode == "delete" => break,
            Ok(_) | Err(Error::Busy) if Instant::now() < deadline => thread::sleep(PATIENCE / 100),
            Ok(_) | Err(Error::Busy) => {
                return Err(Error::InUse(format!(
                    "Another process has {} open, as a running `munjigi serve` has. Stop it; if it is none, wait until what \
                     Django does is done.",
                    path.display()
                )));
            }
            Err(error) => return Err(error),
        }
    }
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    Ok(connection)
}

fn open(path: &Path, access: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| unusable(path, &error.to_string()))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// SQLite takes an empty or missing file for a new database, even where a log with all the rows lies beside it, and
/// then deletes the log. The file itself is not opened here: closing it would drop the locks that this process may
/// hold on it.
fn look_first(path: &Path, missing: Missing) -> Result<()> {
    let log_is_there = fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    match fs::metadata(path) {
        Ok(file) if !file.is_file() => Err(unusable(path, "it is not a file")),
        Ok(file) if file.len() == 0 && log_is_there => Err(damaged(
            path,
            "it is empty, but there are changes in its -wal file",
        )),
        Ok(_) => Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable(path, &error.to_string())),
        Err(_) if log_is_there => Err(damaged(path, "it is missing, but its -wal file is there")),
        Err(_) if missing == Missing::Refuse => Err(Error::NoDatabaseFile(path.to_owned())),
        Err(_) => create(path),
    }
}

/// SQLite gives the files that it lays beside this one the same mode.
fn create(path: &Path) -> Result<()> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unusable(path, &error.to_string())),
    }
}

fn use_wal(connection: &Connection, path: &Path, tables: i64) -> Result<()> {
    let failed = |error| errors::told(error, path);
    let mode = |sql: &str| {
        connection
            .query_row(sql, (), |row| row.get::<_, String>(0))
            .map_err(failed)
    };
    let before = mode("PRAGMA journal_mode")?;
    if before == "wal" {
        return Ok(());
    }
    if mode("PRAGMA journal_mode = WAL")? != "wal" {
        return Err(unusable(path, "its journal cannot be switched to WAL"));
    }
    if tables > 0 {
        tracing::warn!(file = %path.display(), %before, "The database's journal was switched to WAL, and stays so.");
    }
    Ok(())
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn unusable(path: &Path, reason: &str) -> Error {
    Error::UnusableFile {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

fn damaged(path: &Path, reason: &str) -> Error {
    Error::DamagedFile {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}
