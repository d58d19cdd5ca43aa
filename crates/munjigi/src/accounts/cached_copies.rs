//! Copies of sessions that a Django beside us keeps in its cache (`contrib/sessions/backends/cached_db.py`): what a
//! request could not delete there, and what Django may have stored after it, is deleted from here.

use crate::app::App;
use munjigi_store::uncached;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often it is looked whether there is something to delete.
const EVERY: Duration = Duration::from_secs(1);

/// Deletes copies for as long as it is polled, also where cache or database are away for a while. It may be dropped at any
/// moment.
pub async fn follow(app: &App) -> Infallible {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_lost = false;
    loop {
        ticks.tick().await;
        // Whether the cache answers is in the log already.
        match uncached::settle(app.store(), app.now()).await {
            Ok(_) if is_lost => tracing::info!("copies of sessions are deleted again"),
            Err(error) if !is_lost => tracing::warn!(%error, "copies of sessions cannot be deleted"),
            _ => continue,
        }
        is_lost = !is_lost;
    }
}
