//! How long a user is not written to again: longer with every mail, so that nobody's mailbox is filled by who knows his
//! address. His own mail is never more than [`LONGEST`] away, and the links of the mails before it are as good.

use jiff::{SignedDuration, Timestamp};
use munjigi_user::UserId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The pause after the first mail; each later one is twice as long.
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
/// The pause that grows no more.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// After how long without a mail all of this is forgotten.
const QUIET: SignedDuration = SignedDuration::from_hours(24);
/// How many users are remembered. Past that, the half that was written to earlier is forgotten.
const MOST: usize = 65_536;

#[derive(Default)]
pub(crate) struct Pauses(Mutex<HashMap<UserId, Written>>);

#[derive(Clone, Copy)]
struct Written {
    at: Timestamp,
    pause: SignedDuration,
}

impl Pauses {
    /// Whether the user may be written to.
    pub(crate) fn is_over(&self, user: &UserId, now: Timestamp) -> bool {
        let written = self.written();
        written
            .get(user)
            .is_none_or(|written| now.duration_since(written.at) >= written.pause)
    }

    /// He is written to now.
    pub(crate) fn begin(&self, user: &UserId, now: Timestamp) {
        let mut written = self.written();
        let is_remembered = |written: &Written| now.duration_since(written.at) < QUIET;
        let before = written.get(user).copied().filter(is_remembered);
        if before.is_none() && written.len() >= MOST {
            written.retain(|_, written| is_remembered(written));
            forget_earlier_half(&mut written);
        }
        let pause = before.map_or(SHORTEST, |before| {
            LONGEST.min(before.pause.saturating_add(before.pause))
        });
        written.insert(user.clone(), Written { at: now, pause });
    }

    fn written(&self) -> MutexGuard<'_, HashMap<UserId, Written>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget_earlier_half(written: &mut HashMap<UserId, Written>) {
    let mut moments: Vec<Timestamp> = written.values().map(|written| written.at).collect();
    if moments.len() < MOST {
        return;
    }
    let (_, middle, _) = moments.select_nth_unstable(MOST / 2);
    let middle = *middle;
    written.retain(|_, written| written.at > middle);
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    /// Asks for the user at each of these seconds, and says when he was written to.
    fn mails(pauses: &Pauses, user: i64, asked: impl Iterator<Item = i64>) -> Vec<i64> {
        asked
            .filter(|second| {
                let now = Timestamp::from_second(*second).unwrap();
                let may = pauses.is_over(&UserId::Int(user), now);
                if may {
                    pauses.begin(&UserId::Int(user), now);
                }
                may
            })
            .collect()
    }

    #[test]
    fn each_pause_is_twice_the_one_before_up_to_an_hour() {
        let mails = mails(&Pauses::default(), 1, 0..DAY);
        let minutes: Vec<i64> = mails.iter().map(|second| second / 60).collect();
        assert_eq!(minutes[..9], [0, 1, 3, 7, 15, 31, 63, 123, 183]);
        assert_eq!(mails.len(), 29, "in a day in which somebody asks every second");
    }

    #[test]
    fn one_users_pause_is_not_anothers() {
        let pauses = Pauses::default();
        mails(&pauses, 1, 0..1_000);
        assert_eq!(mails(&pauses, 2, [1_000].into_iter()), [1_000]);
    }

    #[test]
    fn after_a_quiet_day_it_begins_anew() {
        for (quiet, second) in [(DAY - 1, 3_600), (DAY, 60)] {
            let pauses = Pauses::default();
            let last = *mails(&pauses, 1, 0..DAY).last().unwrap();
            let first = last + quiet;
            let both = [first, first + second];
            let asked = [first, first + second - 1, first + second];
            assert_eq!(mails(&pauses, 1, asked.into_iter()), both, "{quiet}");
        }
    }

    #[test]
    fn so_many_users_are_remembered_and_those_of_before_are_forgotten_first() {
        let pauses = Pauses::default();
        let many = i64::try_from(MOST).unwrap();
        for user in 0..=many {
            let now = Timestamp::from_millisecond(user).unwrap();
            pauses.begin(&UserId::Int(user), now);
        }
        let now = Timestamp::from_second(66).unwrap();
        assert!(pauses.written().len() <= MOST / 2 + 1);
        assert!(pauses.is_over(&UserId::Int(1), now), "long ago");
        assert!(!pauses.is_over(&UserId::Int(many), now));
    }
}
