//! What grows and is no longer needed: Django's `clearsessions` (`contrib/sessions`), simplejwt's `flushexpiredtokens`
//! (`token_blacklist`). Beside Django's rows go the session records that no token can ask for any more.
//!
//! Nothing here changes who is signed in: a server may run at the same time.

use super::ended;
use super::error::Result;
use crate::app::App;
use jiff::{SignedDuration, Timestamp};
use munjigi_store::upkeep::{self, Sweep};
use munjigi_store::{sessions, token_blacklist};
use munjigi_tokens::SimpleJwtSettings;
use rand_core::Rng;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

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
    let sessions = sessions::delete_expired(app.store(), now).await?;
    let swept = sweep_records(app, now, |_| ControlFlow::Continue(())).await?;
    Ok(Cleared {
        sessions,
        records: swept.records,
        endings: swept.endings,
    })
}

/// What [`sweep_records`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// As [`Cleared::records`].
    pub records: u64,
    /// Sealed successors of refresh tokens that can no longer be asked for; their records stay.
    pub seals: u64,
    /// As [`Cleared::endings`].
    pub endings: u64,
}

/// Removes the records of sign-ins that are over, so long that no token of theirs can be good, the sealed successors past
/// `ROTATION_WINDOW`, and what no process needs of the list of endings. It goes over all records in slices; after each
/// `on_slice` hears what went so far, and may put a stop to it.
///
/// # Errors
/// [`super::Error::Store`]; what was removed before stays removed.
pub async fn sweep_records(
    app: &App,
    now: Timestamp,
    mut on_slice: impl FnMut(Swept) -> ControlFlow<()>,
) -> Result<Swept> {
    let sweep = Sweep {
        over_before: ago(now, longest_life(app.jwt().settings())),
        rotated_before: ago(now, app.config().rotation_window.saturating_add(CLOCKS_APART)),
    };
    let mut swept = Swept::default();
    let mut last = String::new();
    loop {
        let slice = upkeep::sweep(app.store(), sweep, &last).await?;
        swept.records += slice.records;
        swept.seals += slice.seals;
        match slice.last {
            Some(next) if on_slice(swept).is_continue() => last = next,
            Some(_) => return Ok(swept),
            None => break,
        }
    }
    swept.endings = ended::delete_past(app, now).await?;
    Ok(swept)
}

/// How far apart the clocks of two processes may be that rotate and sweep.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(1);

/// Removes expired tokens from the outstanding and the blacklisted ones, slice by slice, and gives their number back.
/// After each slice `on_slice` hears how many went so far, and may put a stop to it. Unlike in simplejwt a token stays
/// for `LEEWAY` more: as long as it is taken, it must be known to be blacklisted.
///
/// # Errors
/// [`super::Error::Store`]; what was removed before stays removed.
pub async fn flush_expired_tokens(
    app: &App,
    now: Timestamp,
    mut on_slice: impl FnMut(u64) -> ControlFlow<()>,
) -> Result<u64> {
    let before = ago(now, app.jwt().settings().leeway);
    let mut total = 0;
    loop {
        let removed = token_blacklist::delete_expired(app.store(), before).await?;
        total += removed;
        if removed == 0 || on_slice(total).is_break() {
            return Ok(total);
        }
    }
}

/// How many tokens [`flush_expired_tokens`] would remove.
///
/// # Errors
/// [`super::Error::Store`].
pub async fn count_expired_tokens(app: &App, now: Timestamp) -> Result<u64> {
    let before = ago(now, app.jwt().settings().leeway);
    Ok(token_blacklist::count_expired(&mut app.store().reader(), before).await?)
}

/// Removes expired tokens each time that about `every` has passed, until `stop` turns true; a slice that is under way
/// is finished. What fails is said in the log and tried again the next time.
///
/// Processes on one database that start together drift apart, and do no harm where they meet.
pub async fn flush_now_and_then(app: &App, every: Duration, mut stop: watch::Receiver<bool>) {
    while next(app, every, &mut stop).await {
        match flush_expired_tokens(app, app.now(), |_| unless(&stop)).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "expired tokens removed"),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "expired tokens could not be removed");
            }
        }
    }
}

/// Sweeps the session records in the same way.
pub async fn sweep_now_and_then(app: &App, every: Duration, mut stop: watch::Receiver<bool>) {
    while next(app, every, &mut stop).await {
        match sweep_records(app, app.now(), |_| unless(&stop)).await {
            Ok(Swept { records: 0, .. }) => {}
            Ok(Swept { records, .. }) => tracing::info!(records, "records of sign-ins that are over removed"),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "records of sign-ins that are over could not be removed");
            }
        }
    }
}

/// Waits for about `every`. False where it is time to stop, also where nobody is left to say so.
async fn next(app: &App, every: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    let pause = about(every, app.entropy().next_u32());
    tokio::select! {
        () = sleep(pause) => true,
        _ = stop.wait_for(|stop| *stop) => false,
    }
}

fn unless(stop: &watch::Receiver<bool>) -> ControlFlow<()> {
    if *stop.borrow() {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// A tenth less to a tenth more.
fn about(every: Duration, chance: u32) -> Duration {
    every.mul_f64(0.9 + 0.2 * f64::from(chance) / f64::from(u32::MAX))
}

/// How long after its sign-in's end a token may still be presented.
pub(super) fn longest_life(jwt: &SimpleJwtSettings) -> SignedDuration {
    jwt.access_token_lifetime
        .max(jwt.refresh_token_lifetime)
        .max(jwt.sliding_token_lifetime)
        .saturating_add(jwt.leeway)
}

fn ago(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_sub(span).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_about_an_hour() {
        let hour = Duration::from_hours(1);
        assert_eq!(about(hour, 0), Duration::from_mins(54));
        assert_eq!(about(hour, u32::MAX), Duration::from_mins(66));
    }
}
