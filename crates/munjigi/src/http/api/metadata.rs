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
    name: &'static str,
    label: &'static str,
    direction: Direction,
}

enum Direction {
    Sent,
    Answered,
}

impl View {
    /// The body of the answer.
    pub(super) fn describe(&self) -> Value {
        let fields = self
            .fields
            .iter()
            .map(|field| (field.name.to_owned(), field.describe()));
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
    /// One that a client must send.
    pub(super) const fn sent(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            label,
            direction: Direction::Sent,
        }
    }

    /// One that stands in the answer.
    pub(super) const fn answered(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            label,
            direction: Direction::Answered,
        }
    }

    fn describe(&self) -> Value {
        let is_sent = matches!(self.direction, Direction::Sent);
        json!({"type": "string", "required": is_sent, "read_only": !is_sent, "label": self.label})
    }
}
