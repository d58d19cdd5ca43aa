//! A piece of work and where its result goes, whatever the two are of.

use super::Answer;
use crate::Hashers;
use crate::work::{self, Key, Step, Work};
use munjigi_lanes::Derivation;

/// A job. It goes from hand to hand; whoever has it takes it further.
pub(super) trait Job: Send {
    fn is_wanted(&self) -> bool;

    /// Begins it in lanes. It comes back with what is to run there, or not at all, and is done then.
    fn begin(self: Box<Self>, hashers: &Hashers) -> Option<Stretch>;

    /// Goes on with what ran in lanes.
    fn stretched(self: Box<Self>, hashers: &Hashers, key: &Key) -> Option<Stretch>;

    /// Runs it from its beginning to its end on this thread. Whether anything was hashed.
    fn run(self: Box<Self>, hashers: &Hashers) -> bool;
}

/// Iterations to be run in lanes, and whose they are.
pub(super) struct Stretch {
    pub(super) job: Box<dyn Job>,
    pub(super) derivation: Derivation,
}

/// A piece of work that somebody waits for.
pub(super) struct Asked<W: Work> {
    work: W,
    answer: Box<dyn Answer<W::Output>>,
}

impl<W: Work> Asked<W> {
    pub(super) fn new(work: W, answer: impl Answer<W::Output>) -> Self {
        Self {
            work,
            answer: Box::new(answer),
        }
    }

    fn after(self: Box<Self>, step: Step<W::Output>, hashers: &Hashers) -> Option<Stretch> {
        if let Step::Stretch(derivation) = step {
            let job = self;
            return Some(Stretch { job, derivation });
        }
        // It is done, unless a hasher of a project's own goes on with what does not run in lanes.
        let Self { work, answer } = *self;
        answer.deliver(work::finish(work, step, hashers));
        None
    }
}

impl<W: Work> Job for Asked<W> {
    fn is_wanted(&self) -> bool {
        self.answer.is_wanted()
    }

    fn begin(mut self: Box<Self>, hashers: &Hashers) -> Option<Stretch> {
        let step = self.work.begin(hashers);
        self.after(step, hashers)
    }

    fn stretched(mut self: Box<Self>, hashers: &Hashers, key: &Key) -> Option<Stretch> {
        let step = self.work.stretched(hashers, key);
        self.after(step, hashers)
    }

    fn run(self: Box<Self>, hashers: &Hashers) -> bool {
        let Self { work, answer } = *self;
        let output = work::run(work, hashers);
        let was_hashed = W::was_hashed(&output);
        answer.deliver(output);
        was_hashed
    }
}
