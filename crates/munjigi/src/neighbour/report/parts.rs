//! The parts of a report: the database, the user model, the hashers, the routes, and what nobody else may see.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A value that nobody else may see: it is wiped when it is dropped, and has no `Debug`.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl Secret {
    /// The value, for who hands it over.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// `DATABASES`, of the one that users are kept in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `connection.vendor`: `postgresql`, `sqlite`, `mysql`, `oracle`, `microsoft`. Wrappers have that of what they wrap.
    pub(crate) vendor: String,
    /// `NAME`; the path of an SQLite file from the root on.
    pub(crate) name: Option<String>,
    /// `USER`.
    pub(crate) user: Option<String>,
    /// `HOST`: a name, an address, the folder of a socket, or nothing for the usual socket.
    pub(crate) host: Option<String>,
    /// `PORT`, a number or a text.
    pub(crate) port: Option<Value>,
    /// Of `OPTIONS` what says how the database is reached.
    pub(crate) options: BTreeMap<String, Value>,
    /// The names of the others.
    pub(crate) other_options: Vec<String>,
}

/// The user model, as its `_meta` has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// `accounts.Member`.
    pub(crate) label: String,
    /// `Meta.db_table`.
    pub(crate) table: String,
    /// The field that a user signs in by.
    #[serde(rename = "USERNAME_FIELD")]
    pub(crate) username_field: String,
    /// The field of his address, where the model has one.
    #[serde(rename = "EMAIL_FIELD")]
    pub(crate) email_field: Option<String>,
    /// Its columns, in their order.
    pub(crate) fields: Vec<Field>,
    /// Methods that are the project's own where munjigi does what Django's do: `check_password`.
    pub(crate) own_methods: Vec<String>,
}

/// A column of the user model.
#[expect(clippy::struct_excessive_bools, reason = "they are what Django's Field has")]
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in Python.
    pub(crate) name: String,
    /// Its name in the table.
    pub(crate) column: String,
    /// The table, which is another than the model's where that inherits from a model with a table.
    pub(crate) table: String,
    /// Its class, dotted.
    pub(crate) class: String,
    /// Django's class that it is stored as (`get_internal_type`): an `EmailField` is a `CharField`.
    #[serde(rename = "type")]
    pub(crate) stored_as: Option<String>,
    /// Whether it may hold NULL.
    pub(crate) null: bool,
    /// The most characters of a text.
    pub(crate) max_length: Option<u32>,
    /// Whether the database itself has one (Django 5.0 and later).
    pub(crate) has_db_default: bool,
    /// The default, where it is a value; `{"$python": "…"}` where a function makes it.
    pub(crate) default: Option<Value>,
    /// Whether Django writes the time into it (`auto_now`, `auto_now_add`).
    pub(crate) auto_now: bool,
    /// Whether it is the key.
    pub(crate) primary_key: bool,
    /// The model that it refers to.
    pub(crate) relation: Option<String>,
}

/// One of `PASSWORD_HASHERS`, as `get_hashers()` made it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hasher {
    /// As it is written.
    pub(crate) path: String,
    /// The hasher of Django's that it is, or is made of.
    pub(crate) base: Option<String>,
    /// What its rows begin with.
    pub(crate) algorithm: Option<String>,
    /// `iterations`, `rounds` and their kin, as they hold.
    pub(crate) costs: BTreeMap<String, u64>,
    /// What else the project changed in it.
    pub(crate) differences: Vec<String>,
}

/// One of `AUTH_PASSWORD_VALIDATORS`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordValidator {
    /// `NAME`.
    pub(crate) path: String,
    /// The validator of Django's that it is, or is made of.
    pub(crate) base: Option<String>,
    /// `OPTIONS`.
    pub(crate) options: Value,
    /// What the project changed in it.
    pub(crate) differences: Vec<String>,
}

/// One of `CACHES`. No `Debug`: a password may stand in its location.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// `BACKEND`, dotted.
    pub(crate) backend: Value,
    /// `LOCATION`: one, or several.
    pub(crate) location: Value,
    /// `KEY_PREFIX`.
    pub(crate) key_prefix: Value,
    /// `VERSION`.
    pub(crate) version: Value,
    /// `KEY_FUNCTION`, where it is not Django's.
    pub(crate) key_function: Value,
    /// The names of its `OPTIONS`.
    pub(crate) options: Vec<String>,
}

impl Cache {
    /// The URL of the server that is written to: of several the first.
    pub(crate) fn server(&self) -> Option<&str> {
        self.location.get(0).unwrap_or(&self.location).as_str()
    }
}

/// The dict of a package, with the package's defaults.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dict {
    /// By key, secrets aside.
    pub(crate) values: BTreeMap<String, Value>,
    /// The keys that the package does not know.
    pub(crate) unknown: Vec<String>,
}

/// A route that a sign-in goes through.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// `/api/token/`; `None` where a path is more than letters, such as one that begins with the language.
    pub(crate) path: Option<String>,
    /// The last part of the pattern, as it is written.
    pub(crate) pattern: String,
    /// The library's view that it is, or is made of, dotted.
    pub(crate) kind: String,
    /// The view, dotted.
    pub(crate) view: String,
    /// What of the view is the project's own.
    pub(crate) differences: Vec<String>,
    /// Its serializer, where it is a view of Django REST framework's.
    pub(crate) serializer: Option<Serializer>,
    /// Its throttles, dotted.
    pub(crate) throttles: Vec<String>,
}

/// A serializer of a view.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serializer {
    /// Its class, dotted.
    pub(crate) class: String,
    /// The library's serializer that it is, or is made of.
    pub(crate) base: Option<String>,
    /// What of it is the project's own: `get_token`.
    pub(crate) differences: Vec<String>,
}

/// Who is called by a signal.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    /// `user_logged_in`, `post_save`.
    pub(crate) signal: String,
    /// The function, dotted.
    pub(crate) receiver: String,
}

/// What nobody else may see. `None` where it is not set, or empty.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// `SECRET_KEY`.
    #[serde(rename = "SECRET_KEY")]
    pub(crate) secret_key: Option<Secret>,
    /// `SECRET_KEY_FALLBACKS`.
    #[serde(rename = "SECRET_KEY_FALLBACKS")]
    pub(crate) secret_key_fallbacks: Vec<Secret>,
    /// `PASSWORD` of the database.
    #[serde(rename = "DATABASE_PASSWORD")]
    pub(crate) database_password: Option<Secret>,
    /// `EMAIL_HOST_PASSWORD`.
    #[serde(rename = "EMAIL_HOST_PASSWORD")]
    pub(crate) email_host_password: Option<Secret>,
    /// `SIMPLE_JWT["SIGNING_KEY"]`, where it is written.
    #[serde(rename = "SIMPLE_JWT.SIGNING_KEY")]
    pub(crate) signing_key: Option<Secret>,
    /// `SIMPLE_JWT["VERIFYING_KEY"]`, where it is written.
    #[serde(rename = "SIMPLE_JWT.VERIFYING_KEY")]
    pub(crate) verifying_key: Option<Secret>,
    /// `JWT_AUTH["JWT_SECRET_KEY"]`, where it is written.
    #[serde(rename = "JWT_AUTH.JWT_SECRET_KEY")]
    pub(crate) jwt_secret_key: Option<Secret>,
}
