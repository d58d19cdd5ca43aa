//! Whose requests are under way. A verdict is of the moment before Django's; where two requests with one token are under way,
//! one changes what the other finds, and neither can be held against Django's answer. The same holds for the row of a user who
//! signs in twice at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is under way, by name.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<HashMap<String, Vec<Arc<AtomicBool>>>>);

/// A request that is under way.
pub(super) struct Stay<'w> {
    under_way: &'w UnderWay,
    names: Vec<String>,
    is_disturbed: Arc<AtomicBool>,
}

impl UnderWay {
    /// Notes that a request concerns these.
    pub(super) fn enter(&self, names: Vec<String>) -> Stay<'_> {
        let is_disturbed = Arc::new(AtomicBool::new(false));
        let mut under_way = self.locked();
        for name in &names {
            let others = under_way.entry(name.clone()).or_default();
            for other in others.iter() {
                other.store(true, Relaxed);
                is_disturbed.store(true, Relaxed);
            }
            others.push(Arc::clone(&is_disturbed));
        }
        drop(under_way);
        Stay {
            under_way: self,
            names,
            is_disturbed,
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<AtomicBool>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stay<'_> {
    /// Whether another request that concerns the same was under way at the same time.
    pub(super) fn is_disturbed(&self) -> bool {
        self.is_disturbed.load(Relaxed)
    }
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        let mut under_way = self.under_way.locked();
        for name in &self.names {
            let Some(others) = under_way.get_mut(name) else {
                continue;
            };
            others.retain(|other| !Arc::ptr_eq(other, &self.is_disturbed));
            if others.is_empty() {
                under_way.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn two_who_concern_the_same_disturb_each_other_while_both_are_there() {
        let under_way = UnderWay::default();
        let first = under_way.enter(names(&["a", "b"]));
        let other = under_way.enter(names(&["c"]));
        assert!(!first.is_disturbed() && !other.is_disturbed());
        let second = under_way.enter(names(&["b"]));
        assert!(first.is_disturbed() && second.is_disturbed() && !other.is_disturbed());
        drop((first, second));
        assert!(!under_way.enter(names(&["a", "b"])).is_disturbed());
        drop(other);
        assert!(under_way.locked().is_empty());
    }
}
