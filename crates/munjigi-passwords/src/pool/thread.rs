//! The lives of the threads.

use super::batch::{Batch, guarded};
use super::desk::{Desk, Errand, Stage};
use super::job::Next;
use crate::Hashers;
use munjigi_lanes::{Derivation, Kernels};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// How far a batch is taken between two looks at who waits: about a millisecond of sixteen lanes.
const SLICE: NonZeroU32 = NonZeroU32::MIN.saturating_add(2047);

/// Runs batches until the desk is closed and the last one is done.
pub(super) fn run_lanes(desk: &Desk, hashers: &Hashers, kernels: Kernels, number: usize) {
    let mut batch = Batch::new(kernels);
    while let Some(joining) = desk.next_in_lanes(number, &batch.remaining()) {
        let started = Instant::now();
        for errand in joining.into_iter().filter_map(|errand| wanted(desk, errand)) {
            if let Some(elsewhere) = batch.join(errand, hashers) {
                desk.resume(elsewhere);
            }
        }
        desk.abandoned(batch.leave_unwanted());
        let is_full = batch.is_full();
        for errand in batch.advance(SLICE.get(), hashers) {
            desk.resume(errand);
        }
        // All that the round took, not the kernel alone: whoever is done wakes threads that come before this one.
        if is_full {
            desk.measured((SLICE.get(), started.elapsed()));
        }
    }
}

/// Runs what cannot be in lanes, one after the other, until the desk is closed.
pub(super) fn run_whole(desk: &Desk, hashers: &Hashers, number: usize) {
    while let Some(errand) = desk.next_whole(number) {
        if let Some(Errand { job, next, cost }) = wanted(desk, errand) {
            let mut step = guarded(|| match next {
                Stage::Begin => job.begin(hashers),
                Stage::Stretch(derivation) => Next::Stretch(job, derivation),
                Stage::Run => Next::Whole(job),
            });
            while let Some(Next::Whole(job)) = step {
                let started = Instant::now();
                step = guarded(|| job.run(hashers));
                desk.measured_whole(cost, started.elapsed());
            }
            if let Some(Next::Stretch(job, derivation)) = step {
                let next = Stage::Stretch(derivation);
                desk.resume(Errand { job, next, cost });
            }
        }
    }
}

/// The errand, unless nobody waits for it any more.
fn wanted(desk: &Desk, errand: Errand) -> Option<Errand> {
    let found = guarded(|| errand.job.is_wanted().then_some(errand))?;
    desk.abandoned(found.is_none().into());
    found
}

/// How long full lanes take for a number of iterations, by running a slice of them.
pub(super) fn measure(kernels: Kernels) -> (u32, Duration) {
    let begin = |_| Derivation::new(b"", b"", SLICE);
    let mut batch: Vec<Derivation> = (0..kernels.lanes()).map(begin).collect();
    let started = Instant::now();
    kernels.advance(&mut batch, SLICE.get());
    (SLICE.get() - 1, started.elapsed())
}

/// Lets this thread give way to those of ordinary priority: it gets a tenth of a processor that they want too.
///
/// # Errors
/// The operating system's words where it does not allow it.
#[cfg(target_os = "linux")]
pub(super) fn give_way() -> Result<(), String> {
    /// Of 0 to 19, the higher the more courteous.
    const NICENESS: i32 = 10;
    // To Linux a thread is a process of its own here (setpriority(2)), and needs no right to lower its own priority.
    let this = Some(rustix::thread::gettid());
    let lower = || match rustix::process::getpriority_process(this)? {
        // Whoever started us was more courteous still, and to take that back would need a right.
        NICENESS.. => Ok(()),
        _ => rustix::process::setpriority_process(this, NICENESS),
    };
    lower().map_err(|error: rustix::io::Errno| error.to_string())
}

/// Lets this thread give way to others.
///
/// # Errors
/// Always: there is no safe way to it here.
#[cfg(not(target_os = "linux"))]
pub(super) fn give_way() -> Result<(), String> {
    Err("this is done on Linux alone".to_owned())
}
