//! `/healthz`: the process answers. `/readyz`: it can serve, its database too.

use super::{Endpoint, fixed};
use crate::accounts;
use crate::app::App;
use crate::http::error::Result;
use crate::http::openapi::{Answer, Door, Operation, Tag, Words, fails};
use axum::extract::State;
use http::Method;
use munjigi_store::sessions;

pub(super) fn endpoints() -> [Endpoint; 2] {
    let alive = Words {
        en: "Whether the process answers",
        ko: "프로세스가 답하는지",
    };
    let ready = Words {
        en: "Whether it can serve, its database too",
        ko: "데이터베이스까지 준비되었는지",
    };
    let ok = || Answer::text("text/plain", "It does.", "그렇습니다.");
    let told = |id, words| Operation::new(Method::GET, id, Tag::Server, words).answers(ok());
    [
        fixed("/healthz", told("healthz", alive).answers_all(fails()), healthz),
        fixed("/readyz", told("readyz", ready).answers_all(fails()), readyz),
    ]
    .map(|endpoint| Endpoint {
        door: Door::Servers,
        ..endpoint
    })
}

/// A probe asks by address, not by name.
pub(in crate::http) fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// 200 `ok` while the process runs.
async fn healthz() -> &'static str {
    "ok\n"
}

/// What a Django beside us may still take is told, and is no reason to send requests elsewhere.
const WITHOUT_CACHE: &str =
    "ready\nThe session cache does not answer: sessions that end here may live on at Django until it does.\n";

/// 200 `ready` where the database answers, and what has to be known from it is known; 503 where not.
async fn readyz(State(app): State<App>) -> Result<&'static str> {
    // A key that nobody has: the shortest way to a table and back.
    sessions::by_key(&mut app.store().reader(), "", app.now()).await?;
    if app.config().needs_ended_list() {
        app.ended().check(app.now()).map_err(accounts::Error::Stale)?;
    }
    Ok(if app.store().has_cache_in_reach() {
        "ready\n"
    } else {
        WITHOUT_CACHE
    })
}
