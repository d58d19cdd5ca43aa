//! What each line allows and all together do not: such a line becomes a comment too, so that the rest starts.

use super::super::database::DATABASE_URL;
use super::super::secrets::SECRET_KEY;
use super::super::table;
use super::super::written::{Origin, Written};
use super::super::{Config, Mode};
use super::setting_line::comment;
use std::path::PathBuf;
use toml::{Table, Value};

/// Any secret and any database will do: those of the project are handed over beside the file.
const SOME_KEY: &str = "only for asking whether these settings hold together 0123456789";
const SOME_CACHE: &str = "redis://localhost";
const SOME_DATABASE: &str = "sqlite:munjigi.sqlite3";

/// The text, with comments in place of the lines that contradict others.
pub(crate) fn settled(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // Each round takes one line out.
    while let Some(refusal) = refusal(&lines.join("\n")) {
        let helping = |is_told: bool| {
            (0..lines.len()).rev().find(|at| {
                is_setting(&lines, *at)
                    && is_told == is_named(&lines, *at, &refusal)
                    && helps(&lines, *at, &refusal)
            })
        };
        // Without a line that it does not speak of, it may only be refused for something else first.
        let better = helping(true).or_else(|| helping(false));
        let Some(line) = better.and_then(|at| lines.get_mut(at)) else {
            break;
        };
        comment(&format!("{line}: {refusal}")).trim_end().clone_into(line);
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

fn is_setting(lines: &[String], at: usize) -> bool {
    lines
        .get(at)
        .is_some_and(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Whether the refusal speaks of the setting on this line.
fn is_named(lines: &[String], at: usize, refusal: &str) -> bool {
    let key = lines.get(at).and_then(|line| line.split(" = ").next());
    key.is_some_and(|key| key.starts_with(|c: char| c.is_ascii_uppercase()) && refusal.contains(key))
}

/// Whether it is another refusal, or none, without this line. Each setting stands on a line of its own.
fn helps(lines: &[String], at: usize, refused: &str) -> bool {
    let without: Vec<_> = lines
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != at)
        .map(|(_, line)| line.clone())
        .collect();
    refusal(&without.join("\n")).is_none_or(|other| other != refused)
}

/// The sentence that this text is refused with.
pub(super) fn refusal(text: &str) -> Option<String> {
    let settings: Table = text.parse().ok()?;
    let origin = Origin::File {
        path: PathBuf::from("settings.py"),
        line: 0,
    };
    let mut written = Written::nothing();
    // Where the cache is is handed over beside the file too.
    if let Some(location) = table::find("CACHES.default.LOCATION").filter(|_| settings.contains_key("CACHES"))
    {
        written.provide(location, Value::from(SOME_CACHE), origin.clone());
    }
    for (name, mut value) in settings {
        if let Some(simple_jwt) = value.as_table_mut() {
            leave_keys_out(simple_jwt);
        }
        table::write(&mut written, &name, value, &origin).ok()?;
    }
    written.provide(&SECRET_KEY.about, Value::from(SOME_KEY), origin.clone());
    written.provide(&DATABASE_URL.about, Value::from(SOME_DATABASE), origin);
    Config::resolve(&written, Mode::Serve)
        .err()
        .map(|error| error.to_string())
}

/// A pair of keys is handed over beside the file, and is not here yet.
fn leave_keys_out(simple_jwt: &mut Table) {
    let algorithm = simple_jwt.get("ALGORITHM").and_then(Value::as_str);
    if algorithm.is_some_and(|algorithm| !algorithm.starts_with("HS")) {
        simple_jwt.retain(|key, _| !["ALGORITHM", "SIGNING_KEY", "VERIFYING_KEY"].contains(&key));
    }
}
