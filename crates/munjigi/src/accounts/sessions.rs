//! Cookie sessions: Django's rows, and who is signed in by one. `get_user` of `contrib/auth/__init__.py` and what
//! `SessionMiddleware` does with a session that no longer holds.

use super::error::Result;
use super::record;
use crate::app::App;
use jiff::{SignedDuration, Timestamp};
use munjigi_sessions::{AuthHashMatch, BACKEND, MUNJIGI_SID, SessionData, SessionKey};
use munjigi_store::records::EndReason;
use munjigi_store::sessions::SessionRow;
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, Tx, records, sessions, users};

/// A session with a user.
pub struct Session {
    /// The user, as the database has him now.
    pub user: User,
    /// The key, for the cookie.
    pub key: SessionKey,
    /// How long the browser keeps the cookie; `None` until it closes.
    pub cookie_age: Option<SignedDuration>,
}

impl Session {
    pub(super) fn new(app: &App, user: User, key: SessionKey, data: &SessionData, now: Timestamp) -> Self {
        Self {
            user,
            key,
            cookie_age: app.session_rows().cookie_age(data, now),
        }
    }
}

/// What a presented session key stands for.
pub enum Presented {
    /// A user's session.
    User(Session),
    /// A user's session that was signed by a key of `SECRET_KEY_FALLBACKS`: it has a new key from now on, and the
    /// client must be told.
    Renewed(Session),
    /// A session without a user, or with one that another backend answers for. It is not ours to touch.
    Anonymous,
    /// No session: there is none, it has expired, or it was just ended because the password had changed or the record
    /// behind it was over.
    Nothing,
}

/// Who is signed in by the session with this key.
///
/// # Errors
/// [`super::Error::Store`].
pub async fn authenticate(app: &App, key: &SessionKey, now: Timestamp) -> Result<Presented> {
    let mut conn = app.store().reader();
    let Some(row) = sessions::by_key(&mut conn, key.expose(), now).await? else {
        return Ok(Presented::Nothing);
    };
    let data = app.session_rows().decode(&row);
    let user_id = data
        .auth_user_id()
        .and_then(|id| app.config().user_model.id_kind.parse(&id).ok());
    let (Some(user_id), Some(BACKEND)) = (user_id, data.auth_backend().as_deref()) else {
        return Ok(Presented::Anonymous);
    };
    let Some(user) = users::by_id(&mut conn, &user_id)
        .await?
        .filter(|user| user.is_active)
    else {
        return Ok(Presented::Anonymous);
    };
    if let Some(sid) = data.text(MUNJIGI_SID) {
        let record = records::by_sid(&mut conn, &sid).await?;
        // A record that is gone was swept after its end.
        let Some(record) = record.filter(|record| !record::is_over(record, now)) else {
            return flush(app, key, now).await;
        };
        if record.django_session_key.as_deref() != Some(key.expose()) {
            follow(app, record.sid, key).await?;
        }
    }
    match app.session_rows().hasher.verify(&data, &user.password) {
        AuthHashMatch::Current => Ok(Presented::User(Session::new(app, user, key.clone(), &data, now))),
        AuthHashMatch::Fallback => renew(app, user, key, data, now).await,
        AuthHashMatch::No => flush(app, key, now).await,
    }
}

/// Django has cycled the session's key; the record must know the new one, to take the row away when it ends.
async fn follow(app: &App, sid: String, key: &SessionKey) -> Result<()> {
    let followed = (sid, key.clone());
    app.store()
        .write(followed, |tx, (sid, key)| {
            Box::pin(records::set_django_session_key(tx, sid, key.expose()))
        })
        .await?;
    Ok(())
}

/// `cycle_key` and a new hash: the session moves from an old `SECRET_KEY` to the current one.
async fn renew(
    app: &App,
    user: User,
    old: &SessionKey,
    mut data: SessionData,
    now: Timestamp,
) -> Result<Presented> {
    let sessions = app.session_rows();
    data.set_auth_hash(&user.password, &sessions.hasher);
    let key = SessionKey::generate(&mut app.entropy());
    let renewal = Renewal {
        old: old.clone(),
        row: sessions.row(&key, &data, now),
        sid: data.text(MUNJIGI_SID).map(String::from),
        auth_hash: sessions.hasher.hash(&user.password),
    };
    if app.store().write(renewal, write_renewal).await? {
        Ok(Presented::Renewed(Session::new(app, user, key, &data, now)))
    } else {
        // It was signed out of, or renewed by another request, in between.
        Ok(Presented::Nothing)
    }
}

struct Renewal {
    old: SessionKey,
    row: SessionRow,
    sid: Option<String>,
    auth_hash: String,
}

fn write_renewal<'t>(tx: &'t mut Tx, renewal: &'t Renewal) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        if !sessions::delete(tx, renewal.old.expose()).await? {
            return Ok(false);
        }
        sessions::insert(tx, &renewal.row).await?;
        if let Some(sid) = &renewal.sid {
            records::set_django_session_key(tx, sid, &renewal.row.session_key).await?;
            records::set_auth_hash(tx, sid, &renewal.auth_hash).await?;
        }
        Ok(true)
    })
}

/// `flush()`: the password is another than when the session was opened, or its sign-in has ended.
async fn flush(app: &App, key: &SessionKey, now: Timestamp) -> Result<Presented> {
    end(app, key, EndReason::PasswordChange, now).await?;
    Ok(Presented::Nothing)
}

/// Deletes a session's row and ends the record behind it, where there is one. A key without a row ends nothing.
///
/// # Errors
/// [`super::Error::Store`].
pub(super) async fn end(app: &App, key: &SessionKey, reason: EndReason, now: Timestamp) -> Result<()> {
    let ending = Ending {
        app: app.clone(),
        key: key.clone(),
        reason,
        now,
    };
    Ok(app.store().write(ending, write_ending).await?)
}

struct Ending {
    app: App,
    key: SessionKey,
    reason: EndReason,
    now: Timestamp,
}

fn write_ending<'t>(tx: &'t mut Tx, ending: &'t Ending) -> BoxFuture<'t, munjigi_store::Result<()>> {
    Box::pin(async move {
        let Some(row) = sessions::by_key(tx, ending.key.expose(), ending.now).await? else {
            return Ok(());
        };
        if let Some(sid) = ending.app.session_rows().decode(&row).text(MUNJIGI_SID) {
            let end = record::end(&ending.app, ending.reason, ending.now);
            records::end(tx, &sid, &end).await?;
        }
        sessions::delete(tx, ending.key.expose()).await?;
        Ok(())
    })
}
