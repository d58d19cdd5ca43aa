//! A database of its own for each test, and a neighbour who writes to it past the store.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use jiff::Timestamp;
use munjigi_store::users::{NewUser, User};
use munjigi_store::{
    DatabaseUrl, Foreign, Missing, Options, Result, SessionEngine, Store, TokenBlacklist, UserModel, migrate,
    users,
};
use tokio::runtime::Runtime;

/// Runs a test on each database: `async fn name(db: &TestDatabase)`.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                let db = crate::support::TestDatabase::sqlite();
                crate::support::run(super::$name(&db));
            }

            #[test]
            fn postgres() {
                if let Some(db) = crate::support::TestDatabase::postgres() {
                    crate::support::run(super::$name(&db));
                }
            }
        }
    )+};
}
pub(crate) use on_both;

/// Runs a test to its end, on several threads as the server does.
pub(crate) fn run(test: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(test);
}

pub(crate) fn now() -> Timestamp {
    "2026-11-21T01:02:03.000400Z".parse().unwrap()
}

/// An empty database, removed at the end.
pub(crate) struct TestDatabase {
    kind: Kind,
    pub(crate) url: DatabaseUrl,
}

enum Kind {
    Sqlite(Folder),
    Postgres { server: String, schema: String },
}

impl TestDatabase {
    pub(crate) fn sqlite() -> Self {
        let folder = Folder::new();
        let url = format!("sqlite:{}", folder.file().display()).parse().unwrap();
        Self {
            kind: Kind::Sqlite(folder),
            url,
        }
    }

    /// A new schema on the server, or `None` where there is no server to use.
    pub(crate) fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("MUNJIGI_TEST_POSTGRES") else {
            let required = std::env::var("MUNJIGI_TEST_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
            assert!(
                !required,
                "MUNJIGI_TEST_POSTGRES must be the URL of a PostgreSQL server"
            );
            eprintln!("skipped: MUNJIGI_TEST_POSTGRES is not set");
            return None;
        };
        let schema = format!(
            "munjigi_test_{}_{}",
            std::process::id(),
            COUNTER.fetch_add(1, Relaxed)
        );
        on_server(
            &server,
            &format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"),
        );
        let separator = if server.contains('?') { '&' } else { '?' };
        let server = format!("{server}{separator}options=-csearch_path%3D{schema}&application_name={schema}");
        Some(Self {
            url: server.parse().unwrap(),
            kind: Kind::Postgres { server, schema },
        })
    }

    /// The URL with its password, for another process.
    pub(crate) fn exposed_url(&self) -> String {
        match &self.kind {
            Kind::Sqlite(folder) => format!("sqlite:{}", folder.file().display()),
            Kind::Postgres { server, .. } => server.clone(),
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.kind, Kind::Sqlite(_))
    }

    /// The store on a database of ours, migrated.
    pub(crate) async fn store(&self, model: UserModel) -> Store {
        let store = self.open(model, Foreign::Refuse).await.unwrap();
        migrate::apply(&store, now()).await.unwrap();
        store
    }

    pub(crate) async fn open(&self, model: UserModel, foreign: Foreign) -> Result<Store> {
        Store::open(
            &self.url,
            model,
            Options {
                missing: Missing::Create,
                foreign,
                token_blacklist: TokenBlacklist::Kept,
                sessions: SessionEngine::Db,
            },
        )
        .await
    }

    /// Runs statements as somebody else would.
    pub(crate) fn execute(&self, sql: &str) {
        match &self.kind {
            Kind::Sqlite(folder) => folder.connection().execute_batch(sql).unwrap(),
            Kind::Postgres { server, .. } => on_server(server, sql),
        }
    }

    /// Rows as texts, one line each, columns separated by `|`, NULL empty.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        match &self.kind {
            Kind::Sqlite(folder) => {
                let connection = folder.connection();
                let mut statement = connection.prepare(sql).unwrap();
                let columns = statement.column_count();
                let line = |row: &rusqlite::Row<'_>| {
                    let cells = (0..columns).map(|at| cell(row.get_ref(at).unwrap()));
                    Ok(cells.collect::<Vec<_>>().join("|"))
                };
                statement
                    .query_map((), line)
                    .unwrap()
                    .map(|line| line.unwrap())
                    .collect()
            }
            Kind::Postgres { server, .. } => rows_on_server(server, sql),
        }
    }

    /// The database file.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.kind {
            Kind::Sqlite(folder) => folder.file(),
            Kind::Postgres { .. } => panic!("only SQLite has a file"),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Kind::Postgres { server, schema } = &self.kind {
            on_server(server, &format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
}

/// A folder that is removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

static COUNTER: AtomicU32 = AtomicU32::new(0);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = format!(
            "munjigi-store-{}-{}",
            std::process::id(),
            COUNTER.fetch_add(1, Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        // What a process of the same number left behind when it was killed.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("db.sqlite3")
    }

    fn connection(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.file()).unwrap();
        connection
            .execute_batch("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000")
            .unwrap();
        connection
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn cell(value: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(value) => value.to_string(),
        ValueRef::Real(value) => value.to_string(),
        ValueRef::Text(value) => String::from_utf8(value.to_vec()).unwrap(),
        ValueRef::Blob(value) => format!("{value:02x?}"),
    }
}

fn on_server(server: &str, sql: &str) {
    rows_on_server(server, sql);
}

/// On a thread of its own, because a test may be inside of a runtime.
fn rows_on_server(server: &str, sql: &str) -> Vec<String> {
    let query = || async {
        let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client.simple_query(sql).await.unwrap()
    };
    let messages = std::thread::scope(|scope| {
        scope
            .spawn(|| Runtime::new().unwrap().block_on(query()))
            .join()
            .unwrap()
    });
    let line = |message: &tokio_postgres::SimpleQueryMessage| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => {
            let cells = (0..row.len()).map(|at| row.get(at).unwrap_or_default());
            Some(cells.collect::<Vec<_>>().join("|"))
        }
        _ => None,
    };
    messages.iter().filter_map(line).collect()
}

/// A user of the model `user.User` or `auth.User`, as a sign-up makes him.
pub(crate) fn new_user(username: &str, email: &str) -> NewUser {
    NewUser {
        id: None,
        username: username.to_owned(),
        email: email.to_owned(),
        password: "pbkdf2_sha256$1$salt$hash".to_owned(),
        first_name: String::new(),
        last_name: String::new(),
        is_active: true,
        is_staff: false,
        is_superuser: false,
        date_joined: now(),
        extra: Vec::new(),
        random: Vec::new(),
    }
}

pub(crate) async fn sign_up(store: &Store, username: &str, email: &str) -> Result<User> {
    store
        .write(new_user(username, email), |tx, new| {
            Box::pin(users::insert(tx, new))
        })
        .await
}
