//! What an operator does to accounts from the command line: Django's `createsuperuser` and `changepassword`, and
//! what its admin does with a tick.

use super::devices::{self, EndingAll};
use super::error::{Error, Result};
use super::{backfill, hashing, identifiers, password, signup};
use crate::app::App;
use crate::i18n::{FieldErrors, Text};
use jiff::Timestamp;
use munjigi_passwords::Password;
use munjigi_passwords::pool::Asker;
use munjigi_store::records::EndReason;
use munjigi_store::users::{NewUser, User};
use munjigi_store::{FieldValue, UserModel, users};
use munjigi_user::{UserId, UserIdKind};

/// Whom `createsuperuser` makes.
pub struct Superuser {
    /// The username; where `USERNAME_FIELD` is `EMAIL_FIELD`, the address.
    pub username: String,
    /// The e-mail address; may be empty where it is not the name.
    pub email: String,
    /// The password. The operator's choice is not held against the validators, as with Django's `--noinput`.
    pub password: Password,
}

/// Makes an active user with `is_staff` and `is_superuser`, who may enter Django's admin.
///
/// # Errors
/// [`Error::Invalid`] where the name or the address is taken or is none. [`Error::NoKey`] where the model's keys are texts,
/// [`Error::NothingToWrite`] where it has a field that must be filled. [`Error::Store`].
pub async fn create_superuser(app: &App, superuser: Superuser, now: Timestamp) -> Result<User> {
    let Superuser {
        username,
        email,
        password,
    } = superuser;
    let model = &app.config().user_model;
    if model.id_kind == UserIdKind::Text {
        return Err(Error::NoKey);
    }
    let username = identifiers::normalize_username(&username);
    let email = identifiers::normalize_email(&email);
    let wrong = wrong_names(model, &username, &email);
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let encoded = hashing::make_password(app, Asker::default(), password)
        .await
        .map_err(|error| password::policy::field("password", error))?;
    let extra = model.extra_fields.iter().map(|field| match &field.default {
        Some(default) => Ok(default.clone()),
        None if field.nullable => Ok(FieldValue::Null),
        None => Err(Error::NothingToWrite(field.name.clone())),
    });
    let extra = extra.collect::<Result<_>>()?;
    let user = NewUser {
        id: signup::new_key(app),
        username,
        email,
        password: encoded,
        first_name: String::new(),
        last_name: String::new(),
        is_active: true,
        is_staff: true,
        is_superuser: true,
        date_joined: now,
        extra,
        random: signup::new_uuids(app),
    };
    signup::create(app, user).await
}

fn wrong_names(model: &UserModel, username: &str, email: &str) -> FieldErrors {
    let mut wrong = FieldErrors::default();
    let is_username_needed = !model.is_named_by_email();
    if is_username_needed && !identifiers::is_username(username) {
        wrong.add(&model.username_field, Text::InvalidUsername);
    }
    let lengths = model.name_lengths;
    if is_username_needed && username.chars().nth(lengths.username).is_some() {
        wrong.add(&model.username_field, Text::MaxLength(lengths.username));
    }
    if let Some(field) = &model.email_field {
        let is_left_out = is_username_needed && email.is_empty();
        if !is_left_out && !identifiers::is_email(email) {
            wrong.add(field, Text::InvalidEmail);
        }
        if email.chars().nth(lengths.email).is_some() {
            wrong.add(field, Text::MaxLength(lengths.email));
        }
    }
    wrong
}

/// The user of that name.
///
/// # Errors
/// [`Error::NoSuchUser`].
pub async fn find(app: &App, username: &str) -> Result<User> {
    let found = users::by_username(&mut app.store().reader(), username).await?;
    found.ok_or_else(|| Error::NoSuchUser(username.to_owned()))
}

/// Some users in the order of their keys, from the first or from the one after `after`; none where that was the last.
///
/// # Errors
/// [`Error::Store`].
pub async fn list(app: &App, after: Option<&UserId>) -> Result<Vec<User>> {
    const SLICE: u32 = 500;
    let slice = app.store().scan(after.cloned(), |conn, after| {
        Box::pin(users::list(conn, after.as_ref(), SLICE))
    });
    Ok(slice.await?)
}

/// Sets a user's password and ends all his sign-ins.
///
/// # Errors
/// As [`password::change`]; [`Error::NoSuchUser`].
pub async fn change_password(app: &App, username: &str, new: Password, now: Timestamp) -> Result<()> {
    let user = find(app, username).await?;
    password::change(app, user, new, now).await
}

/// Shuts a user out: he is no longer active, and all his sign-ins end. Gives the number of those back.
///
/// # Errors
/// [`Error::NoSuchUser`]. [`Error::AlwaysActive`] where the model has no `is_active`.
pub async fn disable(app: &App, username: &str, now: Timestamp) -> Result<usize> {
    check_has_active(app)?;
    let user = find(app, username).await?;
    let ending = EndingAll::of(app, user.id, EndReason::UserInactive, now);
    let ended = app.store().write(ending.clone(), |tx, ending| {
        Box::pin(async move {
            users::deactivate(tx, &ending.user_id).await?;
            devices::write_ending_all(tx, ending).await
        })
    });
    let ended = ended.await?;
    // He is out. What Django opened without our knowing ends too, or it would come to life with him.
    backfill::finish(app).await?;
    Ok(ended + app.store().write(ending, devices::write_ending_all).await?)
}

/// Lets a user in again. Sign-ins that ended stay ended.
///
/// # Errors
/// As [`disable`].
pub async fn enable(app: &App, username: &str) -> Result<()> {
    check_has_active(app)?;
    let user = find(app, username).await?;
    app.store()
        .write(user.id, |tx, id| {
            Box::pin(async move { users::activate(tx, id).await })
        })
        .await?;
    Ok(())
}

fn check_has_active(app: &App) -> Result<()> {
    let model = &app.config().user_model;
    match model.columns.of("is_active") {
        Some(_) => Ok(()),
        None => Err(Error::AlwaysActive(model.label.clone())),
    }
}

/// Ends all sign-ins of a user, also by sessions and tokens that Django gave out. Gives their number back.
///
/// # Errors
/// [`Error::NoSuchUser`].
pub async fn end_sessions(app: &App, username: &str, now: Timestamp) -> Result<usize> {
    let user = find(app, username).await?;
    devices::end_all(app, user.id, now).await
}

/// Ends the sign-ins of all users, a user at a time. Gives their number back.
///
/// # Errors
/// [`Error::Store`]; what was ended before stays ended.
pub async fn end_all_sessions(app: &App, now: Timestamp) -> Result<usize> {
    backfill::finish(app).await?;
    let mut ended = 0;
    let mut last: Option<UserId> = None;
    loop {
        let users = list(app, last.as_ref()).await?;
        let Some(user) = users.last() else {
            return Ok(ended);
        };
        last = Some(user.id.clone());
        for user in users {
            let ending = EndingAll::of(app, user.id, EndReason::Revoked, now);
            ended += app.store().write(ending, devices::write_ending_all).await?;
        }
    }
}
