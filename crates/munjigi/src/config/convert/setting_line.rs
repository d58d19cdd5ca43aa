//! One setting of a settings.py: a line of TOML, or a comment that says why not and what to write.

use super::super::Mode;
use super::super::setting::About;
use super::python::{Passage, Python};
use std::fmt::Write as _;
use toml::Value;

/// `KEY = value`, or `# KEY: …`.
pub(crate) fn setting_line(about: &About, value: &Python) -> String {
    let key = about.key();
    match told(about, value) {
        Ok((value, None)) => format!("{key} = {}\n", on_one_line(&value)),
        Ok((value, Some(note))) => format!("{key} = {}  # {}\n", on_one_line(&value), one_line(&note)),
        Err(why) => comment(&format!("{key}: {why}")),
    }
}

/// A comment of one line, whatever it is about.
pub(crate) fn comment(words: &str) -> String {
    format!("# {}\n", one_line(words))
}

/// Whether the value is what munjigi has where nothing is written.
pub(crate) fn is_default(about: &About, value: &Python) -> bool {
    toml(about, value).is_ok_and(|value| about.is_same(&value, &about.default_value(Mode::Serve)))
}

/// Whether the setting takes the value.
pub(crate) fn is_taken(about: &About, value: &Python) -> bool {
    usable(about, value).is_ok()
}

/// The value in TOML with what is to be said of it, or why there is none.
fn told(about: &About, value: &Python) -> Result<(Value, Option<String>), String> {
    let variable = about.variable();
    match value {
        // What `startproject` writes; whoever adds a name below would have the key twice.
        Python::Sequence(names) if about.name == "ALLOWED_HOSTS" && names.is_empty() => Err(
            "empty in settings.py. Write the names that clients use: ALLOWED_HOSTS = [\"auth.example.com\"]."
                .to_owned(),
        ),
        Python::SecretKey => Err("the SECRET_KEY, as where it is not written.".to_owned()),
        Python::Environment { variables, otherwise } => {
            from_environment(about, variables, otherwise.as_deref())
        }
        Python::File(path) if about.secret => Err(format!(
            "what the file {path} holds. Hand over its path as {variable}_FILE."
        )),
        Python::File(path) => Err(format!("what the file {path} holds. Write that here.")),
        Python::Choice { written, .. } if about.secret => Err(format!(
            "line {} of settings.py decides by a condition. Hand it over as {variable}.",
            written.line
        )),
        Python::Choice { between, written } => Err(choice(about, between, written)),
        Python::Unknown(passage) if about.secret => Err(format!(
            "line {} of settings.py, where only Python can tell. Hand it over as {variable}.",
            passage.line
        )),
        // The empty text is none at all.
        Python::Text(text) if about.secret && text.is_empty() => Ok((Value::from(""), None)),
        _ if about.secret && !matches!(value, Python::None) => Err(format!(
            "a secret, which is better kept out of files. Hand it over as {variable}."
        )),
        value => usable(about, value).map(|value| {
            let wants_keys = about.name == "SIMPLE_JWT.ALGORITHM"
                && value.as_str().is_some_and(|name| !name.starts_with("HS"));
            let note = "wants the key that is handed over.".to_owned();
            (value, wants_keys.then_some(note))
        }),
    }
}

/// A value that comes from the environment, and what it is where nothing is set there.
fn from_environment(
    about: &About,
    variables: &[String],
    otherwise: Option<&Python>,
) -> Result<(Value, Option<String>), String> {
    let variable = about.variable();
    let named = match variables {
        [one] => format!("the variable {one}"),
        several => format!("the variables {}", several.join(" and ")),
    };
    let is_time = ["a time", "a number of seconds"]
        .iter()
        .any(|words| about.kind.contains(words));
    let example = if is_time { ", such as \"1h30m\"" } else { "" };
    match otherwise {
        Some(Python::SecretKey) => Err(format!(
            "comes from {named} of the environment, and is the SECRET_KEY where that is not set. Hand it over as \
             {variable}."
        )),
        Some(Python::File(path)) if about.secret => Err(format!(
            "what the file {path} holds, in whose path {named} of the environment has a part. Hand that over as \
             {variable}_FILE."
        )),
        Some(Python::None) if usable(about, &Python::None).is_err() => {
            from_environment(about, variables, None)
        }
        Some(value) if !about.secret => match told(about, value) {
            Ok((value, _)) => Ok((
                value,
                Some(format!(
                    "where {named} of the environment is not set. Where it is, hand it over as {variable}{example}."
                )),
            )),
            Err(why) => Err(format!(
                "comes from {named} of the environment; hand it over as {variable}{example}. Where it is not set: {why}"
            )),
        },
        _ => Err(format!(
            "comes from {named} of the environment. Hand it over as {variable}{example}."
        )),
    }
}

/// `a if DEBUG else b`.
fn choice(about: &About, between: &[Python], written: &Passage) -> String {
    let mut text = format!(
        "line {} of settings.py decides by a condition: {}.",
        written.line, written.text
    );
    let lines: Vec<_> = between
        .iter()
        .filter_map(|value| usable(about, value).ok())
        .map(|value| format!("{} = {}", about.key(), on_one_line(&value)))
        .collect();
    match lines.as_slice() {
        [] => text.push_str(" Write what holds here."),
        lines => {
            let _ = write!(text, " Write {}.", lines.join(" or "));
        }
    }
    text
}

/// The value in TOML, if the setting takes it.
pub(crate) fn usable(about: &About, value: &Python) -> Result<Value, String> {
    let value = toml(about, value).map_err(|passage| match passage {
        Some(passage) => format!(
            "line {} of settings.py, where only Python can tell: {}",
            passage.line, passage.text
        ),
        None => "it has something in it that cannot be written here.".to_owned(),
    })?;
    about
        .check(&value, "settings.py")
        .map(|()| value)
        .map_err(|error| error.to_string())
}

/// What is not known of a value, if that stands anywhere.
type Unknown<'p> = Option<&'p Passage>;

/// The value in TOML.
pub(super) fn toml<'p>(about: &About, value: &'p Python) -> Result<Value, Unknown<'p>> {
    match value {
        Python::None if about.default == "[]" => Ok(Value::Array(Vec::new())),
        Python::Sequence(pairs) if about.name == "LANGUAGES" => {
            // Django has the names of the languages beside their codes.
            let code = |pair: &'p Python| match pair {
                Python::Sequence(pair) => pair.first().ok_or(None).and_then(plain),
                code => plain(code),
            };
            pairs.iter().map(code).collect::<Result<_, _>>().map(Value::Array)
        }
        value => plain(value),
    }
}

fn plain(value: &Python) -> Result<Value, Unknown<'_>> {
    Ok(match value {
        Python::None => Value::from(""),
        Python::Bool(value) => Value::from(*value),
        Python::Int(number) => Value::from(*number),
        Python::Float(number) => Value::from(*number),
        Python::Text(text) => Value::from(text.clone()),
        Python::Seconds(seconds) => Value::from(duration(*seconds)),
        Python::Sequence(items) => Value::Array(items.iter().map(plain).collect::<Result<_, _>>()?),
        Python::Dict(pairs) => {
            let entry = |(key, value): &'_ (Python, Python)| -> Result<_, Option<&Passage>> {
                match key {
                    Python::Text(key) => Ok((key.clone(), plain(value).map_err(|_| None)?)),
                    _ => Err(None),
                }
            };
            Value::Table(
                pairs
                    .iter()
                    .map(entry)
                    .collect::<Result<_, Option<&Passage>>>()
                    .map_err(|_| None)?,
            )
        }
        Python::Unknown(passage) | Python::Choice { written: passage, .. } => return Err(Some(passage)),
        Python::SecretKey | Python::File(_) | Python::Environment { .. } => return Err(None),
    })
}

/// A value as it stands behind its key, on one line whatever is in it. `toml` itself writes a text of several lines over
/// several lines, and each of them could then pass for a setting.
pub(crate) fn on_one_line(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(on_one_line).collect::<Vec<_>>().join(", ")
        ),
        Value::Table(table) => {
            let pair = |(key, value): (&String, &Value)| format!("{} = {}", bare(key), on_one_line(value));
            format!("{{ {} }}", table.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// A key, in quotes where it needs them.
pub(crate) fn bare(key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.bytes().all(is_bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// A basic string (TOML 1.0). JSON's escapes are all among its own, and the one character that it wants escaped beside
/// them is DEL.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007F")
}

/// `7d`, `1h30m`.
fn duration(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds;
    let mut text = String::new();
    for (length, unit) in UNITS {
        if rest >= length {
            let _ = write!(text, "{}{unit}", rest / length);
            rest %= length;
        }
    }
    if text.is_empty() {
        format!("{seconds}s")
    } else {
        text
    }
}

/// TOML takes no control character in a comment, and a comment ends with its line.
fn one_line(words: &str) -> String {
    let plain: String = words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
