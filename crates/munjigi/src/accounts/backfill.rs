//! Records for the sessions that a Django beside us opens by itself. `django_session` has no column for the user, so each
//! row that no record knows is decoded: now and then in the background, and to the end before all sign-ins of somebody
//! end. A session that is presented here does not wait for it ([`super::sessions::authenticate`]).
//!
//! Sessions of anonymous visitors are read and left alone.

use super::error::Result;
use super::record::{self, DjangosSession};
use super::term::{RememberMe, Term};
use crate::app::App;
use jiff::Timestamp;
use munjigi_sessions::{Decoded, MUNJIGI_SID};
use munjigi_store::records::{self, NewRecord};
use munjigi_store::sessions::{self, Surveyed};
use munjigi_store::{BoxFuture, Conn, Tx};
use std::convert::Infallible;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::yield_now;
use tokio::time::sleep;

/// How many rows are looked at between two pauses.
const SLICE: u32 = 500;
/// How many of them are written in one transaction: on SQLite others wait for it.
const BATCH: usize = 100;
/// A pause is this many times as long as the slice before it took: the background takes a hundredth of the time.
const PAUSE: u32 = 99;
/// How long the background rests between two rounds at least.
const REST: Duration = Duration::from_secs(5);

/// Gives every session of Django's that is there by now its record. It goes on to its end where nobody waits for it any
/// more, so that who asks again finds less to do.
///
/// # Errors
/// [`super::Error::Store`]; what was written before stays.
pub async fn finish(app: &App) -> Result<()> {
    let app = app.clone();
    let finishing = tokio::spawn(async move {
        let Some(turn) = app.backfill().rounds.turn().await else {
            return Ok(());
        };
        let began = app.now();
        let mut after = None;
        while let Some(last) = slice(&app, after).await? {
            after = Some(last);
            yield_now().await;
        }
        app.backfill().has_looked(began);
        turn.end();
        Ok(())
    });
    finishing
        .await
        .unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The server stops.
            Err(cancelled) => Err(munjigi_store::Error::Unavailable(Arc::new(cancelled)).into()),
        })
}

/// Looks through the table now and then, slowly, for as long as it is polled. It may be dropped at any moment.
pub async fn follow(app: &App) -> Infallible {
    let mut is_lost = false;
    let mut after = None;
    let mut began = app.now();
    loop {
        let started = Instant::now();
        if after.is_none() {
            began = app.now();
        }
        let looked = slice(app, after.take()).await;
        let pause = started.elapsed().saturating_mul(PAUSE);
        if looked.is_err() != is_lost {
            is_lost = !is_lost;
            match &looked {
                Ok(_) => tracing::info!("Django's sessions are read again"),
                Err(error) => tracing::warn!(%error, "Django's sessions cannot be read"),
            }
        }
        if let Ok(None) = looked {
            app.backfill().has_looked(began);
        }
        after = looked.unwrap_or_default();
        sleep(if after.is_none() { pause.max(REST) } else { pause }).await;
    }
}

/// Looks at some rows after a key, and writes what is found. Gives the last key, or `None` where the table ends.
async fn slice(app: &App, after: Option<String>) -> Result<Option<String>> {
    let now = app.now();
    let looking = Looking {
        app: app.clone(),
        after,
        now,
    };
    let Looked { last, mut found } = app.store().scan(looking, look).await?;
    while !found.is_empty() {
        let rest = found.split_off(found.len().min(BATCH));
        app.store().write(Batch { found, now }, write).await?;
        found = rest;
    }
    Ok(last)
}

struct Looking {
    app: App,
    after: Option<String>,
    now: Timestamp,
}

struct Looked {
    last: Option<String>,
    found: Vec<Found>,
}

/// A user's session that no record has the key of.
struct Found {
    key: String,
    /// What its record is, or would be.
    record: NewRecord,
    /// Whether it names its record: it was opened here, and Django has given it a new key.
    is_ours: bool,
}

fn look<'t>(conn: &'t mut Conn, looking: &'t Looking) -> BoxFuture<'t, munjigi_store::Result<Looked>> {
    Box::pin(async move {
        let rows = sessions::survey(conn, looking.after.as_deref(), looking.now, SLICE).await?;
        Ok(Looked {
            last: rows.last().map(|row| row.session_key.clone()),
            found: rows.into_iter().filter_map(|row| found(looking, row)).collect(),
        })
    })
}

/// What a row is, where it is a user's: also one who came in by another authentication backend of the project's.
fn found(looking: &Looking, row: Surveyed) -> Option<Found> {
    let Surveyed {
        session_key: key,
        unknown,
    } = row;
    let Decoded { data, written_at, .. } = looking.app.session_rows().read(&unknown?);
    let user_id = data.auth_user_id()?;
    let user_id = looking.app.config().user_model.id_kind.parse(&user_id).ok()?;
    let session = DjangosSession {
        key: &key,
        data: &data,
        written_at,
    };
    let nobody = records::Client::default();
    let term = Term::of(
        &looking.app.config().session_records,
        RememberMe::Unsaid,
        looking.now,
    );
    Some(Found {
        record: record::of_djangos(&session, user_id, nobody, term),
        is_ours: data.contains(MUNJIGI_SID),
        key,
    })
}

struct Batch {
    found: Vec<Found>,
    now: Timestamp,
}

fn write<'t>(tx: &'t mut Tx, batch: &'t Batch) -> BoxFuture<'t, munjigi_store::Result<()>> {
    Box::pin(async move {
        for found in &batch.found {
            let is_new = !found.is_ours && records::open_unless_there(tx, &found.record).await?;
            if !is_new {
                follow_session(tx, found, batch.now).await?;
            }
        }
        Ok(())
    })
}

/// Has a record follow its session under a new key. Where it has ended, so does the session. Where both keys are there,
/// Django is at it right now.
async fn follow_session(tx: &mut Tx, found: &Found, now: Timestamp) -> munjigi_store::Result<()> {
    let Found { key, record: it, .. } = found;
    let Some(record) = records::by_sid(tx, &it.sid).await? else {
        // It was swept after its end. Who presents the session is told so.
        return Ok(());
    };
    if record::is_over(&record, now) {
        sessions::delete(tx, key, now).await?;
        return Ok(());
    }
    let is_there = match &record.django_session_key {
        Some(before) => sessions::by_key(tx, before, now).await?.is_some(),
        None => false,
    };
    if !is_there {
        record::move_session(tx, &it.sid, key, &it.auth_hash).await?;
    }
    Ok(())
}
