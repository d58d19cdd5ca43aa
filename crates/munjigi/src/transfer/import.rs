//! Users moved in: `loaddata` of Django 5.2 for users, row by row.
//!
//! Some hundred rows go in a transaction. Where one of them makes the database refuse the whole, they go one by one, and
//! that one is told. An import that was interrupted is run again with [`OnConflict::Skip`].
//!
//! A rehearsal runs the same transactions and rolls them back, and keeps in mind who would be there by then, so that it
//! tells the same. What it cannot foresee is a value that a column of the project's own holds once, where the other one
//! stands far off in the same file.

mod batch;
mod present;

use super::named::{Explained, Group};
use super::pieces::{Pieces, Unreadable};
use super::record::{BadHeader, Entry, Given, Names, Records};
use super::user::{Incoming, Table, Users};
use super::{Format, GROUPS, Reason, USER_PERMISSIONS};
use crate::app::App;
use batch::{Batch, Done, Outcome, Written};
use munjigi_store::users::{columns, rows};
use munjigi_store::{Error as StoreError, migrate};
use present::Seen;
use rand_core::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

pub use super::pieces::Piece;
pub use super::user::Passwords;

/// How an import goes.
pub struct Options {
    /// How users stand in the input.
    pub format: Format,
    /// The model under which they stand in a fixture, where it is not the one of the settings.
    pub model: Option<String>,
    /// Fields that have another name there: ours, and that one.
    pub names: Vec<(String, String)>,
    /// What to do with a user who is there already.
    pub on_conflict: OnConflict,
    /// What to do with passwords that could not be verified.
    pub passwords: Passwords,
    /// Whether an e-mail address may be that of two.
    pub emails: Emails,
    /// Whether it counts.
    pub run: Run,
}

/// What to do with a user who is there already: one with the same key and the same name, or the same name where the file
/// gives no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// The row is a bad one.
    Fail,
    /// He stays as he is.
    Skip,
    /// He gets what the row gives, and keeps what it does not. A key decides alone then, so that a name can be changed.
    Update,
}

/// Whether an e-mail address may be that of two, where `user.email_unique` keeps sign-ups apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emails {
    /// A row with an address that another user holds is a bad one.
    Once,
    /// It comes in, and neither can sign in by the address.
    Shared,
}

/// Whether an import counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It does.
    InEarnest,
    /// Nothing is left of it but what was told.
    Rehearsal,
}

/// Who is told while it goes on.
pub trait Audience {
    /// A row that was not taken, and why.
    ///
    /// # Errors
    /// What keeps him from listening, which ends the import.
    fn bad(&mut self, piece: &Piece, reason: &Reason) -> io::Result<()>;

    /// The line of a CSV that names the fields.
    ///
    /// # Errors
    /// As [`bad`](Self::bad).
    fn header(&mut self, piece: &Piece) -> io::Result<()>;

    /// How many bytes and how many rows were read.
    ///
    /// # Errors
    /// As [`bad`](Self::bad).
    fn progress(&mut self, bytes: u64, rows: u64) -> io::Result<()>;
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Users who came in.
    pub imported: u64,
    /// Users who were there and got what the file gives.
    pub updated: u64,
    /// Users who were there and stayed as they are.
    pub skipped: u64,
    /// Rows that were not taken.
    pub bad: u64,
    /// How many of those who came in, or were changed, are superusers.
    pub superusers: u64,
    /// How many came in without their passwords.
    pub without_password: u64,
    /// Groups that were made.
    pub groups: u64,
    /// Memberships that were not taken, because nothing in the file says which group is meant, or there are no groups.
    pub lost_groups: u64,
    /// Permissions that were not taken, because nothing says which is meant, or the database does not have it.
    pub lost_permissions: u64,
    /// Moments without an offset, which were taken for UTC.
    pub naive: u64,
    /// Rows of other models, by model.
    pub others: BTreeMap<String, u64>,
    /// Fields that there is no place for, and in how many rows they were given.
    pub fields: BTreeMap<String, u64>,
}

/// Why an import ended before its end. What was imported until then is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The header of a CSV.
    #[error(transparent)]
    Header(#[from] BadHeader),
    /// A field that is mapped and that there is not.
    #[error("--map names the field \"{0}\", and the users have none of that name. They have {1}.")]
    NoSuchField(String, String),
    /// The table has columns that munjigi could not fill.
    #[error(
        "The table of {model} has the column {column}, which every row must fill, and no [user.fields.*] names it. \
         Declare it there with its type and its default, or give the column a default in the database."
    )]
    Unfilled {
        /// The user model.
        model: String,
        /// The column.
        column: String,
    },
    /// The role of the database may not do it.
    #[error(
        "The database's role may not set the sequence of {0}, which must go on after the keys that come in. Import as \
         the role that owns the tables; the server keeps its own."
    )]
    Sequence(String),
    /// Who is told.
    #[error("What was not taken cannot be told: {0}.")]
    Audience(#[source] io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::Header(error) => error.code(),
            Self::NoSuchField(..) => "no_such_field",
            Self::Unfilled { .. } => "unfilled",
            Self::Sequence(_) => "sequence",
            Self::Audience(_) => "audience",
            Self::Store(error) => error.code(),
        }
    }
}

/// How many rows go in a transaction,
const BATCH: usize = 200;
/// and how many bytes of the input.
const BATCH_BYTES: usize = 4 << 20;
/// How many names of models and fields are told apart.
const MOST_NAMES: usize = 500;

/// Imports users. Whoever is not taken is told to the audience, in the order of the input.
///
/// # Errors
/// What makes it useless to go on. The report is of what was done before.
pub async fn import(
    app: &App,
    input: impl Read,
    options: &Options,
    audience: &mut impl Audience,
) -> (Report, Result<(), Error>) {
    let mut report = Report::default();
    let done = match Importer::new(app, options).await {
        Ok(mut importer) => {
            let done = importer.all(input, audience).await;
            report = importer.report;
            done
        }
        Err(error) => Err(error),
    };
    (report, done)
}

struct Importer<'a> {
    app: &'a App,
    options: &'a Options,
    rules: Arc<Rules>,
    records: Records,
    explained: Explained,
    /// Rows that are to be written, or told of, together.
    waiting: Vec<(Piece, Result<Incoming, Reason>)>,
    waiting_bytes: usize,
    seen: Arc<Mutex<Seen>>,
    report: Report,
    /// The groups that this import made; to them alone it gives permissions.
    made_groups: BTreeSet<String>,
}

/// What each transaction of an import needs to know.
struct Rules {
    table: Table,
    username: Option<usize>,
    email: Option<usize>,
    has_relations: bool,
    /// Whether addresses are claimed, and what becomes of a second claim.
    claims: Option<Emails>,
    passwords: Passwords,
    on_conflict: OnConflict,
    run: Run,
    now: jiff::Timestamp,
}

impl<'a> Importer<'a> {
    async fn new(app: &'a App, options: &'a Options) -> Result<Self, Error> {
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

    async fn all(&mut self, input: impl Read, audience: &mut impl Audience) -> Result<(), Error> {
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

impl Report {
    /// How many rows of users were read.
    pub fn rows(&self) -> u64 {
        self.imported + self.updated + self.skipped + self.bad
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
