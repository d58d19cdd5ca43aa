//! Who is signed in shows his password once more, before he changes what a stranger at his desk must not:
//! `PasswordChangeForm.clean_old_password` of `contrib/auth/forms.py`.
//!
//! A hash takes its time, and meanwhile the row may become another: what is done asks in its transaction whether the
//! password is still the one that was verified ([`munjigi_store::users::redeem`]). Where it is not, the row is read again and
//! the password held against it: the same one may have been stored under another hasher, by a sign-in.

use super::error::{Error, Result};
use super::password::shown;
use super::{Client, hashing};
use crate::app::App;
use crate::i18n::{FieldErrors, Text};
use munjigi_passwords::Password;
use munjigi_passwords::pool::Asker;
use munjigi_store::users::{self, User};
use std::time::Duration;

/// The body's field with the password that a user has now; djoser's name.
const FIELD: &str = "current_password";

/// How often a row may become another while a hash is run.
const ATTEMPTS: usize = 3;

/// What is done for a user who has shown his password.
pub(super) trait Deed: Sync {
    /// What comes of it.
    type Done;

    /// Does it, in one transaction. `None`, and nothing is done, where the user's stored hash is no longer the one in
    /// `user`.
    fn attempt(&self, user: User) -> impl Future<Output = Result<Option<Self::Done>>> + Send;
}

/// Does something for a user who shows his password.
///
/// # Errors
/// [`Error::Invalid`] under `current_password` where it is not his; [`Error::UserNotFound`], [`Error::UserInactive`] where he
/// is gone or shut out meanwhile; [`Error::Busy`], [`Error::Store`], and what the deed refuses.
pub(super) async fn with_password<D: Deed>(
    app: &App,
    client: &Client,
    mut user: User,
    current: &Password,
    deed: &D,
) -> Result<D::Done> {
    let asker = hashing::asker(client);
    for _ in 0..ATTEMPTS {
        if !is_his(app, asker, &user, current).await? {
            return Err(FieldErrors::of(FIELD, vec![Text::PasswordIncorrect]).into());
        }
        let id = user.id.clone();
        if let Some(done) = deed.attempt(user).await? {
            return Ok(done);
        }
        let found = users::by_id(&mut app.store().reader(), &id).await?;
        user = found.ok_or(Error::UserNotFound)?;
        if !user.is_active {
            return Err(Error::UserInactive);
        }
    }
    Err(Error::Busy {
        retry_after: Duration::ZERO,
    })
}

/// Whether the password is the user's: as many hashes, whatever is stored.
async fn is_his(app: &App, asker: Asker, user: &User, current: &Password) -> Result<bool> {
    let shown = shown::of_user(app, asker, current.clone(), Some(user)).await?;
    if shown.is_none() {
        tracing::info!(target: "munjigi::account", event = "reauthentication_refused", user = %user.id);
    }
    Ok(shown.is_some())
}
