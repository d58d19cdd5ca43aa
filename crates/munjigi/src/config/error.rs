//! Why the server does not start.

use std::io;
use std::path::PathBuf;

/// What is wrong with the settings. Each message says what, where, and what to write instead; none holds the
/// value of a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings file could not be read.
    #[error("The settings file {} cannot be read: {source}.", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The settings file is no TOML.
    #[error("The settings file {origin} is not TOML: {message}.")]
    Syntax {
        /// File and line.
        origin: String,
        /// The parser's word.
        message: String,
    },
    /// A name that no setting has.
    #[error("{name} ({origin}) is not a setting. {hint}")]
    Unknown {
        /// What was written.
        name: String,
        /// Where.
        origin: String,
        /// The nearest known name, as a sentence.
        hint: String,
    },
    /// A value of the wrong type.
    #[error("{name} ({origin}) is {found}. It wants {wanted}.")]
    Type {
        /// The setting.
        name: String,
        /// Where it is written.
        origin: String,
        /// The type found.
        found: String,
        /// The type wanted, and how to write it.
        wanted: &'static str,
    },
    /// A value of the right type that cannot be used.
    #[error("{name} ({origin}) {problem}")]
    Value {
        /// The setting.
        name: String,
        /// Where it is written.
        origin: String,
        /// The rest of the sentence, and what to write instead.
        problem: String,
    },
    /// A value other than the default, of a setting whose default alone can be used: it names Python code, or what
    /// munjigi does not do.
    #[error("{name} = {value} ({origin}) cannot be used, only the default can. {instead}")]
    NotAvailable {
        /// The setting.
        name: String,
        /// Its value.
        value: String,
        /// Where it is written.
        origin: String,
        /// What to write instead.
        instead: String,
    },
    /// A setting that must be written is not.
    #[error("{name} is not written. {hint}")]
    Missing {
        /// The setting.
        name: &'static str,
        /// What to write.
        hint: &'static str,
    },
    /// Settings that cannot hold together.
    #[error("{0}")]
    Contradiction(String),
    /// The data directory of `munjigi dev` cannot be used.
    #[error("The data directory {} cannot be used: {source}.", path.display())]
    DataDir {
        /// The directory or the file in it.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
}

impl Error {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Syntax { .. } => "syntax",
            Self::Unknown { .. } => "unknown_setting",
            Self::Type { .. } => "wrong_type",
            Self::Value { .. } => "wrong_value",
            Self::NotAvailable { .. } => "not_available",
            Self::Missing { .. } => "missing",
            Self::Contradiction(_) => "contradiction",
            Self::DataDir { .. } => "data_directory",
        }
    }
}
