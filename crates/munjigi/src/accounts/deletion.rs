//! A user leaves: `destroy` of djoser's `UserViewSet`, and what `Model.delete` does to the tables that we know.
//!
//! His groups, his permissions and his claim on an address go with him. The tokens that were given out to him stay in their
//! table without a user (`on_delete=SET_NULL`), blacklisted. The records of his sign-ins have ended, and are swept with all
//! others. A table of the project's own that refers to him is not ours to empty: Django would ask its `on_delete`, which
//! stands in Python. The database refuses then, and nothing is changed.

use super::Client;
use super::error::{Error, Result};
use super::reauthentication::{self, Deed};
use super::record::{self, Kept};
use crate::app::App;
use jiff::Timestamp;
use munjigi_passwords::Password;
use munjigi_store::records::{End, EndReason};
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, Error as StoreError, Tx, emails, token_blacklist, users};

/// Deletes a user who shows his password, and ends all that he was signed in by.
///
/// # Errors
/// [`Error::Invalid`] under `current_password` where it is not his; [`Error::AccountInUse`] where a row of another table
/// refers to him; [`Error::UserNotFound`], [`Error::UserInactive`] where he is gone or shut out meanwhile; [`Error::Busy`],
/// [`Error::Store`].
pub async fn delete(app: &App, user: User, current: Password, client: &Client, now: Timestamp) -> Result<()> {
    let id = user.id.clone();
    let end = record::end(app, EndReason::UserInactive, now);
    let leave = Leave { app, end };
    reauthentication::with_password(app, client, user, &current, &leave).await?;
    tracing::info!(target: "munjigi::account", event = "deleted", user = %id);
    Ok(())
}

struct Leave<'l> {
    app: &'l App,
    end: End,
}

impl Deed for Leave<'_> {
    type Done = ();

    async fn attempt(&self, user: User) -> Result<Option<()>> {
        let Self { app, end } = *self;
        let id = user.id.clone();
        match app.store().write(Departure { user, end }, write_departure).await {
            Ok(is_gone) => Ok(is_gone.then_some(())),
            Err(StoreError::ForeignKeyViolation(cause)) => {
                tracing::warn!(target: "munjigi::account", event = "deletion_refused", user = %id, %cause);
                Err(Error::AccountInUse)
            }
            Err(error) => Err(error.into()),
        }
    }
}

struct Departure {
    /// As he was when his password was verified.
    user: User,
    end: End,
}

fn write_departure<'t>(
    tx: &'t mut Tx,
    departure: &'t Departure,
) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        let Departure { user, end } = departure;
        if !users::redeem(tx, &user.id, &user.password, None).await? {
            return Ok(false);
        }
        record::end_all(tx, &user.id, end, Kept::default()).await?;
        token_blacklist::disown(tx, &user.id).await?;
        emails::release_all(tx, &user.id).await?;
        users::delete(tx, &user.id).await
    })
}
