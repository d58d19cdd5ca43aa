//! The session record: one row behind each sign-in, whatever carries it. Ending it ends all its carriers.

use super::Client;
use super::term::{RememberMe, Term};
use crate::app::App;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use munjigi_sessions::{AuthHashMatch, MUNJIGI_SID, SessionAuthHasher, SessionData};
use munjigi_store::records::{self, End, EndReason, EndedRecord, NewRecord, Record};
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_store::users::User;
use munjigi_store::{Tx, sessions};
use munjigi_user::UserId;
use rand_core::Rng;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What carries a sign-in: the key of a Django session, or the id of a refresh or sliding token, where tokens have one.
pub(super) enum Carrier {
    Session { key: String },
    Token { jti: Option<String>, exp: Timestamp },
}

/// A record, not yet written, for a user who signs in.
pub(super) fn open(
    app: &App,
    user: &User,
    sid: String,
    carrier: Carrier,
    client: &Client,
    term: Term,
) -> NewRecord {
    let (django_session_key, jti, jti_exp) = match carrier {
        Carrier::Session { key } => (Some(key), None, None),
        Carrier::Token { jti, exp } => (None, jti, Some(exp)),
    };
    NewRecord {
        sid,
        user_id: user.id.clone(),
        opened_at: term.opened_at,
        idle_end: term.idle_end,
        absolute_end: term.absolute_end,
        is_remembered: term.remember_me != RememberMe::No,
        auth_hash: app.session_rows().hasher.hash(&user.password),
        django_session_key,
        jti,
        jti_exp,
        client: stored(client),
    }
}

/// A session that Django opened by itself and that is a user's, as its row tells.
pub(super) struct DjangosSession<'s> {
    pub(super) key: &'s str,
    pub(super) data: &'s SessionData,
    /// When its row was written, where that is known.
    pub(super) written_at: Option<Timestamp>,
}

impl DjangosSession<'_> {
    /// `_auth_user_hash`.
    pub(super) fn auth_hash(&self) -> String {
        self.data.auth_hash().unwrap_or_default().into_owned()
    }
}

/// A record, not yet written, for a session of Django's. It ends with its row, which Django may prolong for ever, and by
/// our settings, counted from when it was first seen.
pub(super) fn of_djangos(
    session: &DjangosSession<'_>,
    user_id: UserId,
    client: records::Client,
    term: Term,
) -> NewRecord {
    NewRecord {
        sid: sid_of_session(session.data, session.key),
        user_id,
        // The sign-in was then or before; Django keeps no other time of it.
        opened_at: session
            .written_at
            .map_or(term.opened_at, |written| written.min(term.opened_at)),
        idle_end: term.idle_end,
        absolute_end: term.absolute_end,
        is_remembered: true,
        auth_hash: session.auth_hash(),
        django_session_key: Some(session.key.to_owned()),
        jti: None,
        jti_exp: None,
        client,
    }
}

/// Who asks, as a record keeps it.
pub(super) fn stored(client: &Client) -> records::Client {
    records::Client {
        name: client.name.clone(),
        address: client.address.map(|address| address.to_string()),
        agent: (!client.agent.is_empty()).then(|| client.agent.clone()),
    }
}

/// The id of the record behind a session: the one that stands in it, or for one that Django opened by itself a digest
/// of its key, so that whoever comes across it finds the same.
pub(super) fn sid_of_session(data: &SessionData, key: &str) -> String {
    if let Some(sid) = data.text(MUNJIGI_SID) {
        return sid.into_owned();
    }
    digested_sid("munjigi: the record of a Django session:", key)
}

/// 128 bits of a digest, written as any record's id is.
pub(super) fn digested_sid(label: &str, of: &str) -> String {
    let digest = Sha256::new_with_prefix(label).chain_update(of);
    let mut sid = String::with_capacity(32);
    for byte in digest.finalize().iter().take(16) {
        // A string takes all that is written to it.
        let _ = write!(sid, "{byte:02x}");
    }
    sid
}

/// A new record's id: 128 random bits as 32 hexadecimal digits.
pub(super) fn new_sid(app: &App) -> String {
    let mut bytes = [0; 16];
    app.entropy().fill_bytes(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// Whether the sign-in behind a token still holds. A record ends by a sign-out, by a password change, or with its
/// time. A password that Django changed has not touched the record; it shows in the hash that the record was bound to.
pub(super) fn is_live(record: &Record, user: &User, hasher: &SessionAuthHasher, now: Timestamp) -> bool {
    !is_over(record, now)
        && record.user_id == user.id.to_string()
        && hasher.verify_hash(&record.auth_hash, &user.password) != AuthHashMatch::No
}

/// Whether the record has ended, or its time has.
pub(super) fn is_over(record: &Record, now: Timestamp) -> bool {
    let past = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
    record.ended_at.is_some() || past(record.idle_end) || past(record.absolute_end)
}

/// Has a record follow a session that has a new key, bound to this password. False where it is not there or has ended.
pub(super) async fn move_session(
    tx: &mut Tx,
    sid: &str,
    session_key: &str,
    auth_hash: &str,
) -> munjigi_store::Result<bool> {
    let is_there = records::set_django_session_key(tx, sid, session_key).await?;
    Ok(is_there && records::set_auth_hash(tx, sid, auth_hash).await?)
}

/// How a record ends. A token that was made from it just before lives on for its lifetime where nobody asks.
pub(super) fn end(app: &App, reason: EndReason, now: Timestamp) -> End {
    let settings = app.jwt().settings();
    End {
        reason,
        at: now,
        outlived: settings
            .access_token_lifetime
            .max(settings.sliding_token_lifetime)
            .saturating_add(settings.leeway),
    }
}

/// What of a user stays where all else of him ends.
#[derive(Clone, Copy, Default)]
pub(super) struct Kept<'k> {
    /// A record.
    pub(super) sid: Option<&'k str>,
    /// The id of a refresh or sliding token.
    pub(super) jti: Option<&'k str>,
}

/// Ends all sign-ins of a user: his records with what carries them, and the tokens that a Django beside us gave out
/// without a record. A session of Django's is among them once it has its record ([`super::backfill`]). Gives the number
/// of the records back.
pub(super) async fn end_all(
    tx: &mut Tx,
    user_id: &UserId,
    end: &End,
    kept: Kept<'_>,
) -> munjigi_store::Result<usize> {
    let count = end_some(tx, user_id, end, kept, u32::MAX).await?;
    let last = last_of_line(tx, kept, end.at).await?;
    token_blacklist::blacklist_all_for_user(tx, user_id, last.as_deref(), end.at).await?;
    Ok(count)
}

/// The token that carries what stays: where a Django beside us used up the one that the record knows, what it made of it.
async fn last_of_line(tx: &mut Tx, kept: Kept<'_>, now: Timestamp) -> munjigi_store::Result<Option<String>> {
    let Some(jti) = kept.jti else { return Ok(None) };
    if let Some(sid) = kept.sid
        && token_blacklist::is_blacklisted(tx, jti).await?
    {
        let theirs = token_blacklist::neighbours_tokens(tx, jti, now).await?;
        let last = theirs
            .into_iter()
            .rev()
            .find(|theirs| names_record(&theirs.token, sid));
        return Ok(last.map(|theirs| theirs.jti));
    }
    Ok(Some(jti.to_owned()))
}

/// Ends up to `limit` records of a user, with what carries them: where he has very many, others wait for the transaction
/// that ends them all. What a Django beside us made of their tokens is left to [`end_all`].
pub(super) async fn end_some(
    tx: &mut Tx,
    user_id: &UserId,
    end: &End,
    kept: Kept<'_>,
    limit: u32,
) -> munjigi_store::Result<usize> {
    let ended = records::end_all_for_user(tx, user_id, end, kept.sid, limit).await?;
    let count = ended.len();
    for record in ended {
        if let Some(key) = &record.django_session_key {
            sessions::delete(tx, key, end.at).await?;
        }
        blacklist(tx, record.jti, record.jti_exp, end.at).await?;
    }
    Ok(count)
}

/// Ends a record and takes away what carries it: its Django session is deleted and its refresh token blacklisted, so that
/// a Django beside us refuses them too. False where there is none, or it had ended before.
pub(super) async fn end_one(tx: &mut Tx, sid: &str, end: &End) -> munjigi_store::Result<bool> {
    if !records::end(tx, sid, end).await? {
        return Ok(false);
    }
    // Read now: until it ended, its carrier could still change.
    if let Some(record) = records::by_sid(tx, sid).await? {
        if let Some(key) = &record.django_session_key {
            sessions::delete(tx, key, end.at).await?;
        }
        blacklist_line(tx, &record.into(), end.at).await?;
    }
    Ok(true)
}

/// Blacklists the token that carries a record, and what a Django beside us made of its tokens: it tells no record, but what
/// it made names ours.
pub(super) async fn blacklist_line(
    tx: &mut Tx,
    record: &EndedRecord,
    now: Timestamp,
) -> munjigi_store::Result<()> {
    blacklist(tx, record.jti.clone(), record.jti_exp, now).await?;
    let Some(jti) = &record.jti else { return Ok(()) };
    for theirs in token_blacklist::neighbours_tokens(tx, jti, now).await? {
        if names_record(&theirs.token, &record.sid) {
            token_blacklist::blacklist_given(tx, &theirs.jti, now).await?;
        }
    }
    Ok(())
}

/// Whether a token that Django keeps says that this record is behind it. Nobody's word but that of the database is taken for
/// it, and all that follows is that the token ends.
fn names_record(token: &str, sid: &str) -> bool {
    let payload = token
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims = payload.and_then(|payload| serde_json::from_slice::<Value>(&payload).ok());
    claims.is_some_and(|claims| claims.get("sid").and_then(Value::as_str) == Some(sid))
}

/// Blacklists the token that carries a record, where a token does.
pub(super) async fn blacklist(
    tx: &mut Tx,
    jti: Option<String>,
    exp: Option<Timestamp>,
    now: Timestamp,
) -> munjigi_store::Result<()> {
    if let (Some(jti), Some(expires_at)) = (jti, exp) {
        // Its row is there since the sign-in; it is written anew only where somebody removed it.
        let token = OutstandingToken {
            user_id: None,
            jti,
            token: String::new(),
            created_at: None,
            expires_at,
        };
        token_blacklist::blacklist(tx, &token, now).await?;
    }
    Ok(())
}
