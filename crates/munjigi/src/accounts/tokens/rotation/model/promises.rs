//! What holds whatever happens.
//!
//! A *lineage* is a chain of tokens, each the successor that munjigi gave for the one before. It is *live* where its last
//! token would be rotated. So there are two live lineages where two tokens would be.
//!
//! A Django beside us hands out tokens of its own, also two for one where it races with itself or with us, and each of them
//! would be rotated once. What holds then: of the tokens *made here* no two of one record would be rotated, and none that was
//! used up or displaced ever is again. So of two tokens of such a race the one that comes later displaces what came of the
//! other, and at most one is ever rotated further. Where those have no `sid` each is a record of its own.

use super::world::{
    Character, Errand, Hand, Machine, Memory, Neighbour, Request, Second, Step, TICK, Token, World,
};
use crate::accounts::tokens::rotation::Verdict;

/// A promise that one step may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Promise {
    /// No token that was used up or displaced is rotated again, and a repeat gives what was given.
    OneSuccessor,
    /// Nothing is accepted after an ending, and nothing that Django took back is rotated or handed out.
    EndingsHold,
    /// A client alone who asks again within the window is no thief.
    HonestIsBelieved,
    /// Who comes with a token that was used up longer ago than the window ends the record.
    LatecomerIsFound,
    /// Without a window nothing is repeated, and nothing ends but by a sign-out.
    UpstreamsRule,
}

/// What a verdict on a request breaks.
pub(super) fn broken_by_verdict(
    machine: &Machine,
    world: &World,
    request: Request,
    verdict: Verdict,
) -> Option<Promise> {
    let token = world.token(request.token);
    let row = world.row(token.sid);
    let current = row.and_then(|row| row.current);
    match verdict {
        Verdict::Repeat | Verdict::Reuse if machine.rule.window.is_zero() => Some(Promise::UpstreamsRule),
        Verdict::Open | Verdict::Rotate | Verdict::Repeat if world.has_ended(token) => {
            Some(Promise::EndingsHold)
        }
        Verdict::Repeat if current.is_some_and(|jti| world.token(jti).blacklisted_at.is_some()) => {
            Some(Promise::EndingsHold)
        }
        Verdict::Repeat if current.is_none() || current != token.successor => Some(Promise::OneSuccessor),
        Verdict::Reuse if machine.hands[usize::from(request.hand)] == Character::Patient => {
            Some(Promise::HonestIsBelieved)
        }
        Verdict::Reuse => None,
        _ if machine.is_late(world, token, request.now) => Some(Promise::LatecomerIsFound),
        _ => None,
    }
}

/// What a transaction breaks that uses up a token.
pub(super) fn broken_by_rotation(world: &World, request: Request) -> Option<Promise> {
    let token = world.token(request.token);
    if token.used_at.is_some() {
        Some(Promise::OneSuccessor)
    } else if world.has_ended(token) || token.blacklisted_at.is_some() {
        Some(Promise::EndingsHold)
    } else {
        None
    }
}

impl Machine {
    pub(super) fn has_one_lineage(&self, world: &World) -> bool {
        let is_alone = self.neighbour == Neighbour::Nobody;
        let mut live = 0_u16;
        (0..).zip(&world.tokens).all(|(jti, token)| {
            let counts = token.made_here || is_alone;
            if !(counts && is_accepted(self.verdict(world, jti, world.now))) {
                return true;
            }
            let lineage = if is_alone { 1 } else { 1 << token.sid };
            let is_the_first = live & lineage == 0;
            live |= lineage;
            is_the_first
        })
    }

    /// Whoever was answered a token can go on by it, until somebody presents it, it is displaced by one of Django's, or the
    /// sign-in ends. With one patient client nothing but himself can do so.
    pub(super) fn loses_nothing(&self, world: &World) -> bool {
        world.hands.iter().all(|hand| {
            let Some(jti) = hand.token else { return true };
            let token = world.token(jti);
            let is_gone = token.used_at.is_some() || token.blacklisted_at.is_some() || world.has_ended(token);
            let is_untouched = matches!(hand.memory, Memory::Times(_, None)) && !self.has_endings;
            let is_good = is_accepted(self.verdict(world, jti, world.now));
            if is_untouched { is_good } else { is_good || is_gone }
        })
    }

    pub(super) fn endings_hold(&self, world: &World) -> bool {
        (0..).zip(&world.tokens).all(|(jti, token)| {
            !world.has_ended(token) || self.verdict(world, jti, world.now) == Verdict::Refuse
        })
    }

    /// A thief and a victim who both go on: each presents the newest token that he has, further apart than the window. In the
    /// end the record is over.
    pub(super) fn finds_the_thief(&self, world: &World) -> bool {
        let Some(thief) = self
            .hands
            .iter()
            .position(|character| *character == Character::Thief)
        else {
            return true;
        };
        let goes_on = |hand: &Hand| hand.token.is_some();
        let Some(victim) = world
            .hands
            .iter()
            .position(goes_on)
            .filter(|victim| *victim != thief)
        else {
            return true;
        };
        if !goes_on(&world.hands[thief]) {
            return true;
        }
        let mut world = world.clone();
        world.requests.clear();
        for hand in [victim, thief, victim] {
            world.now += 2 * TICK;
            self.present(&mut world, hand);
        }
        world.rows.iter().all(|row| row.is_ended)
    }

    /// One request alone, from its first step to its answer.
    fn present(&self, world: &mut World, hand: usize) {
        let Some(token) = world.hands[hand].token else {
            return;
        };
        let mut request = Request {
            hand: u8::try_from(hand).unwrap(),
            is_awaited: true,
            token,
            now: world.now,
            step: Step::Read,
        };
        loop {
            let is_last = matches!(request.step, Step::Answer(_));
            self.go(world, request);
            if is_last {
                return;
            }
            request = world.requests.pop().unwrap();
        }
    }

    /// Whether the token was used up longer ago than the window, and the record is live. Who comes while it is rotated is
    /// found when he comes again.
    fn is_late(&self, world: &World, token: &Token, now: Second) -> bool {
        let is_after = |at: Option<Second>| at.is_none_or(|at| at <= now);
        let is_over = |at: Second| i64::from(now - at) > self.rule.window.as_secs();
        !self.rule.window.is_zero()
            && token.used_at.is_some_and(is_over)
            && world
                .row(token.sid)
                .is_some_and(|row| !row.is_ended && is_after(row.rotated_at))
    }
}

impl World {
    /// Whether two requests are about to use up the same token.
    pub(super) fn has_race(&self) -> bool {
        let uses_up = |request: &&Request| {
            matches!(
                request.step,
                Step::Open | Step::Rotate(_) | Step::List(Errand::Refresh)
            )
        };
        let mut tokens: Vec<_> = self
            .requests
            .iter()
            .filter(uses_up)
            .map(|request| request.token)
            .collect();
        tokens.sort_unstable();
        tokens.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn has_ended(&self, token: &Token) -> bool {
        self.ended & 1 << token.sid != 0
    }
}

fn is_accepted(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Open | Verdict::Rotate)
}
