//! The user's table, as far as a record is held against it: its fields, their lengths, and what stands in a new row where
//! the file gives nothing.

use super::Reason;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use munjigi_store::users::columns::Column;
use munjigi_store::users::rows::{Field, Kind, Value as Stored};
use munjigi_store::{FieldKind, FieldValue, Fill, UserModel};
use munjigi_user::UserId;

/// The user's table, as far as a row is held against it.
pub(super) struct Table {
    pub(super) model: UserModel,
    pub(super) fields: Vec<Field>,
    columns: Vec<Column>,
    /// The most code points of each field, where the database or the settings bound it.
    pub(super) lengths: Vec<Option<u32>>,
}

impl Table {
    pub(super) fn new(model: UserModel, fields: Vec<Field>, columns: Vec<Column>) -> Self {
        let declared = |name: &str| {
            let field = model.extra_fields.iter().find(|field| field.name == name)?;
            match field.kind {
                FieldKind::Text { max_length } => max_length,
                _ => None,
            }
        };
        let bound = |field: &Field| named(&columns, &field.column)?.max_length;
        let lengths = fields
            .iter()
            .map(|field| bound(field).into_iter().chain(declared(&field.name)).min())
            .collect();
        Self {
            model,
            fields,
            columns,
            lengths,
        }
    }

    /// The columns that a row must fill and that no field names.
    pub(super) fn unfilled(&self) -> Vec<String> {
        let needed = self
            .unnamed()
            .filter(|column| !column.nullable && !column.has_default);
        needed.map(|column| column.name.clone()).collect()
    }

    /// The columns that no field names.
    pub(super) fn undeclared(&self) -> Vec<String> {
        self.unnamed().map(|column| column.name.clone()).collect()
    }

    fn unnamed(&self) -> impl Iterator<Item = &Column> {
        let is_named = |name: &str| {
            name == self.model.columns.id() || self.fields.iter().any(|field| field.column == name)
        };
        self.columns.iter().filter(move |column| !is_named(&column.name))
    }

    /// Where a field stands among the others.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The most code points of a key that is a text, where the database bounds it.
    pub(super) fn key_length(&self) -> Option<u32> {
        named(&self.columns, self.model.columns.id())?.max_length
    }

    /// Whether a row may leave it NULL.
    pub(super) fn is_nullable(&self, field: &Field) -> bool {
        named(&self.columns, &field.column).is_none_or(|column| column.nullable)
    }

    /// What a new row has where the file gives nothing: what `AbstractUser`'s fields have as `default`,
    /// and what `[user.fields.*]` has.
    pub(super) fn default(
        &self,
        field: &Field,
        now: Timestamp,
        random: &mut impl Iterator<Item = [u8; 16]>,
    ) -> Result<Stored, Reason> {
        let mut filled = self.model.filled.iter();
        if let Some(filled) = filled.find(|filled| filled.name == field.name) {
            let missing = || Reason::Missing(field.name.clone());
            return filling(&filled.fill, now, random).ok_or_else(missing);
        }
        let is_named = field.name == self.model.username_field;
        let extra = self
            .model
            .extra_fields
            .iter()
            .find(|extra| extra.name == field.name);
        if let Some(default) = extra.and_then(|extra| extra.default.as_ref()) {
            return Ok(stored(default));
        }
        match (field.name.as_str(), field.kind) {
            _ if is_named => Err(Reason::Missing(field.name.clone())),
            ("is_active", Kind::Boolean) => Ok(Stored::Boolean(true)),
            ("is_staff" | "is_superuser", Kind::Boolean) => Ok(Stored::Boolean(false)),
            ("date_joined", Kind::Moment) => Ok(Stored::Moment(now)),
            ("first_name" | "last_name" | "email", Kind::Text) if !self.is_nullable(field) => {
                Ok(Stored::Text(String::new()))
            }
            _ if self.is_nullable(field) && field.name != "password" => Ok(Stored::Null),
            _ => Err(Reason::Missing(field.name.clone())),
        }
    }
}

fn stored(value: &FieldValue) -> Stored {
    match value {
        FieldValue::Null => Stored::Null,
        FieldValue::Integer(value) => Stored::Integer(*value),
        FieldValue::Text(text) => Stored::Text(text.clone()),
        FieldValue::Boolean(value) => Stored::Boolean(*value),
    }
}

fn named<'c>(columns: &'c [Column], name: &str) -> Option<&'c Column> {
    columns.iter().find(|column| column.name == name)
}

/// What a sign-up would write.
fn filling(fill: &Fill, now: Timestamp, random: &mut impl Iterator<Item = [u8; 16]>) -> Option<Stored> {
    let today = || now.to_zoned(TimeZone::UTC).date().to_string();
    Some(match fill {
        Fill::Constant(text) => Stored::Text(text.clone()),
        Fill::Now => Stored::Moment(now),
        Fill::Today => Stored::Text(today()),
        Fill::Uuid4 => Stored::Text(UserId::uuid4(random.next()?).to_string()),
    })
}
