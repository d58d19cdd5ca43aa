//! Cookie sessions: Django's rows, and who is signed in by one. `get_user` of `contrib/auth/__init__.py` and what
//! `SessionMiddleware` does with a session that no longer holds.

use super::Client;
use super::error::Result;
use super::record::{self, DjangosSession};
use super::term::{RememberMe, Term};
use crate::app::App;
use jiff::{SignedDuration, Timestamp};
use munjigi_sessions::{AuthHashMatch, Decoded, MUNJIGI_SID, SessionData, SessionKey};
use munjigi_signing::csrf::{CSRF_SESSION_KEY, CsrfSecret};
use munjigi_store::records::{EndReason, NewRecord, Record};
use munjigi_store::sessions::SessionRow;
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, Conn, Tx, records, sessions, users};
use std::borrow::Cow;

/// A session with a user.
pub struct Session {
    /// The user, as the database has him now.
    pub user: User,
    /// The key, for the cookie.
    pub key: SessionKey,
    /// How long the browser keeps the cookie; `None` until it closes.
    pub cookie_age: Option<SignedDuration>,
    /// Its record: [`munjigi_store::records::Record::sid`].
    pub sid: String,
    /// `_csrftoken`: the CSRF secret, where sessions keep it.
    pub csrf: Option<String>,
}

impl Session {
    pub(super) fn new(app: &App, user: User, key: SessionKey, data: &SessionData, now: Timestamp) -> Self {
        Self {
            user,
            cookie_age: app.session_rows().cookie_age(data, now),
            sid: record::sid_of_session(data, key.expose()),
            csrf: data.text(CSRF_SESSION_KEY).map(Cow::into_owned),
            key,
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

/// Who is signed in by the session with this key. A session that Django opened by itself gets its record now, unless the
/// back-fill was faster ([`super::backfill`]); that of an anonymous visitor never does.
///
/// # Errors
/// [`super::Error::Store`].
pub async fn authenticate(app: &App, key: &SessionKey, client: &Client, now: Timestamp) -> Result<Presented> {
    for _ in 0..ROUNDS {
        if let Some(presented) = look(app, key, client, now).await? {
            return Ok(presented);
        }
    }
    Ok(Presented::Anonymous)
}

/// How often a session may become another while it is looked at.
const ROUNDS: usize = 4;

/// The same, where nobody writes the session meanwhile: its row, its user and its record are read one after the other, and
/// what does not fit may be of two moments. `None` where somebody did, and nothing has ended.
async fn look(app: &App, key: &SessionKey, client: &Client, now: Timestamp) -> Result<Option<Presented>> {
    let mut conn = app.store().reader();
    let Some(row) = sessions::by_key(&mut conn, key.expose(), now).await? else {
        return Ok(Some(Presented::Nothing));
    };
    let Decoded { data, written_at, .. } = app.session_rows().decode(&row);
    let Some(user) = user_of(app, &mut conn, &data).await? else {
        return Ok(Some(Presented::Anonymous));
    };
    let belongs = app.session_rows().hasher.verify(&data, &user.password);
    if belongs == AuthHashMatch::No {
        return flush(app, key, row, now).await;
    }
    let session = DjangosSession {
        key: key.expose(),
        data: &data,
        written_at,
    };
    let sid = record::sid_of_session(&data, key.expose());
    let end;
    let lesson = match records::by_sid(&mut conn, &sid).await? {
        Some(record) if record::is_over(&record, now) => return flush(app, key, row, now).await,
        Some(record) => {
            end = record.absolute_end;
            app.last_seen().note(&record.sid, now);
            lesson(record, &session, client)
        }
        // It was swept after its end.
        None if data.contains(MUNJIGI_SID) => return flush(app, key, row, now).await,
        None => {
            let term = Term::of(&app.config().session_records, RememberMe::Unsaid, now);
            end = term.absolute_end;
            let client = record::stored(client);
            let record = record::of_djangos(&session, user.id.clone(), client, term);
            Some(Lesson::Opened(record))
        }
    };
    if let Some(lesson) = lesson {
        app.store().write(lesson, write_lesson).await?;
    }
    if belongs == AuthHashMatch::Fallback {
        return renew(app, user, (key, end), data, now).await.map(Some);
    }
    let session = Session::new(app, user, key.clone(), &data, now);
    Ok(Some(Presented::User(session)))
}

/// The active user that a session names; none where another backend answers for him.
async fn user_of(app: &App, conn: &mut Conn, data: &SessionData) -> munjigi_store::Result<Option<User>> {
    let id = data
        .auth_user_id()
        .and_then(|id| app.config().user_model.id_kind.parse(&id).ok());
    let backends = &app.config().authentication_backends;
    let is_ours = |backend: Cow<'_, str>| backends.iter().any(|ours| *ours == backend);
    let Some(id) = id.filter(|_| data.auth_backend().is_some_and(is_ours)) else {
        return Ok(None);
    };
    let user = users::by_id(conn, &id).await?;
    Ok(user.filter(|user| user.is_active))
}

fn write_prolonged<'t>(
    tx: &'t mut Tx,
    (key, until): &'t (SessionKey, Timestamp),
) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(sessions::prolong(tx, key.expose(), *until))
}

/// A session that was saved as it is.
pub struct Saved {
    /// How long the browser keeps the cookie from now on; `None` until it closes.
    pub cookie_age: Option<SignedDuration>,
}

/// Saves the session with this key as it is, so that it lasts as long as one of now: `SESSION_SAVE_EVERY_REQUEST`. None where
/// there is no such session, or the sign-in behind it is over. Whether it still opens for its user is not asked, as in Django.
///
/// # Errors
/// [`super::Error::Store`].
pub async fn save(app: &App, key: &SessionKey, now: Timestamp) -> Result<Option<Saved>> {
    let rows = app.session_rows();
    let mut conn = app.store().reader();
    let Some(row) = sessions::by_key(&mut conn, key.expose(), now).await? else {
        return Ok(None);
    };
    let data = rows.decode(&row).data;
    let end = if data.auth_user_id().is_none() {
        is_for_csrf_alone(&data).then(|| now + VISIT)
    } else {
        let sid = record::sid_of_session(&data, key.expose());
        match records::by_sid(&mut conn, &sid).await? {
            Some(record) if record::is_over(&record, now) => return Ok(None),
            Some(record) => record.absolute_end,
            None if data.contains(MUNJIGI_SID) => return Ok(None),
            None => Term::of(&app.config().session_records, RememberMe::Unsaid, now).absolute_end,
        }
    };
    let prolonged = (key.clone(), rows.expire_date(&data, end, now));
    app.store().write(prolonged, write_prolonged).await?;
    let cookie_age = cookie_age(app, &data, end, now);
    Ok(Some(Saved { cookie_age }))
}

fn is_for_csrf_alone(data: &SessionData) -> bool {
    let mut others = data.clone();
    others.remove(CSRF_SESSION_KEY);
    others.is_empty()
}

/// How long the browser keeps the cookie of a session that ends at `end` at the latest.
fn cookie_age(
    app: &App,
    data: &SessionData,
    end: Option<Timestamp>,
    now: Timestamp,
) -> Option<SignedDuration> {
    let age = app.session_rows().cookie_age(data, now)?;
    Some(end.map_or(age, |end| age.min(end.duration_since(now))))
}

/// A CSRF secret that a session keeps.
pub struct KeptSecret {
    /// The secret.
    pub secret: CsrfSecret,
    /// The session that was written for it, and how long the browser keeps its cookie; none where nothing was.
    pub written: Option<(SessionKey, Option<SignedDuration>)>,
}

/// How long a session lasts in which nobody is signed in and that is there for the CSRF secret alone. Django gives it the
/// settings' age, two weeks, and anybody can have as many rows as he asks for. A row that Django saves or signs somebody in
/// by gets that age there: nothing in its data says otherwise.
const VISIT: SignedDuration = SignedDuration::from_hours(1);
/// A visitor who asks again with less than this left has another hour.
const REST_OF_VISIT: SignedDuration = SignedDuration::from_mins(30);

/// The CSRF secret of the session with this key. A session that has none is given one, and who has no session one of his
/// own, for an hour: `_set_csrf_cookie` of `CsrfViewMiddleware` with `CSRF_USE_SESSIONS`.
///
/// # Errors
/// [`super::Error::Store`].
pub async fn csrf_secret(app: &App, key: Option<SessionKey>, now: Timestamp) -> Result<KeptSecret> {
    if let Some(key) = &key
        && let Some(row) = sessions::by_key(&mut app.store().reader(), key.expose(), now).await?
        && let data = app.session_rows().decode(&row).data
        && let Some(secret) = kept(&data)
    {
        let is_ending = data.auth_user_id().is_none() && row.expire_date.duration_since(now) < REST_OF_VISIT;
        let written = if is_ending {
            prolong_visit(app, key, &data, now).await?
        } else {
            None
        };
        return Ok(KeptSecret { secret, written });
    }
    let keeping = Keeping {
        app: app.clone(),
        key,
        fresh: SessionKey::generate(&mut app.entropy()),
        secret: CsrfSecret::new(&mut app.entropy()),
        now,
    };
    Ok(app.store().write(keeping, write_kept).await?)
}

/// None where the session is no longer there.
async fn prolong_visit(
    app: &App,
    key: &SessionKey,
    data: &SessionData,
    now: Timestamp,
) -> Result<Option<(SessionKey, Option<SignedDuration>)>> {
    let rows = app.session_rows();
    let until = rows.expire_date(data, Some(now + VISIT), now);
    let prolonged = app.store().write((key.clone(), until), write_prolonged).await?;
    Ok(prolonged.then(|| (key.clone(), cookie_age(app, data, Some(now + VISIT), now))))
}

fn kept(data: &SessionData) -> Option<CsrfSecret> {
    CsrfSecret::parse(&data.text(CSRF_SESSION_KEY)?).ok()
}

struct Keeping {
    app: App,
    key: Option<SessionKey>,
    fresh: SessionKey,
    secret: CsrfSecret,
    now: Timestamp,
}

fn write_kept<'t>(tx: &'t mut Tx, keeping: &'t Keeping) -> BoxFuture<'t, munjigi_store::Result<KeptSecret>> {
    Box::pin(async move {
        let Keeping {
            app,
            key,
            fresh,
            secret,
            now,
        } = keeping;
        let rows = app.session_rows();
        let secret = secret.clone();
        // Once more where somebody else has written it meanwhile, a secret of his own maybe.
        while let Some(key) = key
            && let Some(row) = sessions::by_key(tx, key.expose(), *now).await?
        {
            let mut data = rows.decode(&row).data;
            if let Some(secret) = kept(&data) {
                return Ok(KeptSecret {
                    secret,
                    written: None,
                });
            }
            data.insert(CSRF_SESSION_KEY, secret.expose());
            if sessions::replace(tx, &row, &rows.encode(&data, *now), *now).await? {
                let written = Some((key.clone(), rows.cookie_age(&data, *now)));
                return Ok(KeptSecret { secret, written });
            }
        }
        let mut data = SessionData::default();
        data.insert(CSRF_SESSION_KEY, secret.expose());
        sessions::insert(tx, &rows.row(fresh, &data, Some(*now + VISIT), *now)).await?;
        let written = Some((fresh.clone(), cookie_age(app, &data, Some(*now + VISIT), *now)));
        Ok(KeptSecret { secret, written })
    })
}

/// What is learned of a record when its session is presented.
enum Lesson {
    /// Django has cycled the session's key, for another password as a rule. The record must know the new one, to take the
    /// row away when it ends.
    Moved {
        sid: String,
        key: String,
        auth_hash: String,
    },
    /// Who uses a session of Django's that was found in its table.
    Used { sid: String, client: records::Client },
    /// That there is a session of Django's.
    Opened(NewRecord),
}

fn lesson(record: Record, session: &DjangosSession<'_>, client: &Client) -> Option<Lesson> {
    let sid = record.sid;
    if record.django_session_key.as_deref() != Some(session.key) {
        return Some(Lesson::Moved {
            sid,
            key: session.key.to_owned(),
            auth_hash: session.auth_hash(),
        });
    }
    let nobody = records::Client::default();
    let client = record::stored(client);
    (record.client == nobody && client != nobody).then_some(Lesson::Used { sid, client })
}

fn write_lesson<'t>(tx: &'t mut Tx, lesson: &'t Lesson) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        match lesson {
            Lesson::Moved { sid, key, auth_hash } => record::move_session(tx, sid, key, auth_hash).await,
            Lesson::Used { sid, client } => records::set_client(tx, sid, client).await,
            Lesson::Opened(record) => records::open_unless_there(tx, record).await,
        }
    })
}

/// `cycle_key` and a new hash: the session moves from an old `SECRET_KEY` to the current one.
async fn renew(
    app: &App,
    user: User,
    (old, end): (&SessionKey, Option<Timestamp>),
    mut data: SessionData,
    now: Timestamp,
) -> Result<Presented> {
    let sessions = app.session_rows();
    let sid = record::sid_of_session(&data, old.expose());
    data.insert(MUNJIGI_SID, sid.as_str());
    data.set_auth_hash(&user.password, &sessions.hasher);
    sessions.end_by(&mut data, end, now);
    let key = SessionKey::generate(&mut app.entropy());
    let renewal = Renewal {
        old: old.clone(),
        row: sessions.row(&key, &data, end, now),
        sid,
        auth_hash: sessions.hasher.hash(&user.password),
        now,
    };
    if app.store().write(renewal, write_renewal).await? {
        Ok(Presented::Renewed(Session::new(app, user, key, &data, now)))
    } else {
        // It was signed out of, or renewed by another request, in between.
        Ok(Presented::Nothing)
    }
}

/// `update_session_auth_hash`: the session that carries a record goes on under a new key, bound to the user's password. None
/// where none carries it, or it is no more: a sign-out that came in between wins.
pub(super) async fn cycle_key(
    tx: &mut Tx,
    app: &App,
    (user, record): (&User, &Record),
    new: &SessionKey,
    now: Timestamp,
) -> munjigi_store::Result<Option<Session>> {
    let rows = app.session_rows();
    let Some(old) = &record.django_session_key else {
        return Ok(None);
    };
    records::lock(tx, &record.sid).await?;
    let Some(row) = sessions::by_key(tx, old, now).await? else {
        return Ok(None);
    };
    if !sessions::delete(tx, old, now).await? {
        return Ok(None);
    }
    let mut data = rows.decode(&row).data;
    data.insert(MUNJIGI_SID, record.sid.as_str());
    data.set_auth_hash(&user.password, &rows.hasher);
    let end = record.absolute_end;
    rows.end_by(&mut data, end, now);
    let row = rows.row(new, &data, end, now);
    sessions::insert(tx, &row).await?;
    record::move_session(
        tx,
        &record.sid,
        &row.session_key,
        &rows.hasher.hash(&user.password),
    )
    .await?;
    Ok(Some(Session::new(app, user.clone(), new.clone(), &data, now)))
}

struct Renewal {
    old: SessionKey,
    row: SessionRow,
    sid: String,
    auth_hash: String,
    now: Timestamp,
}

fn write_renewal<'t>(tx: &'t mut Tx, renewal: &'t Renewal) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        // The record before its session, as what ends them takes them: two in two orders would wait for each other.
        records::lock(tx, &renewal.sid).await?;
        if !sessions::delete(tx, renewal.old.expose(), renewal.now).await? {
            return Ok(false);
        }
        sessions::insert(tx, &renewal.row).await?;
        record::move_session(tx, &renewal.sid, &renewal.row.session_key, &renewal.auth_hash).await?;
        Ok(true)
    })
}

/// `flush()`: the password is another than when the session was opened, or its sign-in has ended. `None` where the row is no
/// longer the one that was read: its user has signed in again, or a sign-in of his stored his password anew.
async fn flush(app: &App, key: &SessionKey, read: SessionRow, now: Timestamp) -> Result<Option<Presented>> {
    let ending = Ending {
        read: Some(read),
        ..Ending::of(app, key, EndReason::PasswordChange, now)
    };
    let is_done = app.store().write(ending, write_ending).await?;
    Ok(is_done.then_some(Presented::Nothing))
}

/// Deletes a session's row and ends the record behind it, where there is one. A key without a row ends nothing.
///
/// # Errors
/// [`super::Error::Store`].
pub(super) async fn end(app: &App, key: &SessionKey, reason: EndReason, now: Timestamp) -> Result<()> {
    let ending = Ending::of(app, key, reason, now);
    app.store().write(ending, write_ending).await?;
    Ok(())
}

struct Ending {
    app: App,
    key: SessionKey,
    /// The row that is to end, and none where whatever has the key is.
    read: Option<SessionRow>,
    reason: EndReason,
    now: Timestamp,
}

impl Ending {
    fn of(app: &App, key: &SessionKey, reason: EndReason, now: Timestamp) -> Self {
        Self {
            app: app.clone(),
            key: key.clone(),
            read: None,
            reason,
            now,
        }
    }
}

/// False where another row has the key by now than the one that is to end.
fn write_ending<'t>(tx: &'t mut Tx, ending: &'t Ending) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        let Some(row) = sessions::by_key(tx, ending.key.expose(), ending.now).await? else {
            return Ok(true);
        };
        if ending.read.as_ref().is_some_and(|read| *read != row) {
            return Ok(false);
        }
        let data = ending.app.session_rows().decode(&row).data;
        let sid = record::sid_of_session(&data, ending.key.expose());
        let end = record::end(&ending.app, ending.reason, ending.now);
        records::end(tx, &sid, &end).await?;
        sessions::delete(tx, ending.key.expose(), ending.now).await?;
        Ok(true)
    })
}
