//! `munjigi createsuperuser`: Django's command of that name, with its flags and variables.

use super::error::{Error, Result};
use super::location::Location;
use super::password;
use crate::accounts::administration::{self, Superuser};
use munjigi_passwords::Password;
use munjigi_store::UserModel;
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
        let asks = Asks::of(&app.config().user_model);
        let superuser = if self.noinput {
            self.given(asks)?
        } else {
            self.asked(asks, out)?
        };
        let user = administration::create_superuser(&app, superuser, app.now()).await?;
        writeln!(out, "The superuser {} is made.", user.username)?;
        Ok(())
    }

    fn given(self, asks: Asks) -> Result<Superuser> {
        let variable = |name| std::env::var(name).ok();
        let username = self.username.or_else(|| variable("DJANGO_SUPERUSER_USERNAME"));
        let email = self.email.or_else(|| variable("DJANGO_SUPERUSER_EMAIL"));
        let password = variable("DJANGO_SUPERUSER_PASSWORD").filter(|password| !password.is_empty());
        Ok(Superuser {
            username: match asks {
                Asks::EmailAlone => email.clone().ok_or(Error::NotGiven("--email"))?,
                Asks::UsernameAlone | Asks::Both => username.ok_or(Error::NotGiven("--username"))?,
            },
            email: email.filter(|_| asks != Asks::UsernameAlone).unwrap_or_default(),
            password: password
                .map(Password::from)
                .ok_or(Error::NotGiven("DJANGO_SUPERUSER_PASSWORD"))?,
        })
    }

    fn asked(self, asks: Asks, out: &mut impl Write) -> Result<Superuser> {
        let username = match asks {
            Asks::EmailAlone => None,
            Asks::UsernameAlone | Asks::Both => {
                Some(self.username.map_or_else(|| ask(out, "Username: "), Ok)?)
            }
        };
        let email = match asks {
            Asks::UsernameAlone => String::new(),
            Asks::EmailAlone | Asks::Both => self.email.map_or_else(|| ask(out, "Email address: "), Ok)?,
        };
        Ok(Superuser {
            username: username.unwrap_or_else(|| email.clone()),
            email,
            password: password::ask()?,
        })
    }
}

/// By what the users of a model are named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Both,
    /// The model has no address.
    UsernameAlone,
    /// The address is the name.
    EmailAlone,
}

impl Asks {
    fn of(model: &UserModel) -> Self {
        if model.is_named_by_email() {
            Self::EmailAlone
        } else if model.email_field.is_none() {
            Self::UsernameAlone
        } else {
            Self::Both
        }
    }
}

fn ask(out: &mut impl Write, words: &str) -> Result<String> {
    write!(out, "{words}")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
