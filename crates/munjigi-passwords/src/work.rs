//! What a sign-in hashes, cut into steps: `check_password` and `make_password` of Django 5.2
//! (`contrib/auth/hashers.py`).
//!
//! In Django each is one call. Here a stretch of PBKDF2 with SHA-256 is a step of its own, a [`Derivation`], so that the
//! pool can run it beside those of others; every other algorithm runs whole, as in Django. [`run`] takes the same
//! steps one after the other on the calling thread, so that there is one way to a result.

use crate::hasher::{Pbkdf2Sha256, alone};
use crate::{Check, Error, Hashers, Password, PasswordHasher};
use munjigi_lanes::{Derivation, KEY_LEN};

/// The bytes that a stretch ends with.
pub(crate) type Key = [u8; KEY_LEN];

/// What comes next.
pub(crate) enum Step<T> {
    /// Iterations to be run, by whoever runs them; their key goes into [`Work::stretched`].
    Stretch(Derivation),
    /// A hash that runs to its end: [`Work::run`].
    Whole,
    /// Nothing any more.
    Done(T),
}

/// How much a piece of work will take at most, told without doing any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Iterations in lanes.
    Iterations(u32),
    /// One run of the hasher with this number in [`Hashers`].
    Whole(usize),
}

impl Cost {
    /// How many iterations it has in lanes.
    pub(crate) fn iterations(self) -> u32 {
        match self {
            Self::Iterations(iterations) => iterations,
            Self::Whole(_) => 0,
        }
    }
}

/// A check or a making of a password, taken from step to step. Each method is called when the step before said so.
pub(crate) trait Work: Send + 'static {
    /// What is known in the end.
    type Output: Send + 'static;

    fn cost(&self, hashers: &Hashers) -> Cost;

    fn begin(&mut self, hashers: &Hashers) -> Step<Self::Output>;

    fn stretched(&mut self, hashers: &Hashers, key: &Key) -> Step<Self::Output>;

    fn run(&mut self, hashers: &Hashers) -> Step<Self::Output>;

    /// Whether this is what comes of a hash. What a hasher refuses costs nothing.
    fn was_hashed(output: &Self::Output) -> bool;
}

/// Takes all steps on this thread.
pub(crate) fn run<W: Work>(mut work: W, hashers: &Hashers) -> W::Output {
    let step = work.begin(hashers);
    finish(work, step, hashers)
}

/// Takes this step, and those after it, on this thread.
pub(crate) fn finish<W: Work>(mut work: W, mut step: Step<W::Output>, hashers: &Hashers) -> W::Output {
    loop {
        step = match step {
            Step::Stretch(derivation) => work.stretched(hashers, &alone(derivation)),
            Step::Whole => work.run(hashers),
            Step::Done(output) => return output,
        };
    }
}

/// [`Hashers::check_password`].
pub(crate) struct Checking {
    password: Password,
    encoded: Option<String>,
    deed: Deed,
}

/// What the step under way is for.
#[derive(Clone, Copy)]
enum Deed {
    Verify,
    /// The password is wrong and the row cheaper than new ones: `harden_runtime`.
    Harden,
    /// There is no row that could be verified: the dummy hash of ticket 20760.
    Spend,
}

const WRONG: Check = Check {
    correct: false,
    must_update: false,
};

impl Checking {
    pub(crate) fn new(password: Password, encoded: Option<String>) -> Self {
        Self {
            password,
            encoded,
            deed: Deed::Verify,
        }
    }

    /// The row and its hasher, where there is one that a password could be right for. What it costs is known then before
    /// anything is hashed, and so is who hashes it.
    fn row<'a>(&'a self, hashers: &'a Hashers) -> Option<(&'a str, &'a dyn PasswordHasher)> {
        let encoded = self.encoded.as_deref()?;
        let hasher = hashers.verifier_of(encoded)?;
        hasher.takes(encoded).is_ok().then_some((encoded, hasher))
    }

    fn spend(&mut self, hashers: &Hashers) -> Step<Check> {
        self.deed = Deed::Spend;
        match hashers.preferred().in_lanes() {
            Some(pbkdf2) => Step::Stretch(pbkdf2.spending(&self.password)),
            None => Step::Whole,
        }
    }

    /// What follows from a row that was verified.
    fn verified(&mut self, hashers: &Hashers, correct: bool) -> Step<Check> {
        let Some((encoded, hasher)) = self.row(hashers) else {
            return self.spend(hashers);
        };
        let preferred = hashers.preferred();
        let is_preferred = hasher.algorithm() == preferred.algorithm();
        let must_update = !is_preferred || preferred.must_update(encoded);
        if correct {
            return Step::Done(Check { correct, must_update });
        }
        if !is_preferred || !must_update {
            return Step::Done(WRONG);
        }
        let step = match preferred.in_lanes() {
            Some(pbkdf2) => pbkdf2
                .hardening(&self.password, encoded)
                .map_or(Step::Done(WRONG), Step::Stretch),
            None => Step::Whole,
        };
        self.deed = Deed::Harden;
        step
    }
}

impl Work for Checking {
    type Output = Check;

    fn was_hashed(_: &Check) -> bool {
        true
    }

    fn cost(&self, hashers: &Hashers) -> Cost {
        let row = self.row(hashers);
        let hasher = row.map_or(hashers.preferred(), |(_, hasher)| hasher);
        match hasher.in_lanes() {
            Some(pbkdf2) => Cost::Iterations(pbkdf2.most_iterations(row.map(|(encoded, _)| encoded))),
            None => Cost::Whole(hashers.number_of(hasher)),
        }
    }

    fn begin(&mut self, hashers: &Hashers) -> Step<Check> {
        let Some((encoded, hasher)) = self.row(hashers) else {
            return self.spend(hashers);
        };
        match hasher
            .in_lanes()
            .map(|pbkdf2| pbkdf2.verifying(&self.password, encoded))
        {
            None => Step::Whole,
            Some(Ok(derivation)) => Step::Stretch(derivation),
            Some(Err(_)) => self.spend(hashers),
        }
    }

    fn stretched(&mut self, hashers: &Hashers, key: &Key) -> Step<Check> {
        let correct = match (self.deed, self.row(hashers)) {
            (Deed::Verify, Some((encoded, hasher))) => {
                let is_of = |pbkdf2: &Pbkdf2Sha256| pbkdf2.is_of(key, encoded);
                hasher.in_lanes().is_some_and(is_of)
            }
            _ => return Step::Done(WRONG),
        };
        self.verified(hashers, correct)
    }

    fn run(&mut self, hashers: &Hashers) -> Step<Check> {
        let preferred = hashers.preferred();
        match (self.deed, self.row(hashers)) {
            (Deed::Verify, Some((encoded, hasher))) => match hasher.verify(&self.password, encoded) {
                Ok(correct) => self.verified(hashers, correct),
                Err(_) => self.spend(hashers),
            },
            (Deed::Harden, Some((encoded, _))) => {
                preferred.harden_runtime(&self.password, encoded);
                Step::Done(WRONG)
            }
            _ => {
                preferred.spend(&self.password);
                Step::Done(WRONG)
            }
        }
    }
}

/// [`Hashers::make_password`], the salt being drawn.
pub(crate) struct Making {
    password: Password,
    salt: String,
}

impl Making {
    pub(crate) fn new(password: Password, salt: String) -> Self {
        Self { password, salt }
    }
}

impl Work for Making {
    type Output = Result<String, Error>;

    fn was_hashed(made: &Self::Output) -> bool {
        made.is_ok()
    }

    fn cost(&self, hashers: &Hashers) -> Cost {
        match hashers.preferred().in_lanes() {
            Some(pbkdf2) => Cost::Iterations(pbkdf2.most_iterations(None)),
            None => Cost::Whole(0),
        }
    }

    fn begin(&mut self, hashers: &Hashers) -> Step<Self::Output> {
        match hashers.preferred().in_lanes() {
            Some(pbkdf2) => match pbkdf2.encoding(&self.password, &self.salt) {
                Ok(derivation) => Step::Stretch(derivation),
                Err(error) => Step::Done(Err(error)),
            },
            None => Step::Whole,
        }
    }

    fn stretched(&mut self, hashers: &Hashers, key: &Key) -> Step<Self::Output> {
        match hashers.preferred().in_lanes() {
            Some(pbkdf2) => Step::Done(Ok(pbkdf2.encoded(key, &self.salt))),
            None => Step::Whole,
        }
    }

    fn run(&mut self, hashers: &Hashers) -> Step<Self::Output> {
        Step::Done(hashers.preferred().encode(&self.password, &self.salt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, Costs, LegacyRows};

    /// A site that stores by PBKDF2 at a million iterations.
    fn site() -> Hashers {
        let algorithms = [Algorithm::Pbkdf2Sha256, Algorithm::Pbkdf2Sha1];
        Hashers::new(&algorithms, &Costs::default(), LegacyRows::Refuse).unwrap()
    }

    /// How many iterations all stretches have, with nothing of them run.
    fn iterations(encoded: Option<&str>) -> u32 {
        let site = site();
        let mut work = Checking::new(Password::from("1234".to_owned()), encoded.map(str::to_owned));
        let cost = work.cost(&site);
        let mut all = 0;
        let mut step = work.begin(&site);
        loop {
            step = match step {
                Step::Stretch(derivation) => {
                    // The first was run when it was made.
                    all += derivation.remaining() + 1;
                    work.stretched(&site, &[1; KEY_LEN])
                }
                Step::Whole => unreachable!("PBKDF2 runs in stretches"),
                Step::Done(check) => {
                    assert_eq!(check, WRONG);
                    assert_eq!(cost, Cost::Iterations(all), "{encoded:?}");
                    return all;
                }
            };
        }
    }

    /// A row of PBKDF2 with SHA-256 whose password nobody knows.
    fn row(iterations: &str) -> String {
        let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        format!("pbkdf2_sha256${iterations}$NaClNaClNaClNaClNaClNa${hash}")
    }

    #[test]
    fn a_wrong_password_takes_the_same_iterations_on_every_row() {
        for encoded in [
            None,
            Some("!"),
            Some("pbkdf2_sha256"),
            Some("pbkdf2_sha1$1$seasalt$x"),
        ] {
            assert_eq!(iterations(encoded), 1_000_000, "{encoded:?}");
        }
        for cost in ["0", "-1", "1", "600000", "999999", "1000000", "5000001"] {
            let row = row(cost);
            assert_eq!(iterations(Some(&row)), 1_000_000, "{cost}");
            let cut_off = &row[..row.len() - 1];
            assert_eq!(iterations(Some(cut_off)), 1_000_000, "{cost}");
        }
        assert_eq!(iterations(Some(&row("1200000"))), 1_200_000);
    }

    #[test]
    fn a_row_of_another_algorithm_runs_whole_by_its_hasher() {
        let site = site();
        let row = "pbkdf2_sha1$1$seasalt$AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned();
        let mut work = Checking::new(Password::from("1234".to_owned()), Some(row));
        assert_eq!(work.cost(&site), Cost::Whole(1));
        assert!(matches!(work.begin(&site), Step::Whole));
        assert!(matches!(work.run(&site), Step::Done(WRONG)));
    }
}
