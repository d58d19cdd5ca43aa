//! `munjigi migrate`: Django's `migrate`, for the tables of accounts.

use super::error::{Error, Result};
use super::location::{self, Location};
use crate::clock::Clock;
use crate::config::Config;
use munjigi_store::grants::Grantee;
use munjigi_store::{Missing, Store, migrate};
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
    /// Do nothing, and print the SQL that would be run, for somebody who may run it
    #[arg(long, conflicts_with_all = ["plan", "check"])]
    sql: bool,
    /// Have the SQL allow this role of PostgreSQL all that the server needs, which is no right to make tables
    #[arg(long, value_name = "ROLE", requires = "sql")]
    role: Option<String>,
}

impl Migrate {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let config = self.location.config()?;
        let missing = if self.plan || self.check || self.sql {
            Missing::Refuse
        } else {
            Missing::Create
        };
        let store = location::open(&config, missing).await?;
        if self.sql {
            return print_sql(config, &store, self.role, out).await;
        }
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

async fn print_sql(config: Config, store: &Store, role: Option<String>, out: &mut impl Write) -> Result<()> {
    let uses = if migrate::is_adopted(store).await? {
        config.for_adopted_database().uses()
    } else {
        config.uses()
    };
    let grantee = role.map(|role| Grantee { role, uses });
    let sql = migrate::sql(store, Clock::system().now(), grantee.as_ref()).await?;
    if sql.is_empty() {
        writeln!(out, "-- Nothing to migrate.")?;
    }
    write!(out, "{sql}")?;
    Ok(())
}
