//! A server without sockets, and clients that speak to it.

use axum::Router;
use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use munjigi::app::App;
use munjigi::clock::Clock;
use munjigi::config::{Config, Mode, Sources, Written};
use munjigi_store::{Foreign, Missing, Options, Store, migrate};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Runs a test on each database: `async fn name(server: TestServer)`.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                $crate::support::run(async { super::$name($crate::support::Database::sqlite()).await });
            }

            #[test]
            fn postgres() {
                $crate::support::run(async {
                    if let Some(database) = $crate::support::Database::postgres().await {
                        super::$name(database).await;
                    }
                });
            }
        }
    )+};
}
pub(crate) use on_both;

/// Runs a test to its end, on several threads as the server does.
pub(crate) fn run(test: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(test);
}

/// Nobody else has it.
pub(crate) const SECRET_KEY: &str = "a-secret-key-of-the-tests-0123456789-abcdefghijklmnopqrstuvwxyz";
/// The notes' user.
pub(crate) fn mseo() -> Value {
    json!({"username": "mseo", "password": 1234, "email": "mseo@naver.com", "age": 24})
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

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
        on_server(&server, &format!("CREATE SCHEMA {schema}")).await;
        Some(Self::Postgres { server, schema })
    }

    fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.join("munjigi.sqlite3").display()),
            Self::Postgres { server, schema } => {
                let separator = if server.contains('?') { '&' } else { '?' };
                format!("{server}{separator}options=-csearch_path%3D{schema}")
            }
        }
    }

    /// A server with no setting written but what no test can do without.
    pub(crate) async fn server(self) -> TestServer {
        self.server_with(&[]).await
    }

    /// A server with these settings, written as environment variables are: `("SIMPLE_JWT__LEEWAY", "10")`.
    pub(crate) async fn server_with(self, settings: &[(&str, &str)]) -> TestServer {
        // A cheap hash, where its cost is not what is tested.
        let mut written = BTreeMap::from([
            ("SECRET_KEY".to_owned(), SECRET_KEY.to_owned()),
            ("DATABASE_URL".to_owned(), self.url()),
            ("HASHERS__PBKDF2_SHA256__ITERATIONS".to_owned(), "1000".to_owned()),
            ("HASHING_THREADS".to_owned(), "2".to_owned()),
        ]);
        written.extend(
            settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let variables = written
            .into_iter()
            .map(|(name, value)| (format!("MUNJIGI_{name}").into(), value.into()));
        let sources = Sources {
            variables: variables.collect(),
            ..Sources::default()
        };
        let config = Config::resolve(&Written::gather(sources).unwrap(), Mode::Dev).unwrap();
        let clock = Clock::fixed(Timestamp::from_second(1_767_225_600).unwrap());
        let options = Options {
            missing: Missing::Create,
            foreign: Foreign::Refuse,
        };
        let store = Store::open(&config.database, config.user_model.clone(), options)
            .await
            .unwrap();
        migrate::apply(&store, clock.now()).await.unwrap();
        let app = App::new(config, store, clock.clone()).await.unwrap();
        TestServer {
            router: munjigi::http::router(app.clone()),
            app,
            clock,
            _database: self,
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        match self {
            Self::Sqlite(folder) => drop(std::fs::remove_dir_all(folder)),
            Self::Postgres { server, schema } => {
                let (server, schema) = (server.clone(), schema.clone());
                // The runtime of the test is still running; the schema goes on a thread with its own.
                let dropping = std::thread::spawn(move || {
                    run(async { on_server(&server, &format!("DROP SCHEMA {schema} CASCADE")).await });
                });
                drop(dropping.join());
            }
        }
    }
}

async fn on_server(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let driving = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    driving.await.unwrap().unwrap();
}

/// A server whose clock stands until a test moves it.
pub(crate) struct TestServer {
    router: Router,
    pub(crate) app: App,
    pub(crate) clock: Clock,
    _database: Database,
}

impl TestServer {
    /// Somebody without any credential.
    pub(crate) fn anonymous(&self) -> Client<'_> {
        Client {
            server: self,
            headers: HeaderMap::new(),
            cookies: BTreeMap::new(),
        }
    }

    /// Signs the notes' user up and in by session.
    pub(crate) async fn cookie_user(&self) -> Client<'_> {
        let mut client = self.anonymous();
        client
            .post("/user/session_signup", &mseo())
            .await
            .expect_status(201);
        client
            .post(
                "/user/session_signin",
                &json!({"email": "mseo@naver.com", "password": 1234}),
            )
            .await
            .expect_status(200);
        client
    }

    /// Signs the notes' user up and in by JWT; the client sends the access token. The refresh token comes beside.
    pub(crate) async fn token_user(&self) -> (Client<'_>, String) {
        let mut client = self.anonymous();
        let reply = client.post("/user/jwt_signup", &mseo()).await.expect_status(201);
        client.bearer(reply.json()["access_token"].as_str().unwrap());
        (client, reply.json()["refresh_token"].as_str().unwrap().to_owned())
    }
}

/// Somebody who sends requests, keeps cookies as a browser does, and follows nothing.
pub(crate) struct Client<'s> {
    server: &'s TestServer,
    headers: HeaderMap,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Client<'_> {
    pub(crate) fn bearer(&mut self, token: &str) {
        self.header("authorization", &format!("Bearer {token}"));
    }

    pub(crate) fn header(&mut self, name: &'static str, value: &str) {
        self.headers.insert(name, value.parse().unwrap());
    }

    pub(crate) fn without(&mut self, name: &str) {
        self.headers.remove(name);
    }

    /// Sends the token of the CSRF cookie as a page does.
    pub(crate) fn csrf_header(&mut self) {
        let token = self.cookies["csrftoken"].clone();
        self.header("x-csrftoken", &token);
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path, None, Vec::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.send(
            Method::POST,
            path,
            Some("application/json"),
            body.to_string().into_bytes(),
        )
        .await
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:8000");
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.headers_mut().extend(self.headers.clone());
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request
                .headers_mut()
                .insert(COOKIE, cookies.join("; ").parse().unwrap());
        }
        let response = self.server.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let reply = Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        };
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// `Authorization`, whatever it is.
    pub(crate) fn authorization(&mut self, value: &[u8]) {
        self.headers
            .insert(AUTHORIZATION, http::HeaderValue::from_bytes(value).unwrap());
    }
}

/// An answer, read whole.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Itself, where the status is this one.
    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    /// A header's value, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `Set-Cookie` line of a cookie.
    pub(crate) fn set_cookie(&self, name: &str) -> Option<&str> {
        let cookies = self
            .headers
            .get_all(SET_COOKIE)
            .iter()
            .map(|cookie| cookie.to_str().unwrap());
        cookies
            .into_iter()
            .find(|cookie| cookie.split('=').next() == Some(name))
    }
}
