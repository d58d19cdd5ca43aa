//! The command line: Django's `manage.py`, as far as it concerns accounts. Each command gathers its settings, opens
//! what it needs, asks another room, [`crate::accounts`] mostly, and says what came of it. No rule is decided here.
//!
//! A command ends with 0, with 1 where it failed and said why in a sentence on standard error, or with 2 where it was
//! called wrongly.

mod banner;
mod bar;
mod check;
mod config;
mod dev;
mod error;
mod export;
mod hash;
mod housekeeping;
mod import;
mod init;
mod keys;
mod listen;
mod location;
mod log;
mod migrate;
mod openapi;
mod password;
mod plain;
mod remove;
mod serve;
mod sessions;
mod shadow;
mod superuser;
mod users;

use clap::{Parser, Subcommand};
use error::{Error, Result};
use std::io::{self, Write};
use std::process::ExitCode;

/// Sign-up and sign-in that speaks Django and simplejwt.
///
/// Start with `munjigi dev`: it needs no settings. `munjigi serve` is for production.
#[derive(Parser)]
#[command(
    name = "munjigi",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a server for development, on this machine alone
    ///
    /// It makes its database and its secret key in a data directory of its own, and is relaxed: it says in what when
    /// it starts.
    Dev(dev::Dev),
    /// Start a server for production
    ///
    /// `SECRET_KEY`, `DATABASE_URL` and `ALLOWED_HOSTS` must be written, and the database must be migrated.
    Serve(serve::Serve),
    /// Answer each sign-in beside a running Django, undo it, and report where the two differ
    ///
    /// It stands in front of Django, which goes on answering. Settings and database are those of `munjigi serve`. The exit
    /// status is 1 where anything differed.
    Shadow(shadow::Shadow),
    /// Make the tables, and bring them up to date
    ///
    /// In the database of a Django project, its tables stay as they are and only munjigi's own are made.
    Migrate(migrate::Migrate),
    /// Take munjigi's tables out of a Django project's database again
    ///
    /// Nothing of Django's is touched. It says before what becomes of open sign-ins, and asks. Stop `munjigi serve` first.
    Remove(remove::Remove),
    /// Make a user who may enter Django's admin
    #[command(name = "createsuperuser")]
    CreateSuperuser(superuser::CreateSuperuser),
    /// Set a user's password, and end his sign-ins
    #[command(name = "changepassword")]
    ChangePassword(password::ChangePassword),
    /// Look at users, shut them out, let them in again
    #[command(subcommand)]
    Users(users::Users),
    /// Bring users in from a Django fixture, lines of JSON or CSV, with their passwords as they are stored
    ///
    /// Each row is looked at by itself: a bad one is told with its line and its reason, and the rest comes in. The exit status
    /// is 1 then. An import that was interrupted is run again with `--on-conflict skip`.
    Import(import::Import),
    /// Write all users as a Django fixture, which `manage.py loaddata` takes, or as lines of JSON or CSV
    ///
    /// The passwords are in it as they are stored. Sessions, tokens and records of sign-ins are not.
    Export(export::Export),
    /// Look at where users are signed in, and end it
    #[command(subcommand)]
    Sessions(sessions::Sessions),
    /// Remove expired sessions, and records of sign-ins that ended longer ago than a token lives
    ///
    /// Run it from time to time, such as daily; a server may run meanwhile. The records alone a running server removes by
    /// itself, as often as `SWEEP_SESSION_RECORDS` says.
    #[command(name = "clearsessions")]
    ClearSessions(housekeeping::ClearSessions),
    /// Remove expired tokens from simplejwt's lists of outstanding and blacklisted ones
    ///
    /// A running server does so by itself, as often as `FLUSH_EXPIRED_TOKENS` says.
    #[command(name = "flushexpiredtokens")]
    FlushExpiredTokens(housekeeping::FlushExpiredTokens),
    /// Make and change the keys that tokens are signed with
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Make the settings for working beside a Django project
    Init(init::Init),
    /// Measure how fast passwords are hashed
    #[command(subcommand)]
    Hash(hash::Hash),
    /// Check the settings
    Check(check::Check),
    /// Print what /openapi.json tells of the routes that these settings serve
    ///
    /// On the database of a Django project the sign-ups are off until they are written; a running server tells so.
    #[command(name = "openapi")]
    OpenApi(openapi::OpenApi),
    /// Print settings: an example file, those that hold, those of a Django project
    #[command(subcommand)]
    Config(config::Config),
    /// What Django calls it.
    #[command(hide = true, disable_help_flag = true)]
    Runserver {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        _rest: Vec<String>,
    },
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        // Who closed the pipe has read enough.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is gone, nobody is left to tell.
            drop(writeln!(io::stderr(), "munjigi: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: Command) -> Result<()> {
    let mut out = io::stdout();
    match command {
        Command::Dev(dev) => runtime()?.block_on(dev.run(&mut out)),
        Command::Serve(serve) => runtime()?.block_on(serve.run()),
        Command::Shadow(shadow) => runtime()?.block_on(shadow.run(&mut out)),
        Command::Migrate(migrate) => runtime()?.block_on(migrate.run(&mut out)),
        Command::Remove(remove) => runtime()?.block_on(remove.run(&mut out)),
        Command::CreateSuperuser(create) => runtime()?.block_on(create.run(&mut out)),
        Command::ChangePassword(change) => runtime()?.block_on(change.run(&mut out)),
        Command::Users(users) => runtime()?.block_on(users.run(&mut out)),
        Command::Import(import) => runtime()?.block_on(Box::pin(import.run(&mut out))),
        Command::Export(export) => runtime()?.block_on(Box::pin(export.run(&mut out))),
        Command::Sessions(sessions) => runtime()?.block_on(sessions.run(&mut out)),
        Command::ClearSessions(clear) => runtime()?.block_on(clear.run(&mut out)),
        Command::FlushExpiredTokens(flush) => runtime()?.block_on(flush.run(&mut out)),
        Command::Keys(keys) => keys.run(&mut out),
        Command::Init(init) => runtime()?.block_on(init.run(&mut out)),
        Command::Hash(hash) => hash.run(&mut out),
        Command::Check(check) => check.run(&mut out),
        Command::OpenApi(openapi) => openapi.run(&mut out),
        Command::Config(config) => config.run(&mut out),
        Command::Runserver { .. } => Err(Error::Runserver),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_fit_together() {
        Cli::command().debug_assert();
    }
}
