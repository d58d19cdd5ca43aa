//! How fast hashes have been of late, and from that when another one could begin.

use crate::work::Cost;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

/// Over what time the pace of the lanes is told, in seconds. Longer than a hiccup, shorter than a sign-in.
const MEMORY: f64 = 0.25;

/// How many times as long as was expected a measurement counts at most. A machine that stood still for a minute has not become
/// slow; one that has is believed after some thirty rounds.
const MOST: u32 = 16;

/// What a hash that runs whole is taken for before one was measured: Django's costs take a fifth to a quarter of a second.
const UNMEASURED: Duration = Duration::from_millis(250);

/// How much a new measurement of such a hash counts against those before.
const WEIGHT: u32 = 4;

/// What hashes take.
pub(super) struct Pace {
    /// Seconds of a thread's time over which the pace of the lanes is told: all of them tell of theirs.
    memory: f64,
    /// Seconds that full lanes ran of late, and iterations that each lane was taken further in them.
    lanes: (f64, f64),
    /// By the number of the hasher.
    whole: Vec<Option<Duration>>,
}

impl Pace {
    pub(super) fn new(threads: NonZeroUsize, hashers: usize) -> Self {
        let threads = u32::try_from(threads.get()).unwrap_or(u32::MAX);
        Self {
            memory: MEMORY * f64::from(threads),
            lanes: (0.0, 0.0),
            whole: vec![None; hashers],
        }
    }

    /// Full lanes were taken so many iterations further in this time.
    pub(super) fn ran_lanes(&mut self, iterations: u32, time: Duration) {
        let expected = self.iterations(iterations);
        let most = if expected.is_zero() {
            Duration::MAX
        } else {
            expected.saturating_mul(MOST)
        };
        let seconds = time.min(most).as_secs_f64();
        let kept = self.memory / (self.memory + seconds);
        let (before, run) = self.lanes;
        self.lanes = (before * kept + seconds, run * kept + f64::from(iterations));
    }

    /// A job of this hasher ran whole, to its end, in this time.
    pub(super) fn ran_whole(&mut self, hasher: usize, time: Duration) {
        if let Some(measured) = self.whole.get_mut(hasher) {
            *measured = Some(match *measured {
                Some(before) => (before * (WEIGHT - 1) + time.min(before * MOST)) / WEIGHT,
                None => time,
            });
        }
    }

    /// What it will take, in full lanes.
    pub(super) fn time(&self, cost: Cost) -> Duration {
        match cost {
            Cost::Iterations(iterations) => self.iterations(iterations),
            Cost::Whole(hasher) => self.whole.get(hasher).copied().flatten().unwrap_or(UNMEASURED),
        }
    }

    fn iterations(&self, iterations: u32) -> Duration {
        let (seconds, run) = self.lanes;
        // Before the first slice nobody knows; a job is taken for nothing then, and admitted.
        let time = if run > 0.0 {
            seconds / run * f64::from(iterations)
        } else {
            0.0
        };
        Duration::try_from_secs_f64(time).unwrap_or(Duration::MAX)
    }
}

/// In what time one more can begin, where so many places serve those who run until then, and before it those who wait; and
/// where so many places are kept free.
pub(super) fn begins_in(
    (places, kept_free): (usize, usize),
    running: impl Iterator<Item = Instant>,
    waiting: impl Iterator<Item = Duration>,
    now: Instant,
) -> Duration {
    let ends = running.map(|end| Reverse(end.saturating_duration_since(now)));
    let mut free: BinaryHeap<Reverse<Duration>> = ends.collect();
    free.extend((free.len()..places).map(|_| Reverse(Duration::ZERO)));
    for _ in 0..kept_free {
        free.pop();
    }
    for time in waiting {
        if let Some(Reverse(begin)) = free.pop() {
            free.push(Reverse(begin.saturating_add(time)));
        }
    }
    free.pop().map_or(Duration::MAX, |Reverse(begin)| begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn one_more_begins_when_a_place_is_free_for_it_after_those_before() {
        let now = Instant::now();
        let begins = |places, running: &[u64], waiting: &[u64]| {
            let running = running.iter().map(|&end| now + ms(end));
            begins_in((places, 0), running, waiting.iter().map(|&time| ms(time)), now)
        };
        assert_eq!(begins(2, &[], &[]), ms(0));
        assert_eq!(begins(2, &[300], &[]), ms(0));
        assert_eq!(begins(2, &[300], &[500]), ms(300));
        assert_eq!(begins(2, &[300, 100], &[]), ms(100));
        assert_eq!(begins(2, &[300, 100], &[500]), ms(300));
        assert_eq!(begins(2, &[300, 100], &[500, 500]), ms(600));
        assert_eq!(begins(2, &[300, 100], &[50, 500]), ms(300));
        // One that runs longer than was expected ends any moment.
        let late = std::iter::once(now);
        let nobody = std::iter::empty();
        assert_eq!(begins_in((1, 0), late, nobody, now + ms(5)), ms(0));
        // One place of three stays free.
        let running = [100, 300].map(|end| now + ms(end));
        let begins = |waiting: &[u64]| {
            let waiting = waiting.iter().map(|&time| ms(time));
            begins_in((3, 1), running.into_iter(), waiting, now)
        };
        assert_eq!(begins(&[]), ms(100));
        assert_eq!(begins(&[500]), ms(300));
    }

    #[test]
    fn the_pace_of_the_lanes_follows_the_last_quarter_of_a_second() {
        let mut pace = Pace::new(NonZeroUsize::MIN, 0);
        assert_eq!(pace.time(Cost::Iterations(1_000_000)), ms(0), "not known yet");
        pace.ran_lanes(1000, ms(1));
        let close = |pace: &Pace, expected: f64| {
            let time = pace.time(Cost::Iterations(1_000_000)).as_secs_f64();
            assert!((time / expected - 1.0).abs() < 0.05, "{time} {expected}");
        };
        close(&pace, 1.0);
        for _ in 0..250 {
            pace.ran_lanes(1000, ms(1));
        }
        close(&pace, 1.0);
        // Neither a hiccup of a tenth of a second nor a night asleep makes it slow.
        for pause in [100, 8 * 3600 * 1000] {
            pace.ran_lanes(1000, ms(pause));
            assert!(pace.time(Cost::Iterations(1_000_000)) < ms(1100));
            for _ in 0..1000 {
                pace.ran_lanes(1000, ms(1));
            }
        }
        // That it has become forty times as slow is half believed after thirty rounds.
        for _ in 0..30 {
            pace.ran_lanes(1000, ms(40));
        }
        let time = pace.time(Cost::Iterations(1_000_000));
        assert!(time > ms(20_000), "{time:?}");
        for _ in 0..1000 {
            pace.ran_lanes(2000, ms(1));
        }
        close(&pace, 0.5);
    }

    #[test]
    fn what_runs_whole_is_measured_by_its_hasher() {
        let mut pace = Pace::new(NonZeroUsize::MIN, 2);
        pace.ran_whole(1, ms(40));
        assert_eq!(pace.time(Cost::Whole(1)), ms(40));
        pace.ran_whole(1, ms(80));
        assert_eq!(pace.time(Cost::Whole(1)), ms(50));
        pace.ran_whole(1, ms(3_600_000));
        assert_eq!(pace.time(Cost::Whole(1)), (ms(150) + ms(800)) / 4);
        assert_eq!(pace.time(Cost::Whole(0)), UNMEASURED);
    }
}
