//! What one thread has in its lanes. Jobs join and leave between slices.

use super::Asker;
use super::job::{Job, Stretch};
use crate::Hashers;
use munjigi_lanes::{Derivation, Kernels};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Derivations under way, at most as many as there are lanes, and whose they are.
pub(super) struct Batch {
    kernels: Kernels,
    running: Vec<Running>,
}

struct Running {
    stretch: Stretch,
    asker: Asker,
    /// How many iterations may follow after this stretch. Whoever could tell when a lane is free would learn from them
    /// whose row is cheap, and so who exists.
    further: u32,
}

impl AsMut<Derivation> for Running {
    fn as_mut(&mut self) -> &mut Derivation {
        &mut self.stretch.derivation
    }
}

impl Batch {
    pub(super) fn new(kernels: Kernels) -> Self {
        Self {
            kernels,
            running: Vec::with_capacity(kernels.lanes()),
        }
    }

    /// Whose each is, and how many iterations remain to it at most.
    pub(super) fn remaining(&self) -> Vec<(Asker, u32)> {
        let remaining = |running: &Running| {
            let left = running.stretch.derivation.remaining();
            (running.asker, left.saturating_add(running.further))
        };
        self.running.iter().map(remaining).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Whether a slice takes as long as one of full lanes.
    pub(super) fn is_at_full_pace(&self) -> bool {
        let kernel = |lanes| self.kernels.for_lanes(lanes);
        !self.is_empty() && kernel(self.running.len()) == kernel(self.kernels.lanes())
    }

    /// Takes a job in, which is expected to take so many iterations at most.
    pub(super) fn join(&mut self, job: Box<dyn Job>, asker: Asker, iterations: u32, hashers: &Hashers) {
        let stretch = guarded(|| job.begin(hashers));
        self.run(stretch.flatten(), asker, iterations);
    }

    fn run(&mut self, stretch: Option<Stretch>, asker: Asker, iterations: u32) {
        self.running.extend(stretch.map(|stretch| {
            // The first was run when it was made.
            let further = iterations.saturating_sub(stretch.derivation.remaining().saturating_add(1));
            Running {
                stretch,
                asker,
                further,
            }
        }));
    }

    /// Runs a slice, and takes out who is done.
    pub(super) fn advance(&mut self, iterations: u32, hashers: &Hashers) {
        let Self { kernels, running } = self;
        if guarded(|| kernels.advance(running, iterations)).is_none() {
            // A kernel does not panic. If one did, nobody knows how far any of these is.
            let_go(running.drain(..));
        }
        let mut at = 0;
        while let Some(running) = self.running.get(at) {
            if !running.stretch.derivation.is_done() {
                at += 1;
                continue;
            }
            let Running {
                stretch: Stretch { job, derivation },
                asker,
                further,
            } = self.running.swap_remove(at);
            let stretch = guarded(|| match derivation.finish() {
                Ok(key) => job.stretched(hashers, &key),
                Err(derivation) => Some(Stretch { job, derivation }),
            });
            self.run(stretch.flatten(), asker, further);
        }
    }

    /// Takes out those whom nobody waits for. How many there were.
    pub(super) fn leave_unwanted(&mut self) -> usize {
        let is_unwanted = |running: &mut Running| !is_wanted(running.stretch.job.as_ref());
        let unwanted: Vec<_> = self.running.extract_if(.., is_unwanted).collect();
        let left = unwanted.len();
        let_go(unwanted);
        left
    }
}

/// Whether somebody waits for a job. Who cannot tell does not.
pub(super) fn is_wanted(job: &dyn Job) -> bool {
    guarded(|| job.is_wanted()).unwrap_or(false)
}

/// Drops each by itself: what an answer does then is its owner's code.
pub(super) fn let_go<T>(all: impl IntoIterator<Item = T>) {
    for one in all {
        guarded(|| drop(one));
    }
}

/// Runs what may be somebody else's code. If it panics, what it had is gone, and nothing else; the hook of the process has
/// printed why.
pub(super) fn guarded<T>(step: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(step)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::job::Asked;
    use crate::work::{Checking, Work};
    use crate::{Algorithm, Check, Costs, LegacyRows, Password};

    const SLICE: u32 = 512;

    /// What is told of the lanes from slice to slice, while a wrong password is hashed for such a row.
    fn told(encoded: Option<&str>) -> Vec<u32> {
        let mut costs = Costs::default();
        costs.pbkdf2_sha256.iterations = 4 * SLICE;
        let site = Hashers::new(&[Algorithm::Pbkdf2Sha256], &costs, LegacyRows::Refuse).unwrap();
        let work = Checking::new(Password::from("1234".to_owned()), encoded.map(str::to_owned));
        let iterations = work.cost(&site).iterations();
        let job = Box::new(Asked::new(work, |check: Check| assert!(!check.correct)));
        let mut batch = Batch::new(Kernels::detect());
        batch.join(job, Asker::default(), iterations, &site);
        let mut told = Vec::new();
        while let [(_, remaining)] = batch.remaining().as_slice() {
            told.push(*remaining);
            batch.advance(SLICE, &site);
        }
        told
    }

    #[test]
    fn nobody_learns_from_the_lanes_whose_row_is_cheap() {
        let row = |iterations: u32| {
            let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
            format!("pbkdf2_sha256${iterations}$NaClNaClNaClNaClNaClNa${hash}")
        };
        let nobody = told(None);
        assert_eq!(nobody.len(), 4);
        for iterations in [4 * SLICE, 3 * SLICE, SLICE] {
            assert_eq!(told(Some(&row(iterations))), nobody, "{iterations}");
        }
    }
}
