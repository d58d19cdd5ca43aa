//! `munjigi remove`: out of a Django project's database again. Django's nearest is `migrate APP zero`.

use super::error::{Error, Result};
use super::location::{self, Location};
use crate::clock::Clock;
use crate::config::Config;
use munjigi_store::migrate::removal::{self, Ours};
use munjigi_store::{Missing, TokenBlacklist};
use std::io::{self, Write};

/// The flags of `remove`.
#[derive(clap::Args)]
pub(super) struct Remove {
    #[command(flatten)]
    location: Location,
    /// Only say what would be done
    #[arg(long)]
    plan: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "plan")]
    yes: bool,
    /// Every `munjigi serve` is stopped: where a pooler hides whether one runs
    #[arg(long)]
    stopped: bool,
}

impl Remove {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let mut config = self.location.config()?;
        config.database = config.database.for_leaving();
        let store = location::open(&config, Missing::Refuse).await?;
        let Some(ours) = removal::look(&store, Clock::system().now()).await? else {
            writeln!(out, "There is nothing of munjigi's in {}.", config.database)?;
            return Ok(());
        };
        announce(&ours, &config, out)?;
        if self.plan {
            return Ok(());
        }
        if store.is_pooled() && !self.stopped {
            return Err(Error::Hidden);
        }
        if !self.yes {
            write!(out, "\nType \"yes\" to remove them: ")?;
            out.flush()?;
            let mut line = String::new();
            io::stdin().read_line(&mut line)?;
            if line.trim() != "yes" {
                return Err(Error::NotConfirmed);
            }
        }
        removal::remove(store).await.map_err(|error| match error {
            munjigi_store::Error::Forbidden(_) => Error::NotOwner,
            other => other.into(),
        })?;
        writeln!(out, "\nRemoved. Django goes on by itself.")?;
        if config.database.sqlite_path().is_some() {
            writeln!(
                out,
                "The journal of the SQLite file is DELETE again, Django's default. Where the project had set it to WAL by \
                 hand: PRAGMA journal_mode = WAL."
            )?;
        }
        Ok(())
    }
}

/// What goes, what stays, and what users notice.
fn announce(ours: &Ours, config: &Config, out: &mut impl Write) -> Result<()> {
    writeln!(out, "To be removed from {}, in one transaction:", config.database)?;
    for table in &ours.tables {
        writeln!(out, "  table {table}")?;
    }
    for index in &ours.indexes {
        writeln!(out, "  index {index}")?;
    }
    writeln!(out, "Nothing of Django's is touched. Sign-ins afterwards:")?;
    for line in consequences(ours, config) {
        writeln!(out, "  - {line}")?;
    }
    for app in &ours.apps {
        writeln!(
            out,
            "The tables of {app}, which munjigi had made because they were missing, stay: the project may use them by now. \
             If {app} is not in its INSTALLED_APPS, drop the tables and the rows of {app} in django_migrations, or Django \
             cannot delete a user whom one of their rows names."
        )?;
    }
    Ok(())
}

/// What open sign-ins do at a Django alone, each in a sentence.
fn consequences(ours: &Ours, config: &Config) -> Vec<String> {
    let live = ours.live;
    let access = config.simple_jwt.access_token_lifetime.as_secs();
    let ended = if live.ended_tokens == 0 {
        "Sign-ins that ended stay ended at Django: their session rows are gone and their refresh tokens blacklisted."
            .to_owned()
    } else {
        let why = if config.token_blacklist == TokenBlacklist::Absent {
            "TOKEN_BLACKLIST_APP is false, so that nothing says so to Django"
        } else {
            "they are not blacklisted"
        };
        format!(
            "Tokens of sign-ins that have ended: {}. DJANGO TAKES THEM AGAIN until they expire: {why}. Change \
             simplejwt's SIGNING_KEY to end all tokens, or wait until they have expired.",
            live.ended_tokens
        )
    };
    let mut lines = vec![
        format!(
            "Cookie sessions that munjigi knows: {}. They go on at Django; the _munjigi_sid in their data does no harm.",
            live.sessions
        ),
        format!(
            "Refresh tokens: {}. They stay good at Django until they expire, are rotated or are blacklisted; simplejwt takes \
             no notice of the claim sid.",
            live.tokens
        ),
        format!(
            "Access tokens go on to their exp ({access} seconds at the most), also those of sign-ins that have ended since."
        ),
        ended,
        "Should munjigi come back later, it refuses those that it had opened: their records are gone."
            .to_owned(),
    ];
    if config.token_keys.ring.is_some() {
        lines.push(
            "Tokens are signed with keys of munjigi's own file. Django takes those whose key is its SIMPLE_JWT.VERIFYING_KEY \
             or SIGNING_KEY."
                .to_owned(),
        );
    }
    lines
}
