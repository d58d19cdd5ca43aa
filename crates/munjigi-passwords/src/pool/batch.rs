//! What one thread has in its lanes. Jobs join and leave between slices.

use super::job::{Job, Stretch};
use crate::Hashers;
use munjigi_lanes::Kernels;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Derivations under way, at most as many as there are lanes, and whose they are.
pub(super) struct Batch {
    kernels: Kernels,
    running: Vec<Stretch>,
}

impl Batch {
    pub(super) fn new(kernels: Kernels) -> Self {
        Self {
            kernels,
            running: Vec::with_capacity(kernels.lanes()),
        }
    }

    /// Iterations that remain to each.
    pub(super) fn remaining(&self) -> Vec<u32> {
        let remaining = |stretch: &Stretch| stretch.derivation.remaining();
        self.running.iter().map(remaining).collect()
    }

    /// Whether there is no lane left.
    pub(super) fn is_full(&self) -> bool {
        self.running.len() == self.kernels.lanes()
    }

    /// Takes a job in.
    pub(super) fn join(&mut self, job: Box<dyn Job>, hashers: &Hashers) {
        let stretch = guarded(|| job.begin(hashers));
        self.running.extend(stretch.flatten());
    }

    /// Runs a slice, and takes out who is done.
    pub(super) fn advance(&mut self, iterations: u32, hashers: &Hashers) {
        let Self { kernels, running } = self;
        if guarded(|| kernels.advance(running, iterations)).is_none() {
            // A kernel does not panic. If one did, nobody knows how far any of these is.
            let_go(running.drain(..));
        }
        let mut at = 0;
        while let Some(stretch) = self.running.get(at) {
            if !stretch.derivation.is_done() {
                at += 1;
                continue;
            }
            let Stretch { job, derivation } = self.running.swap_remove(at);
            let stretch = guarded(|| match derivation.finish() {
                Ok(key) => job.stretched(hashers, &key),
                Err(derivation) => Some(Stretch { job, derivation }),
            });
            self.running.extend(stretch.flatten());
        }
    }

    /// Takes out those whom nobody waits for. How many there were.
    pub(super) fn leave_unwanted(&mut self) -> usize {
        let unwanted: Vec<_> = self
            .running
            .extract_if(.., |stretch| !is_wanted(stretch.job.as_ref()))
            .collect();
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
