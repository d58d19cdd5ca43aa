//! What a record gives, held against the user's table: keys, types, lengths, passwords. As lenient as Django's own database
//! (a name that no sign-up would take comes in, since somebody has it), and no more.

use super::named::{Explained, Resolved};
use super::record::Given;
use super::{Format, GROUPS, Reason, USER_PERMISSIONS};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use munjigi_passwords::Hashers;
use munjigi_store::memberships::Permission;
use munjigi_store::users::columns::Column;
use munjigi_store::users::rows::{Field, Kind, Value as Stored};
use munjigi_store::{FieldKind, FieldValue, Fill, UserModel};
use munjigi_user::{UserId, UserIdKind};
use serde_json::Value;

/// What to do with a password that no hasher here could verify, or where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passwords {
    /// The row is a bad one.
    Needed,
    /// The user comes in without it. He is not known by any password until he sets a new one, for which a link
    /// is mailed to him, by Django or here.
    Dropped,
}

/// What is wanted of a UUID.
const A_UUID: &str = "a UUID";

/// The user's table, as far as a row is held against it.
pub(super) struct Table {
    pub(super) model: UserModel,
    pub(super) fields: Vec<Field>,
    columns: Vec<Column>,
    /// The most code points of each field, where the database or the settings bound it.
    lengths: Vec<Option<u32>>,
}

/// A user who is to be written.
pub(super) struct Incoming {
    /// His key, where the file gives one.
    pub(super) id: Option<UserId>,
    /// The key that was drawn for him, where the file gives none and the database gives none either.
    pub(super) drawn: Option<UserId>,
    /// What was drawn for his columns with `default = "uuid4"`, in their order.
    pub(super) random: Vec<[u8; 16]>,
    /// What is given of each field of the table.
    pub(super) values: Vec<Option<Stored>>,
    /// His groups, where they are given.
    pub(super) groups: Option<Resolved<String>>,
    /// His own permissions, where they are given.
    pub(super) permissions: Option<Resolved<Permission>>,
    /// How many of his moments have no offset, and were taken for UTC.
    pub(super) naive: u64,
    /// Whether his password was left out.
    pub(super) is_without_password: bool,
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

    /// Whether a row may leave it NULL.
    fn is_nullable(&self, field: &Field) -> bool {
        named(&self.columns, &field.column).is_none_or(|column| column.nullable)
    }

    /// What a new row has where the file gives nothing: what `AbstractUser`'s fields have as `default`,
    /// and what `[user.fields.*]` has.
    fn default(
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

/// Holds records against the table.
pub(super) struct Users<'a> {
    pub(super) table: &'a Table,
    pub(super) hashers: &'a Hashers,
    pub(super) passwords: Passwords,
    pub(super) format: Format,
}

impl Users<'_> {
    /// The user of a record.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn read(
        &self,
        mut given: Given,
        explained: &Explained,
        mut draw: impl FnMut() -> [u8; 16],
    ) -> Result<Incoming, Reason> {
        let id = given.pk.as_ref().map(|pk| self.key(pk)).transpose()?;
        let needs_key = id.is_none() && self.table.model.id_kind == UserIdKind::Uuid;
        let filled = self.table.model.filled.iter();
        let uuids = filled.filter(|filled| filled.fill == Fill::Uuid4);
        let mut incoming = Incoming {
            id,
            drawn: needs_key.then(|| UserId::uuid4(draw())),
            random: uuids.map(|_| draw()).collect(),
            values: Vec::with_capacity(self.table.fields.len()),
            groups: self.list(&mut given, GROUPS, |list| explained.groups(list))?,
            permissions: self.list(&mut given, USER_PERMISSIONS, |list| explained.permissions(list))?,
            naive: 0,
            is_without_password: false,
        };
        for (field, length) in self.table.fields.iter().zip(&self.table.lengths) {
            let value = match given.fields.remove(&field.name) {
                Some(value) => self.value(field, *length, value, &mut incoming)?,
                None => None,
            };
            incoming.values.push(value);
        }
        Ok(incoming)
    }

    fn key(&self, pk: &Value) -> Result<UserId, Reason> {
        let kind = self.table.model.id_kind;
        let text = match pk {
            Value::Number(number) if !number.is_f64() => number.to_string(),
            Value::String(text) => text.clone(),
            _ => String::new(),
        };
        let (parsed, wanted) = match kind {
            UserIdKind::Int => (kind.parse(&text).ok(), "an integer of 32 bits"),
            UserIdKind::BigInt => (kind.parse(&text).ok(), "an integer of 64 bits"),
            UserIdKind::Uuid => (uuid(&text), A_UUID),
            UserIdKind::Text => (kind.parse(&text).ok().filter(|_| !text.contains('\0')), "a text"),
        };
        let greatest = match kind {
            UserIdKind::Int => i64::from(i32::MAX),
            _ => i64::MAX,
        };
        match parsed.ok_or(Reason::Key(wanted))? {
            UserId::Int(id) if id == greatest => Err(Reason::LastKey),
            id => {
                self.check_text_key(&id)?;
                Ok(id)
            }
        }
    }

    fn check_text_key(&self, id: &UserId) -> Result<(), Reason> {
        let column = named(&self.table.columns, self.table.model.columns.id());
        match (id, column.and_then(|column| column.max_length)) {
            (UserId::Text(text), Some(max)) => fits("key", text, Some(max)),
            _ => Ok(()),
        }
    }

    fn list<T>(
        &self,
        given: &mut Given,
        name: &'static str,
        resolve: impl FnOnce(&[Value]) -> Option<Resolved<T>>,
    ) -> Result<Option<Resolved<T>>, Reason> {
        let list = match given.fields.remove(name) {
            None => return Ok(None),
            Some(Value::String(text)) if self.format == Format::Csv && text.is_empty() => return Ok(None),
            Some(Value::String(text)) if self.format == Format::Csv => {
                super::json::read(text.as_bytes()).ok()
            }
            list => list,
        };
        let list = list
            .as_ref()
            .and_then(Value::as_array)
            .ok_or(Reason::Relation(name))?;
        resolve(list).map(Some).ok_or(Reason::Relation(name))
    }

    /// The value of a field; none where nothing is given, as by an empty cell.
    fn value(
        &self,
        field: &Field,
        length: Option<u32>,
        value: Value,
        incoming: &mut Incoming,
    ) -> Result<Option<Stored>, Reason> {
        let is_nullable = self.table.is_nullable(field);
        let wrong = |wanted| Err(Reason::Type(field.name.clone(), wanted));
        match value {
            Value::String(text) if text.is_empty() && self.format == Format::Csv => Ok(match field.kind {
                Kind::Text if is_nullable && field.name != "password" => Some(Stored::Null),
                Kind::Text if field.name != "password" => Some(Stored::Text(text)),
                _ => None,
            }),
            Value::String(text) if self.format == Format::Csv && field.kind == Kind::Json => {
                match super::json::read(text.as_bytes()) {
                    Ok(value) => Ok(Some(Stored::Text(value.to_string()))),
                    Err(_) => wrong("JSON"),
                }
            }
            Value::Null if field.name == "password" => Ok(None),
            Value::Null if is_nullable => Ok(Some(Stored::Null)),
            Value::Null => Err(Reason::Null(field.name.clone())),
            value => match (field.kind, value) {
                (Kind::Text, Value::String(text)) if field.name == "password" => {
                    self.password(&text, length, incoming).map(Some)
                }
                (Kind::Text, Value::String(text)) => {
                    fits(&field.name, &text, length)?;
                    Ok(Some(Stored::Text(text)))
                }
                (Kind::Text, _) => wrong("a text"),
                (Kind::Boolean, value) => match boolean(&value) {
                    Some(value) => Ok(Some(Stored::Boolean(value))),
                    None => wrong("true or false"),
                },
                (Kind::Moment, value) => match value.as_str().and_then(moment) {
                    Some((moment, is_naive)) => {
                        incoming.naive += u64::from(is_naive);
                        Ok(Some(Stored::Moment(moment)))
                    }
                    None => wrong("a date and time as 2026-11-21T01:02:03Z"),
                },
                (Kind::Integer { min, max }, value) => match integer(&value) {
                    Some(value) if (min..=max).contains(&value) => Ok(Some(Stored::Integer(value))),
                    Some(_) => Err(Reason::Range {
                        field: field.name.clone(),
                        min,
                        max,
                    }),
                    None => wrong("an integer"),
                },
                (Kind::Date, value) => match value.as_str().and_then(day) {
                    Some(day) => Ok(Some(Stored::Text(day.to_string()))),
                    None => wrong("a day as 2026-11-21"),
                },
                (Kind::Uuid, value) => match value.as_str().and_then(uuid) {
                    Some(id) => Ok(Some(Stored::Text(id.to_string()))),
                    None => wrong(A_UUID),
                },
                (Kind::Number, value) => match number(&value) {
                    Some(number) => Ok(Some(Stored::Text(number))),
                    None => wrong("a number"),
                },
                (Kind::Json, value) => Ok(Some(Stored::Text(value.to_string()))),
            },
        }
    }

    fn password(&self, stored: &str, length: Option<u32>, incoming: &mut Incoming) -> Result<Stored, Reason> {
        let admitted = match self.hashers.admit(stored) {
            Ok(encoded) => fits("password", &encoded, length).map(|()| encoded.into_owned()),
            Err(unfit) => Err(unfit.into()),
        };
        match admitted {
            Err(_) if self.passwords == Passwords::Dropped => {
                incoming.is_without_password = true;
                Ok(Stored::Text(String::new()))
            }
            admitted => admitted.map(Stored::Text),
        }
    }
}

impl Incoming {
    /// The values of a new row.
    ///
    /// # Errors
    /// [`Reason::Missing`], [`Reason::NoKey`].
    pub(super) fn complete(
        &self,
        table: &Table,
        passwords: Passwords,
        now: Timestamp,
    ) -> Result<Vec<Stored>, Reason> {
        if self.id.is_none() && table.model.id_kind == UserIdKind::Text {
            return Err(Reason::NoKey);
        }
        let fields = table.fields.iter().zip(&self.values);
        let mut random = self.random.iter().copied();
        fields
            .map(|(field, value)| match value {
                Some(value) => Ok(value.clone()),
                None if field.name == "password" && passwords == Passwords::Dropped => {
                    Ok(Stored::Text(String::new()))
                }
                None => table.default(field, now, &mut random),
            })
            .collect()
    }

    /// The text of a field, where one is given.
    pub(super) fn text(&self, place: Option<usize>) -> Option<&str> {
        match self.values.get(place?)? {
            Some(Stored::Text(text)) => Some(text),
            _ => None,
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

fn fits(field: &str, text: &str, length: Option<u32>) -> Result<(), Reason> {
    if text.contains('\0') {
        return Err(Reason::Nul(field.to_owned()));
    }
    match length {
        // No character is less than a byte.
        Some(max) if text.len() > max as usize && text.chars().count() > max as usize => {
            Err(Reason::Longer {
                field: field.to_owned(),
                max,
            })
        }
        _ => Ok(()),
    }
}

/// `UUIDField.to_python`, as far as a UUID is written with its dashes or without.
fn uuid(text: &str) -> Option<UserId> {
    let digits: String = match text.len() {
        32 => text.to_owned(),
        36 => text.replace('-', ""),
        _ => return None,
    };
    let lower = digits.to_ascii_lowercase();
    let parts = [
        lower.get(..8)?,
        lower.get(8..12)?,
        lower.get(12..16)?,
        lower.get(16..20)?,
        lower.get(20..)?,
    ];
    UserIdKind::Uuid.parse(&parts.join("-")).ok()
}

/// `BooleanField.to_python`, and JSON's words in a cell.
fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.as_str() {
            "t" | "True" | "true" | "1" => Some(true),
            "f" | "False" | "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A day as `DateField` writes it.
fn day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    (day.to_string() == text && day.year() >= 1).then_some(day)
}

/// A `DecimalField` stands in a fixture as a text, a `FloatField` as a number.
fn number(value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let is_in_digits = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let is_finite = text.parse::<f64>().is_ok_and(f64::is_finite);
    (is_in_digits && is_finite).then_some(text)
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// `parse_datetime`: a moment, and whether it says no offset. Then it is taken for UTC, which it is where Django had
/// `USE_TZ`. Years are Python's, 1 to 9999.
fn moment(text: &str) -> Option<(Timestamp, bool)> {
    let (moment, is_naive) = match text.parse::<Timestamp>() {
        Ok(moment) => (moment, false),
        Err(_) => (
            TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()?,
            true,
        ),
    };
    let year = TimeZone::UTC.to_datetime(moment).year();
    // Python and both databases know microseconds.
    let moment = Timestamp::from_microsecond(moment.as_microsecond()).ok()?;
    (1..=9999).contains(&year).then_some((moment, is_naive))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_django_writes_it() {
        for (text, expected, is_naive) in [
            ("2026-11-21T01:02:03Z", "2026-11-21T01:02:03Z", false),
            ("2026-11-21T01:02:03.123Z", "2026-11-21T01:02:03.123Z", false),
            ("2026-11-21T01:02:03.000400Z", "2026-11-21T01:02:03.0004Z", false),
            (
                "2026-11-21 01:02:03.123456+00:00",
                "2026-11-21T01:02:03.123456Z",
                false,
            ),
            ("2026-11-21T10:02:03+09:00", "2026-11-21T01:02:03Z", false),
            ("2026-11-21T01:02:03", "2026-11-21T01:02:03Z", true),
            ("2026-11-21 01:02", "2026-11-21T01:02:00Z", true),
        ] {
            assert_eq!(
                moment(text),
                Some((expected.parse().unwrap(), is_naive)),
                "{text}"
            );
        }
        for text in [
            "",
            "never",
            "2026-13-21T01:02:03Z",
            "-000001-11-21T01:02:03Z",
            "1795222923",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn a_uuid_is_read_with_and_without_dashes() {
        let expected = UserIdKind::Uuid
            .parse("1b4e28ba-2fa1-11d2-883f-0016d3cca427")
            .ok();
        for text in [
            "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
            "1B4E28BA2FA111D2883F0016D3CCA427",
        ] {
            assert_eq!(uuid(text), expected, "{text}");
        }
        for text in [
            "",
            "1b4e28ba",
            "1b4e28ba-2fa1-11d2-883f-0016d3cca42g",
            "한한한한한한한한한한한한",
        ] {
            assert_eq!(uuid(text), None, "{text}");
        }
    }
}
