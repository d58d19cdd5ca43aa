//! What a settings.py means by the keys of simplejwt that it leaves out: simplejwt's defaults, and where munjigi has
//! the notes' instead, that must be said.

use super::super::Mode;
use super::super::setting::About;
use super::super::table;
use super::last;
use super::python::{Assignment, Python};
use super::setting_line;

/// The keys of the block in the notes. Who took it over as it is means what the notes do.
const NOTES: [&str; 12] = [
    "ACCESS_TOKEN_LIFETIME",
    "REFRESH_TOKEN_LIFETIME",
    "ROTATE_REFRESH_TOKENS",
    "BLACKLIST_AFTER_ROTATION",
    "ALGORITHM",
    "SIGNING_KEY",
    "VERIFYING_KEY",
    "AUDIENCE",
    "ISSUER",
    "AUTH_HEADER_TYPES",
    "USER_ID_FIELD",
    "USER_ID_CLAIM",
];

/// The lines for the keys that are not written and have another default here; none where simplejwt is not used.
pub(super) fn unwritten(assignments: &[Assignment]) -> String {
    let dict = last(assignments, "SIMPLE_JWT").and_then(|position| assignments.get(position));
    if dict.is_some_and(|dict| dict.adds_to_unknown) {
        return String::new();
    }
    let pairs: &[_] = match dict.and_then(|dict| dict.value.as_ref()) {
        Some(Python::Dict(pairs)) if !is_the_notes(pairs) => pairs,
        None if is_used(assignments) => &[],
        _ => return String::new(),
    };
    let is_written = |about: &About| pairs.iter().any(|(key, _)| is_named(key, about.key()));
    let differing = table::all().filter(|about| {
        about.table() == Some("SIMPLE_JWT")
            && !about.is_upstreams(&about.default_value(Mode::Serve))
            && !is_written(about)
    });
    let line = |about: &About| {
        let theirs = about.upstream.unwrap_or(about.default);
        let upstream = table::upstream_of(about);
        format!(
            "{} = {theirs}  # not in settings.py: the default of {upstream}, where munjigi has {}\n",
            about.key(),
            about.default
        )
    };
    differing.map(line).collect()
}

/// The line that a project without simplejwt's blacklist needs: munjigi would make its tables, and Django never look there.
/// Where a list of apps is not read to its end none can be written.
pub(super) fn without_blacklist(assignments: &[Assignment]) -> &'static str {
    const APP: &str = "rest_framework_simplejwt.token_blacklist";
    let is_read = |assignment: &Assignment| assignment.name != "INSTALLED_APPS" || assignment.value.is_some();
    let apps = last(assignments, "INSTALLED_APPS").and_then(|position| assignments.get(position));
    let Some(Python::Sequence(apps)) = apps.and_then(|apps| apps.value.as_ref()) else {
        return "";
    };
    // The app's config may be named too: `….token_blacklist.apps.TokenBlacklistConfig`.
    let is_other = |app: &Python| matches!(app, Python::Text(app) if !app.starts_with(APP));
    let uses_it = last(assignments, "SIMPLE_JWT").is_some() || is_used(assignments);
    if uses_it && assignments.iter().all(is_read) && apps.iter().all(is_other) {
        "TOKEN_BLACKLIST_APP = false  # token_blacklist is not in INSTALLED_APPS\n"
    } else {
        ""
    }
}

/// Whether some setting names a part of simplejwt: an app, or the class that authenticates.
fn is_used(assignments: &[Assignment]) -> bool {
    let values = assignments
        .iter()
        .filter_map(|assignment| assignment.value.as_ref());
    values.into_iter().any(names_a_part)
}

fn names_a_part(value: &Python) -> bool {
    match value {
        Python::Text(text) => text.starts_with("rest_framework_simplejwt"),
        Python::Sequence(items) => items.iter().any(names_a_part),
        Python::Dict(pairs) => pairs.iter().any(|(_, value)| names_a_part(value)),
        _ => false,
    }
}

fn is_the_notes(pairs: &[(Python, Python)]) -> bool {
    let has = |name: &str| {
        pairs
            .iter()
            .any(|(key, value)| is_named(key, name) && is_notes_default(name, value))
    };
    pairs.len() == NOTES.len() && NOTES.into_iter().all(has)
}

fn is_named(key: &Python, name: &str) -> bool {
    matches!(key, Python::Text(key) if key == name)
}

fn is_notes_default(key: &str, value: &Python) -> bool {
    if *value == Python::SecretKey {
        return true;
    }
    table::find(&format!("SIMPLE_JWT.{key}")).is_some_and(|about| setting_line::is_default(about, value))
}
