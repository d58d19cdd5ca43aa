//! What one thread has in its lanes. Jobs join and leave between slices.

use super::desk::{Errand, Stage};
use super::job::{Job, Next};
use crate::Hashers;
use crate::work::Cost;
use munjigi_lanes::{Derivation, Kernels};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Derivations under way, at most as many as there are lanes, and whose they are.
pub(super) struct Batch {
    kernels: Kernels,
    running: Vec<Running>,
}

struct Running {
    derivation: Derivation,
    job: Box<dyn Job>,
    cost: Cost,
}

impl AsMut<Derivation> for Running {
    fn as_mut(&mut self) -> &mut Derivation {
        &mut self.derivation
    }
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
        self.running
            .iter()
            .map(|running| running.derivation.remaining())
            .collect()
    }

    /// Whether there is no lane left.
    pub(super) fn is_full(&self) -> bool {
        self.running.len() == self.kernels.lanes()
    }

    /// Takes a job in. It comes back where its next step is not one for lanes.
    pub(super) fn join(&mut self, errand: Errand, hashers: &Hashers) -> Option<Errand> {
        let Errand { job, next, cost } = errand;
        let next = guarded(|| match next {
            Stage::Begin => job.begin(hashers),
            Stage::Stretch(derivation) => Next::Stretch(job, derivation),
            Stage::Run => Next::Whole(job),
        });
        self.after(next, cost)
    }

    /// Runs a slice, and takes out who is done. What comes back goes on elsewhere.
    pub(super) fn advance(&mut self, iterations: u32, hashers: &Hashers) -> Vec<Errand> {
        let Self { kernels, running } = self;
        if guarded(|| kernels.advance(running, iterations)).is_none() {
            // A kernel does not panic. If one did, nobody knows how far any of these is.
            running.clear();
        }
        let mut elsewhere = Vec::new();
        let mut at = 0;
        while let Some(running) = self.running.get(at) {
            if running.derivation.is_done() {
                let Running {
                    derivation,
                    job,
                    cost,
                } = self.running.swap_remove(at);
                let next = guarded(|| match derivation.finish() {
                    Ok(key) => job.stretched(hashers, &key),
                    Err(unfinished) => Next::Stretch(job, unfinished),
                });
                elsewhere.extend(self.after(next, cost));
            } else {
                at += 1;
            }
        }
        elsewhere
    }

    /// Takes out those whom nobody waits for. How many there were.
    pub(super) fn leave_unwanted(&mut self) -> u64 {
        let mut left = 0;
        let mut at = 0;
        while let Some(running) = self.running.get(at) {
            if guarded(|| running.job.is_wanted()).unwrap_or(false) {
                at += 1;
            } else {
                let unwanted = self.running.swap_remove(at);
                guarded(|| drop(unwanted));
                left += 1;
            }
        }
        left
    }

    fn after(&mut self, next: Option<Next>, cost: Cost) -> Option<Errand> {
        match next? {
            Next::Stretch(job, derivation) => {
                self.running.push(Running {
                    derivation,
                    job,
                    cost,
                });
                None
            }
            Next::Whole(job) => Some(Errand {
                job,
                next: Stage::Run,
                cost,
            }),
            Next::Done => None,
        }
    }
}

/// Runs a step of one job. If it panics, that job is gone with its answer, and nothing else; the hook of the process has
/// printed why.
pub(super) fn guarded<T>(step: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(step)).ok()
}
