//! Where the database fails at each statement of a rotation: all of it is undone, and the same token then
//! rotates. The points are those of `docs/decisions/0016`.

use super::{BLACKLIST, ROTATE, outstanding, refresh, sid, signed_up};
use crate::support::{Database, TestServer, at_once, claims, jti, on_both, signed};
use munjigi::accounts::{Client, Error, tokens};
use munjigi_store::Error as StoreError;
use serde_json::json;

on_both!(
    whichever_statement_fails_the_token_is_as_it_was_and_then_rotates,
    whichever_statement_fails_an_adoption_is_undone_and_then_done,
    an_ending_for_reuse_that_fails_is_undone_and_then_done,
);

/// A statement that fails.
struct Fault {
    point: &'static str,
    table: &'static str,
    event: &'static str,
}

const FAULTS: [Fault; 4] = [
    Fault {
        point: "decided",
        table: "munjigi_session",
        event: "UPDATE",
    },
    Fault {
        point: "rotated",
        table: "token_blacklist_blacklistedtoken",
        event: "INSERT",
    },
    Fault {
        point: "rotated, and the used one is listed",
        table: "token_blacklist_outstandingtoken",
        event: "INSERT",
    },
    Fault {
        point: "an adoption before its lock",
        table: "munjigi_session",
        event: "INSERT",
    },
];

impl Fault {
    /// Has the database raise where rows of the table change.
    async fn begin(&self, server: &TestServer) {
        let Self { table, event, .. } = self;
        if server.is_sqlite() {
            server
                .sql(&format!(
                    "CREATE TRIGGER fault BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, 'a fault'); END"
                ))
                .await;
        } else {
            server
                .sql(
                    "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS \
                     $$ BEGIN RAISE EXCEPTION 'a fault'; END $$",
                )
                .await;
            server
                .sql(&format!(
                    "CREATE TRIGGER fault BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION fault()"
                ))
                .await;
        }
    }

    async fn end(&self, server: &TestServer) {
        if server.is_sqlite() {
            server.sql("DROP TRIGGER fault").await;
        } else {
            server.sql(&format!("DROP TRIGGER fault ON {}", self.table)).await;
            server.sql("DROP FUNCTION fault()").await;
        }
    }
}

/// All that a rotation writes.
async fn rows(server: &TestServer) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for select in [
        "SELECT * FROM munjigi_session ORDER BY sid",
        "SELECT * FROM munjigi_ended ORDER BY sid",
        "SELECT jti, token FROM token_blacklist_outstandingtoken ORDER BY jti",
        "SELECT token_id FROM token_blacklist_blacklistedtoken ORDER BY token_id",
    ] {
        rows.extend(server.sql(select).await);
    }
    rows
}

/// Whether a refresh fails with what the database said. The route answers 500 then, which no other test may see.
async fn fails(server: &TestServer, token: &str) -> bool {
    let client = Client::default();
    let refreshed = tokens::refresh(&server.app, token, &client, server.clock.now()).await;
    matches!(refreshed, Err(Error::Store(StoreError::Statement(_))))
}

async fn fails_and_then_succeeds(server: &TestServer, token: &str, fault: &Fault) -> String {
    let before = rows(server).await;
    fault.begin(server).await;
    for failed in at_once((0..5).map(|_| fails(server, token))).await {
        assert!(failed, "{}", fault.point);
    }
    assert!(rows(server).await == before, "{}", fault.point);
    fault.end(server).await;
    let successor = refresh(server, token).await.expect_status(200).text("refresh");
    let again = refresh(server, token).await.expect_status(200);
    assert_eq!(again.text("refresh"), successor, "{}", fault.point);
    successor
}

async fn whichever_statement_fails_the_token_is_as_it_was_and_then_rotates(database: Database) {
    let server = signed_up(database, &[ROTATE, BLACKLIST]).await;
    let (_, mut token) = server.tokens().await;
    for fault in &FAULTS[..3] {
        token = fails_and_then_succeeds(&server, &token, fault).await;
    }
    assert_eq!(outstanding(&server).await, 4);
    assert_eq!(server.record(&sid(&token)).await.rotations, 3);
}

async fn whichever_statement_fails_an_adoption_is_undone_and_then_done(database: Database) {
    let server = signed_up(database, &[ROTATE, BLACKLIST]).await;
    let (_, token) = server.tokens().await;
    for (fault, digit) in FAULTS.iter().zip('a'..) {
        let mut theirs = claims(&token);
        theirs.as_object_mut().unwrap().remove("sid");
        theirs["jti"] = json!(digit.to_string().repeat(32));
        let theirs = signed(&theirs, crate::support::SECRET_KEY);
        let successor = fails_and_then_succeeds(&server, &theirs, fault).await;
        assert_eq!(server.record(&sid(&successor)).await.jti, Some(jti(&successor)));
    }
    assert_eq!(server.records("mseo").await.len(), 5);
}

async fn an_ending_for_reuse_that_fails_is_undone_and_then_done(database: Database) {
    let server = signed_up(database, &[ROTATE, BLACKLIST]).await;
    let (_, first) = server.tokens().await;
    let second = refresh(&server, &first).await.text("refresh");
    server.clock.advance(11);
    let faults = [
        &FAULTS[0],
        &FAULTS[1],
        &Fault {
            point: "in the numbering of the ending",
            table: "munjigi_ended",
            event: "INSERT",
        },
    ];
    for fault in faults {
        let before = rows(&server).await;
        fault.begin(&server).await;
        assert!(fails(&server, &first).await, "{}", fault.point);
        assert!(rows(&server).await == before, "{}", fault.point);
        fault.end(&server).await;
    }
    refresh(&server, &first).await.expect_error(401, "token_reused");
    refresh(&server, &second)
        .await
        .expect_error(401, "token_blacklisted");
}
