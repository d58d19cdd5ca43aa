//! `CommonPasswordValidator`.

use super::{PolicyError, UserAttribute, Validator, text};
use crate::Password;
use std::collections::HashSet;

/// Refuses the 19,640 passwords of Django's list, whatever their case and the spaces around them.
#[derive(Clone, Debug)]
pub struct CommonPasswordValidator {
    passwords: HashSet<String>,
}

impl CommonPasswordValidator {
    /// The validator with a list of one's own, one password a line, in lower case: `password_list_path`.
    ///
    /// ```
    /// use munjigi_passwords::{Password, validation::{CommonPasswordValidator, PolicyError, Validator}};
    ///
    /// let validator = CommonPasswordValidator::with_list("munjigi\ndoorkeeper\n");
    /// let verdict = validator.validate(&Password::from(" Munjigi ".to_owned()), &[]);
    /// assert_eq!(verdict, Err(PolicyError::TooCommon));
    /// ```
    pub fn with_list(list: &str) -> Self {
        Self {
            passwords: list.lines().map(|line| text::strip(line).to_owned()).collect(),
        }
    }
}

impl Default for CommonPasswordValidator {
    fn default() -> Self {
        Self::with_list(include_str!("../../data/common-passwords.txt"))
    }
}

impl Validator for CommonPasswordValidator {
    fn validate(&self, password: &Password, _user: &[UserAttribute<'_>]) -> Result<(), PolicyError> {
        let lowered = text::lower(password);
        let common = self.passwords.contains(text::strip(&lowered));
        if common {
            Err(PolicyError::TooCommon)
        } else {
            Ok(())
        }
    }
}
