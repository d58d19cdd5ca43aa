//! Which column each field of a user model has: Django's `db_column`.

use std::collections::BTreeMap;

/// The columns of the fields that every user model has, the primary key and the password, and of those that it may have:
/// the ones of `AbstractUser`, and one of another name that `USERNAME_FIELD` or `EMAIL_FIELD` names.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    id: String,
    password: String,
    others: BTreeMap<String, String>,
}

impl Columns {
    /// The fields of `AbstractUser` (Django 5.2, `contrib/auth/{base_user,models}.py`), `id` for the primary key.
    pub const ABSTRACT_USER: [&str; 11] = [
        "id",
        "password",
        "last_login",
        "is_superuser",
        "username",
        "first_name",
        "last_name",
        "email",
        "is_staff",
        "is_active",
        "date_joined",
    ];

    /// All of [`ABSTRACT_USER`](Self::ABSTRACT_USER), each in a column of its own name.
    pub fn of_abstract_user() -> Self {
        let mut columns = Self {
            id: "id".to_owned(),
            password: "password".to_owned(),
            others: BTreeMap::new(),
        };
        for field in Self::ABSTRACT_USER {
            columns.set(field, field);
        }
        columns
    }

    /// The column of a field, `id` for the primary key; `None` where the model has no such field.
    pub fn of(&self, field: &str) -> Option<&str> {
        match field {
            "id" => Some(&self.id),
            "password" => Some(&self.password),
            other => self.others.get(other).map(String::as_str),
        }
    }

    /// The column of the primary key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The column of the password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Every field with its column.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let always = [("id", self.id.as_str()), ("password", &self.password)];
        let others = self.others.iter().map(|(field, column)| (&**field, &**column));
        always.into_iter().chain(others)
    }

    /// Gives a field a column.
    pub fn set(&mut self, field: &str, column: &str) {
        let column = column.to_owned();
        match field {
            "id" => self.id = column,
            "password" => self.password = column,
            other => {
                self.others.insert(other.to_owned(), column);
            }
        }
    }

    /// Says that the model has no such field. A primary key and a password it always has.
    pub fn remove(&mut self, field: &str) {
        self.others.remove(field);
    }
}
