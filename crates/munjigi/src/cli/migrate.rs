//! `munjigi migrate`: Django's `migrate`, for the tables of accounts.

use super::error::{Error, Result};
use super::location::{self, Location};
use crate::clock::Clock;
use crate::config::Config;
use munjigi_store::grants::Grantee;
use munjigi_store::migrate::{self, EmailIndex};
use munjigi_store::{Missing, Store};
use std::io::Write;

/// The flags of `migrate`.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
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
    /// Also make an index on the users' addresses in a Django project's database, by which sign-in finds them
    #[arg(long, conflicts_with_all = ["check", "sql"])]
    email_index: bool,
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
        if self.plan {
            plan_index(&store, self.email_index, out).await?;
        } else if self.email_index && migrate::add_email_index(&store).await? {
            writeln!(out, "Made an index on {}.", addresses(&store))?;
        }
        Ok(())
    }
}

/// What becomes of the index on the users' addresses. In an empty database the first step makes it.
async fn plan_index(store: &Store, is_asked_for: bool, out: &mut impl Write) -> Result<()> {
    if !migrate::is_adopted(store).await? {
        return Ok(());
    }
    if let EmailIndex::Missing { users } = migrate::email_index(store).await? {
        let more = if users >= migrate::LARGE { " or more" } else { "" };
        let addresses = addresses(store);
        let words = if is_asked_for {
            "Would make an index on"
        } else {
            "With --email-index it would also make an index on"
        };
        writeln!(out, "{words} {addresses}, which has {users}{more} users.")?;
    }
    Ok(())
}

/// `lower(email) of auth_user`
fn addresses(store: &Store) -> String {
    let model = store.user_model();
    format!(
        "lower({}) of {}",
        model.email_column().unwrap_or_default(),
        model.table
    )
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
