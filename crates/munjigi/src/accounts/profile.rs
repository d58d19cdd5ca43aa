//! What a user changes of himself: the serializer of djoser's `UserViewSet.me`, and its `set_username` as far as it is asked
//! for a password.
//!
//! His name, his flags, his password and his key are not among it. To a password reset and to a sign-in he is his e-mail
//! address, so he shows his password for it.

use super::error::{Error, Result};
use super::reauthentication::{self, Deed};
use super::{Client, identifiers, signup};
use crate::app::App;
use crate::i18n::{FieldErrors, Text};
use munjigi_passwords::Password;
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, FieldValue, Tx, emails, users};

/// What is to be different: fields that are well-formed each by itself.
pub struct Changes {
    /// The e-mail address, normalised.
    pub email: Option<String>,
    /// The user's password, or what is wrong with what was sent as one. It is asked for where the address changes.
    pub current_password: Result<Password, Vec<Text>>,
    /// Values of the declared fields, each by its place in [`UserModel::extra_fields`](munjigi_store::UserModel).
    pub extra: Vec<(usize, FieldValue)>,
}

/// Changes a user's fields, all or none, and gives him back as he is then.
///
/// # Errors
/// [`Error::Invalid`] under `current_password` where the address changes and the password is not there or not his, under
/// `email` where somebody else has the address or his name is another one, and under a field whose value another row has
/// and no two may; [`Error::UserNotFound`], [`Error::UserInactive`] where he is gone or shut out meanwhile; [`Error::Busy`],
/// [`Error::Store`].
pub async fn change(app: &App, user: User, changes: Changes, client: &Client) -> Result<User> {
    let Changes {
        email,
        current_password,
        extra,
    } = changes;
    let Some(email) = email.filter(|email| *email != user.email) else {
        let edit = Edit::new(app, user, None, extra);
        return write(app, edit).await?.ok_or(Error::UserNotFound);
    };
    let current = current_password.map_err(|texts| FieldErrors::of("current_password", texts))?;
    let moving = Move { app, email, extra };
    let user = reauthentication::with_password(app, client, user, &current, &moving).await?;
    tracing::info!(target: "munjigi::account", event = "email_changed", user = %user.id);
    Ok(user)
}

/// Another e-mail address, and what else was sent with it.
struct Move<'m> {
    app: &'m App,
    email: String,
    extra: Vec<(usize, FieldValue)>,
}

impl Deed for Move<'_> {
    type Done = User;

    async fn attempt(&self, user: User) -> Result<Option<User>> {
        let Self { app, email, extra } = self;
        check_email(app, &user, email).await?;
        write(app, Edit::new(app, user, Some(email.clone()), extra.clone())).await
    }
}

/// As at a sign-up: the address is nobody else's, and a name that is an address is this one.
async fn check_email(app: &App, user: &User, email: &str) -> Result<()> {
    let field = app.config().user_model.email_field.as_deref().unwrap_or_default();
    let mut wrong = FieldErrors::default();
    if !identifiers::is_own_username(&user.username, email) {
        wrong.add(field, Text::UsernameIsForeignEmail);
    }
    if app.config().email_unique {
        let holders = users::by_email(&mut app.store().reader(), email).await?;
        if holders.iter().any(|holder| holder.id != user.id) {
            wrong.add(field, Text::EmailTaken);
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.into())
    }
}

struct Edit {
    /// As he was; where his address changes, with the stored hash that his password fits.
    user: User,
    email: Option<String>,
    email_unique: bool,
    extra: Vec<(usize, FieldValue)>,
}

impl Edit {
    fn new(app: &App, user: User, email: Option<String>, extra: Vec<(usize, FieldValue)>) -> Self {
        Self {
            user,
            email,
            email_unique: app.config().email_unique,
            extra,
        }
    }
}

async fn write(app: &App, edit: Edit) -> Result<Option<User>> {
    let written = app.store().write(edit, write_edit).await;
    written.map_err(|error| signup::conflict(app, error))
}

/// `None` where he is gone, or his password is no longer the one that was verified.
fn write_edit<'t>(tx: &'t mut Tx, edit: &'t Edit) -> BoxFuture<'t, munjigi_store::Result<Option<User>>> {
    Box::pin(async move {
        let Edit { user, extra, .. } = edit;
        if let Some(email) = &edit.email {
            if !users::redeem(tx, &user.id, &user.password, None).await? {
                return Ok(None);
            }
            move_claim(tx, edit, email).await?;
            users::set_email(tx, &user.id, email).await?;
        }
        for (place, value) in extra {
            users::set_extra(tx, &user.id, *place, value).await?;
        }
        users::by_id(tx, &user.id).await
    })
}

/// The claim goes from the old address to the new one. A holder who has moved past us is told by his row.
async fn move_claim(tx: &mut Tx, edit: &Edit, email: &str) -> munjigi_store::Result<()> {
    let (old, new) = (emails::fold(&edit.user.email), emails::fold(email));
    if !edit.email_unique || old == new {
        return Ok(());
    }
    emails::release(tx, &old, &edit.user.id).await?;
    emails::claim(tx, &new, &edit.user.id).await
}
