//! How many passwords this machine hashes in a second, measured.
//!
//! A stretch of PBKDF2 is not run to its end for that: the time of some slices tells the rest.

use crate::pool::{Kernels, give_way};
use crate::{Password, PasswordHasher, Pbkdf2Sha256};
use munjigi_lanes::Derivation;
use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

/// Iterations between two looks at the clock.
const SLICE: u32 = 2048;

/// Hashes in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// With one password at a time, on one thread.
    pub alone: f64,
    /// With all lanes of all threads full; of what does not run in lanes, with one password on each thread.
    pub full: f64,
}

/// Measures a hasher for `time` alone and as long again in full, or for one hash each where that takes longer. What measures
/// gives way to others as the pool's threads do, so that a server beside it does not suffer.
pub fn speed(hasher: &dyn PasswordHasher, kernels: Kernels, threads: NonZeroUsize, time: Duration) -> Speed {
    let rate = |passwords| {
        // Where the system does not allow it, the figures are as good.
        drop(give_way());
        match hasher.in_lanes() {
            Some(pbkdf2) => in_lanes(pbkdf2, kernels, passwords, time),
            None => whole(hasher, time),
        }
    };
    let of_all = |threads: usize, passwords| {
        thread::scope(|scope| {
            let start = |_| scope.spawn(move || rate(passwords));
            let started: Vec<_> = (0..threads).map(start).collect();
            // A hasher that panics here has made no hashes.
            let rates = started.into_iter().map(|thread| thread.join().unwrap_or(0.0));
            rates.sum()
        })
    };
    Speed {
        alone: of_all(1, 1),
        full: of_all(threads.get(), kernels.lanes()),
    }
}

fn in_lanes(pbkdf2: &Pbkdf2Sha256, kernels: Kernels, passwords: usize, time: Duration) -> f64 {
    let secret = Password::from("correct horse battery staple".to_owned());
    let iterations = pbkdf2.most_iterations(None);
    let begin = || -> Vec<Derivation> { (0..passwords).map(|_| pbkdf2.spending(&secret)).collect() };
    let (mut batch, mut run) = (begin(), 0.0);
    let started = Instant::now();
    loop {
        // Those that are done have run less; a cost of so little is not what is measured here.
        kernels.advance(&mut batch, SLICE);
        run += f64::from(SLICE.min(iterations));
        if batch.iter().all(Derivation::is_done) {
            batch = begin();
        }
        let elapsed = started.elapsed();
        if elapsed >= time {
            let beside = u32::try_from(passwords).map_or(f64::MAX, f64::from);
            return beside * run / elapsed.as_secs_f64() / f64::from(iterations);
        }
    }
}

fn whole(hasher: &dyn PasswordHasher, time: Duration) -> f64 {
    let password = Password::from("correct horse battery staple".to_owned());
    let mut done = 0.0;
    let started = Instant::now();
    loop {
        hasher.spend(&password);
        done += 1.0;
        let elapsed = started.elapsed();
        if elapsed >= time {
            return done / elapsed.as_secs_f64();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, Costs};

    fn measured(algorithm: Algorithm, costs: &Costs) -> Speed {
        let hasher = algorithm.hasher(costs).unwrap();
        let time = Duration::from_millis(20);
        speed(hasher.as_ref(), Kernels::detect(), NonZeroUsize::MIN, time)
    }

    #[test]
    fn a_hundredth_of_the_iterations_is_many_times_as_fast() {
        let mut costs = Costs::default();
        let dear = measured(Algorithm::Pbkdf2Sha256, &costs);
        costs.pbkdf2_sha256.iterations = 10_000;
        let cheap = measured(Algorithm::Pbkdf2Sha256, &costs);
        assert!(cheap.alone > 10.0 * dear.alone, "{cheap:?} {dear:?}");
        assert!(cheap.full > 10.0 * dear.full, "{cheap:?} {dear:?}");
    }

    #[test]
    fn what_runs_whole_is_measured_too() {
        let mut costs = Costs::default();
        costs.bcrypt.rounds = 4;
        let speed = measured(Algorithm::Bcrypt, &costs);
        assert!(speed.alone > 1.0 && speed.full > 1.0, "{speed:?}");
    }
}
