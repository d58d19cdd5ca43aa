//! Usernames and e-mail addresses: `django/contrib/auth/validators.py`, `AbstractBaseUser.normalize_username`,
//! `BaseUserManager.normalize_email` and `EmailValidator` of `django/core/validators.py`, Django 5.2.
//!
//! Everything here takes time in proportion to the text. The tables of Unicode are newer than those of Python 3.11: a
//! letter that Unicode 15 or later added may stand in a username here and not there.

use munjigi_store::emails::fold;
use std::net::{Ipv4Addr, Ipv6Addr};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// The username as it is stored: in Unicode's form NFKC. Sign-in compares with what is stored and does not normalise.
pub fn normalize_username(username: &str) -> String {
    username.nfkc().collect()
}

/// `UnicodeUsernameValidator`: letters and numbers of any script, and `@` `.` `+` `-` `_`. The length is another
/// matter.
pub fn is_username(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|character| is_word(character) || ".@+-".contains(character))
}

/// Whether the username is no e-mail address or the one of its own account: who may sign in by either must not be
/// taken for somebody else. Ours; Django has no such rule.
pub fn is_own_username(username: &str, email: &str) -> bool {
    !is_email(username) || fold(&normalize_email(username)) == fold(email)
}

/// The e-mail address as it is stored: outer white space off, the domain in lower case. What has no `@` stays as it is.
///
/// ```
/// use munjigi::accounts::identifiers::normalize_email;
///
/// assert_eq!(normalize_email(" Mseo@Naver.COM "), "Mseo@naver.com");
/// ```
pub fn normalize_email(email: &str) -> String {
    match strip(email).rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()),
        None => email.to_owned(),
    }
}

/// `EmailValidator`: at most 320 code points, a dot-atom or a quoted string, and a domain with a dot in it,
/// `localhost`, or an IP address in brackets.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    text.chars().nth(320).is_none()
        && (is_dot_atom(local) || is_quoted_string(local))
        && (domain == "localhost" || is_domain(domain) || is_address_literal(domain))
}

/// `str.strip`: white space, and the four separators that Python counts among it.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || ('\u{1C}'..='\u{1F}').contains(&character)
    })
}

/// `\w` of Python's `re`: letters, numbers and the underscore. Unlike Rust's `is_alphanumeric`, no combining marks.
fn is_word(character: char) -> bool {
    let group = character.general_category_group();
    matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number) || character == '_'
}

fn is_dot_atom(local: &str) -> bool {
    let is_atom = |character| is_letter_or_digit(character) || "-!#$%&'*+/=?^_`{}|~".contains(character);
    local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

/// Text in quotation marks. As Django's pattern has it, a space stands there only behind a backslash.
fn is_quoted_string(local: &str) -> bool {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return false;
    };
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let is_allowed = match character {
            '\\' => characters.next().is_some_and(|escaped| {
                matches!(escaped, '\u{1}'..='\u{9}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{7F}')
                    || is_caseless(escaped)
            }),
            '\u{1}'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '!' | '#'..='[' | ']'..='\u{7F}' => {
                true
            }
            _ => is_caseless(character),
        };
        if !is_allowed {
            return false;
        }
    }
    true
}

/// Labels of 1 to 63 characters between dots, none with a hyphen at an end; the last has no digit or is punycode.
fn is_domain(domain: &str) -> bool {
    let Some((_, last)) = domain.rsplit_once('.') else {
        return false;
    };
    domain.split('.').all(is_label) && is_top_label(last)
}

fn is_label(label: &str) -> bool {
    let is_allowed = |character| is_label_letter(character) || character.is_ascii_digit() || character == '-';
    !label.is_empty()
        && label.chars().nth(63).is_none()
        && label.chars().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_top_label(label: &str) -> bool {
    let is_name =
        label.chars().nth(1).is_some() && !label.contains(|character: char| character.is_ascii_digit());
    let is_punycode = label.split_at_checked(4).is_some_and(|(prefix, rest)| {
        prefix.eq_ignore_ascii_case("xn--") && !rest.is_empty() && rest.chars().all(is_letter_or_digit)
    });
    is_name || is_punycode
}

/// `[127.0.0.1]`, `[::1]`; an IPv6 address of at most 39 characters.
fn is_address_literal(domain: &str) -> bool {
    let Some(address) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return false;
    };
    address.parse::<Ipv4Addr>().is_ok() || address.len() <= 39 && address.parse::<Ipv6Addr>().is_ok()
}

/// `[0-9A-Z]` where case is ignored.
fn is_letter_or_digit(character: char) -> bool {
    character.is_ascii_alphanumeric() || is_caseless(character)
}

/// `[a-z\u00a1-\uffff]` where case is ignored.
fn is_label_letter(character: char) -> bool {
    character.is_ascii_alphabetic() || ('\u{A1}'..='\u{FFFF}').contains(&character)
}

/// What Python's `re` takes for an ASCII letter when it ignores case: İ, ı, ſ and the Kelvin sign.
fn is_caseless(character: char) -> bool {
    matches!(character, '\u{130}' | '\u{131}' | '\u{17F}' | '\u{212A}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::golden::{deviates, read};
    use serde_json::Value;

    fn text<'v>(vector: &'v Value, name: &str) -> &'v str {
        vector[name].as_str().unwrap_or_default()
    }

    /// How often each kind of vector held, and how often we differ on purpose.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Held {
        usernames: usize,
        emails: usize,
        pairs: usize,
        deviations: usize,
    }

    #[test]
    fn identifiers_are_judged_as_django_judges_them() {
        let file = read("vectors/identifiers.json");
        let mut held = Held::default();
        for vector in file["vectors"].as_array().unwrap() {
            let kind = text(vector, "kind");
            let input = text(vector, "input");
            let mut id = format!("{kind}/{input}");
            let holds = match kind {
                "username" => {
                    held.usernames += 1;
                    let fits = normalize_username(input).chars().count() <= 150;
                    normalize_username(input) == text(vector, "nfkc")
                        && is_username(input) == vector["unicode_valid"].as_bool().unwrap()
                        && (is_username(input) && fits) == (vector["field_clean"] == "ok")
                }
                "email" => {
                    held.emails += 1;
                    normalize_email(input) == text(vector, "normalized")
                        && is_email(input) == vector["valid"].as_bool().unwrap()
                }
                "email_ci_equal" => {
                    held.pairs += 1;
                    id = format!("{kind}/{} {}", text(vector, "a"), text(vector, "b"));
                    (fold(text(vector, "a")) == fold(text(vector, "b"))) == vector["equal"].as_bool().unwrap()
                }
                other => panic!("a kind of vector that no test reads: {other}"),
            };
            let deviation = deviates("identifiers.json", &id);
            assert_ne!(holds, deviation, "{id} {vector}");
            held.deviations += usize::from(deviation);
        }
        assert_eq!(
            held,
            Held {
                usernames: 44,
                emails: 42,
                pairs: 7,
                deviations: 3
            }
        );
    }

    #[test]
    fn a_word_character_is_pythons_or_younger_than_its_tables() {
        let file = read("python_word.json");
        let contains = |name: &str, point: u32| {
            let ranges = file[name].as_array().unwrap();
            let index = ranges.partition_point(|range| range[1].as_u64().unwrap() < u64::from(point));
            ranges
                .get(index)
                .is_some_and(|range| range[0].as_u64().unwrap() <= u64::from(point))
        };
        let (mut same, mut is_younger) = (0, false);
        for character in '\0'..=char::MAX {
            let point = u32::from(character);
            match (is_word(character), contains("word", point)) {
                (true, true) => same += 1,
                (false, false) => {}
                (true, false) if contains("unassigned", point) => is_younger = true,
                (ours, theirs) => panic!("U+{point:X} ours {ours} theirs {theirs}"),
            }
        }
        assert_eq!(same, 133_548, "all that Python has");
        assert_eq!(is_younger, deviates("python_word.json", "unassigned"));
    }

    #[test]
    fn an_email_address_is_judged_as_djangos_validator_judges_it() {
        let file = read("signup_fields.json");
        let vectors = file["emails"].as_array().unwrap();
        for vector in vectors {
            assert_eq!(
                is_email(text(vector, "text")),
                vector["valid"].as_bool().unwrap(),
                "{vector}"
            );
        }
        assert_eq!(vectors.len(), 122);
    }

    #[test]
    fn a_username_that_is_an_email_address_is_the_accounts_own() {
        for username in ["mseo", "@", "a@b", "Mseo@naver.COM", "mseo@naver.com"] {
            assert!(is_own_username(username, "MSEO@naver.com"), "{username}");
        }
        for username in ["minji@naver.com", "mseo@naver.co", "a@localhost"] {
            assert!(!is_own_username(username, "MSEO@naver.com"), "{username}");
        }
    }
}
