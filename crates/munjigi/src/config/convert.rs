//! `munjigi config convert settings.py`: the settings of a Django project as TOML.
//!
//! The file is read, not run. What it computes, and what munjigi does not take, is told in comments, so that the
//! TOML starts as it is and nothing is lost in silence.

mod lexer;
mod python;
mod sessions;
mod setting_line;
mod settled;
mod simple_jwt;
#[cfg(test)]
mod tests;

pub(crate) use python::Python;
pub(crate) use sessions::untrusted;
pub(crate) use setting_line::{
    bare, comment, is_default, is_taken, on_one_line, quoted, setting_line, usable,
};
pub(crate) use settled::settled;

use super::table;
use python::Assignment;

/// A longer settings.py is not read, in bytes: the largest in the wild have a tenth.
pub const LONGEST: usize = 1024 * 1024;

/// The dicts whose keys are settings.
const DICTS: [&str; 3] = ["SIMPLE_JWT", "JWT_AUTH", "REST_FRAMEWORK"];

/// The settings of a `settings.py`, as the text of a `munjigi.toml`. Of a text longer than [`LONGEST`] nothing is read.
///
/// ```
/// let source = "CSRF_COOKIE_DOMAIN = None\nSESSION_COOKIE_AGE = 60 * 60";
/// let toml = munjigi::config::convert::convert(source);
/// assert!(toml.ends_with("\nCSRF_COOKIE_DOMAIN = \"\"\nSESSION_COOKIE_AGE = 3600\n"));
/// ```
pub fn convert(source: &str) -> String {
    let source = source.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let mut text = String::from("# From settings.py by `munjigi config convert`.\n");
    if source.len() > LONGEST {
        text.push_str(&comment(&format!(
            "Nothing was read: it is longer than {LONGEST} bytes."
        )));
        return text;
    }
    let lines = lexer::logical_lines(&source);
    let assignments = python::assignments(&source, &lines);
    for (position, assignment) in assignments.iter().enumerate() {
        let name = assignment.name.as_str();
        if let Some(about) = table::find(name).filter(|about| about.table().is_none()) {
            match &assignment.value {
                // Python takes the last of several.
                Some(value) if last(&assignments, name) == Some(position) => {
                    text.push_str(&match name {
                        "AUTHENTICATION_BACKENDS" => sessions::backends(value),
                        // It is `default` here, whatever it is there.
                        "SESSION_CACHE_ALIAS" if sessions::has_cache(&assignments) => String::new(),
                        _ => setting_line(about, value),
                    });
                }
                Some(_) => {}
                None => text.push_str(&not_read(assignment)),
            }
        }
    }
    text.push_str(&of_a_project(&assignments));
    for dict in DICTS {
        let lines = table_of(dict, &assignments);
        if !lines.is_empty() {
            text.extend(["\n[", dict, "]\n", &lines]);
        }
    }
    let lines = sessions::cache(&assignments);
    if !lines.is_empty() {
        text.extend(["\n[CACHES.default]\n", &lines]);
    }
    settled(&text)
}

/// Which assignment holds in the end.
fn last(assignments: &[Assignment], name: &str) -> Option<usize> {
    assignments
        .iter()
        .rposition(|assignment| assignment.name == name && assignment.value.is_some())
}

/// What stands below `[SIMPLE_JWT]`; nothing where there is no such table.
fn table_of(dict: &str, assignments: &[Assignment]) -> String {
    let last = last(assignments, dict);
    let ours = assignments.iter().enumerate();
    let ours = ours.filter(|(_, assignment)| assignment.name == dict);
    let lines = ours.map(|(position, assignment)| match &assignment.value {
        Some(value) if last == Some(position) => keys(assignment, value),
        Some(_) => String::new(),
        None => not_read(assignment),
    });
    let mut text: String = lines.collect();
    if dict == "SIMPLE_JWT" {
        text.push_str(&simple_jwt::unwritten(assignments));
        text.push_str(simple_jwt::without_blacklist(assignments));
    }
    text
}

/// What a whole settings.py says by what is not, or not so, in it.
fn of_a_project(assignments: &[Assignment]) -> String {
    let has = |name: &str| assignments.iter().any(|assignment| assignment.name == name);
    let mut text = String::new();
    if has("INSTALLED_APPS") && !has("AUTH_USER_MODEL") {
        text.push_str("AUTH_USER_MODEL = \"auth.User\"\n");
    }
    if has("DATABASES") {
        text.push_str("# DATABASES: hand it over as one URL, in MUNJIGI_DATABASE_URL.\n");
    }
    text
}

fn keys(assignment: &Assignment, value: &Python) -> String {
    let dict = assignment.name.as_str();
    let Python::Dict(pairs) = value else {
        return format!("# {dict} is not written as a dict: only Python can tell what is in it.\n");
    };
    let mut text = String::new();
    if assignment.adds_to_unknown {
        text.push_str(&comment(&format!(
            "Line {} of settings.py adds to a {dict} that stands in another file: convert that too.",
            assignment.line
        )));
    }
    for (key, value) in pairs {
        text.push_str(&match key {
            Python::Text(key) => match table::find(&format!("{dict}.{key}")) {
                Some(about) => setting_line(about, value),
                None => comment(&format!(
                    "{key}: munjigi has no such setting. {}",
                    table::hint(&format!("{dict}.{key}"))
                )),
            },
            Python::Unknown(passage) => comment(&format!(
                "Line {} of settings.py, where only Python can tell what is in it: {}",
                passage.line, passage.text
            )),
            _ => comment("A key is not written as a text: only Python can tell what it is."),
        });
    }
    text
}

fn not_read(assignment: &Assignment) -> String {
    format!(
        "# {} is also set on line {} of settings.py, in a way that is not read here: see to it by hand.\n",
        assignment.name, assignment.line
    )
}
