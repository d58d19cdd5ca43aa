//! The fields of the bodies that munjigi takes, read and judged as DRF's serializers do it: the reference's
//! `ModelSerializer` for a sign-up, simplejwt's `TokenObtainSerializer` and its kin.
//!
//! Every field is looked at and all that is wrong is told, in the serializer's order. Two things are ours. A password
//! is taken as it was sent, where DRF cuts outer white space off. A fraction that a double does not hold (`1e999`, or
//! one with twenty digits) is no text, so that two different numbers are never one password.

mod chars;
mod extra;
mod number;

use super::body::Fields;
use crate::accounts::identifiers::{
    EMAIL_MAX_LENGTH, USERNAME_MAX_LENGTH, is_email, is_own_username, is_username, normalize_email,
    normalize_username,
};
use crate::i18n::{FieldErrors, Text};
use chars::{Chars, OuterSpace};
use munjigi_passwords::Password;
use munjigi_store::{ExtraField, FieldValue};

/// What a sign-up asks for, judged as far as that needs no database.
pub struct SignupInput {
    /// The username, normalised.
    pub username: String,
    /// The e-mail address, normalised.
    pub email: String,
    /// The password, as sent.
    pub password: Password,
    /// A value for each of the extra fields, in their order.
    pub extra: Vec<FieldValue>,
}

/// What `POST /api/token/` asks for.
pub struct ObtainInput {
    /// The username, outer white space off.
    pub username: String,
    /// The password, as sent.
    pub password: Password,
}

/// The fields of a sign-up: `username`, `password`, `email` and the extra ones, of which those that may be NULL may
/// also be left out.
///
/// # Errors
/// What is wrong with which field. Whether a name is taken, and whether a password is good enough, is not asked here.
pub fn signup_fields(fields: &Fields, extra: &[ExtraField]) -> Result<SignupInput, FieldErrors> {
    let mut errors = FieldErrors::default();
    let username = keep(&mut errors, "username", username(fields));
    let password = keep(&mut errors, "password", password(fields));
    let email = keep(&mut errors, "email", email(fields));
    let values: Vec<FieldValue> = extra
        .iter()
        .filter_map(|field| keep(&mut errors, &field.name, extra::read(fields, field)))
        .collect();
    if let (Some(username), Some(email)) = (&username, &email)
        && !is_own_username(username, email)
    {
        errors.add("username", Text::UsernameIsForeignEmail);
    }
    match (username, email, password) {
        (Some(username), Some(email), Some(password)) if errors.is_empty() => Ok(SignupInput {
            username,
            email,
            password,
            extra: values,
        }),
        _ => Err(errors),
    }
}

/// The fields of `TokenObtainSerializer` (simplejwt 5.5): `username` and `password`.
///
/// # Errors
/// What is wrong with which field.
pub fn obtain_fields(fields: &Fields) -> Result<ObtainInput, FieldErrors> {
    let mut errors = FieldErrors::default();
    let username = keep(&mut errors, "username", text(fields, "username"));
    let password = keep(&mut errors, "password", password(fields));
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

/// A text of the notes' sign-ins, as sent; a number is the text that Python makes of it. What is missing, null, or
/// neither text nor number is none, and so is a text with half a surrogate pair, which nobody's is.
pub fn credential(fields: &Fields, name: &str) -> Option<String> {
    let chars = Chars::read(fields.value(name)?).ok()?;
    chars.surrogate.is_none().then_some(chars.text)
}

/// Keeps the errors of a field, under its name.
fn keep<T>(errors: &mut FieldErrors, field: &str, result: Result<T, Vec<Text>>) -> Option<T> {
    result
        .map_err(|texts| texts.into_iter().for_each(|text| errors.add(field, text)))
        .ok()
}

fn text(fields: &Fields, name: &str) -> Result<String, Vec<Text>> {
    let chars = Chars::required(fields.value(name), OuterSpace::Trimmed)?;
    chars.judge(Vec::new(), None)
}

/// `CharField` of `AbstractUser.username`, and then the model's rules for what is stored: normalising may lengthen a
/// name or bring in a character that is not allowed (`½` becomes `1⁄2`). Django stores such a name.
fn username(fields: &Fields) -> Result<String, Vec<Text>> {
    let chars = Chars::required(fields.value("username"), OuterSpace::Trimmed)?;
    let first = if is_username(&chars.text) {
        Vec::new()
    } else {
        vec![Text::InvalidUsername]
    };
    let username = normalize_username(&chars.judge(first, Some(USERNAME_MAX_LENGTH))?);
    if !is_username(&username) {
        Err(vec![Text::InvalidUsername])
    } else if username.chars().nth(USERNAME_MAX_LENGTH).is_some() {
        Err(vec![Text::MaxLength(USERNAME_MAX_LENGTH)])
    } else {
        Ok(username)
    }
}

/// `EmailField(max_length=254)`.
fn email(fields: &Fields) -> Result<String, Vec<Text>> {
    let chars = Chars::required(fields.value("email"), OuterSpace::Trimmed)?;
    let is_email = is_email(&chars.text);
    let judged = chars.judge(Vec::new(), Some(EMAIL_MAX_LENGTH));
    match judged {
        Ok(email) if is_email => Ok(normalize_email(&email)),
        Ok(_) => Err(vec![Text::InvalidEmail]),
        Err(mut texts) => {
            texts.extend((!is_email).then_some(Text::InvalidEmail));
            Err(texts)
        }
    }
}

/// `CharField(write_only=True)`, but for the outer white space. White space alone is blank, as in DRF.
fn password(fields: &Fields) -> Result<Password, Vec<Text>> {
    let chars = Chars::required(fields.value("password"), OuterSpace::Kept)?;
    chars.judge(Vec::new(), None).map(Password::from)
}
