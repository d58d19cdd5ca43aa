//! `CharField` of `rest_framework/fields.py` (DRF 3.18).

use super::super::body::Value;
use crate::accounts::identifiers::strip;
use crate::i18n::Text;

/// What becomes of white space at the ends of a text.
#[derive(Clone, Copy)]
pub(super) enum OuterSpace {
    /// It is cut off: `trim_whitespace=True`.
    Trimmed,
    /// It stays.
    Kept,
}

/// A text of a body.
pub(super) struct Chars {
    /// The text; U+FFFD stands for each half of a surrogate pair.
    pub(super) text: String,
    /// The first half of a surrogate pair that stands alone.
    pub(super) surrogate: Option<u16>,
}

impl Chars {
    /// A value as text: `str(value)` of a text or a number.
    pub(super) fn read(value: &Value) -> Result<Self, Text> {
        match value {
            Value::String { text, surrogate } => Ok(Self {
                text: text.clone(),
                surrogate: *surrogate,
            }),
            Value::Number(number) => {
                let text = number.exact_str().ok_or(Text::NotAString)?;
                Ok(Self {
                    text,
                    surrogate: None,
                })
            }
            Value::Null => Err(Text::Null),
            Value::Boolean(_) | Value::List | Value::Object => Err(Text::NotAString),
        }
    }

    /// A value that must be there and more than white space.
    pub(super) fn required(value: Option<&Value>, outer_space: OuterSpace) -> Result<Self, Vec<Text>> {
        let Self { text, surrogate } =
            Self::read(value.ok_or_else(|| vec![Text::Required])?).map_err(|text| vec![text])?;
        let stripped = strip(&text);
        if stripped.is_empty() {
            return Err(vec![Text::Blank]);
        }
        match outer_space {
            OuterSpace::Trimmed => Ok(Self {
                text: stripped.to_owned(),
                surrogate,
            }),
            OuterSpace::Kept => Ok(Self { text, surrogate }),
        }
    }

    /// What DRF's validators say of the text, in their order.
    pub(super) fn complaints(&self, max_length: Option<usize>) -> Vec<Text> {
        let too_long = max_length.filter(|most| self.text.chars().nth(*most).is_some());
        let nul = self.text.contains('\0').then_some(Text::NullCharacters);
        let surrogate = self.surrogate.map(Text::Surrogate);
        too_long
            .map(Text::MaxLength)
            .into_iter()
            .chain(nul)
            .chain(surrogate)
            .collect()
    }

    /// The text, unless something is wrong with it.
    pub(super) fn unless(self, wrong: Vec<Text>) -> Result<String, Vec<Text>> {
        if wrong.is_empty() {
            Ok(self.text)
        } else {
            Err(wrong)
        }
    }
}
