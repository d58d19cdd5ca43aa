//! The names that a settings file gives to values.
//!
//! What they stand for is bounded, for `a = a + a` doubles it.

use super::Python;
use super::arithmetic::{DEEPEST, size};
use std::cell::Cell;
use std::collections::BTreeMap;

/// What names may stand for in a whole file, in values and bytes of text.
const LARGEST: usize = 1_000_000;

/// The names that have a value so far.
pub(super) struct Names {
    values: BTreeMap<String, Python>,
    /// What may still be taken from them.
    left: Cell<usize>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self {
            values: BTreeMap::new(),
            left: Cell::new(LARGEST),
        }
    }

    pub(super) fn insert(&mut self, name: &str, value: &Python) {
        match size(value, DEEPEST).and_then(|size| self.left.get().checked_sub(size)) {
            Some(left) => {
                self.left.set(left);
                self.values.insert(name.to_owned(), value.clone());
            }
            None => {
                self.values.remove(name);
            }
        }
    }

    /// Whether the name stands for something that can be told.
    pub(super) fn is_known(&self, name: &str) -> bool {
        let value = self.values.get(name);
        value.is_some_and(|value| !matches!(value, Python::Unknown(_)))
    }

    pub(super) fn value(&self, name: &str) -> Option<Python> {
        let value = self.values.get(name)?;
        let left = self.left.get().checked_sub(size(value, DEEPEST)?)?;
        self.left.set(left);
        Some(value.clone())
    }
}
