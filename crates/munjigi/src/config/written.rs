//! The settings as they are written, each with where it is written. Later wins: the file, then the environment,
//! then the command line.

use super::kind::Kind;
use super::setting::{About, Setting};
use super::{Error, Mode, database, env, file, hosts, secrets, server, table};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use toml::Value;
use zeroize::Zeroize;

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

/// Every setting that is written, checked for its name and its type.
pub struct Written {
    entries: BTreeMap<String, Entry>,
}

/// The written settings, and the mode whose defaults stand in for the others.
#[derive(Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) mode: Mode,
    written: &'a Written,
}

pub(crate) struct Entry {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// Secrets are among them, and they are read into types of their own: nothing of them stays behind.
impl Drop for Entry {
    fn drop(&mut self) {
        wipe(&mut self.value);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        _ => {}
    }
}

/// Where a setting is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    File { path: PathBuf, line: usize },
    Variable(String),
    Flag(&'static str),
    DataDir(PathBuf),
}

impl Origin {
    /// The line of the file; what stands in no file comes after all of it.
    pub(crate) fn line(&self) -> usize {
        match self {
            Self::File { line, .. } => *line,
            Self::Variable(_) | Self::Flag(_) | Self::DataDir(_) => usize::MAX,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::Flag(flag) => write!(f, "the flag {flag}"),
            Self::DataDir(path) => write!(f, "{}", path.display()),
        }
    }
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
            written.set(name, value, &Origin::Flag(flag))?;
        }
        Ok(written)
    }

    /// No setting at all.
    pub(crate) fn nothing() -> Self {
        Self {
            entries: BTreeMap::new(),
        }
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

    /// Whether the setting is written anywhere.
    pub(crate) fn has(&self, about: &About) -> bool {
        self.entries.contains_key(about.name)
    }

    pub(crate) fn entry(&self, about: &About) -> Option<&Entry> {
        self.entries.get(about.name)
    }

    /// The settings with the defaults of `mode`.
    pub(crate) fn under(&self, mode: Mode) -> Settings<'_> {
        Settings { mode, written: self }
    }

    /// Writes a setting unless it is written already.
    pub(crate) fn provide(&mut self, about: &About, value: Value, origin: Origin) {
        self.entries
            .entry(about.name.to_owned())
            .or_insert(Entry { value, origin });
    }

    /// Writes a setting over what was there. A table is taken apart.
    pub(crate) fn set(&mut self, name: &str, value: Value, origin: &Origin) -> Result<(), Error> {
        if let Some(about) = table::find(name) {
            about.check(&value, &origin.to_string())?;
            self.entries.insert(
                about.name.to_owned(),
                Entry {
                    value,
                    origin: origin.clone(),
                },
            );
            return Ok(());
        }
        if table::is_open(name) {
            self.entries.insert(
                name.to_owned(),
                Entry {
                    value,
                    origin: origin.clone(),
                },
            );
            return Ok(());
        }
        match value {
            Value::Table(inner) if table::is_table(name) => inner
                .into_iter()
                .try_for_each(|(key, value)| self.set(&format!("{name}.{key}"), value, origin)),
            _ => Err(table::unknown(name, &origin.to_string())),
        }
    }
}

impl<'a> Settings<'a> {
    /// The value of a setting: the written one, or the default.
    pub(crate) fn read<T: Kind>(self, setting: &Setting<T>) -> Result<T, Error> {
        let about = &setting.about;
        if let Some(Entry { value, origin }) = self.written.entry(about) {
            return T::read(value).map_err(|wrong| about.error(wrong, value, &origin.to_string()));
        }
        let value = about.default_value(self.mode);
        T::read(&value).map_err(|wrong| about.error(wrong, &value, "its default"))
    }

    /// Whether the setting is written anywhere.
    pub(crate) fn has(self, about: &About) -> bool {
        self.written.has(about)
    }

    /// Whether the setting is written with another value than one of its defaults.
    pub(crate) fn differs(self, about: &About) -> bool {
        let is_default = |value: &Value| {
            [Mode::Dev, Mode::Serve]
                .into_iter()
                .any(|mode| about.is_same(value, &about.default_value(mode)))
        };
        self.written
            .entry(about)
            .is_some_and(|entry| !is_default(&entry.value))
    }

    /// The written settings whose names begin so, without that beginning.
    pub(crate) fn below(self, prefix: &'static str) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        let entries = self.written.entries.iter();
        entries.filter_map(move |(name, entry)| name.strip_prefix(prefix).map(|rest| (rest, entry)))
    }
}
