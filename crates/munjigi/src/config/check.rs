//! What a check of the settings finds: Django's `core/checks`.

use std::fmt;

/// One finding, as Django's `CheckMessage`.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Info,
    /// Allowed, and unwise.
    Warning,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) {} {}", self.id, self.message, self.hint)
    }
}
