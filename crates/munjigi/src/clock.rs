//! The one place that reads the wall clock and draws randomness. Everything below takes `now` and `rng` as
//! arguments, so that a test fixes both and a run can be replayed.
//!
//! The system's clock does not run backwards: `docs/decisions/0017` has the reasons. `datetime.now()` of Python does, and
//! with it every expiry of Django's.

use jiff::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

/// The time: the system's, or one that a test moves by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock, the same for the whole process. It follows the wall clock forwards at once. Where the wall
    /// clock is put back it goes on, by a two-thousandth slower, until the wall clock has caught up.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn fixed(start: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.as_microsecond()))))
    }

    /// The time now, to the microsecond: what Django stores.
    pub fn now(&self) -> Timestamp {
        let micros = match &self.0 {
            Some(fixed) => fixed.load(Relaxed),
            None => SYSTEM.now(),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    /// Moves a fixed clock; `seconds` may be negative. The system's clock is not ours to move: nothing happens.
    pub fn advance(&self, seconds: i64) {
        if let Some(fixed) = &self.0 {
            fixed.fetch_add(seconds.saturating_mul(1_000_000), Relaxed);
        }
    }
}

/// The operating system's randomness. A machine that has none stops the process: no id is better than a weak id.
pub type Entropy = rand_core::UnwrapErr<getrandom::SysRng>;

/// The source of every salt, key and token id of the server.
pub fn entropy() -> Entropy {
    rand_core::UnwrapErr(getrandom::SysRng)
}

/// One for all, so that two parts of a process never disagree.
static SYSTEM: LazyLock<Steady<Machine>> = LazyLock::new(|| {
    Steady::new(Machine {
        started: Instant::now(),
    })
});

/// One microsecond in so many is how much slower we go than the monotonic clock while we wait for the wall clock. It is the
/// most by which NTP lets a kernel's own clock run wrong.
const SLOWER: i64 = 2_000;

/// By how many microseconds the wall clock must have been put back to be worth a line in the log.
const NOTED: i64 = 100_000;

/// Where time comes from, in microseconds.
trait Times {
    /// Since 1970, as whoever sets the clock will have it.
    fn wall(&self) -> i64;

    /// Since some moment, and never put back.
    fn monotonic(&self) -> i64;
}

struct Machine {
    started: Instant,
}

impl Times for Machine {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that reads the wall clock"
    )]
    fn wall(&self) -> i64 {
        Timestamp::now().as_microsecond()
    }

    fn monotonic(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

/// A clock that never gives less than it gave before. It takes no lock.
struct Steady<T> {
    times: T,
    /// The most by which the wall clock was ever ahead of [`paced`] time. That goes slower than the wall clock does, so it
    /// grows all the while, until the wall clock is put back.
    lead: AtomicI64,
    /// By how much we are ahead of the wall clock, as the log was told; 0 where we follow it.
    told: AtomicI64,
}

impl<T: Times> Steady<T> {
    fn new(times: T) -> Self {
        Self {
            times,
            lead: AtomicI64::new(i64::MIN),
            told: AtomicI64::new(0),
        }
    }

    fn now(&self) -> i64 {
        let wall = self.times.wall();
        // Read after the wall clock: a thread that is held up in between sees too small a lead, never too large a one.
        let paced = paced(self.times.monotonic());
        let lead = wall.saturating_sub(paced);
        let lead = self.lead.fetch_max(lead, Relaxed).max(lead);
        let now = paced.saturating_add(lead);
        if now.saturating_sub(wall) > NOTED || self.told.load(Relaxed) != 0 {
            self.note(now);
        }
        now
    }

    /// Tells the log once that the wall clock was put back, and once that it has caught up.
    #[cold]
    fn note(&self, now: i64) {
        // Read again, for the thread may have been held up between the two clocks.
        let ahead = now.saturating_sub(self.times.wall());
        let ahead = if ahead > NOTED { ahead } else { 0 };
        let told = self.told.swap(ahead, Relaxed);
        let back = ahead.saturating_sub(told);
        if back > NOTED {
            tracing::warn!(
                back_by = %seconds(back),
                ahead_by = %seconds(ahead),
                "the wall clock was put back; time goes on here from where it was, and tokens made here are ahead of \
                 other servers until the wall clock has caught up or munjigi is started again"
            );
        } else if ahead == 0 && told != 0 {
            tracing::info!("the wall clock has caught up and is followed again");
        }
    }
}

/// Monotonic time, a little slower.
fn paced(monotonic: i64) -> i64 {
    monotonic - monotonic / SLOWER
}

fn seconds(micros: i64) -> String {
    format!("{}.{} s", micros / 1_000_000, micros / 100_000 % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3_600 * SECOND;
    const START: i64 = 1_767_225_600 * SECOND;

    /// A machine whose two clocks are moved by hand.
    struct Bench {
        wall: AtomicI64,
        monotonic: AtomicI64,
    }

    impl Times for Bench {
        fn wall(&self) -> i64 {
            self.wall.load(Relaxed)
        }

        fn monotonic(&self) -> i64 {
            self.monotonic.load(Relaxed)
        }
    }

    impl Steady<Bench> {
        fn on_a_bench() -> Self {
            let clock = Self::new(Bench {
                wall: AtomicI64::new(START),
                monotonic: AtomicI64::new(77),
            });
            assert_eq!(clock.now(), START);
            clock
        }

        /// Lets time pass.
        fn pass(&self, micros: i64) -> i64 {
            self.times.monotonic.fetch_add(micros, Relaxed);
            self.times.wall.fetch_add(micros, Relaxed);
            self.now()
        }

        /// Sets the wall clock.
        fn step(&self, micros: i64) -> i64 {
            self.times.wall.fetch_add(micros, Relaxed);
            self.now()
        }

        fn told(&self) -> i64 {
            self.told.load(Relaxed)
        }
    }

    #[test]
    fn it_is_the_wall_clock_while_that_goes_forwards() {
        let clock = Steady::on_a_bench();
        for micros in [0, 1, 1_999, 2_000, 2_001, SECOND, HOUR, 400 * 24 * HOUR] {
            let now = clock.pass(micros);
            assert_eq!(now, clock.times.wall(), "after {micros} µs");
        }
    }

    #[test]
    fn a_wall_clock_that_steps_forward_is_followed() {
        let clock = Steady::on_a_bench();
        assert_eq!(clock.step(24 * HOUR), START + 24 * HOUR);
        assert_eq!(clock.pass(SECOND), START + 24 * HOUR + SECOND);
        assert_eq!(clock.told(), 0);
    }

    #[test]
    fn after_a_step_back_ten_seconds_stay_ten_seconds() {
        for step in [SECOND, 5 * SECOND, HOUR, 400 * 24 * HOUR] {
            let clock = Steady::on_a_bench();
            assert_eq!(clock.step(-step), START, "it does not stand below where it was");
            let window = clock.pass(10 * SECOND) - START;
            assert!((9_995_000..=10 * SECOND).contains(&window), "{window}");
        }
    }

    #[test]
    fn the_time_that_passed_unseen_before_a_step_back_is_counted() {
        let clock = Steady::on_a_bench();
        clock.times.monotonic.fetch_add(HOUR, Relaxed);
        assert_eq!(clock.now(), START + HOUR - HOUR / SLOWER);
    }

    #[test]
    fn a_step_back_is_worked_off_and_then_the_wall_clock_is_followed_again() {
        let clock = Steady::on_a_bench();
        clock.step(-5 * SECOND);
        let before = clock.pass(9_990 * SECOND);
        assert!(before > clock.times.wall());
        let after = clock.pass(20 * SECOND);
        assert_eq!(after, clock.times.wall());
        assert_eq!(clock.told(), 0);
    }

    #[test]
    fn a_wall_clock_that_was_put_back_and_is_put_right_is_followed_at_once() {
        let clock = Steady::on_a_bench();
        clock.step(-HOUR);
        clock.pass(SECOND);
        assert_eq!(clock.step(HOUR), START + SECOND);
        assert_eq!(clock.pass(SECOND), clock.times.wall());
    }

    #[test]
    fn it_says_how_far_the_clock_was_put_back_once_for_each_step() {
        let clock = Steady::on_a_bench();
        clock.step(-NOTED);
        assert_eq!(clock.told(), 0, "too little to speak of");
        clock.step(NOTED);
        clock.step(-5 * SECOND);
        assert_eq!(clock.told(), 5 * SECOND);
        clock.pass(1_000 * SECOND);
        let left = clock.told();
        assert!(
            (4 * SECOND..5 * SECOND).contains(&left),
            "it is followed down: {left}"
        );
        clock.step(-SECOND);
        assert_eq!(clock.told(), left + SECOND);
        assert_eq!(seconds(left + SECOND), "5.5 s");
    }

    #[test]
    fn a_thread_that_is_held_up_between_the_clocks_leads_nobody_ahead() {
        /// Between its first reading of the wall clock and that of the other, three seconds pass.
        struct HeldUp(AtomicI64);
        impl Times for HeldUp {
            fn wall(&self) -> i64 {
                START + self.0.load(Relaxed)
            }
            fn monotonic(&self) -> i64 {
                self.0.fetch_add(3 * SECOND, Relaxed) + 3 * SECOND
            }
        }
        let clock = Steady::new(HeldUp(AtomicI64::new(0)));
        for _ in 0..3 {
            assert!(clock.now() <= clock.times.wall());
            assert_eq!(clock.told.load(Relaxed), 0, "nor does it cry");
        }
    }

    #[test]
    fn no_thread_sees_it_run_backwards_while_the_wall_clock_is_thrown_about() {
        let clock = Steady::on_a_bench();
        let latest = AtomicI64::new(0);
        thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..20_000 {
                        let known = latest.load(Relaxed);
                        let now = clock.now();
                        assert!(now >= known, "{now} after {known}");
                        latest.fetch_max(now, Relaxed);
                    }
                });
            }
            for round in 0..2_000 {
                clock.times.monotonic.fetch_add(500, Relaxed);
                let step = [SECOND, -2 * SECOND, 0, HOUR, -HOUR, SECOND][round % 6];
                clock.times.wall.fetch_add(step, Relaxed);
            }
        });
    }

    #[test]
    fn the_clock_of_a_test_may_be_put_back() {
        let clock = Clock::fixed(Timestamp::from_microsecond(START).unwrap());
        clock.advance(-5);
        assert_eq!(clock.now().as_microsecond(), START - 5 * SECOND);
    }

    #[test]
    fn the_systems_clock_is_the_wall_clock() {
        let wall = Machine {
            started: Instant::now(),
        };
        let before = wall.wall();
        let now = Clock::system().now().as_microsecond();
        // Both clocks are cut to whole microseconds.
        assert!((before..=wall.wall() + 2).contains(&now));
    }
}
