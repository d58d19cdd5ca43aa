//! What is wrong with a body, field by field: the `detail` of DRF's `ValidationError`.

use super::{Lang, Text};
use serde_json::{Map, Value};

/// Messages by field, in the order in which the fields were looked at.
///
/// ```
/// use munjigi::i18n::{FieldErrors, Lang, Text};
///
/// let mut errors = FieldErrors::default();
/// errors.add("email", Text::InvalidEmail);
/// assert_eq!(errors.render(Lang::En).to_string(), r#"{"email":["Enter a valid email address."]}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(String, Vec<Text>)>);

impl FieldErrors {
    /// The errors of one field.
    pub fn of(field: &str, texts: Vec<Text>) -> Self {
        let mut errors = Self::default();
        for text in texts {
            errors.add(field, text);
        }
        errors
    }

    /// Adds a message below those that the field has.
    pub fn add(&mut self, field: &str, text: Text) {
        match self.0.iter_mut().find(|(name, _)| name == field) {
            Some((_, texts)) => texts.push(text),
            None => self.0.push((field.to_owned(), vec![text])),
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields and their messages, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Text])> {
        self.0
            .iter()
            .map(|(field, texts)| (field.as_str(), texts.as_slice()))
    }

    /// The body that DRF answers with: `{"field": ["message", …], …}`.
    pub fn render(&self, lang: Lang) -> Value {
        let rendered = |texts: &[Text]| texts.iter().map(|text| text.render(lang).into()).collect();
        Value::Object(
            self.iter()
                .map(|(field, texts)| (field.to_owned(), Value::Array(rendered(texts))))
                .collect::<Map<_, _>>(),
        )
    }
}
