//! An import under way: what was read and waits, and what was told of it.

use super::batch::{self, Batch, Done, Outcome, Written};
use super::present::Seen;
use super::{Audience, Error, Options, Piece, Report, Rules, Run};
use crate::app::App;
use crate::transfer::named::{Explained, Group};
use crate::transfer::pieces::Pieces;
use crate::transfer::record::{Entry, Given, Names, Records};
use crate::transfer::table::Table;
use crate::transfer::user::{Incoming, Users};
use crate::transfer::{GROUPS, Reason, USER_PERMISSIONS};
use munjigi_store::users::{columns, rows};
use munjigi_store::{Error as StoreError, migrate};
use rand_core::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

/// How many rows go in a transaction,
const BATCH: usize = 200;
/// and how many bytes of the input.
const BATCH_BYTES: usize = 4 << 20;
/// How many names of models and fields are told apart.
const MOST_NAMES: usize = 500;

pub(super) struct Importer<'a> {
    app: &'a App,
    options: &'a Options,
    rules: Arc<Rules>,
    records: Records,
    explained: Explained,
    /// Rows that are to be written, or told of, together.
    waiting: Vec<(Piece, Result<Incoming, Reason>)>,
    waiting_bytes: usize,
    seen: Arc<Mutex<Seen>>,
    pub(super) report: Report,
    /// The groups that this import made; to them alone it gives permissions.
    made_groups: BTreeSet<String>,
}

impl<'a> Importer<'a> {
    pub(super) async fn new(app: &'a App, options: &'a Options) -> Result<Self, Error> {
        let model = app.config().user_model.clone();
        let has_relations = model.has_permissions() && migrate::check_permissions(app.store()).await.is_ok();
        if !rows::may_advance_keys(&mut app.store().reader()).await? {
            return Err(Error::Sequence(model.table));
        }
        let columns = columns::all(&mut app.store().reader()).await?;
        let label = options.model.as_ref().unwrap_or(&model.label).to_lowercase();
        let table = Table::new(model.clone(), rows::fields(&model), columns);
        if let Some(column) = table.unfilled().into_iter().next() {
            return Err(Error::Unfilled {
                model: model.label,
                column,
            });
        }
        let mut fields: BTreeSet<String> = table.fields.iter().map(|field| field.name.clone()).collect();
        if has_relations {
            fields.extend([GROUPS, USER_PERMISSIONS].map(str::to_owned));
        }
        let unknown = options
            .names
            .iter()
            .find(|(ours, _)| ours != "id" && !fields.contains(ours));
        if let Some((field, _)) = unknown {
            let known: Vec<&str> = fields.iter().map(String::as_str).collect();
            return Err(Error::NoSuchField(field.clone(), known.join(", ")));
        }
        let names = Names {
            fields,
            mapped: options
                .names
                .iter()
                .map(|(ours, theirs)| (theirs.clone(), ours.clone()))
                .collect(),
            model: label,
        };
        let rules = Rules {
            username: table.place(&model.username_field),
            email: model.email_field.as_ref().and_then(|field| table.place(field)),
            table,
            has_relations,
            claims: app.config().email_unique.then_some(options.emails),
            passwords: options.passwords,
            on_conflict: options.on_conflict,
            run: options.run,
            now: app.now(),
        };
        Ok(Self {
            app,
            options,
            rules: Arc::new(rules),
            records: Records::new(options.format, names),
            explained: Explained::default(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            seen: Arc::default(),
            report: Report::default(),
            made_groups: BTreeSet::new(),
        })
    }

    pub(super) async fn all(&mut self, input: impl Read, audience: &mut impl Audience) -> Result<(), Error> {
        let mut pieces = Pieces::new(input, self.options.format);
        let read = loop {
            match pieces.cut() {
                Ok(Some(piece)) => self.take(piece, audience).await?,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
            if self.waiting.len() >= BATCH || self.waiting_bytes >= BATCH_BYTES {
                self.flush(audience).await?;
                audience
                    .progress(pieces.bytes(), self.report.rows())
                    .map_err(Error::Audience)?;
            }
        };
        self.flush(audience).await?;
        audience
            .progress(pieces.bytes(), self.report.rows())
            .map_err(Error::Audience)?;
        Ok(read?)
    }

    async fn take(&mut self, piece: Piece, audience: &mut impl Audience) -> Result<(), Error> {
        let user = match self.records.read(&piece)? {
            Ok(Entry::Header) => return audience.header(&piece).map_err(Error::Audience),
            Ok(Entry::Other(model)) => {
                count(&mut self.report.others, model);
                return Ok(());
            }
            Ok(Entry::Named(model, row)) => {
                match self.explained.note(model, &row) {
                    Some(group) => self.make(group).await?,
                    // Permissions and content types are made by Django's `migrate`.
                    None => count(&mut self.report.others, model.label().to_owned()),
                }
                return Ok(());
            }
            Ok(Entry::User(mut given)) => {
                for name in mem::take(&mut given.unknown) {
                    count(&mut self.report.fields, name);
                }
                self.user(given)
            }
            Err(reason) => Err(reason),
        };
        self.waiting_bytes += piece.text.len();
        self.waiting.push((piece, user));
        Ok(())
    }

    fn user(&self, given: Given) -> Result<Incoming, Reason> {
        let users = Users {
            table: &self.rules.table,
            hashers: &self.app.config().hashers,
            passwords: self.rules.passwords,
            format: self.options.format,
        };
        users.read(given, &self.explained, || {
            let mut random = [0; 16];
            self.app.entropy().fill_bytes(&mut random);
            random
        })
    }

    /// Makes a group of the file where there is none of its name. One that is there keeps its permissions: they are given
    /// by whoever looks after this database.
    async fn make(&mut self, group: Group) -> Result<(), Error> {
        if !self.rules.has_relations {
            count(&mut self.report.others, "auth.group".to_owned());
            return Ok(());
        }
        let name = group.name.clone();
        let unexplained = group.unexplained;
        let made = batch::make_group(
            self.app.store(),
            group,
            self.made_groups.contains(&name),
            self.rules.run,
        );
        if let Some(lost) = made.await? {
            self.report.groups += u64::from(self.made_groups.insert(name));
            self.report.lost_permissions += lost + unexplained;
        }
        Ok(())
    }

    /// Writes those who wait, and tells what came of them.
    async fn flush(&mut self, audience: &mut impl Audience) -> Result<(), Error> {
        self.waiting_bytes = 0;
        let (mut pieces, mut users, mut incoming) = (Vec::new(), Vec::new(), Vec::new());
        for (piece, user) in self.waiting.drain(..) {
            pieces.push(piece);
            users.push(user.map(|user| incoming.push(user)));
        }
        let incoming = Arc::new(incoming);
        let (outcomes, stopped) = self.write(&incoming).await;
        let mut written = outcomes.into_iter().zip(incoming.iter());
        for (piece, user) in pieces.iter().zip(users) {
            let told = match user {
                Err(reason) => Err(reason),
                Ok(()) => match written.next() {
                    Some((outcome, user)) => self.note(outcome, user),
                    // The import ends here.
                    None => break,
                },
            };
            if let Err(reason) = told {
                self.report.bad += 1;
                audience.bad(piece, &reason).map_err(Error::Audience)?;
            }
        }
        stopped.map_or(Ok(()), |error| Err(error.into()))
    }

    fn note(&mut self, outcome: Outcome, user: &Incoming) -> Result<(), Reason> {
        let done = outcome.done?;
        if let Done::Skipped = done {
            self.report.skipped += 1;
            return Ok(());
        }
        match done {
            Done::Imported => self.report.imported += 1,
            _ => self.report.updated += 1,
        }
        let report = &mut self.report;
        report.superusers += u64::from(outcome.is_superuser);
        report.staff += u64::from(outcome.is_staff);
        report.permitted += u64::from(outcome.permissions > 0);
        for name in outcome.joined {
            count(&mut report.members, name);
        }
        for name in outcome.groups {
            report.groups += u64::from(self.made_groups.insert(name));
        }
        report.without_password += u64::from(outcome.is_without_password);
        report.lost_groups +=
            outcome.lost_groups + user.groups.as_ref().map_or(0, |groups| groups.unexplained);
        let unexplained = user
            .permissions
            .as_ref()
            .map_or(0, |permissions| permissions.unexplained);
        report.lost_permissions += outcome.lost_permissions + unexplained;
        report.naive += user.naive;
        Ok(())
    }

    /// Writes users, all at once or one by one. Those who were not reached have no outcome, and the error says why.
    async fn write(&mut self, users: &Arc<Vec<Incoming>>) -> (Vec<Outcome>, Option<StoreError>) {
        match self.try_these(users, (0..users.len()).collect()).await {
            Ok(written) => {
                self.keep(written.seen);
                (written.outcomes, None)
            }
            Err(error) if !batch::is_of_a_row(&error) => (Vec::new(), Some(error)),
            Err(_) => self.write_one_by_one(users).await,
        }
    }

    /// At a rehearsal each is written again with those before him, who would be there by then.
    async fn write_one_by_one(&mut self, users: &Arc<Vec<Incoming>>) -> (Vec<Outcome>, Option<StoreError>) {
        let (mut outcomes, mut before, mut seen) = (Vec::new(), Vec::new(), Seen::default());
        for at in 0..users.len() {
            let chosen: Vec<usize> = before.iter().copied().chain([at]).collect();
            match self.try_these(users, chosen).await {
                Ok(mut written) => {
                    let outcome = written.outcomes.pop();
                    if self.rules.run == Run::Rehearsal
                        && outcome.as_ref().is_some_and(|outcome| outcome.done.is_ok())
                    {
                        before.push(at);
                        seen = written.seen;
                    }
                    outcomes.extend(outcome);
                }
                Err(error) if batch::is_of_a_row(&error) => outcomes.push(Outcome::refused(&error)),
                Err(error) => return (outcomes, Some(error)),
            }
        }
        self.keep(seen);
        (outcomes, None)
    }

    async fn try_these(&self, users: &Arc<Vec<Incoming>>, chosen: Vec<usize>) -> Result<Written, StoreError> {
        Batch::new(&self.rules, users, chosen, &self.seen)
            .write(self.app.store())
            .await
    }

    /// Keeps in mind, at a rehearsal, who would be there by now.
    fn keep(&self, seen: Seen) {
        if self.rules.run == Run::Rehearsal {
            self.seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(seen);
        }
    }
}

/// Counts under a name, and under "others" once there are more names than anybody reads.
fn count(counts: &mut BTreeMap<String, u64>, name: String) {
    let name = if counts.len() < MOST_NAMES || counts.contains_key(&name) {
        name
    } else {
        "others".to_owned()
    };
    *counts.entry(name).or_default() += 1;
}
