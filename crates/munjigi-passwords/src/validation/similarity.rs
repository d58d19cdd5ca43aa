//! `UserAttributeSimilarityValidator`, and `quick_ratio` of Python's `difflib.SequenceMatcher`.

use super::{PolicyError, UserAttribute, Validator, text};
use crate::{Error, Password};
use std::collections::HashMap;

/// Refuses passwords that share too many characters with what the user wrote about himself.
///
/// Compared are each attribute and its words. The order of the characters does not count: `oesm` is `mseo`.
#[derive(Clone, Debug, PartialEq)]
pub struct UserAttributeSimilarityValidator {
    user_attributes: Vec<String>,
    max_similarity: f64,
}

impl UserAttributeSimilarityValidator {
    /// The validator for the named attributes, asked in this order. `max_similarity` is from 0.1, which refuses
    /// almost all, to 1.0, which refuses only the same characters; it is itself refused.
    ///
    /// # Errors
    /// [`Error::MaxSimilarity`] below 0.1.
    pub fn new(user_attributes: Vec<String>, max_similarity: f64) -> Result<Self, Error> {
        // So that NaN is refused too.
        let valid = max_similarity >= 0.1;
        valid
            .then_some(Self {
                user_attributes,
                max_similarity,
            })
            .ok_or(Error::MaxSimilarity)
    }

    fn is_similar(&self, password: &Letters, part: &str) -> bool {
        let length = part.chars().count();
        let far_longer = password.length >= length.saturating_mul(10);
        if far_longer && float(length) < self.max_similarity / 2.0 * float(password.length) {
            return false;
        }
        password.quick_ratio(part, length) >= self.max_similarity
    }
}

impl Default for UserAttributeSimilarityValidator {
    /// Django's `DEFAULT_USER_ATTRIBUTES` and 0.7.
    fn default() -> Self {
        let user_attributes = ["username", "first_name", "last_name", "email"]
            .map(str::to_owned)
            .to_vec();
        Self {
            user_attributes,
            max_similarity: 0.7,
        }
    }
}

impl Validator for UserAttributeSimilarityValidator {
    fn validate(&self, password: &Password, user: &[UserAttribute<'_>]) -> Result<(), PolicyError> {
        let password = Letters::of(&text::lower(password));
        let named = |name: &String| user.iter().find(|attribute| attribute.name == name);
        for attribute in self.user_attributes.iter().filter_map(named) {
            if attribute.value.is_empty() {
                continue;
            }
            let value = attribute.value.to_lowercase();
            if words(&value)
                .chain([value.as_str()])
                .any(|part| self.is_similar(&password, part))
            {
                return Err(PolicyError::TooSimilar {
                    attribute: attribute.name.to_owned(),
                    verbose_name: attribute.verbose_name.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// How often each character occurs.
struct Letters {
    counts: HashMap<char, usize>,
    length: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut counts = HashMap::new();
        for character in text.chars() {
            *counts.entry(character).or_default() += 1;
        }
        Self {
            counts,
            length: text.chars().count(),
        }
    }

    /// Twice the characters in common, over the characters of both. Two empty texts are alike.
    fn quick_ratio(&self, other: &str, other_length: usize) -> f64 {
        let total = self.length + other_length;
        if total == 0 {
            return 1.0;
        }
        let common = Self::of(other)
            .counts
            .into_iter()
            .map(|(character, count)| self.counts.get(&character).map_or(0, |&own| own.min(count)));
        2.0 * float(common.sum()) / float(total)
    }
}

/// `re.split(r"\W+", value)`: between two separators there is nothing, before the first and after the last there may
/// be an empty word.
fn words(value: &str) -> impl Iterator<Item = &str> {
    let trimmed = value.trim_matches(|character| !text::is_word(character));
    let inner = trimmed
        .split(|character| !text::is_word(character))
        .filter(|word| !word.is_empty());
    let outer = if trimmed.len() == value.len() {
        None
    } else {
        Some("")
    };
    inner.chain(outer)
}

/// Lengths are far below 2^32, where `f64` is exact as Python's division is.
fn float(length: usize) -> f64 {
    f64::from(u32::try_from(length).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn python() -> Value {
        serde_json::from_str(include_str!("../../tests/data/python_text.json")).unwrap()
    }

    #[test]
    fn verdicts_are_django_s() {
        let python = python();
        let cases = python["similarity"].as_array().unwrap();
        let mut similar = 0;
        for case in cases {
            let (password, value) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
            let names = vec!["username".to_owned()];
            let validator = UserAttributeSimilarityValidator::new(names, case[2].as_f64().unwrap()).unwrap();
            let user = [UserAttribute {
                name: "username",
                verbose_name: "username",
                value,
            }];
            let verdict = validator.validate(&Password::from(password.to_owned()), &user);
            assert_eq!(verdict.is_err(), case[3].as_bool().unwrap(), "{case}");
            similar += usize::from(verdict.is_err());
        }
        assert_eq!((cases.len(), similar), (600, 234));
    }

    #[test]
    fn words_are_python_s() {
        let python = python();
        let cases = python["split"].as_array().unwrap();
        for case in cases {
            let value = case[0].as_str().unwrap();
            let mut expected: Vec<_> = case[1]
                .as_array()
                .unwrap()
                .iter()
                .map(|word| word.as_str().unwrap())
                .collect();
            let mut found: Vec<_> = words(value).collect();
            expected.sort_unstable();
            expected.dedup();
            found.sort_unstable();
            assert_eq!(found, expected, "{value:?}");
        }
        assert_eq!(cases.len(), 8);
    }

    #[test]
    fn a_similarity_that_refuses_everything_is_refused() {
        for max_similarity in [0.09, -1.0, f64::NAN] {
            let refused = UserAttributeSimilarityValidator::new(Vec::new(), max_similarity).unwrap_err();
            assert_eq!(refused, Error::MaxSimilarity);
        }
    }
}
