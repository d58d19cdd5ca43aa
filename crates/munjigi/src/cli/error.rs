//! Why a command failed.

use crate::neighbour::{ask, report};
use crate::{accounts, app, config, http, keys, shadow, transfer};
use std::io;
use std::path::PathBuf;

/// The result of a command.
pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, in a sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Config(#[from] config::Error),
    #[error(transparent)]
    Keys(#[from] keys::Error),
    #[error(transparent)]
    Tokens(#[from] munjigi_tokens::Error),
    #[error(transparent)]
    Store(#[from] munjigi_store::Error),
    #[error(transparent)]
    App(#[from] app::Error),
    #[error(transparent)]
    Accounts(#[from] accounts::Error),
    #[error(transparent)]
    Bind(#[from] http::server::BindError),
    #[error(transparent)]
    Upstream(#[from] shadow::UrlError),
    #[error("Django and munjigi differ.")]
    Differs,
    #[error("No answer was compared, so nothing is known of whether Django and munjigi differ.")]
    NothingCompared,
    #[error(transparent)]
    Ask(#[from] ask::Error),
    #[error(transparent)]
    Report(#[from] report::Error),
    #[error("{0} Nothing was written.")]
    Neighbour(String),
    #[error("{} is there already, and nothing was written. --force writes over it.", .0.display())]
    Taken(PathBuf),
    #[error("{} cannot be written: {source}.", path.display())]
    Target { path: PathBuf, source: io::Error },
    #[error("The settings file {} cannot be read: {source}.", path.display())]
    Source { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Import(#[from] transfer::import::Error),
    #[error("The file {} cannot be read: {source}.", path.display())]
    Opened { path: PathBuf, source: io::Error },
    #[error("The file {} cannot be made: {source}. A file that is there is not written over.", path.display())]
    NotMade { path: PathBuf, source: io::Error },
    #[error(
        "The name of {} does not tell its format. Write --format fixture, jsonl, ndjson or csv.",
        .0.display()
    )]
    UnknownFormat(PathBuf),
    #[error("{} {} not taken.", .0, if *.0 == 1 { "row was" } else { "rows were" })]
    BadRows(u64),
    #[error("There is no {0} in the file, but there is {1}. If these are the users, write --model {1}.")]
    NoUsers(String, String),
    #[error("The output cannot be written: {0}.")]
    Output(#[from] io::Error),
    #[error("The threads of the server cannot be started: {0}.")]
    Runtime(io::Error),
    #[error("The log cannot be started: {0}.")]
    Log(io::Error),
    #[error("The signals that stop the server cannot be listened to: {0}.")]
    Signals(io::Error),
    #[error("The password cannot be read: {0}.")]
    Password(io::Error),
    #[error("The two passwords are not the same. Nothing was changed.")]
    PasswordsDiffer,
    #[error("The password is empty. Nothing was changed.")]
    EmptyPassword,
    #[error(
        "None of {username}'s open sign-ins is called \"{id}\". `munjigi sessions list {username}` shows them."
    )]
    NoSuchSignIn { username: String, id: String },
    #[error("{0} is not given, and --noinput asks for nothing.")]
    NotGiven(&'static str),
    #[error(
        "SECRET_KEY and DATABASE_URL are not both written, and there is no data of `munjigi dev` in {}. Start \
         `munjigi dev` first, name its directory with --data, or write both settings.",
        .0.display()
    )]
    NoData(PathBuf),
    #[error("The database is not up to date. Run `munjigi migrate`.")]
    Unmigrated,
    #[error("Nobody said yes. Nothing was changed.")]
    NotConfirmed,
    #[error(
        "DATABASE_URL goes through a PgBouncer, which hides whether a `munjigi serve` runs. Stop all of them, and say so with \
         --stopped. Nothing was changed."
    )]
    Hidden,
    #[error(
        "The role of DATABASE_URL may not drop munjigi's tables. Nothing was changed. Run it with the DATABASE_URL of \
         the role that owns them."
    )]
    NotOwner,
    #[error("The settings are not fit for production.")]
    Unfit,
    #[error(
        "There is no `runserver`: `munjigi dev` starts a server for development, `munjigi serve` one for production."
    )]
    Runserver,
}

impl Error {
    /// 2 where the command was called wrongly, else 1.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::UnknownFormat(_) | Self::Runserver | Self::NotGiven(_) | Self::Upstream(_) => 2,
            _ => 1,
        }
    }
}
