//! Sign-in: who is meant, whether it is he, and what is opened for him. Django's `authenticate` and `login`
//! (`contrib/auth/__init__.py`), simplejwt's `TokenObtainPairSerializer`.
//!
//! Every door asks [`authenticate`]: wrong, unknown, inactive and unusable get one answer after one hash (two, where
//! `TRIM_PASSWORDS` is on and the password has spaces at its ends). A hash takes
//! its time, so what it was run for is asked once more in the transaction that opens the sign-in.

use super::claims::UserClaims;
use super::error::{Error, Result};
use super::password::{self, shown};
use super::record::{self, Carrier};
use super::sessions::Session;
use super::term::{Arrival, Term};
use super::tokens::Slide;
use super::{Client, hashing, tokens};
use crate::app::App;
use jiff::Timestamp;
use munjigi_passwords::Password;
use munjigi_sessions::{BACKEND_SESSION_KEY, LoginStep, MUNJIGI_SID, SessionData, SessionKey, login_step};
use munjigi_signing::csrf::{CSRF_SESSION_KEY, CsrfSecret};
use munjigi_store::records::EndReason;
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, Tx, records, sessions, users};

/// What somebody signs in with. What is missing is refused like what is wrong.
pub struct Credentials {
    /// Who he says he is.
    pub login: Option<Login>,
    /// The password, as typed.
    pub password: Option<Password>,
}

/// By which name a user calls himself.
pub enum Login {
    /// The body's `username`: the user of exactly that name; if there is none and it has an `@`, the one user with
    /// that e-mail address.
    Username(String),
    /// The body's `email`: the one user with that address; if there is none, the user of exactly that name, as in
    /// Django's `authenticate(username=email)`.
    Email(String),
    /// `USERNAME_FIELD` alone, as simplejwt's own routes have it.
    UsernameField(String),
}

/// The user whose credentials these are.
///
/// # Errors
/// [`Error::InvalidCredentials`] for every cause, after as many hashes. [`Error::Busy`] and [`Error::Store`].
pub async fn authenticate(
    app: &App,
    credentials: Credentials,
    client: &Client,
    now: Timestamp,
) -> Result<User> {
    let asker = hashing::asker(client);
    let Credentials { login, password } = credentials;
    let found = match (&login, &password) {
        (Some(login), Some(_)) => find(app, login).await?,
        _ => None,
    };
    let password = password.unwrap_or_else(|| Password::from(String::new()));
    let shown = shown::of_user(app, asker, password, found.as_ref()).await?;
    let (Some(user), Some(shown)) = (found, shown) else {
        tracing::info!(target: "munjigi::account", event = "signin_refused");
        return Err(Error::InvalidCredentials);
    };
    if shown.must_update {
        password::upgrade(app, asker, user, shown.password, now).await
    } else {
        Ok(user)
    }
}

async fn find(app: &App, login: &Login) -> Result<Option<User>> {
    let mut conn = app.store().reader();
    Ok(match login {
        Login::UsernameField(name) => users::by_username(&mut conn, name).await?,
        Login::Username(name) => match users::by_username(&mut conn, name).await? {
            None if name.contains('@') => only(users::by_email(&mut conn, name).await?),
            found => found,
        },
        Login::Email(email) => {
            let found = users::by_email(&mut conn, email).await?;
            if found.is_empty() {
                users::by_username(&mut conn, email).await?
            } else {
                only(found)
            }
        }
    })
}

/// Two users with one address: neither is meant. Whose address it is stays out of the log.
fn only(mut found: Vec<User>) -> Option<User> {
    if found.len() > 1 {
        let users: Vec<String> = found.iter().map(|user| user.id.to_string()).collect();
        tracing::warn!(target: "munjigi::account", event = "email_ambiguous", ?users);
        return None;
    }
    found.pop()
}

/// Makes a pair of tokens for a user: `RefreshToken.for_user`, and the record that stands behind both.
///
/// # Errors
/// [`Error::InvalidCredentials`] where the user was shut out, or given another password, since he showed his;
/// [`Error::Token`] where `USER_ID_FIELD` names what this user has not; [`Error::TokenTooLong`]; [`Error::Store`].
pub async fn open_jwt(app: &App, user: &User, arrival: Arrival<'_>) -> Result<tokens::Pair> {
    let claims = UserClaims::of(&app.config().claims, &mut app.store().reader(), user).await?;
    let (pair, opening) = tokens::mint(app, user, claims, arrival.client, term(app, arrival))?;
    open(app, user, opening, arrival.now).await?;
    tracing::info!(target: "munjigi::account", event = "signed_in", carrier = "jwt", user = %user.id);
    Ok(pair)
}

/// Makes a sliding token for a user: `SlidingToken.for_user`, and the record that stands behind it.
///
/// # Errors
/// As [`open_jwt`].
pub async fn open_sliding(app: &App, user: &User, arrival: Arrival<'_>) -> Result<Slide> {
    let claims = UserClaims::of(&app.config().claims, &mut app.store().reader(), user).await?;
    let (slide, opening) = tokens::mint_sliding(app, user, claims, arrival.client, term(app, arrival))?;
    open(app, user, opening, arrival.now).await?;
    tracing::info!(target: "munjigi::account", event = "signed_in", carrier = "sliding", user = %user.id);
    Ok(slide)
}

fn term(app: &App, arrival: Arrival<'_>) -> Term {
    Term::of(&app.config().session_records, arrival.remember_me, arrival.now)
}

async fn open(app: &App, user: &User, opening: tokens::Opening, now: Timestamp) -> Result<()> {
    let signin = JwtSignIn {
        verified: user.password.clone(),
        last_login: app.jwt().settings().update_last_login.then_some(now),
        opening,
    };
    if app.store().write(signin, write_jwt).await? {
        Ok(())
    } else {
        Err(Error::InvalidCredentials)
    }
}

struct JwtSignIn {
    verified: String,
    last_login: Option<Timestamp>,
    opening: tokens::Opening,
}

fn write_jwt<'t>(tx: &'t mut Tx, signin: &'t JwtSignIn) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        let JwtSignIn {
            verified,
            last_login,
            opening,
        } = signin;
        if !users::redeem(tx, opening.user_id(), verified, *last_login).await? {
            return Ok(false);
        }
        tokens::write(tx, opening).await?;
        Ok(true)
    })
}

/// Opens a Django session for a user: `login()`. `before` is the session that the client had until now.
///
/// # Errors
/// [`Error::InvalidCredentials`] where the user was shut out, or given another password, since he showed his;
/// [`Error::Store`].
pub async fn open_session(
    app: &App,
    user: User,
    before: Option<SessionKey>,
    arrival: Arrival<'_>,
) -> Result<Session> {
    let signin = SessionSignIn {
        app: app.clone(),
        sid: record::new_sid(app),
        key: SessionKey::generate(&mut app.entropy()),
        csrf: CsrfSecret::new(&mut app.entropy()),
        user,
        before,
        client: arrival.client.clone(),
        term: term(app, arrival),
    };
    let session = app
        .store()
        .write(signin, write_session)
        .await?
        .ok_or(Error::InvalidCredentials)?;
    tracing::info!(target: "munjigi::account", event = "signed_in", carrier = "session", user = %session.user.id);
    Ok(session)
}

struct SessionSignIn {
    app: App,
    sid: String,
    /// The session's key, unless it keeps the one it has.
    key: SessionKey,
    /// `rotate_token`: one known from before is worth nothing.
    csrf: CsrfSecret,
    user: User,
    before: Option<SessionKey>,
    client: Client,
    term: Term,
}

fn write_session<'t>(
    tx: &'t mut Tx,
    signin: &'t SessionSignIn,
) -> BoxFuture<'t, munjigi_store::Result<Option<Session>>> {
    Box::pin(async move {
        let SessionSignIn { app, user, term, .. } = signin;
        let now = term.opened_at;
        if !users::redeem(tx, &user.id, &user.password, Some(now)).await? {
            return Ok(None);
        }
        let (mut data, key) = match &signin.before {
            Some(before) => continue_session(tx, signin, before).await?,
            None => (SessionData::default(), signin.key.clone()),
        };
        data.set_login(&user.id, &user.password, &app.session_rows().hasher);
        if let Some(backend) = app.config().authentication_backends.first() {
            data.insert(BACKEND_SESSION_KEY, backend.as_str());
        }
        data.insert(MUNJIGI_SID, signin.sid.as_str());
        if app.config().csrf.use_sessions {
            data.insert(CSRF_SESSION_KEY, signin.csrf.expose());
        }
        term.remember_me.write_into(&mut data, app.session_rows().policy);
        app.session_rows().end_by(&mut data, term.absolute_end, now);
        let row = app.session_rows().row(&key, &data, term.absolute_end, now);
        // A session that keeps its key is there already, unless a sign-out came in between: then it is made anew.
        if !sessions::update(tx, &row, now).await? {
            sessions::insert(tx, &row).await?;
        }
        let carrier = Carrier::Session { key: row.session_key };
        records::open(
            tx,
            &record::open(app, user, signin.sid.clone(), carrier, &signin.client, *term),
        )
        .await?;
        Ok(Some(Session::new(app, user.clone(), key, &data, now)))
    })
}

/// What becomes of the session that the client had: Django keeps an anonymous visitor's data under a new key, drops
/// another user's, and keeps the key of the same user's. Its record, where it had one, ends with it.
async fn continue_session(
    tx: &mut Tx,
    signin: &SessionSignIn,
    before: &SessionKey,
) -> munjigi_store::Result<(SessionData, SessionKey)> {
    let SessionSignIn { app, user, term, .. } = signin;
    let now = term.opened_at;
    let Some(row) = sessions::by_key(tx, before.expose(), now).await? else {
        return Ok((SessionData::default(), signin.key.clone()));
    };
    let data = app.session_rows().decode(&row).data;
    let sid = record::sid_of_session(&data, before.expose());
    records::end(tx, &sid, &record::end(app, EndReason::Replaced, now)).await?;
    match login_step(&data, &user.id, &user.password, &app.session_rows().hasher) {
        LoginStep::Keep => Ok((data, before.clone())),
        LoginStep::CycleKey => {
            sessions::delete(tx, before.expose(), now).await?;
            Ok((data, signin.key.clone()))
        }
        LoginStep::Flush => {
            sessions::delete(tx, before.expose(), now).await?;
            Ok((SessionData::default(), signin.key.clone()))
        }
    }
}
