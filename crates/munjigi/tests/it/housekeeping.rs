//! What `clearsessions` and `flushexpiredtokens` take away, and what they leave.

use crate::support::{Database, on_both};
use munjigi::accounts::housekeeping::{Cleared, clear_sessions, flush_expired_tokens};
use serde_json::json;

on_both!(
    a_record_stays_as_long_as_a_token_of_it_could_be_presented,
    an_expired_session_goes_and_one_that_holds_stays,
    a_blacklisted_token_stays_known_as_long_as_it_could_be_presented,
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
    // An access token that was made in the last second, and an hour for a clock that steps.
    server.clock.advance(300 + 3_600 - 1);
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

    let flush = async || flush_expired_tokens(&server.app, server.app.now()).await.unwrap();
    server.clock.advance(7 * DAY + 59);
    assert_eq!((flush().await, server.blacklisted().await.len()), (0, 1));
    assert_ne!(server.refresh(&refresh).await.status, 200);
    server.clock.advance(2);
    assert_eq!((flush().await, server.blacklisted().await.len()), (1, 0));
    assert_ne!(server.refresh(&refresh).await.status, 200);
}
