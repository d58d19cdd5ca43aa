//! `fixtures/deviations.toml`: where munjigi answers otherwise, on purpose.

use std::collections::BTreeSet;

/// The identifiers of the vectors of one file that are to differ. Each must be met.
pub(crate) struct Deviations {
    file: &'static str,
    expected: BTreeSet<String>,
}

impl Deviations {
    pub(crate) fn of(file: &'static str) -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/deviations.toml");
        let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let entries = table
            .get("deviation")
            .and_then(toml::Value::as_array)
            .cloned()
            .unwrap_or_default();
        let field = |entry: &toml::Value, key| entry[key].as_str().unwrap().to_owned();
        let ours = entries.iter().filter(|entry| field(entry, "vectors") == file);
        Self {
            file,
            expected: ours.map(|entry| field(entry, "id")).collect(),
        }
    }

    /// The vector differs.
    pub(crate) fn meet(&mut self, id: &str) {
        assert!(
            self.expected.remove(id),
            "{id} of {} differs and does not stand in deviations.toml",
            self.file
        );
    }

    pub(crate) fn all_met(self) {
        assert!(
            self.expected.is_empty(),
            "stand in deviations.toml but do not differ: {:?}",
            self.expected
        );
    }
}
