//! Where settings come from. Later wins: the file, then the environment, then the command line.

use super::written::{Origin, Written};
use super::{Error, database, env, file, hosts, secrets, server, table};
use std::ffi::OsString;
use std::path::PathBuf;
use toml::Value;

/// Where the settings are to be read from.
#[derive(Default)]
pub struct Sources {
    /// `--config`. Without it the variable `MUNJIGI_CONFIG` names the file, and without that `munjigi.toml` is
    /// read if it is there.
    pub file: Option<PathBuf>,
    /// The environment. Only names that begin with `MUNJIGI_` are looked at.
    pub variables: Vec<(OsString, OsString)>,
    /// Settings that have a flag of their own: name, flag, value.
    pub flags: Vec<(&'static str, &'static str, Value)>,
}

impl Written {
    /// Reads the file, the environment and the flags.
    ///
    /// # Errors
    /// A file that is named and cannot be read, a name that no setting has, a value of the wrong type, a value
    /// that cannot be used.
    pub fn gather(sources: Sources) -> Result<Self, Error> {
        let mut written = Self::nothing();
        let variables = env::variables(&sources.variables)?;
        let named = sources
            .file
            .or_else(|| variables.config.as_deref().map(PathBuf::from));
        file::read_into(&mut written, named.as_deref())?;
        for (name, text) in &variables.settings {
            env::set(&mut written, name, text)?;
        }
        for (name, flag, value) in sources.flags {
            table::write(&mut written, name, value, &Origin::Flag(flag))?;
        }
        Ok(written)
    }

    /// What `--expose` means where nothing else is written: every interface, under any name.
    pub fn expose(&mut self) {
        self.provide(
            &server::BIND.about,
            Value::from(vec!["0.0.0.0:8000"]),
            Origin::Flag("--expose"),
        );
        self.provide(
            &hosts::ALLOWED_HOSTS.about,
            Value::from(vec!["*"]),
            Origin::Flag("--expose"),
        );
    }

    /// Whether what `munjigi serve` cannot do without is there: a key and a database.
    pub fn is_complete(&self) -> bool {
        self.has(&secrets::SECRET_KEY.about) && self.has(&database::DATABASE_URL.about)
    }
}
