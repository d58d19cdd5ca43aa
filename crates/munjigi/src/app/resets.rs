//! What a server remembers of password resets: who waits to be looked up, and who was written to. What is done for them is
//! `accounts::password::reset`.

mod pauses;
mod waiting;

pub(crate) use pauses::Pauses;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use waiting::PLACES;
pub(crate) use waiting::{Asking, Entry, Waiting};

/// Who asked, and who was written to. One for each server.
pub struct Resets {
    pub(crate) waiting: Waiting,
    /// Who is looked up, one at a time.
    pub(crate) turn: Semaphore,
    pub(crate) pauses: Pauses,
}

impl Default for Resets {
    fn default() -> Self {
        Self {
            waiting: Waiting::default(),
            turn: Semaphore::new(1),
            pauses: Pauses::default(),
        }
    }
}

impl Resets {
    /// Waits until nobody waits to be looked up, or until then.
    pub async fn settle(&self, until: Instant) {
        let places = &self.waiting.places;
        if timeout_at(until, places.acquire_many(PLACES)).await.is_err() {
            tracing::error!(target: "munjigi::account", event = "password_reset_dropped", "some who asked were not looked up before the end");
        }
    }
}
