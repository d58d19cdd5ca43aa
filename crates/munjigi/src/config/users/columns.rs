//! `[user.columns]`, `user.USERNAME_FIELD` and `user.EMAIL_FIELD`: which of the fields of `AbstractUser` a model has, under
//! which columns, and which two of its fields name a user.

use super::{EMAIL_FIELD, Identifier, PRIMARY_KEY_FIELD, USERNAME_FIELD};
use crate::config::Error;
use crate::config::kind::{self, FromText, Kind, Wrong};
use crate::config::written::{Entry, Settings};
use munjigi_store::{Columns, ExtraField, FieldKind, UserModel};

/// The table whose names are fields of the model.
pub(in crate::config) const TABLE: &str = "user.columns";

/// Fields that hold no text, or none that is a name.
const NO_NAMES: [&str; 7] = [
    "id",
    "password",
    "last_login",
    "is_superuser",
    "is_staff",
    "is_active",
    "date_joined",
];

/// Writes into the model what the settings say of its fields, and gives the name of its primary key back.
pub(super) fn resolve(settings: Settings<'_>, model: &mut UserModel) -> Result<String, Error> {
    let primary_key = settings.read(&PRIMARY_KEY_FIELD)?.0;
    model.columns.set("id", &primary_key);
    model.username_field = settings.read(&USERNAME_FIELD)?.0;
    model.email_field = settings.read(&EMAIL_FIELD)?.map(|field| field.0);
    let named = [Some(&model.username_field), model.email_field.as_ref()];
    let named: Vec<String> = named.into_iter().flatten().cloned().collect();
    for (field, entry) in settings.below("user.columns.") {
        let field = if field == primary_key { "id" } else { field };
        if entry.value.as_str() == Some("") && model.extra_fields.iter().any(|extra| extra.name == field) {
            // `user.User` has an `age` by default; a project's own need not.
            model.extra_fields.retain(|extra| extra.name != field);
            continue;
        }
        if !Columns::ABSTRACT_USER.contains(&field) && !named.iter().any(|name| name == field) {
            return Err(Error::Contradiction(format!(
                "[user.columns] names \"{field}\", which is no field of AbstractUser. Write one of {}, or declare it as \
                 [user.fields.{field}] with its db_column.",
                Columns::ABSTRACT_USER.join(", ")
            )));
        }
        match column(field, entry)? {
            Some(column) => model.columns.set(field, &column),
            None if ["id", "password"].contains(&field) => {
                return Err(Error::Contradiction(format!(
                    "[user.columns] says that the model has no \"{field}\", and every user has one. Write the name of its \
                     column."
                )));
            }
            None => model.columns.remove(field),
        }
    }
    name_users(settings, model)?;
    free_the_username(model);
    Ok(primary_key)
}

/// What is written of one field; `None` where the model has none.
fn column(field: &str, entry: &Entry) -> Result<Option<String>, Error> {
    let (name, origin) = (format!("{TABLE}.{field}"), entry.origin.to_string());
    let read = Option::<Identifier>::read(&entry.value);
    read.map(|column| column.map(|column| column.0))
        .map_err(|wrong| match wrong {
            Wrong::Type => Error::Type {
                name,
                origin,
                found: kind::describe(&entry.value),
                wanted: <Identifier as FromText>::WANTED,
            },
            Wrong::Value(problem) => Error::Value {
                name,
                origin,
                problem,
            },
        })
}

/// `USERNAME_FIELD` and `EMAIL_FIELD` name fields that are there. One that `AbstractUser` has not is in a column of its own
/// name, unless that is said.
fn name_users(settings: Settings<'_>, model: &mut UserModel) -> Result<(), Error> {
    let is_email_written = settings.has(&EMAIL_FIELD.about);
    model.email_field = model.email_field.take().filter(|field| {
        // Without a word on EMAIL_FIELD, a model that has no `email` has no address.
        is_email_written || model.columns.of(field).is_some()
    });
    let named = [("USERNAME_FIELD", Some(model.username_field.clone()))]
        .into_iter()
        .chain([("EMAIL_FIELD", model.email_field.clone())]);
    for (setting, field) in named {
        let Some(field) = field else { continue };
        if NO_NAMES.contains(&field.as_str()) {
            return Err(Error::Contradiction(format!(
                "user.{setting} is \"{field}\", which holds no text that names a user. Write the field that the model's \
                 {setting} names."
            )));
        }
        let is_there = model.columns.of(&field).is_some();
        if !is_there && Columns::ABSTRACT_USER.contains(&field.as_str()) {
            return Err(Error::Contradiction(format!(
                "user.{setting} is \"{field}\", and [user.columns] says that the model has no such field. Write the field \
                 that the model's {setting} names."
            )));
        }
        if !is_there {
            model.columns.set(&field, &field);
        }
    }
    Ok(())
}

/// A `username` beside another `USERNAME_FIELD` is a field like any other: a sign-up fills it.
fn free_the_username(model: &mut UserModel) {
    let is_name = model.username_field == "username" || model.email_field.as_deref() == Some("username");
    let Some(column) = model.columns.of("username").filter(|_| !is_name) else {
        return;
    };
    model.extra_fields.push(ExtraField {
        name: "username".to_owned(),
        column: column.to_owned(),
        kind: FieldKind::Text {
            max_length: Some(150),
        },
        nullable: false,
        editable: true,
        default: None,
    });
    model.columns.remove("username");
}
