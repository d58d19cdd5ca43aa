//! From an app to a server that listens, until a signal stops it: what `dev` and `serve` share.

use super::error::{Error, Result};
use crate::accounts::{ended, housekeeping};
use crate::app::App;
use crate::http::{router, server};
use crate::keys;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Where the listeners listen: what port 0 became, too.
pub(super) fn addresses(listeners: &[TcpListener]) -> io::Result<Vec<SocketAddr>> {
    listeners.iter().map(TcpListener::local_addr).collect()
}

/// The signals that stop a server: SIGINT and SIGTERM. They are listened to before anybody is told that the server is
/// there: who believes it may stop it at once.
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    pub(super) fn listen() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(Error::Signals)?,
            terminate: signal(SignalKind::terminate()).map_err(Error::Signals)?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Does the work, and meanwhile keeps the list of ended sign-ins up to date, where anything asks it.
async fn with_ended_list(app: &App, work: impl Future<Output = ()>) {
    if !app.config().needs_ended_list() {
        return work.await;
    }
    tokio::select! {
        () = work => {}
        never = ended::follow(app) => match never {},
    }
}

/// Serves until a signal, then lets what is under way finish. A second signal ends that wait. Meanwhile expired tokens
/// are removed, as often as `FLUSH_EXPIRED_TOKENS` says.
pub(super) async fn serve(app: App, listeners: Vec<TcpListener>, mut signals: Stop) {
    for warning in &app.config().warnings {
        tracing::warn!(id = warning.id, "{} {}", warning.message, warning.hint);
    }
    tokio::spawn(keys::follow(app.clone()));
    let limits = app.config().limits.clone();
    let (stop, stopped) = watch::channel(false);
    if let Some(every) = app.config().flush_expired_tokens {
        let (app, stopped) = (app.clone(), stopped.clone());
        tokio::spawn(async move { housekeeping::flush_now_and_then(&app, every, stopped).await });
    }
    let serving = server::serve(listeners, router(app.clone()), limits, stopped);
    let mut serving = pin!(with_ended_list(&app, serving));
    loop {
        tokio::select! {
            () = &mut serving => return,
            () = signals.next() => {}
        }
        if stop.send_replace(true) {
            tracing::warn!("a second signal: requests under way are cut off");
            return;
        }
    }
}
