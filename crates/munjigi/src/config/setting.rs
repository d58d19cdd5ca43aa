//! A setting, described once. From the descriptions come the reading of files and variables, the nearest name
//! to an unknown one, `munjigi.example.toml`, `munjigi config show` and the reference page.

use super::kind::{Kind, Wrong};
use super::{Error, Mode};
use std::marker::PhantomData;
use toml::Value;

/// A setting whose value is a `T`.
pub(crate) struct Setting<T> {
    /// What is said of it.
    pub(crate) about: About,
    kind: PhantomData<fn() -> T>,
}

/// What is said of a setting, whatever its type.
#[derive(Clone, Copy)]
pub(crate) struct About {
    /// `SESSION_COOKIE_AGE`, `SIMPLE_JWT.LEEWAY`.
    pub(crate) name: &'static str,
    /// The type, in words.
    pub(crate) kind: &'static str,
    /// See [`Kind::IS_TEXT`].
    pub(crate) is_text: bool,
    /// The value where none is written, as TOML.
    pub(crate) default: &'static str,
    /// The same under `munjigi dev`, where it is another.
    pub(crate) dev: Option<&'static str>,
    /// What the default means, where a TOML value does not say it.
    pub(crate) unwritten: Option<&'static str>,
    /// The default of Django, simplejwt or django-cors-headers, as TOML. `None` where they have no such setting.
    pub(crate) upstream: Option<&'static str>,
    /// The value that the notes have, as TOML, where ours is another.
    pub(crate) notes: Option<&'static str>,
    /// Whether it must not be shown.
    pub(crate) secret: bool,
    /// What to write instead of a value other than the default, where no other can be used.
    pub(crate) fixed: Option<&'static str>,
    /// What it does.
    pub(crate) meaning: &'static str,
    check: fn(&Value) -> Result<(), Wrong>,
    same: fn(&Value, &Value) -> bool,
}

/// A group of settings: a heading of the reference page.
pub(crate) struct Section {
    /// The heading.
    pub(crate) title: &'static str,
    /// Whose names these are: "Django 5.2", or "munjigi".
    pub(crate) upstream: &'static str,
    /// What is to be known before the settings.
    pub(crate) intro: &'static str,
    /// The settings, in the order in which they are told.
    pub(crate) settings: &'static [&'static About],
}

impl<T: Kind + PartialEq> Setting<T> {
    /// A setting of ours; Django has none like it.
    pub(crate) const fn ours(name: &'static str, default: &'static str, meaning: &'static str) -> Self {
        let about = About {
            name,
            kind: T::WANTED,
            is_text: T::IS_TEXT,
            default,
            dev: None,
            unwritten: None,
            upstream: None,
            notes: None,
            secret: false,
            fixed: None,
            meaning,
            check: |value| T::read(value).map(drop),
            same: |one, other| matches!((T::read(one), T::read(other)), (Ok(one), Ok(other)) if one == other),
        };
        Self {
            about,
            kind: PhantomData,
        }
    }

    /// A setting of upstream's with upstream's default.
    pub(crate) const fn upstream(name: &'static str, default: &'static str, meaning: &'static str) -> Self {
        Self::ours(name, default, meaning).differs_from(default)
    }

    /// Upstream has it, with this default.
    pub(crate) const fn differs_from(mut self, upstream: &'static str) -> Self {
        self.about.upstream = Some(upstream);
        self
    }

    /// The notes have this value.
    pub(crate) const fn differs_from_the_notes(mut self, notes: &'static str) -> Self {
        self.about.notes = Some(notes);
        self
    }

    /// `munjigi dev` has this default.
    pub(crate) const fn under_dev(mut self, default: &'static str) -> Self {
        self.about.dev = Some(default);
        self
    }

    /// Where it is not written, what these words say holds.
    pub(crate) const fn unwritten(mut self, words: &'static str) -> Self {
        self.about.unwritten = Some(words);
        self
    }

    /// It is never shown, and may be given as `…_FILE`.
    pub(crate) const fn secret(mut self) -> Self {
        self.about.secret = true;
        self
    }

    /// Only its default can be used; the words say what to write.
    pub(crate) const fn fixed(mut self, instead: &'static str) -> Self {
        self.about.fixed = Some(instead);
        self
    }
}

/// The variable of the environment for a setting of this name.
pub(crate) fn variable(name: &str) -> String {
    format!("MUNJIGI_{}", name.replace('.', "__").to_ascii_uppercase())
}

impl About {
    /// The value where none is written.
    pub(crate) fn default_value(&self, mode: Mode) -> Value {
        let text = if mode == Mode::Dev {
            self.dev.unwrap_or(self.default)
        } else {
            self.default
        };
        value(text)
    }

    /// The table that it stands in: `SIMPLE_JWT`.
    pub(crate) fn table(&self) -> Option<&'static str> {
        self.name.rsplit_once('.').map(|(table, _)| table)
    }

    /// Its name within its table.
    pub(crate) fn key(&self) -> &'static str {
        self.name.rsplit_once('.').map_or(self.name, |(_, key)| key)
    }

    /// Its name in the environment.
    pub(crate) fn variable(&self) -> String {
        variable(self.name)
    }

    /// Whether two values mean the same, however they are written.
    pub(crate) fn is_same(&self, one: &Value, other: &Value) -> bool {
        (self.same)(one, other)
    }

    /// Whether the value is upstream's default; true where upstream has no such setting.
    pub(crate) fn is_upstreams(&self, written: &Value) -> bool {
        self.upstream
            .is_none_or(|upstream| self.is_same(written, &value(upstream)))
    }

    /// Checks a value that somebody wrote: its type, and whether it can be used.
    pub(crate) fn check(&self, written: &Value, origin: &str) -> Result<(), Error> {
        (self.check)(written).map_err(|wrong| self.error(wrong, written, origin))?;
        let Some(instead) = self.fixed else { return Ok(()) };
        let defaults = [Some(self.default), self.dev, self.upstream];
        if defaults
            .into_iter()
            .flatten()
            .any(|default| self.is_same(written, &value(default)))
        {
            return Ok(());
        }
        Err(Error::NotAvailable {
            name: self.name.to_owned(),
            value: written.to_string(),
            origin: origin.to_owned(),
            instead: instead.to_owned(),
        })
    }

    /// The error for a value that could not be read.
    pub(crate) fn error(&self, wrong: Wrong, written: &Value, origin: &str) -> Error {
        let (name, origin) = (self.name.to_owned(), origin.to_owned());
        match wrong {
            Wrong::Type => Error::Type {
                name,
                origin,
                found: super::kind::describe(written),
                wanted: self.kind,
            },
            Wrong::Value(problem) => Error::Value {
                name,
                origin,
                problem,
            },
        }
    }
}

/// The value of a text in the table of settings. They are TOML: a test reads each.
pub(crate) fn value(text: &str) -> Value {
    text.parse().unwrap_or_else(|_| Value::from(text))
}
