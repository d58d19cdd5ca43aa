//! What grows and is no longer needed: Django's `clearsessions` (`contrib/sessions`), simplejwt's `flushexpiredtokens`
//! (`token_blacklist`). Beside Django's rows go the session records that no token can ask for any more.
//!
//! Nothing here changes who is signed in: a server may run at the same time.

use super::ended;
use super::error::Result;
use crate::app::App;
use jiff::{SignedDuration, Timestamp};
use munjigi_store::{records, sessions, token_blacklist};
use munjigi_tokens::SimpleJwtSettings;

/// How many rows [`clear_sessions`] removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// Of `django_session`: those past their `expire_date`.
    pub sessions: u64,
    /// Session records, of sign-ins that ended longer ago than a token lives.
    pub records: u64,
    /// Of the list of ended sign-ins: those of which no token can be good any more.
    pub endings: u64,
}

/// Removes expired sessions, and the records of sign-ins that ended so long ago that every token they gave out has
/// expired too.
///
/// # Errors
/// [`super::Error::Store`]; what was removed before stays removed.
pub async fn clear_sessions(app: &App, now: Timestamp) -> Result<Cleared> {
    let before = ago(now, longest_life(app.jwt().settings()));
    Ok(Cleared {
        sessions: sessions::delete_expired(app.store(), now).await?,
        records: records::delete_ended(app.store(), before).await?,
        endings: ended::delete_past(app, now).await?,
    })
}

/// Removes expired tokens from the outstanding and the blacklisted ones, and gives their number back. Unlike in
/// simplejwt a token stays for `LEEWAY` more: as long as it is taken, it must be known to be blacklisted.
///
/// # Errors
/// [`super::Error::Store`]; what was removed before stays removed.
pub async fn flush_expired_tokens(app: &App, now: Timestamp) -> Result<u64> {
    let before = ago(now, app.jwt().settings().leeway);
    Ok(token_blacklist::delete_expired(app.store(), before).await?)
}

/// How long after its sign-in's end a token may still be presented.
fn longest_life(jwt: &SimpleJwtSettings) -> SignedDuration {
    jwt.access_token_lifetime
        .max(jwt.refresh_token_lifetime)
        .max(jwt.sliding_token_lifetime)
        .saturating_add(jwt.leeway)
}

fn ago(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_sub(span).unwrap_or(Timestamp::MIN)
}
