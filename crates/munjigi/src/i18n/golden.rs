//! The golden data of `fixtures/`, for the tests of this crate.

use serde_json::Value;
use std::path::PathBuf;

fn fixtures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures"))
}

/// A JSON file of `fixtures/`, by its path there.
pub(crate) fn read(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixtures().join(name)).unwrap()).unwrap()
}

/// Whether `deviations.toml` says that we differ from the vector `id` of `file` on purpose.
pub(crate) fn deviates(file: &str, id: &str) -> bool {
    let text = std::fs::read_to_string(fixtures().join("deviations.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let deviations = table
        .get("deviation")
        .and_then(|list| list.as_array())
        .cloned()
        .unwrap_or_default();
    deviations.iter().any(|deviation| {
        deviation.get("vectors").and_then(|name| name.as_str()) == Some(file)
            && deviation.get("id").and_then(|name| name.as_str()) == Some(id)
    })
}
