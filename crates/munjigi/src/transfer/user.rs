//! What a record gives, held against the user's table: keys, types, lengths, passwords. As lenient as Django's own database
//! (a name that no sign-up would take comes in, since somebody has it), and no more.

use super::named::{Explained, Resolved};
use super::record::Given;
use super::table::Table;
use super::values::{boolean, day, integer, moment, number, uuid};
use super::{Format, GROUPS, Reason, USER_PERMISSIONS};
use jiff::Timestamp;
use munjigi_passwords::Hashers;
use munjigi_store::Fill;
use munjigi_store::memberships::Permission;
use munjigi_store::users::rows::{Field, Kind, Value as Stored};
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
        match (id, self.table.key_length()) {
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
