//! The one table of settings: what is a setting, and what somebody may have meant who wrote what is none.

use super::setting::{About, Section};
use super::written::{Origin, Written};
use super::{
    Error, auth_cookie, authentication_backends, claims, cors, csrf, database, hashing, headers, hosts,
    jwt_auth, languages, mail, password_reset, passwords, rest_framework, routes, secrets, server, session,
    session_engine, session_records, simple_jwt, users,
};
use toml::Value;

/// Every setting, in the order of the reference page. Those of a table come after those of none, as in a file.
pub(crate) const SECTIONS: &[Section] = &[
    secrets::SECTION,
    database::SECTION,
    server::SECTION,
    hosts::SECTION,
    cors::SECTION,
    authentication_backends::SECTION,
    session::SECTION,
    session_records::SECTION,
    csrf::SECTION,
    headers::SECTION,
    passwords::SECTION,
    hashing::SECTION,
    password_reset::SECTION,
    mail::SECTION,
    languages::SECTION,
    users::SECTION,
    session_engine::CACHE_SECTION,
    simple_jwt::SECTION,
    auth_cookie::SECTION,
    claims::SECTION,
    simple_jwt::PYTHON_SECTION,
    jwt_auth::SECTION,
    rest_framework::SECTION,
    routes::SECTION,
    passwords::COSTS_SECTION,
];

/// Every setting.
pub(crate) fn all() -> impl Iterator<Item = &'static About> {
    SECTIONS
        .iter()
        .flat_map(|section| section.settings.iter().copied())
}

/// Whose default it is that a setting has upstream: "simplejwt 5.5.1".
pub(crate) fn upstream_of(about: &About) -> &'static str {
    let section = SECTIONS
        .iter()
        .find(|section| section.settings.iter().any(|other| other.name == about.name));
    section.map_or("upstream", |section| section.upstream)
}

/// The setting of this name.
pub(crate) fn find(name: &str) -> Option<&'static About> {
    all().find(|about| about.name == name)
}

/// Writes a setting over what was there, where there is one of this name and type. A table is taken apart.
///
/// # Errors
/// A name that no setting has, and a value of the wrong type.
pub(super) fn write(written: &mut Written, name: &str, value: Value, origin: &Origin) -> Result<(), Error> {
    if let Some(about) = find(name) {
        about.check(&value, &origin.to_string())?;
        written.put(about.name, value, origin);
        return Ok(());
    }
    if is_open(name) {
        written.put(name, value, origin);
        return Ok(());
    }
    match value {
        Value::Table(inner) if is_table(name) => inner
            .into_iter()
            .try_for_each(|(key, value)| write(written, &format!("{name}.{key}"), value, origin)),
        _ => Err(unknown(name, &origin.to_string())),
    }
}

/// Whether the name is one of those that only the user knows: `user.fields.age.type`, `user.columns.email`,
/// `SIMPLE_JWT_CLAIMS.roles`.
pub(crate) fn is_open(name: &str) -> bool {
    if let Some(field) = name.strip_prefix(users::COLUMNS) {
        return field.strip_prefix('.').is_some_and(|field| !field.contains('.'));
    }
    if let Some(rest) = name.strip_prefix(claims::TABLE) {
        return rest.starts_with('.');
    }
    let key = name
        .strip_prefix("user.fields.")
        .and_then(|rest| rest.split_once('.'));
    key.is_some_and(|(_, key)| users::FIELD_KEYS.contains(&key))
}

/// Whether settings stand in a table of this name.
pub(crate) fn is_table(name: &str) -> bool {
    let is_field = name
        .strip_prefix("user.fields.")
        .is_some_and(|field| !field.contains('.'));
    let is_above = |about: &About| {
        about
            .name
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    ["user.fields", users::COLUMNS, claims::TABLE].contains(&name) || is_field || all().any(is_above)
}

/// The error for a name that no setting has.
pub(crate) fn unknown(name: &str, origin: &str) -> Error {
    Error::Unknown {
        name: name.to_owned(),
        origin: origin.to_owned(),
        hint: hint(name),
    }
}

/// What somebody may have meant who wrote this name, as a sentence.
pub(crate) fn hint(name: &str) -> String {
    if let Some(successor) = simple_jwt::successor(name) {
        return successor.to_owned();
    }
    let (table, key) = name
        .rsplit_once('.')
        .map_or((None, name), |(table, key)| (Some(table), key));
    if let Some(about) = all().find(|about| about.key() == key) {
        return match about.table() {
            Some(table) => format!("{key} stands in the table [{table}]."),
            None => format!("{key} stands in no table: write it above the first [table] of the file."),
        };
    }
    if find(name).is_none() && is_table(name) {
        return format!("It is a table: write [{name}] and its settings below.");
    }
    if table == Some("REST_FRAMEWORK") {
        return "Of REST_FRAMEWORK, munjigi reads DEFAULT_AUTHENTICATION_CLASSES.".to_owned();
    }
    if name.starts_with("CACHES.") {
        return "Of a cache, munjigi reads BACKEND, LOCATION (with the password in it), KEY_PREFIX and VERSION, in \
                [CACHES.default]."
            .to_owned();
    }
    if name.starts_with("user.fields.") {
        return format!("A field has {}.", users::FIELD_KEYS.join(", "));
    }
    // Within one table, what it is called tells nothing.
    let similarity = |about: &About| {
        let (one, other) = if about.table() == table {
            (about.key(), key)
        } else {
            (about.name, name)
        };
        strsim::jaro_winkler(&one.to_lowercase(), &other.to_lowercase())
    };
    let nearest = all()
        .map(|about| (similarity(about), about.name))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match nearest {
        Some((similarity, nearest)) if similarity > 0.85 => format!("Did you mean {nearest}?"),
        _ => "`munjigi config example` lists all settings.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_stands_once_and_every_default_is_of_its_type() {
        let mut names = BTreeSet::new();
        for about in all() {
            assert!(
                names.insert(about.name.to_lowercase()),
                "{} stands twice",
                about.name
            );
            for text in [Some(about.default), about.dev].into_iter().flatten() {
                let value = text.parse().unwrap_or_else(|_| panic!("{}: {text}", about.name));
                about.check(&value, "the table").unwrap();
            }
            assert!(
                about.upstream.is_none_or(|text| text.parse::<Value>().is_ok()),
                "{}",
                about.name
            );
            assert!(
                about.meaning.ends_with(['.', ':']),
                "{}: a meaning is a sentence",
                about.name
            );
        }
    }

    #[test]
    fn no_setting_looks_like_a_variable_of_kubernetes() {
        for about in all() {
            let variable = about.variable();
            assert!(
                !crate::config::env::is_injected(&variable, "25".as_ref()),
                "{variable}"
            );
        }
    }

    #[test]
    fn the_nearest_name_is_told() {
        assert_eq!(
            hint("SIMPLE_JWT.ACCES_TOKEN_LIFETIME"),
            "Did you mean SIMPLE_JWT.ACCESS_TOKEN_LIFETIME?"
        );
        assert_eq!(
            hint("SESSION_COOKIE_SECUR"),
            "Did you mean SESSION_COOKIE_SECURE?"
        );
        assert_eq!(
            hint("ACCESS_TOKEN_LIFETIME"),
            "ACCESS_TOKEN_LIFETIME stands in the table [SIMPLE_JWT]."
        );
        assert!(hint("SIMPLE_JWT.BIND").contains("above the first [table]"));
        assert!(hint("SIMPLE_JWT").contains("write [SIMPLE_JWT]"));
        assert_eq!(hint("WHATEVER"), "`munjigi config example` lists all settings.");
    }
}
