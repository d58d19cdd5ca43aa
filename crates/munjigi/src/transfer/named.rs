//! What a fixture says of groups and permissions under its own numbers. A user's lists hold such numbers, which mean
//! something else in every database, or natural keys, which mean the same in all.
//!
//! Django takes the numbers as they are. Here a number that the file does not explain is not taken: in another database it
//! may be the administrators' group.

use super::record::{Given, NamedModel};
use munjigi_store::memberships::Permission;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// How many rows are kept in mind. A project has some hundred permissions.
const MOST: usize = 100_000;

/// The rows of `auth.group`, `auth.permission` and `contenttypes.contenttype` that were read so far.
#[derive(Default)]
pub(super) struct Explained {
    groups: HashMap<String, String>,
    content_types: HashMap<String, (String, String)>,
    permissions: HashMap<String, Permission>,
}

/// A group with what its members may do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) permissions: Vec<Permission>,
    /// Permissions that the file does not explain.
    pub(super) unexplained: u64,
}

/// Some entries of a list, and how many others nothing explains.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Resolved<T> {
    pub(super) known: Vec<T>,
    pub(super) unexplained: u64,
}

impl Explained {
    /// Keeps a row in mind, and gives a group that is to be made. A row that cannot be understood explains nothing.
    pub(super) fn note(&mut self, model: NamedModel, row: &Given) -> Option<Group> {
        let text = |name: &str| row.fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let key = row.pk.as_ref().map(Value::to_string);
        let has_room = self.groups.len() + self.content_types.len() + self.permissions.len() < MOST;
        match model {
            NamedModel::ContentType => {
                let (key, row) = (key?, (text("app_label")?, text("model")?));
                if has_room {
                    self.content_types.insert(key, row);
                }
                None
            }
            NamedModel::Permission => {
                let (app_label, model) = self.content_type(row.fields.get("content_type")?)?;
                let permission = Permission {
                    codename: text("codename")?,
                    app_label,
                    model,
                };
                let key = key?;
                if has_room {
                    self.permissions.insert(key, permission);
                }
                None
            }
            NamedModel::Group => {
                let name = text("name").filter(|name| !name.contains('\0') && name.chars().count() <= 150)?;
                if let Some(key) = key.filter(|_| has_room) {
                    self.groups.insert(key, name.clone());
                }
                let permissions = row
                    .fields
                    .get("permissions")
                    .map_or(Some(Vec::new()), |list| list.as_array().cloned());
                let Resolved { known, unexplained } = self.permissions(&permissions?)?;
                Some(Group {
                    name,
                    permissions: known,
                    unexplained,
                })
            }
        }
    }

    /// Groups by number or by natural key, `["editors"]`. None where an entry is neither.
    pub(super) fn groups(&self, list: &[Value]) -> Option<Resolved<String>> {
        resolve(list, |entry| match entry {
            Value::Array(key) => match key.as_slice() {
                [Value::String(name)] => Some(Some(name.clone())),
                _ => None,
            },
            Value::String(name) => Some(Some(name.clone())),
            Value::Number(_) => Some(self.groups.get(&entry.to_string()).cloned()),
            _ => None,
        })
    }

    /// Permissions by number or by natural key, `["add_post", "blog", "post"]`. None where an entry is neither.
    pub(super) fn permissions(&self, list: &[Value]) -> Option<Resolved<Permission>> {
        resolve(list, |entry| match entry {
            Value::Array(key) => match key.as_slice() {
                [
                    Value::String(codename),
                    Value::String(app_label),
                    Value::String(model),
                ] => Some(Some(Permission {
                    codename: codename.clone(),
                    app_label: app_label.clone(),
                    model: model.clone(),
                })),
                _ => None,
            },
            Value::Number(_) => Some(self.permissions.get(&entry.to_string()).cloned()),
            _ => None,
        })
    }

    /// `4`, or `["blog", "post"]`.
    fn content_type(&self, value: &Value) -> Option<(String, String)> {
        match value {
            Value::Array(key) => match key.as_slice() {
                [Value::String(app_label), Value::String(model)] => Some((app_label.clone(), model.clone())),
                _ => None,
            },
            number => self.content_types.get(&number.to_string()).cloned(),
        }
    }
}

/// What each entry of a list means, once: the outer `None` makes the list none, the inner one is not explained.
fn resolve<T: Ord>(list: &[Value], mean: impl Fn(&Value) -> Option<Option<T>>) -> Option<Resolved<T>> {
    let (mut known, mut unexplained) = (BTreeSet::new(), 0);
    for entry in list {
        match mean(entry)? {
            Some(meant) => drop(known.insert(meant)),
            None => unexplained += 1,
        }
    }
    Some(Resolved {
        known: known.into_iter().collect(),
        unexplained,
    })
}
