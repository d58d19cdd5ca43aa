//! The settings as they are written, each with where it is written, and as a section of them reads its own.

use super::kind::Kind;
use super::setting::{About, Setting};
use super::{Error, Mode};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use toml::Value;
use zeroize::Zeroize;

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
    /// No setting at all.
    pub(crate) fn nothing() -> Self {
        Self {
            entries: BTreeMap::new(),
        }
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

    /// Writes under a name that is known over what was there.
    pub(super) fn put(&mut self, name: &str, value: Value, origin: &Origin) {
        let origin = origin.clone();
        self.entries.insert(name.to_owned(), Entry { value, origin });
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
