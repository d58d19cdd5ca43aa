//! Who is there already, as far as a batch of rows asks.

use super::{OnConflict, Rules};
use crate::transfer::Reason;
use crate::transfer::user::Incoming;
use munjigi_store::users::rows::{self, Held};
use munjigi_store::{Conn, Result, emails};
use munjigi_user::UserId;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

/// Those whom a rehearsal would have written by now.
#[derive(Clone, Default)]
pub(super) struct Seen {
    by_key: HashMap<UserId, Held>,
    by_name: HashMap<String, UserId>,
    owners: HashMap<String, UserId>,
}

impl Seen {
    pub(super) fn extend(&mut self, others: Self) {
        self.by_key.extend(others.by_key);
        self.by_name.extend(others.by_name);
        self.owners.extend(others.owners);
    }
}

/// Who is there, by key, by name and by address.
#[derive(Default)]
pub(super) struct Present {
    by_key: HashMap<UserId, Held>,
    by_name: HashMap<String, UserId>,
    /// Who holds an address.
    owners: HashMap<String, UserId>,
    /// Addresses that somebody has claimed who does not hold them any more.
    stale: BTreeSet<String>,
    /// What the batch added.
    pub(super) added: Seen,
}

/// What is to be done with a row.
pub(super) enum Verdict {
    Insert,
    Skip,
    /// The user who is there.
    Update(Held),
}

impl Present {
    /// Reads what the rows ask for.
    pub(super) async fn of(
        conn: &mut Conn,
        rules: &Rules,
        users: &[&Incoming],
        seen: &Mutex<Seen>,
    ) -> Result<Self> {
        let ids: BTreeSet<&UserId> = users.iter().filter_map(|user| user.id.as_ref()).collect();
        let names: BTreeSet<&str> = users
            .iter()
            .filter_map(|user| user.text(rules.username))
            .collect();
        let folded: BTreeSet<String> = match rules.claims {
            Some(_) => users.iter().filter_map(|user| address(rules, user)).collect(),
            None => BTreeSet::new(),
        };
        let (ids, names): (Vec<_>, Vec<_>) = (ids.into_iter().collect(), names.into_iter().collect());
        let found = rows::held(conn, &ids, &names).await?;
        let asked: Vec<&str> = folded.iter().map(String::as_str).collect();
        let claims = emails::owners(conn, &asked).await?;
        let owners: Vec<&UserId> = claims.iter().map(|(_, owner)| owner).collect();
        let holders = rows::held(conn, &owners, &[]).await?;

        // Empty but at a rehearsal, where a row that was seen is another one by now than the database's.
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut present = Self::default();
        for held in found
            .into_iter()
            .filter(|held| !seen.by_key.contains_key(&held.id))
        {
            present.know(held);
        }
        let by_name = names.iter().filter_map(|name| seen.by_name.get(*name));
        for held in ids
            .into_iter()
            .chain(by_name)
            .filter_map(|id| seen.by_key.get(id))
        {
            present.know(held.clone());
        }
        present.claimed(&claims, &holders, &seen);
        for address in folded {
            if let Some(owner) = seen.owners.get(&address) {
                present.owners.insert(address, owner.clone());
            }
        }
        Ok(present)
    }

    fn know(&mut self, held: Held) {
        self.by_name.insert(held.username.clone(), held.id.clone());
        self.by_key.insert(held.id.clone(), held);
    }

    /// Tells claims of those who hold the address from those of others.
    fn claimed(&mut self, claims: &[(String, UserId)], holders: &[Held], seen: &Seen) {
        let addresses: HashMap<&UserId, String> = holders
            .iter()
            .map(|held| (&held.id, emails::fold(&held.email)))
            .collect();
        for (address, owner) in claims {
            if addresses.get(owner) == Some(address) && !seen.by_key.contains_key(owner) {
                self.owners.insert(address.clone(), owner.clone());
            } else {
                self.stale.insert(address.clone());
            }
        }
    }

    /// What is to be done with a row.
    ///
    /// # Errors
    /// Why nothing is.
    pub(super) fn judge(&self, rules: &Rules, user: &Incoming) -> std::result::Result<Verdict, Reason> {
        let name = user.text(rules.username);
        let by_name = name.and_then(|name| self.by_name.get(name));
        let by_key = user.id.as_ref().and_then(|id| self.by_key.get(id));
        let verdict = match (by_key, by_name) {
            (None, None) => Verdict::Insert,
            (Some(held), Some(named)) if held.id != *named => return Err(name_taken(rules)),
            (None, Some(_)) if user.id.is_some() => return Err(name_taken(rules)),
            (held, named) => {
                let held = held.or_else(|| self.by_key.get(named?));
                let is_same = name.is_none() || named.is_some();
                match (rules.on_conflict, held) {
                    (OnConflict::Update, Some(held)) => Verdict::Update(held.clone()),
                    (OnConflict::Skip, _) if is_same => Verdict::Skip,
                    _ if is_same => return Err(Reason::Here),
                    _ => return Err(Reason::KeyTaken),
                }
            }
        };
        if !matches!(verdict, Verdict::Skip) && self.claims(rules, user, &verdict).is_none() {
            return Err(Reason::EmailTaken);
        }
        Ok(verdict)
    }

    /// The claim that a row makes: `None` where somebody else has the address, `Some(None)` where it makes none.
    #[expect(clippy::option_option, reason = "two ways to make no claim")]
    pub(super) fn claims(&self, rules: &Rules, user: &Incoming, verdict: &Verdict) -> Option<Option<String>> {
        let (Some(emails), Some(address)) = (rules.claims, address(rules, user)) else {
            return Some(None);
        };
        let own = match verdict {
            Verdict::Update(held) => Some(&held.id),
            _ => None,
        };
        match self.owners.get(&address) {
            None => Some(Some(address)),
            Some(owner) if Some(owner) == own => Some(Some(address)),
            Some(_) if emails == super::Emails::Shared => Some(None),
            Some(_) => None,
        }
    }

    /// Whether a claim must be wrested from somebody who does not hold the address any more.
    pub(super) fn is_stale(&self, address: &str) -> bool {
        self.stale.contains(address)
    }

    /// Adds a user who was written.
    pub(super) fn add(&mut self, held: &Held, claim: Option<&str>) {
        if let Some(before) = self.by_key.get(&held.id) {
            self.by_name.remove(&before.username);
            // Unless that was never his by a claim.
            let address = emails::fold(&before.email);
            if self.owners.get(&address) == Some(&held.id) {
                self.owners.remove(&address);
            }
        }
        for (by_key, by_name, owners) in [
            (&mut self.by_key, &mut self.by_name, &mut self.owners),
            (
                &mut self.added.by_key,
                &mut self.added.by_name,
                &mut self.added.owners,
            ),
        ] {
            by_name.insert(held.username.clone(), held.id.clone());
            if let Some(address) = claim {
                owners.insert(address.to_owned(), held.id.clone());
            }
            by_key.insert(held.id.clone(), held.clone());
        }
    }
}

fn name_taken(rules: &Rules) -> Reason {
    Reason::NameTaken(rules.table.model.username_field.clone())
}

/// The address of a row as it is compared, where it has one.
fn address(rules: &Rules, user: &Incoming) -> Option<String> {
    user.text(rules.email)
        .filter(|email| !email.is_empty())
        .map(emails::fold)
}
