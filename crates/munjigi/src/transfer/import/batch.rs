//! Some rows in one transaction.

use super::present::{Present, Seen, Verdict};
use super::{Rules, Run};
use crate::transfer::Reason;
use crate::transfer::named::Group;
use crate::transfer::user::Incoming;
use munjigi_store::memberships;
use munjigi_store::users::rows::{self, Held, UserRow, Value};
use munjigi_store::{BoxFuture, Error, Result, Store, Tx, emails};
use munjigi_user::UserId;
use std::fmt;
use std::sync::{Arc, Mutex};

/// What was done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Imported,
    Updated,
    Skipped,
}

/// What came of a row.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) done: std::result::Result<Done, Reason>,
    pub(super) is_superuser: bool,
    pub(super) is_staff: bool,
    pub(super) is_without_password: bool,
    /// Groups that he was put into.
    pub(super) joined: Vec<String>,
    /// Permissions that he was given.
    pub(super) permissions: u64,
    /// Groups that were made for him.
    pub(super) groups: Vec<String>,
    pub(super) lost_groups: u64,
    pub(super) lost_permissions: u64,
}

/// What came of a batch.
#[derive(Clone, Default)]
pub(super) struct Written {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) seen: Seen,
}

/// Rows that are written together.
pub(super) struct Batch {
    rules: Arc<Rules>,
    users: Arc<Vec<Incoming>>,
    /// Which of them, in the order in which they are written.
    chosen: Vec<usize>,
    seen: Arc<Mutex<Seen>>,
}

/// What a rehearsal rolls back, on its way out of the transaction.
struct Rehearsed(Written);

impl Batch {
    pub(super) fn new(
        rules: &Arc<Rules>,
        users: &Arc<Vec<Incoming>>,
        chosen: Vec<usize>,
        seen: &Arc<Mutex<Seen>>,
    ) -> Self {
        Self {
            rules: Arc::clone(rules),
            users: Arc::clone(users),
            chosen,
            seen: Arc::clone(seen),
        }
    }

    pub(super) async fn write(self, store: &Store) -> Result<Written> {
        if self.chosen.is_empty() {
            return Ok(Written::default());
        }
        match store.write(self, write).await {
            Err(error) => rehearsal(&error).cloned().ok_or(error),
            written => written,
        }
    }
}

impl Outcome {
    fn of(done: std::result::Result<Done, Reason>) -> Self {
        Self {
            done,
            is_superuser: false,
            is_staff: false,
            is_without_password: false,
            joined: Vec::new(),
            permissions: 0,
            groups: Vec::new(),
            lost_groups: 0,
            lost_permissions: 0,
        }
    }

    /// A row that the database itself does not take. Of what PostgreSQL says, the first line is told: the next ones quote
    /// the row, and in it the password.
    pub(super) fn refused(error: &Error) -> Self {
        let told = error.to_string();
        let line = told.lines().next().unwrap_or_default().trim_end_matches('.');
        Self::of(Err(Reason::Refused(line.to_owned())))
    }
}

/// Whether the database refused a row, and not to work at all.
pub(super) fn is_of_a_row(error: &Error) -> bool {
    matches!(
        error,
        Error::Statement(_) | Error::UniqueViolation { .. } | Error::ForeignKeyViolation(_)
    )
}

/// Makes a group with its permissions, or adds to one that this import made before it came to this row of it. Gives the
/// number of permissions that the database does not have; `None` where the group was there and stays as it is.
pub(super) async fn make_group(store: &Store, group: Group, is_ours: bool, run: Run) -> Result<Option<u64>> {
    let made = store.write((group, is_ours, run), |tx, (group, is_ours, run)| {
        Box::pin(async move {
            let made = write_group(tx, group, *is_ours).await?;
            match run {
                Run::InEarnest => Ok(made),
                Run::Rehearsal => {
                    let outcome = made.map(|lost_permissions| Outcome {
                        lost_permissions,
                        ..Outcome::of(Ok(Done::Imported))
                    });
                    Err(rehearsed(Written {
                        outcomes: outcome.into_iter().collect(),
                        seen: Seen::default(),
                    }))
                }
            }
        })
    });
    match made.await {
        Err(error) => {
            let written = rehearsal(&error).ok_or_else(|| error.clone())?;
            Ok(written.outcomes.first().map(|outcome| outcome.lost_permissions))
        }
        made => made,
    }
}

async fn write_group(tx: &mut Tx, group: &Group, is_ours: bool) -> Result<Option<u64>> {
    if !memberships::make_group(tx, &group.name).await? && !is_ours {
        return Ok(None);
    }
    let mut lost = 0;
    for permission in &group.permissions {
        lost += u64::from(!memberships::permit_group(tx, &group.name, permission).await?);
    }
    Ok(Some(lost))
}

fn write<'t>(tx: &'t mut Tx, batch: &'t Batch) -> BoxFuture<'t, Result<Written>> {
    Box::pin(async move {
        let users: Vec<&Incoming> = batch
            .chosen
            .iter()
            .filter_map(|at| batch.users.get(*at))
            .collect();
        let rules = &batch.rules;
        let mut writing = Writing {
            present: Present::of(tx, rules, &users, &batch.seen).await?,
            tx,
            rules,
            rows: Vec::new(),
            claims: Vec::new(),
            written: Vec::new(),
            has_new_keys: false,
        };
        let mut outcomes = Vec::with_capacity(users.len());
        for (at, user) in users.iter().enumerate() {
            outcomes.push(writing.user(at, user).await?);
        }
        writing.flush().await?;
        writing.relate(&users, &mut outcomes).await?;
        // A sequence does not go back with a transaction.
        if writing.has_new_keys && rules.run == Run::InEarnest {
            rows::advance_keys(writing.tx).await?;
        }
        let written = Written {
            outcomes,
            seen: writing.present.added,
        };
        match rules.run {
            Run::InEarnest => Ok(written),
            Run::Rehearsal => Err(rehearsed(written)),
        }
    })
}

/// A batch under way.
struct Writing<'t> {
    tx: &'t mut Tx,
    rules: &'t Rules,
    present: Present,
    /// New rows that are still to be written,
    rows: Vec<UserRow>,
    /// and their claims on addresses.
    claims: Vec<(String, UserId)>,
    /// Those who were written: which row, his key, and whether he is new.
    written: Vec<(usize, UserId, Done)>,
    has_new_keys: bool,
}

impl Writing<'_> {
    async fn user(&mut self, at: usize, user: &Incoming) -> Result<Outcome> {
        let verdict = match self.present.judge(self.rules, user) {
            Ok(verdict) => verdict,
            Err(reason) => return Ok(Outcome::of(Err(reason))),
        };
        let claim = self.present.claims(self.rules, user, &verdict).flatten();
        match verdict {
            Verdict::Skip => Ok(Outcome::of(Ok(Done::Skipped))),
            Verdict::Insert => self.insert(at, user, claim).await,
            Verdict::Update(held) => self.update(at, user, (held, claim)).await,
        }
    }

    async fn insert(&mut self, at: usize, user: &Incoming, claim: Option<String>) -> Result<Outcome> {
        let values = match user.complete(&self.rules.table, self.rules.passwords, self.rules.now) {
            Ok(values) => values,
            Err(reason) => return Ok(Outcome::of(Err(reason))),
        };
        let outcome = self.outcome(user, Done::Imported);
        let id = if let Some(id) = user.id.as_ref().or(user.drawn.as_ref()) {
            self.rows.push(UserRow {
                id: id.clone(),
                values,
            });
            self.has_new_keys = true;
            id.clone()
        } else {
            // The database gives the next key after all that are there.
            self.flush().await?;
            match rows::insert_without_key(self.tx, &values).await? {
                Some(id) => id,
                None => return Ok(Outcome::of(Err(Reason::NoKey))),
            }
        };
        if let Some(address) = &claim {
            self.claims.push((address.clone(), id.clone()));
        }
        let nobody = Held {
            id: id.clone(),
            username: String::new(),
            email: String::new(),
        };
        self.add(user, nobody, claim.as_deref());
        self.written.push((at, id, Done::Imported));
        Ok(outcome)
    }

    async fn update(
        &mut self,
        at: usize,
        user: &Incoming,
        (held, claim): (Held, Option<String>),
    ) -> Result<Outcome> {
        // He may be one of those who wait.
        self.flush().await?;
        rows::update(self.tx, &held.id, &user.values).await?;
        let gives_address = user
            .values
            .get(self.rules.email.unwrap_or(usize::MAX))
            .is_some_and(Option::is_some);
        if self.rules.claims.is_some() && gives_address {
            emails::release_all(self.tx, &held.id).await?;
            if let Some(address) = &claim {
                emails::claim(self.tx, address, &held.id).await?;
            }
        }
        self.written.push((at, held.id.clone(), Done::Updated));
        self.add(user, held, claim.as_deref());
        Ok(self.outcome(user, Done::Updated))
    }

    /// Keeps in mind who is there now; `before` is who was.
    fn add(&mut self, user: &Incoming, before: Held, claim: Option<&str>) {
        let now = |place, before: String| user.text(place).map_or(before, str::to_owned);
        let held = Held {
            id: before.id,
            username: now(self.rules.username, before.username),
            email: now(self.rules.email, before.email),
        };
        self.present.add(&held, claim);
    }

    fn outcome(&self, user: &Incoming, done: Done) -> Outcome {
        let has = |flag| {
            let value = self
                .rules
                .table
                .place(flag)
                .and_then(|place| user.values.get(place));
            value == Some(&Some(Value::Boolean(true)))
        };
        Outcome {
            is_superuser: has("is_superuser"),
            is_staff: has("is_staff"),
            is_without_password: user.is_without_password,
            ..Outcome::of(Ok(done))
        }
    }

    /// Writes the rows that wait, in one statement.
    async fn flush(&mut self) -> Result<()> {
        rows::insert(self.tx, &self.rows).await?;
        self.rows.clear();
        let is_stale = |(address, _): &(String, UserId)| self.present.is_stale(address);
        let (stale, fresh): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.claims).into_iter().partition(is_stale);
        emails::claim_all(self.tx, &fresh).await?;
        for (address, id) in &stale {
            emails::claim(self.tx, address, id).await?;
        }
        Ok(())
    }

    /// Puts those who were written into their groups, and gives them their permissions.
    async fn relate(&mut self, users: &[&Incoming], outcomes: &mut [Outcome]) -> Result<()> {
        if !self.rules.has_relations {
            return Ok(());
        }
        for (at, id, done) in &self.written {
            let (Some(user), Some(outcome)) = (users.get(*at), outcomes.get_mut(*at)) else {
                continue;
            };
            if let Some(groups) = &user.groups {
                if *done == Done::Updated {
                    memberships::leave_groups(self.tx, id).await?;
                }
                for name in &groups.known {
                    if memberships::make_group(self.tx, name).await? {
                        outcome.groups.push(name.clone());
                    }
                    if memberships::join(self.tx, id, name).await? {
                        outcome.joined.push(name.clone());
                    } else {
                        outcome.lost_groups += 1;
                    }
                }
            }
            if let Some(permissions) = &user.permissions {
                if *done == Done::Updated {
                    memberships::forbid_all(self.tx, id).await?;
                }
                for permission in &permissions.known {
                    if memberships::permit(self.tx, id, permission).await? {
                        outcome.permissions += 1;
                    } else {
                        outcome.lost_permissions += 1;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a rehearsal brought out of its transaction.
fn rehearsal(error: &Error) -> Option<&Written> {
    match error {
        Error::Statement(cause) => cause.downcast_ref().map(|Rehearsed(written)| written),
        _ => None,
    }
}

fn rehearsed(written: Written) -> Error {
    Error::Statement(Arc::new(Rehearsed(written)))
}

impl fmt::Debug for Rehearsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rehearsed")
    }
}

impl fmt::Display for Rehearsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The transaction was a rehearsal.")
    }
}

impl std::error::Error for Rehearsed {}
