//! Where a user is signed in, and how he ends a sign-in from elsewhere. Django has no such thing.
//!
//! A sign-in is its record. One that a Django session carries is open only as long as the session's row is there and
//! bound to the user's password, whoever took it away or changed that.

use super::error::Result;
use super::record::{self, Kept};
use super::{SignedIn, backfill};
use crate::app::App;
use crate::isoformat::isoformat_z;
use jiff::Timestamp;
use munjigi_sessions::AuthHashMatch;
use munjigi_store::records::{self, End, EndReason, OpenRecord, Record};
use munjigi_store::users::{self, User};
use munjigi_store::{BoxFuture, Tx};
use munjigi_user::UserId;
use serde_json::{Value, json};

/// The open sign-ins of a user.
pub struct SignIns {
    /// The newest of them, the newest first; up to [`SignIns::MOST`].
    pub newest: Vec<SignIn>,
    /// Whether there may be older ones.
    pub more: bool,
}

impl SignIns {
    /// The most that are listed.
    pub const MOST: usize = 100;
    /// The most that are looked at: some may be bound to a password that Django has changed.
    const LOOKED_AT: u32 = 500;

    /// As clients and programs read it, with the sign-in marked whose `sid` is `current`.
    pub fn to_json(&self, current: Option<&str>) -> Value {
        let sessions: Vec<Value> = self.newest.iter().map(|it| it.to_json(current)).collect();
        json!({"sessions": sessions, "more": self.more})
    }
}

/// A sign-in that is open.
pub struct SignIn {
    /// Its record.
    pub record: Record,
    /// When it ends if it is not used; `None` never.
    pub expires_at: Option<Timestamp>,
}

impl SignIn {
    /// What carries it, in a word.
    pub fn carrier(&self) -> &'static str {
        match self.record.django_session_key {
            Some(_) => "session",
            None => "token",
        }
    }

    fn to_json(&self, current: Option<&str>) -> Value {
        let record = &self.record;
        json!({
            "id": record.sid,
            "current": current == Some(record.sid.as_str()),
            "opened": isoformat_z(record.opened_at),
            "last_seen": isoformat_z(record.last_seen_at),
            "expires": self.expires_at.map(isoformat_z),
            "carrier": self.carrier(),
            "client": {
                "name": record.client.name,
                "address": record.client.address,
                "agent": record.client.agent,
            },
        })
    }
}

/// The open sign-ins of a user, the newest first. A session that Django opened a moment ago may be missing: see
/// [`backfill`].
///
/// # Errors
/// [`super::Error::Store`].
pub async fn list(app: &App, user: &User, now: Timestamp) -> Result<SignIns> {
    let found = app.store().scan((user.id.clone(), now), |conn, (user_id, now)| {
        Box::pin(records::open_for_user(conn, user_id, *now, SignIns::LOOKED_AT))
    });
    let found = found.await?;
    let was_cut = found.len() >= SignIns::LOOKED_AT as usize;
    let mut newest: Vec<SignIn> = found
        .into_iter()
        .filter(|open| is_open(app, user, open, now))
        .map(sign_in)
        .collect();
    let more = was_cut || newest.len() > SignIns::MOST;
    newest.truncate(SignIns::MOST);
    Ok(SignIns { newest, more })
}

/// Ends one sign-in of a user. False where there is none of his with this `sid`, or it has ended.
///
/// # Errors
/// [`super::Error::Store`].
pub async fn end(app: &App, user: &User, sid: &str, now: Timestamp) -> Result<bool> {
    let ending = EndingOne {
        user_id: user.id.to_string(),
        sid: sid.to_owned(),
        end: record::end(app, EndReason::Revoked, now),
    };
    let has_ended = app.store().write(ending, write_ending_one).await?;
    if has_ended {
        tracing::info!(target: "munjigi::account", event = "signed_out_elsewhere", user = %user.id);
    }
    Ok(has_ended)
}

/// Ends all sign-ins of a user but the one that he asks by. Gives their number back.
///
/// # Errors
/// [`super::Error::Store`].
pub async fn end_others(app: &App, signed_in: &SignedIn, now: Timestamp) -> Result<usize> {
    let ending = EndingAll {
        kept: signed_in.sid.clone(),
        ..EndingAll::of(app, signed_in.user.id.clone(), EndReason::Revoked, now)
    };
    end_every(app, ending).await
}

/// Ends all sign-ins of a user. Gives their number back.
///
/// # Errors
/// [`super::Error::Store`].
pub async fn end_all(app: &App, user_id: UserId, now: Timestamp) -> Result<usize> {
    end_every(app, EndingAll::of(app, user_id, EndReason::Revoked, now)).await
}

/// First every session of Django's gets its record, so that all means all. Very many end in slices.
async fn end_every(app: &App, ending: EndingAll) -> Result<usize> {
    backfill::finish(app).await?;
    let user_id = ending.user_id.clone();
    let mut ended = 0;
    loop {
        let slice = app.store().write(ending.clone(), |tx, ending| {
            Box::pin(async move {
                let EndingAll { user_id, kept, end } = ending;
                let kept = Kept {
                    sid: kept.as_deref(),
                    jti: None,
                };
                record::end_some(tx, user_id, end, kept, SLICE).await
            })
        });
        let slice = slice.await?;
        ended += slice;
        if slice < SLICE as usize {
            break;
        }
    }
    ended += app.store().write(ending, write_ending_all).await?;
    tracing::info!(target: "munjigi::account", event = "signed_out_everywhere", user = %user_id, ended);
    Ok(ended)
}

/// How many end in one transaction, where that need not be all.
const SLICE: u32 = 500;

/// All sign-ins of a user that have a record are to end.
#[derive(Clone)]
pub(super) struct EndingAll {
    pub(super) user_id: UserId,
    /// But this one.
    kept: Option<String>,
    end: End,
}

impl EndingAll {
    pub(super) fn of(app: &App, user_id: UserId, reason: EndReason, now: Timestamp) -> Self {
        Self {
            user_id,
            kept: None,
            end: record::end(app, reason, now),
        }
    }
}

/// Whether a record that has not ended, and whose time has not passed, still opens anything.
fn is_open(app: &App, user: &User, open: &OpenRecord, now: Timestamp) -> bool {
    let rows = app.session_rows();
    let Some(row) = &open.session else {
        return record::is_live(&open.record, user, &rows.hasher, now);
    };
    // What stands in the session counts: Django binds it to another password and tells no record.
    let data = rows.read(&row.session_data).data;
    record::sid_of_session(&data, &row.session_key) == open.record.sid
        && data.auth_user_id().is_some_and(|id| id == user.id.to_string())
        && rows.hasher.verify(&data, &user.password) != AuthHashMatch::No
}

fn sign_in(open: OpenRecord) -> SignIn {
    let OpenRecord { record, session } = open;
    let ends = [
        session.map(|row| row.expire_date),
        record.jti_exp,
        record.idle_end,
        record.absolute_end,
    ];
    SignIn {
        expires_at: ends.into_iter().flatten().min(),
        record,
    }
}

struct EndingOne {
    user_id: String,
    sid: String,
    end: End,
}

fn write_ending_one<'t>(tx: &'t mut Tx, ending: &'t EndingOne) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        let EndingOne { user_id, sid, end } = ending;
        // A record never changes its user.
        let is_his = records::by_sid(tx, sid)
            .await?
            .is_some_and(|record| record.user_id == *user_id);
        Ok(is_his && record::end_one(tx, sid, end).await?)
    })
}

/// Ends them and takes away what carries them. Gives the number of the records back.
///
/// The user's row is held, as where a token of Django's gets its record: of that and this one comes first, and is seen. The
/// kept record is held, as where it rotates: its token would else be another one than the one that is spared.
pub(super) fn write_ending_all<'t>(
    tx: &'t mut Tx,
    ending: &'t EndingAll,
) -> BoxFuture<'t, munjigi_store::Result<usize>> {
    Box::pin(async move {
        let EndingAll { user_id, kept, end } = ending;
        users::lock(tx, user_id).await?;
        let record = match kept {
            Some(sid) if records::lock(tx, sid).await? => records::by_sid(tx, sid).await?,
            _ => None,
        };
        let kept = Kept {
            sid: kept.as_deref(),
            jti: record.as_ref().and_then(|record| record.jti.as_deref()),
        };
        record::end_all(tx, user_id, end, kept).await
    })
}
