//! `munjigi createsuperuser`: Django's command of that name, with its flags and variables.

use super::error::{Error, Result};
use super::location::Location;
use super::password;
use crate::accounts::administration::{self, Superuser};
use munjigi_passwords::Password;
use std::io::{self, Write};

/// The flags of `createsuperuser`.
#[derive(clap::Args)]
pub(super) struct CreateSuperuser {
    /// The username (with --noinput also `DJANGO_SUPERUSER_USERNAME`)
    #[arg(long)]
    username: Option<String>,
    /// The e-mail address, which may be empty (with --noinput also `DJANGO_SUPERUSER_EMAIL`)
    #[arg(long)]
    email: Option<String>,
    /// Ask for nothing: the password is in the variable `DJANGO_SUPERUSER_PASSWORD`
    #[arg(long, visible_alias = "no-input")]
    noinput: bool,
    #[command(flatten)]
    location: Location,
}

impl CreateSuperuser {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let app = self.location.app().await?;
        if app.config().user_model.is_named_by_email() {
            return Err(Error::NamedByEmail);
        }
        let superuser = if self.noinput {
            self.given()?
        } else {
            self.asked(out)?
        };
        let user = administration::create_superuser(&app, superuser, app.now()).await?;
        writeln!(out, "The superuser {} is made.", user.username)?;
        Ok(())
    }

    fn given(self) -> Result<Superuser> {
        let variable = |name| std::env::var(name).ok();
        let username = self.username.or_else(|| variable("DJANGO_SUPERUSER_USERNAME"));
        let email = self.email.or_else(|| variable("DJANGO_SUPERUSER_EMAIL"));
        let password = variable("DJANGO_SUPERUSER_PASSWORD").filter(|password| !password.is_empty());
        Ok(Superuser {
            username: username.ok_or(Error::NotGiven("--username"))?,
            email: email.unwrap_or_default(),
            password: password
                .map(Password::from)
                .ok_or(Error::NotGiven("DJANGO_SUPERUSER_PASSWORD"))?,
        })
    }

    fn asked(self, out: &mut impl Write) -> Result<Superuser> {
        Ok(Superuser {
            username: self.username.map_or_else(|| ask(out, "Username: "), Ok)?,
            email: self.email.map_or_else(|| ask(out, "Email address: "), Ok)?,
            password: password::ask()?,
        })
    }
}

fn ask(out: &mut impl Write, words: &str) -> Result<String> {
    write!(out, "{words}")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
