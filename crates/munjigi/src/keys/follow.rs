//! A running server follows its key ring.

use crate::app::App;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often the file is looked at. A new key waits longer than this for its turn.
const PERIOD: Duration = Duration::from_secs(2);

/// Looks at the key ring every two seconds, for as long as the runtime lives: another file is taken over, and keys come
/// and go by their times. The log says what changed, and what is wrong with a file that was not taken.
pub async fn follow(app: App) {
    // The issuer of `JWK_URL` may be down, which no start waits for: the log says so, and the first token asks again.
    app.keys().prepare(app.jwt(), "").await;
    if !app.keys().can_change() {
        return;
    }
    let ring = app.config().token_keys.ring.as_ref();
    if let Some(until) = ring.and_then(|ring| ring.kidless_until) {
        tracing::info!(%until, "tokens without a kid are taken beside the key ring until then");
    } else {
        tracing::info!("tokens without a kid are refused: KEY_RING_KIDLESS_UNTIL is not written");
    }
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let looking = app.clone();
        // Reading a file and preparing RSA keys takes milliseconds, which requests need not wait for.
        let Ok(looked) = tokio::task::spawn_blocking(move || looking.refresh_keys()).await else {
            continue;
        };
        match looked {
            Ok(None) => {}
            Ok(Some(kid)) => tracing::info!(%kid, "the key ring has changed, and this key signs"),
            Err(error) => tracing::error!("{error} The keys of before stay."),
        }
    }
}
