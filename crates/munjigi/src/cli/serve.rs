//! `munjigi serve`: a server for production. It makes nothing and guesses nothing.

use super::error::Result;
use super::listen::Listeners;
use super::location::{self, Flag};
use super::{listen, log};
use crate::app::App;
use crate::config::{Config, Exposure, Mode};
use std::path::PathBuf;
use toml::Value;

/// The flags of `serve`.
#[derive(clap::Args)]
pub(super) struct Serve {
    /// The settings file; `munjigi.toml` is read if it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    listening: Listening,
}

/// Settings that have a flag of their own where a server starts.
#[derive(clap::Args)]
pub(super) struct Listening {
    /// The address to listen on, such as 127.0.0.1:8001; may be given several times [setting: `BIND`]
    #[arg(long, value_name = "ADDRESS")]
    bind: Vec<String>,
    /// The form of the log: text or json [setting: `LOG_FORMAT`]
    #[arg(long, value_name = "FORMAT")]
    log: Option<String>,
}

impl Listening {
    pub(super) fn flags(&self) -> Vec<Flag> {
        let bind = (!self.bind.is_empty()).then(|| ("BIND", "--bind", Value::from(self.bind.clone())));
        let log = self
            .log
            .clone()
            .map(|format| ("LOG_FORMAT", "--log", Value::from(format)));
        bind.into_iter().chain(log).collect()
    }
}

impl Serve {
    pub(super) async fn run(self) -> Result<()> {
        let written = location::gather(self.config, self.listening.flags())?;
        let config = Config::resolve(&written, Mode::Serve)?;
        config.check_listening(Exposure::Network)?;
        let _log = log::start(&config.log)?;
        let listeners = Listeners::bind(&config)?;
        let app = App::open(config).await?;
        let stop = listen::Stop::listen()?;
        for address in listeners.addresses()? {
            tracing::info!(%address, "listening");
        }
        listen::serve(app, listeners, stop).await;
        Ok(())
    }
}
