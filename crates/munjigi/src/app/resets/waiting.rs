//! Who waits to be looked up, and whose turn it is.
//!
//! Without an index on the address a look reads the whole table, so one is done at a time and few may wait. The places are
//! shared out by who sends: nobody has more than [`SHARE`] of them, the turn goes round between those who wait, and where all
//! places are taken who has the most gives one up to who has less. Whether there is a user of the address plays no part in
//! any of it.

use crate::i18n::Lang;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many wait, with the one that is being looked up.
pub(super) const PLACES: u32 = 256;
/// How many of one sender's wait.
const SHARE: usize = 32;

/// An address that is to be looked up.
pub(crate) struct Asking {
    pub(crate) email: String,
    /// The language of who asks.
    pub(crate) lang: Lang,
}

/// From which network somebody asks: [`Client::network`](crate::accounts::Client::network).
type Network = Option<IpAddr>;

/// What becomes of somebody who asks.
pub(crate) enum Entry {
    /// He has a place of his own, which his look frees.
    Added(OwnedSemaphorePermit),
    /// He has the place of another who waited, for whom a look is coming already.
    Instead,
    /// There is no place for him.
    Refused,
}

pub(crate) struct Waiting {
    pub(super) places: Arc<Semaphore>,
    /// The first is the next. Nobody stands here with nothing.
    lines: Mutex<VecDeque<Line>>,
}

/// What waits of one sender, in the order it came.
struct Line {
    from: Network,
    askings: VecDeque<Asking>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(PLACES as usize)),
            lines: Mutex::default(),
        }
    }
}

impl Waiting {
    /// Gives a place to who asks. An address that waits already takes no second one; what is told of that is what would be
    /// told without it.
    pub(crate) fn enter(&self, from: Network, asking: Asking) -> Entry {
        let mut lines = self.lines();
        let held = line_of(&lines, from).map_or(0, |line| line.askings.len());
        let place = Arc::clone(&self.places).try_acquire_owned().ok();
        let richest = richest(&lines).filter(|_| place.is_none());
        let is_full = place.is_none() && richest.is_none_or(|(_, most)| most <= held + 1);
        if held >= SHARE || is_full {
            return Entry::Refused;
        }
        if let Some((line, position)) = find(&lines, &asking.email) {
            let sooner = lines.get(line).is_some_and(|line| line.from != from) && held < position;
            if sooner {
                take(&mut lines, line, position);
                push(&mut lines, from, asking);
            }
            return Entry::Instead;
        }
        if let Some((line, most)) = richest {
            take(&mut lines, line, most - 1);
            tracing::warn!(
                target: "munjigi::account", event = "password_reset_displaced",
                "one of many that a single address asks for will not be looked up, for others ask too"
            );
        }
        push(&mut lines, from, asking);
        place.map_or(Entry::Instead, Entry::Added)
    }

    /// Whose turn it is. After him it is somebody else's.
    pub(crate) fn next(&self) -> Option<Asking> {
        let mut lines = self.lines();
        let mut line = lines.pop_front()?;
        let asking = line.askings.pop_front();
        if !line.askings.is_empty() {
            lines.push_back(line);
        }
        asking
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line_of(lines: &VecDeque<Line>, from: Network) -> Option<&Line> {
    lines.iter().find(|line| line.from == from)
}

/// Where the longest line stands, and how long it is.
fn richest(lines: &VecDeque<Line>) -> Option<(usize, usize)> {
    let lengths = lines.iter().map(|line| line.askings.len()).enumerate();
    lengths.max_by_key(|(_, length)| *length)
}

/// In which line an address waits, and how many stand before it there. Addresses are one as a sign-in compares them.
fn find(lines: &VecDeque<Line>, email: &str) -> Option<(usize, usize)> {
    let is_it = |asking: &Asking| asking.email.eq_ignore_ascii_case(email);
    let mut found = lines.iter().map(|line| line.askings.iter().position(is_it));
    let line = found.position(|position| position.is_some())?;
    let position = lines.get(line)?.askings.iter().position(is_it)?;
    Some((line, position))
}

fn take(lines: &mut VecDeque<Line>, line: usize, position: usize) {
    if let Some(askings) = lines.get_mut(line).map(|line| &mut line.askings) {
        askings.remove(position);
        if askings.is_empty() {
            lines.remove(line);
        }
    }
}

fn push(lines: &mut VecDeque<Line>, from: Network, asking: Asking) {
    match lines.iter_mut().find(|line| line.from == from) {
        Some(line) => line.askings.push_back(asking),
        None => lines.push_back(Line {
            from,
            askings: VecDeque::from([asking]),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those who wait, and the places that they were given.
    #[derive(Default)]
    struct Room {
        waiting: Waiting,
        places: Vec<OwnedSemaphorePermit>,
    }

    impl Room {
        /// Whether somebody of this network got in.
        fn asks(&mut self, network: u8, email: &str) -> bool {
            let asking = Asking {
                email: email.to_owned(),
                lang: Lang::En,
            };
            match self.waiting.enter(Some([10, 0, 0, network].into()), asking) {
                Entry::Added(place) => self.places.push(place),
                Entry::Instead => {}
                Entry::Refused => return false,
            }
            true
        }

        /// As many as this network may have.
        fn fill(&mut self, network: u8) -> usize {
            (0..=PLACES)
                .filter(|number| self.asks(network, &format!("{number}@{network}")))
                .count()
        }

        /// The addresses that wait, in the order of their turns.
        fn turns(&mut self) -> Vec<String> {
            std::iter::from_fn(|| self.waiting.next().map(|asking| asking.email)).collect()
        }
    }

    #[test]
    fn one_sender_has_a_share_and_the_rest_is_for_others() {
        let mut room = Room::default();
        assert_eq!(room.fill(1), SHARE);
        assert!(!room.asks(1, "one-more@1"));
        assert!(room.asks(2, "mseo@naver.com"));
    }

    #[test]
    fn the_turn_goes_round_between_those_who_wait() {
        let mut room = Room::default();
        for (network, email) in [(1, "a"), (1, "b"), (1, "c"), (2, "d"), (2, "e"), (3, "f")] {
            assert!(room.asks(network, email));
        }
        assert_eq!(room.turns(), ["a", "d", "f", "b", "e", "c"]);
    }

    #[test]
    fn where_all_places_are_taken_who_has_most_gives_one_up_to_who_has_less() {
        let mut room = Room::default();
        for network in 1..=8 {
            assert_eq!(room.fill(network), SHARE);
        }
        assert_eq!(room.places.len(), PLACES as usize);
        for network in 9..=15 {
            assert!(room.fill(network) >= 15, "{network}");
        }
        assert!(room.asks(16, "mseo@naver.com"));
        assert_eq!(room.places.len(), PLACES as usize);
        let turns = room.turns();
        assert_eq!(turns.len(), PLACES as usize);
        assert!(turns.iter().position(|email| email == "mseo@naver.com") < Some(16));
        for network in 1..=15 {
            let of_it = turns
                .iter()
                .filter(|email| email.ends_with(&format!("@{network}")));
            assert!(of_it.count() >= 15, "{network}");
        }
    }

    #[test]
    fn an_address_that_waits_takes_no_second_place_in_whatever_case_it_is_written() {
        let mut room = Room::default();
        for network in 1..=20 {
            for email in ["mseo@naver.com", "MSEO@naver.com", "mseo@NAVER.com"] {
                assert!(room.asks(network, email));
            }
        }
        assert_eq!(room.places.len(), 1);
        assert_eq!(room.turns(), ["mseo@naver.com"]);
    }

    #[test]
    fn who_waits_behind_a_strangers_askings_for_his_own_address_has_his_own_turn() {
        let mut room = Room::default();
        for number in 0..20 {
            assert!(room.asks(1, &number.to_string()));
        }
        assert!(room.asks(1, "mseo@naver.com"));
        assert!(room.asks(2, "Mseo@naver.com"));
        assert_eq!(room.turns()[1], "Mseo@naver.com");
    }

    #[test]
    fn who_has_his_share_is_refused_also_for_an_address_that_waits() {
        let mut room = Room::default();
        assert!(room.asks(2, "mseo@naver.com"));
        room.fill(1);
        assert!(
            !room.asks(1, "mseo@naver.com"),
            "he would learn that somebody asks for it"
        );
    }
}
