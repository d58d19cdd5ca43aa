//! `/healthz`: the process answers. `/readyz`: it can serve, its database too.

use crate::app::App;
use crate::http::error::Result;
use axum::extract::State;
use munjigi_store::sessions;

/// 200 `ok` while the process runs.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 `ready` where the database answers, and what has to be known from it is known.
///
/// # Errors
/// 503 where it does not.
pub async fn readyz(State(app): State<App>) -> Result<&'static str> {
    // A key that nobody has: the shortest way to a table and back.
    sessions::by_key(&mut app.store().reader(), "", app.now()).await?;
    if app.config().needs_ended_list() {
        app.ended().check(app.now())?;
    }
    Ok("ready\n")
}
