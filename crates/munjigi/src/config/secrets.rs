//! `SECRET_KEY` and `SECRET_KEY_FALLBACKS`: which are refused, and which are warned of.

use super::finding::{Finding, Level};
use super::kind::{FromText, OrNone};
use super::setting::{Section, Setting};
use super::written::Settings;
use super::{Error, Mode};
use munjigi_signing::{SecretKey, SecretKeys};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

pub(super) const SECRET_KEY: Setting<Option<Secret>> = Setting::upstream(
    "SECRET_KEY",
    "\"\"",
    "What sessions, CSRF tokens and, unless SIMPLE_JWT.SIGNING_KEY is written, JWTs are signed with: at least 32 random \
     bytes, and the same as in the Django project beside munjigi.",
)
.secret()
.unwritten("`munjigi dev` generates one; `munjigi serve` wants it written");
const FALLBACKS: Setting<Vec<Secret>> = Setting::upstream(
    "SECRET_KEY_FALLBACKS",
    "[]",
    "Former keys, whose sessions are still good, and whose tokens unless SIMPLE_JWT.SIGNING_KEY is written (in simplejwt they \
     are not). Leave each here for as long as a session or a refresh token lives.",
)
.secret();

pub(super) const SECTION: Section = Section {
    title: "Keys",
    upstream: "Django 5.2",
    intro: "Secrets. In the environment each may also be given as a file: `MUNJIGI_SECRET_KEY_FILE=/run/secrets/key`.",
    settings: &[&SECRET_KEY.about, &FALLBACKS.about],
};

/// Keys that stand in documentation, where everybody can read them.
const DOCUMENTED: [&str; 3] = [
    "reference-secret-key-of-at-least-32-bytes",
    "a secret of no fewer than 32 bytes",
    "django-insecure-munjigi-vector-key-0123456789abcdefghijklmnopqrstuvwxyz",
];

/// No key with fewer bytes is taken: RFC 7518, section 3.2, for HS256.
const SHORTEST: usize = 32;

/// A key that is long enough and known to nobody by its looks.
#[derive(PartialEq)]
pub(super) struct Secret(Zeroizing<String>);

impl Secret {
    /// The key, for who derives from it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    fn key(&self) -> SecretKey {
        SecretKey::new(self.0.as_bytes())
    }
}

impl FromText for Secret {
    const WANTED: &'static str = "text";
    const WANTED_LIST: &'static str = "a list of texts";

    fn from_text(text: &str) -> Result<Self, String> {
        const MAKE: &str = "Make one with `openssl rand -base64 48`.";
        if DOCUMENTED.contains(&text) {
            return Err(format!(
                "is an example from the documentation, which everybody knows. {MAKE}"
            ));
        }
        if text.len() < SHORTEST {
            return Err(format!(
                "has {} bytes; a key has at least {SHORTEST}. {MAKE}",
                text.len()
            ));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl OrNone for Secret {
    const WANTED_OR_NONE: &'static str = "text";
}

/// Reads `SECRET_KEY` and its fallbacks.
pub(super) fn resolve(settings: Settings<'_>, findings: &mut Vec<Finding>) -> Result<SecretKeys, Error> {
    let Some(secret) = settings.read(&SECRET_KEY)? else {
        let hint = match settings.mode {
            Mode::Dev => "`munjigi dev` keeps one in its data directory.",
            Mode::Serve => "Make one with `openssl rand -base64 48`, and write it as MUNJIGI_SECRET_KEY.",
        };
        return Err(Error::Missing {
            name: SECRET_KEY.about.name,
            hint,
        });
    };
    let fallbacks = settings.read(&FALLBACKS)?;
    if is_guessable(secret.expose()) {
        findings.push(guessable("security.W009", "SECRET_KEY"));
    }
    if fallbacks.iter().any(|fallback| is_guessable(fallback.expose())) {
        findings.push(guessable("security.W025", "SECRET_KEY_FALLBACKS"));
    }
    Ok(SecretKeys::new(
        secret.key(),
        fallbacks.iter().map(Secret::key).collect(),
    ))
}

/// Django's marks of a key that nobody made with care (`core/checks/security/base.py`, 5.2).
fn is_guessable(key: &str) -> bool {
    key.chars().count() < 50
        || key.chars().collect::<BTreeSet<_>>().len() < 5
        || key.starts_with("django-insecure-")
}

fn guessable(id: &'static str, name: &str) -> Finding {
    Finding {
        id,
        level: Level::Warning,
        message: format!(
            "{name} has fewer than 50 characters, fewer than 5 different ones, or begins with \"django-insecure-\"."
        ),
        hint: "Write a long random text: `openssl rand -base64 48` makes one.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_short_and_documented_keys_are_refused() {
        for key in ["", "short", "0123456789012345678901234567890", DOCUMENTED[0]] {
            assert!(Secret::from_text(key).is_err(), "{key}");
        }
        assert!(Secret::from_text("01234567890123456789012345678901").is_ok());
    }

    #[test]
    fn the_marks_of_w009_are_djangos() {
        assert!(is_guessable(&"ab".repeat(30)));
        assert!(is_guessable(
            "django-insecure-0123456789abcdefghijklmnopqrstuvwxyz-0123456789"
        ));
        assert!(is_guessable("0123456789abcdefghijklmnopqrstuvwxyz"));
        assert!(!is_guessable(
            "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdef"
        ));
    }
}
