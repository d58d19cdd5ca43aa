//! What becomes of a refresh token under `ROTATE_REFRESH_TOKENS` and `BLACKLIST_AFTER_ROTATION`: the judgement alone, of a
//! row, a token and a moment. `docs/decisions/0016` has the table and the reasons. simplejwt has nothing like it.

use crate::accounts::record;
use jiff::{SignedDuration, Timestamp};
use munjigi_store::records::Record;
use munjigi_store::token_blacklist::Given;

/// How far ahead of this clock another node's may be. A rotation from further ahead says that a clock was put back.
const SKEW: SignedDuration = SignedDuration::from_secs(2);

/// `ROTATION_WINDOW`: for how long after a rotation the token of before is answered with its successor once more. Zero is
/// simplejwt's rule: it is refused, and nothing ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) window: SignedDuration,
    /// Whether simplejwt's tables are kept: then a Django may be beside us, and every token given out here is in them.
    pub(super) keeps_tables: bool,
}

/// A refresh token that is good by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presented<'p> {
    pub(super) jti: &'p str,
    /// Whether it says which record is behind it. The record of one that does not is named by the digest of its id.
    pub(super) has_sid: bool,
    /// What simplejwt's tables know of it, where they are kept.
    pub(super) given: Option<Given>,
    /// Whether the token that the row knows as the current one is blacklisted there.
    pub(super) is_current_blacklisted: bool,
    /// When its request began. From then on to the moment at which it is judged a body may have been on its way.
    pub(super) asked_at: Timestamp,
}

/// What is to be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A record is opened that begins with its successor.
    Open,
    /// The record goes on with its successor, unless the row is another one by then: the statement says so.
    Rotate,
    /// It was rotated a moment ago: the sealed successor is the answer.
    Repeat,
    /// It is no longer good.
    Refuse,
    /// It is in two hands: the record ends.
    Reuse,
}

impl Rule {
    /// What is to be done with `presented`, where `row` is the record behind it and `now` the moment.
    pub(super) fn decide(self, row: Option<&Record>, presented: Presented<'_>, now: Timestamp) -> Verdict {
        let Some(row) = row else {
            return if presented.has_sid || presented.is_blacklisted() {
                Verdict::Refuse
            } else {
                Verdict::Open
            };
        };
        if record::is_over(row, now) {
            return Verdict::Refuse;
        }
        let presented_is = |jti: &Option<String>| jti.as_deref() == Some(presented.jti);
        match presented.given {
            _ if presented_is(&row.jti) && !presented.is_blacklisted() => Verdict::Rotate,
            _ if presented_is(&row.previous_jti) => self.again(row, presented, now),
            // Django gave it out, and took it for the current one's successor.
            Some(Given {
                blacklisted_at: None, ..
            }) => Verdict::Rotate,
            Some(Given {
                blacklisted_at: Some(at),
                made_here,
            }) if !made_here || presented_is(&row.jti) => self.listed_by_neighbour(row, presented, (at, now)),
            // simplejwt before 5.5 does not write down what it gives for a token.
            None if self.keeps_tables => Verdict::Rotate,
            _ => self.in_two_hands(row, presented),
        }
    }

    /// The token of before. It may come twice because an answer was lost on its way.
    fn again(self, row: &Record, presented: Presented<'_>, now: Timestamp) -> Verdict {
        let Some(rotated_at) = row.rotated_at else {
            return self.in_two_hands(row, presented);
        };
        let since = now.duration_since(rotated_at);
        if since > self.window {
            self.in_two_hands(row, presented)
        } else if since < -SKEW || presented.is_current_blacklisted || self.window.is_zero() {
            Verdict::Refuse
        } else {
            Verdict::Repeat
        }
    }

    /// Blacklisted past us: Django rotated it for another tab, or its user signed out there.
    fn listed_by_neighbour(
        self,
        row: &Record,
        presented: Presented<'_>,
        (at, now): (Timestamp, Timestamp),
    ) -> Verdict {
        if now.duration_since(at) > self.window {
            self.in_two_hands(row, presented)
        } else {
            Verdict::Refuse
        }
    }

    /// A request that is older than the last rotation accuses nobody: its sender may have waited no longer and asked
    /// again, and be two tokens further by now. A thief comes again.
    fn in_two_hands(self, row: &Record, presented: Presented<'_>) -> Verdict {
        let is_overtaken = row
            .rotated_at
            .is_some_and(|rotated_at| presented.asked_at < rotated_at);
        if self.window.is_zero() || is_overtaken {
            Verdict::Refuse
        } else {
            Verdict::Reuse
        }
    }
}

impl Presented<'_> {
    fn is_blacklisted(&self) -> bool {
        self.given.is_some_and(|given| given.blacklisted_at.is_some())
    }
}

#[cfg(test)]
mod model;

#[cfg(test)]
mod tests {
    use super::*;
    use munjigi_store::records::Client;

    const RULE: Rule = Rule {
        window: SignedDuration::from_secs(10),
        keeps_tables: true,
    };
    const ALONE: Rule = Rule {
        keeps_tables: false,
        ..RULE
    };
    const UPSTREAM: Rule = Rule {
        window: SignedDuration::ZERO,
        ..RULE
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + second).unwrap()
    }

    /// Rotated once, at second 0.
    fn row() -> Record {
        Record {
            sid: "5".repeat(32),
            user_id: "1".to_owned(),
            opened_at: at(-60),
            last_seen_at: at(0),
            idle_end: None,
            absolute_end: Some(at(1_000)),
            is_remembered: true,
            auth_hash: String::new(),
            django_session_key: None,
            jti: Some("current".to_owned()),
            jti_exp: Some(at(5_000)),
            previous_jti: Some("previous".to_owned()),
            rotated_at: Some(at(0)),
            sealed_successor: Some(vec![0]),
            rotations: 1,
            ended_at: None,
            end_reason: None,
            client: Client::default(),
        }
    }

    fn presented(jti: &str) -> Presented<'_> {
        Presented {
            jti,
            has_sid: true,
            given: None,
            is_current_blacklisted: false,
            asked_at: at(0),
        }
    }

    fn given(jti: &str, made_here: bool, blacklisted_at: Option<Timestamp>) -> Presented<'_> {
        let given = Some(Given {
            made_here,
            blacklisted_at,
        });
        Presented {
            given,
            ..presented(jti)
        }
    }

    /// A request that is judged when it comes.
    fn decide_by(rule: Rule, presented: Presented<'_>, second: i64) -> Verdict {
        let presented = Presented {
            asked_at: at(second),
            ..presented
        };
        rule.decide(Some(&row()), presented, at(second))
    }

    fn decide(presented: Presented<'_>, second: i64) -> Verdict {
        decide_by(RULE, presented, second)
    }

    #[test]
    fn the_current_token_rotates() {
        assert_eq!(decide(presented("current"), 1), Verdict::Rotate);
        assert_eq!(decide(given("current", true, None), 900), Verdict::Rotate);
    }

    #[test]
    fn the_one_before_is_answered_again_within_the_window_and_ends_the_record_after_it() {
        let before = given("previous", true, Some(at(0)));
        for second in [-2, 0, 10] {
            assert_eq!(decide(before, second), Verdict::Repeat, "{second}");
        }
        assert_eq!(decide(before, 11), Verdict::Reuse);
    }

    #[test]
    fn a_rotation_that_lies_ahead_repeats_nothing_and_ends_nothing() {
        for second in [-3, -30] {
            assert_eq!(decide(presented("previous"), second), Verdict::Refuse, "{second}");
        }
    }

    #[test]
    fn nothing_is_repeated_that_django_took_back() {
        let taken_back = Presented {
            is_current_blacklisted: true,
            ..given("previous", true, Some(at(0)))
        };
        assert_eq!(decide(taken_back, 1), Verdict::Refuse);
    }

    #[test]
    fn a_token_of_djangos_becomes_the_current_one() {
        assert_eq!(decide(given("theirs", false, None), 100), Verdict::Rotate);
    }

    #[test]
    fn a_token_that_django_used_up_is_refused_at_first_and_then_is_one_in_two_hands() {
        for jti in ["theirs", "current"] {
            assert_eq!(decide(given(jti, false, Some(at(100))), 105), Verdict::Refuse);
            assert_eq!(decide(given(jti, false, Some(at(100))), 111), Verdict::Reuse);
        }
    }

    #[test]
    fn an_older_one_ends_the_record_at_once() {
        assert_eq!(decide(given("older", true, Some(at(-1))), 1), Verdict::Reuse);
    }

    #[test]
    fn an_unknown_one_is_an_older_simplejwts_and_without_its_tables_in_two_hands() {
        assert_eq!(decide(presented("unknown"), 1), Verdict::Rotate);
        let unknown = ALONE.decide(Some(&row()), presented("unknown"), at(1));
        assert_eq!(unknown, Verdict::Reuse);
    }

    #[test]
    fn a_request_that_the_last_rotation_overtook_accuses_nobody() {
        for second in [-1, -60] {
            assert_eq!(
                decide(given("older", true, Some(at(-70))), second),
                Verdict::Refuse
            );
            let unknown = decide_by(ALONE, presented("unknown"), second);
            assert_eq!(unknown, Verdict::Refuse, "{second}");
        }
    }

    #[test]
    fn a_request_that_was_long_on_its_way_is_judged_by_when_it_is_read_and_accuses_by_when_it_began() {
        let slow = |token, since| Presented {
            asked_at: at(since),
            ..token
        };
        let before = given("previous", true, Some(at(0)));
        let judged = |token, second| RULE.decide(Some(&row()), token, at(second));
        assert_eq!(judged(slow(before, -15), 5), Verdict::Repeat);
        assert_eq!(judged(slow(before, -15), 11), Verdict::Refuse);
        assert_eq!(judged(slow(before, 1), 11), Verdict::Reuse);
        let older = given("older", true, Some(at(-70)));
        assert_eq!(judged(slow(older, -1), 5), Verdict::Refuse);
    }

    #[test]
    fn under_simplejwts_rule_nothing_is_repeated_and_nothing_ends() {
        for token in [presented("previous"), given("older", true, Some(at(-1)))] {
            assert_eq!(UPSTREAM.decide(Some(&row()), token, at(0)), Verdict::Refuse);
        }
        assert_eq!(
            UPSTREAM.decide(Some(&row()), presented("current"), at(0)),
            Verdict::Rotate
        );
    }

    #[test]
    fn a_record_that_is_over_refuses_every_token() {
        let ended = Record {
            ended_at: Some(at(0)),
            ..row()
        };
        for token in [
            presented("current"),
            presented("previous"),
            given("theirs", false, None),
        ] {
            assert_eq!(RULE.decide(Some(&ended), token, at(1)), Verdict::Refuse);
            assert_eq!(decide(token, 1_000), Verdict::Refuse);
        }
    }

    #[test]
    fn only_a_token_that_names_no_record_opens_one() {
        let without = |token| Presented {
            has_sid: false,
            ..token
        };
        assert_eq!(RULE.decide(None, presented("theirs"), at(0)), Verdict::Refuse);
        assert_eq!(
            RULE.decide(None, without(presented("theirs")), at(0)),
            Verdict::Open
        );
        let used_up = without(given("theirs", false, Some(at(0))));
        assert_eq!(RULE.decide(None, used_up, at(0)), Verdict::Refuse);
    }
}
