//! What a running server does beside its requests.

use crate::accounts::{backfill, cached_copies, ended, housekeeping, last_seen};
use crate::app::App;
use munjigi_store::SessionEngine;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// Keeps up to date what requests are answered by, for as long as it is polled: the key ring, where the settings name a
/// file of keys, the list of ended sign-ins, where a setting makes anything ask it, and the records of sessions that Django
/// opens. Where Django keeps copies of sessions in a cache, those of sessions that changed are deleted. Expired tokens are
/// removed, as often as `FLUSH_EXPIRED_TOKENS` says, and records of sign-ins that are over, as often as
/// `SWEEP_SESSION_RECORDS` says. When sign-ins were last used is gathered, and written once a minute. It may be dropped at
/// any moment; what is gathered is then written by a task of its own.
///
/// `munjigi serve` and `munjigi dev` run it; who nests [`router`](crate::router) in a service of his own spawns it there.
pub async fn background(app: App) -> Infallible {
    let (stop, stopped) = watch::channel(false);
    let _stop = WhenDropped(stop);
    if let Some(every) = app.config().flush_expired_tokens {
        let (app, stopped) = (app.clone(), stopped.clone());
        tokio::spawn(async move { housekeeping::flush_now_and_then(&app, every, stopped).await });
    }
    if let Some(every) = app.config().session_records.sweep {
        let (app, stopped) = (app.clone(), stopped.clone());
        tokio::spawn(async move { housekeeping::sweep_now_and_then(&app, every, stopped).await });
    }
    let seeing = app.clone();
    tokio::spawn(async move { last_seen::write_now_and_then(&seeing, stopped).await });
    let ended = async {
        if app.config().needs_ended_list() {
            match ended::follow(&app).await {}
        }
    };
    let copies = async {
        if let SessionEngine::CachedDb(_) = app.config().session_engine {
            match cached_copies::follow(&app).await {}
        }
    };
    tokio::join!(follow_keys(&app), ended, backfill::follow(&app), copies);
    std::future::pending().await
}

/// How often the file of the key ring is looked at. A new key waits longer than this for its turn.
const LOOK_AT_KEYS: Duration = Duration::from_secs(2);

/// Looks at the key ring every two seconds, for as long as it is polled: another file is taken over, and keys come and go by
/// their times. The log says what changed, and what is wrong with a file that was not taken. It returns at once where
/// nothing can change.
pub(crate) async fn follow_keys(app: &App) {
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
    let mut ticks = interval(LOOK_AT_KEYS);
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

/// Says stop when it goes.
struct WhenDropped(watch::Sender<bool>);

impl Drop for WhenDropped {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}
