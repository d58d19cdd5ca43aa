//! Where a command finds its settings and its database.

use super::error::{Error, Result};
use crate::app::App;
use crate::config::{self, Config, DataDir, Mode, Sources, Written};
use munjigi_store::{Missing, Options, Store};
use std::path::PathBuf;

/// The settings file and the data directory.
#[derive(clap::Args)]
pub(super) struct Location {
    /// The settings file; `munjigi.toml` is read if it is there
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The data directory of `munjigi dev`
    #[arg(long, value_name = "DIR", default_value = config::DEFAULT_DATA_DIR)]
    data: PathBuf,
}

/// A setting that is given as a flag.
pub(super) type Flag = (&'static str, &'static str, toml::Value);

/// Reads what is written, with these flags over it.
pub(super) fn gather(config: Option<PathBuf>, flags: Vec<Flag>) -> Result<Written> {
    let variables = std::env::vars_os().collect();
    Ok(Written::gather(Sources {
        file: config,
        variables,
        flags,
    })?)
}

impl Location {
    /// The data directory.
    pub(super) fn data_dir(&self) -> DataDir {
        DataDir::at(self.data.clone())
    }

    /// The settings of a command on a database: those of `serve` where its key and its database are written, else
    /// those of the `munjigi dev` that left its data here.
    pub(super) fn config(&self) -> Result<Config> {
        let mut written = gather(self.config.clone(), Vec::new())?;
        let mode = self.complete(&mut written)?;
        Ok(Config::resolve(&written, mode)?)
    }

    fn complete(&self, written: &mut Written) -> Result<Mode> {
        if written.is_complete() {
            return Ok(Mode::Serve);
        }
        let data = self.data_dir();
        if !data.exists() {
            return Err(Error::NoData(self.data.clone()));
        }
        data.provide(written)?;
        Ok(Mode::Dev)
    }

    /// The parts of the server, on a database that is ready.
    pub(super) async fn app(&self) -> Result<App> {
        // The settings are large, and a future that holds them would be moved about with every command's.
        Ok(Box::pin(App::open(self.config()?)).await?)
    }
}

/// Opens the database of the settings.
pub(super) async fn open(config: &Config, missing: Missing) -> Result<Store> {
    let options = Options {
        missing,
        foreign: config.foreign,
        token_blacklist: config.token_blacklist,
        sessions: config.session_engine.clone(),
    };
    Ok(Store::open(&config.database, config.user_model.clone(), options).await?)
}
