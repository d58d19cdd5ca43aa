//! Where jobs are handed in and threads come for them: both stations behind one lock.
//!
//! No foreign code runs under the lock, so that a panic leaves the state whole: jobs are dropped after it, for their
//! answers may do anything then.

use super::batch::guarded;
use super::job::Job;
use super::pace::Pace;
use super::station::{Admission, Station, Waiting};
use super::{Asker, PoolSettings, PoolStats, QueueFull};
use crate::work::Cost;
use munjigi_lanes::{Derivation, Kernel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(super) struct Desk {
    kernel: Kernel,
    state: Mutex<State>,
    lanes_work: Condvar,
    whole_work: Condvar,
}

struct State {
    lanes: Station<Errand>,
    whole: Station<Errand>,
    pace: Pace,
    abandoned: u64,
    closed: bool,
}

/// A job on its way to a thread, and where it stands.
pub(super) struct Errand {
    pub(super) job: Box<dyn Job>,
    pub(super) next: Stage,
    /// What was expected of it when it came.
    pub(super) cost: Cost,
}

/// What is to be done with a job.
pub(super) enum Stage {
    Begin,
    Stretch(Derivation),
    Run,
}

impl Desk {
    pub(super) fn new(settings: PoolSettings, hashers: usize) -> Self {
        let lanes = settings.kernels.lanes();
        let state = State {
            lanes: Station::new(lanes, settings),
            whole: Station::new(1, settings),
            pace: Pace::new(hashers),
            abandoned: 0,
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
    pub(super) fn submit(
        &self,
        asker: Asker,
        cost: Cost,
        job: Box<dyn Job>,
        now: Instant,
    ) -> Result<(), QueueFull> {
        let next = Stage::Begin;
        let errand = Errand { job, next, cost };
        let mut state = self.state();
        let time = state.pace.time(cost);
        let new = Waiting {
            job: errand,
            since: now,
            time,
        };
        let (station, work) = match cost {
            Cost::Iterations(_) => (&mut state.lanes, &self.lanes_work),
            Cost::Whole(_) => (&mut state.whole, &self.whole_work),
        };
        let admission = station.admit(asker, new);
        drop(state);
        match admission {
            Admission::Refused(_, retry_after) => Err(QueueFull { retry_after }),
            Admission::Admitted | Admission::Instead(_) => {
                work.notify_one();
                Ok(())
            }
        }
    }

    /// Hands a job in whose next step the other kind of thread runs.
    pub(super) fn resume(&self, errand: Errand) {
        let mut state = self.state();
        if state.closed {
            drop(state);
            guarded(|| drop(errand));
            return;
        }
        let time = state.pace.time(errand.cost);
        let (station, work) = match errand.next {
            Stage::Stretch(_) => (&mut state.lanes, &self.lanes_work),
            Stage::Begin | Stage::Run => (&mut state.whole, &self.whole_work),
        };
        let since = Instant::now();
        station.resume(Waiting {
            job: errand,
            since,
            time,
        });
        drop(state);
        work.notify_one();
    }

    /// What this thread of the lanes takes into its batch, of which so many iterations remain. It waits where the batch is
    /// empty; `None` where there is nothing more to do at all.
    pub(super) fn next_in_lanes(&self, thread: usize, remaining: &[u32]) -> Option<Vec<Errand>> {
        let mut state = self.state();
        let now = Instant::now();
        let State { lanes, pace, .. } = &mut *state;
        let end = |&iterations| {
            now.checked_add(pace.time(Cost::Iterations(iterations)))
                .unwrap_or(now)
        };
        lanes.runs(thread, remaining.iter().map(end));
        let (mut taken, mut shed) = (Vec::new(), Vec::new());
        let is_open = loop {
            if state.closed {
                break false;
            }
            let now = Instant::now();
            while let Some(errand) = state.lanes.take(thread, now, &mut shed) {
                taken.push(errand);
            }
            if !(taken.is_empty() && remaining.is_empty() && shed.is_empty()) {
                break true;
            }
            state = self
                .lanes_work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        };
        drop(state);
        guarded(|| drop(shed));
        (is_open || !remaining.is_empty()).then_some(taken)
    }

    /// What this thread runs whole next. It waits; `None` where there is nothing more to do at all.
    pub(super) fn next_whole(&self, thread: usize) -> Option<Errand> {
        loop {
            let mut shed = Vec::new();
            let mut state = self.state();
            state.whole.runs(thread, std::iter::empty());
            let taken = loop {
                if state.closed {
                    return None;
                }
                let taken = state.whole.take(thread, Instant::now(), &mut shed);
                if taken.is_some() || !shed.is_empty() {
                    break taken;
                }
                state = self
                    .whole_work
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            };
            drop(state);
            guarded(|| drop(shed));
            if taken.is_some() {
                return taken;
            }
        }
    }

    /// Full lanes were taken so many iterations further in this time.
    pub(super) fn measured(&self, (iterations, time): (u32, Duration)) {
        self.state().pace.ran_lanes(iterations, time);
    }

    /// The hasher of this number ran once in this time.
    pub(super) fn measured_whole(&self, cost: Cost, time: Duration) {
        if let Cost::Whole(hasher) = cost {
            self.state().pace.ran_whole(hasher, time);
        }
    }

    /// So many jobs were left because nobody waited for them.
    pub(super) fn abandoned(&self, jobs: u64) {
        if jobs > 0 {
            self.state().abandoned += jobs;
        }
    }

    pub(super) fn stats(&self) -> PoolStats {
        let state = self.state();
        let State { lanes, whole, .. } = &*state;
        PoolStats {
            queued: lanes.queued() + whole.queued(),
            running: lanes.running() + whole.running(),
            lanes_in_use: lanes.running(),
            lanes: lanes.all_places(),
            kernel: self.kernel,
            shed: lanes.shed + whole.shed,
            abandoned: state.abandoned,
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
        drop(waiting);
        self.lanes_work.notify_all();
        self.whole_work.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
