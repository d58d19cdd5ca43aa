//! `munjigi check`: Django's `check`, of the settings, and of those of the Django project beside munjigi.

use super::error::{Error, Result};
use super::hash;
use super::location::{self, Location};
use crate::clock::Clock;
use crate::config::check::{self, Finding, Level};
use crate::config::{Config, Exposure, Mode};
use crate::keys::Keys;
use crate::neighbour;
use crate::neighbour::report::Report;
use std::io::Write;
use std::path::PathBuf;

/// The flags of `check`.
#[derive(clap::Args)]
pub(super) struct Check {
    /// Check for production: the settings of `munjigi serve`, with advice
    #[arg(long)]
    deploy: bool,
    /// Compare with the Django project beside munjigi: what `munjigi init --django-script` printed there, a file or `-`
    #[arg(long, value_name = "REPORT")]
    django: Option<PathBuf>,
    /// The least finding that fails; warning where --deploy or --django is asked for, else error
    #[arg(long, value_name = "LEVEL")]
    fail_level: Option<FailLevel>,
    /// Lines for people, or a list of objects with id, level, message and hint
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    location: Location,
}

/// `--fail-level`, as in Django.
#[derive(Clone, Copy, clap::ValueEnum)]
enum FailLevel {
    Info,
    Warning,
    Error,
}

/// `--format`.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Check {
    pub(super) fn run(self, out: &mut impl Write) -> Result<()> {
        let (config, findings) = self.findings()?;
        if self.format == Format::Json {
            let json = serde_json::to_string_pretty(&findings);
            writeln!(out, "{}", json.map_err(std::io::Error::from)?)?;
        } else {
            for finding in &findings {
                writeln!(out, "{finding}")?;
            }
        }
        let fail_level = self.fail_level();
        if findings.iter().any(|finding| finding.level >= fail_level) {
            return Err(Error::Unfit);
        }
        if self.format == Format::Text {
            writeln!(out, "{}", hash::told_of_hashing(&config))?;
            writeln!(out, "The settings are good.")?;
        }
        Ok(())
    }

    fn fail_level(&self) -> Level {
        match self.fail_level {
            Some(FailLevel::Info) => Level::Info,
            Some(FailLevel::Warning) => Level::Warning,
            None if self.deploy || self.django.is_some() => Level::Warning,
            Some(FailLevel::Error) | None => Level::Error,
        }
    }

    /// The settings, and what there is to say of them.
    fn findings(&self) -> Result<(Config, Vec<Finding>)> {
        if !self.deploy && self.django.is_none() {
            let config = self.location.config()?;
            check_keys(&config)?;
            let findings = config.warnings.clone();
            return Ok((config, findings));
        }
        let written = location::gather(self.location.config.clone(), Vec::new())?;
        let config = Config::resolve(&written, Mode::Serve)?;
        config.check_listening(Exposure::Network)?;
        check_keys(&config)?;
        let mut findings = if self.deploy {
            check::deploy(&config, &written)?
        } else {
            config.warnings.clone()
        };
        if let Some(path) = &self.django {
            findings.extend(neighbour::check::compare(&Report::open(path)?, &config, &written));
        }
        Ok((config, findings))
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
