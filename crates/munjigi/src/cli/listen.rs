//! From an app to a server that listens, until a signal stops it: what `dev` and `serve` share.

use super::error::{Error, Result};
use crate::accounts::last_seen;
use crate::app::App;
use crate::background::background;
use crate::config::Config;
use crate::http::{metrics, router, server};
use axum::Router;
use munjigi_passwords::pool::{HashingPool, PoolStats};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::Instant;

/// The sockets of a server.
pub(super) struct Listeners {
    /// `BIND`.
    pages: Vec<TcpListener>,
    /// `METRICS_BIND`.
    metrics: Vec<TcpListener>,
}

impl Listeners {
    pub(super) fn bind(config: &Config) -> Result<Self> {
        Ok(Self {
            pages: server::bind(&config.bind)?,
            metrics: server::bind(&config.metrics_bind)?,
        })
    }

    /// Where the server listens: what port 0 became, too.
    pub(super) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.pages.iter().map(TcpListener::local_addr).collect()
    }

    /// Serves `pages` where they belong, and `/metrics` where that does, until `stop` turns true and what is under way has
    /// ended.
    pub(super) async fn serve(self, app: &App, pages: Router, stop: watch::Receiver<bool>) {
        tell_of_hashing(app.pool());
        for address in self
            .metrics
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
        {
            tracing::info!(%address, "answering /metrics");
        }
        let limits = &app.config().limits;
        let metrics = metrics::router(app.clone());
        tokio::join!(
            server::serve(self.pages, pages, limits.clone(), stop.clone()),
            server::serve(self.metrics, metrics, limits.clone(), stop),
        );
    }
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
pub(super) async fn serve(app: App, listeners: Listeners, mut signals: Stop) {
    warn(&app);
    let shutdown_timeout = app.config().limits.shutdown_timeout;
    let (stop, stopped) = watch::channel(false);
    let serving = async {
        listeners.serve(&app, router(app.clone()), stopped).await;
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

/// What the passwords are hashed by.
fn tell_of_hashing(pool: &HashingPool) {
    let PoolStats { kernel, lanes, .. } = pool.stats();
    tracing::info!(target: "munjigi::hashing", %kernel, lanes, "passwords are hashed in lanes");
    if let Some(reason) = pool.discourtesy() {
        tracing::warn!(
            target: "munjigi::hashing", reason,
            "the threads that hash do not give way to those that answer: others are slower while many sign in"
        );
    }
}

/// Does the work, and meanwhile what belongs beside it.
async fn beside(background: impl Future<Output = Infallible>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        never = background => match never {},
    }
}
