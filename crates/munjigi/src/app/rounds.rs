//! Work that takes everybody further who waits for it: one does it at a time, and who asked before it began shares it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::{Mutex, MutexGuard};

/// How often it was done to its end, and who does it now.
#[derive(Default)]
pub(crate) struct Rounds {
    running: Mutex<()>,
    done: AtomicU64,
}

/// Whose round it is.
pub(crate) struct Turn<'r> {
    rounds: &'r Rounds,
    _one: MutexGuard<'r, ()>,
}

impl Rounds {
    /// Waits for one's turn. `None` where there is no need any more: a round that began after we asked has ended.
    pub(crate) async fn turn(&self) -> Option<Turn<'_>> {
        let before = self.done.load(Relaxed);
        let one = self.running.lock().await;
        // The first that ended meanwhile may have begun before we asked.
        let is_shared = self.done.load(Relaxed) >= before + 2;
        (!is_shared).then_some(Turn {
            rounds: self,
            _one: one,
        })
    }
}

impl Turn<'_> {
    /// The round has reached its end. One that is dropped instead has failed, and counts for nobody.
    pub(crate) fn end(self) {
        self.rounds.done.fetch_add(1, Relaxed);
    }
}
