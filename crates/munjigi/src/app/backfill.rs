//! How far Django's sessions were looked through. Who looks is `accounts::backfill`.

use super::rounds::Rounds;
use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who looks through the whole table at once. One does, for all who ask meanwhile.
#[derive(Default)]
pub struct Backfill {
    pub(crate) rounds: Rounds,
    /// When the last look began that has reached the end.
    looked: Mutex<Option<Timestamp>>,
}

impl Backfill {
    /// When the last whole look began: what Django had written by then is known. `None` where there was none yet.
    pub(crate) fn looked(&self) -> Option<Timestamp> {
        *self.locked()
    }

    /// A look that began then has reached the end.
    pub(crate) fn has_looked(&self, began: Timestamp) {
        let mut looked = self.locked();
        *looked = (*looked).max(Some(began));
    }

    fn locked(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
