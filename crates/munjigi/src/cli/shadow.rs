//! `munjigi shadow`: in front of a running Django, to see by figures what would change.

use super::error::{Error, Result};
use super::listen::Listeners;
use super::serve::Listening;
use super::{listen, location, log};
use crate::app::App;
use crate::background::follow_keys;
use crate::config::{Config, Exposure, Mode};
use crate::shadow::{Report, Shadow as InFront, Upstream};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// The flags of `shadow`.
#[derive(clap::Args)]
pub(super) struct Shadow {
    /// Where Django itself answers: `http://` or `https://`, its host and its port
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// How many seconds Django may take to begin an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    upstream_timeout: u64,
    /// The file that a line of JSON is added to for each difference, and one for all counts at the end
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The settings file; `munjigi.toml` is read if it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    listening: Listening,
}

/// How often the log says what there is so far.
const EVERY: Duration = Duration::from_mins(10);

impl Shadow {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let written = location::gather(self.config, self.listening.flags())?;
        let config = Config::resolve(&written, Mode::Serve)?;
        config.check_listening(Exposure::Network)?;
        let upstream = Upstream::new(&self.upstream, Duration::from_secs(self.upstream_timeout))?;
        let _log = log::start(&config.log)?;
        let report = match self.report {
            Some(path) => Report::into_file(&path).map_err(|source| Error::Target { path, source })?,
            None => Report::default(),
        };
        let listeners = Listeners::bind(&config)?;
        let app = Box::pin(App::open(config)).await?;
        let mut stop = listen::Stop::listen()?;
        for address in listeners.addresses()? {
            tracing::info!(%address, upstream = self.upstream, "listening, and answering with what Django answers");
        }
        listen::warn(&app);
        let shadow = InFront::new(app.clone(), upstream, report);
        tokio::select! {
            () = serve(&app, &shadow, listeners, &mut stop) => {}
            () = follow(&app) => {}
        }
        let tally = shadow.report().tally();
        out.write_all(tally.table().as_bytes())?;
        // After the table, which a full disk must not take away.
        let missing = shadow.report().close()?;
        if missing > 0 {
            writeln!(out, "lines that are missing in the report: {missing}")?;
        }
        if tally.differs() {
            Err(Error::Differs)
        } else if tally.compares() {
            Ok(())
        } else {
            Err(Error::NothingCompared)
        }
    }
}

/// The key ring is followed as a server follows it. It is all that is done beside the requests: the rest writes.
async fn follow(app: &App) {
    follow_keys(app).await;
    std::future::pending::<()>().await;
}

/// Serves until a signal, and says now and then what there is so far.
async fn serve(app: &App, shadow: &InFront, listeners: Listeners, signals: &mut listen::Stop) {
    let (stop, stopped) = watch::channel(false);
    let serving = listeners.serve(app, shadow.router(), stopped);
    let mut serving = Box::pin(serving);
    let mut telling = interval(EVERY);
    telling.set_missed_tick_behavior(MissedTickBehavior::Delay);
    telling.tick().await;
    loop {
        tokio::select! {
            () = &mut serving => return,
            _ = telling.tick() => shadow.report().log(),
            () = signals.next() => {
                if stop.send_replace(true) {
                    tracing::warn!("a second signal: requests under way are cut off");
                    return;
                }
            }
        }
    }
}
