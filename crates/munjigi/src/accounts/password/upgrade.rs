//! The same password is kept under today's hasher: Django's `setter` in `AbstractBaseUser.check_password`.
//!
//! Sessions and records are bound to the stored hash. Django's upgrade ends all that the user has but the session that it
//! happens in; this one binds what is known to the new hash in the same transaction, so that nobody is signed out. What is
//! not known yet is waited for ([`Deferrals`](crate::app::Deferrals)).

use crate::accounts::error::{Error, Result};
use crate::accounts::{hashing, record};
use crate::app::App;
use jiff::Timestamp;
use munjigi_passwords::Password;
use munjigi_passwords::pool::Asker;
use munjigi_sessions::AuthHashMatch;
use munjigi_store::records::{EndReason, Record};
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, Tx, records, sessions, users};
use std::time::Duration;

/// Stores a password anew that its user has just shown, or leaves that to a later sign-in. Gives the user as he is then.
///
/// # Errors
/// [`Error::InvalidCredentials`] where the password was changed meanwhile and this is no longer it; in a rehearsal
/// [`Error::Busy`] where it was stored anew meanwhile.
pub(in crate::accounts) async fn upgrade(
    app: &App,
    asker: Asker,
    user: User,
    password: Password,
    now: Timestamp,
) -> Result<User> {
    // In a rehearsal nobody is signed out, and what is asked is whether a Django would store it as we would.
    let may_wait = app.has_neighbour() && !app.is_rehearsal();
    if may_wait && app.deferrals().defers(app.backfill().looked(), &user, now) {
        tracing::info!(target: "munjigi::account", event = "password_upgrade_deferred", user = %user.id);
        // A Django beside us may have stored it anew while it was verified here.
        return as_he_is(app, asker, user, password).await;
    }
    let encoded = match hashing::make_password(app, asker, password.clone()).await {
        Ok(encoded) => encoded,
        // bcrypt has become the preferred hasher and cannot hold this password; the stored hash stays good.
        Err(Error::Password(_)) => return Ok(user),
        // He has shown his password; that the pool has no time to store it anew now is no reason to send him away.
        Err(Error::Busy { .. }) => return as_he_is(app, asker, user, password).await,
        Err(error) => return Err(error),
    };
    let upgrade = Upgrade {
        app: app.clone(),
        user: user.clone(),
        encoded: encoded.clone(),
        now,
    };
    if !app.store().write(upgrade, write_upgrade).await? {
        // Somebody was faster: another sign-in with the same upgrade, or a change of the password.
        if app.is_rehearsal() {
            // Its transaction holds the database from that write on. Nothing is hashed in it.
            return Err(Error::Busy {
                retry_after: Duration::ZERO,
            });
        }
        return as_he_is(app, asker, user, password).await;
    }
    let ends_tokens = app.jwt().settings().check_revoke_token;
    tracing::info!(target: "munjigi::account", event = "password_stored_anew", user = %user.id, ends_tokens);
    Ok(User {
        password: encoded,
        ..user
    })
}

/// The user as his row has him now, where this is still his password.
async fn as_he_is(app: &App, asker: Asker, user: User, password: Password) -> Result<User> {
    let found = users::by_id(&mut app.store().reader(), &user.id).await?;
    let current = found.ok_or(Error::InvalidCredentials)?;
    if current.password == user.password {
        return Ok(current);
    }
    let check = hashing::check_password(app, asker, password, Some(current.password.clone())).await?;
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

/// How often Django may write a session while it is bound to the new hash.
const ROUNDS: usize = 4;

/// Binds a session to the new hash; it keeps its key, its end and what Django puts into it at the same moment.
async fn rebind(tx: &mut Tx, upgrade: &Upgrade, key: &str) -> munjigi_store::Result<()> {
    let Upgrade {
        app,
        user,
        encoded,
        now,
    } = upgrade;
    let rows = app.session_rows();
    for _ in 0..ROUNDS {
        let Some(row) = sessions::by_key(tx, key, *now).await? else {
            break;
        };
        let mut data = rows.decode(&row).data;
        if rows.hasher.verify(&data, &user.password) == AuthHashMatch::No {
            break;
        }
        data.set_auth_hash(encoded, &rows.hasher);
        if sessions::replace(tx, &row, &rows.encode(&data, *now), *now).await? {
            break;
        }
    }
    Ok(())
}
