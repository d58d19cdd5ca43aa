//! Who waits: each asker in turn, his own in the order in which they came.

use super::Asker;
use std::collections::{HashMap, VecDeque};

/// A queue of what several askers wait for.
pub(super) struct FairQueue<T> {
    /// Whose turn it is, and who comes after him. Each of `waiting` once.
    turns: VecDeque<Asker>,
    /// What each waits for; never nothing.
    waiting: HashMap<Asker, VecDeque<T>>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self {
            turns: VecDeque::new(),
            waiting: HashMap::new(),
        }
    }
}

impl<T> FairQueue<T> {
    pub(super) fn len(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    pub(super) fn push(&mut self, asker: Asker, item: T) {
        let own = self.waiting.entry(asker).or_default();
        if own.is_empty() {
            self.turns.push_back(asker);
        }
        own.push_back(item);
    }

    /// How many items of an asker wait.
    pub(super) fn of(&self, asker: Asker) -> usize {
        self.waiting.get(&asker).map_or(0, VecDeque::len)
    }

    /// What [`pop`](Self::pop) would take.
    pub(super) fn peek(&self, may_come: impl Fn(Asker) -> bool) -> Option<&T> {
        let asker = self.turns.iter().find(|&&asker| may_come(asker))?;
        self.waiting.get(asker)?.front()
    }

    /// The oldest item of the first asker who may come, in turn. He comes last then.
    pub(super) fn pop(&mut self, may_come: impl Fn(Asker) -> bool) -> Option<T> {
        let at = self.turns.iter().position(|&asker| may_come(asker))?;
        let asker = self.turns.remove(at)?;
        let own = self.waiting.get_mut(&asker)?;
        let item = own.pop_front();
        if own.is_empty() {
            self.waiting.remove(&asker);
        } else {
            self.turns.push_back(asker);
        }
        item
    }

    /// What was taken out for an asker was nothing: he comes first again.
    pub(super) fn give_turn_back(&mut self, asker: Asker) {
        if self.waiting.contains_key(&asker) {
            self.turns.retain(|&other| other != asker);
            self.turns.push_front(asker);
        }
    }

    /// Takes out the newest item of whoever has most, where he has more than this asker would have with another one, and the
    /// item may go.
    pub(super) fn displace(&mut self, asker: Asker, may_go: impl FnOnce(&T) -> bool) -> Option<T> {
        let own = self.of(asker);
        let most = self.waiting.values_mut().max_by_key(|items| items.len())?;
        // Two at the least, so that he keeps his turn.
        if most.len() > own + 1 && most.back().is_some_and(may_go) {
            most.pop_back()
        } else {
            None
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.waiting.values().flatten()
    }

    /// Takes out all of a kind.
    pub(super) fn extract(&mut self, is_of_it: impl Fn(&T) -> bool) -> Vec<T> {
        let Self { turns, waiting } = self;
        let mut taken = Vec::new();
        for own in waiting.values_mut() {
            let (going, staying): (VecDeque<_>, VecDeque<_>) = own.drain(..).partition(&is_of_it);
            taken.extend(going);
            *own = staying;
        }
        waiting.retain(|_, own| !own.is_empty());
        turns.retain(|asker| waiting.contains_key(asker));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(items: &[(u128, &'static str)]) -> FairQueue<&'static str> {
        let mut queue = FairQueue::default();
        for &(asker, item) in items {
            queue.push(Asker(asker), item);
        }
        queue
    }

    fn rest(mut queue: FairQueue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| {
            let peeked = queue.peek(|_| true).copied();
            let popped = queue.pop(|_| true);
            assert_eq!(peeked, popped);
            popped
        })
        .collect()
    }

    #[test]
    fn askers_have_their_turns_and_each_his_own_order() {
        let queue = queue(&[(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1"), (2, "b2")]);
        assert_eq!(queue.len(), 6);
        assert_eq!(rest(queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[test]
    fn who_was_served_and_comes_again_comes_last() {
        let mut queue = queue(&[(1, "a1"), (2, "b1")]);
        assert_eq!(queue.pop(|_| true), Some("a1"));
        queue.push(Asker(1), "a2");
        queue.push(Asker(3), "c1");
        assert_eq!(rest(queue), ["b1", "a2", "c1"]);
    }

    #[test]
    fn the_newest_of_who_has_most_makes_room_for_who_has_less() {
        let mut queue = queue(&[(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1")]);
        let mut displace = |asker| queue.displace(Asker(asker), |_| true);
        assert_eq!(displace(1), None, "nobody makes room for himself");
        assert_eq!(displace(2), Some("a3"));
        assert_eq!(displace(2), None, "both would have two");
        assert_eq!(displace(3), Some("a2"));
        assert_eq!(displace(3), None, "each has one");
        assert_eq!(rest(queue), ["a1", "b1"]);
    }

    #[test]
    fn who_may_not_come_keeps_his_turn() {
        let mut queue = queue(&[(1, "a1"), (1, "a2"), (2, "b1"), (2, "b2"), (2, "b3")]);
        let all_but_the_first = |asker| asker != Asker(1);
        assert_eq!(queue.pop(all_but_the_first), Some("b1"));
        assert_eq!(queue.pop(all_but_the_first), Some("b2"));
        queue.give_turn_back(Asker(2));
        assert_eq!(rest(queue), ["b3", "a1", "a2"]);
    }

    #[test]
    fn who_has_nothing_left_has_no_turn() {
        let mut queue = queue(&[(1, "a1"), (2, "b1"), (1, "a2"), (3, "c1"), (3, "c2")]);
        let mut taken = queue.extract(|item| ["b1", "a1", "c2"].contains(item));
        taken.sort_unstable();
        assert_eq!(taken, ["a1", "b1", "c2"]);
        queue.push(Asker(2), "b2");
        assert_eq!(rest(queue), ["a2", "c1", "b2"]);
    }
}
