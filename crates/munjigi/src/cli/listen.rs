//! From an app to a server that listens, until a signal stops it: what `dev` and `serve` share.

use super::error::{Error, Result};
use crate::app::App;
use crate::config::{LogFormat, LogSettings};
use crate::http::{router, server};
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::pin::pin;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// Sends the log to standard error.
pub(super) fn log(settings: &LogSettings) {
    // The settings have read this filter once already.
    let filter = EnvFilter::new(&settings.level);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(has_colours())
        .with_writer(io::stderr);
    match settings.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

/// Colours are for eyes, and a reader may decline them (no-color.org).
fn has_colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty())
}

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

/// Serves until a signal, then lets what is under way finish. A second signal ends that wait.
pub(super) async fn serve(app: App, listeners: Vec<TcpListener>, mut signals: Stop) {
    for warning in &app.config().warnings {
        tracing::warn!(id = warning.id, "{} {}", warning.message, warning.hint);
    }
    let limits = app.config().limits.clone();
    let (stop, stopped) = watch::channel(false);
    let mut serving = pin!(server::serve(listeners, router(app), limits, stopped));
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
