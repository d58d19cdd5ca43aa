//! An empty database for each test, and a second way into it.

use super::{TestServer, run};
use jiff::Timestamp;
use munjigi::config::Config;
use munjigi_store::grants::Grantee;
use munjigi_store::{Missing, Options, SessionEngine, Store, migrate};
use rusqlite::types::ValueRef;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio_postgres::{NoTls, SimpleQueryMessage};

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The role of every server in a test: many processes make it at once, and it owns nothing.
pub(crate) const ROLE: &str = "munjigi_test_server";
const MAKE_ROLE: &str = "DO $$ BEGIN CREATE ROLE munjigi_test_server; \
     EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";

/// An empty database, removed at the end.
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres { server: String, schema: String },
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let name = format!(
            "munjigi-server-test-{}-{}",
            std::process::id(),
            COUNTER.fetch_add(1, Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self::Sqlite(folder)
    }

    /// A new schema on the server, or `None` where there is no server to use.
    pub(crate) async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("MUNJIGI_TEST_POSTGRES") else {
            let required = std::env::var("MUNJIGI_TEST_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
            assert!(
                !required,
                "MUNJIGI_TEST_POSTGRES must be the URL of a PostgreSQL server"
            );
            return None;
        };
        let schema = format!(
            "munjigi_server_{}_{}",
            std::process::id(),
            COUNTER.fetch_add(1, Relaxed)
        );
        on_server(&server, &format!("CREATE SCHEMA {schema}; {MAKE_ROLE}")).await;
        Some(Self::Postgres { server, schema })
    }

    /// Another empty one on the same kind of database.
    pub(crate) async fn twin(&self) -> Self {
        match self {
            Self::Sqlite(_) => Self::sqlite(),
            Self::Postgres { .. } => Self::postgres().await.unwrap(),
        }
    }

    /// A server with no setting written but what no test can do without.
    pub(crate) async fn server(self) -> TestServer {
        self.server_with(&[]).await
    }

    /// A server with these settings, written as environment variables are: `("SIMPLE_JWT__LEEWAY", "10")`.
    pub(crate) async fn server_with(self, settings: &[(&str, &str)]) -> TestServer {
        TestServer::new(Arc::new(self), TestServer::at_the_start(), settings).await
    }

    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite(_) => format!("sqlite:{}", self.file().display()),
            Self::Postgres { server, schema } => {
                let separator = if server.contains('?') { '&' } else { '?' };
                format!("{server}{separator}options=-csearch_path%3D{schema}")
            }
        }
    }

    /// For a server: on PostgreSQL as a role that may do what munjigi says that it needs, and nothing else.
    pub(super) fn url_of_a_server(&self) -> String {
        match self {
            Self::Sqlite(_) => self.url(),
            Self::Postgres { .. } => format!("{}%20-crole%3D{ROLE}", self.url()),
        }
    }

    /// Makes the tables, allows the role of a server what it needs, and gives the settings as they are on this database.
    pub(super) async fn migrate(&self, mut config: Config, now: Timestamp) -> Config {
        let options = Options {
            missing: Missing::Create,
            foreign: config.foreign,
            token_blacklist: config.token_blacklist,
            sessions: SessionEngine::Db,
        };
        let url = self.url().parse().unwrap();
        let store = Store::open(&url, config.user_model.clone(), options)
            .await
            .unwrap();
        migrate::apply(&store, now).await.unwrap();
        if let Self::Postgres { .. } = self {
            if migrate::is_adopted(&store).await.unwrap() {
                config = config.for_adopted_database();
            }
            let grantee = Grantee {
                role: ROLE.to_owned(),
                uses: config.uses(),
            };
            let sql = migrate::sql(&store, now, Some(&grantee)).await.unwrap();
            self.sql(&sql).await;
        }
        config
    }

    fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.join("munjigi.sqlite3"),
            Self::Postgres { .. } => PathBuf::new(),
        }
    }

    pub(crate) async fn sql(&self, sql: &str) -> Vec<Vec<String>> {
        match self {
            Self::Sqlite(_) => self.on_file(sql),
            Self::Postgres { .. } => on_server(&self.url(), sql).await,
        }
    }

    pub(super) async fn dump(&self) -> Vec<u8> {
        let Self::Sqlite(folder) = self else {
            let tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()";
            let mut dump = String::new();
            for table in self.sql(tables).await {
                for row in self.sql(&format!("SELECT t::text FROM \"{}\" t", table[0])).await {
                    dump.push_str(&row.join("\n"));
                }
            }
            return dump.into_bytes();
        };
        let files = std::fs::read_dir(folder).unwrap();
        files
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }

    fn on_file(&self, sql: &str) -> Vec<Vec<String>> {
        let connection = rusqlite::Connection::open(self.file()).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            found.push((0..columns).map(|at| text(row.get_ref(at).unwrap())).collect());
        }
        found
    }
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// A transaction of somebody else's on PostgreSQL, which waits for nobody and holds up who comes across what it holds.
pub(crate) struct Held {
    client: tokio_postgres::Client,
}

impl Held {
    pub(super) async fn begin(database: &Database, first: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        let held = Self { client };
        held.run("BEGIN").await;
        held.run(first).await;
        held
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }

    /// Until so many wait for it, or for one who waits for it.
    pub(crate) async fn wait_for(&self, count: i64) {
        let waiting = "WITH behind AS (SELECT pid FROM pg_locks \
             WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))) \
             SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND (pid IN (SELECT pid FROM behind) \
             OR pg_blocking_pids(pid) && ARRAY(SELECT pid FROM behind))";
        let begun = Instant::now();
        while self
            .client
            .query_one(waiting, &[])
            .await
            .unwrap()
            .get::<_, i64>(0)
            < count
        {
            assert!(begun.elapsed() < Duration::from_secs(10), "nobody waits");
        }
    }

    pub(crate) async fn commit(&self) {
        self.run("COMMIT").await;
    }
}

async fn on_server(url: &str, sql: &str) -> Vec<Vec<String>> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let driving = tokio::spawn(connection);
    let messages = client.simple_query(sql).await.unwrap();
    drop(client);
    driving.await.unwrap().unwrap();
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(|row| {
        let cells = (0..row.len()).map(|at| row.get(at).unwrap_or_default());
        cells.map(str::to_owned).collect()
    })
    .collect()
}

impl Drop for Database {
    fn drop(&mut self) {
        match self {
            Self::Sqlite(folder) => drop(std::fs::remove_dir_all(folder)),
            Self::Postgres { server, schema } => {
                let (server, schema) = (server.clone(), schema.clone());
                // The runtime of the test is still running; the schema goes on a thread with its own.
                let dropping = std::thread::spawn(move || {
                    run(async { drop(on_server(&server, &format!("DROP SCHEMA {schema} CASCADE")).await) });
                });
                drop(dropping.join());
            }
        }
    }
}
