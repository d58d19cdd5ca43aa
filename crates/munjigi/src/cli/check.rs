//! `munjigi check`: Django's `check`, of the settings.

use super::error::{Error, Result};
use super::location::{self, Location};
use crate::clock::Clock;
use crate::config::check::{self, Finding, Level};
use crate::config::{Config, Exposure, Mode};
use crate::keys::Keys;
use std::io::Write;

/// The flags of `check`.
#[derive(clap::Args)]
pub(super) struct Check {
    /// Check for production: the settings of `munjigi serve`, with advice; any warning fails
    #[arg(long)]
    deploy: bool,
    #[command(flatten)]
    location: Location,
}

impl Check {
    pub(super) fn run(self, out: &mut impl Write) -> Result<()> {
        let findings = if self.deploy {
            self.deployed()?
        } else {
            let config = self.location.config()?;
            check_keys(&config)?;
            config.warnings
        };
        for finding in &findings {
            let level = if finding.level == Level::Warning {
                "warning"
            } else {
                "note"
            };
            writeln!(out, "{level}: {finding}")?;
        }
        let warnings = findings
            .iter()
            .filter(|finding| finding.level == Level::Warning)
            .count();
        if self.deploy && warnings > 0 {
            return Err(Error::Unfit);
        }
        writeln!(out, "The settings are good.")?;
        Ok(())
    }

    fn deployed(&self) -> Result<Vec<Finding>> {
        let written = location::gather(self.location.config.clone(), Vec::new())?;
        let config = Config::resolve(&written, Mode::Serve)?;
        config.check_listening(Exposure::Network)?;
        check_keys(&config)?;
        Ok(check::deploy(&config, &written)?)
    }
}

/// The key ring is a file of its own, which the settings only name.
fn check_keys(config: &Config) -> Result<()> {
    Keys::open(
        &config.token_keys,
        config.simple_jwt.algorithm,
        Clock::system().now(),
    )?;
    Ok(())
}
