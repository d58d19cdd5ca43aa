//! A stored password changes: because its user or an administrator chose another, or because the same one is to be
//! kept under today's hasher.

mod own;
pub(super) mod policy;
pub(super) mod shown;

pub use own::{GoesOn, Passwords, change_own};

use super::error::{Error, Result};
use super::hashing;
use super::record::{self, Kept};
use crate::app::App;
use crate::i18n::FieldErrors;
use jiff::Timestamp;
use munjigi_passwords::Password;
use munjigi_sessions::AuthHashMatch;
use munjigi_store::records::{End, EndReason, Record};
use munjigi_store::sessions::SessionRow;
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, Tx, records, sessions, users};

/// Sets another password and ends every sign-in of the user: the sessions and tokens of before were opened with
/// the one that is no longer good.
///
/// # Errors
/// [`Error::Invalid`] under `password` where the validators refuse it or the hasher cannot store it.
pub async fn change(app: &App, user: User, password: Password, now: Timestamp) -> Result<()> {
    let mut wrong = FieldErrors::default();
    for text in policy::errors_for(app, &password, &user) {
        wrong.add("password", text);
    }
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let encoded = hashing::make_password(app, password)
        .await
        .map_err(|error| policy::field("password", error))?;
    let change = Change {
        user,
        encoded,
        end: record::end(app, EndReason::PasswordChange, now),
    };
    app.store().write(change, write_change).await?;
    Ok(())
}

struct Change {
    user: User,
    encoded: String,
    end: End,
}

fn write_change<'t>(tx: &'t mut Tx, change: &'t Change) -> BoxFuture<'t, munjigi_store::Result<()>> {
    Box::pin(async move {
        let Change { user, encoded, end } = change;
        users::set_password(tx, &user.id, encoded).await?;
        record::end_all(tx, &user.id, end, Kept::default()).await?;
        Ok(())
    })
}

/// Keeps the same password under today's hasher (Django's `setter` in `check_password`). Sessions and records are
/// bound to the stored hash, so those that we know are bound anew in the same transaction: nobody is signed out.
///
/// # Errors
/// [`Error::InvalidCredentials`] where the password was changed meanwhile and this is no longer it.
pub(super) async fn upgrade(app: &App, mut user: User, password: Password, now: Timestamp) -> Result<User> {
    let encoded = match hashing::make_password(app, password.clone()).await {
        Ok(encoded) => encoded,
        // bcrypt has become the preferred hasher and cannot hold this password; the stored hash stays good.
        Err(Error::Password(_)) => return Ok(user),
        Err(error) => return Err(error),
    };
    let upgrade = Upgrade {
        app: app.clone(),
        user: user.clone(),
        encoded: encoded.clone(),
        now,
    };
    if app.store().write(upgrade, write_upgrade).await? {
        user.password = encoded;
        return Ok(user);
    }
    // Somebody was faster: another sign-in with the same upgrade, or a change of the password.
    let current = users::by_id(&mut app.store().reader(), &user.id)
        .await?
        .ok_or(Error::InvalidCredentials)?;
    let check = hashing::check_password(app, password, Some(current.password.clone())).await?;
    if check.correct && current.is_active {
        Ok(current)
    } else {
        Err(Error::InvalidCredentials)
    }
}

struct Upgrade {
    app: App,
    user: User,
    encoded: String,
    now: Timestamp,
}

fn write_upgrade<'t>(tx: &'t mut Tx, upgrade: &'t Upgrade) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        let Upgrade { user, encoded, .. } = upgrade;
        if !users::upgrade_password(tx, &user.id, &user.password, encoded).await? {
            return Ok(false);
        }
        for record in records::for_user(tx, &user.id).await? {
            follow(tx, upgrade, record).await?;
        }
        Ok(true)
    })
}

/// Binds a record and its session to the new hash, where they were bound to the one that it replaces. A record bound
/// to another was opened with a password that somebody changed past us: it ends here at the latest, and must not come
/// to life again.
async fn follow(tx: &mut Tx, upgrade: &Upgrade, record: Record) -> munjigi_store::Result<()> {
    let Upgrade {
        app,
        user,
        encoded,
        now,
    } = upgrade;
    let hasher = &app.session_rows().hasher;
    if hasher.verify_hash(&record.auth_hash, &user.password) == AuthHashMatch::No {
        let end = record::end(app, EndReason::PasswordChange, *now);
        record::end_one(tx, &record.sid, &end).await?;
        return Ok(());
    }
    records::set_auth_hash(tx, &record.sid, &hasher.hash(encoded)).await?;
    match &record.django_session_key {
        Some(key) => rebind(tx, upgrade, key).await,
        None => Ok(()),
    }
}

/// Binds a session to the new hash; it keeps its key and its end.
async fn rebind(tx: &mut Tx, upgrade: &Upgrade, key: &str) -> munjigi_store::Result<()> {
    let Upgrade {
        app,
        user,
        encoded,
        now,
    } = upgrade;
    let Some(row) = sessions::by_key(tx, key, *now).await? else {
        return Ok(());
    };
    let rows = app.session_rows();
    let mut data = rows.decode(&row).data;
    if rows.hasher.verify(&data, &user.password) == AuthHashMatch::No {
        return Ok(());
    }
    data.set_auth_hash(encoded, &rows.hasher);
    let rebound = SessionRow {
        session_data: rows.encode(&data, *now),
        ..row
    };
    sessions::update(tx, &rebound).await?;
    Ok(())
}
