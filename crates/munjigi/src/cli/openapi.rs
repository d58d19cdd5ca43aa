//! `munjigi openapi`: the document of `/openapi.json`, printed.

use super::error::Result;
use super::location;
use crate::clock::entropy;
use crate::config::{Config, DEFAULT_DATA_DIR, DataDir, Mode};
use crate::http::openapi::document;
use std::io::Write;
use std::path::PathBuf;

/// The flags of `openapi`.
#[derive(clap::Args)]
pub(super) struct OpenApi {
    /// The settings file; `munjigi.toml` is read if it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl OpenApi {
    pub(super) fn run(self, out: &mut impl Write) -> Result<()> {
        let mut written = location::gather(self.config, Vec::new())?;
        DataDir::at(DEFAULT_DATA_DIR).pretend(&mut written, &mut entropy())?;
        let config = Config::resolve(&written, Mode::Serve)?;
        writeln!(out, "{:#}", document(&config))?;
        Ok(())
    }
}
