//! `munjigi sessions`: where users are signed in, and the end of it, whatever carries it.

use super::error::{Error, Result};
use super::location::Location;
use super::plain::{moment, plain};
use crate::accounts::administration;
use crate::accounts::devices::{self, SignIn};
use std::io::Write;

/// What to do with sign-ins.
#[derive(clap::Subcommand)]
pub(super) enum Sessions {
    /// Show where a user is signed in, the newest first: a hundred sign-ins at the most
    List(List),
    /// End a sign-in of a user, all of them, or those of all users
    ///
    /// Sessions that Django opened end too, and tokens that it gave out are blacklisted.
    End(End),
}

/// Whose sign-ins are shown.
#[derive(clap::Args)]
pub(super) struct List {
    /// The user's name
    username: String,
    /// As `GET /user/sessions` answers
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    location: Location,
}

/// Whose sign-ins end.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("whose").required(true))]
pub(super) struct End {
    /// The user's name
    #[arg(group = "whose")]
    username: Option<String>,
    /// Only this one of his, by its id in the list
    #[arg(long, value_name = "ID", requires = "username", conflicts_with = "all")]
    id: Option<String>,
    /// Everybody
    #[arg(long, group = "whose")]
    all: bool,
    #[command(flatten)]
    location: Location,
}

impl Sessions {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        match self {
            Self::List(list) => list.run(out).await,
            Self::End(end) => end.run(out).await,
        }
    }
}

impl List {
    async fn run(self, out: &mut impl Write) -> Result<()> {
        let app = self.location.app().await?;
        let user = administration::find(&app, &self.username).await?;
        let found = devices::list(&app, &user, app.now()).await?;
        if self.json {
            writeln!(out, "{:#}", found.to_json(None))?;
            return Ok(());
        }
        writeln!(
            out,
            "id\topened\tlast seen\texpires\tcarrier\tname\taddress\tagent"
        )?;
        for sign_in in &found.newest {
            writeln!(out, "{}", line(sign_in))?;
        }
        if found.more {
            writeln!(out, "There may be older ones.")?;
        }
        Ok(())
    }
}

impl End {
    async fn run(self, out: &mut impl Write) -> Result<()> {
        let app = self.location.app().await?;
        let count = match (self.username, self.id) {
            (Some(username), Some(id)) => {
                let user = administration::find(&app, &username).await?;
                if !devices::end(&app, &user, &id, app.now()).await? {
                    return Err(Error::NoSuchSignIn { username, id });
                }
                1
            }
            (Some(username), None) => administration::end_sessions(&app, &username, app.now()).await?,
            (None, _) => administration::end_all_sessions(&app, app.now()).await?,
        };
        writeln!(out, "{}", ended(count))?;
        Ok(())
    }
}

/// Fields between tabs, so that `cut` and `awk` can take it apart.
fn line(sign_in: &SignIn) -> String {
    let record = &sign_in.record;
    let text = |text: &Option<String>| text.as_deref().map(plain).unwrap_or_default();
    let fields = [
        plain(&record.sid),
        moment(Some(record.opened_at)),
        moment(Some(record.last_seen_at)),
        moment(sign_in.expires_at),
        sign_in.carrier().to_owned(),
        text(&record.client.name),
        text(&record.client.address),
        text(&record.client.agent),
    ];
    fields.join("\t")
}

/// How many sign-ins have ended, in a sentence.
pub(super) fn ended(count: usize) -> String {
    match count {
        0 => "No sign-in was open.".to_owned(),
        1 => "One sign-in has ended.".to_owned(),
        _ => format!("{count} sign-ins have ended."),
    }
}
