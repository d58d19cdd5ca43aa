//! Which sign-ins have ended, kept up to date in memory ([`EndedList`](crate::app::EndedList)): what others end is read
//! from `munjigi_ended` by [`follow`], twice a second, and at once where PostgreSQL tells of it.

use super::error::Result;
use crate::app::{App, kept_since};
use jiff::Timestamp;
use munjigi_store::ended;
use std::convert::Infallible;
use std::time::Duration;
use tokio::select;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// How often the database is asked for what others ended.
const POLL: Duration = Duration::from_millis(500);
/// What lies at least between two polls where endings are told one after the other.
const BREATH: Duration = Duration::from_millis(10);

/// Asks the database once for what others ended. The server does this by [`follow`].
///
/// # Errors
/// [`super::Error::Store`].
pub async fn poll(app: &App) -> Result<()> {
    Ok(app.ended().poll(app.store(), app.now()).await?)
}

/// Keeps the list up to date for as long as it is polled, also where the database is away for a while. What PostgreSQL tells
/// only makes the next poll come sooner: where it tells nothing, the polls go on. It may be dropped at any moment.
pub async fn follow(app: &App) -> Infallible {
    let mut ticks = interval(POLL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let told = app.store().endings();
    let mut is_lost = false;
    loop {
        sleep(BREATH).await;
        select! {
            _ = ticks.tick() => {}
            () = told.next() => {}
        }
        match poll(app).await {
            Ok(()) if is_lost => tracing::info!("the list of ended sign-ins is read again"),
            Err(error) if !is_lost => tracing::warn!(%error, "the list of ended sign-ins cannot be read"),
            _ => continue,
        }
        is_lost = !is_lost;
    }
}

/// Removes the endings that no process needs any more, in slices, and gives their number back.
///
/// # Errors
/// [`super::Error::Store`]; what was removed before stays removed.
pub(super) async fn delete_past(app: &App, now: Timestamp) -> Result<u64> {
    Ok(ended::delete_past(app.store(), kept_since(now)).await?)
}
