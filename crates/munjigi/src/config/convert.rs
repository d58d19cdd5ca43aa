//! `munjigi config convert settings.py`: the settings of a Django project as TOML.
//!
//! The file is read, not run. What it computes, and what munjigi does not take, is told in comments, so that the
//! TOML starts as it is and nothing is lost in silence.

mod lexer;
mod python;
mod simple_jwt;

use super::setting::About;
use super::table;
use python::{Assignment, Python};
use std::fmt::Write as _;
use toml::Value;

/// The dicts whose keys are settings.
const DICTS: [&str; 3] = ["SIMPLE_JWT", "JWT_AUTH", "REST_FRAMEWORK"];

/// The settings of a `settings.py`, as the text of a `munjigi.toml`.
///
/// ```
/// let source = "CSRF_COOKIE_DOMAIN = None\nSESSION_COOKIE_AGE = 60 * 60";
/// let toml = munjigi::config::convert::convert(source);
/// assert!(toml.ends_with("\nCSRF_COOKIE_DOMAIN = \"\"\nSESSION_COOKIE_AGE = 3600\n"));
/// ```
pub fn convert(source: &str) -> String {
    let lines = lexer::logical_lines(source);
    let assignments = python::assignments(source, &lines);
    let mut text = String::from("# From settings.py by `munjigi config convert`.\n");
    for (position, assignment) in assignments.iter().enumerate() {
        let name = assignment.name.as_str();
        if let Some(about) = table::find(name).filter(|about| about.table().is_none()) {
            match &assignment.value {
                // Python takes the last of several.
                Some(value) if last(&assignments, name) == Some(position) => {
                    text.push_str(&line(about, value));
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
            let _ = write!(text, "\n[{dict}]\n{lines}");
        }
    }
    text
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
        Some(value) if last == Some(position) => keys(dict, value),
        Some(_) => String::new(),
        None => not_read(assignment),
    });
    let mut text: String = lines.collect();
    if dict == "SIMPLE_JWT" {
        text.push_str(&simple_jwt::unwritten(assignments));
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

fn keys(dict: &str, value: &Python) -> String {
    let Python::Dict(pairs) = value else {
        return format!("# {dict} is not written as a dict: only Python can tell what is in it.\n");
    };
    let lines = pairs.iter().map(|(key, value)| {
        let Python::Text(key) = key else {
            return "# A key is not written as a text: only Python can tell what it is.\n".to_owned();
        };
        match table::find(&format!("{dict}.{key}")) {
            Some(about) => line(about, value),
            None => format!("# {key}: munjigi has no such setting.\n"),
        }
    });
    lines.collect()
}

fn not_read(assignment: &Assignment) -> String {
    format!(
        "# {} is also set on line {} of settings.py, in a way that is not read here: see to it by hand.\n",
        assignment.name, assignment.line
    )
}

/// One setting: `KEY = value`, or a comment that says why not.
fn line(about: &About, value: &Python) -> String {
    let key = about.key();
    let variable = format!("MUNJIGI_{}", about.name.replace('.', "__"));
    let why = match value {
        // What `startproject` writes; whoever adds a name below would have the key twice.
        Python::Sequence(names) if about.name == "ALLOWED_HOSTS" && names.is_empty() => {
            "empty in settings.py. Write the names that clients use: ALLOWED_HOSTS = [\"auth.example.com\"]."
                .to_owned()
        }
        Python::SecretKey => "the SECRET_KEY, as where it is not written.".to_owned(),
        Python::Environment(name) => {
            format!("comes from the variable {name} of the environment. Hand it over as {variable}.")
        }
        Python::Unknown(_) if about.secret => format!("only Python can tell. Hand it over as {variable}."),
        Python::Unknown(text) => format!("only Python can tell: {text}"),
        _ if about.secret && !matches!(value, Python::None) => {
            format!("a secret, which is better kept out of files. Hand it over as {variable}.")
        }
        _ => match toml(about, value) {
            None => "it has something in it that only Python can tell.".to_owned(),
            Some(value) => match about.check(&value, "settings.py") {
                Ok(()) => return format!("{key} = {value}\n"),
                Err(error) => error.to_string(),
            },
        },
    };
    format!("# {key}: {why}\n")
}

/// The value in TOML; `None` where a part of it is not known.
fn toml(about: &About, value: &Python) -> Option<Value> {
    match value {
        Python::None if about.default == "[]" => Some(Value::Array(Vec::new())),
        Python::Sequence(pairs) if about.name == "LANGUAGES" => {
            // Django has the names of the languages beside their codes.
            let code = |pair: &Python| match pair {
                Python::Sequence(pair) => pair.first().and_then(plain),
                code => plain(code),
            };
            pairs.iter().map(code).collect::<Option<_>>().map(Value::Array)
        }
        value => plain(value),
    }
}

fn plain(value: &Python) -> Option<Value> {
    Some(match value {
        Python::None => Value::from(""),
        Python::Bool(value) => Value::from(*value),
        Python::Int(number) => Value::from(*number),
        Python::Float(number) => Value::from(*number),
        Python::Text(text) => Value::from(text.clone()),
        Python::Seconds(seconds) => Value::from(duration(*seconds)),
        Python::Sequence(items) => Value::Array(items.iter().map(plain).collect::<Option<_>>()?),
        Python::Dict(pairs) => {
            let entry = |(key, value): &(Python, Python)| match key {
                Python::Text(key) => Some((key.clone(), plain(value)?)),
                _ => None,
            };
            Value::Table(pairs.iter().map(entry).collect::<Option<_>>()?)
        }
        Python::SecretKey | Python::Environment(_) | Python::Unknown(_) => return None,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands below the heading of the conversion.
    fn converted(source: &str) -> String {
        convert(source)
            .split_once('\n')
            .unwrap()
            .1
            .trim_start()
            .to_owned()
    }

    #[test]
    fn the_notes_block_converts() {
        let source = r#"
from datetime import timedelta

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),  # a week
    "ROTATE_REFRESH_TOKENS": False,
    "BLACKLIST_AFTER_ROTATION": False,

    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "VERIFYING_KEY": None,
    "AUDIENCE": None,
    "ISSUER": None,

    "AUTH_HEADER_TYPES": ("Bearer",),
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "user_id",
}
"#;
        let expected = r#"[SIMPLE_JWT]
ACCESS_TOKEN_LIFETIME = "5m"
REFRESH_TOKEN_LIFETIME = "7d"
ROTATE_REFRESH_TOKENS = false
BLACKLIST_AFTER_ROTATION = false
ALGORITHM = "HS256"
# SIGNING_KEY: the SECRET_KEY, as where it is not written.
VERIFYING_KEY = ""
AUDIENCE = ""
ISSUER = ""
AUTH_HEADER_TYPES = ["Bearer"]
USER_ID_FIELD = "id"
USER_ID_CLAIM = "user_id"
"#;
        assert_eq!(converted(source), expected);
        // Whoever has another value there has a simplejwt, and means its defaults.
        let other = converted(&source.replace("days=7", "days=8"));
        assert!(other.contains("\nUPDATE_LAST_LOGIN = false  # "), "{other}");
    }

    #[test]
    fn values_are_read_as_python_reads_them() {
        for (python, toml) in [
            ("timedelta(days=1, hours=12)", "\"1d12h\""),
            ("timedelta(0, 90)", "\"1m30s\""),
            ("timedelta(minutes=60 * 24)", "\"1d\""),
            ("datetime.timedelta(hours=0.5)", "\"30m\""),
            ("timedelta(days=1) * 3", "\"3d\""),
            ("60 * 5", "300"),
            ("1_000", "1000"),
        ] {
            let source = format!("SIMPLE_JWT = {{'ACCESS_TOKEN_LIFETIME': {python}}}");
            let expected = format!("[SIMPLE_JWT]\nACCESS_TOKEN_LIFETIME = {toml}\n");
            assert!(converted(&source).starts_with(&expected), "{python}");
        }
        for (python, toml) in [
            ("'a' \"b\"", "\"ab\""),
            ("('a'\n  'b')", "\"ab\""),
            ("\"\"\"a\"\"\"", "\"a\""),
            (r"r'a'", "\"a\""),
            (r"'\u00e9\''", "\"é'\""),
            ("None", "\"\""),
        ] {
            let source = format!("SIMPLE_JWT = dict(ISSUER={python})");
            let expected = format!("[SIMPLE_JWT]\nISSUER = {toml}\n");
            assert!(converted(&source).starts_with(&expected), "{python}");
        }
    }

    #[test]
    fn what_simplejwt_has_by_default_is_written_where_munjigi_has_another() {
        let lifetime = "REFRESH_TOKEN_LIFETIME = \"1d\"  # not in settings.py: the default of simplejwt 5.5.1, where \
                        munjigi has \"7d\"\n";
        let last_login = "UPDATE_LAST_LOGIN = false  # not in settings.py: the default of simplejwt 5.5.1, where munjigi \
                          has true\n";
        let both = format!("[SIMPLE_JWT]\n{lifetime}{last_login}");
        assert_eq!(converted("SIMPLE_JWT = {}"), both);
        let apps = "INSTALLED_APPS = ['rest_framework', 'rest_framework_simplejwt.token_blacklist']\n\
                    AUTH_USER_MODEL = 'shop.Member'\n";
        assert!(converted(apps).ends_with(&format!("\n{both}")));
        let class = "REST_FRAMEWORK = {'DEFAULT_AUTHENTICATION_CLASSES': \
                     ['rest_framework_simplejwt.authentication.JWTAuthentication']}\n";
        assert!(converted(class).starts_with(&both));
        assert_eq!(
            converted("SIMPLE_JWT = {'REFRESH_TOKEN_LIFETIME': timedelta(days=7)}"),
            format!("[SIMPLE_JWT]\nREFRESH_TOKEN_LIFETIME = \"7d\"\n{last_login}")
        );
        for silent in [
            "REST_FRAMEWORK = {'DEFAULT_AUTHENTICATION_CLASSES': []}",
            "INSTALLED_APPS = ['rest_framework']",
            "SIMPLE_JWT = load()",
            "SIMPLE_JWT = {'REFRESH_TOKEN_LIFETIME': mine(), 'UPDATE_LAST_LOGIN': False}",
        ] {
            assert!(!converted(silent).contains("not in settings.py"), "{silent}");
        }
        toml::from_str::<toml::Table>(&both).unwrap();
    }

    #[test]
    fn a_name_stands_once_in_the_end() {
        let stock = "ALLOWED_HOSTS = []\n";
        let hint = "# ALLOWED_HOSTS: empty in settings.py. Write the names that clients use: ALLOWED_HOSTS = \
                    [\"auth.example.com\"].\n";
        assert_eq!(converted(stock), hint);
        let twice = format!("{stock}ALLOWED_HOSTS = ['a.example']\n");
        assert_eq!(converted(&twice), "ALLOWED_HOSTS = [\"a.example\"]\n");
    }

    #[test]
    fn names_given_before_are_known() {
        let source =
            "HOST = 'a.example'\nALLOWED_HOSTS = [HOST] + ['b.example', ]\nX_FRAME_OPTIONS = \\\n 'DENY'\n";
        assert_eq!(
            converted(source),
            "ALLOWED_HOSTS = [\"a.example\", \"b.example\"]\nX_FRAME_OPTIONS = \"DENY\"\n"
        );
    }

    #[test]
    fn djangos_own_shapes_fit_ours() {
        let source = "LANGUAGES = [('ko', _('Korean')), ('en', _('English'))]\nSECURE_PROXY_SSL_HEADER = None\n\
                      AUTH_PASSWORD_VALIDATORS = [{'NAME': 'django.contrib.auth.password_validation.\
                      MinimumLengthValidator', 'OPTIONS': {'min_length': 10}}]\nROOT_URLCONF = 'shop.urls'\n";
        assert_eq!(
            converted(source),
            "LANGUAGES = [\"ko\", \"en\"]\nSECURE_PROXY_SSL_HEADER = []\nAUTH_PASSWORD_VALIDATORS = [{ NAME = \
             \"django.contrib.auth.password_validation.MinimumLengthValidator\", OPTIONS = { min_length = 10 } }]\n"
        );
    }

    #[test]
    fn a_whole_project_has_djangos_users_unless_it_says_otherwise() {
        let project = "INSTALLED_APPS = []\nDATABASES = {'default': {}}\n";
        let database = "# DATABASES: hand it over as one URL, in MUNJIGI_DATABASE_URL.\n";
        assert_eq!(
            converted(project),
            format!("AUTH_USER_MODEL = \"auth.User\"\n{database}")
        );
        let own = converted(&format!("{project}AUTH_USER_MODEL = 'shop.Member'\n"));
        assert_eq!(own, format!("AUTH_USER_MODEL = \"shop.Member\"\n{database}"));
    }

    #[test]
    fn what_cannot_be_taken_over_is_told() {
        let source = "SECRET_KEY = 'django-insecure-abc'\nSESSION_COOKIE_AGE = get_age()\nSIMPLE_JWT = {\n\
                      'SIGNING_KEY': os.environ['JWT_KEY'],\n'ISSUER': os.environ.get('ISS', 'me'),\n\
                      'TOKEN_OBTAIN_SERIALIZER': 'shop.Mine',\n'LEEWAY': compute(1, [2, 3]),\n'MINE': 1,\n'AUDIENCE': f'{x}',\n\
                      'UPDATE_LAST_LOGIN': True,\n}\nif DEBUG:\n    SIMPLE_JWT['LEEWAY'] = 5\n\
                      REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': []}\n";
        let text = converted(source);
        for line in [
            "# SECRET_KEY: a secret, which is better kept out of files. Hand it over as MUNJIGI_SECRET_KEY.",
            "# SESSION_COOKIE_AGE: only Python can tell: get_age()",
            "# SIGNING_KEY: comes from the variable JWT_KEY of the environment. Hand it over as \
             MUNJIGI_SIMPLE_JWT__SIGNING_KEY.",
            "# ISSUER: comes from the variable ISS of the environment. Hand it over as MUNJIGI_SIMPLE_JWT__ISSUER.",
            "# LEEWAY: only Python can tell: compute(1, [2, 3])",
            "# AUDIENCE: only Python can tell: f'{x}'",
            "# MINE: munjigi has no such setting.",
            "UPDATE_LAST_LOGIN = true",
            "# SIMPLE_JWT is also set on line 13 of settings.py, in a way that is not read here: see to it by hand.",
            "# DEFAULT_PERMISSION_CLASSES: munjigi has no such setting.",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
        }
        assert!(text.contains(
            "# TOKEN_OBTAIN_SERIALIZER: SIMPLE_JWT.TOKEN_OBTAIN_SERIALIZER = \"shop.Mine\" (settings.py) is not"
        ));
        assert!(!text.contains("insecure"));
        toml::from_str::<toml::Table>(&text).unwrap();
    }

    #[test]
    fn no_file_makes_it_stumble() {
        let source =
            "SIMPLE_JWT = {'A': (1, {'B': [timedelta(days=1), '''x\n''', r'\\'], }, None,), 'C': -1.5}";
        for end in (0..source.len()).filter(|end| source.is_char_boundary(*end)) {
            convert(&source[..end]);
            convert(&source[end..]);
        }
        convert("SIMPLE_JWT = ]}){'''");
        convert(&format!("SIMPLE_JWT = {}", "[".repeat(1000)));
        convert(&format!("SIMPLE_JWT = {}1", "-".repeat(1000)));
    }
}
