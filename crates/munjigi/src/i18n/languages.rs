//! Which language a request is answered in: `django.utils.translation.trans_real` of Django 5.2,
//! `get_language_from_request`, without its cookie.
//!
//! Django knows a hundred languages and `LANGUAGES` may narrow them; here are two, so `Accept-Language: fr` gets
//! `LANGUAGE_CODE`.

/// A language that the server has words in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English, `en`.
    En,
    /// Korean, `ko`.
    Ko,
}

/// In which languages the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Languages {
    /// `LANGUAGE_CODE`: for who asks for none of [`Languages::available`].
    pub default: Lang,
    /// `LANGUAGES`: those that `Accept-Language` may choose from.
    pub available: Vec<Lang>,
}

/// `LANGUAGE_CODE_MAX_LENGTH`: what stands behind this many characters of a header is not read.
const HEADER_CHARACTERS: usize = 500;

impl Lang {
    /// The language of a `LANGUAGE_CODE`: `ko`, `ko-kr`, `en`, `en-us`, in any case.
    ///
    /// ```
    /// use munjigi::i18n::Lang;
    ///
    /// assert_eq!(Lang::from_code("ko-KR"), Some(Lang::Ko));
    /// assert_eq!(Lang::from_code("korean"), None);
    /// ```
    pub fn from_code(code: &str) -> Option<Self> {
        let language = code.split('-').next().filter(|_| is_range(code))?;
        [Self::En, Self::Ko]
            .into_iter()
            .find(|lang| lang.code().eq_ignore_ascii_case(language))
    }

    /// The code, as `Content-Language` bears it.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ko => "ko",
        }
    }
}

impl Languages {
    /// The language that a request wants most of those available, by its `Accept-Language`.
    ///
    /// As in Django a header that is not written to the letter counts for nothing, `*` ends the search, and `q=0` is
    /// the least of wishes, not a refusal.
    ///
    /// ```
    /// use munjigi::i18n::{Lang, Languages};
    ///
    /// let languages = Languages { default: Lang::Ko, available: vec![Lang::Ko, Lang::En] };
    /// assert_eq!(languages.negotiate(Some("fr-CH, en;q=0.9, ko;q=0.8")), Lang::En);
    /// assert_eq!(languages.negotiate(None), Lang::Ko);
    /// ```
    pub fn negotiate(&self, accept_language: Option<&str>) -> Lang {
        let mut wishes = accept_language.and_then(wishes).unwrap_or_default();
        // Stable: of equal wishes the first counts.
        wishes.sort_by_key(|wish| std::cmp::Reverse(wish.thousandths));
        wishes
            .iter()
            .take_while(|wish| wish.range != "*")
            .filter_map(|wish| Lang::from_code(wish.range))
            .find(|lang| self.available.contains(lang))
            .unwrap_or(self.default)
    }
}

/// One language range and how much it is wished for.
struct Wish<'h> {
    range: &'h str,
    thousandths: u16,
}

/// `parse_accept_lang_header`; none where any part of the header is malformed.
fn wishes(header: &str) -> Option<Vec<Wish<'_>>> {
    let header = shortened(header)?;
    let mut parts = header.split(',').peekable();
    let mut wishes = Vec::new();
    while let Some(part) = parts.next() {
        // White space is taken on both sides of a comma, but not around the whole; one comma may end the list.
        let part = if wishes.is_empty() {
            part
        } else {
            part.trim_start()
        };
        let last = parts.peek().is_none();
        if last && part.is_empty() {
            break;
        }
        wishes.push(wish(if last { part } else { part.trim_end() })?);
    }
    Some(wishes)
}

/// The header up to the last comma within the limit; none where it has no comma there.
fn shortened(header: &str) -> Option<&str> {
    match header.char_indices().nth(HEADER_CHARACTERS) {
        None => Some(header),
        Some((limit, _)) => {
            let comma = header.get(..limit)?.rfind(',').filter(|comma| *comma > 0)?;
            header.get(..comma)
        }
    }
}

/// `ko`, `en-us;q=0.5`, `*`.
fn wish(part: &str) -> Option<Wish<'_>> {
    let (range, quality) = match part.split_once(';') {
        None => (part, None),
        Some((range, quality)) => (range.trim_end(), Some(quality.trim_start())),
    };
    let thousandths = quality.map_or(Some(1000), thousandths)?;
    is_range(range).then_some(Wish { range, thousandths })
}

fn is_range(range: &str) -> bool {
    let mut subtags = range.split('-');
    let is_subtag = |tag: &str, allowed: fn(&u8) -> bool| {
        (1..=8).contains(&tag.len()) && tag.as_bytes().iter().all(allowed)
    };
    range == "*"
        || subtags
            .next()
            .is_some_and(|tag| is_subtag(tag, u8::is_ascii_alphabetic))
            && subtags.all(|tag| is_subtag(tag, u8::is_ascii_alphanumeric))
}

/// `q=0.85` is 850: a `0` with at most three decimals, or a `1` with at most three zeros (RFC 9110 section 12.4.2).
fn thousandths(quality: &str) -> Option<u16> {
    let value = quality
        .strip_prefix("q=")
        .or_else(|| quality.strip_prefix("Q="))?;
    let (whole, decimals) = match value.split_once('.') {
        None => (value, ""),
        Some(parts) => parts,
    };
    let decimals_are =
        |allowed: fn(&u8) -> bool| decimals.len() <= 3 && decimals.as_bytes().iter().all(allowed);
    match whole {
        "0" if decimals_are(u8::is_ascii_digit) => format!("{decimals:0<3}").parse().ok(),
        "1" if decimals_are(|digit| *digit == b'0') => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::golden;

    #[test]
    fn the_language_is_the_one_that_django_chooses() {
        let languages = Languages {
            default: Lang::Ko,
            available: vec![Lang::Ko, Lang::En],
        };
        let file = golden::read("messages.json");
        let vectors = file["accept_language"].as_array().unwrap();
        for vector in vectors {
            let header = vector["header"].as_str().unwrap();
            let lang = languages.negotiate(Some(header));
            assert_eq!(lang.code(), vector["language"].as_str().unwrap(), "{header:?}");
        }
        assert_eq!(vectors.len(), 88);
    }

    #[test]
    fn a_language_that_is_not_available_is_not_chosen() {
        let korean = Languages {
            default: Lang::Ko,
            available: vec![Lang::Ko],
        };
        assert_eq!(korean.negotiate(Some("en")), Lang::Ko);
    }

    #[test]
    fn a_language_code_is_read_in_any_case_and_with_any_region() {
        for code in ["ko", "KO", "ko-kr", "ko-KR"] {
            assert_eq!(Lang::from_code(code), Some(Lang::Ko));
        }
        assert_eq!(Lang::from_code("en-us"), Some(Lang::En));
        for code in ["", "*", "kor", "ko_KR", "ko-", "fr"] {
            assert_eq!(Lang::from_code(code), None, "{code}");
        }
    }
}
