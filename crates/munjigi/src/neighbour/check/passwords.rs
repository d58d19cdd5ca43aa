//! `PASSWORD_HASHERS`: which one stores, at which cost, and what the other side makes of it.
//!
//! A password is stored anew at a sign-in where its hasher is not the first or its cost another, by either side: with two
//! policies each undoes what the other did, and sessions end with it.

use super::rules::{here, ours};
use super::{Both, Finding, finding, known};
use crate::config::convert::{self, Python};
use crate::config::table;
use crate::neighbour::passwords::{LEGACY, known};
use toml::Value;

/// The least of each cost of a hasher.
type Least = &'static [(&'static str, i64)];

/// Hashers that store, what munjigi calls their costs, and the least of each: OWASP's Password Storage Cheat Sheet.
const STORING: [(&str, &str, Least); 6] = [
    (
        "PBKDF2PasswordHasher",
        "pbkdf2_sha256",
        &[("iterations", 600_000)],
    ),
    (
        "PBKDF2SHA1PasswordHasher",
        "pbkdf2_sha1",
        &[("iterations", 600_000)],
    ),
    (
        "Argon2PasswordHasher",
        "argon2",
        &[("time_cost", 1), ("memory_cost", 7_168), ("parallelism", 1)],
    ),
    ("BCryptSHA256PasswordHasher", "bcrypt_sha256", &[("rounds", 10)]),
    ("BCryptPasswordHasher", "bcrypt", &[("rounds", 10)]),
    (
        "ScryptPasswordHasher",
        "scrypt",
        &[("work_factor", 16_384), ("block_size", 8), ("parallelism", 1)],
    ),
];

pub(super) fn check(both: &Both<'_>) -> Vec<Finding> {
    let Some(about) = table::find("PASSWORD_HASHERS") else {
        return Vec::new();
    };
    let here_are = classes(&ours(about, both));
    let there: Vec<&str> = both
        .report
        .hashers
        .iter()
        .map(|hasher| known(hasher).map_or(hasher.path.as_str(), |(_, class)| class))
        .collect();
    let (Some(our_first), Some(their_first)) = (here_are.first(), there.first()) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let taken_over = both
        .wanted
        .get("PASSWORD_HASHERS")
        .and_then(|want| want.value.as_ref().ok());
    let fix = taken_over
        .and_then(|value| convert::usable(about, value).ok())
        .map_or_else(
            || "Write the same list on both sides.".to_owned(),
            |value| here(about, &value),
        );
    if !there.contains(&our_first.as_str()) {
        findings.push(finding(
            &known::E061,
            format!("PASSWORD_HASHERS begins with {our_first} here, which Django has not: it cannot verify what is stored here."),
            fix,
        ));
    } else if our_first != their_first {
        findings.push(finding(
            &known::W060,
            format!("New passwords are stored by {their_first} in Django and by {our_first} here, and each side stores the other's anew at a sign-in."),
            fix,
        ));
    } else {
        findings.extend(costs(both, our_first));
        let is_verified = |class: &str| {
            class == "MD5PasswordHasher"
                || here_are.iter().any(|ours| ours == class)
                || LEGACY.contains(&class) && verifies_legacy(both)
        };
        let unknown: Vec<&str> = there
            .iter()
            .copied()
            .filter(|class| !is_verified(class))
            .collect();
        if !unknown.is_empty() {
            findings.push(finding(
                &known::W062,
                format!("PASSWORD_HASHERS has {} in Django and not here: whose password is stored so cannot sign in here.", unknown.join(", ")),
                format!("{fix} A hasher of the project's own is not run here: have Django store its rows by another one first."),
            ));
        }
    }
    findings
}

/// Whether rows of the hashers that Django removed are verified here.
fn verifies_legacy(both: &Both<'_>) -> bool {
    table::find("VERIFY_LEGACY_PASSWORDS").is_some_and(|about| ours(about, both) == Value::Boolean(true))
}

/// What the hasher that stores costs on each side.
fn costs(both: &Both<'_>, class_name: &str) -> Option<Finding> {
    let (_, table_name, least) = STORING.iter().find(|(name, ..)| *name == class_name)?;
    let mut low = Vec::new();
    let mut other = Vec::new();
    for (cost, least) in *least {
        let name = format!("hashers.{table_name}.{cost}");
        let (about, want) = (table::find(&name)?, both.wanted.get(&name)?);
        let Ok(Python::Int(theirs)) = want.value else {
            continue;
        };
        if theirs < *least {
            low.push(format!("{cost} = {theirs}, where {least} is the least"));
        }
        let ours = ours(about, both);
        if ours.as_integer() != Some(theirs) {
            other.push((about, theirs, ours));
        }
    }
    if !low.is_empty() {
        return Some(finding(
            &known::W064,
            format!(
                "{class_name} stores passwords in Django at a cost so low that those of a stolen table are soon guessed: {}.",
                low.join("; ")
            ),
            "Leave the costs to Django, or raise them in its hasher; and write the same here.".to_owned(),
        ));
    }
    let (about, theirs, ours) = other.into_iter().next()?;
    Some(finding(
        &known::W063,
        format!(
            "{} is {theirs} in Django and {ours} here, and each side stores the other's passwords anew at a sign-in.",
            about.name
        ),
        here(about, &Value::Integer(theirs)),
    ))
}

fn classes(paths: &Value) -> Vec<String> {
    let paths = paths.as_array().into_iter().flatten();
    paths
        .filter_map(Value::as_str)
        .map(|path| class(path).to_owned())
        .collect()
}

fn class(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, class)| class)
}
