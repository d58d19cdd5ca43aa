//! A stored password changes: because its user or an administrator chose another, or because the same one is to be
//! kept under today's hasher.

mod own;
pub(super) mod policy;
pub mod reset;
pub(super) mod shown;
mod upgrade;

pub use own::{GoesOn, Passwords, change_own};
pub(super) use upgrade::upgrade;

use super::error::Result;
use super::hashing;
use super::record::{self, Kept};
use crate::app::App;
use crate::i18n::FieldErrors;
use jiff::Timestamp;
use munjigi_passwords::Password;
use munjigi_passwords::pool::Asker;
use munjigi_store::records::{End, EndReason};
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, Tx, users};

/// Sets another password and ends every sign-in of the user: the sessions and tokens of before were opened with
/// the one that is no longer good.
///
/// # Errors
/// [`Error::Invalid`](super::Error::Invalid) under `password` where the validators refuse it or the hasher cannot store it.
pub async fn change(app: &App, user: User, password: Password, now: Timestamp) -> Result<()> {
    let mut wrong = FieldErrors::default();
    for text in policy::errors_for(app, &password, &user) {
        wrong.add("password", text);
    }
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let encoded = hashing::make_password(app, Asker::default(), password)
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
