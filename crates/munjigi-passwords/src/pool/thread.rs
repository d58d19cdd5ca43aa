//! The lives of the threads.

use super::batch::{Batch, guarded};
use super::desk::Desk;
use super::station::Waiting;
use crate::Hashers;
use munjigi_lanes::{Derivation, Kernels};
use std::num::NonZeroU32;
use std::time::Instant;

/// How far a batch is taken between two looks at who waits: about a millisecond of sixteen lanes.
const SLICE: NonZeroU32 = NonZeroU32::MIN.saturating_add(2047);

/// How many slices tell the pace of a thread that has just started: a processor that had nothing to do needs some of them
/// to come to its speed, and in others it may be taken away.
const TRIALS: u32 = 5;

/// Runs batches until the desk is closed and the last one is done.
pub(super) fn run_lanes(desk: &Desk, hashers: &Hashers, kernels: Kernels, number: usize) {
    let mut batch = Batch::new(kernels);
    let mut began = Instant::now();
    while let Some(joining) = desk.next_in_lanes(number, &batch.remaining()) {
        if batch.is_empty() {
            // Nobody was there.
            began = Instant::now();
        }
        for Waiting { job, asker, cost, .. } in joining {
            batch.join(job, asker, cost.iterations(), hashers);
        }
        desk.abandoned(batch.leave_unwanted());
        let is_at_full_pace = batch.is_at_full_pace();
        batch.advance(SLICE.get(), hashers);
        let ended = Instant::now();
        // All that the round took, not the kernel alone: whoever is done wakes threads that come before this one.
        if is_at_full_pace {
            desk.measured(SLICE.get(), ended - began);
        }
        began = ended;
    }
}

/// Runs what cannot be in lanes, one after the other, until the desk is closed.
pub(super) fn run_whole(desk: &Desk, hashers: &Hashers, number: usize) {
    while let Some(Waiting { job, cost, .. }) = desk.next_whole(number) {
        let began = Instant::now();
        if guarded(|| job.run(hashers)) == Some(true) {
            desk.measured_whole(cost, began.elapsed());
        }
    }
}

/// Tells the desk how long full lanes take, by running some slices of them.
pub(super) fn measure(desk: &Desk, kernels: Kernels) {
    // One more than is run, since the first is run where a derivation is made.
    let all = NonZeroU32::MIN.saturating_add(SLICE.get() * TRIALS);
    let derivation = |_| Derivation::new(b"", b"", all);
    let mut batch: Vec<Derivation> = (0..kernels.lanes()).map(derivation).collect();
    let slice = |_| {
        let began = Instant::now();
        kernels.advance(&mut batch, SLICE.get());
        began.elapsed()
    };
    if let Some(fastest) = (0..TRIALS).map(slice).min() {
        desk.measured(SLICE.get(), fastest);
    }
}

/// Lets this thread give way to those of ordinary priority: it gets a tenth of a processor that they want too.
///
/// # Errors
/// The operating system's words where it does not allow it.
#[cfg(target_os = "linux")]
pub(crate) fn give_way() -> Result<(), String> {
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
pub(crate) fn give_way() -> Result<(), String> {
    Err("this is done on Linux alone".to_owned())
}
