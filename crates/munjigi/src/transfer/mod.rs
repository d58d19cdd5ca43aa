//! Users moved in and out: Django's `loaddata` and `dumpdata` for the one table that holds them, with their groups and
//! permissions, and the same by lines of JSON and by CSV.
//!
//! Where Django stops at the first bad row, every row is looked at by itself here: a bad one is told with its line and its
//! reason, and the rest comes in. What a file holds and is not taken is counted and told, never passed over in silence.
//! A file is never held in memory, nor is more of it than one record believed.

pub mod export;
pub mod import;
mod json;
mod named;
pub mod pieces;
mod reason;
mod record;
mod rejects;
mod table;
mod user;
mod values;
mod written;

pub use reason::Reason;
pub use rejects::{Rejects, create_private};

use std::path::Path;

/// How users stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A Django fixture: a JSON list of records with `model`, `pk` and `fields`.
    Fixture,
    /// The same with a record a line: `dumpdata --format jsonl`.
    Jsonl,
    /// A user a line, as a flat JSON object.
    Ndjson,
    /// RFC 4180, with a header line that names the fields.
    Csv,
}

impl Format {
    /// The format that a file's name tells.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Fixture),
            "jsonl" => Some(Self::Jsonl),
            "ndjson" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// The names of the fields that are no columns of the user's table.
const GROUPS: &str = "groups";
const USER_PERMISSIONS: &str = "user_permissions";
