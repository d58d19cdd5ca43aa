//! What a check of the settings finds: Django's `core/checks/security` (5.2), under its ids, and ours.

mod advice;
mod known;

pub use super::finding::{Finding, Level};

use super::{Config, Error, Mode, Written, passwords, table, users};
pub(crate) use advice::is_secret_key;
use advice::{ADVICE, Advice};
pub(crate) use known::{KNOWN, When};

/// What there is to say of settings that are to go into production: the warnings of every start, those of
/// `check --deploy` in Django, and in which unwritten keys of `SIMPLE_JWT` munjigi differs from simplejwt.
///
/// # Errors
/// A setting that could not have been resolved.
pub fn deploy(config: &Config, written: &Written) -> Result<Vec<Finding>, Error> {
    let advice = ADVICE.iter().filter(|advice| (advice.is_needed)(config));
    let mut findings = config.warnings.clone();
    findings.extend(advice.map(Advice::finding));
    findings.extend(users::self_given(&config.user_model));
    findings.extend(passwords::weakness(written.under(config.mode))?);
    findings.extend(passwords::beyond_django(written.under(config.mode))?);
    findings.extend(unwritten_differences(written));
    Ok(findings)
}

/// Unwritten keys of `SIMPLE_JWT` whose default is not simplejwt's: who comes from there may rely on that.
fn unwritten_differences(written: &Written) -> impl Iterator<Item = Finding> {
    let unwritten = table::all().filter(|about| about.table() == Some("SIMPLE_JWT") && !written.has(about));
    let differing = unwritten.filter(|about| !about.is_upstreams(&about.default_value(Mode::Serve)));
    differing.map(|about| Finding {
        id: "munjigi.I002",
        level: Level::Info,
        message: format!("{} is not written: it is {} here.", about.name, about.default),
        hint: format!(
            "{} has {}. Write what you mean.",
            table::upstream_of(about),
            about.upstream.unwrap_or_default()
        ),
    })
}
