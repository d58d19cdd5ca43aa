//! `[user.fields.NAME]`: what a user model has beside the fields of `AbstractUser`.

use super::Identifier;
use crate::config::Error;
use crate::config::kind::{self, FromText, Kind, Wrong};
use crate::config::written::{Entry, Settings};
use munjigi_store::{Columns, ExtraField, FieldKind};
use std::collections::BTreeMap;

/// What may be said of `[user.fields.NAME]`.
pub(in crate::config) const FIELD_KEYS: [&str; 5] = ["type", "null", "max_length", "db_column", "editable"];

/// The field classes of Django 5.2 (`db/models/fields`) that such a field may be of.
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

/// The fields of `[user.fields.*]`, in the order of their names.
pub(super) fn declared(settings: Settings<'_>, columns: &Columns) -> Result<Vec<ExtraField>, Error> {
    let mut tables: BTreeMap<&str, BTreeMap<&str, &Entry>> = BTreeMap::new();
    for (path, entry) in settings.below("user.fields.") {
        let Some((name, key)) = path.split_once('.') else {
            continue;
        };
        tables.entry(name).or_default().insert(key, entry);
    }
    tables
        .into_iter()
        .map(|(name, keys)| Declaration { name, keys, columns }.field())
        .collect()
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
    fn field(&self) -> Result<ExtraField, Error> {
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
        Ok(ExtraField {
            name: self.name.to_owned(),
            column: self
                .read::<Identifier>("db_column")?
                .map_or_else(|| self.name.to_owned(), |column| column.0),
            kind: class
                .kind(max_length)
                .map_err(|problem| Error::Contradiction(format!("[user.fields.{}] {problem}", self.name)))?,
            nullable: self.read::<bool>("null")?.unwrap_or(false),
            editable: self.read::<bool>("editable")?.unwrap_or(true),
        })
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

impl FromText for FieldClass {
    const WANTED: &'static str = "a field class such as \"PositiveIntegerField\"";
    const WANTED_LIST: &'static str = "a list of field classes";

    fn from_text(text: &str) -> Result<Self, String> {
        let class = FIELD_CLASSES.into_iter().find(|class| *class == text);
        class
            .map(Self)
            .ok_or_else(|| format!("is \"{text}\". Write one of {}.", FIELD_CLASSES.join(", ")))
    }
}
