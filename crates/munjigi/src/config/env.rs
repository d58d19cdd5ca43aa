//! The environment: `MUNJIGI_` and the name of a setting, `__` into a table. A value is TOML, and text may go without
//! quotes.

use super::written::{Origin, Written};
use super::{Error, claims, table};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use toml::Value;
use zeroize::Zeroizing;

/// What the environment says.
#[derive(Default)]
pub(super) struct Variables {
    /// `MUNJIGI_CONFIG`.
    pub(super) config: Option<OsString>,
    /// Everything else of ours, sorted by name.
    pub(super) settings: Vec<(String, String)>,
}

const PREFIX: &str = "MUNJIGI_";
/// What the tests are told in the environment is nothing to the program.
const TESTS: &str = "MUNJIGI_TEST_";
const CONFIG: &str = "MUNJIGI_CONFIG";

/// Those of the variables that are meant for us.
pub(super) fn variables(environment: &[(OsString, OsString)]) -> Result<Variables, Error> {
    let mut ours = Variables::default();
    for (name, value) in environment {
        let Some(name) = name
            .to_str()
            .filter(|name| name.starts_with(PREFIX) && !name.starts_with(TESTS) && !is_injected(name, value))
        else {
            continue;
        };
        if name == CONFIG {
            ours.config = Some(value.clone());
            continue;
        }
        let text = value.to_str().ok_or_else(|| Error::Value {
            name: name.to_owned(),
            origin: "the environment".to_owned(),
            problem: "is not UTF-8. Write it as UTF-8.".to_owned(),
        })?;
        ours.settings.push((name.to_owned(), text.to_owned()));
    }
    ours.settings.sort();
    Ok(ours)
}

/// Whether Kubernetes put the variable there, for a Service called `munjigi` or `munjigi-…`: addresses of Services,
/// in the form of Docker's links (`MUNJIGI_SERVICE_HOST`, `MUNJIGI_PORT_8000_TCP_ADDR`). Of one called `munjigi-email` a
/// variable has the name of a setting, and a URL for its value: `MUNJIGI_EMAIL_PORT=tcp://10.0.0.7:25`.
pub(super) fn is_injected(name: &str, value: &OsStr) -> bool {
    if name == "MUNJIGI_EMAIL_PORT" {
        return value.to_str().is_some_and(|value| value.contains("://"));
    }
    let is_number = |text: &str| {
        text.split('_')
            .next()
            .is_some_and(|number| number.parse::<u16>().is_ok())
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.ends_with("_PORT")
        || name.split("_PORT_").skip(1).any(is_number)
}

/// Sets what one variable says.
pub(super) fn set(written: &mut Written, variable: &str, text: &str) -> Result<(), Error> {
    let origin = Origin::Variable(variable.to_owned());
    let rest = variable.strip_prefix(PREFIX).unwrap_or(variable);
    if let Some(about) = rest
        .strip_suffix("_FILE")
        .and_then(find)
        .filter(|about| about.secret)
    {
        let content = Zeroizing::new(file(variable, text)?);
        let twin = format!("{PREFIX}{}", about.name.replace('.', "__"));
        if written
            .entry(about)
            .is_some_and(|entry| entry.origin == Origin::Variable(twin.clone()))
        {
            return Err(Error::Contradiction(format!(
                "{twin} and {variable} are both set. Unset one of them."
            )));
        }
        return table::write(
            written,
            about.name,
            value(about.is_text, content.trim_end_matches(['\r', '\n'])),
            &origin,
        );
    }
    match find(rest) {
        Some(about) => table::write(written, about.name, value(about.is_text, text), &origin),
        None => table::write(written, &path(rest), value(false, text), &origin),
    }
}

/// The setting that a variable names: `SIMPLE_JWT__LEEWAY`. Case does not count, since variables are upper-case.
fn find(rest: &str) -> Option<&'static super::setting::About> {
    let path = rest.replace("__", ".");
    table::all().find(|about| about.name.eq_ignore_ascii_case(&path))
}

/// The path of what is no single setting: a table, a claim, a field of the user, or a mistake. Variables are upper-case,
/// and claims and fields mostly are not.
fn path(rest: &str) -> String {
    let path = rest.replace("__", ".");
    if let Some(claim) = path
        .strip_prefix(claims::TABLE)
        .filter(|rest| rest.starts_with('.'))
    {
        return format!("{}{}", claims::TABLE, claim.to_lowercase());
    }
    let lower = path.to_ascii_lowercase();
    let is_ours =
        lower == "user" || lower.starts_with("user.") || lower == "hashers" || lower.starts_with("hashers.");
    if is_ours { lower } else { path }
}

/// A value: TOML where it is TOML, else the text itself. For a setting that is text, only a quoted text is TOML.
fn value(is_text: bool, text: &str) -> Value {
    match text.parse::<Value>() {
        Ok(value) if value.is_str() || !is_text => value,
        _ => Value::from(text),
    }
}

fn file(variable: &str, path: &str) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| Error::Value {
        name: variable.to_owned(),
        origin: "the environment".to_owned(),
        problem: format!(
            "names {}, which cannot be read: {error}.",
            PathBuf::from(path).display()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_injects_is_not_ours() {
        for name in [
            "MUNJIGI_SERVICE_HOST",
            "MUNJIGI_SERVICE_PORT",
            "MUNJIGI_SERVICE_PORT_HTTP",
            "MUNJIGI_PORT",
            "MUNJIGI_PORT_8000_TCP",
            "MUNJIGI_PORT_8000_TCP_PROTO",
            "MUNJIGI_POSTGRES_SERVICE_HOST",
            "MUNJIGI_POSTGRES_PORT_5432_TCP_ADDR",
        ] {
            assert!(is_injected(name, OsStr::new("")), "{name}");
        }
        for name in [
            "MUNJIGI_BIND",
            "MUNJIGI_SECRET_KEY",
            "MUNJIGI_USE_X_FORWARDED_HOST",
            "MUNJIGI_SUPPORT_PORTAL",
        ] {
            assert!(!is_injected(name, OsStr::new("")), "{name}");
        }
        let port = "MUNJIGI_EMAIL_PORT";
        assert!(is_injected(port, OsStr::new("tcp://10.0.0.7:25")));
        assert!(!is_injected(port, OsStr::new("587")));
    }

    #[test]
    fn text_needs_no_quotes_and_keeps_its_looks() {
        assert_eq!(value(true, "1234"), Value::from("1234"));
        assert_eq!(value(true, "\"1234\""), Value::from("1234"));
        assert_eq!(value(true, "true"), Value::from("true"));
        assert_eq!(value(false, "1234"), Value::from(1234));
        assert_eq!(value(false, "5m"), Value::from("5m"));
        assert_eq!(value(false, "[\"a\"]"), Value::from(vec!["a"]));
    }
}
