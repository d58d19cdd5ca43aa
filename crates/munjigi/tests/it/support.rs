//! A server without sockets, and clients that speak to it.

mod client;
mod database;
mod djangos;
mod mail_server;
mod signed_in;
mod slow;
mod tokens;
mod told;

pub(crate) use client::{Client, FORM, Reply};
pub(crate) use database::{Database, Held, ROLE};
pub(crate) use djangos::{decoded, secret_keys};
pub(crate) use mail_server::{MailServer, Manner};
pub(crate) use signed_in::SignedIn;
pub(crate) use slow::slow;
pub(crate) use tokens::{claims, header, jti, signed};

use axum::Router;
use jiff::Timestamp;
use munjigi::app::App;
use munjigi::clock::{Clock, entropy};
use munjigi::config::{Config, Mode, Sources, Written};
use munjigi_passwords::{Hashers, Password};
use munjigi_store::records::Record;
use munjigi_store::users::{NewUser, User};
use munjigi_store::{FieldValue, Missing, Options, Store, records, users};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use tokio::runtime::Runtime;

/// Runs a test on each database: `async fn name(database: Database)`.
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

/// Does all of it at the same time.
pub(crate) async fn at_once<T>(work: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut work: Vec<_> = work.into_iter().map(|work| (Box::pin(work), None)).collect();
    poll_fn(|context| {
        for (work, done) in work.iter_mut().filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(value) = work.as_mut().poll(context) {
                *done = Some(value);
            }
        }
        if work.iter().all(|(_, done)| done.is_some()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    work.into_iter().map(|(_, done)| done.unwrap()).collect()
}

/// Nobody else has it.
pub(crate) const SECRET_KEY: &str = "a-secret-key-of-the-tests-0123456789-abcdefghijklmnopqrstuvwxyz";
/// The first second of 2026, when each test begins.
pub(crate) const START: i64 = 1_767_225_600;

/// The notes' routes that take POST.
pub(crate) const NOTES_POST_ROUTES: [&str; 7] = [
    "/user/session_signup",
    "/user/session_signin",
    "/user/session_signout",
    "/user/jwt_signup",
    "/user/jwt_signin",
    "/user/jwt_refresh",
    "/user/jwt_signout",
];
/// simplejwt's.
pub(crate) const SIMPLEJWT_ROUTES: [&str; 6] = [
    "/api/token/",
    "/api/token/refresh/",
    "/api/token/verify/",
    "/api/token/blacklist/",
    "/api/token/sliding/",
    "/api/token/sliding/refresh/",
];
/// The routes of a user's sign-ins, and what they take.
pub(crate) const SESSIONS_ROUTES: [(&str, &[&str]); 2] = [
    ("/user/sessions", &["GET", "DELETE"]),
    ("/user/sessions/0123456789abcdef0123456789abcdef", &["DELETE"]),
];
/// The routes that take GET and answer JSON.
pub(crate) const GET_ROUTES: [&str; 1] = ["/user/csrf"];
/// The routes of a user's own account, and what they take.
pub(crate) const ACCOUNT_ROUTES: [(&str, &[&str]); 4] = [
    ("/user/me", &["GET", "PATCH", "DELETE"]),
    ("/user/password_change", &["POST"]),
    ("/user/password_reset", &["POST"]),
    ("/user/password_reset_confirm", &["GET", "POST"]),
];

/// The notes' user.
pub(crate) fn mseo() -> Value {
    json!({"username": "mseo", "password": 1234, "email": "mseo@naver.com", "age": 24})
}

/// What the notes' user signs in with.
pub(crate) fn mseo_signs_in() -> Value {
    json!({"email": "mseo@naver.com", "password": "1234"})
}

/// A server whose clock stands until a test moves it.
pub(crate) struct TestServer {
    router: Router,
    pub(crate) app: App,
    pub(crate) clock: Clock,
    database: Arc<Database>,
    /// What `/openapi.json` tells of it.
    document: Value,
}

impl TestServer {
    /// On this database, with these settings beside those that no test can do without.
    async fn new(database: Arc<Database>, clock: Clock, settings: &[(&str, &str)]) -> Self {
        let config = Self::config(&database, settings);
        Box::pin(Self::configured(database, clock, config)).await
    }

    fn config(database: &Database, settings: &[(&str, &str)]) -> Config {
        // A cheap hash, where its cost is not what is tested.
        let mut written = BTreeMap::from([
            ("SECRET_KEY", SECRET_KEY.to_owned()),
            ("DATABASE_URL", database.url_of_a_server()),
            ("HASHERS__PBKDF2_SHA256__ITERATIONS", "1000".to_owned()),
            ("HASHING_THREADS", "2".to_owned()),
            // Nobody is shed because the machine that tests is busy.
            ("HASHING_DEADLINE_MS", "30000".to_owned()),
        ]);
        written.extend(settings.iter().map(|&(name, value)| (name, value.to_owned())));
        let variables = written
            .into_iter()
            .map(|(name, value)| (format!("MUNJIGI_{name}").into(), value.into()));
        let sources = Sources {
            variables: variables.collect(),
            ..Sources::default()
        };
        Config::resolve(&Written::gather(sources).unwrap(), Mode::Dev).unwrap()
    }

    async fn configured(database: Arc<Database>, clock: Clock, config: Config) -> Self {
        let config = database.migrate(config, clock.now()).await;
        let options = Options {
            missing: Missing::Refuse,
            foreign: config.foreign,
            token_blacklist: config.token_blacklist,
            sessions: config.session_engine.clone(),
        };
        let store = Store::open(&config.database, config.user_model.clone(), options)
            .await
            .unwrap();
        let app = App::new(config, store, clock.clone()).await.unwrap();
        Self {
            document: munjigi::http::openapi::document(app.config()),
            router: munjigi::http::router(app.clone()),
            app,
            clock,
            database,
        }
    }

    /// The same after a stop and a start with other settings, at the first second again.
    pub(crate) async fn restarted_with(self, settings: &[(&str, &str)]) -> Self {
        let Self {
            router,
            app,
            database,
            ..
        } = self;
        drop((router, app));
        Self::new(database, Self::at_the_start(), settings).await
    }

    /// Another server on the same database, and by the same clock.
    pub(crate) async fn neighbour(&self, settings: &[(&str, &str)]) -> Self {
        Self::new(Arc::clone(&self.database), self.clock.clone(), settings).await
    }

    /// Another server on the same database, whose passwords are hashed by these.
    pub(crate) async fn hashing_with(&self, hashers: Hashers, settings: &[(&str, &str)]) -> Self {
        let config = Config {
            hashers: Arc::new(hashers),
            ..Self::config(&self.database, settings)
        };
        Box::pin(Self::configured(
            Arc::clone(&self.database),
            self.clock.clone(),
            config,
        ))
        .await
    }

    fn at_the_start() -> Clock {
        Clock::fixed(Timestamp::from_second(START).unwrap())
    }

    /// Somebody without any credential.
    pub(crate) fn anonymous(&self) -> Client<'_> {
        Client::new(self)
    }

    /// Signs the notes' user up and in by session.
    pub(crate) async fn cookie_user(&self) -> Client<'_> {
        self.signed_up().await;
        let mut client = self.anonymous();
        client
            .post("/user/session_signin", &mseo_signs_in())
            .await
            .expect_status(200);
        client
    }

    /// Signs the notes' user up and in by JWT; the client sends the access token. The refresh token comes beside.
    pub(crate) async fn token_user(&self) -> (Client<'_>, String) {
        let mut client = self.anonymous();
        let reply = client.post("/user/jwt_signup", &mseo()).await.expect_status(201);
        client.bearer(&reply.text("access_token"));
        (client, reply.text("refresh_token"))
    }

    /// Signs the notes' user up.
    pub(crate) async fn signed_up(&self) {
        let mut client = self.anonymous();
        client
            .post("/user/session_signup", &mseo())
            .await
            .expect_status(201);
    }

    /// Signs the notes' user in by JWT once more: the access and the refresh token.
    pub(crate) async fn tokens(&self) -> (String, String) {
        let mut client = self.anonymous();
        let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
        let reply = reply.expect_status(200);
        (reply.text("access_token"), reply.text("refresh_token"))
    }

    /// Asks who sends this bearer token.
    pub(crate) async fn me(&self, token: &str) -> Reply {
        let mut client = self.anonymous();
        client.bearer(token);
        client.get("/user/me").await
    }

    /// Asks for an access token by this refresh token.
    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        let body = json!({"refresh_token": token});
        self.anonymous().post("/user/jwt_refresh", &body).await
    }

    /// The row of a user.
    pub(crate) async fn user(&self, username: &str) -> User {
        let found = users::by_username(&mut self.app.store().reader(), username).await;
        found.unwrap().unwrap()
    }

    /// The sign-ins of a user that hold, the oldest first.
    pub(crate) async fn records(&self, username: &str) -> Vec<Record> {
        let user = self.user(username).await;
        records::for_user(&mut self.app.store().reader(), &user.id)
            .await
            .unwrap()
    }

    /// The record of a sign-in, ended or not.
    pub(crate) async fn record(&self, sid: &str) -> Record {
        let found = records::by_sid(&mut self.app.store().reader(), sid).await;
        found.unwrap().unwrap()
    }

    /// The ids of the tokens that Django, too, refuses.
    pub(crate) async fn blacklisted(&self) -> Vec<String> {
        let rows = self
            .sql(
                "SELECT o.jti FROM token_blacklist_blacklistedtoken b \
                 JOIN token_blacklist_outstandingtoken o ON o.id = b.token_id ORDER BY b.id",
            )
            .await;
        rows.into_iter().map(|mut row| row.remove(0)).collect()
    }

    /// Somebody else, signed in by a session.
    pub(crate) async fn bystander(&self) -> Client<'_> {
        let encoded = self.encoded("x");
        self.insert_user("bystander", "bystander@naver.com", &encoded)
            .await;
        let mut client = self.anonymous();
        let body = json!({"username": "bystander", "password": "x"});
        client
            .post("/user/session_signin", &body)
            .await
            .expect_status(200);
        client
    }

    /// Writes a user as a Django beside us would: with whatever stands for his password.
    pub(crate) async fn insert_user(&self, username: &str, email: &str, encoded: &str) -> User {
        let user = NewUser {
            id: None,
            username: username.to_owned(),
            email: email.to_owned(),
            password: encoded.to_owned(),
            first_name: String::new(),
            last_name: String::new(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
            date_joined: self.clock.now(),
            extra: vec![FieldValue::Null],
            random: Vec::new(),
        };
        let written = self
            .app
            .store()
            .write(user, |tx, user| Box::pin(users::insert(tx, user)));
        written.await.unwrap()
    }

    /// Sets a user's stored password behind the server's back.
    pub(crate) async fn set_password(&self, username: &str, encoded: &str) {
        let change = (self.user(username).await.id, encoded.to_owned());
        let store = self.app.store();
        let written = store.write(change, |tx, (id, encoded)| {
            Box::pin(users::set_password(tx, id, encoded))
        });
        assert!(written.await.unwrap());
    }

    /// A password in the form that the settings store it in.
    pub(crate) fn encoded(&self, password: &str) -> String {
        let password = Password::from(password.to_owned());
        let hashers = &self.app.config().hashers;
        hashers.make_password(Some(&password), &mut entropy()).unwrap()
    }

    /// Whether it is on SQLite.
    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(*self.database, Database::Sqlite(_))
    }

    /// Somebody else's transaction, whose first statement this is. On PostgreSQL alone.
    pub(crate) async fn held(&self, first: &str) -> Held {
        Held::begin(&self.database, first).await
    }

    /// All that the database keeps of our tables, as bytes: the files, or the rows as texts.
    pub(crate) async fn dump(&self) -> Vec<u8> {
        self.database.dump().await
    }

    /// Runs SQL behind the server's back. The rows come as texts, NULL as an empty one.
    pub(crate) async fn sql(&self, sql: &str) -> Vec<Vec<String>> {
        self.database.sql(sql).await
    }
}
