//! `AUTHENTICATION_BACKENDS` and `CACHES`: what stands in sessions and where Django looks for them first, as far as munjigi
//! may take it over.

use super::super::authentication_backends::MODEL_BACKEND;
use super::super::session_engine::CACHED_DB;
use super::super::table;
use super::last;
use super::python::{Assignment, Python};
use super::setting_line::{comment, setting_line};

/// Why `AUTHENTICATION_BACKENDS` is not copied, with what to do; none where it is what munjigi has. Sessions are trusted under
/// every name that stands there, and the first stands in those that munjigi opens. Which of a project's own sign in as
/// `ModelBackend` does only the project knows.
pub(crate) fn untrusted<'p>(backends: impl Iterator<Item = &'p str>) -> Option<String> {
    let (models, others): (Vec<_>, Vec<_>) = backends.partition(|path| *path == MODEL_BACKEND);
    if others.is_empty() {
        return None;
    }
    let others = others.join(", ");
    Some(if models.is_empty() {
        format!(
            "the project has {others}, and not ModelBackend, under which munjigi opens sessions. Write that of them which \
             signs in as ModelBackend does, or add ModelBackend to the project; until then Django takes no session from here."
        )
    } else {
        format!(
            "the project also has {others}. munjigi runs none of them, and sessions under their names are not taken. Write \
             ModelBackend first, and behind it those that sign in as it does."
        )
    })
}

/// The line of `AUTHENTICATION_BACKENDS`.
pub(super) fn backends(value: &Python) -> String {
    let items = match value {
        Python::Sequence(items) => items.as_slice(),
        _ => &[],
    };
    let texts: Vec<&str> = items.iter().filter_map(Python::text).collect();
    let why = if texts.is_empty() || texts.len() < items.len() {
        "only Python can tell what is in it. Write ModelBackend first, and behind it those that sign in as it does.".to_owned()
    } else {
        match untrusted(texts.into_iter()) {
            Some(why) => why,
            None => return String::new(),
        }
    };
    comment(&format!("AUTHENTICATION_BACKENDS: {why}"))
}

/// Whether sessions are kept in a cache too, so that [`cache`] writes which one.
pub(super) fn has_cache(assignments: &[Assignment]) -> bool {
    value_of(assignments, "SESSION_ENGINE").and_then(Python::text) == Some(CACHED_DB)
}

/// The lines of `[CACHES.default]`: the cache of sessions, whatever it is called in settings.py.
pub(super) fn cache(assignments: &[Assignment]) -> String {
    if !has_cache(assignments) {
        return String::new();
    }
    let alias = match value_of(assignments, "SESSION_CACHE_ALIAS") {
        None => Some("default"),
        Some(value) => value.text(),
    };
    let caches = value_of(assignments, "CACHES").and_then(Python::pairs);
    let entry = caches
        .zip(alias)
        .and_then(|(caches, alias)| named(caches, alias)?.pairs());
    let Some(entry) = entry else {
        return comment("Only Python can tell which cache keeps sessions: write it here as it holds there.");
    };
    let mut text = String::new();
    for (key, value) in entry.iter().filter_map(|(key, value)| Some((key.text()?, value))) {
        text.push_str(&match table::find(&format!("CACHES.default.{key}")) {
            Some(about) => setting_line(about, value),
            None if key == "OPTIONS" => {
                comment("OPTIONS: munjigi has none. What says where the cache is belongs into LOCATION.")
            }
            // How long a copy is kept, and how many, is Django's alone.
            None => String::new(),
        });
    }
    text
}

fn value_of<'a>(assignments: &'a [Assignment], name: &str) -> Option<&'a Python> {
    assignments.get(last(assignments, name)?)?.value.as_ref()
}

fn named<'p>(pairs: &'p [(Python, Python)], name: &str) -> Option<&'p Python> {
    let mut pairs = pairs.iter().rev();
    pairs.find_map(|(key, value)| (key.text() == Some(name)).then_some(value))
}
