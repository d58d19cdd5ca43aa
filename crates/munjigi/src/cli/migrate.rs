//! `munjigi migrate`: Django's `migrate`, for the tables of accounts.

use super::error::{Error, Result};
use super::location::{self, Location};
use crate::clock::Clock;
use munjigi_store::{Missing, migrate};
use std::io::Write;

/// The flags of `migrate`.
#[derive(clap::Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    location: Location,
    /// Only say what would be done
    #[arg(long)]
    plan: bool,
    /// Do nothing, and fail if there is something to do
    #[arg(long, conflicts_with = "plan")]
    check: bool,
}

impl Migrate {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let config = self.location.config()?;
        let missing = if self.plan || self.check {
            Missing::Refuse
        } else {
            Missing::Create
        };
        let store = location::open(&config, missing).await?;
        let (verb, steps) = if self.plan || self.check {
            ("Would apply", migrate::plan(&store).await?)
        } else {
            ("Applied", migrate::apply(&store, Clock::system().now()).await?)
        };
        for step in &steps {
            writeln!(out, "{verb} {step}")?;
        }
        if steps.is_empty() {
            writeln!(out, "Nothing to migrate.")?;
        } else if self.check {
            return Err(Error::Unmigrated);
        }
        Ok(())
    }
}
