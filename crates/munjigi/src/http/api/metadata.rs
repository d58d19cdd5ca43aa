//! What OPTIONS tells of a view: `SimpleMetadata` of DRF 3.18 (`metadata.py`).

use serde_json::{Map, Value, json};

/// A view of simplejwt's, in its own words, which no catalogue translates.
pub(super) struct View {
    /// `get_view_name()`.
    pub(super) name: &'static str,
    /// `get_view_description()`.
    pub(super) description: &'static str,
    /// The fields of its serializer, each a text.
    pub(super) fields: &'static [Field],
}

/// A field of a serializer.
pub(super) struct Field {
    name: Name,
    direction: Direction,
}

enum Name {
    Is(&'static str),
    UsernameField,
}

enum Direction {
    Sent,
    Answered,
}

impl View {
    /// The body of the answer, where users have their names in `username_field`.
    pub(super) fn describe(&self, username_field: &str) -> Value {
        let fields = self.fields.iter().map(|field| {
            let name = match field.name {
                Name::Is(name) => name,
                Name::UsernameField => username_field,
            };
            (name.to_owned(), field.describe(name))
        });
        json!({
            "name": self.name,
            "description": self.description,
            "renders": ["application/json"],
            "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
            "actions": {"POST": fields.collect::<Map<_, _>>()},
        })
    }
}

impl Field {
    /// The name of a user, which must be sent under the name that `USERNAME_FIELD` is.
    pub(super) const USERNAME: Self = Self {
        name: Name::UsernameField,
        direction: Direction::Sent,
    };

    /// One that a client must send.
    pub(super) const fn sent(name: &'static str) -> Self {
        Self {
            name: Name::Is(name),
            direction: Direction::Sent,
        }
    }

    /// One that stands in the answer.
    pub(super) const fn answered(name: &'static str) -> Self {
        Self {
            name: Name::Is(name),
            direction: Direction::Answered,
        }
    }

    fn describe(&self, name: &str) -> Value {
        let is_sent = matches!(self.direction, Direction::Sent);
        json!({"type": "string", "required": is_sent, "read_only": !is_sent, "label": label(name)})
    }
}

/// The label of a field that has none of its own: `Field.bind` of DRF (`fields.py`), where Python's `capitalize` makes all
/// letters but the first small.
fn label(name: &str) -> String {
    let mut label = name.replace('_', " ").to_ascii_lowercase();
    if let Some(first) = label.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    label
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn a_label_is_what_django_rest_framework_makes_of_a_name() {
        for (name, told) in [
            ("username", "Username"),
            ("first_name", "First name"),
            ("loginName", "Loginname"),
            ("_x", " x"),
            ("", ""),
        ] {
            assert_eq!(label(name), told);
        }
    }
}
