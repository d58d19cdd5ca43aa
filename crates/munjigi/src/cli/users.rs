//! `munjigi users`: who there is, and who may come in.

use super::error::Result;
use super::location::Location;
use super::plain::{moment, plain};
use super::sessions;
use crate::accounts::administration;
use crate::app::App;
use munjigi_store::users::User;
use munjigi_user::UserId;
use std::io::Write;

/// What to do with users.
#[derive(clap::Subcommand)]
pub(super) enum Users {
    /// List all users: id, username, e-mail address, whether active, last sign-in
    List {
        #[command(flatten)]
        location: Location,
    },
    /// Show a user; `munjigi sessions list` shows where he is signed in
    Show(Named),
    /// Shut a user out and end his sign-ins
    Disable(Named),
    /// Let a user in again
    Enable(Named),
}

/// A user, by name.
#[derive(clap::Args)]
pub(super) struct Named {
    /// The user's name
    username: String,
    #[command(flatten)]
    location: Location,
}

impl Users {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        match self {
            Self::List { location } => list(&location.app().await?, out).await,
            Self::Show(named) => show(&named.location.app().await?, &named.username, out).await,
            Self::Disable(Named { username, location }) => {
                let app = location.app().await?;
                let ended = administration::disable(&app, &username, app.now()).await?;
                writeln!(out, "{username} is shut out. {}", sessions::ended(ended))?;
                Ok(())
            }
            Self::Enable(Named { username, location }) => {
                administration::enable(&location.app().await?, &username).await?;
                writeln!(out, "{username} may come in again.")?;
                Ok(())
            }
        }
    }
}

async fn list(app: &App, out: &mut impl Write) -> Result<()> {
    writeln!(out, "id\tusername\temail\tstate\tlast login")?;
    let mut last: Option<UserId> = None;
    loop {
        let slice = administration::list(app, last.as_ref()).await?;
        for user in &slice {
            writeln!(out, "{}", line(user))?;
        }
        match slice.last() {
            Some(user) => last = Some(user.id.clone()),
            None => return Ok(()),
        }
    }
}

/// Fields between tabs, so that `cut` and `awk` can take it apart.
fn line(user: &User) -> String {
    let state = if user.is_active { "active" } else { "inactive" };
    let fields = [
        user.id.to_string(),
        plain(&user.username),
        plain(&user.email),
        state.to_owned(),
        moment(user.last_login),
    ];
    fields.join("\t")
}

async fn show(app: &App, username: &str, out: &mut impl Write) -> Result<()> {
    let user = administration::find(app, username).await?;
    let yes = |is: bool| if is { "yes" } else { "no" };
    writeln!(out, "id           {}", user.id)?;
    writeln!(out, "username     {}", plain(&user.username))?;
    writeln!(out, "email        {}", plain(&user.email))?;
    writeln!(out, "active       {}", yes(user.is_active))?;
    writeln!(out, "staff        {}", yes(user.is_staff))?;
    writeln!(out, "superuser    {}", yes(user.is_superuser))?;
    writeln!(out, "joined       {}", moment(user.date_joined))?;
    writeln!(out, "last login   {}", moment(user.last_login))?;
    Ok(())
}
