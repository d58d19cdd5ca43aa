//! The methods of Python's `str` that the validators use. Where Unicode versions differ, the newer one counts.

use crate::Password;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use zeroize::Zeroizing;

/// Digits that are not decimal (`Numeric_Type=Digit`): superscripts, circled digits and their like. Inclusive
/// ranges of code points, from Python 3.11's `unicodedata`; no later version of Unicode has added one.
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
