//! When sign-ins were last used: gathered in memory ([`LastSeen`](crate::app::LastSeen)) and written once a minute, a
//! statement for each record that was used. What is not written yet when the process dies is lost: a minute at the most.
//! Django writes a session that is used only under `SESSION_SAVE_EVERY_REQUEST`, at once.

use super::error::Result;
use super::term;
use crate::app::App;
use jiff::Timestamp;
use munjigi_store::upkeep::{self, Seen};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// How often it is written.
const EVERY: Duration = Duration::from_mins(1);
/// How many sign-ins are written by one transaction.
const SLICE: usize = 250;
/// Writes what is gathered. What could not be written is gathered again.
///
/// # Errors
/// [`super::Error::Store`].
pub async fn write(app: &App) -> Result<()> {
    let gathered = app.last_seen();
    let _one = gathered.writing.lock().await;
    for taken in gathered.take() {
        for (at, slice) in taken.chunks(SLICE).enumerate() {
            let seen: Vec<Seen> = slice.iter().map(|(sid, at)| seen(app, sid, *at)).collect();
            let written = app
                .store()
                .write(seen, |tx, seen| Box::pin(upkeep::see(tx, seen)))
                .await;
            if let Err(error) = written {
                for (sid, at) in taken.iter().skip(at * SLICE) {
                    gathered.note(sid, *at);
                }
                return Err(error.into());
            }
        }
    }
    Ok(())
}

/// Gathers, and writes once a minute, until `stop` turns true; then once more. What fails is said in the log and tried
/// again the next time.
pub async fn write_now_and_then(app: &App, mut stop: watch::Receiver<bool>) {
    app.last_seen().is_written.store(true, Relaxed);
    let mut is_stopped = false;
    while !is_stopped {
        is_stopped = tokio::select! {
            () = sleep(EVERY) => false,
            () = app.last_seen().full.notified() => false,
            // Where nobody is left to say so, it is time to stop, too.
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if is_stopped {
            app.last_seen().is_written.store(false, Relaxed);
        }
        if let Err(error) = write(app).await {
            tracing::warn!(%error, "when sign-ins were last used could not be written");
        }
    }
}

fn seen(app: &App, sid: &str, at: Timestamp) -> Seen {
    Seen {
        sid: sid.to_owned(),
        at,
        idle_end: term::idle_end(&app.config().session_records, at),
    }
}
