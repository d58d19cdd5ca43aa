//! The one place that reads the wall clock and draws randomness. Everything below takes `now` and `rng` as
//! arguments, so that a test fixes both and a run can be replayed.

use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The wall clock: the system's, or one that a test moves by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn fixed(start: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.as_microsecond()))))
    }

    /// The time now, to the microsecond: what Django stores.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that reads the wall clock"
    )]
    pub fn now(&self) -> Timestamp {
        let micros = match &self.0 {
            Some(fixed) => fixed.load(Ordering::Relaxed),
            None => Timestamp::now().as_microsecond(),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    /// Moves a fixed clock; `seconds` may be negative. The system's clock is not ours to move: nothing happens.
    pub fn advance(&self, seconds: i64) {
        if let Some(fixed) = &self.0 {
            fixed.fetch_add(seconds.saturating_mul(1_000_000), Ordering::Relaxed);
        }
    }
}

/// The operating system's randomness. A machine that has none stops the process: no id is better than a weak id.
pub type Entropy = rand_core::UnwrapErr<getrandom::SysRng>;

/// The source of every salt, key and token id of the server.
pub fn entropy() -> Entropy {
    rand_core::UnwrapErr(getrandom::SysRng)
}
