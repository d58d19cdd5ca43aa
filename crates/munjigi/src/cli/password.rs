//! `munjigi changepassword`, and how a command asks for a password.

use super::error::{Error, Result};
use super::location::Location;
use crate::accounts::administration;
use munjigi_passwords::Password;
use std::io::{self, IsTerminal, Write};

/// The flags of `changepassword`.
#[derive(clap::Args)]
pub(super) struct ChangePassword {
    /// The user's name
    username: String,
    #[command(flatten)]
    location: Location,
}

impl ChangePassword {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let app = self.location.app().await?;
        // Who does not exist needs no password.
        administration::find(&app, &self.username).await?;
        let password = ask()?;
        administration::change_password(&app, &self.username, password, app.now()).await?;
        writeln!(
            out,
            "The password of {} is changed, and his sign-ins have ended.",
            self.username
        )?;
        Ok(())
    }
}

/// Asks twice at a terminal; otherwise the first line of standard input is the password.
pub(super) fn ask() -> Result<Password> {
    let password = if io::stdin().is_terminal() {
        let password = prompt("Password: ")?;
        if password.expose() != prompt("Password (again): ")?.expose() {
            return Err(Error::PasswordsDiffer);
        }
        password
    } else {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map_err(Error::Password)?;
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Password::from(line)
    };
    if password.expose().is_empty() {
        Err(Error::EmptyPassword)
    } else {
        Ok(password)
    }
}

fn prompt(words: &str) -> Result<Password> {
    rpassword::prompt_password(words)
        .map(Password::from)
        .map_err(Error::Password)
}
