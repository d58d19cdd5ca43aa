//! When a password is not stored anew yet: while its user may have sessions that a Django beside us opened and that no
//! record knows. They are bound to the stored hash, and Django ends what no longer fits. Where munjigi made the database
//! there is nobody else to open any.
//!
//! Django writes `last_login` at each sign-in by session, and `accounts::backfill` looks through its sessions all
//! the time. Whoever was last signed in before a whole look began has none that is unknown.

use jiff::{SignedDuration, Timestamp};
use munjigi_store::users::User;
use munjigi_user::UserId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How much earlier than a look a sign-in at Django must have been. `login` writes `last_login`, and the session's user only
/// with the answer; and the clocks of two machines differ.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(60);
/// How many users are remembered; beyond that all begin anew.
const MOST: usize = 10_000;

/// Whose passwords wait. In memory alone: after a start they wait for a look again.
#[derive(Default)]
pub struct Deferrals(Mutex<HashMap<UserId, Waiting>>);

impl Deferrals {
    /// Whether the user's password is to be stored anew at a later sign-in, not at the one of `now`. `looked` is when the
    /// last look at Django's sessions began that has reached its end.
    pub(crate) fn defers(&self, looked: Option<Timestamp>, user: &User, now: Timestamp) -> bool {
        let mut waiting = locked(&self.0);
        let sign_in = SignIn {
            now,
            last_login: user.last_login,
            waiting: waiting.get(&user.id).copied(),
        };
        match sign_in.decide(looked) {
            None => {
                waiting.remove(&user.id);
                false
            }
            Some(still) => {
                if waiting.len() >= MOST {
                    waiting.clear();
                }
                waiting.insert(user.id.clone(), still);
                true
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A user whose password waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    /// Until then Django may have opened sessions for him.
    since: Timestamp,
    /// `last_login` as it stood at his sign-in here.
    found: Option<Timestamp>,
    /// The moment of that sign-in, which wrote it, or did not.
    at: Timestamp,
}

/// A sign-in here by a password that is to be stored anew.
struct SignIn {
    now: Timestamp,
    last_login: Option<Timestamp>,
    waiting: Option<Waiting>,
}

impl SignIn {
    /// `None` where it is stored anew now. `looked` is when the last look began that has reached its end.
    fn decide(&self, looked: Option<Timestamp>) -> Option<Waiting> {
        let since = self.last_at_django();
        let is_known = looked.is_some_and(|began| since.is_none_or(|since| since + UNDER_WAY <= began));
        (!is_known).then(|| Waiting {
            since: since.unwrap_or(Timestamp::MIN),
            found: self.last_login,
            at: self.now,
        })
    }

    /// Until when Django may have signed him in. A `last_login` that this server wrote says nothing of it: who signs in here
    /// again and again would wait for ever. One of the future says no more than that it was before now.
    fn last_at_django(&self) -> Option<Timestamp> {
        let last_login = self.last_login.map(stored);
        match self.waiting {
            Some(waiting)
                if last_login == waiting.found.map(stored) || last_login == Some(stored(waiting.at)) =>
            {
                Some(waiting.since)
            }
            _ => self.last_login.map(|at| at.min(self.now)),
        }
    }
}

/// The database keeps microseconds.
fn stored(moment: Timestamp) -> i64 {
    moment.as_microsecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + second).unwrap()
    }

    /// Whether a first sign-in at 1000 waits.
    fn waits(last_login: Option<i64>, looked: Option<i64>) -> bool {
        let sign_in = SignIn {
            now: at(1000),
            last_login: last_login.map(at),
            waiting: None,
        };
        sign_in.decide(looked.map(at)).is_some()
    }

    #[test]
    fn a_password_is_stored_anew_after_a_whole_look_that_began_after_the_last_sign_in() {
        for (last_login, looked, expected) in [
            // Nobody has looked yet.
            (None, None, true),
            (Some(-999_999), None, true),
            // He never signed in by a session.
            (None, Some(990), false),
            (Some(-999_999), Some(990), false),
            (Some(930), Some(990), false),
            // The session of that sign-in may not have been written.
            (Some(931), Some(990), true),
            (Some(990), Some(990), true),
            (Some(999), Some(990), true),
            // The other machine's clock is ahead.
            (Some(1005), Some(990), true),
            (Some(999_999), Some(990), true),
        ] {
            assert_eq!(waits(last_login, looked), expected, "{last_login:?} {looked:?}");
        }
    }

    /// A user's sign-ins here, at these seconds: the `last_login` that each finds, and when the last look began.
    fn story(sign_ins: &[(i64, Option<i64>, i64)]) -> Vec<bool> {
        let mut waiting = None;
        let decide = |&(now, last_login, looked): &(i64, Option<i64>, i64)| {
            let sign_in = SignIn {
                now: at(now),
                last_login: last_login.map(at),
                waiting,
            };
            waiting = sign_in.decide(Some(at(looked)));
            waiting.is_some()
        };
        sign_ins.iter().map(decide).collect()
    }

    #[test]
    fn who_signs_in_here_again_and_again_does_not_wait_for_ever() {
        // Each sign-in finds what the one before it wrote.
        let often = [
            (0, Some(-5), -9),
            (20, Some(0), 10),
            (40, Some(20), 30),
            (70, Some(40), 60),
        ];
        assert_eq!(story(&often), [true, true, true, false]);
        // By a token, where none of them writes it.
        let tokens = [(0, Some(-5), -9), (20, Some(-5), 10), (70, Some(-5), 60)];
        assert_eq!(story(&tokens), [true, true, false]);
    }

    #[test]
    fn a_sign_in_at_django_meanwhile_begins_it_anew() {
        let story_of = [
            (0, Some(-5), -9),
            (70, Some(30), 60),
            (90, Some(70), 80),
            (100, Some(90), 95),
        ];
        assert_eq!(story(&story_of), [true, true, true, false]);
    }

    #[test]
    fn a_last_login_in_the_future_does_not_defer_for_ever() {
        let story_of = [
            (0, Some(999_999), -9),
            (30, Some(999_999), 20),
            (70, Some(999_999), 60),
        ];
        assert_eq!(story(&story_of), [true, true, false]);
    }
}
