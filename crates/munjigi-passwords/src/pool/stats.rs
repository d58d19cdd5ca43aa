//! What can be seen of a pool.

use munjigi_lanes::Kernel;
use std::time::Duration;

/// What a [`HashingPool`](super::HashingPool) is doing, and what it has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolStats {
    /// Jobs that wait for a thread.
    pub queued: usize,
    /// Jobs that threads work on.
    pub running: usize,
    /// How many of these are in lanes.
    pub lanes_in_use: usize,
    /// How many lanes there are: those of a full batch, for each thread.
    pub lanes: usize,
    /// What a full batch is run by.
    pub kernel: Kernel,
    /// Jobs that were refused, that made room for others, or that waited too long.
    pub shed: u64,
    /// Jobs that nobody waited for any more.
    pub abandoned: u64,
    /// How long the jobs waited that were begun.
    pub waits: Waits,
}

/// How long jobs waited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// How many waited as long as each of [`Self::BOUNDS`] and longer than the one before it; the last of all, longer.
    counts: [u64; Self::BOUNDS.len() + 1],
    /// How long all of them waited together.
    pub sum: Duration,
}

impl Waits {
    /// In milliseconds.
    pub const BOUNDS: [u64; 9] = [1, 5, 10, 25, 50, 100, 250, 500, 1000];

    pub(super) fn note(&mut self, wait: Duration) {
        let is_within = |bound: &u64| wait <= Duration::from_millis(*bound);
        let at = Self::BOUNDS
            .iter()
            .position(is_within)
            .unwrap_or(Self::BOUNDS.len());
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
        self.sum = self.sum.saturating_add(wait);
    }

    pub(super) fn plus(mut self, others: &Self) -> Self {
        for (count, other) in self.counts.iter_mut().zip(others.counts) {
            *count += other;
        }
        self.sum = self.sum.saturating_add(others.sum);
        self
    }

    /// How many waited.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// For each of [`Self::BOUNDS`], how many waited no longer.
    pub fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> {
        let counts = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        Self::BOUNDS.into_iter().map(Duration::from_millis).zip(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_counted_under_the_bounds_that_it_does_not_pass() {
        let mut waits = Waits::default();
        for ms in [0, 1, 2, 1000, 1001] {
            waits.note(Duration::from_millis(ms));
        }
        let waits = waits.clone().plus(&waits);
        let counts: Vec<u64> = waits.cumulative().map(|(_, count)| count).collect();
        assert_eq!(counts, [4, 6, 6, 6, 6, 6, 6, 6, 8]);
        assert_eq!((waits.count(), waits.sum), (10, Duration::from_millis(4008)));
    }
}
