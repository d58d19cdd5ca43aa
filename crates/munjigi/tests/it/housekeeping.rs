//! What `clearsessions` and `flushexpiredtokens` take away, and what they leave.

use crate::support::{Database, TestServer, on_both};
use munjigi::accounts::housekeeping::{
    Cleared, clear_sessions, count_expired_tokens, flush_expired_tokens, flush_now_and_then,
};
use serde_json::json;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::sync::watch;

on_both!(
    a_record_stays_as_long_as_a_token_of_it_could_be_presented,
    an_expired_session_goes_and_one_that_holds_stays,
    a_blacklisted_token_stays_known_as_long_as_it_could_be_presented,
    a_flush_stops_between_two_slices_where_it_is_told_to,
);

const DAY: i64 = 86_400;
/// More than nothing, so that a test sees whether it is thought of.
const LEEWAY: (&str, &str) = ("SIMPLE_JWT__LEEWAY", "60s");
const NOTHING: Cleared = Cleared {
    sessions: 0,
    records: 0,
    endings: 0,
};

async fn a_record_stays_as_long_as_a_token_of_it_could_be_presented(database: Database) {
    let server = database.server_with(&[LEEWAY]).await;
    let (_, refresh) = server.token_user().await;
    let (_, other) = server.tokens().await;
    let signout = json!({"refresh_token": refresh});
    server
        .anonymous()
        .post("/user/jwt_signout", &signout)
        .await
        .expect_status(200);

    let clear = async || clear_sessions(&server.app, server.app.now()).await.unwrap();
    assert_eq!(clear().await, NOTHING);
    // A week, in which the refresh token is good, and the leeway.
    server.clock.advance(7 * DAY + 60);
    assert_eq!(clear().await, NOTHING);
    assert_ne!(server.refresh(&refresh).await.status, 200);
    server.clock.advance(1);
    assert_eq!(
        clear().await,
        Cleared {
            records: 1,
            ..NOTHING
        }
    );
    assert_ne!(server.refresh(&refresh).await.status, 200);
    assert_eq!(
        server.records("mseo").await.len(),
        1,
        "{other} was not signed out"
    );
    // An access token that was made in the last second, and a day to spare.
    server.clock.advance(300 + DAY - 1);
    server.sql("DELETE FROM munjigi_session").await;
    assert_eq!(clear().await, NOTHING);
    server.clock.advance(1);
    assert_eq!(
        clear().await,
        Cleared {
            endings: 1,
            ..NOTHING
        }
    );
}

async fn an_expired_session_goes_and_one_that_holds_stays(database: Database) {
    let server = database.server().await;
    let mut first = server.cookie_user().await;
    server.clock.advance(DAY);
    let mut second = server.bystander().await;
    server.clock.advance(13 * DAY + 1);
    let cleared = clear_sessions(&server.app, server.app.now()).await.unwrap();
    assert_eq!(
        cleared,
        Cleared {
            sessions: 1,
            ..NOTHING
        }
    );
    assert_eq!(
        server.sql("SELECT session_key FROM django_session").await.len(),
        1
    );
    assert_eq!(first.get("/user/me").await.status, 401);
    assert_eq!(second.get("/user/me").await.status, 200);
}

async fn a_blacklisted_token_stays_known_as_long_as_it_could_be_presented(database: Database) {
    let server = database.server_with(&[LEEWAY]).await;
    let (_, refresh) = server.token_user().await;
    let signout = json!({"refresh_token": refresh});
    server
        .anonymous()
        .post("/user/jwt_signout", &signout)
        .await
        .expect_status(200);

    let flush = async || flush(&server).await;
    server.clock.advance(7 * DAY + 59);
    assert_eq!((flush().await, server.blacklisted().await.len()), (0, 1));
    assert_ne!(server.refresh(&refresh).await.status, 200);
    server.clock.advance(2);
    assert_eq!((flush().await, server.blacklisted().await.len()), (1, 0));
    assert_ne!(server.refresh(&refresh).await.status, 200);
}

async fn a_flush_stops_between_two_slices_where_it_is_told_to(database: Database) {
    let server = database.server().await;
    expired_tokens(&server, 2_500).await;
    let now = server.app.now();
    assert_eq!(count_expired_tokens(&server.app, now).await.unwrap(), 2_500);
    let mut heard = Vec::new();
    let flushed = flush_expired_tokens(&server.app, now, |removed| {
        heard.push(removed);
        if removed < 2_000 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    assert_eq!(flushed.await.unwrap(), 2_000);
    assert_eq!(heard, [1_000, 2_000]);
    assert_eq!(flush(&server).await, 500);
}

/// In time that passes when nothing else is to be done: also while a slice is awaited, so there is one only. (A pool of
/// connections would take such time for its own.)
#[test]
fn a_server_flushes_about_every_hour_until_it_stops() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(async {
        let server = Database::sqlite().server().await;
        let hour = Duration::from_hours(1);
        for (tokens, minutes, left) in [(900, 53, 900), (900, 67, 0), (10, 120, 0)] {
            server.sql("DELETE FROM token_blacklist_outstandingtoken").await;
            expired_tokens(&server, tokens).await;
            let (stop, stopped) = watch::channel(false);
            let app = server.app.clone();
            let flushing = tokio::spawn(async move { flush_now_and_then(&app, hour, stopped).await });
            tokio::time::sleep(Duration::from_mins(minutes)).await;
            stop.send(true).unwrap();
            flushing.await.unwrap();
            let count = count_expired_tokens(&server.app, server.app.now()).await;
            assert_eq!(count.unwrap(), left, "after {minutes} minutes");
        }
    });
}

async fn flush(server: &TestServer) -> u64 {
    let flushed = flush_expired_tokens(&server.app, server.app.now(), |_| ControlFlow::Continue(()));
    flushed.await.unwrap()
}

async fn expired_tokens(server: &TestServer, count: u64) {
    let rows: Vec<String> = (0..count)
        .map(|n| format!("('t', '2025-12-31 00:00:00', 'old-{n}')"))
        .collect();
    let insert = "INSERT INTO token_blacklist_outstandingtoken (token, expires_at, jti) VALUES";
    server.sql(&format!("{insert} {}", rows.join(", "))).await;
}
