//! The secrets of the project as a file of environment variables, with further files beside it where a value needs one.
//!
//! The file is read alike by `docker --env-file`, which takes all behind the sign of equality as it stands, by systemd's
//! `EnvironmentFile`, which unquotes, and by a shell. So each value stands in single quotes: who takes them away has the value,
//! and who leaves them there hands over a literal text of TOML, which munjigi reads as the same. A value that single quotes
//! cannot hold alike for all (several lines, a quote, a backslash, a list) has a file of its own, and the variable names that.

use super::database;
use super::report::{Report, Secret};
use super::settings::session_cache;
use crate::config::convert::{comment, on_one_line, quoted};
use crate::config::setting::variable;
use std::path::Path;
use toml::Value;
use zeroize::Zeroizing;

/// What is to be written, the file of variables last, so that it names files that are there.
pub struct Secrets {
    /// The files with one value each: what the name of the file ends in, and its content.
    pub values: Vec<(String, Zeroizing<String>)>,
    /// The variables with their values, in their order.
    pub variables: Vec<(String, Zeroizing<String>)>,
    /// The settings that they say.
    pub names: Vec<String>,
    /// What of the way to the project's database they do not say, as sentences. They stand in the file as comments too.
    pub notes: Vec<String>,
}

/// The secrets of this project, for a file at `path`, from the root on.
///
/// # Errors
/// A sentence: the database cannot be told as a URL, or the path cannot stand in such a file.
pub fn secrets(report: &Report, path: &Path) -> Result<Secrets, String> {
    let mut secrets = Secrets {
        values: Vec::new(),
        variables: Vec::new(),
        names: Vec::new(),
        notes: Vec::new(),
    };
    let told = &report.secrets;
    secrets.add("SECRET_KEY", told.secret_key.as_ref().map(Secret::expose), path)?;
    if !told.secret_key_fallbacks.is_empty() {
        let keys = told
            .secret_key_fallbacks
            .iter()
            .map(|key| Value::from(key.expose()));
        let list = Zeroizing::new(on_one_line(&Value::Array(keys.collect())));
        secrets.add_file("SECRET_KEY_FALLBACKS", list, path)?;
    }
    let address = database::address(&report.database, told.database_password.as_ref())?;
    secrets.notes = address.notes;
    secrets.add("DATABASE_URL", Some(&address.url), path)?;
    // Where it is the SECRET_KEY it is not written. Nobody outside chooses either, so that the time tells nothing.
    let secret_key = told.secret_key.as_ref().map(Secret::expose);
    let own = |key: &Option<Secret>| key.clone().filter(|key| Some(key.expose()) != secret_key);
    let optional = [
        (
            "SIMPLE_JWT.SIGNING_KEY",
            own(&told.signing_key).filter(|_| uses(report, "SIMPLE_JWT")),
        ),
        (
            "SIMPLE_JWT.VERIFYING_KEY",
            told.verifying_key.clone().filter(|_| has_pair(report)),
        ),
        (
            "JWT_AUTH.JWT_SECRET_KEY",
            own(&told.jwt_secret_key).filter(|_| uses(report, "JWT_AUTH")),
        ),
        ("EMAIL_HOST_PASSWORD", told.email_host_password.clone()),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            secrets.add(name, Some(value.expose()), path)?;
        }
    }
    if let Some(cache) = session_cache(report) {
        secrets.add("CACHES.default.LOCATION", cache.server(), path)?;
    }
    Ok(secrets)
}

const HEAD: &str = "\
# The secrets of munjigi, by `munjigi init`. Whoever reads them is your server: mode 0600, and in no repository.
# For systemd: EnvironmentFile=. For a container: docker run --env-file. For a shell: set -a; . ./munjigi.env; set +a
# A variable that ends in _FILE names a file with the value, which must be there too: mount it under the same path.";

impl Secrets {
    /// The file of variables.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(format!("{HEAD}\n"));
        for note in &self.notes {
            text.push_str(&comment(note));
        }
        for (name, value) in &self.variables {
            // Of a path nobody takes quotes away but a shell.
            let quote = if name.ends_with("_FILE") { "" } else { "'" };
            for part in [name, "=", quote, value, quote, "\n"] {
                text.push_str(part);
            }
        }
        text
    }

    fn add(&mut self, name: &str, value: Option<&str>, path: &Path) -> Result<(), String> {
        match value {
            None => Ok(()),
            Some(value) if is_quotable(value) => {
                self.names.push(name.to_owned());
                self.variables
                    .push((variable(name), Zeroizing::new(value.to_owned())));
                Ok(())
            }
            Some(value) => self.add_file(name, as_content(value), path),
        }
    }

    fn add_file(&mut self, name: &str, content: Zeroizing<String>, path: &Path) -> Result<(), String> {
        let ending = name.replace('.', "__");
        let file = path
            .to_str()
            .map(|path| format!("{path}.{ending}"))
            .filter(|file| is_plain(file));
        let Some(file) = file else {
            return Err(format!(
                "{} cannot stand in a file of variables. Choose a path of plain letters (--secrets).",
                path.display()
            ));
        };
        self.names.push(name.to_owned());
        self.variables
            .push((format!("{}_FILE", variable(name)), Zeroizing::new(file)));
        self.values.push((ending, content));
        Ok(())
    }
}

/// Whether single quotes around the value mean the same to all who read the file. What would be TOML without them must not
/// stand in them.
fn is_quotable(value: &str) -> bool {
    !value.is_empty()
        && !value.chars().any(|c| c.is_control() || c == '\'' || c == '\\')
        && !value.starts_with('"')
        && value.trim() == value
}

/// Whether a path means the same to all who read the file, without quotes.
fn is_plain(path: &str) -> bool {
    path.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/._+@:,-".contains(&byte))
}

/// The value as the content of a file: itself, or a text of TOML where its ends would be lost or be taken for quotes.
fn as_content(value: &str) -> Zeroizing<String> {
    let loses = value.ends_with(['\n', '\r']) || value.trim_start().starts_with(['"', '\'']);
    Zeroizing::new(if loses { quoted(value) } else { value.to_owned() })
}

fn uses(report: &Report, dict: &str) -> bool {
    if dict == "SIMPLE_JWT" {
        super::routes::uses_simple_jwt(report)
    } else {
        super::routes::uses_drf_jwt(report)
    }
}

/// Whether tokens are signed with a pair of keys. With HS* simplejwt looks at no `VERIFYING_KEY`.
fn has_pair(report: &Report) -> bool {
    let dict = report.simple_jwt.as_ref().filter(|_| uses(report, "SIMPLE_JWT"));
    let algorithm = dict.and_then(|dict| dict.values.get("ALGORITHM"));
    algorithm
        .and_then(serde_json::Value::as_str)
        .is_some_and(|name| !name.starts_with("HS"))
}
