//! Everybody who has to do with one sign-in, and what is on disk, in hand and in flight at a moment. What the two servers do
//! is in `servers.rs`.

use super::promises::Promise;
use crate::accounts::tokens::rotation::{Presented, Rule, Verdict};
use jiff::Timestamp;
use munjigi_store::records::Record;

/// A token, by its place in [`World::tokens`].
pub(super) type Jti = u8;
/// Seconds since the model began.
pub(super) type Second = i8;

/// One tick of the clock. One is within the window of ten seconds, two are beyond it.
pub(super) const TICK: Second = 6;

/// What is searched: who is there, and how much they do.
#[derive(Clone)]
pub(super) struct Machine {
    pub(super) rule: Rule,
    /// [`Rule::decide`], or one that errs.
    pub(super) decide: Decide,
    /// What the statements around it forget.
    pub(super) flaws: &'static [Flaw],
    pub(super) hands: &'static [Character],
    pub(super) neighbour: Neighbour,
    /// Whether the first token says which record is behind it.
    pub(super) has_sid: bool,
    /// Whether anybody signs out.
    pub(super) has_endings: bool,
    /// How far the clock of the node that answers may be behind.
    pub(super) behind: &'static [Second],
    /// How many requests are sent.
    pub(super) sends: u8,
    pub(super) ticks: u8,
}

pub(super) type Decide = fn(Rule, Option<&Record>, Presented<'_>, Timestamp) -> Verdict;

/// Who has a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Character {
    /// Asks again within the window or not at all, and refreshes no token in the moment in which it got it.
    Patient,
    /// A tab or a device that asks whenever it likes.
    Hasty,
    /// Copies what others hold, and keeps all of it.
    Thief,
}

/// The Django beside us. simplejwt writes down what it gives for a token since 5.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Neighbour {
    Nobody,
    Simplejwt55,
    Simplejwt54,
}

/// A statement without its condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// `AND jti = the one that was read`
    RotatesWhateverIsThere,
    /// `AND ended_at IS NULL`
    RotatesWhatEnded,
    /// `ON CONFLICT DO NOTHING`, and reading again
    OpensOverAnother,
    /// Undoing where Django blacklisted first.
    PassesOverTheList,
    /// Blacklisting the token that is displaced.
    LeavesTheDisplaced,
    /// A window that is counted from the rotation.
    StartsTheWindowAgain,
    /// Opening the record of a token without one as one that has ended, where there is no list.
    EndsOnlyRecords,
}

/// All that there is at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) now: Second,
    pub(super) sent: u8,
    /// `munjigi_session`.
    pub(super) rows: Vec<Row>,
    /// All tokens that were ever made, with their rows in simplejwt's tables.
    pub(super) tokens: Vec<Token>,
    pub(super) hands: Vec<Hand>,
    /// In flight, in no order.
    pub(super) requests: Vec<Request>,
    /// The sign-ins whose ending is on disk, a bit for each `sid`.
    pub(super) ended: u16,
    /// The promise that a step has broken.
    pub(super) broken: Option<Promise>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Row {
    /// The token that the sign-in began with stands for it.
    pub(super) sid: Jti,
    pub(super) current: Option<Jti>,
    pub(super) previous: Option<Jti>,
    pub(super) rotated_at: Option<Second>,
    pub(super) is_ended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Token {
    pub(super) sid: Jti,
    pub(super) names_sid: bool,
    pub(super) made_here: bool,
    /// Whether `outstandingtoken` has it.
    pub(super) is_written_down: bool,
    pub(super) blacklisted_at: Option<Second>,
    /// What munjigi gave for it. This and the next are of the model alone.
    pub(super) successor: Option<Jti>,
    /// When munjigi used it up, or displaced it.
    pub(super) used_at: Option<Second>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hand {
    /// The newest token that it has.
    pub(super) token: Option<Jti>,
    pub(super) memory: Memory,
}

/// What a client goes by, beside the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Memory {
    /// When it got the token, and when it first sent it.
    Times(Second, Option<Second>),
    /// All tokens that it ever had, a bit for each.
    Copies(u16),
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Request {
    pub(super) hand: u8,
    /// Whether the one who sent it still waits.
    pub(super) is_awaited: bool,
    pub(super) token: Jti,
    /// The moment of the request, by the clock of the node that it came to.
    pub(super) now: Second,
    pub(super) step: Step,
}

/// What a request does next. Between two steps anything may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Step {
    /// Reads row and tables in one statement, and decides.
    Read,
    /// The transaction of [`Verdict::Open`].
    Open,
    /// That of [`Verdict::Rotate`], with the token that the row had for the current one when it was read.
    Rotate(Option<Jti>),
    /// That of [`Verdict::Reuse`].
    Accuse,
    /// That of a sign-out.
    End,
    /// simplejwt 5.5.1: `check_blacklist`.
    Check(Errand),
    /// `blacklist`, which is content with a token that is on the list already.
    List(Errand),
    /// `set_jti` and `outstand`.
    Give,
    /// The answer goes out, with a token or without.
    Answer(Option<Jti>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Errand {
    Refresh,
    SignOut,
}

/// What happens next. A crash takes the requests in flight, and what they have not committed was never written. It needs no
/// action of its own: those requests are left by their senders and go no further, and every state is one in which some never
/// do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    Tick,
    /// Sends a token here, to a node whose clock is so far behind.
    Send(u8, Jti, Errand, Second),
    SendToDjango(u8, Jti, Errand),
    /// A request takes its step.
    Go(usize),
    /// The sender waits no longer: his connection was cut, or the answer is lost. The request may go on.
    Leave(usize),
    /// A thief copies the token that another one holds.
    Copy(u8, u8),
}

impl Machine {
    /// One token, in the hands of everybody but the thief.
    pub(super) fn begin(&self) -> World {
        let token = Token {
            names_sid: self.has_sid,
            made_here: self.has_sid,
            is_written_down: self.rule.keeps_tables,
            ..Token::new(0)
        };
        let row = Row {
            current: Some(0),
            ..Row::new(0)
        };
        let hand = |character: &Character| Hand {
            token: (*character != Character::Thief).then_some(0),
            memory: match character {
                Character::Patient => Memory::Times(-TICK, None),
                Character::Hasty => Memory::Nothing,
                Character::Thief => Memory::Copies(0),
            },
        };
        World {
            now: 0,
            sent: 0,
            rows: if self.has_sid { vec![row] } else { Vec::new() },
            tokens: vec![token],
            hands: self.hands.iter().map(hand).collect(),
            requests: Vec::new(),
            ended: 0,
            broken: None,
        }
    }

    pub(super) fn possible(&self, world: &World, actions: &mut Vec<Action>) {
        if world.now < TICK * Second::try_from(self.ticks).unwrap() {
            actions.push(Action::Tick);
        }
        for (at, request) in world.requests.iter().enumerate() {
            actions.push(Action::Go(at));
            if request.is_awaited {
                actions.push(Action::Leave(at));
            }
        }
        for (hand, character) in (0..).zip(self.hands) {
            if *character == Character::Thief {
                let others = (0..).zip(&world.hands);
                let others = others.filter(|(_, other)| other.token.is_some());
                actions.extend(others.map(|(other, _)| Action::Copy(hand, other)));
            }
            let is_waiting = world
                .requests
                .iter()
                .any(|sent| sent.hand == hand && sent.is_awaited);
            if !is_waiting && world.sent < self.sends {
                self.sendable(world, hand, *character, actions);
            }
        }
    }

    fn sendable(&self, world: &World, at: u8, character: Character, actions: &mut Vec<Action>) {
        let hand = &world.hands[usize::from(at)];
        let holds = |jti: &Jti| match hand.memory {
            Memory::Copies(copies) => copies & 1 << jti != 0,
            _ => hand.token == Some(*jti),
        };
        let is_in_time = match hand.memory {
            Memory::Times(_, Some(sent_at)) => world.now - sent_at <= TICK,
            Memory::Times(had_at, None) => world.now > had_at,
            _ => true,
        };
        if !is_in_time {
            return;
        }
        let tokens = 0..Jti::try_from(world.tokens.len()).unwrap();
        for jti in tokens.filter(holds) {
            let can_sign_out = self.has_endings && character != Character::Thief;
            for errand in [Errand::Refresh, Errand::SignOut] {
                if errand == Errand::SignOut && !can_sign_out {
                    continue;
                }
                let here = self.behind.iter().map(|by| Action::Send(at, jti, errand, *by));
                actions.extend(here);
                if self.neighbour != Neighbour::Nobody {
                    actions.push(Action::SendToDjango(at, jti, errand));
                }
            }
        }
    }

    pub(super) fn after(&self, world: &World, action: Action) -> World {
        let mut world = world.clone();
        match action {
            Action::Tick => world.now += TICK,
            Action::Send(hand, token, Errand::Refresh, behind) => world.send(hand, token, behind, Step::Read),
            Action::Send(hand, token, Errand::SignOut, behind) => world.send(hand, token, behind, Step::End),
            Action::SendToDjango(hand, token, errand) => world.send(hand, token, 0, Step::Check(errand)),
            Action::Go(at) => {
                let request = world.requests.remove(at);
                self.go(&mut world, request);
            }
            Action::Leave(at) => world.requests[at].is_awaited = false,
            Action::Copy(thief, from) => {
                let token = world.hands[usize::from(from)].token;
                world.hands[usize::from(thief)].hold(token.unwrap(), world.now);
            }
        }
        // Nobody hears what nobody waits for.
        world
            .requests
            .retain(|request| request.is_awaited || !matches!(request.step, Step::Answer(_)));
        world.requests.sort_unstable();
        world
    }
}

impl World {
    fn send(&mut self, hand: u8, token: Jti, behind: Second, step: Step) {
        self.sent += 1;
        let sender = &mut self.hands[usize::from(hand)];
        if let Memory::Times(_, sent_at) = &mut sender.memory {
            sent_at.get_or_insert(self.now);
        }
        self.requests.push(Request {
            hand,
            is_awaited: true,
            token,
            now: self.now - behind,
            step,
        });
    }

    /// An answer arrives. Who gets no token has none any more, except for the thief.
    pub(super) fn hear(&mut self, request: Request, token: Option<Jti>) {
        let hand = &mut self.hands[usize::from(request.hand)];
        match token {
            Some(token) => hand.hold(token, self.now),
            None => hand.token = None,
        }
    }

    pub(super) fn row(&self, sid: Jti) -> Option<&Row> {
        self.rows.iter().find(|row| row.sid == sid)
    }

    pub(super) fn token(&self, jti: Jti) -> &Token {
        &self.tokens[usize::from(jti)]
    }
}

impl Token {
    pub(super) fn new(sid: Jti) -> Self {
        Self {
            sid,
            names_sid: false,
            made_here: false,
            is_written_down: false,
            blacklisted_at: None,
            successor: None,
            used_at: None,
        }
    }
}

impl Hand {
    fn hold(&mut self, token: Jti, now: Second) {
        let is_new = self.token != Some(token);
        match &mut self.memory {
            Memory::Times(..) if is_new => self.memory = Memory::Times(now, None),
            Memory::Copies(copies) => *copies |= 1 << token,
            _ => {}
        }
        self.token = Some(token);
    }
}
