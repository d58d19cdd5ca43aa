//! What [`super::SCRIPT`] prints: the settings of a Django project as they hold, as JSON between two lines of its own.
//!
//! A report comes out of somebody's pipe: before it there may stand what the shell or the project printed, it may be
//! cut off, and it may be anything else. It is bounded in size, and read strictly: a key that is not known here and one
//! that is missing are errors, since the script and this file are of one release.

mod parts;

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

pub use parts::{
    Cache, Database, Dict, Field, Hasher, PasswordValidator, Receiver, Route, Secret, Secrets, Serializer,
    User,
};

/// The form of the reports that are read here.
pub const FORMAT: u64 = 1;

/// A longer text is not read, in bytes: that of a project with a thousand routes has 300 KB.
pub const LONGEST: usize = 8 * 1024 * 1024;

const BEGIN: &str = "-----BEGIN MUNJIGI REPORT-----";
const END: &str = "-----END MUNJIGI REPORT-----";

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is not there, or may not be read.
    #[error("The report {} cannot be read: {source}.", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// It is longer than [`LONGEST`].
    #[error("The report is longer than {LONGEST} bytes, which no project's is.")]
    TooLong,
    /// Neither marker stands in it, nor does it begin as JSON does.
    #[error(
        "There is no report in it. It is what `munjigi init --django-script | python manage.py shell` prints on \
         standard output."
    )]
    NotThere,
    /// The line that ends a report is missing.
    #[error(
        "The report is cut off: its last line is missing. Let the script run to its end and save all of it."
    )]
    CutOff,
    /// It is no JSON, or not that of a report.
    #[error(
        "The report cannot be read: {0}. Make it anew with the script of this munjigi (`munjigi init --django-script`)."
    )]
    Form(String),
    /// It is of another release.
    #[error(
        "The report is of format {0}, and this munjigi reads format {FORMAT}. Make it anew with the script of this \
         munjigi (`munjigi init --django-script`)."
    )]
    Format(u64),
    /// The users are kept in a database that munjigi does not work on.
    #[error(
        "The project keeps its users in {0}, which is not supported: munjigi works on PostgreSQL and SQLite."
    )]
    Database(String),
}

impl Error {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "report_file",
            Self::TooLong => "report_too_long",
            Self::NotThere => "report_not_there",
            Self::CutOff => "report_cut_off",
            Self::Form(_) => "report_form",
            Self::Format(_) => "report_format",
            Self::Database(_) => "report_database",
        }
    }
}

/// What a Django project says of itself. No field of it is seen outside of this crate, so that the compiler tells of one
/// that nobody reads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The releases of Python, Django and packages beside it; those that are not installed are `None`.
    pub(crate) versions: BTreeMap<String, Option<String>>,
    /// Settings by their names, as they hold, secrets aside. See `plain` in the script for what JSON has not.
    pub(crate) settings: BTreeMap<String, Value>,
    /// The database of the users.
    pub(crate) database: Database,
    /// `AUTH_USER_MODEL`.
    pub(crate) user: User,
    /// `PASSWORD_HASHERS`, in its order.
    pub(crate) hashers: Vec<Hasher>,
    /// `AUTH_PASSWORD_VALIDATORS`, in its order.
    pub(crate) validators: Vec<PasswordValidator>,
    /// The cache that `SESSION_CACHE_ALIAS` names.
    pub(crate) cache: Option<Cache>,
    /// `SIMPLE_JWT` with simplejwt's defaults, where simplejwt is installed.
    pub(crate) simple_jwt: Option<Dict>,
    /// `JWT_AUTH` with drf-jwt's defaults, where that is installed.
    pub(crate) jwt_auth: Option<Dict>,
    /// Of `REST_FRAMEWORK` what concerns who signs in, where Django REST framework is installed.
    pub(crate) rest_framework: Option<BTreeMap<String, Value>>,
    /// The routes that a sign-in goes through, in the order in which Django finds them.
    pub(crate) routes: Vec<Route>,
    /// Who is called when somebody signs in, or when a row of a user changes; Django's own aside.
    pub(crate) receivers: Vec<Receiver>,
    /// `INSTALLED_APPS` by the names of the apps.
    pub(crate) apps: Vec<String>,
    /// What nobody else may see.
    pub(crate) secrets: Secrets,
    /// Parts that could not be told, each with the reason.
    pub(crate) problems: Vec<String>,
}

/// Where the project has its sessions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SessionEngine {
    /// In rows.
    Db,
    /// In rows, with copies in a cache.
    CachedDb,
    /// In no rows that munjigi knows of: Django's other engines, and those of the project.
    NoRows,
}

impl Report {
    /// Reads the report in the file at `path`, or from standard input where that is `-`.
    ///
    /// # Errors
    /// The file cannot be read, or as [`Report::read`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bytes = if path == Path::new("-") {
            bounded(io::stdin())
        } else {
            File::open(path).and_then(bounded)
        };
        let bytes = bytes.map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })?;
        // What is printed before a report may be in any encoding.
        let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
        Self::read(&text)
    }

    /// Reads the report that stands in `text`: between its two lines where they are there, else all of the text.
    ///
    /// # Errors
    /// There is none, or not all of it, or one of another release, or one of a project whose database is not supported.
    pub fn read(text: &str) -> Result<Self, Error> {
        if text.len() > LONGEST {
            return Err(Error::TooLong);
        }
        let json = within(text)?;
        let mut value: Value = serde_json::from_str(json).map_err(|error| form(&error))?;
        let format = value.as_object_mut().and_then(|report| report.remove("format"));
        match format.as_ref().and_then(Value::as_u64) {
            Some(FORMAT) => {}
            Some(other) => return Err(Error::Format(other)),
            None => return Err(Error::NotThere),
        }
        let report: Self = serde_json::from_value(value).map_err(|error| form(&error))?;
        match report.database.vendor.as_str() {
            "postgresql" | "sqlite" => Ok(report),
            vendor => Err(Error::Database(product(vendor))),
        }
    }

    /// The value of a setting that holds no secret.
    pub fn setting(&self, name: &str) -> Option<&Value> {
        self.settings.get(name)
    }

    /// `SESSION_ENGINE`, of Django's own.
    pub fn session_engine(&self) -> SessionEngine {
        match self.setting("SESSION_ENGINE").and_then(Value::as_str) {
            Some("django.contrib.sessions.backends.db") => SessionEngine::Db,
            Some("django.contrib.sessions.backends.cached_db") => SessionEngine::CachedDb,
            _ => SessionEngine::NoRows,
        }
    }

    /// Whether an app of this name, or one within it, is in `INSTALLED_APPS`.
    pub fn has_app(&self, name: &str) -> bool {
        self.apps.iter().any(|app| {
            app.strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// The texts of a setting that is a list of them: `MIDDLEWARE`.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let items = self.setting(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// All of it, or one byte more than is read.
fn bounded(source: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::new());
    source.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The JSON of a text. A terminal may have shown the script itself before, so that the last report counts.
fn within(text: &str) -> Result<&str, Error> {
    if let Some((_, after)) = text.rsplit_once(BEGIN) {
        return after.split_once(END).map(|(json, _)| json).ok_or(Error::CutOff);
    }
    let text = text.trim();
    if text.starts_with('{') {
        return Ok(text);
    }
    let last = text.lines().next_back().unwrap_or_default();
    if last.starts_with('{') {
        Ok(last)
    } else {
        Err(Error::NotThere)
    }
}

/// What is wrong with the form, in a part of a sentence.
fn form(error: &serde_json::Error) -> Error {
    Error::Form(error.to_string())
}

fn product(vendor: &str) -> String {
    match vendor {
        "mysql" => "MySQL or MariaDB".to_owned(),
        "oracle" => "Oracle".to_owned(),
        "microsoft" => "Microsoft SQL Server".to_owned(),
        // It came from outside: a line of it at most.
        other => other.chars().filter(|c| !c.is_control()).take(40).collect(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What the reference project says.
    pub(crate) const REFERENCE: &str = include_str!("../../../../fixtures/dj.json");

    fn with(change: impl FnOnce(&mut Value)) -> String {
        let mut value: Value = serde_json::from_str(REFERENCE).unwrap();
        change(&mut value);
        value.to_string()
    }

    fn refused(text: &str) -> Error {
        Report::read(text).err().unwrap()
    }

    #[test]
    fn a_report_is_found_among_what_else_was_printed() {
        for text in [
            REFERENCE.to_owned(),
            format!("12 objects imported automatically.\n\n{BEGIN}\n{REFERENCE}\n{END}\nbye\n"),
            format!(">>> ... {BEGIN}\r\n{}\r\n{END}\r\n", REFERENCE.trim()),
            format!("a project that greets\n{}", with(|_| ())),
        ] {
            let report = Report::read(&text).ok().unwrap();
            assert_eq!(report.user.label, "user.User");
            assert_eq!(report.database.vendor, "sqlite");
            assert!(report.has_app("rest_framework_simplejwt"));
        }
    }

    #[test]
    fn a_file_is_read_up_to_a_bound_and_whatever_encoding_stands_before_the_report() {
        let path = std::env::temp_dir().join(format!("munjigi-report-{}.json", std::process::id()));
        let greeting = b"Gr\xfc\xdfe\n".to_vec();
        let report = format!("{BEGIN}\n{REFERENCE}\n{END}\n").into_bytes();
        std::fs::write(&path, [greeting, report].concat()).unwrap();
        assert_eq!(Report::open(&path).ok().unwrap().user.label, "user.User");
        let endless = Report::open(Path::new("/dev/zero")).err().unwrap();
        assert_eq!(endless.code(), "report_too_long");
        std::fs::remove_file(&path).unwrap();
        let missing = Report::open(&path).err().unwrap();
        assert_eq!(missing.code(), "report_file");
    }

    #[test]
    fn no_key_that_munjigi_does_not_use_leaves_the_project() {
        let report: Value = serde_json::from_str(REFERENCE).unwrap();
        let exported: Vec<_> = report["secrets"].as_object().unwrap().keys().collect();
        assert!(
            exported.iter().all(|name| !name.contains("PRIVATE")),
            "{exported:?}"
        );
        refused(&with(|report| {
            report["secrets"]["JWT_AUTH.JWT_PRIVATE_KEY"] = Value::Null;
        }));
    }

    #[test]
    fn what_is_no_report_is_told_in_a_sentence() {
        let whole = format!("{BEGIN}\n{REFERENCE}\n{END}\n");
        let half = whole.get(..whole.len() / 2).unwrap();
        assert_eq!(refused(half).code(), "report_cut_off");
        assert_eq!(refused("").code(), "report_not_there");
        assert_eq!(
            refused("ModuleNotFoundError: No module named 'shop'\n").code(),
            "report_not_there"
        );
        assert_eq!(refused("{\"id\": 1}").code(), "report_not_there");
        assert_eq!(
            refused(&format!("{BEGIN}\nnot JSON\n{END}")).code(),
            "report_form"
        );
        assert_eq!(
            refused(REFERENCE.trim().get(..2000).unwrap()).code(),
            "report_form"
        );
        assert_eq!(refused(&" ".repeat(LONGEST + 1)).code(), "report_too_long");
        assert_eq!(
            refused(&with(|report| report["format"] = 2.into())).code(),
            "report_format"
        );
        let unknown = refused(&with(|report| report["user"]["more"] = 1.into())).to_string();
        assert!(unknown.contains("`more`"), "{unknown}");
    }

    #[test]
    fn mysql_and_oracle_are_not_supported() {
        for (vendor, product) in [
            ("mysql", "MySQL or MariaDB"),
            ("oracle", "Oracle"),
            ("other", "other"),
        ] {
            let told = refused(&with(|report| report["database"]["vendor"] = vendor.into())).to_string();
            assert!(
                told.contains(&format!("users in {product}, which is not supported")),
                "{told}"
            );
        }
    }

    #[test]
    fn nothing_nested_makes_it_stumble() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let text = REFERENCE.replacen("\"versions\"", &format!("\"deep\": {deep}, \"versions\""), 1);
        assert_eq!(refused(&text).code(), "report_form");
    }
}
