//! A piece of work and where its result goes, whatever the two are of.

use super::Answer;
use crate::Hashers;
use crate::work::{Key, Step, Work};
use munjigi_lanes::Derivation;

/// A job under way. It goes from hand to hand; whoever has it runs its next step.
pub(super) trait Job: Send {
    fn is_wanted(&self) -> bool;

    fn begin(self: Box<Self>, hashers: &Hashers) -> Next;

    fn stretched(self: Box<Self>, hashers: &Hashers, key: &Key) -> Next;

    fn run(self: Box<Self>, hashers: &Hashers) -> Next;
}

/// What comes next for a job.
pub(super) enum Next {
    /// These iterations, then [`Job::stretched`].
    Stretch(Box<dyn Job>, Derivation),
    /// [`Job::run`].
    Whole(Box<dyn Job>),
    /// Nothing: its answer was delivered.
    Done,
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

    fn after(self: Box<Self>, step: Step<W::Output>) -> Next {
        match step {
            Step::Stretch(derivation) => Next::Stretch(self, derivation),
            Step::Whole => Next::Whole(self),
            Step::Done(output) => {
                self.answer.deliver(output);
                Next::Done
            }
        }
    }
}

impl<W: Work> Job for Asked<W> {
    fn is_wanted(&self) -> bool {
        self.answer.is_wanted()
    }

    fn begin(mut self: Box<Self>, hashers: &Hashers) -> Next {
        let step = self.work.begin(hashers);
        self.after(step)
    }

    fn stretched(mut self: Box<Self>, hashers: &Hashers, key: &Key) -> Next {
        let step = self.work.stretched(hashers, key);
        self.after(step)
    }

    fn run(mut self: Box<Self>, hashers: &Hashers) -> Next {
        let step = self.work.run(hashers);
        self.after(step)
    }
}
