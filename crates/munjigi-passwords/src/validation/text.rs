//! The methods of Python's `str` that the validators use. Where Unicode versions differ, the newer one counts.

use crate::Password;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use zeroize::Zeroizing;

/// Digits that are not decimal (`Numeric_Type=Digit`): superscripts, circled digits and their like. Inclusive
/// ranges, from Python 3.11's `unicodedata`. Since version 6.3 Unicode adds none.
const OTHER_DIGITS: [(char, char); 20] = [
    ('\u{B2}', '\u{B3}'),
    ('\u{B9}', '\u{B9}'),
    ('\u{1369}', '\u{1371}'),
    ('\u{19DA}', '\u{19DA}'),
    ('\u{2070}', '\u{2070}'),
    ('\u{2074}', '\u{2079}'),
    ('\u{2080}', '\u{2089}'),
    ('\u{2460}', '\u{2468}'),
    ('\u{2474}', '\u{247C}'),
    ('\u{2488}', '\u{2490}'),
    ('\u{24EA}', '\u{24EA}'),
    ('\u{24F5}', '\u{24FD}'),
    ('\u{24FF}', '\u{24FF}'),
    ('\u{2776}', '\u{277E}'),
    ('\u{2780}', '\u{2788}'),
    ('\u{278A}', '\u{2792}'),
    ('\u{10A40}', '\u{10A43}'),
    ('\u{10E60}', '\u{10E68}'),
    ('\u{11052}', '\u{1105A}'),
    ('\u{1F100}', '\u{1F10A}'),
];

/// `str.isdigit` of one character.
pub(super) fn is_digit(character: char) -> bool {
    character.general_category() == GeneralCategory::DecimalNumber
        || OTHER_DIGITS
            .iter()
            .any(|&(first, last)| (first..=last).contains(&character))
}

/// `\w` of Python's `re`: letters, numbers and the underscore. Unlike Rust's `is_alphanumeric`, no combining marks.
pub(super) fn is_word(character: char) -> bool {
    let group = character.general_category_group();
    matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number) || character == '_'
}

/// `str.strip`: white space, and the four separators that Python counts among it.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || ('\u{1C}'..='\u{1F}').contains(&character)
    })
}

/// `str.lower` of a password.
pub(super) fn lower(password: &Password) -> Zeroizing<String> {
    Zeroizing::new(password.expose().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn python() -> Value {
        serde_json::from_str(include_str!("../../tests/data/python_text.json")).unwrap()
    }

    fn ranges(python: &Value, key: &str) -> Vec<(u32, u32)> {
        let bound = |range: &Value, at: usize| u32::try_from(range[at].as_u64().unwrap()).unwrap();
        python[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|range| (bound(range, 0), bound(range, 1)))
            .collect()
    }

    /// Compares over every character that Python's version of Unicode knows.
    fn same(key: &str, ours: impl Fn(char) -> bool) {
        let python = python();
        let theirs = ranges(&python, key);
        let mut compared = 0;
        for (first, last) in ranges(&python, "assigned") {
            for character in (first..=last).filter_map(char::from_u32) {
                let code = u32::from(character);
                let expected = theirs.iter().any(|&(first, last)| (first..=last).contains(&code));
                assert_eq!(ours(character), expected, "{key} U+{code:04X}");
                compared += 1;
            }
        }
        assert_eq!(compared, 144_762);
    }

    #[test]
    fn digits_are_python_s() {
        same("isdigit", is_digit);
    }

    #[test]
    fn words_are_python_s() {
        same("word", is_word);
    }

    #[test]
    fn white_space_is_python_s() {
        same("isspace", |character| strip(&character.to_string()).is_empty());
    }

    #[test]
    fn lower_case_is_python_s() {
        let python = python();
        let pairs = python["lower"].as_array().unwrap();
        for pair in pairs {
            let text = pair[0].as_str().unwrap().to_owned();
            assert_eq!(lower(&Password::from(text.clone())).as_str(), pair[1], "{text}");
        }
        assert_eq!(pairs.len(), 1_445);
    }
}
