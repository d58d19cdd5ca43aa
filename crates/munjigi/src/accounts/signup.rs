//! Sign-up: `create_user` of `contrib/auth/models.py` behind a serializer's checks.
//!
//! Beyond Django an e-mail address belongs to one sign-up: otherwise a second account with a stranger's address
//! would keep him from signing in by it. Rows that munjigi did not make may repeat addresses.

use super::claims::UserClaims;
use super::error::{Error, Result};
use super::password::policy;
use super::term::{RememberMe, Term};
use super::{Client, hashing, tokens};
use crate::app::App;
use crate::i18n::{FieldErrors, Text, UserAttribute};
use jiff::Timestamp;
use munjigi_passwords::Password;
use munjigi_store::users::{NewUser, User};
use munjigi_store::{BoxFuture, Error as StoreError, FieldValue, Fill, Tx, emails, users};
use munjigi_user::{UserId, UserIdKind};
use rand_core::Rng;
use std::sync::Arc;

/// What somebody asks to become: fields that are well-formed each by itself.
pub struct Application {
    /// The username, in NFKC; where `USERNAME_FIELD` is `EMAIL_FIELD`, the address.
    pub username: String,
    /// The e-mail address, normalised; empty where the model has none.
    pub email: String,
    /// The password as typed.
    pub password: Password,
    /// One value for each declared field, in their order.
    pub extra: Vec<FieldValue>,
}

/// Makes a user.
///
/// # Errors
/// [`Error::Invalid`] with all that is wrong: the name or the address is taken, the password is against the policy.
/// [`Error::Busy`] and [`Error::Store`].
pub async fn signup(app: &App, application: Application, client: &Client, now: Timestamp) -> Result<User> {
    let user = accept(app, application, client, now).await?;
    let user = create(app, user).await?;
    tracing::info!(target: "munjigi::account", event = "signed_up", user = %user.id);
    Ok(user)
}

/// Makes a user and signs him in by JWT, both or neither.
///
/// # Errors
/// As [`signup`]; [`Error::TokenTooLong`].
pub async fn signup_with_tokens(
    app: &App,
    application: Application,
    client: &Client,
    now: Timestamp,
) -> Result<(User, tokens::Pair)> {
    let user = accept(app, application, client, now).await?;
    let signup = WithTokens {
        app: app.clone(),
        user,
        client: client.clone(),
        now,
    };
    let (user, pair) = app
        .store()
        .write(signup, write_with_tokens)
        .await
        .map_err(|error| conflict(app, error))?;
    tracing::info!(target: "munjigi::account", event = "signed_up", carrier = "jwt", user = %user.id);
    Ok((user, pair))
}

struct WithTokens {
    app: App,
    user: NewUser,
    client: Client,
    now: Timestamp,
}

fn write_with_tokens<'t>(
    tx: &'t mut Tx,
    signup: &'t WithTokens,
) -> BoxFuture<'t, munjigi_store::Result<(User, tokens::Pair)>> {
    Box::pin(async move {
        let WithTokens {
            app,
            user,
            client,
            now,
        } = signup;
        let user = insert(tx, user, app.config().email_unique).await?;
        let claims = UserClaims::of(&app.config().claims, tx, &user).await?;
        let term = Term::of(&app.config().session_records, RememberMe::Unsaid, *now);
        let minted = tokens::mint(app, &user, claims, client, term);
        let (pair, opening) = minted.map_err(|error| StoreError::Statement(Arc::new(error)))?;
        tokens::write(tx, &opening).await?;
        Ok((user, pair))
    })
}

/// The user whom the application makes, where nothing is wrong with it.
async fn accept(app: &App, application: Application, client: &Client, now: Timestamp) -> Result<NewUser> {
    let Application {
        username,
        email,
        password,
        extra,
    } = application;
    let mut wrong = taken(app, &username, &email).await?;
    let attributes = [
        (UserAttribute::Username, username.as_str()),
        (UserAttribute::Email, &email),
    ];
    for text in policy::errors(app, &password, attributes) {
        wrong.add("password", text);
    }
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let encoded = hashing::make_password(app, hashing::asker(client), password)
        .await
        .map_err(|error| policy::field("password", error))?;
    Ok(NewUser {
        id: new_key(app),
        username,
        email,
        password: encoded,
        first_name: String::new(),
        last_name: String::new(),
        is_active: true,
        is_staff: false,
        is_superuser: false,
        date_joined: now,
        extra,
        random: new_uuids(app),
    })
}

/// The key of a new user, where the database gives none: `default=uuid.uuid4`.
pub(super) fn new_key(app: &App) -> Option<UserId> {
    (app.config().user_model.id_kind == UserIdKind::Uuid).then(|| UserId::uuid4(random(app)))
}

/// What the other UUIDs of a new row are made of.
pub(super) fn new_uuids(app: &App) -> Vec<[u8; 16]> {
    let filled = app.config().user_model.filled.iter();
    let uuids = filled.filter(|filled| filled.fill == Fill::Uuid4);
    uuids.map(|_| random(app)).collect()
}

fn random(app: &App) -> [u8; 16] {
    let mut random = [0; 16];
    app.entropy().fill_bytes(&mut random);
    random
}

/// Looks before the costly hash, and so that both fields are named at once. What happens between this and the
/// insert is told by the database's own constraints.
async fn taken(app: &App, username: &str, email: &str) -> Result<FieldErrors> {
    let model = &app.config().user_model;
    let mut conn = app.store().reader();
    let mut wrong = FieldErrors::default();
    let is_name_taken = users::by_username(&mut conn, username).await?.is_some();
    if is_name_taken && !model.is_named_by_email() {
        wrong.add(&model.username_field, Text::UsernameTaken);
    }
    if let Some(field) = &model.email_field {
        let is_his_name = is_name_taken && model.is_named_by_email();
        let is_unique = app.config().email_unique;
        if is_his_name || is_unique && !users::by_email(&mut conn, email).await?.is_empty() {
            wrong.add(field, Text::EmailTaken);
        }
    }
    Ok(wrong)
}

/// Writes a user.
pub(super) async fn create(app: &App, user: NewUser) -> Result<User> {
    let email_unique = app.config().email_unique;
    let created = app
        .store()
        .write((user, email_unique), |tx, (user, email_unique)| {
            Box::pin(insert(tx, user, *email_unique))
        });
    created.await.map_err(|error| conflict(app, error))
}

/// The user's row and, where addresses are unique, his claim on the address.
async fn insert(tx: &mut Tx, user: &NewUser, email_unique: bool) -> munjigi_store::Result<User> {
    let created = users::insert(tx, user).await?;
    if email_unique && !user.email.is_empty() {
        emails::claim(tx, &emails::fold(&user.email), &created.id).await?;
    }
    Ok(created)
}

/// A race lost at the insert is the same error of the same field as one seen before, and so is a value that a column of
/// the project's own holds once. A token that cannot be given out takes the user back.
pub(super) fn conflict(app: &App, error: StoreError) -> Error {
    let model = &app.config().user_model;
    match error {
        StoreError::Statement(cause)
            if let Some(&Error::TokenTooLong { length, longest }) = cause.downcast_ref() =>
        {
            Error::TokenTooLong { length, longest }
        }
        StoreError::UniqueViolation { table, column }
            if let Some(field) = &model.email_field
                && (table == "munjigi_email" || Some(column.as_str()) == model.email_column()) =>
        {
            FieldErrors::of(field, vec![Text::EmailTaken]).into()
        }
        StoreError::UniqueViolation { column, .. } if column == model.username_column() => {
            FieldErrors::of(&model.username_field, vec![Text::UsernameTaken]).into()
        }
        StoreError::UniqueViolation { column, .. }
            if let Some(field) = model.extra_fields.iter().find(|field| field.column == column) =>
        {
            FieldErrors::of(&field.name, vec![Text::NotUnique]).into()
        }
        other => other.into(),
    }
}
