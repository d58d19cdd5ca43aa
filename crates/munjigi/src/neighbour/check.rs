//! Both sides compared: the settings of munjigi with the report of the Django project beside it, value by value as they hold,
//! and what of the project alone is dangerous for both. Django has no such thing.
//!
//! What a value of the project is in munjigi's own words is what `munjigi init` would write ([`super::settings`]). Secrets are
//! compared by their digests, in constant time, and nothing of them is told.

mod database;
mod keys;
mod known;
mod passwords;
mod project;
mod rules;
#[cfg(test)]
mod tests;
mod users;

pub use known::page;

use super::report::Report;
use super::settings::{self, Wanted};
use crate::config::check::Finding;
use crate::config::{Config, Written};

/// What there is to say of the two; nothing above [`Level::Info`](crate::config::check::Level) where they fit together.
pub fn compare(report: &Report, config: &Config, written: &Written) -> Vec<Finding> {
    let wanted = settings::wanted(report);
    let both = Both {
        report,
        config,
        written,
        wanted,
    };
    let parts = [
        keys::check,
        rules::check,
        users::check,
        passwords::check,
        project::check,
        database::check,
    ];
    parts.iter().flat_map(|part| part(&both)).collect()
}

/// The two sides.
struct Both<'a> {
    report: &'a Report,
    config: &'a Config,
    written: &'a Written,
    /// What the project has for settings of ours.
    wanted: Wanted,
}

/// A finding at the level that its id has.
fn finding(known: &known::Known, message: String, hint: String) -> Finding {
    Finding {
        id: known.id,
        level: known.level,
        message,
        hint,
    }
}
