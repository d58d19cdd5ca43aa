//! The fields of the bodies that munjigi takes, read and judged as DRF's serializers do it: the reference's
//! `ModelSerializer` for a sign-up, simplejwt's `TokenObtainSerializer` and its kin.
//!
//! Every field is looked at and all that is wrong is told, in the serializer's order. Two things are ours. A password
//! is taken as it was sent, where DRF cuts outer white space off. A fraction that a double does not hold (`1e999`, or
//! one with twenty digits) is no text, so that two different numbers are never one password.

mod chars;
mod extra;
#[cfg(test)]
mod tests;

use super::body::{Fields, Source, Value};
use crate::accounts::identifiers::{
    is_email, is_own_username, is_username, normalize_email, normalize_username,
};
use crate::accounts::password::Passwords;
use crate::accounts::password::reset::Confirmation;
use crate::accounts::profile::Changes;
use crate::accounts::signup::Application;
use crate::config::OwnAccount;
use crate::i18n::{FieldErrors, Text};
use chars::{Chars, OuterSpace};
use munjigi_passwords::Password;
use munjigi_store::{FieldValue, UserModel};

/// What `POST /api/token/` asks for.
pub struct ObtainInput {
    /// The user's name, outer white space off.
    pub username: String,
    /// The password, as sent.
    pub password: Password,
}

/// The fields of a sign-up: the ones that `USERNAME_FIELD` and `EMAIL_FIELD` name, `password` and the extra ones, of which
/// those that may be NULL or have a default may also be left out. One that is not editable has its default or is NULL,
/// whatever is sent, as a `read_only` field of DRF's is left out. Where both name one field his address is the user's name; where the model has no address it is
/// empty.
///
/// # Errors
/// What is wrong with which field. Whether a name is taken, and whether a password is good enough, is not asked here.
pub fn signup_fields(fields: &Fields, model: &UserModel) -> Result<Application, FieldErrors> {
    let address = match &model.email_field {
        Some(field) => email(fields, model, field),
        None => Ok(String::new()),
    };
    let username = (!model.is_named_by_email()).then(|| {
        username(fields, model).and_then(|username| match &address {
            Ok(email) if !is_own_username(&username, email) => Err(vec![Text::UsernameIsForeignEmail]),
            _ => Ok(username),
        })
    });
    let mut errors = FieldErrors::default();
    let username = username.map(|username| keep(&mut errors, &model.username_field, username));
    let password = keep(&mut errors, "password", password(fields, "password"));
    let email_field = model.email_field.as_deref().unwrap_or_default();
    let email = keep(&mut errors, email_field, address);
    let username = username.unwrap_or_else(|| email.clone());
    let values: Vec<FieldValue> = model
        .extra_fields
        .iter()
        .filter_map(|field| {
            if field.editable {
                keep(&mut errors, &field.name, extra::read(fields, field))
            } else {
                Some(field.default.clone().unwrap_or(FieldValue::Null))
            }
        })
        .collect();
    match (username, email, password) {
        (Some(username), Some(email), Some(password)) if errors.is_empty() => Ok(Application {
            username,
            email,
            password,
            extra: values,
        }),
        _ => Err(errors),
    }
}

/// The fields of a password change, djoser's `SetPasswordSerializer`.
///
/// # Errors
/// What is wrong with which field. Whether the one is his and the other good enough is not asked here.
pub fn password_change_fields(fields: &Fields) -> Result<Passwords, FieldErrors> {
    let mut errors = FieldErrors::default();
    let current = keep(&mut errors, CURRENT_PASSWORD, shown(fields));
    let new = keep(&mut errors, NEW_PASSWORD, password(fields, NEW_PASSWORD));
    match (current, new) {
        (Some(current), Some(new)) => Ok(Passwords { current, new }),
        _ => Err(errors),
    }
}

/// The address of who forgot his password: `PasswordResetForm`.
///
/// # Errors
/// What is wrong with it.
pub fn reset_email(fields: &Fields, model: &UserModel) -> Result<String, FieldErrors> {
    email(fields, model, "email").map_err(|texts| FieldErrors::of("email", texts))
}

/// What the holder of a reset link brings: djoser's `PasswordResetConfirmSerializer`.
///
/// # Errors
/// What is wrong with which field. Whether the link is good is not asked here.
pub fn confirmation(fields: &Fields) -> Result<Confirmation, FieldErrors> {
    let mut errors = FieldErrors::default();
    let uid = keep(&mut errors, "uid", text(fields, "uid"));
    let token = keep(&mut errors, "token", text(fields, "token"));
    let new = keep(&mut errors, NEW_PASSWORD, password(fields, NEW_PASSWORD));
    match (uid, token, new) {
        (Some(uid), Some(token), Some(new)) => Ok(Confirmation { uid, token, new }),
        _ => Err(errors),
    }
}

/// The password that a user shows once more.
///
/// # Errors
/// What is wrong with it, but not whether it is his.
pub fn current_password(fields: &Fields) -> Result<Password, FieldErrors> {
    shown(fields).map_err(|texts| FieldErrors::of(CURRENT_PASSWORD, texts))
}

/// What a user wants to be different of himself: what is missing stays (`partial=True`). What he may not write is not
/// looked at, like a member that no serializer knows.
///
/// # Errors
/// What is wrong with which field.
pub fn changes(fields: &Fields, model: &UserModel, account: OwnAccount) -> Result<Changes, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email_field = model.email_field.as_deref().filter(|_| account.email_editable);
    let email_field = email_field.filter(|field| fields.value(field).is_some());
    let email = email_field.map(|field| keep(&mut errors, field, email(fields, model, field)));
    let sent = model
        .extra_fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.editable && fields.value(&field.name).is_some());
    let extra: Vec<(usize, FieldValue)> = sent
        .filter_map(|(place, field)| {
            let value = keep(&mut errors, &field.name, extra::read(fields, field));
            value.map(|value| (place, value))
        })
        .collect();
    if errors.is_empty() {
        Ok(Changes {
            email: email.flatten(),
            current_password: shown(fields),
            extra,
        })
    } else {
        Err(errors)
    }
}

/// djoser's names.
const CURRENT_PASSWORD: &str = "current_password";
const NEW_PASSWORD: &str = "new_password";

/// The fields of `TokenObtainSerializer` (simplejwt 5.5): the one that `USERNAME_FIELD` names, and `password`.
///
/// # Errors
/// What is wrong with which field.
pub fn obtain_fields(fields: &Fields, username_field: &str) -> Result<ObtainInput, FieldErrors> {
    let mut errors = FieldErrors::default();
    let username = keep(&mut errors, username_field, text(fields, username_field));
    let password = keep(&mut errors, "password", password(fields, "password"));
    match (username, password) {
        (Some(username), Some(password)) => Ok(ObtainInput { username, password }),
        _ => Err(errors),
    }
}

/// The fields of `JSONWebTokenSerializer` (drf-jwt 1.19): the same, the password first.
///
/// # Errors
/// What is wrong with which field.
pub fn json_web_token_fields(fields: &Fields, username_field: &str) -> Result<ObtainInput, FieldErrors> {
    let mut errors = FieldErrors::default();
    let password = keep(&mut errors, "password", password(fields, "password"));
    let username = keep(&mut errors, username_field, text(fields, username_field));
    match (username, password) {
        (Some(username), Some(password)) => Ok(ObtainInput { username, password }),
        _ => Err(errors),
    }
}

/// A text that must be there, outer white space off: `serializers.CharField()`.
///
/// # Errors
/// What is wrong with it.
pub fn required_text(fields: &Fields, name: &str) -> Result<String, FieldErrors> {
    text(fields, name).map_err(|texts| FieldErrors::of(name, texts))
}

/// A text that may be missing: `serializers.CharField(required=False)`.
///
/// # Errors
/// What is wrong with it, where it is not missing.
pub fn optional_text(fields: &Fields, name: &str) -> Result<Option<String>, FieldErrors> {
    fields
        .value(name)
        .map(|_| required_text(fields, name))
        .transpose()
}

/// A truth that may be missing: `serializers.BooleanField(required=False)`. A form leaves out a box that is not ticked,
/// so one that is missing there is not false but unsaid.
///
/// # Errors
/// What is wrong with it, where it is not missing.
pub fn optional_boolean(fields: &Fields, name: &str) -> Result<Option<bool>, FieldErrors> {
    let is_blank = |value: &Value| {
        fields.source() == Source::Form && matches!(value, Value::String { text, .. } if text.is_empty())
    };
    let value = fields.value(name).filter(|value| !is_blank(value));
    value
        .map(extra::truth)
        .transpose()
        .map_err(|texts| FieldErrors::of(name, texts))
}

/// `csrfmiddlewaretoken` of a form; Django does not look for it in JSON.
pub fn form_token(fields: &Fields) -> Option<&str> {
    match fields.value("csrfmiddlewaretoken") {
        Some(Value::String { text, .. }) if fields.source() == Source::Form => Some(text),
        _ => None,
    }
}

/// A text of the notes' sign-ins, as sent; a number is the text that Python makes of it. What is missing, null, or
/// neither text nor number is none, and so is a text with half a surrogate pair, which nobody's is.
pub fn credential(fields: &Fields, name: &str) -> Option<String> {
    let chars = Chars::read(fields.value(name)?).ok()?;
    chars.surrogate.is_none().then_some(chars.text)
}

/// Keeps the errors of a field, under its name.
fn keep<T>(errors: &mut FieldErrors, field: &str, result: Result<T, Vec<Text>>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(texts) => {
            for text in texts {
                errors.add(field, text);
            }
            None
        }
    }
}

fn text(fields: &Fields, name: &str) -> Result<String, Vec<Text>> {
    let chars = Chars::required(fields.value(name), OuterSpace::Trimmed)?;
    let wrong = chars.complaints(None);
    chars.unless(wrong)
}

/// `CharField` of `AbstractUser.username`, and then the model's rules for what is stored: normalising may lengthen a
/// name or bring in a character that is not allowed (`½` becomes `1⁄2`). Django stores such a name.
fn username(fields: &Fields, model: &UserModel) -> Result<String, Vec<Text>> {
    let most = model.name_lengths.username;
    let chars = Chars::required(fields.value(&model.username_field), OuterSpace::Trimmed)?;
    let mut wrong = if is_username(&chars.text) {
        Vec::new()
    } else {
        vec![Text::InvalidUsername]
    };
    wrong.extend(chars.complaints(Some(most)));
    let username = normalize_username(&chars.unless(wrong)?);
    if !is_username(&username) {
        Err(vec![Text::InvalidUsername])
    } else if username.chars().nth(most).is_some() {
        Err(vec![Text::MaxLength(most)])
    } else {
        Ok(username)
    }
}

/// `EmailField(max_length=254)`. Of what is no text it says that it is no e-mail address.
fn email(fields: &Fields, model: &UserModel, name: &str) -> Result<String, Vec<Text>> {
    let chars = match Chars::required(fields.value(name), OuterSpace::Trimmed) {
        Err(texts) if texts == [Text::NotAString] => return Err(vec![Text::InvalidEmail]),
        chars => chars?,
    };
    let mut wrong = chars.complaints(Some(model.name_lengths.email));
    wrong.extend((!is_email(&chars.text)).then_some(Text::InvalidEmail));
    chars.unless(wrong).map(|email| normalize_email(&email))
}

/// `CharField(write_only=True)`, but for the outer white space. White space alone is blank, as in DRF.
fn password(fields: &Fields, name: &str) -> Result<Password, Vec<Text>> {
    let chars = Chars::required(fields.value(name), OuterSpace::Kept)?;
    let wrong = chars.complaints(None);
    chars.unless(wrong).map(Password::from)
}

/// A password that is to be held against the stored one, as a sign-in takes it: Django's forms store white space too.
fn shown(fields: &Fields) -> Result<Password, Vec<Text>> {
    let value = fields
        .value(CURRENT_PASSWORD)
        .ok_or_else(|| vec![Text::Required])?;
    let chars = Chars::read(value).map_err(|text| vec![text])?;
    let wrong: Vec<Text> = chars.surrogate.map(Text::Surrogate).into_iter().collect();
    chars.unless(wrong).map(Password::from)
}
