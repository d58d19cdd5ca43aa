//! What munjigi and simplejwt do, statement by statement. munjigi's judgement is [`Rule::decide`] itself.

use super::promises::{self, Promise};
use super::world::{Errand, Flaw, Jti, Machine, Neighbour, Request, Row, Second, Step, Token, World};
use crate::accounts::tokens::rotation::{Presented, Verdict};
use jiff::Timestamp;
use munjigi_store::records::{Client, Record};
use munjigi_store::token_blacklist::Given;

/// Who writes a row: munjigi leaves a digest in it, by which it knows its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    Munjigi,
    Django,
}

impl Machine {
    /// A request takes its step.
    pub(super) fn go(&self, world: &mut World, request: Request) {
        let step = match request.step {
            Step::Read => self.read(world, request),
            Step::Open => self.open(world, request),
            Step::Rotate(current) => self.rotate(world, request, current),
            Step::Accuse => {
                self.end_record(world, world.token(request.token).sid, request.now);
                Step::Answer(None)
            }
            Step::End => self.end(world, request),
            Step::Check(errand) if world.token(request.token).blacklisted_at.is_none() => Step::List(errand),
            Step::Check(_) => Step::Answer(None),
            Step::List(errand) => {
                world.blacklist(request.token, world.now, Server::Django);
                match errand {
                    Errand::Refresh => Step::Give,
                    Errand::SignOut => Step::Answer(None),
                }
            }
            Step::Give => Step::Answer(Some(self.give(world, request.token))),
            Step::Answer(token) => return world.hear(request, token),
        };
        world.requests.push(Request { step, ..request });
    }

    fn forgets(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    /// What munjigi would decide about a token.
    pub(super) fn verdict(&self, world: &World, jti: Jti, now: Second) -> Verdict {
        let token = world.token(jti);
        let row = world.row(token.sid);
        let current = row.and_then(|row| row.current);
        let presented = Presented {
            jti: text(jti),
            has_sid: token.names_sid,
            given: token.is_written_down.then(|| Given {
                made_here: token.made_here,
                blacklisted_at: token.blacklisted_at.map(moment),
            }),
            is_current_blacklisted: current.is_some_and(|jti| world.token(jti).blacklisted_at.is_some()),
            asked_at: moment(now),
        };
        (self.decide)(self.rule, row.map(record).as_ref(), presented, moment(now))
    }

    /// Reads in one statement what is behind the token, and decides.
    fn read(&self, world: &mut World, request: Request) -> Step {
        let verdict = self.verdict(world, request.token, request.now);
        world.note(promises::broken_by_verdict(self, world, request, verdict));
        let sid = world.token(request.token).sid;
        match verdict {
            Verdict::Open => Step::Open,
            Verdict::Rotate => Step::Rotate(world.row(sid).and_then(|row| row.current)),
            Verdict::Repeat => {
                let row = world.rows.iter_mut().find(|row| row.sid == sid).unwrap();
                if self.forgets(Flaw::StartsTheWindowAgain) {
                    row.rotated_at = Some(request.now);
                }
                Step::Answer(row.current)
            }
            Verdict::Refuse => Step::Answer(None),
            Verdict::Reuse => Step::Accuse,
        }
    }

    /// `INSERT … ON CONFLICT DO NOTHING`: who finds another one's record reads again.
    fn open(&self, world: &mut World, request: Request) -> Step {
        let sid = world.token(request.token).sid;
        if world.row(sid).is_some() && !self.forgets(Flaw::OpensOverAnother) {
            return Step::Read;
        }
        if self.was_blacklisted_first(world, request.token) {
            return Step::Answer(None);
        }
        world.rows.retain(|row| row.sid != sid);
        world.rows.push(Row::new(sid));
        self.succeed(world, request)
    }

    /// The guarded `UPDATE`: who changes no row reads again.
    fn rotate(&self, world: &mut World, request: Request, read: Option<Jti>) -> Step {
        let row = world.row(world.token(request.token).sid).unwrap();
        let is_the_same = row.current == read || self.forgets(Flaw::RotatesWhateverIsThere);
        let is_live = !row.is_ended || self.forgets(Flaw::RotatesWhatEnded);
        if !(is_the_same && is_live) {
            return Step::Read;
        }
        if self.was_blacklisted_first(world, request.token) {
            return Step::Answer(None);
        }
        if let Some(displaced) = read.filter(|read| *read != request.token) {
            world.tokens[usize::from(displaced)]
                .used_at
                .get_or_insert(request.now);
            if self.rule.keeps_tables && !self.forgets(Flaw::LeavesTheDisplaced) {
                world.blacklist(displaced, request.now, Server::Munjigi);
            }
        }
        self.succeed(world, request)
    }

    /// The rest of either transaction: the token is used up, and the record goes on with its successor.
    fn succeed(&self, world: &mut World, request: Request) -> Step {
        world.note(promises::broken_by_rotation(world, request));
        let Token { sid, .. } = *world.token(request.token);
        let successor = world.make(Token {
            names_sid: true,
            made_here: true,
            is_written_down: self.rule.keeps_tables,
            ..Token::new(sid)
        });
        if self.rule.keeps_tables {
            world.blacklist(request.token, request.now, Server::Munjigi);
        }
        let token = &mut world.tokens[usize::from(request.token)];
        token.used_at = Some(request.now);
        token.successor = Some(successor);
        let row = world.rows.iter_mut().find(|row| row.sid == sid).unwrap();
        row.previous = Some(request.token);
        row.current = Some(successor);
        row.rotated_at = Some(request.now);
        Step::Answer(Some(successor))
    }

    /// Where Django blacklisted the token first all is undone.
    fn was_blacklisted_first(&self, world: &World, jti: Jti) -> bool {
        world.token(jti).blacklisted_at.is_some() && !self.forgets(Flaw::PassesOverTheList)
    }

    /// A sign-out by a token. One without `sid` may have no record yet. Then the list says that it ended, and where there is
    /// no list a record that has ended.
    fn end(&self, world: &mut World, request: Request) -> Step {
        let sid = world.token(request.token).sid;
        if self.rule.keeps_tables {
            world.blacklist(request.token, request.now, Server::Munjigi);
        } else if world.row(sid).is_none() && !self.forgets(Flaw::EndsOnlyRecords) {
            world.rows.push(Row::new(sid));
        }
        self.end_record(world, sid, request.now);
        Step::Answer(None)
    }

    /// Ends a record, and blacklists what it has for its current token.
    fn end_record(&self, world: &mut World, sid: Jti, now: Second) {
        world.ended |= 1 << sid;
        let Some(row) = world.rows.iter_mut().find(|row| row.sid == sid) else {
            return;
        };
        row.is_ended = true;
        if let Some(current) = row.current
            && self.rule.keeps_tables
        {
            world.blacklist(current, now, Server::Munjigi);
        }
    }

    /// simplejwt's `set_jti` and `outstand`: all other claims stay, `sid` among them.
    fn give(&self, world: &mut World, jti: Jti) -> Jti {
        let Token { sid, names_sid, .. } = *world.token(jti);
        let own = Jti::try_from(world.tokens.len()).unwrap();
        world.make(Token {
            names_sid,
            is_written_down: self.neighbour == Neighbour::Simplejwt55,
            ..Token::new(if names_sid { sid } else { own })
        })
    }
}

impl World {
    fn make(&mut self, token: Token) -> Jti {
        self.tokens.push(token);
        Jti::try_from(self.tokens.len() - 1).unwrap()
    }

    /// As both servers do: into the first table where it is not there, and on the list where it is not yet.
    fn blacklist(&mut self, jti: Jti, now: Second, by: Server) {
        let token = &mut self.tokens[usize::from(jti)];
        if !token.is_written_down {
            token.is_written_down = true;
            token.made_here = by == Server::Munjigi;
        }
        token.blacklisted_at.get_or_insert(now);
    }

    fn note(&mut self, broken: Option<Promise>) {
        self.broken = self.broken.or(broken);
    }
}

impl Row {
    pub(super) fn new(sid: Jti) -> Self {
        Self {
            sid,
            current: None,
            previous: None,
            rotated_at: None,
            is_ended: false,
        }
    }
}

/// What stands in a row, as the store reads it.
fn record(row: &Row) -> Record {
    let jti = |jti: Option<Jti>| jti.map(|jti| text(jti).to_owned());
    Record {
        sid: text(row.sid).to_owned(),
        user_id: String::new(),
        opened_at: moment(0),
        last_seen_at: moment(0),
        idle_end: None,
        absolute_end: None,
        is_remembered: true,
        auth_hash: String::new(),
        django_session_key: None,
        jti: jti(row.current),
        jti_exp: None,
        previous_jti: jti(row.previous),
        rotated_at: row.rotated_at.map(moment),
        sealed_successor: None,
        rotations: 0,
        ended_at: row.is_ended.then(|| moment(0)),
        end_reason: None,
        client: Client::default(),
    }
}

fn text(jti: Jti) -> &'static str {
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"][usize::from(jti)]
}

fn moment(second: Second) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + i64::from(second)).unwrap()
}
