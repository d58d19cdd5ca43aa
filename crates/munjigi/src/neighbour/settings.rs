//! The report as the text of a `munjigi.toml`.
//!
//! Each setting of munjigi's table is asked for its value in the project. What is there and differs from munjigi's default is
//! written, in the order of the table; what cannot be taken over is a comment with the reason. How a value of Python is written
//! in TOML, and which lines contradict each other, is [`config::convert`](crate::config::convert)'s knowledge.

use super::report::{Cache, Report, SessionEngine};
use super::{passwords, routes, user, values};
use crate::config::convert::{self, Python, comment};
use crate::config::setting::About;
use crate::config::table;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the project has for settings of munjigi.
pub(super) type Wanted = BTreeMap<String, Want>;

/// What the project has for one of them.
pub(super) struct Want {
    /// The value, or why there is none to write.
    pub(super) value: Result<Python, String>,
    /// Whether it is written where munjigi has the same by default, so that no later release changes it.
    pub(super) is_pinned: bool,
    /// What is said of it above its line.
    pub(super) note: Option<String>,
}

impl Want {
    pub(super) fn of(value: Python) -> Self {
        Self {
            value: Ok(value),
            is_pinned: false,
            note: None,
        }
    }

    pub(super) fn pinned(value: Python) -> Self {
        Self {
            is_pinned: true,
            ..Self::of(value)
        }
    }

    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self {
            value: Err(why.into()),
            is_pinned: false,
            note: None,
        }
    }

    pub(super) fn told(self, note: impl Into<String>) -> Self {
        Self {
            note: Some(note.into()),
            ..self
        }
    }
}

/// The settings file for working beside this project. `secrets` is the name of the file beside it, `lost` what stands at
/// its end as comments.
pub fn toml(report: &Report, secrets: &str, lost: &[String]) -> String {
    let mut text = head(report, secrets);
    let wanted = wanted(report);
    for section in table::SECTIONS {
        let lines = lines(section.settings, None, &wanted);
        if !lines.is_empty() {
            text.extend(["\n# ---- ", section.title, " ----\n", &lines]);
        }
    }
    text.push_str(&in_no_setting(report));
    if !lost.is_empty() {
        text.push_str("\n# ---- What no longer runs for sign-ins that are served here ----\n");
        text.extend(lost.iter().map(|line| comment(line)));
    }
    for name in tables() {
        let settings: Vec<_> = table::all().filter(|about| about.table() == Some(name)).collect();
        let mut lines = lines(&settings, Some(name), &wanted);
        if name == "ROUTES" {
            lines.insert_str(0, "# simplejwt's stand where the project has them, and are off where it has none at a fixed path.\n");
        }
        lines.push_str(&unknown_keys(report, name));
        if !lines.is_empty() {
            text.extend(["\n[", name, "]\n", &lines]);
        }
        if name == "user" {
            text.push_str(&user::tables(&report.user));
        }
    }
    convert::settled(&text)
}

fn head(report: &Report, secrets: &str) -> String {
    let mut text = String::from("# The settings of munjigi beside a Django project, by `munjigi init`.\n");
    let installed = report.versions.iter();
    let installed =
        installed.filter_map(|(package, version)| Some(format!("{package} {}", version.as_ref()?)));
    text.push_str(&comment(&format!(
        "As they held there: {}.",
        installed.collect::<Vec<_>>().join(", ")
    )));
    text.push_str(&comment(&format!(
        "SECRET_KEY, DATABASE_URL and whatever else is secret stands in {secrets}, and never here."
    )));
    text.push_str("# What is not written is as munjigi has it by default, which is what the project has.\n");
    text
}

/// The tables, in the order of the reference page.
fn tables() -> Vec<&'static str> {
    let mut tables = Vec::new();
    for table in table::all().filter_map(About::table) {
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    tables
}

/// The lines of those of the settings that stand in this table, or in none.
fn lines(settings: &[&About], table: Option<&str>, wanted: &Wanted) -> String {
    let mut text = String::new();
    for about in settings.iter().filter(|about| about.table() == table) {
        let Some(want) = wanted.get(about.name) else {
            continue;
        };
        let line = match &want.value {
            Ok(value) if !want.is_pinned && convert::is_default(about, value) => continue,
            Ok(value) => convert::setting_line(about, value),
            Err(why) => comment(&format!("{}: {why}", about.key())),
        };
        text.extend(want.note.iter().map(|note| comment(note)));
        text.push_str(&line);
    }
    text
}

/// What the project has for each of munjigi's settings, by their names.
pub(super) fn wanted(report: &Report) -> Wanted {
    let mut wanted = Wanted::new();
    for (name, value) in &report.settings {
        if let Some(want) = scalar(report, name, value) {
            wanted.insert(name.clone(), want);
        }
    }
    wanted.extend(backends(report).map(|want| ("AUTHENTICATION_BACKENDS".to_owned(), want)));
    wanted.extend(cache(report));
    wanted.extend(languages(report));
    wanted.extend(dicts(report));
    wanted.extend(passwords::wanted(report));
    wanted.extend(user::wanted(&report.user));
    wanted.extend(routes::wanted(report));
    wanted
}

/// A setting that stands in no dict.
fn scalar(report: &Report, name: &str, value: &Value) -> Option<Want> {
    let about = table::find(name).filter(|about| about.table().is_none() && !about.secret)?;
    let has_middleware = |class: &str| report.texts("MIDDLEWARE").any(|path| path == class);
    let is_of = |prefix: &str| name.starts_with(prefix) && name != "SECURE_PROXY_SSL_HEADER";
    if is_of("SECURE_") && !has_middleware("django.middleware.security.SecurityMiddleware")
        || name == "X_FRAME_OPTIONS"
            && !has_middleware("django.middleware.clickjacking.XFrameOptionsMiddleware")
    {
        return None;
    }
    let value = match (name, value) {
        // Django waits for ever. The cache is `default` here, whatever it is there.
        ("EMAIL_TIMEOUT", Value::Null) | ("SESSION_CACHE_ALIAS" | "AUTHENTICATION_BACKENDS", _) => {
            return None;
        }
        ("ALLOWED_HOSTS", Value::Array(hosts)) if hosts.is_empty() => return Some(no_hosts(report)),
        ("SECURE_REFERRER_POLICY", Value::Array(values)) => {
            let values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
            Ok(Python::Text(values.join(",")))
        }
        // Both leave the attribute out.
        (_, Value::Null) if name.ends_with("_SAMESITE") => Ok(Python::Bool(false)),
        (_, value) => values::python(value),
    };
    Some(match value.map(|value| whole(about, value)) {
        Ok(value) if name == "ALLOWED_HOSTS" => Want::pinned(value).told(
            "The names by which the project is reached. Where munjigi has a name of its own, write that too.",
        ),
        Ok(value) if name == "EMAIL_HOST" => Want::of(value)
            .told("For the mails of a password reset; none goes out until PASSWORD_RESET_URL is written."),
        Ok(value) => Want::of(value),
        Err(what) => Want::refused(format!(
            "the project has {what}, which cannot be written here. {}",
            about.meaning
        )),
    })
}

/// See [`convert::untrusted`].
fn backends(report: &Report) -> Option<Want> {
    convert::untrusted(report.texts("AUTHENTICATION_BACKENDS")).map(Want::refused)
}

/// Python's `timedelta.total_seconds()` is a number with a point, and Django does not mind.
fn whole(about: &About, value: Python) -> Python {
    match value {
        Python::Float(number) if number.fract() == 0.0 && !convert::is_taken(about, &value) => {
            format!("{number:.0}").parse().map_or(value, Python::Int)
        }
        value => value,
    }
}

/// No name is written: under DEBUG Django answers to those of this machine.
fn no_hosts(report: &Report) -> Want {
    if report.setting("DEBUG") == Some(&Value::Bool(true)) {
        let local = [".localhost", "127.0.0.1", "[::1]"].map(|name| Python::Text(name.to_owned()));
        return Want::of(Python::Sequence(local.to_vec()))
            .told("The project has none, and DEBUG: Django answers to this machine's names then.");
    }
    Want::of(Python::Sequence(Vec::new()))
}

/// The cache of `cached_db`, whatever it is called there. Where it is stands among the secrets.
fn cache(report: &Report) -> Wanted {
    let mut wanted = Wanted::new();
    let Some(cache) = session_cache(report) else {
        return wanted;
    };
    for (key, value) in [
        ("BACKEND", &cache.backend),
        ("KEY_PREFIX", &cache.key_prefix),
        ("VERSION", &cache.version),
        ("KEY_FUNCTION", &cache.key_function),
    ] {
        if let Some(value) = values::python(value).ok().filter(|value| *value != Python::None) {
            wanted.insert(format!("CACHES.default.{key}"), Want::of(value));
        }
    }
    wanted
}

/// The cache that sessions are looked for in first, where there is one.
pub(super) fn session_cache(report: &Report) -> Option<&Cache> {
    let is_cached = report.session_engine() == SessionEngine::CachedDb;
    report.cache.as_ref().filter(|_| is_cached)
}

/// There are words in two languages, and without `LocaleMiddleware` a client does not choose.
fn languages(report: &Report) -> Wanted {
    let mut wanted = Wanted::new();
    let (Some(about), Some(list)) = (table::find("LANGUAGE_CODE"), table::find("LANGUAGES")) else {
        return wanted;
    };
    let is_translated = report.setting("USE_I18N") != Some(&Value::Bool(false));
    let code = report
        .setting("LANGUAGE_CODE")
        .and_then(Value::as_str)
        .filter(|_| is_translated)
        .unwrap_or("en");
    let known = |code: &str| convert::is_taken(about, &Python::Text(code.to_owned()));
    let (default, note) = if known(code) {
        (code.split('-').next().unwrap_or(code), None)
    } else {
        (
            "en",
            Some(format!(
                "The project has \"{code}\"; there are words in \"ko\" and \"en\"."
            )),
        )
    };
    let want = Want::of(Python::Text(default.to_owned()));
    wanted.insert(about.name.to_owned(), Want { note, ..want });
    let chooses = is_translated
        && report
            .texts("MIDDLEWARE")
            .any(|path| path == "django.middleware.locale.LocaleMiddleware");
    let chosen: Vec<_> = ["ko", "en"]
        .into_iter()
        .filter(|code| {
            *code == default
                || chooses
                    && report
                        .texts("LANGUAGES")
                        .any(|offered| offered.split('-').next() == Some(code))
        })
        .map(|code| Python::Text(code.to_owned()))
        .collect();
    let mut want = Want::of(Python::Sequence(chosen));
    if !chooses {
        want = want.told("Without LocaleMiddleware a client does not choose the language.");
    }
    wanted.insert(list.name.to_owned(), want);
    wanted
}

/// The keys of `SIMPLE_JWT`, `JWT_AUTH` and `REST_FRAMEWORK`.
fn dicts(report: &Report) -> Wanted {
    const PINNED: [&str; 4] = [
        "ACCESS_TOKEN_LIFETIME",
        "REFRESH_TOKEN_LIFETIME",
        "SLIDING_TOKEN_LIFETIME",
        "SLIDING_TOKEN_REFRESH_LIFETIME",
    ];
    let mut wanted = Wanted::new();
    let used = [
        (
            "SIMPLE_JWT",
            report
                .simple_jwt
                .as_ref()
                .filter(|_| routes::uses_simple_jwt(report)),
        ),
        (
            "JWT_AUTH",
            report.jwt_auth.as_ref().filter(|_| routes::uses_drf_jwt(report)),
        ),
    ];
    for (name, dict) in used {
        for (key, value) in dict.iter().flat_map(|dict| &dict.values) {
            let want = match values::python(value) {
                Ok(Python::Text(field)) if key == "USER_ID_FIELD" && user::is_key(&report.user, &field) => {
                    Want::of(Python::Text("id".to_owned()))
                }
                Ok(value) if PINNED.contains(&key.as_str()) => Want::pinned(value),
                Ok(value) => Want::of(value),
                Err(what) => Want::refused(format!("the project has {what}, which cannot be written here.")),
            };
            wanted.insert(format!("{name}.{key}"), want);
        }
    }
    if routes::uses_simple_jwt(report) {
        let app = report.has_app("rest_framework_simplejwt.token_blacklist");
        wanted.insert(
            "SIMPLE_JWT.TOKEN_BLACKLIST_APP".to_owned(),
            Want::of(Python::Bool(app)).told("token_blacklist is not in INSTALLED_APPS."),
        );
    }
    if let Some(classes) = authentication_classes(report) {
        wanted.insert(
            "REST_FRAMEWORK.DEFAULT_AUTHENTICATION_CLASSES".to_owned(),
            classes,
        );
    }
    wanted
}

/// Those of the classes that munjigi has; the others are told among what no longer runs.
fn authentication_classes(report: &Report) -> Option<Want> {
    let about = table::find("REST_FRAMEWORK.DEFAULT_AUTHENTICATION_CLASSES")?;
    let written = report
        .rest_framework
        .as_ref()?
        .get("DEFAULT_AUTHENTICATION_CLASSES")?;
    let classes = written
        .as_array()?
        .iter()
        .filter_map(|class| values::python(class).ok());
    let known: Vec<_> = classes
        .filter(|class| convert::is_taken(about, &Python::Sequence(vec![class.clone()])))
        .collect();
    (!known.is_empty()).then(|| Want::of(Python::Sequence(known)))
}

/// Keys of a dict that are no settings here.
fn unknown_keys(report: &Report, dict: &str) -> String {
    let keys = match dict {
        "SIMPLE_JWT" => report.simple_jwt.as_ref(),
        "JWT_AUTH" => report.jwt_auth.as_ref(),
        _ => None,
    };
    let unknown = keys.into_iter().flat_map(|keys| &keys.unknown);
    let without = unknown.filter(|key| table::find(&format!("{dict}.{key}")).is_none());
    without
        .map(|key| {
            let hint = table::hint(&format!("{dict}.{key}"));
            comment(&format!("{key}: munjigi has no such setting. {hint}"))
        })
        .collect()
}

/// Settings of Django that have no counterpart, where the project relies on them.
fn in_no_setting(report: &Report) -> String {
    let mut text = String::new();
    let is_on = |name: &str| report.setting(name) == Some(&Value::Bool(true));
    let mut tell = |name: &str, words: &str| text.push_str(&comment(&format!("{name}: {words}")));
    if is_on("SECURE_SSL_REDIRECT") {
        tell(
            "SECURE_SSL_REDIRECT",
            "the proxy in front redirects to HTTPS, not munjigi.",
        );
    }
    if is_on("USE_X_FORWARDED_PORT") {
        tell(
            "USE_X_FORWARDED_PORT",
            "munjigi has no such setting. The Host header has the port.",
        );
    }
    if report
        .setting("FORCE_SCRIPT_NAME")
        .is_some_and(|value| !value.is_null())
    {
        tell(
            "FORCE_SCRIPT_NAME",
            "the paths below [ROUTES] are without it. Write them as clients ask for them.",
        );
    }
    if is_on("CORS_ALLOW_PRIVATE_NETWORK") {
        tell(
            "CORS_ALLOW_PRIVATE_NETWORK",
            "munjigi has no such setting: a page of the public web reaches no server of a private network.",
        );
    }
    let text_of = |name: &str| report.setting(name).and_then(Value::as_str).unwrap_or_default();
    if !["", "^.*$"].contains(&text_of("CORS_URLS_REGEX")) {
        tell(
            "CORS_URLS_REGEX",
            "munjigi answers other origins on all of its routes.",
        );
    }
    if !text_of("EMAIL_SSL_CERTFILE").is_empty() {
        tell(
            "EMAIL_SSL_CERTFILE",
            "munjigi shows the mail server no certificate. It signs in there with EMAIL_HOST_USER.",
        );
    }
    if !text.is_empty() {
        text.insert_str(0, "\n# ---- Without a counterpart ----\n");
    }
    text
}
