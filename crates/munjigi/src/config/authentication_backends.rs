//! `AUTHENTICATION_BACKENDS` of Django 5.2 (`conf/global_settings.py`): under which names sessions are written and taken.
//!
//! munjigi runs none of them. It signs in as `ModelBackend` does, and a project's own class that does no more may be named.

use super::Error;
use super::kind::FromText;
use super::setting::{Section, Setting};
use super::written::Settings;

/// Under its name munjigi opens sessions, unless it is told of another.
pub(crate) const MODEL_BACKEND: &str = "django.contrib.auth.backends.ModelBackend";

const BACKENDS: Setting<Vec<Backend>> = Setting::upstream(
    "AUTHENTICATION_BACKENDS",
    "[\"django.contrib.auth.backends.ModelBackend\"]",
    "Of the project's backends those that sign in as ModelBackend does: by the user's password, and `get_user` is the \
     active user with that key. The first stands in sessions that munjigi opens, and must be in settings.py; sessions that \
     Django opened under any of them are taken. None of them is run.",
);

pub(super) const SECTION: Section = Section {
    title: "Authentication backends",
    upstream: "Django 5.2",
    intro: "Django takes a session only under a backend that its settings name, and so does munjigi.",
    settings: &[&BACKENDS.about],
};

/// Reads `AUTHENTICATION_BACKENDS`.
pub(super) fn resolve(settings: Settings<'_>) -> Result<Vec<String>, Error> {
    let backends = settings.read(&BACKENDS)?;
    if backends.is_empty() {
        return Err(Error::Contradiction(
            "AUTHENTICATION_BACKENDS names no backend, and Django would take no session. Write \
             [\"django.contrib.auth.backends.ModelBackend\"], or the project's own."
                .to_owned(),
        ));
    }
    Ok(backends.into_iter().map(|backend| backend.0).collect())
}

/// The path of a class.
#[derive(PartialEq)]
struct Backend(String);

impl FromText for Backend {
    const WANTED: &'static str = "the path of a class such as \"django.contrib.auth.backends.ModelBackend\"";
    const WANTED_LIST: &'static str =
        "a list of paths, such as [\"django.contrib.auth.backends.ModelBackend\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_name = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let class = text.rsplit_once('.').map(|(_, class)| class);
        let refused = match class {
            _ if !text.split('.').all(is_name) => "is no path of a class",
            None => "is no path of a class",
            Some("AllowAllUsersModelBackend") => "lets inactive users in, and munjigi does not",
            Some("RemoteUserBackend" | "AllowAllUsersRemoteUserBackend") => {
                "believes a header that says who somebody is, and munjigi asks for his password"
            }
            Some(_) => return Ok(Self(text.to_owned())),
        };
        Err(format!(
            "names \"{text}\", which {refused}. Leave it out, and write those that sign in as \
             django.contrib.auth.backends.ModelBackend does."
        ))
    }
}
