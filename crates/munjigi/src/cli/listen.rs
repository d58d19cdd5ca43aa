//! From an app to a server that listens, until a signal stops it: what `dev` and `serve` share.

use super::error::{Error, Result};
use crate::accounts::last_seen;
use crate::app::App;
use crate::background::background;
use crate::http::{router, server};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::Instant;

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

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Says what is unwise in the settings.
pub(super) fn warn(app: &App) {
    for warning in &app.config().warnings {
        tracing::warn!(id = warning.id, "{} {}", warning.message, warning.hint);
    }
}

/// Serves until a signal, then lets what is under way finish. A second signal ends that wait.
pub(super) async fn serve(app: App, listeners: Vec<TcpListener>, mut signals: Stop) {
    warn(&app);
    let limits = app.config().limits.clone();
    let shutdown_timeout = limits.shutdown_timeout;
    let (stop, stopped) = watch::channel(false);
    let serving = async {
        server::serve(listeners, router(app.clone()), limits, stopped).await;
        let until = Instant::now() + shutdown_timeout;
        app.resets().settle(until).await;
        app.outgoing().settle(until).await;
        if let Err(error) = last_seen::write(&app).await {
            tracing::warn!(%error, "when sign-ins were last used could not be written");
        }
    };
    // Boxed, for it holds all that is done beside the requests.
    let mut serving = pin!(beside(Box::pin(background(app.clone())), serving));
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

/// Does the work, and meanwhile what belongs beside it.
async fn beside(background: impl Future<Output = Infallible>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        never = background => match never {},
    }
}
