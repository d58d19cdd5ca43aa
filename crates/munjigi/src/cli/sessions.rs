//! `munjigi sessions`: ends sign-ins, whatever carries them.

use super::error::Result;
use super::location::Location;
use crate::accounts::administration;
use std::io::Write;

/// What to do with sign-ins.
#[derive(clap::Subcommand)]
pub(super) enum Sessions {
    /// End the sign-ins of a user, or of all: sessions and tokens
    ///
    /// Tokens that Django gave out are blacklisted too. A session that Django opened by itself has no record here; it ends
    /// with the user's password.
    End(End),
}

/// Whose sign-ins end.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("whose").required(true))]
pub(super) struct End {
    /// The user's name
    #[arg(long, value_name = "USERNAME", group = "whose")]
    user: Option<String>,
    /// Everybody
    #[arg(long, group = "whose")]
    all: bool,
    #[command(flatten)]
    location: Location,
}

impl Sessions {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let Self::End(end) = self;
        let app = end.location.app().await?;
        let ended = match end.user {
            Some(user) => administration::end_sessions(&app, &user, app.now()).await?,
            None => administration::end_all_sessions(&app, app.now()).await?,
        };
        writeln!(out, "{}", self::ended(ended))?;
        Ok(())
    }
}

/// How many sign-ins have ended, in a sentence.
pub(super) fn ended(count: usize) -> String {
    match count {
        0 => "No sign-in was open.".to_owned(),
        1 => "One sign-in has ended.".to_owned(),
        _ => format!("{count} sign-ins have ended."),
    }
}
