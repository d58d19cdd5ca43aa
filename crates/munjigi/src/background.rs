//! What a running server does beside its requests.

use crate::accounts::{backfill, cached_copies, ended, housekeeping, last_seen};
use crate::app::App;
use crate::keys;
use munjigi_store::SessionEngine;
use std::convert::Infallible;
use tokio::sync::watch;

/// Keeps up to date what requests are answered by, for as long as it is polled: the key ring, where the settings name a
/// file of keys, the list of ended sign-ins, where a setting makes anything ask it, and the records of sessions that Django
/// opens. Where Django keeps copies of sessions in a cache, those of sessions that changed are deleted. Expired tokens are removed, as often as `FLUSH_EXPIRED_TOKENS` says, and records of sign-ins that are over, as
/// often as `SWEEP_SESSION_RECORDS` says. When sign-ins were last used is gathered, and written once a minute. It may be
/// dropped at any moment; what is gathered is then written by a task of its own.
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
    tokio::join!(keys::follow(app.clone()), ended, backfill::follow(&app), copies);
    std::future::pending().await
}

/// Says stop when it goes.
struct WhenDropped(watch::Sender<bool>);

impl Drop for WhenDropped {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}
