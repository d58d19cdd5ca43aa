//! The places of one kind of threads: who has one, and when it will be free.

use super::Asker;
use std::time::{Duration, Instant};

/// An asker has many places who has one part of so many of all.
const MANY: usize = 4;

/// Who has many leaves one part of so many to others, and one place at least.
const RESERVED: usize = 8;

/// How long an asker counts as being about after he came. Where nobody else is, nothing is left to others.
const ABOUT: Duration = Duration::from_secs(10);

pub(super) struct Places {
    /// How many jobs a thread runs at once.
    of_thread: usize,
    /// By thread: whose its jobs are, and when each is expected to end.
    taken: Vec<Vec<(Asker, Instant)>>,
    /// The last two who came, each another, the last one first.
    about: [Option<(Asker, Instant)>; 2],
    /// Whether jobs take so long that whoever finds no place free may have no time to wait for one.
    are_scarce: bool,
}

impl Places {
    pub(super) fn new(threads: usize, of_thread: usize) -> Self {
        Self {
            of_thread,
            taken: vec![Vec::new(); threads],
            about: [None; 2],
            are_scarce: false,
        }
    }

    pub(super) fn all(&self) -> usize {
        self.of_thread * self.taken.len()
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.iter().map(Vec::len).sum()
    }

    pub(super) fn free(&self) -> usize {
        self.all().saturating_sub(self.taken())
    }

    /// How many an asker has.
    pub(super) fn of(&self, asker: Asker) -> usize {
        let is_his = |&&(other, _): &&(Asker, Instant)| other == asker;
        self.taken.iter().flatten().filter(is_his).count()
    }

    /// When each that is taken will be free.
    pub(super) fn ends(&self) -> impl Iterator<Item = Instant> {
        self.taken.iter().flatten().map(|&(_, end)| end)
    }

    /// Somebody has come, with a job for which there is time to wait or not.
    pub(super) fn note(&mut self, asker: Asker, now: Instant, is_long: bool) {
        self.are_scarce = is_long;
        let [last, _] = self.about;
        if last.is_some_and(|(other, _)| other != asker) {
            self.about[1] = last;
        }
        self.about[0] = Some((asker, now));
    }

    /// How many places an asker who has so many leaves to others.
    pub(super) fn reserved_from(&self, (asker, has): (Asker, usize), now: Instant) -> usize {
        let is_another = |&(other, came)| other != asker && now.saturating_duration_since(came) < ABOUT;
        let has_many = has > 0 && has * MANY >= self.all();
        if self.are_scarce && has_many && self.about.iter().flatten().any(is_another) {
            (self.all() / RESERVED).max(1)
        } else {
            0
        }
    }

    /// Whether there is a place for this asker now.
    pub(super) fn has_one_for(&self, asker: Asker, now: Instant) -> bool {
        let free = self.free();
        free > 0 && free > self.reserved_from((asker, self.of(asker)), now)
    }

    /// Whether no other thread has more free places than this one.
    pub(super) fn are_best_at(&self, thread: usize) -> bool {
        let own = self.at(thread);
        self.taken.iter().all(|other| own <= other.len())
    }

    /// Whether this thread has a place.
    pub(super) fn are_at(&self, thread: usize) -> bool {
        self.at(thread) < self.of_thread
    }

    fn at(&self, thread: usize) -> usize {
        self.taken.get(thread).map_or(usize::MAX, Vec::len)
    }

    /// A thread takes one more.
    pub(super) fn take(&mut self, thread: usize, asker: Asker, end: Instant) {
        if let Some(taken) = self.taken.get_mut(thread) {
            taken.push((asker, end));
        }
    }

    /// All that a thread runs now.
    pub(super) fn runs(&mut self, thread: usize, all: Vec<(Asker, Instant)>) {
        if let Some(taken) = self.taken.get_mut(thread) {
            *taken = all;
        }
    }
}
