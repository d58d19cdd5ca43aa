//! The list of ended sign-ins: in memory, in every process on the database, and on the wire. No test waits: each poll is
//! taken by hand.

use crate::support::{Database, SignedIn, TestServer, claims, mseo_signs_in, on_both};
use munjigi::accounts::{administration, ended};
use munjigi_passwords::Password;
use munjigi_tokens::ended::{EndedPage, Fingerprint};
use serde_json::{Value, json};

on_both!(
    nothing_is_known_before_the_first_poll,
    what_ends_here_is_known_at_once_and_elsewhere_with_the_next_poll,
    who_is_told_that_a_sign_in_has_ended_is_refused_here_from_then_on,
    every_way_to_end_a_sign_in_is_on_the_list,
    a_database_that_is_away_is_forgiven_for_a_while,
    what_no_token_can_ask_for_is_dropped,
    a_long_list_comes_in_pages,
    a_client_who_knows_more_makes_the_server_look,
    a_list_that_begins_anew_is_told_as_such,
    a_query_that_is_none_is_refused,
    the_list_is_not_served_unless_it_is_written,
);

const PATH: &str = "/.well-known/munjigi/ended";
const SERVED: &[(&str, &str)] = &[("ROUTES__ENDED", PATH)];

/// A server that serves the list and has read it once.
async fn polled(database: Database) -> TestServer {
    let server = database.server_with(SERVED).await;
    ended::poll(&server.app).await.unwrap();
    server
}

fn sid(token: &str) -> String {
    claims(token)["sid"].as_str().unwrap().to_owned()
}

fn is_ended(server: &TestServer, token: &str) -> bool {
    server
        .app
        .ended()
        .is_ended(&sid(token), server.clock.now())
        .unwrap()
}

async fn sign_out(server: &TestServer, refresh: &str) {
    let body = json!({"refresh_token": refresh});
    server
        .anonymous()
        .post("/user/jwt_signout", &body)
        .await
        .expect_status(200);
}

async fn page(server: &TestServer, query: &str) -> EndedPage {
    let reply = server
        .anonymous()
        .get(&format!("{PATH}{query}"))
        .await
        .expect_status(200);
    assert_eq!(reply.header("content-type"), "application/json");
    EndedPage::from_json(&reply.body).unwrap()
}

async fn nothing_is_known_before_the_first_poll(database: Database) {
    let server = database.server_with(SERVED).await;
    for path in [&format!("{PATH}?after=0"), "/readyz"] {
        let reply = server.anonymous().get(path).await;
        reply.expect_error(503, "unavailable");
    }
    server.anonymous().get("/healthz").await.expect_status(200);
    // Who asks for all of it has the server look.
    let reply = server.anonymous().get(PATH).await.expect_status(200);
    let empty = json!({"cursor": 0, "reset": true, "more": false, "ended": []});
    assert_eq!(reply.json(), empty);
    server.anonymous().get("/readyz").await.expect_status(200);
}

async fn what_ends_here_is_known_at_once_and_elsewhere_with_the_next_poll(database: Database) {
    let here = polled(database).await;
    let elsewhere = here.neighbour(SERVED).await;
    ended::poll(&elsewhere.app).await.unwrap();
    here.signed_up().await;
    let (access, refresh) = here.tokens().await;
    let (other, _) = here.tokens().await;
    assert!(!is_ended(&here, &access) && !is_ended(&elsewhere, &access));
    sign_out(&here, &refresh).await;
    assert!(is_ended(&here, &access) && !is_ended(&elsewhere, &access));
    ended::poll(&elsewhere.app).await.unwrap();
    assert!(is_ended(&elsewhere, &access) && is_ended(&elsewhere, &refresh));
    assert!(!is_ended(&here, &other) && !is_ended(&elsewhere, &other));
    // Whoever starts later knows it from the start.
    let later = here.neighbour(SERVED).await;
    ended::poll(&later.app).await.unwrap();
    assert!(is_ended(&later, &access));
    // Only what was read from the database has a number.
    assert_eq!(page(&here, "?after=0").await.ended, []);
    ended::poll(&here.app).await.unwrap();
    let told = page(&here, "").await;
    assert_eq!(
        (told.cursor, told.ended),
        (1, vec![Fingerprint::of(&sid(&access))])
    );
}

async fn who_is_told_that_a_sign_in_has_ended_is_refused_here_from_then_on(database: Database) {
    let here = polled(database).await;
    let elsewhere = here.neighbour(SERVED).await;
    ended::poll(&elsewhere.app).await.unwrap();
    here.signed_up().await;
    let (access, refresh) = here.tokens().await;
    sign_out(&here, &refresh).await;
    assert!(!is_ended(&elsewhere, &access));
    // It ended here, and the second answer comes from there.
    sign_out(&elsewhere, &refresh).await;
    assert!(is_ended(&elsewhere, &access));
    ended::poll(&elsewhere.app).await.unwrap();
    let told = page(&elsewhere, "").await;
    assert_eq!((told.cursor, told.ended.len()), (1, 1), "it is listed once");
}

async fn every_way_to_end_a_sign_in_is_on_the_list(database: Database) {
    let server = polled(database).await;
    let mut user = SignedIn::new(&server).await;
    let app = &server.app;
    sign_out(&server, &user.first.1).await;
    let mut bearer = server.anonymous();
    bearer.bearer(&user.second.0);
    bearer
        .post("/user/jwt_signout", &json!({}))
        .await
        .expect_status(200);
    // Another sign-in in the same browser, then a sign-out there.
    user.browser
        .post("/user/session_signin", &mseo_signs_in())
        .await
        .expect_status(200);
    user.browser.csrf_header();
    user.browser
        .post("/user/session_signout", &json!({}))
        .await
        .expect_status(200);
    // A session whose password Django changed.
    let mut browser = server.anonymous();
    browser
        .post("/user/session_signin", &mseo_signs_in())
        .await
        .expect_status(200);
    server.set_password("mseo", &server.encoded("1234")).await;
    browser.get("/user/me").await.expect_status(401);
    server.tokens().await;
    administration::end_sessions(app, "mseo", app.now())
        .await
        .unwrap();
    server.tokens().await;
    administration::end_all_sessions(app, app.now()).await.unwrap();
    server.tokens().await;
    let new = Password::from("another".to_owned());
    administration::change_password(app, "mseo", new, app.now())
        .await
        .unwrap();
    let body = json!({"username": "mseo", "password": "another"});
    server
        .anonymous()
        .post("/user/jwt_signin", &body)
        .await
        .expect_status(200);
    administration::disable(app, "mseo", app.now()).await.unwrap();

    let records = server
        .sql("SELECT sid FROM munjigi_session WHERE ended_at IS NOT NULL ORDER BY sid")
        .await;
    let listed = server.sql("SELECT sid FROM munjigi_ended ORDER BY sid").await;
    assert_eq!((records.len(), &listed), (9, &records));
    let reasons = server
        .sql("SELECT DISTINCT end_reason FROM munjigi_session ORDER BY end_reason")
        .await;
    assert_eq!(
        reasons.concat(),
        [
            "password_change",
            "replaced",
            "revoked",
            "sign_out",
            "user_inactive"
        ]
    );
    for row in records {
        assert!(app.ended().is_ended(&row[0], app.now()).unwrap());
    }
}

async fn a_database_that_is_away_is_forgiven_for_a_while(database: Database) {
    let server = polled(database).await;
    let mut client = server.anonymous();
    server.sql("ALTER TABLE munjigi_counter RENAME TO gone").await;
    assert!(ended::poll(&server.app).await.is_err());
    let mut ask = async |seconds, status| {
        server.clock.advance(seconds);
        client.get("/readyz").await.expect_status(status);
        client.get(&format!("{PATH}?after=0")).await.expect_status(status);
    };
    ask(30, 200).await;
    ask(1, 503).await;
    server.sql("ALTER TABLE gone RENAME TO munjigi_counter").await;
    ask(0, 503).await;
    ended::poll(&server.app).await.unwrap();
    ask(0, 200).await;
    // A clock that was put back is no word from the database.
    ask(-29, 200).await;
    ask(-3600, 503).await;
    ended::poll(&server.app).await.unwrap();
    ask(0, 200).await;
}

async fn what_no_token_can_ask_for_is_dropped(database: Database) {
    let server = polled(database).await;
    let (_, refresh) = server.token_user().await;
    sign_out(&server, &refresh).await;
    ended::poll(&server.app).await.unwrap();
    // A week of the refresh token, five minutes of an access token from its last second, a day to spare.
    server.clock.advance(604_800 + 300 + 86_400);
    ended::poll(&server.app).await.unwrap();
    assert!(is_ended(&server, &refresh));
    assert_eq!(page(&server, "").await.ended.len(), 1);
    server.clock.advance(59);
    ended::poll(&server.app).await.unwrap();
    assert!(is_ended(&server, &refresh), "it is looked for once a minute");
    server.clock.advance(1);
    ended::poll(&server.app).await.unwrap();
    assert!(!is_ended(&server, &refresh));
    let told = page(&server, "?after=0").await;
    assert_eq!((told.cursor, told.reset, told.ended.len()), (1, false, 0));
    let later = server.neighbour(SERVED).await;
    ended::poll(&later.app).await.unwrap();
    assert_eq!(page(&later, "").await, EndedPage { reset: true, ..told });
}

/// Writes endings as many other processes would.
async fn many(server: &TestServer, from: usize, to: usize) {
    let rows: Vec<String> = (from..to)
        .map(|seq| format!("({seq}, 'sid{seq}', 9000000000000)"))
        .collect();
    let rows = rows.join(", ");
    server
        .sql(&format!(
            "INSERT INTO munjigi_ended (seq, sid, until) VALUES {rows}"
        ))
        .await;
    server
        .sql(&format!("UPDATE munjigi_counter SET value = {}", to - 1))
        .await;
}

async fn a_long_list_comes_in_pages(database: Database) {
    let server = polled(database).await;
    many(&server, 1, 12_001).await;
    ended::poll(&server.app).await.unwrap();
    let mut known = Vec::new();
    let mut query = String::new();
    for (cursor, reset, more, count) in [
        (5_000, true, true, 5_000),
        (10_000, false, true, 5_000),
        (12_000, false, false, 2_000),
        (12_000, false, false, 0),
    ] {
        let told = page(&server, &query).await;
        assert_eq!(
            (told.cursor, told.reset, told.more, told.ended.len()),
            (cursor, reset, more, count)
        );
        query = format!("?after={}", told.cursor);
        known.extend(told.ended);
    }
    let expected: Vec<Fingerprint> = (1..12_001)
        .map(|seq| Fingerprint::of(&format!("sid{seq}")))
        .collect();
    assert!(known == expected);
    many(&server, 12_001, 12_003).await;
    ended::poll(&server.app).await.unwrap();
    let told = page(&server, &query).await;
    assert_eq!((told.cursor, told.reset, told.ended.len()), (12_002, false, 2));
}

/// Behind one address there may be many processes, and each has polled at a moment of its own.
async fn a_client_who_knows_more_makes_the_server_look(database: Database) {
    let here = polled(database).await;
    let elsewhere = here.neighbour(SERVED).await;
    ended::poll(&elsewhere.app).await.unwrap();
    let (_, refresh) = here.token_user().await;
    sign_out(&here, &refresh).await;
    ended::poll(&here.app).await.unwrap();
    assert_eq!(page(&here, "?after=0").await.cursor, 1);
    let none = EndedPage {
        cursor: 1,
        reset: false,
        more: false,
        ended: Vec::new(),
    };
    assert_eq!(page(&elsewhere, "?after=1").await, none);
    assert!(is_ended(&elsewhere, &refresh));
    // The whole list is whole, too.
    let (_, refresh) = here.tokens().await;
    sign_out(&here, &refresh).await;
    assert_eq!(page(&elsewhere, "").await.cursor, 2);
    // Where it cannot look, it does not say that the client's list is no good.
    here.sql("ALTER TABLE munjigi_counter RENAME TO gone").await;
    let reply = elsewhere.anonymous().get(&format!("{PATH}?after=3")).await;
    reply.expect_error(503, "unavailable");
    assert_eq!(
        page(&elsewhere, "").await.cursor,
        2,
        "what it knows is new enough"
    );
}

async fn a_list_that_begins_anew_is_told_as_such(database: Database) {
    let server = polled(database).await;
    many(&server, 1, 11).await;
    ended::poll(&server.app).await.unwrap();
    assert_eq!(page(&server, "?after=7").await.ended.len(), 3);
    // A backup of the time when there were four.
    server.sql("DELETE FROM munjigi_ended WHERE seq > 4").await;
    server.sql("UPDATE munjigi_counter SET value = 4").await;
    let told = page(&server, "?after=11").await;
    assert_eq!((told.cursor, told.reset, told.ended.len()), (4, true, 4));
    assert!(
        server.app.ended().is_ended("sid10", server.clock.now()).unwrap(),
        "who was refused stays refused"
    );
    for seq in ["18446744073709551615", "9223372036854775808"] {
        let told = page(&server, &format!("?after={seq}")).await;
        assert_eq!((told.cursor, told.reset, told.ended.len()), (4, true, 4), "{seq}");
    }
}

async fn a_query_that_is_none_is_refused(database: Database) {
    let server = polled(database).await;
    many(&server, 1, 4).await;
    ended::poll(&server.app).await.unwrap();
    for query in [
        "?after=",
        "?after=-1",
        "?after=+1",
        "?after=x",
        "?after=1.0",
        "?after=99999999999999999999",
        "?after=%EF%BC%91",
    ] {
        let mut client = server.anonymous();
        client.speaks_english();
        let reply = client
            .get(&format!("{PATH}{query}"))
            .await
            .expect_error(400, "invalid");
        assert_eq!(
            reply.json(),
            json!({"after": ["A valid integer is required."]}),
            "{query}"
        );
    }
    for query in ["?after=x&after=2", "?before=1&after=%32", "?after=002"] {
        let told = page(&server, query).await;
        assert_eq!(
            (told.cursor, told.reset, told.ended.len()),
            (3, false, 1),
            "{query}"
        );
    }
    let mut client = server.anonymous();
    client.post(PATH, &Value::Null).await.expect_status(405);
}

async fn the_list_is_not_served_unless_it_is_written(database: Database) {
    let server = database.server().await;
    server.anonymous().get(PATH).await.expect_status(404);
    server.anonymous().get("/readyz").await.expect_status(200);
}
