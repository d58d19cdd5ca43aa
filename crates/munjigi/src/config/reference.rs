//! All settings, told from their one description: the example file, the reference page, and what holds now.

use super::database::DATABASE_URL;
use super::setting::{About, Section};
use super::table::SECTIONS;
use super::written::Written;
use super::{Mode, claims, table, users};
use munjigi_store::DatabaseUrl;
use std::fmt::Write as _;
use toml::Value;

/// The width that comments are broken at.
const WIDTH: usize = 100;

/// `munjigi.example.toml`: every setting with its default, each behind a `#`.
pub fn example() -> String {
    let mut text = String::from(
        "# The settings of munjigi, each with its default. Take the \"#\" from the start of a line to write it.\n\
         # `munjigi config example` prints this file; docs/reference/settings.md tells more.\n",
    );
    for section in SECTIONS {
        example_section(&mut text, section, None);
    }
    for section in SECTIONS.iter().filter(|section| section.settings.is_empty()) {
        heading(&mut text, section);
    }
    // What stands in a table comes last: TOML takes every line below a [table] for a part of it.
    let mut open = None;
    for section in SECTIONS {
        for table in tables(section) {
            if open != Some(table) {
                let _ = write!(text, "\n\n[{table}]");
                open = Some(table);
            }
            example_section(&mut text, section, Some(table));
        }
    }
    text
}

/// `docs/reference/settings.md`.
pub fn page() -> String {
    let mut text = String::from(PAGE_INTRO);
    for section in SECTIONS {
        let _ = write!(text, "\n## {}\n\n{}\n", section.title, section.intro);
        if section.settings.is_empty() {
            continue;
        }
        text.push('\n');
        let _ = writeln!(
            text,
            "| Setting | Type | Default | {} | Meaning |",
            section.upstream_heading()
        );
        text.push_str("| --- | --- | --- | --- | --- |\n");
        for about in section.settings {
            let default = default_cell(about);
            let upstream = upstream_cell(about);
            let cells = [
                format!("`{}`", about.name),
                about.kind.to_owned(),
                default,
                upstream,
                meaning(about),
            ];
            let _ = writeln!(
                text,
                "| {} |",
                cells.map(|cell| cell.replace('|', "\\|")).join(" | ")
            );
        }
    }
    text
}

/// What holds, as TOML: each setting with where it is written or that it is the default, and what differs from
/// upstream. Secrets are not shown.
pub fn show(written: &Written, mode: Mode) -> String {
    let command = if mode == Mode::Dev { "dev" } else { "serve" };
    let mut text = format!("# What holds under `munjigi {command}`.\n");
    for about in table::all().filter(|about| about.table().is_none()) {
        text.push_str(&shown(about, written, mode));
    }
    let mut open = None;
    for about in table::all().filter(|about| about.table().is_some()) {
        if about.table() != open {
            open = about.table();
            let _ = writeln!(text, "\n[{}]", open.unwrap_or_default());
        }
        text.push_str(&shown(about, written, mode));
    }
    show_columns(&mut text, written, mode);
    show_fields(&mut text, written, mode);
    show_claims(&mut text, written, mode);
    text
}

fn shown(about: &About, written: &Written, mode: Mode) -> String {
    let entry = written.entry(about);
    let value = entry.map_or_else(|| about.default_value(mode), |entry| entry.value.clone());
    let shown = presentable(about, &value);
    let origin = match (entry, about.unwritten) {
        (Some(entry), _) => entry.origin.to_string(),
        (None, Some(words)) => format!("unwritten: {}", words.replace('`', "")),
        (None, None) => "default".to_owned(),
    };
    let mut line = format!("{} = {shown}  # {origin}", about.key());
    if !about.secret && !about.is_upstreams(&value) {
        let _ = write!(
            line,
            "; differs from {}: {}",
            table::upstream_of(about),
            about.upstream.unwrap_or_default()
        );
    }
    if let Some(notes) = about
        .notes
        .filter(|notes| !about.is_same(&value, &super::setting::value(notes)))
    {
        let _ = write!(line, "; differs from the notes: {notes}");
    }
    line.push('\n');
    line
}

/// The value as it may be shown: of a secret only whether it is there, of the database all but its password.
fn presentable(about: &About, value: &Value) -> String {
    let is_empty = value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty);
    if !about.secret || is_empty {
        return value.to_string();
    }
    let url = value.as_str().filter(|_| about.name == DATABASE_URL.about.name);
    let shown = url.and_then(|url| url.parse::<DatabaseUrl>().ok());
    Value::from(shown.map_or_else(|| "********".to_owned(), |url| url.to_string())).to_string()
}

fn show_columns(text: &mut String, written: &Written, mode: Mode) {
    let mut columns = written.under(mode).below("user.columns.").peekable();
    if columns.peek().is_some() {
        let _ = writeln!(text, "\n[{}]", users::COLUMNS);
    }
    for (field, entry) in columns {
        let _ = writeln!(text, "{field} = {}  # {}", entry.value, entry.origin);
    }
}

fn show_fields(text: &mut String, written: &Written, mode: Mode) {
    let mut open = "";
    for (path, entry) in written.under(mode).below("user.fields.") {
        let Some((name, key)) = path.split_once('.') else {
            continue;
        };
        if name != open {
            open = name;
            let _ = writeln!(text, "\n[user.fields.{name}]");
        }
        let _ = writeln!(text, "{key} = {}  # {}", entry.value, entry.origin);
    }
}

fn show_claims(text: &mut String, written: &Written, mode: Mode) {
    let claims = claims::in_order(written.under(mode));
    if !claims.is_empty() {
        let _ = writeln!(text, "\n[{}]", claims::TABLE);
    }
    for (name, entry) in claims {
        let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let key = if name.bytes().all(is_bare) {
            name.to_owned()
        } else {
            Value::from(name).to_string()
        };
        let _ = writeln!(text, "{key} = {}  # {}", entry.value, entry.origin);
    }
}

const PAGE_INTRO: &str = "\
# Settings

This page is generated: `munjigi config reference` prints it.

Settings are read from `munjigi.toml`, then from the environment, then from flags; later wins. The file is the one
that `--config` or the variable `MUNJIGI_CONFIG` names, else `munjigi.toml` in the working directory, if it is there.

- A name that is no setting, a value of the wrong type, and settings that contradict each other stop the start.
- In the environment a setting is `MUNJIGI_` and its name, with `__` into a table: `MUNJIGI_SIMPLE_JWT__LEEWAY=10`. A
  value is TOML, and text may go without quotes. A secret may be given as a file: `MUNJIGI_SECRET_KEY_FILE`.
- What Kubernetes puts into the environment for a Service called `munjigi` (`MUNJIGI_SERVICE_HOST`, `MUNJIGI_PORT`) is
  no setting and is left alone.
- Python's None is `\"\"`. A time is `\"5m\"`, `\"7d\"`, `\"1h30m\"`, `\"0:05:00\"`, or a number of seconds; where it may be
  none, the setting's type says whether that is written `0` or `\"\"`.
- `munjigi config show` prints what holds, and where it is written. `munjigi config convert settings.py` prints the
  settings of a Django project as TOML.
";

impl Section {
    fn upstream_heading(&self) -> &'static str {
        if self.upstream == "munjigi" {
            "Upstream"
        } else {
            self.upstream
        }
    }
}

fn default_cell(about: &About) -> String {
    let mut cell = match about.unwritten {
        Some(words) => words.to_owned(),
        None => format!("`{}`", about.default),
    };
    if let Some(dev) = about.dev {
        let _ = write!(cell, "; under `munjigi dev` `{dev}`");
    }
    cell
}

fn upstream_cell(about: &About) -> String {
    match about.upstream {
        None => "–".to_owned(),
        Some(upstream) if upstream == about.default && about.dev.is_none() => "the same".to_owned(),
        Some(upstream) => format!("`{upstream}`"),
    }
}

fn meaning(about: &About) -> String {
    let notes = about
        .notes
        .map(|notes| format!(" The notes have `{notes}`."))
        .unwrap_or_default();
    match about.fixed {
        Some(instead) => format!(
            "{}{notes} Only the default can be written. {instead}",
            about.meaning
        ),
        None => format!("{}{notes}", about.meaning),
    }
}

/// The tables that settings of the section stand in, each once.
fn tables(section: &Section) -> Vec<&'static str> {
    let mut tables: Vec<_> = section
        .settings
        .iter()
        .filter_map(|about| about.table())
        .collect();
    tables.dedup();
    tables
}

fn example_section(text: &mut String, section: &Section, table: Option<&str>) {
    let settings: Vec<_> = section
        .settings
        .iter()
        .filter(|about| about.table() == table)
        .collect();
    if settings.is_empty() {
        return;
    }
    heading(text, section);
    for about in settings {
        text.push('\n');
        comment(text, &meaning(about));
        if let Some(words) = about.unwritten {
            comment(text, &format!("Where it is not written: {words}."));
        }
        if let Some(dev) = about.dev {
            comment(text, &format!("Under `munjigi dev`: {dev}"));
        }
        if let Some(upstream) = about.upstream.filter(|upstream| *upstream != about.default) {
            comment(text, &format!("{}: {upstream}", section.upstream));
        }
        let _ = writeln!(text, "#{} = {}", about.key(), about.default);
    }
}

fn heading(text: &mut String, section: &Section) {
    let _ = write!(text, "\n# ---- {} ----\n", section.title);
    let intro = section.intro.lines().filter(|line| !line.starts_with("```"));
    intro.for_each(|line| comment(text, line));
}

/// Adds a comment, broken into lines.
fn comment(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split(' ') {
        if line.len() + word.len() >= WIDTH && line.len() > 1 {
            let _ = writeln!(text, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::config::{Config, Sources};
    use std::fs;
    use std::path::Path;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    /// Holds a page that the program prints against the one that is kept.
    pub(crate) fn assert_current(path: &str, text: &str, command: &str) {
        let kept = fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_default();
        assert!(
            kept == text,
            "{path} is stale: run `cargo run -- config {command} > {path}`"
        );
    }

    #[test]
    fn the_example_file_is_current() {
        assert_current("munjigi.example.toml", &example(), "example");
    }

    #[test]
    fn the_reference_page_is_current() {
        assert_current("docs/reference/settings.md", &page(), "reference");
    }

    #[test]
    fn the_example_file_writes_every_default() {
        let is_setting = |line: &str| {
            line.strip_prefix('#')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        };
        let lines = example();
        let lines = lines
            .lines()
            .map(|line| if is_setting(line) { &line[1..] } else { line });
        let file = std::env::temp_dir().join(format!("munjigi-example-{}.toml", std::process::id()));
        fs::write(&file, lines.collect::<Vec<_>>().join("\n")).unwrap();
        let written = Written::gather(Sources {
            file: Some(file.clone()),
            ..Sources::default()
        })
        .unwrap();
        fs::remove_file(file).unwrap();
        for about in table::all() {
            let entry = written
                .entry(about)
                .unwrap_or_else(|| panic!("{} is not in the file", about.name));
            assert!(
                about.is_same(&entry.value, &about.default_value(Mode::Serve)),
                "{}",
                about.name
            );
        }
        // All of it together is what holds where nothing is written: all that is missing is missing.
        assert_eq!(
            Config::resolve(&written, Mode::Serve).err().unwrap().code(),
            "missing"
        );
    }

    #[test]
    fn what_holds_is_shown_without_secrets_and_with_what_differs() {
        let key = "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdef";
        let variables = [
            ("MUNJIGI_DATABASE_URL", "postgres://app:s3cr3t@db/app"),
            ("MUNJIGI_SECRET_KEY", key),
            ("MUNJIGI_USER__FIELDS__NICK__TYPE", "TextField"),
        ];
        let variables = variables
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec();
        let written = Written::gather(Sources {
            variables,
            ..Sources::default()
        })
        .unwrap();
        let shown = show(&written, Mode::Serve);
        assert!(!shown.contains(key) && !shown.contains("s3cr3t"));
        for line in [
            "SECRET_KEY = \"********\"  # the variable MUNJIGI_SECRET_KEY",
            "DATABASE_URL = \"postgres://app:***@db/app\"  # the variable MUNJIGI_DATABASE_URL",
            "REFRESH_TOKEN_LIFETIME = \"7d\"  # default; differs from simplejwt 5.5.1: \"1d\"",
            "ACCESS_TOKEN_LIFETIME = \"5m\"  # default",
            "[user.fields.nick]\ntype = \"TextField\"  # the variable MUNJIGI_USER__FIELDS__NICK__TYPE",
        ] {
            assert!(shown.contains(&format!("{line}\n")), "{line}\n{shown}");
        }
        toml::from_str::<toml::Table>(&shown).unwrap();
    }
}
