//! `fixtures/deviations.toml`: where munjigi answers otherwise, on purpose.

use std::collections::BTreeSet;

/// The ids of the vectors of one file that are to differ.
pub(crate) fn of(file: &str) -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/deviations.toml");
    let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let entries = table.get("deviation").and_then(toml::Value::as_array).unwrap();
    let of_file = entries
        .iter()
        .filter(|entry| entry["vectors"].as_str() == Some(file));
    of_file
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect()
}
