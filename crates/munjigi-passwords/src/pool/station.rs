//! One kind of threads, those of the lanes or those for what runs whole: who waits for them, whom they take, whom they have
//! no time for. It decides by what it is told and by the time it is given, and knows neither threads nor clocks.

use super::pace::{Pace, begins_in};
use super::places::Places;
use super::queue::FairQueue;
use super::stats::Waits;
use super::{Asker, PoolSettings};
use crate::work::Cost;
use std::time::{Duration, Instant};

/// How long a job is left to a thread that has less to do and has not come yet: it may have to wake first.
const PATIENCE: Duration = Duration::from_millis(5);

/// What part of its deadline a job that was admitted may be late before it is given up. The pace changes from one moment to
/// the next; to send somebody away who has waited is worse than to serve him a little late.
const GRACE: u32 = 10;

/// A job that waits.
#[derive(Debug, PartialEq)]
pub(super) struct Waiting<T> {
    pub(super) job: T,
    pub(super) asker: Asker,
    pub(super) since: Instant,
    pub(super) cost: Cost,
}

/// The threads of one kind, and the queue before them.
pub(super) struct Station<T> {
    queue: usize,
    deadline: Duration,
    is_wanted: fn(&T) -> bool,
    pub(super) places: Places,
    waiting: FairQueue<Waiting<T>>,
    /// How long those waited who were taken.
    pub(super) waits: Waits,
    /// Jobs that were refused, made room, or waited too long.
    pub(super) shed: u64,
    /// Jobs that nobody waited for any more.
    pub(super) abandoned: u64,
}

/// What becomes of a job that comes.
#[derive(Debug, PartialEq)]
pub(super) enum Admission<T> {
    Admitted,
    /// It comes back.
    Refused {
        job: T,
        retry_after: Duration,
    },
}

impl<T> Station<T> {
    pub(super) fn new(places: usize, settings: PoolSettings, is_wanted: fn(&T) -> bool) -> Self {
        Self {
            queue: settings.queue,
            deadline: settings.deadline,
            is_wanted,
            places: Places::new(settings.threads.get(), places),
            waiting: FairQueue::default(),
            waits: Waits::default(),
            shed: 0,
            abandoned: 0,
        }
    }

    /// Lets a job wait that is expected to be done by its deadline. Where it is not, those go who wait no more; then one of
    /// an asker who has more waiting makes room; and where there is no such asker, it is refused. Who leaves the queue is
    /// put into `left`.
    pub(super) fn admit(&mut self, new: Waiting<T>, pace: &Pace, left: &mut Vec<T>) -> Admission<T> {
        let is_long = pace.time(new.cost) > self.deadline / 2;
        self.places.note(new.asker, new.since, is_long);
        if self.has_no_room(&new, pace).is_some() {
            self.leave_unwanted(left);
        }
        let Some(retry_after) = self.has_no_room(&new, pace) else {
            self.waiting.push(new.asker, new);
            return Admission::Admitted;
        };
        self.shed += 1;
        // One that takes longer than the other would be late in its place.
        let may_go = |other: &Waiting<T>| pace.time(new.cost) <= pace.time(other.cost);
        if let Some(displaced) = self.waiting.displace(new.asker, may_go) {
            left.push(displaced.job);
            self.waiting.push(new.asker, new);
            return Admission::Admitted;
        }
        let job = new.job;
        Admission::Refused { job, retry_after }
    }

    /// Where there is neither a place nor time for one more, when there may be.
    fn has_no_room(&self, new: &Waiting<T>, pace: &Pace) -> Option<Duration> {
        let now = new.since;
        let begins = self.begins_in(new.asker, now, pace);
        let done = begins.saturating_add(pace.time(new.cost));
        let is_full = self.queued() + self.places.taken() >= self.places.all() + self.queue;
        if !is_full && (begins.is_zero() || done <= self.deadline) {
            return None;
        }
        // When it could be done in time, or need not wait; and one of all leaves.
        let time = done.saturating_sub(self.deadline).min(begins);
        let end = self.places.ends().min().filter(|_| is_full);
        let leaves = end.map_or(Duration::ZERO, |end| end.saturating_duration_since(now));
        Some(time.max(leaves))
    }

    /// In what time one more of this asker would begin: after all who wait, unless a place is free that they leave to those
    /// who have none.
    fn begins_in(&self, asker: Asker, now: Instant, pace: &Pace) -> Duration {
        let has = self.places.of(asker) + self.waiting.of(asker);
        let free = self.places.free();
        let before = || {
            self.waiting
                .iter()
                .filter(|other| self.places.has_one_for(other.asker, now))
        };
        if has == 0 && free > 0 && before().count() < free {
            return Duration::ZERO;
        }
        let places = (self.places.all(), self.places.reserved_from((asker, has), now));
        let times = self.waiting.iter().map(|waiting| pace.time(waiting.cost));
        begins_in(places, self.places.ends(), times, now)
    }

    fn leave_unwanted(&mut self, left: &mut Vec<T>) {
        let is_wanted = self.is_wanted;
        let unwanted = self.waiting.extract(|waiting| !is_wanted(&waiting.job));
        self.abandoned(unwanted.len());
        left.extend(unwanted.into_iter().map(|waiting| waiting.job));
    }

    /// So many left because nobody waited for them.
    pub(super) fn abandoned(&mut self, jobs: usize) {
        self.abandoned += jobs as u64;
    }

    /// A job for this thread, if there is one and no other thread should have it rather. Whom nobody waits for any more, and
    /// who would come too late while others want his place, is put into `left` instead.
    pub(super) fn take(
        &mut self,
        thread: usize,
        now: Instant,
        pace: &Pace,
        left: &mut Vec<T>,
    ) -> Option<Waiting<T>> {
        // The common answers first, for all threads ask under one lock: it has no place, or nobody has.
        if !self.places.are_at(thread) || self.places.free() == 0 {
            return None;
        }
        let next = self.waiting.peek(|asker| self.places.has_one_for(asker, now))?;
        if next.waited(now) <= PATIENCE && !self.places.are_best_at(thread) {
            return None;
        }
        let taken = self.pop(now, pace, left)?;
        let end = now.checked_add(pace.time(taken.cost)).unwrap_or(now);
        self.places.take(thread, taken.asker, end);
        self.waits.note(taken.waited(now));
        Some(taken)
    }

    /// Whether somebody waits for whom there is a place.
    pub(super) fn has_work(&self, now: Instant) -> bool {
        let has_place = |asker| self.places.has_one_for(asker, now);
        self.places.free() > 0 && self.waiting.peek(has_place).is_some()
    }

    /// Whoever is next and can still be served.
    fn pop(&mut self, now: Instant, pace: &Pace, left: &mut Vec<T>) -> Option<Waiting<T>> {
        let latest = self.deadline.saturating_add(self.deadline / GRACE);
        loop {
            let next = self.waiting.pop(|asker| self.places.has_one_for(asker, now))?;
            let time = pace.time(next.cost);
            let is_late = time <= self.deadline && next.waited(now).saturating_add(time) > latest;
            if !(self.is_wanted)(&next.job) {
                self.abandoned(1);
            } else if is_late && self.waiting.len() >= self.places.free() && self.has_work(now) {
                self.shed += 1;
            } else {
                return Some(next);
            }
            self.waiting.give_turn_back(next.asker);
            left.push(next.job);
        }
    }

    pub(super) fn queued(&self) -> usize {
        self.waiting.len()
    }

    /// Takes out whatever waits.
    pub(super) fn drain(&mut self) -> Vec<T> {
        let waiting = self.waiting.extract(|_| true);
        waiting.into_iter().map(|waiting| waiting.job).collect()
    }
}

impl<T> Waiting<T> {
    fn waited(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }
}

#[cfg(test)]
mod tests;
