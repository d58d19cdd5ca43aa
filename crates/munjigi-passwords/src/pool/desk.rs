//! Where jobs are handed in and threads come for them: both stations behind one lock.
//!
//! The only foreign code that runs under the lock is the question whether a job is wanted, and a panic of it is caught; so
//! the state is whole whatever happens. Jobs are dropped after it, for their answers may do anything then.

use super::batch::{is_wanted, let_go};
use super::job::Job;
use super::pace::Pace;
use super::station::{Admission, Station, Waiting};
use super::{Asker, PoolSettings, PoolStats, QueueFull};
use crate::work::Cost;
use munjigi_lanes::Kernel;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(super) struct Desk {
    kernel: Kernel,
    state: Mutex<State>,
    lanes_work: Condvar,
    whole_work: Condvar,
}

struct State {
    lanes: Station<Box<dyn Job>>,
    whole: Station<Box<dyn Job>>,
    pace: Pace,
    closed: bool,
}

impl Desk {
    pub(super) fn new(settings: PoolSettings, hashers: usize) -> Self {
        let lanes = settings.kernels.lanes();
        let state = State {
            lanes: Station::new(lanes, settings, |job| is_wanted(job.as_ref())),
            whole: Station::new(1, settings, |job| is_wanted(job.as_ref())),
            pace: Pace::new(settings.threads, hashers),
            closed: false,
        };
        Self {
            kernel: settings.kernels.for_lanes(lanes),
            state: Mutex::new(state),
            lanes_work: Condvar::new(),
            whole_work: Condvar::new(),
        }
    }

    /// Hands a job in.
    pub(super) fn submit(&self, new: Waiting<Box<dyn Job>>) -> Result<(), QueueFull> {
        let mut state = self.state();
        let State {
            lanes, whole, pace, ..
        } = &mut *state;
        let (station, work) = match new.cost {
            Cost::Iterations(_) => (lanes, &self.lanes_work),
            Cost::Whole(_) => (whole, &self.whole_work),
        };
        let mut left = Vec::new();
        let admission = station.admit(new, pace, &mut left);
        drop(state);
        let answer = match admission {
            Admission::Admitted => {
                work.notify_one();
                Ok(())
            }
            Admission::Refused { retry_after, .. } => Err(QueueFull { retry_after }),
        };
        let_go(left);
        answer
    }

    /// What this thread of the lanes takes into its batch, of which so many iterations remain. It waits where the batch is
    /// empty; `None` where there is nothing more to do at all.
    pub(super) fn next_in_lanes(
        &self,
        thread: usize,
        remaining: &[(Asker, u32)],
    ) -> Option<Vec<Waiting<Box<dyn Job>>>> {
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        let mut state = self.state();
        let now = Instant::now();
        let end = |&(asker, iterations)| {
            let time = state.pace.time(Cost::Iterations(iterations));
            (asker, now.checked_add(time).unwrap_or(now))
        };
        let running = remaining.iter().map(end).collect();
        state.lanes.places.runs(thread, running);
        let is_open = loop {
            if state.closed {
                break false;
            }
            let State { lanes, pace, .. } = &mut *state;
            let now = Instant::now();
            while let Some(waiting) = lanes.take(thread, now, pace, &mut left) {
                taken.push(waiting);
            }
            if !(taken.is_empty() && remaining.is_empty() && left.is_empty()) {
                break true;
            }
            state = wait(&self.lanes_work, state);
        };
        self.pass_on(&state);
        drop(state);
        let_go(left);
        (is_open || !remaining.is_empty()).then_some(taken)
    }

    /// What this thread runs whole next. It waits; `None` where there is nothing more to do at all.
    pub(super) fn next_whole(&self, thread: usize) -> Option<Waiting<Box<dyn Job>>> {
        loop {
            let mut left = Vec::new();
            let mut state = self.state();
            state.whole.places.runs(thread, Vec::new());
            let taken = loop {
                if state.closed {
                    return None;
                }
                let State { whole, pace, .. } = &mut *state;
                let taken = whole.take(thread, Instant::now(), pace, &mut left);
                if taken.is_some() || !left.is_empty() {
                    break taken;
                }
                state = wait(&self.whole_work, state);
            };
            self.pass_on(&state);
            drop(state);
            let_go(left);
            if taken.is_some() {
                return taken;
            }
        }
    }

    /// Wakes a thread where one who waits may have a place now that was kept free when he came.
    fn pass_on(&self, state: &State) {
        let now = Instant::now();
        if state.lanes.has_work(now) {
            self.lanes_work.notify_one();
        }
        if state.whole.has_work(now) {
            self.whole_work.notify_one();
        }
    }

    /// Full lanes were taken so many iterations further in this time.
    pub(super) fn measured(&self, iterations: u32, time: Duration) {
        self.state().pace.ran_lanes(iterations, time);
    }

    /// A job of this cost ran whole, to its end, in this time.
    pub(super) fn measured_whole(&self, cost: Cost, time: Duration) {
        if let Cost::Whole(hasher) = cost {
            self.state().pace.ran_whole(hasher, time);
        }
    }

    /// So many jobs left a batch because nobody waited for them.
    pub(super) fn abandoned(&self, jobs: usize) {
        if jobs > 0 {
            self.state().lanes.abandoned(jobs);
        }
    }

    pub(super) fn stats(&self) -> PoolStats {
        let state = self.state();
        let State { lanes, whole, .. } = &*state;
        PoolStats {
            queued: lanes.queued() + whole.queued(),
            running: lanes.places.taken() + whole.places.taken(),
            lanes_in_use: lanes.places.taken(),
            lanes: lanes.places.all(),
            kernel: self.kernel,
            shed: lanes.shed + whole.shed,
            abandoned: lanes.abandoned + whole.abandoned,
            waits: lanes.waits.clone().plus(&whole.waits),
        }
    }

    /// Lets nobody in any more, and drops whoever waits.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let mut waiting = state.lanes.drain();
        waiting.extend(state.whole.drain());
        drop(state);
        self.lanes_work.notify_all();
        self.whole_work.notify_all();
        let_go(waiting);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'s>(work: &Condvar, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
    work.wait(state).unwrap_or_else(PoisonError::into_inner)
}
