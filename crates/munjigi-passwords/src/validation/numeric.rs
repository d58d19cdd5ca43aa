//! `NumericPasswordValidator`.

use super::{PolicyError, UserAttribute, Validator, text};
use crate::Password;

/// Refuses passwords of nothing but digits, of any script and in any form (`str.isdigit`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumericPasswordValidator;

impl Validator for NumericPasswordValidator {
    fn validate(&self, password: &Password, _user: &[UserAttribute<'_>]) -> Result<(), PolicyError> {
        let password = password.expose();
        let numeric = !password.is_empty() && password.chars().all(text::is_digit);
        if numeric {
            Err(PolicyError::EntirelyNumeric)
        } else {
            Ok(())
        }
    }
}
