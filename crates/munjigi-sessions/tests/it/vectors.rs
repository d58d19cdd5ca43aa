//! The golden data, and the list of where we differ on purpose.

use std::{collections::HashSet, fs};

use munjigi_signing::{SecretKey, SecretKeys};
use serde_json::Value;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures");

/// The vectors of one kind in a file.
pub(crate) fn of_kind(file: &str, kind: &str) -> Vec<Value> {
    let text = fs::read_to_string(format!("{FIXTURES}/vectors/{file}")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let vectors = file["vectors"].as_array().unwrap().iter();
    vectors.filter(|vector| vector["kind"] == kind).cloned().collect()
}

/// The ids of the vectors in a file that `deviations.toml` says we answer otherwise.
pub(crate) fn deviations(file: &str) -> HashSet<String> {
    let text = fs::read_to_string(format!("{FIXTURES}/deviations.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let all = table
        .get("deviation")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten();
    all.filter(|entry| entry["vectors"].as_str() == Some(file))
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member]
        .as_str()
        .unwrap_or_else(|| panic!("{member} of {vector}"))
}

/// `secret` and, where there are, `fallbacks`.
pub(crate) fn keys(vector: &Value) -> SecretKeys {
    let fallbacks = vector["fallbacks"].as_array().into_iter().flatten();
    let fallbacks = fallbacks
        .map(|key| SecretKey::new(key.as_str().unwrap()))
        .collect();
    SecretKeys::new(SecretKey::new(text(vector, "secret")), fallbacks)
}
