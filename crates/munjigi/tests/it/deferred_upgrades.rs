//! A password that is to be stored anew, in the database of a Django that opens sessions of its own: it waits until they are
//! known. What the real Django makes of it is in `interop/test_hash_policy.py`.

use crate::support::{
    Client, Database, Reply, SECRET_KEY, TestServer, decoded, mseo_signs_in, on_both, secret_keys, slow,
};
use munjigi::accounts::backfill;
use munjigi_sessions::SessionAuthHasher;
use munjigi_store::sessions;

on_both!(
    a_session_that_nobody_knows_outlives_the_upgrade_that_waited_for_it,
    whoever_was_at_django_a_moment_ago_waits_for_the_next_look,
    a_database_of_our_own_has_nobody_to_wait_for,
    an_upgrade_of_djangos_meanwhile_keeps_nobody_out,
    a_password_that_django_changes_meanwhile_lets_nobody_in,
    djangos_own_upgrade_ends_here_what_it_ends_there,
);

const KEY: &str = "djangodjangodjangodjangodjango01";
const CHEAP: (&str, &str) = ("HASHERS__PBKDF2_SHA256__ITERATIONS", "500");
const PROJECTS: (&str, &str) = ("AUTH_USER_MODEL", "user.User");
const CHEAP_ROW: &str = "pbkdf2_sha256$500$";
const TODAYS_ROW: &str = "pbkdf2_sha256$1000$";

/// The user of a Django project, whose password is stored at a cost that is not today's.
async fn beside_django(database: Database) -> TestServer {
    let server = database.server_with(&[CHEAP]).await;
    server.signed_up().await;
    server
        .sql("UPDATE munjigi_origin SET created_by = 'django'")
        .await;
    let server = server.restarted_with(&[PROJECTS]).await;
    server.clock.advance(1000);
    server
}

/// What Django does when the notes' user signs in there, or is signed in without a password.
async fn djangos_login(server: &TestServer, key: &str) {
    let data = server.djangos_login(SECRET_KEY).await;
    server.write_session(key, &data, SECRET_KEY).await;
    let now = server.clock.now();
    let written = now.strftime("%Y-%m-%d %H:%M:%S");
    let zone = if server.is_sqlite() { "" } else { "+00" };
    server
        .sql(&format!("UPDATE user_user SET last_login = '{written}{zone}'"))
        .await;
}

async fn signs_in(server: &TestServer) -> Reply {
    server
        .anonymous()
        .post("/user/jwt_signin", &mseo_signs_in())
        .await
}

async fn is_stored_as(server: &TestServer, row: &str) {
    let stored = server.user("mseo").await.password;
    assert!(stored.starts_with(row), "{stored}");
}

/// Whether Django takes a session for the user's, as its row stands.
async fn holds_at_django(server: &TestServer, key: &str) -> bool {
    let found = sessions::by_key(&mut server.app.store().reader(), key, server.clock.now()).await;
    let user = server.user("mseo").await;
    found.unwrap().is_some_and(|row| {
        let data = decoded(&row.session_data, SECRET_KEY);
        let auth_hash = data.auth_hash().unwrap_or_default().into_owned();
        auth_hash == SessionAuthHasher::new(&secret_keys(SECRET_KEY)).hash(&user.password)
            && data.contains("cart")
    })
}

async fn looked(server: &TestServer) {
    backfill::finish(&server.app).await.unwrap();
}

fn browser<'s>(server: &'s TestServer, key: &str) -> Client<'s> {
    let mut client = server.anonymous();
    client.cookies.insert("sessionid".into(), key.into());
    client
}

async fn a_session_that_nobody_knows_outlives_the_upgrade_that_waited_for_it(database: Database) {
    let server = beside_django(database).await;
    djangos_login(&server, KEY).await;
    server.clock.advance(3600);
    signs_in(&server).await.expect_status(200);
    is_stored_as(&server, CHEAP_ROW).await;
    assert!(holds_at_django(&server, KEY).await);

    server.clock.advance(100);
    looked(&server).await;
    let (access, refresh) = server.tokens().await;
    is_stored_as(&server, TODAYS_ROW).await;
    assert!(holds_at_django(&server, KEY).await);
    browser(&server, KEY).get("/user/me").await.expect_status(200);
    server.me(&access).await.expect_status(200);
    server.refresh(&refresh).await.expect_status(200);
}

async fn whoever_was_at_django_a_moment_ago_waits_for_the_next_look(database: Database) {
    let server = beside_django(database).await;
    looked(&server).await;
    server.clock.advance(1);
    djangos_login(&server, KEY).await;
    for _ in 0..3 {
        server.clock.advance(15);
        looked(&server).await;
        let mut client = server.anonymous();
        let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
        reply.expect_status(200);
        is_stored_as(&server, CHEAP_ROW).await;
    }
    // His sign-ins here wrote `last_login`, and open nothing that is unknown.
    server.clock.advance(15);
    looked(&server).await;
    signs_in(&server).await.expect_status(200);
    is_stored_as(&server, TODAYS_ROW).await;
    assert!(holds_at_django(&server, KEY).await);
    assert_eq!(server.records("mseo").await.len(), 5);
}

async fn a_database_of_our_own_has_nobody_to_wait_for(database: Database) {
    let server = database.server_with(&[CHEAP]).await;
    server.signed_up().await;
    let server = server.restarted_with(&[]).await;
    signs_in(&server).await.expect_status(200);
    is_stored_as(&server, TODAYS_ROW).await;
}

/// The answer to a sign-in, during whose hash Django writes another row.
async fn django_writes_meanwhile(database: Database, row: &str) -> (TestServer, Vec<u16>) {
    let server = beside_django(database).await;
    server.set_password("mseo", "slow$old$1234").await;
    let (hashers, mut has_begun, go_on) = slow();
    let server = server.hashing_with(hashers, &[PROJECTS]).await;
    let mut statuses = Vec::new();
    for door in ["/user/session_signin", "/user/jwt_signin"] {
        server.set_password("mseo", "slow$old$1234").await;
        let meanwhile = async {
            has_begun.recv().await.unwrap();
            server.set_password("mseo", row).await;
            // What was stored meanwhile is verified, too.
            go_on.send(()).unwrap();
            go_on.send(()).unwrap();
        };
        let mut client = server.anonymous();
        let body = mseo_signs_in();
        let (reply, ()) = tokio::join!(client.post(door, &body), meanwhile);
        statuses.push(reply.status.as_u16());
        assert_eq!(server.user("mseo").await.password, row);
        has_begun.recv().await.unwrap();
    }
    (server, statuses)
}

async fn an_upgrade_of_djangos_meanwhile_keeps_nobody_out(database: Database) {
    let (server, statuses) = django_writes_meanwhile(database, "slow$0$1234").await;
    assert_eq!(statuses, [200, 200]);
    assert_eq!(server.records("mseo").await.len(), 2);
}

async fn a_password_that_django_changes_meanwhile_lets_nobody_in(database: Database) {
    let (server, statuses) = django_writes_meanwhile(database, "slow$0$another").await;
    assert_eq!(statuses, [400, 400]);
    assert!(server.records("mseo").await.is_empty());
}

async fn djangos_own_upgrade_ends_here_what_it_ends_there(database: Database) {
    let server = beside_django(database).await;
    let (access, refresh) = server.tokens().await;
    let mut client = server.anonymous();
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    server.set_password("mseo", &server.encoded("1234")).await;
    client.get("/user/me").await.expect_status(401);
    server.me(&access).await.expect_status(401);
    server.refresh(&refresh).await.expect_status(401);
    // Once: from then on the row is as either would store it.
    let stored = server.user("mseo").await.password;
    signs_in(&server).await.expect_status(200);
    assert_eq!(server.user("mseo").await.password, stored);
}
