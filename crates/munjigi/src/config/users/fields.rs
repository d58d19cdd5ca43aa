//! `[user.fields.NAME]`: what a user model has beside the fields of `AbstractUser`.

use super::Identifier;
use crate::config::Error;
use crate::config::kind::{self, FromText, Kind, Wrong};
use crate::config::written::{Entry, Settings};
use jiff::civil::Date;
use munjigi_store::{Columns, ExtraField, FieldKind, FieldValue, Fill, FilledColumn, FilledKind, UserModel};
use std::collections::BTreeMap;
use toml::Value;

/// What may be said of `[user.fields.NAME]`.
pub(in crate::config) const FIELD_KEYS: [&str; 6] =
    ["type", "null", "max_length", "db_column", "editable", "default"];

/// The field classes of Django 5.2 (`db/models/fields`) that such a field may be of and be shown.
pub(crate) const FIELD_CLASSES: [&str; 9] = [
    "IntegerField",
    "PositiveIntegerField",
    "SmallIntegerField",
    "PositiveSmallIntegerField",
    "BigIntegerField",
    "PositiveBigIntegerField",
    "CharField",
    "TextField",
    "BooleanField",
];

/// Those of which a column is filled where a row is made and shown to nobody.
const FILLED_CLASSES: [(&str, FilledKind); 6] = [
    ("DateTimeField", FilledKind::Moment),
    ("DateField", FilledKind::Date),
    ("UUIDField", FilledKind::Uuid),
    ("DecimalField", FilledKind::Number),
    ("FloatField", FilledKind::Number),
    ("JSONField", FilledKind::Json),
];

/// Gives the model the fields of `[user.fields.*]`, in the order of their names. They stand for all that it has beside the
/// ones of `AbstractUser`; only a `username` that names nobody is there without being declared.
pub(super) fn declare(settings: Settings<'_>, model: &mut UserModel) -> Result<(), Error> {
    let mut tables: BTreeMap<&str, BTreeMap<&str, &Entry>> = BTreeMap::new();
    for (path, entry) in settings.below("user.fields.") {
        let Some((name, key)) = path.split_once('.') else {
            continue;
        };
        tables.entry(name).or_default().insert(key, entry);
    }
    let columns = model.columns.clone();
    if tables.keys().any(|name| *name != "username") {
        model.extra_fields.retain(|field| field.name == "username");
    }
    for (name, keys) in tables {
        let columns = &columns;
        match (Declaration { name, keys, columns }).field()? {
            Declared::Shown(field) => {
                model.extra_fields.retain(|other| other.name != field.name);
                model.extra_fields.push(field);
            }
            Declared::Filled(filled) => model.filled.push(filled),
        }
    }
    Ok(())
}

/// What a table `[user.fields.NAME]` comes to.
enum Declared {
    Shown(ExtraField),
    Filled(FilledColumn),
}

/// The two relations of a `PermissionsMixin`, which are no columns.
pub(super) const RELATIONS: [&str; 2] = ["groups", "user_permissions"];

/// Fields that somebody's request must never write, whatever the model calls them.
pub(super) const NEVER_DECLARED: [&str; 6] = [
    "id",
    "password",
    "last_login",
    "is_superuser",
    "is_staff",
    "is_active",
];

/// One `[user.fields.NAME]`.
struct Declaration<'a> {
    name: &'a str,
    keys: BTreeMap<&'a str, &'a Entry>,
    columns: &'a Columns,
}

impl Declaration<'_> {
    fn field(&self) -> Result<Declared, Error> {
        let built_in = self.columns.iter().map(|(field, _)| field);
        let taken = built_in.chain(NEVER_DECLARED).chain(RELATIONS);
        let is_taken = taken.into_iter().any(|name| name.eq_ignore_ascii_case(self.name));
        if is_taken || Identifier::from_text(self.name).is_err() {
            return Err(Error::Contradiction(format!(
                "[user.fields.{0}] declares the field \"{0}\". Write the name of a field that AbstractUser has not, \
                 in letters, digits and \"_\".",
                self.name
            )));
        }
        let max_length = self.read::<u32>("max_length")?;
        let class = self.read::<FieldClass>("type")?.ok_or_else(|| {
            Error::Contradiction(format!(
                "[user.fields.{}] says no type. Write type = \"IntegerField\", or the field class of the model.",
                self.name
            ))
        })?;
        let column = self
            .read::<Identifier>("db_column")?
            .map_or_else(|| self.name.to_owned(), |column| column.0);
        let default = self.keys.get("default").map(|entry| &entry.value);
        let problem = |problem| Error::Contradiction(format!("[user.fields.{}] {problem}", self.name));
        if let Some(kind) = class.filled() {
            if let Some(key) = ["null", "max_length", "editable"]
                .into_iter()
                .find(|key| self.keys.contains_key(key))
            {
                return Err(problem(format!(
                    "has \"{key}\", and a {} is only filled. Write its type, its default and its db_column.",
                    class.0
                )));
            }
            let fill = class.fill(default).map_err(problem)?;
            return Ok(Declared::Filled(FilledColumn {
                name: self.name.to_owned(),
                column,
                kind,
                fill,
            }));
        }
        let kind = class.kind(max_length).map_err(problem)?;
        Ok(Declared::Shown(ExtraField {
            name: self.name.to_owned(),
            column,
            kind,
            nullable: self.read::<bool>("null")?.unwrap_or(false),
            editable: self.read::<bool>("editable")?.unwrap_or(true),
            default: default
                .map(|value| of_kind(kind, value))
                .transpose()
                .map_err(problem)?,
        }))
    }

    fn read<T: Kind>(&self, key: &str) -> Result<Option<T>, Error> {
        let Some(entry) = self.keys.get(key) else {
            return Ok(None);
        };
        let (name, origin) = (
            format!("user.fields.{}.{key}", self.name),
            entry.origin.to_string(),
        );
        T::read(&entry.value).map(Some).map_err(|wrong| match wrong {
            Wrong::Type => Error::Type {
                name,
                origin,
                found: kind::describe(&entry.value),
                wanted: T::WANTED,
            },
            Wrong::Value(problem) => Error::Value {
                name,
                origin,
                problem,
            },
        })
    }
}

/// One of [`FIELD_CLASSES`].
struct FieldClass(&'static str);

impl FieldClass {
    /// What a column of it holds, where it is filled and shown to nobody.
    fn filled(&self) -> Option<FilledKind> {
        let mut classes = FILLED_CLASSES.iter();
        classes.find_map(|(class, kind)| (*class == self.0).then_some(*kind))
    }

    /// What a column that is only filled is filled with. The error is the rest of a sentence.
    fn fill(&self, default: Option<&Value>) -> Result<Fill, String> {
        let constant = |text: &str| Ok(Fill::Constant(text.to_owned()));
        match (self.0, default) {
            ("DateTimeField", Some(Value::String(word))) if word == "now" => Ok(Fill::Now),
            ("DateField", Some(Value::String(word))) if word == "now" => Ok(Fill::Today),
            ("DateField", Some(Value::String(text))) if text.parse::<Date>().is_ok() => constant(text),
            ("UUIDField", Some(Value::String(word))) if word == "uuid4" => Ok(Fill::Uuid4),
            ("DecimalField" | "FloatField", Some(Value::Integer(number))) => constant(&number.to_string()),
            ("DecimalField" | "FloatField", Some(Value::Float(number))) if number.is_finite() => {
                constant(&number.to_string())
            }
            ("JSONField", Some(Value::String(text)))
                if serde_json::from_str::<serde_json::Value>(text).is_ok() =>
            {
                constant(text)
            }
            (class, _) => {
                let form = match class {
                    "DateTimeField" => "\"now\"",
                    "DateField" => "\"now\", or a day such as \"2026-01-31\"",
                    "UUIDField" => "\"uuid4\"",
                    "JSONField" => "\"{}\", or other JSON as text",
                    _ => "0, or another number",
                };
                Err(format!(
                    "is a {class}, which is only filled when a user signs up. Write default = {form}; where the column may \
                     be null, leave the table out."
                ))
            }
        }
    }

    /// With the ranges of `BaseDatabaseOperations.integer_field_ranges`.
    fn kind(&self, max_length: Option<u32>) -> Result<FieldKind, String> {
        let (small, plain, big) = (i64::from(i16::MAX), i64::from(i32::MAX), i64::MAX);
        let kind = match self.0 {
            "IntegerField" => FieldKind::Integer {
                min: -plain - 1,
                max: plain,
            },
            "PositiveIntegerField" => FieldKind::Integer { min: 0, max: plain },
            "SmallIntegerField" => FieldKind::Integer {
                min: -small - 1,
                max: small,
            },
            "PositiveSmallIntegerField" => FieldKind::Integer { min: 0, max: small },
            "BigIntegerField" => FieldKind::Integer {
                min: i64::MIN,
                max: big,
            },
            "PositiveBigIntegerField" => FieldKind::Integer { min: 0, max: big },
            "BooleanField" => FieldKind::Boolean,
            _ => FieldKind::Text { max_length },
        };
        match (self.0, max_length) {
            ("CharField", None) => {
                Err("is a CharField without max_length. Write max_length = 100.".to_owned())
            }
            ("CharField", Some(0)) => Err("has a max_length of 0. Write max_length = 100.".to_owned()),
            ("CharField" | "TextField", _) | (_, None) => Ok(kind),
            (class, Some(_)) => Err(format!(
                "has a max_length, which a {class} has not. Leave it out."
            )),
        }
    }
}

/// A default as a value of the field. The error is the rest of a sentence.
fn of_kind(kind: FieldKind, default: &Value) -> Result<FieldValue, String> {
    match (kind, default) {
        (FieldKind::Integer { min, max }, Value::Integer(number)) if (min..=max).contains(number) => {
            Ok(FieldValue::Integer(*number))
        }
        (FieldKind::Text { max_length }, Value::String(text))
            if max_length
                .is_none_or(|most| u32::try_from(text.chars().count()).is_ok_and(|count| count <= most)) =>
        {
            Ok(FieldValue::Text(text.clone()))
        }
        (FieldKind::Boolean, Value::Boolean(truth)) => Ok(FieldValue::Boolean(*truth)),
        _ => Err(format!(
            "has the default {default}, which the field cannot hold. Write one that it can."
        )),
    }
}

impl FromText for FieldClass {
    const WANTED: &'static str = "a field class such as \"PositiveIntegerField\"";
    const WANTED_LIST: &'static str = "a list of field classes";

    fn from_text(text: &str) -> Result<Self, String> {
        let classes: Vec<&'static str> = FIELD_CLASSES
            .into_iter()
            .chain(FILLED_CLASSES.map(|(class, _)| class))
            .collect();
        let class = classes.iter().find(|class| **class == text);
        class
            .map(|class| Self(class))
            .ok_or_else(|| format!("is \"{text}\". Write one of {}.", classes.join(", ")))
    }
}
