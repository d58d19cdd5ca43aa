//! How long a sign-in lasts: what its client wishes (`remember_me`) and what the settings allow. Django's
//! `request.session.set_expiry(0)` is the nearest that Django has.

use super::Client;
use crate::config::RecordSettings;
use jiff::{SignedDuration, Timestamp};
use munjigi_sessions::{ExpiryPolicy, SESSION_EXPIRY, SessionData};
use munjigi_store::records::Record;
use munjigi_tokens::{Minted, Token};
use std::time::Duration;

/// The field `remember_me` of a sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RememberMe {
    /// It is not there: the settings hold.
    #[default]
    Unsaid,
    /// False: until the browser closes, and for `SESSION_UNREMEMBERED_AGE` at the most.
    No,
    /// True: as long as the settings allow, also under `SESSION_EXPIRE_AT_BROWSER_CLOSE`.
    Yes,
}

impl RememberMe {
    /// `set_expiry(0)` where the session is to end with the browser; where it is not, the settings' age, also where
    /// they end a session with the browser.
    pub(super) fn write_into(self, data: &mut SessionData, policy: ExpiryPolicy) {
        match self {
            Self::Unsaid => {}
            Self::No => data.insert(SESSION_EXPIRY, 0),
            Self::Yes if policy.expire_at_browser_close => {
                data.insert(SESSION_EXPIRY, policy.cookie_age.as_secs());
            }
            Self::Yes => {
                data.remove(SESSION_EXPIRY);
            }
        }
    }
}

/// Who signs in, when, and what he wishes.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'c> {
    /// From where.
    pub client: &'c Client,
    /// For how long he wishes to stay.
    pub remember_me: RememberMe,
    /// When.
    pub now: Timestamp,
}

/// For how long a sign-in is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) opened_at: Timestamp,
    pub(super) remember_me: RememberMe,
    /// See [`Record::idle_end`].
    pub(super) idle_end: Option<Timestamp>,
    /// See [`Record::absolute_end`].
    pub(super) absolute_end: Option<Timestamp>,
}

impl Term {
    /// That of a sign-in at `now`.
    pub(super) fn of(settings: &RecordSettings, remember_me: RememberMe, now: Timestamp) -> Self {
        let lifetime = settings.lifetime(remember_me != RememberMe::No);
        Self {
            opened_at: now,
            remember_me,
            idle_end: idle_end(settings, now),
            absolute_end: lifetime.map(|lifetime| after(now, lifetime)),
        }
    }

    /// For how long a browser keeps what carries it.
    pub(super) fn stay(self) -> Stay {
        Stay {
            is_remembered: self.remember_me != RememberMe::No,
            absolute_end: self.absolute_end,
        }
    }
}

/// For how long a sign-in may go on, and whether a browser keeps its tokens when it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    is_remembered: bool,
    absolute_end: Option<Timestamp>,
}

impl Stay {
    /// That of a token without a record: as long as the token.
    pub(super) const AS_THE_TOKEN: Self = Self {
        is_remembered: true,
        absolute_end: None,
    };

    /// The token, so that it does not outlive the sign-in.
    pub(super) fn bound<T: Minted>(self, token: Token<T>) -> Token<T> {
        match self.absolute_end {
            Some(end) => token.ending_by(end),
            None => token,
        }
    }

    /// How long a cookie stays whose token lives for `lifetime` from `now`; `None` until the browser closes.
    pub fn cookie_age(self, lifetime: SignedDuration, now: Timestamp) -> Option<SignedDuration> {
        let left = self.absolute_end.map(|end| end.duration_since(now));
        self.is_remembered
            .then(|| left.map_or(lifetime, |left| left.min(lifetime)))
    }
}

impl From<&Record> for Stay {
    fn from(record: &Record) -> Self {
        Self {
            is_remembered: record.is_remembered,
            absolute_end: record.absolute_end,
        }
    }
}

/// When a sign-in ends that was last used at `seen`: later than `SESSION_IDLE_AGE` says, by the time that it may take until
/// that is written.
pub(super) fn idle_end(settings: &RecordSettings, seen: Timestamp) -> Option<Timestamp> {
    let age = settings.idle_age?;
    Some(after(seen, age.saturating_add(SLACK)))
}

/// A minute in which it is gathered, and one for a database that is slow.
const SLACK: Duration = Duration::from_mins(2);

fn after(moment: Timestamp, age: Duration) -> Timestamp {
    moment.checked_add(age).unwrap_or(Timestamp::MAX)
}
