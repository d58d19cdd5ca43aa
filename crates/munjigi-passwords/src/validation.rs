//! What a new password must fulfil: `django.contrib.auth.password_validation` of Django 5.2.

mod common;
mod length;
mod numeric;
mod similarity;
mod text;

pub use common::CommonPasswordValidator;
pub use length::MinimumLengthValidator;
pub use numeric::NumericPasswordValidator;
pub use similarity::UserAttributeSimilarityValidator;

use crate::Password;

/// A rule for new passwords. A project with a rule of its own implements it.
pub trait Validator: Send + Sync {
    /// Whether the password may be that of this user.
    ///
    /// # Errors
    /// The reason why not.
    fn validate(&self, password: &Password, user: &[UserAttribute<'_>]) -> Result<(), PolicyError>;
}

/// A text field of the user whom the password is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserAttribute<'a> {
    /// The field's name: `username`, `email`.
    pub name: &'a str,
    /// The field's name for people: Django's `verbose_name`, such as `email address`.
    pub verbose_name: &'a str,
    /// What the user wrote there. Empty is as good as absent.
    pub value: &'a str,
}

/// Why a password is refused. Its `Display` is Django's English message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// [`UserAttributeSimilarityValidator`].
    #[error("The password is too similar to the {verbose_name}.")]
    TooSimilar {
        /// The name of the attribute, by which a translation finds its own word.
        attribute: String,
        /// The name of the attribute for people, as it was passed in.
        verbose_name: String,
    },
    /// [`MinimumLengthValidator`].
    #[error(
        "This password is too short. It must contain at least {min_length} character{}.",
        if *min_length == 1 { "" } else { "s" }
    )]
    TooShort {
        /// How many code points it needs.
        min_length: usize,
    },
    /// [`CommonPasswordValidator`].
    #[error("This password is too common.")]
    TooCommon,
    /// [`NumericPasswordValidator`].
    #[error("This password is entirely numeric.")]
    EntirelyNumeric,
    /// A validator that is not Django's.
    #[error("{message}")]
    Other {
        /// What [`PolicyError::code`] answers.
        code: &'static str,
        /// A whole sentence for the user.
        message: String,
    },
}

impl PolicyError {
    /// The `code` of Django's `ValidationError`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooSimilar { .. } => "password_too_similar",
            Self::TooShort { .. } => "password_too_short",
            Self::TooCommon => "password_too_common",
            Self::EntirelyNumeric => "password_entirely_numeric",
            Self::Other { code, .. } => code,
        }
    }
}

/// Asks every validator, in their order: `validate_password`.
///
/// ```
/// use munjigi_passwords::{Password, validation::{django_validators, validate_password}};
///
/// let errors = validate_password(&Password::from("1234".to_owned()), &[], &django_validators()).unwrap_err();
/// let codes: Vec<_> = errors.iter().map(|error| error.code()).collect();
/// assert_eq!(codes, ["password_too_short", "password_too_common", "password_entirely_numeric"]);
/// ```
///
/// # Errors
/// All the reasons against the password, at least one.
pub fn validate_password(
    password: &Password,
    user: &[UserAttribute<'_>],
    validators: &[Box<dyn Validator>],
) -> Result<(), Vec<PolicyError>> {
    let results = validators
        .iter()
        .map(|validator| validator.validate(password, user));
    let errors: Vec<_> = results.filter_map(Result::err).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// The four validators that `django-admin startproject` writes into `AUTH_PASSWORD_VALIDATORS`, in its order.
pub fn django_validators() -> Vec<Box<dyn Validator>> {
    vec![
        Box::new(UserAttributeSimilarityValidator::default()),
        Box::new(MinimumLengthValidator::default()),
        Box::new(CommonPasswordValidator::default()),
        Box::new(NumericPasswordValidator),
    ]
}
