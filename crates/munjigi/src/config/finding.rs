//! What is said of settings that can be used and should not be: Django's `CheckMessage` (`core/checks/messages.py`).

use serde::Serialize;
use std::fmt;

/// One finding, as Django's `CheckMessage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `security.W009` where it is Django's own, `munjigi.W001` where it is ours.
    pub id: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is so, in a sentence.
    pub message: String,
    /// What to do about it, in a sentence.
    pub hint: String,
}

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Good to know.
    Info,
    /// Allowed, and unwise.
    Warning,
    /// Something that cannot work.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ({}) {} {}", self.level, self.id, self.message, self.hint)
    }
}
