//! The rows of the user's table: `django.contrib.auth.models` of Django 5.2, as far as sign-up and sign-in
//! use them.
//!
//! Which table and which further columns is said by the [`UserModel`](crate::UserModel) that the
//! [`Store`](crate::Store) was opened with. Nothing here hashes, normalises or validates: a username is looked up as it is given, and the
//! password column is written as it is given.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use munjigi_user::{AuthUser, UserId};

use crate::db::{Conn, Param, Tx};
use crate::emails;
use crate::error::{Error, Result};
use crate::model::FieldValue;

pub mod columns;
pub mod rows;
mod sql;

pub(crate) use sql::UserSql;

/// A row of the user's table. A field that the model has not is read as it is said here, and so is a text or a boolean that
/// is NULL: as an empty text, as false.
#[derive(Clone, PartialEq)]
pub struct User {
    /// The primary key.
    pub id: UserId,
    /// `password`: the stored hash in Django's encoding.
    pub password: String,
    /// `last_login`; `None` where there is none, too.
    pub last_login: Option<Timestamp>,
    /// `is_superuser`; false where there is none.
    pub is_superuser: bool,
    /// The column that `USERNAME_FIELD` names: `get_username()`.
    pub username: String,
    /// `first_name`; empty where there is none.
    pub first_name: String,
    /// `last_name`; empty where there is none.
    pub last_name: String,
    /// The column that `EMAIL_FIELD` names; empty where there is none.
    pub email: String,
    /// `is_staff`; false where there is none.
    pub is_staff: bool,
    /// `is_active`; true where there is none, as in `AbstractBaseUser`.
    pub is_active: bool,
    /// `date_joined`; `None` where there is none.
    pub date_joined: Option<Timestamp>,
    /// The model's further fields by name, in the order of [`UserModel::extra_fields`](crate::UserModel::extra_fields).
    pub extra: Vec<(Arc<str>, FieldValue)>,
}

/// Leaves the stored hash out.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl AuthUser for User {
    fn id(&self) -> UserId {
        self.id.clone()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn password(&self) -> &str {
        &self.password
    }

    fn field(&self, name: &str) -> Option<String> {
        match name {
            "id" | "pk" => Some(self.id.to_string()),
            "username" => Some(self.username.clone()),
            "email" => Some(self.email.clone()),
            "first_name" => Some(self.first_name.clone()),
            "last_name" => Some(self.last_name.clone()),
            _ => match self.extra(name)? {
                FieldValue::Null => None,
                FieldValue::Integer(value) => Some(value.to_string()),
                FieldValue::Text(value) => Some(value.clone()),
                FieldValue::Boolean(value) => Some(if *value { "True" } else { "False" }.to_owned()),
            },
        }
    }
}

impl User {
    /// The value of one of the model's further fields.
    pub fn extra(&self, name: &str) -> Option<&FieldValue> {
        self.extra
            .iter()
            .find(|(field, _)| **field == *name)
            .map(|(_, value)| value)
    }
}

/// A user to be made. What stands here for a field that the model has not is written nowhere.
#[derive(Clone)]
pub struct NewUser {
    /// The primary key; `None` where the database gives it, as it does for integers.
    pub id: Option<UserId>,
    /// The username; where `USERNAME_FIELD` is `EMAIL_FIELD` it is not looked at. Normalised by the caller (NFKC).
    pub username: String,
    /// The e-mail address, normalised by the caller; may be empty.
    pub email: String,
    /// The password's hash in Django's encoding.
    pub password: String,
    /// `first_name`; may be empty.
    pub first_name: String,
    /// `last_name`; may be empty.
    pub last_name: String,
    /// `is_active`.
    pub is_active: bool,
    /// `is_staff`.
    pub is_staff: bool,
    /// `is_superuser`.
    pub is_superuser: bool,
    /// `date_joined`.
    pub date_joined: Timestamp,
    /// One value for each of [`UserModel::extra_fields`](crate::UserModel::extra_fields), in their order. What is left out is NULL.
    pub extra: Vec<FieldValue>,
    /// Sixteen random bytes for each of [`UserModel::filled`](crate::UserModel::filled) that is a [`Fill::Uuid4`](crate::Fill::Uuid4), in their order.
    pub random: Vec<[u8; 16]>,
}

/// The user with this key.
///
/// # Errors
/// What the database may fail with.
pub async fn by_id(conn: &mut Conn, id: &UserId) -> Result<Option<User>> {
    let sql = conn.users();
    if !sql.may_hold(id) {
        return Ok(None);
    }
    conn.optional(&sql.by_id, &[id.into()], |row| sql.read(row)).await
}

/// The user with exactly this username: letters in another case are another user.
///
/// # Errors
/// What the database may fail with.
pub async fn by_username(conn: &mut Conn, username: &str) -> Result<Option<User>> {
    if username.contains('\0') {
        return Ok(None);
    }
    let sql = conn.users();
    conn.optional(&sql.by_username, &[username.into()], |row| sql.read(row))
        .await
}

/// Users with this e-mail address, letters A to Z in either case: none, one, or two of more than one. Django does
/// not keep addresses unique, so a caller that means one user must refuse two.
///
/// Without an index on `lower(email)` this reads the whole table; on SQLite it then runs on a thread of its own.
///
/// # Errors
/// What the database may fail with.
pub async fn by_email(conn: &mut Conn, email: &str) -> Result<Vec<User>> {
    let mut found = all_by_email(conn, email).await?;
    found.truncate(2);
    Ok(found)
}

/// All users with this e-mail address, in the order of their keys, compared and read as by [`by_email`].
///
/// # Errors
/// What the database may fail with.
pub async fn all_by_email(conn: &mut Conn, email: &str) -> Result<Vec<User>> {
    if email.is_empty() || email.contains('\0') {
        return Ok(Vec::new());
    }
    let mut found = conn.all_by_email(email).await?;
    // PostgreSQL's lower() knows more letters than A to Z.
    let folded = emails::fold(email);
    found.retain(|user| emails::fold(&user.email) == folded);
    Ok(found)
}

/// Writes a new row and gives it back with its key.
///
/// # Errors
/// [`Error::UniqueViolation`] with the username's column where the name is taken. A key that the database does not give and
/// the caller did not is an [`Error::Statement`].
pub async fn insert(tx: &mut Tx, user: &NewUser) -> Result<User> {
    let sql = tx.users();
    let mut params: Vec<Param<'_>> = sql.written.iter().map(|written| written.of(user)).collect();
    let missing = sql.names.len().saturating_sub(user.extra.len());
    params.extend(user.extra.iter().take(sql.names.len()).map(field_param));
    params.extend(std::iter::repeat_n(Param::Null, missing));
    params.extend(sql.filled(user));
    let statement = match &user.id {
        None => &sql.insert,
        Some(id) => {
            params.push(id.into());
            &sql.insert_with_id
        }
    };
    let inserted = tx.optional(statement, &params, |row| sql.read(row)).await?;
    inserted.ok_or_else(|| Error::Statement(Arc::from(Box::from("an INSERT gave no row back"))))
}

/// Sets the stored hash. False where there is no such user.
///
/// # Errors
/// What the database may fail with.
pub async fn set_password(tx: &mut Tx, id: &UserId, encoded: &str) -> Result<bool> {
    let sql = tx.users();
    Ok(tx
        .execute(&sql.set_password, &[id.into(), encoded.into()])
        .await?
        > 0)
}

/// Sets the stored hash if it still is `verified`: an upgrade of the hash at sign-in never undoes a change of
/// the password that came in between. False where it was another.
///
/// # Errors
/// What the database may fail with.
pub async fn upgrade_password(tx: &mut Tx, id: &UserId, verified: &str, encoded: &str) -> Result<bool> {
    let sql = tx.users();
    Ok(tx
        .execute(
            &sql.upgrade_password,
            &[id.into(), verified.into(), encoded.into()],
        )
        .await?
        > 0)
}

/// Lets a verified password in: true where the user is still active and his stored hash still is `verified`, and
/// then `last_login` is set, if it is to be and the model has one. It holds the row until the transaction ends, so that nobody is shut out
/// or given another password between this and the commit.
///
/// # Errors
/// What the database may fail with.
pub async fn redeem(tx: &mut Tx, id: &UserId, verified: &str, last_login: Option<Timestamp>) -> Result<bool> {
    let sql = tx.users();
    let params = [id.into(), verified.into(), last_login.into()];
    let params = if sql.has_last_login() {
        params.as_slice()
    } else {
        params.get(..2).unwrap_or_default()
    };
    Ok(tx.execute(&sql.redeem, params).await? > 0)
}

/// Holds the row until the transaction ends, where the stored hash still is `verified`: what was made for a user who was
/// read before is for one who has another password by now. False where it was another.
///
/// # Errors
/// What the database may fail with.
pub async fn hold(tx: &mut Tx, id: &UserId, verified: &str) -> Result<bool> {
    upgrade_password(tx, id, verified, verified).await
}

/// Holds the row until the transaction ends, whatever stands in it. False where there is no such user.
///
/// # Errors
/// What the database may fail with.
pub async fn lock(tx: &mut Tx, id: &UserId) -> Result<bool> {
    let sql = tx.users();
    Ok(tx.execute(&sql.lock, &[id.into()]).await? > 0)
}

/// Sets `is_active`. False where there is no such user, or no such field.
///
/// # Errors
/// What the database may fail with.
pub async fn activate(tx: &mut Tx, id: &UserId) -> Result<bool> {
    set_active(tx, id, true).await
}

/// Unsets `is_active`. False where there is no such user, or no such field.
///
/// # Errors
/// What the database may fail with.
pub async fn deactivate(tx: &mut Tx, id: &UserId) -> Result<bool> {
    set_active(tx, id, false).await
}

async fn set_active(tx: &mut Tx, id: &UserId, active: bool) -> Result<bool> {
    let sql = tx.users();
    match &sql.set_active {
        Some(set) => Ok(tx.execute(set, &[id.into(), active.into()]).await? > 0),
        None => Ok(false),
    }
}

/// Sets the e-mail address, normalised by the caller. False where there is no such user, or no such field.
///
/// # Errors
/// What the database may fail with.
pub async fn set_email(tx: &mut Tx, id: &UserId, email: &str) -> Result<bool> {
    let sql = tx.users();
    match &sql.set_email {
        Some(set) => Ok(tx.execute(set, &[id.into(), email.into()]).await? > 0),
        None => Ok(false),
    }
}

/// Sets one of the model's further fields, by its place in [`UserModel::extra_fields`](crate::UserModel::extra_fields). False where there is no such
/// user, or no such field.
///
/// # Errors
/// What the database may fail with.
pub async fn set_extra(tx: &mut Tx, id: &UserId, place: usize, value: &FieldValue) -> Result<bool> {
    let sql = tx.users();
    let Some(set) = sql.set_extra.get(place) else {
        return Ok(false);
    };
    Ok(tx.execute(set, &[id.into(), field_param(value)]).await? > 0)
}

/// Removes a user, his groups and his permissions. False where there is no such user.
///
/// # Errors
/// [`Error::ForeignKeyViolation`] where a row of another table still refers to him, told when the transaction commits;
/// also where the relations of a `PermissionsMixin` are not there under their names, which
/// [`migrate::check_relations`](crate::migrate::check_relations) tells before.
pub async fn delete(tx: &mut Tx, id: &UserId) -> Result<bool> {
    let sql = tx.users();
    for leave in &sql.permissions.leave {
        tx.execute(leave, &[id.into()]).await?;
    }
    Ok(tx.execute(&sql.delete, &[id.into()]).await? > 0)
}

/// Up to `limit` users in the order of their keys, from the first or from the one after `after`.
///
/// # Errors
/// What the database may fail with.
pub async fn list(conn: &mut Conn, after: Option<&UserId>, limit: u32) -> Result<Vec<User>> {
    let sql = conn.users();
    let limit = Param::Int(limit.into());
    match after {
        None => conn.all(&sql.list, &[limit], |row| sql.read(row)).await,
        Some(id) => {
            conn.all(&sql.list_after, &[limit, id.into()], |row| sql.read(row))
                .await
        }
    }
}

/// How many users there are.
///
/// # Errors
/// What the database may fail with.
pub async fn count(conn: &mut Conn) -> Result<u64> {
    let sql = conn.users();
    let count = conn.optional(&sql.count, &[], |row| row.int(0)).await?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// A parameter for the value of one of the model's further fields.
fn field_param(value: &FieldValue) -> Param<'_> {
    match value {
        FieldValue::Null => Param::Null,
        FieldValue::Integer(value) => Param::Int(*value),
        FieldValue::Text(value) => Param::Text(value),
        FieldValue::Boolean(value) => Param::Bool(*value),
    }
}
