//! Which passwords are taken: `validate_password` of `contrib/auth/password_validation.py`, and what the preferred hasher
//! can hold.

use crate::accounts::error::Error;
use crate::app::App;
use crate::i18n::{FieldErrors, Text, UserAttribute};
use munjigi_passwords::validation::{self, PolicyError, validate_password};
use munjigi_passwords::{Error as PasswordError, Password};
use munjigi_store::users::User;

/// What is wrong with a password of a user who is like this, by the configured validators. An attribute that his model has
/// under another name or not at all is not looked at, as in Django.
pub(in crate::accounts) fn errors<'a>(
    app: &App,
    password: &Password,
    attributes: impl IntoIterator<Item = (UserAttribute, &'a str)>,
) -> Vec<Text> {
    let model = &app.config().user_model;
    let attributes: Vec<_> = attributes
        .into_iter()
        .filter(|(attribute, _)| match attribute {
            UserAttribute::Username => model.username_field == "username",
            UserAttribute::Email => model.email_field.as_deref() == Some("email"),
            UserAttribute::FirstName | UserAttribute::LastName => true,
        })
        .map(|(attribute, value)| {
            let (name, verbose_name) = names(attribute);
            validation::UserAttribute {
                name,
                verbose_name,
                value,
            }
        })
        .collect();
    let errors = validate_password(password, &attributes, &app.config().validators).err();
    errors.unwrap_or_default().into_iter().map(text).collect()
}

/// The same of a user who is there: `DEFAULT_USER_ATTRIBUTES`.
pub(super) fn errors_for(app: &App, password: &Password, user: &User) -> Vec<Text> {
    let attributes = [
        (UserAttribute::Username, user.username.as_str()),
        (UserAttribute::FirstName, &user.first_name),
        (UserAttribute::LastName, &user.last_name),
        (UserAttribute::Email, &user.email),
    ];
    errors(app, password, attributes)
}

/// A password that the preferred hasher cannot take is an error of its field.
pub(in crate::accounts) fn field(name: &str, error: Error) -> Error {
    match error {
        Error::Password(PasswordError::PasswordTooLong { limit }) => {
            FieldErrors::of(name, vec![Text::PasswordTooLong(limit)]).into()
        }
        other => other,
    }
}

fn names(attribute: UserAttribute) -> (&'static str, &'static str) {
    match attribute {
        UserAttribute::Username => ("username", "username"),
        UserAttribute::FirstName => ("first_name", "first name"),
        UserAttribute::LastName => ("last_name", "last name"),
        UserAttribute::Email => ("email", "email address"),
    }
}

fn text(error: PolicyError) -> Text {
    match error {
        PolicyError::TooSimilar { attribute, .. } => Text::PasswordTooSimilar(match attribute.as_str() {
            "email" => UserAttribute::Email,
            "first_name" => UserAttribute::FirstName,
            "last_name" => UserAttribute::LastName,
            _ => UserAttribute::Username,
        }),
        PolicyError::TooShort { min_length } => Text::PasswordTooShort(min_length),
        PolicyError::EntirelyNumeric => Text::PasswordEntirelyNumeric,
        // Only Django's four are configured.
        _ => Text::PasswordTooCommon,
    }
}
