//! `MinimumLengthValidator`.

use super::{PolicyError, UserAttribute, Validator};
use crate::Password;

/// Refuses passwords of too few code points. Django's default is 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimumLengthValidator {
    /// How many code points a password needs: not bytes, and not what a reader takes for one character.
    pub min_length: usize,
}

impl Default for MinimumLengthValidator {
    fn default() -> Self {
        Self { min_length: 8 }
    }
}

impl Validator for MinimumLengthValidator {
    fn validate(&self, password: &Password, _user: &[UserAttribute<'_>]) -> Result<(), PolicyError> {
        let min_length = self.min_length;
        let long_enough = password.expose().chars().count() >= min_length;
        if long_enough {
            Ok(())
        } else {
            Err(PolicyError::TooShort { min_length })
        }
    }
}
