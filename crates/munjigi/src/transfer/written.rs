//! Users and groups as text: what `dumpdata --natural-foreign` of Django 5.2 writes, and the same by lines and by CSV.
//!
//! It differs in two things. A moment keeps its microseconds, of which Django's encoder keeps three digits; `loaddata` reads
//! all six. And groups and permissions go by their natural keys always, for the numbers are this database's own.

use super::{Format, GROUPS, USER_PERMISSIONS};
use crate::isoformat::isoformat_z;
use munjigi_store::UserModel;
use munjigi_store::memberships::Permission;
use munjigi_store::users::rows::{Field, Kind, UserRow, Value as Stored};
use munjigi_user::UserId;
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// A user with what he is in and may do.
pub(super) struct Outgoing {
    pub(super) row: UserRow,
    pub(super) groups: Vec<String>,
    pub(super) permissions: Vec<Permission>,
}

/// Writes records one after the other.
pub(super) struct Writer<W> {
    out: W,
    format: Format,
    model: String,
    fields: Vec<Field>,
    has_relations: bool,
    is_first: bool,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W, format: Format, model: &UserModel, fields: Vec<Field>) -> Self {
        Self {
            out,
            format,
            model: model.label.to_lowercase(),
            fields,
            has_relations: false,
            is_first: true,
        }
    }

    /// Writes groups and permissions too.
    pub(super) fn with_relations(self) -> Self {
        Self {
            has_relations: true,
            ..self
        }
    }

    /// What stands before the first record.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        match self.format {
            Format::Fixture => self.out.write_all(b"["),
            Format::Csv => {
                let mut names = vec!["id"];
                names.extend(self.fields.iter().map(|field| field.name.as_str()));
                if self.has_relations {
                    names.extend([GROUPS, USER_PERMISSIONS]);
                }
                let names: Vec<String> = names.into_iter().map(cell).collect();
                writeln!(self.out, "{}", names.join(","))
            }
            Format::Jsonl | Format::Ndjson => Ok(()),
        }
    }

    /// A group, where the format has a place for it.
    pub(super) fn group(&mut self, name: &str, permissions: &[Permission]) -> io::Result<()> {
        if matches!(self.format, Format::Ndjson | Format::Csv) {
            return Ok(());
        }
        let fields = json!({"name": name, "permissions": natural(permissions)});
        self.record(&json!({"model": "auth.group", "fields": fields}))
    }

    /// A user.
    pub(super) fn user(&mut self, user: &Outgoing) -> io::Result<()> {
        let values = self.fields.iter().zip(&user.row.values);
        if self.format == Format::Csv {
            let mut cells = vec![cell(&user.row.id.to_string())];
            cells.extend(values.map(|(_, value)| cell(&plain(value))));
            if self.has_relations {
                cells.extend([json!(user.groups), natural(&user.permissions)].map(|list| list_cell(&list)));
            }
            return writeln!(self.out, "{}", cells.join(","));
        }
        let mut fields: Map<String, Value> = values
            .map(|(field, value)| (field.name.clone(), json(field.kind, value)))
            .collect();
        let is_flat = self.format == Format::Ndjson;
        if self.has_relations {
            let groups = if is_flat {
                json!(user.groups)
            } else {
                user.groups.iter().map(|name| json!([name])).collect()
            };
            fields.insert(GROUPS.to_owned(), groups);
            fields.insert(USER_PERMISSIONS.to_owned(), natural(&user.permissions));
        }
        let key = match &user.row.id {
            UserId::Int(id) => json!(id),
            other => json!(other.to_string()),
        };
        if is_flat {
            let key = std::iter::once(("id".to_owned(), key));
            self.record(&Value::Object(key.chain(fields).collect()))
        } else {
            self.record(&json!({"model": self.model, "pk": key, "fields": fields}))
        }
    }

    /// What stands behind the last record.
    pub(super) fn end(mut self) -> io::Result<()> {
        if self.format == Format::Fixture {
            self.out.write_all(b"\n]\n")?;
        }
        self.out.flush()
    }

    fn record(&mut self, record: &Value) -> io::Result<()> {
        if self.format == Format::Fixture {
            self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
            self.is_first = false;
            write!(self.out, "{record}")
        } else {
            writeln!(self.out, "{record}")
        }
    }
}

fn natural(permissions: &[Permission]) -> Value {
    let key = |permission: &Permission| json!([permission.codename, permission.app_label, permission.model]);
    permissions.iter().map(key).collect()
}

fn json(kind: Kind, value: &Stored) -> Value {
    match value {
        Stored::Text(text) if kind == Kind::Json => {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        }
        Stored::Null => Value::Null,
        Stored::Text(text) => json!(text),
        Stored::Boolean(value) => json!(value),
        Stored::Moment(moment) => json!(isoformat_z(*moment)),
        Stored::Integer(value) => json!(value),
    }
}

/// A value in a cell. What is NULL is an empty one.
fn plain(value: &Stored) -> String {
    match value {
        Stored::Null => String::new(),
        Stored::Text(text) => text.clone(),
        Stored::Boolean(value) => value.to_string(),
        Stored::Moment(moment) => isoformat_z(*moment),
        Stored::Integer(value) => value.to_string(),
    }
}

/// An empty list is an empty cell.
fn list_cell(list: &Value) -> String {
    match list.as_array() {
        Some(entries) if entries.is_empty() => String::new(),
        _ => cell(&list.to_string()),
    }
}

/// RFC 4180: in quotes where it must be.
fn cell(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be() {
        for (text, expected) in [
            ("", ""),
            ("한 글", "한 글"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\r\nb", "\"a\r\nb\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
