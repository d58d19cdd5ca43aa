//! `PASSWORD_HASHERS` with what each costs, and `AUTH_PASSWORD_VALIDATORS`.
//!
//! The costs are those that the project's hashers have as objects, and are written whatever munjigi's default is: two
//! systems with different numbers store each other's rows anew at every sign-in.

use super::report::{Hasher, PasswordValidator, Report};
use super::settings::{Want, Wanted};
use super::values;
use crate::config::convert::Python;
use serde_json::json;

/// Where Django's hashers stand.
const HASHERS: &str = "django.contrib.auth.hashers.";

/// Django's hashers and what munjigi calls their costs.
const TABLES: [(&str, &str); 6] = [
    ("PBKDF2PasswordHasher", "pbkdf2_sha256"),
    ("PBKDF2SHA1PasswordHasher", "pbkdf2_sha1"),
    ("Argon2PasswordHasher", "argon2"),
    ("BCryptSHA256PasswordHasher", "bcrypt_sha256"),
    ("BCryptPasswordHasher", "bcrypt"),
    ("ScryptPasswordHasher", "scrypt"),
];

/// Hashers that Django removed in 5.1; a project of 4.2 may have them.
pub(super) const LEGACY: [&str; 3] = [
    "SHA1PasswordHasher",
    "UnsaltedSHA1PasswordHasher",
    "UnsaltedMD5PasswordHasher",
];

pub(super) fn wanted(report: &Report) -> Wanted {
    let mut wanted = Wanted::new();
    let known: Vec<_> = report.hashers.iter().filter_map(known).collect();
    let mut names: Vec<&str> = Vec::new();
    for (hasher, class) in &known {
        if names.contains(class) || LEGACY.contains(class) {
            continue;
        }
        names.push(class);
        let table = TABLES.iter().find(|(name, _)| name == class);
        for (cost, number) in table.iter().flat_map(|_| &hasher.costs) {
            let (name, number) = (
                format!("hashers.{}.{cost}", table.map_or("", |(_, table)| table)),
                i64::try_from(*number).unwrap_or(i64::MAX),
            );
            wanted.insert(name, Want::pinned(Python::Int(number)));
        }
    }
    if known.iter().any(|(_, class)| LEGACY.contains(class)) {
        wanted.insert("VERIFY_LEGACY_PASSWORDS".to_owned(), Want::of(Python::Bool(true)));
    }
    let paths = names
        .iter()
        .map(|class| Python::Text(format!("{HASHERS}{class}")));
    let mut want = Want::of(Python::Sequence(paths.collect()));
    let foreign: Vec<_> = foreign(report).map(|hasher| hasher.path.as_str()).collect();
    if !foreign.is_empty() {
        want = want.told(format!("Without {}, which munjigi has not.", foreign.join(", ")));
    }
    wanted.insert("PASSWORD_HASHERS".to_owned(), want);
    wanted.insert(
        "AUTH_PASSWORD_VALIDATORS".to_owned(),
        validators(&report.validators),
    );
    // A serializer of Django REST framework's cuts the spaces at the ends of a password off.
    if report.rest_framework.is_some() {
        wanted.insert("TRIM_PASSWORDS".to_owned(), Want::of(Python::Bool(true)));
    }
    wanted
}

/// The hashers whose rows munjigi cannot verify, or not as the project does.
pub(super) fn foreign(report: &Report) -> impl Iterator<Item = &Hasher> {
    report.hashers.iter().filter(|hasher| known(hasher).is_none())
}

/// The validators that are no plain ones of Django's.
pub(super) fn foreign_validators(report: &Report) -> impl Iterator<Item = &PasswordValidator> {
    let is_foreign =
        |validator: &&PasswordValidator| validator.base.is_none() || !validator.differences.is_empty();
    report.validators.iter().filter(is_foreign)
}

/// The hasher with the class of Django's that it is, whatever it costs; none where the project changed what it does.
pub(super) fn known(hasher: &Hasher) -> Option<(&Hasher, &str)> {
    let class = hasher.base.as_deref()?.strip_prefix(HASHERS)?;
    let is_ours = LEGACY.contains(&class)
        || class == "MD5PasswordHasher"
        || TABLES.iter().any(|(name, _)| *name == class);
    (is_ours && hasher.differences.is_empty()).then_some((hasher, class))
}

/// Django's, with their options.
fn validators(written: &[PasswordValidator]) -> Want {
    let entry = |validator: &PasswordValidator| {
        let base = validator
            .base
            .as_ref()
            .filter(|_| validator.differences.is_empty())?;
        let mut options = validator.options.as_object().cloned().unwrap_or_default();
        // Django's own list of common passwords is the one that is here.
        options.remove("password_list_path");
        if let Some(similarity) = options.get_mut("max_similarity") {
            // A whole number is one with a point here.
            *similarity = json!(similarity.as_f64());
        }
        let entry = if options.is_empty() {
            json!({ "NAME": base })
        } else {
            json!({ "NAME": base, "OPTIONS": options })
        };
        Some(values::python(&entry))
    };
    match written.iter().filter_map(entry).collect() {
        Ok(entries) => Want::of(Python::Sequence(entries)),
        Err(what) => Want::refused(format!(
            "the project has {what} among the options, which cannot be written here."
        )),
    }
}
