//! The rows of the user's table: `django.contrib.auth.models` of Django 5.2, as far as sign-up and sign-in
//! use them.
//!
//! Which table and which further columns is said by the [`UserModel`] that the [`Store`](crate::Store) was
//! opened with. Nothing here hashes, normalises or validates: a username is looked up as it is given, and the
//! password column is written as it is given.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use munjigi_user::{AuthUser, UserId, UserIdKind};

use crate::db::{Conn, Param, Row, Stmt, TokenBlacklist, Tx, quoted};
use crate::emails;
use crate::error::{Error, Result};
use crate::model::{FieldKind, FieldValue, UserModel};
use crate::permissions::PermissionSql;

/// A row of the user's table.
#[derive(Clone, PartialEq)]
pub struct User {
    /// `id`.
    pub id: UserId,
    /// `password`: the stored hash in Django's encoding.
    pub password: String,
    /// `last_login`.
    pub last_login: Option<Timestamp>,
    /// `is_superuser`.
    pub is_superuser: bool,
    /// The column that `USERNAME_FIELD` names.
    pub username: String,
    /// `first_name`.
    pub first_name: String,
    /// `last_name`.
    pub last_name: String,
    /// The column that `EMAIL_FIELD` names.
    pub email: String,
    /// `is_staff`.
    pub is_staff: bool,
    /// `is_active`.
    pub is_active: bool,
    /// `date_joined`.
    pub date_joined: Timestamp,
    /// The model's further fields by name, in the order of [`UserModel::extra_fields`].
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

/// A user to be made, whose key the database gives.
#[derive(Clone)]
pub struct NewUser {
    /// The username, normalised by the caller (NFKC).
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
    /// One value for each of [`UserModel::extra_fields`], in their order. What is left out is NULL.
    pub extra: Vec<FieldValue>,
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
    if email.is_empty() || email.contains('\0') {
        return Ok(Vec::new());
    }
    let mut found = conn.all_by_email(email).await?;
    // PostgreSQL's lower() knows more letters than A to Z.
    let folded = emails::fold(email);
    found.retain(|user| emails::fold(&user.email) == folded);
    found.truncate(2);
    Ok(found)
}

/// Writes a new row and gives it back with its key.
///
/// # Errors
/// [`Error::UniqueViolation`] with the username's column where the name is taken.
pub async fn insert(tx: &mut Tx, user: &NewUser) -> Result<User> {
    let sql = tx.users();
    let mut params: Vec<Param<'_>> = vec![
        (&user.password).into(),
        user.is_superuser.into(),
        (&user.username).into(),
        (&user.first_name).into(),
        (&user.last_name).into(),
        (&user.email).into(),
        user.is_staff.into(),
        user.is_active.into(),
        user.date_joined.into(),
    ];
    let missing = sql.names.len().saturating_sub(user.extra.len());
    params.extend(user.extra.iter().take(sql.names.len()).map(field_param));
    params.extend(std::iter::repeat_n(Param::Null, missing));
    let inserted = tx.optional(&sql.insert, &params, |row| sql.read(row)).await?;
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
/// then `last_login` is set, if it is to be. It holds the row until the transaction ends, so that nobody is shut out
/// or given another password between this and the commit.
///
/// # Errors
/// What the database may fail with.
pub async fn redeem(tx: &mut Tx, id: &UserId, verified: &str, last_login: Option<Timestamp>) -> Result<bool> {
    let sql = tx.users();
    Ok(tx
        .execute(&sql.redeem, &[id.into(), verified.into(), last_login.into()])
        .await?
        > 0)
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

/// Sets `is_active`. False where there is no such user.
///
/// # Errors
/// What the database may fail with.
pub async fn activate(tx: &mut Tx, id: &UserId) -> Result<bool> {
    set_active(tx, id, true).await
}

/// Unsets `is_active`. False where there is no such user.
///
/// # Errors
/// What the database may fail with.
pub async fn deactivate(tx: &mut Tx, id: &UserId) -> Result<bool> {
    set_active(tx, id, false).await
}

async fn set_active(tx: &mut Tx, id: &UserId, active: bool) -> Result<bool> {
    let sql = tx.users();
    Ok(tx.execute(&sql.set_active, &[id.into(), active.into()]).await? > 0)
}

/// Sets the e-mail address, normalised by the caller. False where there is no such user.
///
/// # Errors
/// What the database may fail with.
pub async fn set_email(tx: &mut Tx, id: &UserId, email: &str) -> Result<bool> {
    let sql = tx.users();
    Ok(tx.execute(&sql.set_email, &[id.into(), email.into()]).await? > 0)
}

/// Sets one of the model's further fields, by its place in [`UserModel::extra_fields`]. False where there is no such
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
/// also where the model has no such relation, which [`migrate::check_relations`](crate::migrate::check_relations) tells
/// before.
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

/// The statements on the user's table, put together once when the store is opened.
pub(crate) struct UserSql {
    pub(crate) model: UserModel,
    pub(crate) token_blacklist: TokenBlacklist,
    pub(crate) permissions: PermissionSql,
    names: Vec<Arc<str>>,
    by_id: Stmt,
    by_username: Stmt,
    pub(crate) by_email: Stmt,
    insert: Stmt,
    set_password: Stmt,
    upgrade_password: Stmt,
    redeem: Stmt,
    lock: Stmt,
    set_active: Stmt,
    set_email: Stmt,
    set_extra: Vec<Stmt>,
    delete: Stmt,
    list: Stmt,
    list_after: Stmt,
    count: Stmt,
}

impl UserSql {
    pub(crate) fn new(model: UserModel, token_blacklist: TokenBlacklist) -> Self {
        let table = quoted(&model.table);
        let (username, email) = (quoted(&model.username_column), quoted(&model.email_column));
        let named = [
            "password",
            "is_superuser",
            &model.username_column,
            "first_name",
            "last_name",
        ];
        let more = [&model.email_column, "is_staff", "is_active", "date_joined"];
        let extra = model.extra_fields.iter().map(|field| field.column.as_str());
        let written: Vec<String> = named.into_iter().chain(more).chain(extra).map(quoted).collect();
        let places: Vec<String> = (1..=written.len()).map(|n| format!("${n}")).collect();
        let (written, places) = (written.join(", "), places.join(", "));
        let columns = format!("id, last_login, {written}");
        let select = format!("SELECT {columns} FROM {table}");
        let update = |what: &str| Stmt::new(format!("UPDATE {table} SET {what}"));
        Self {
            permissions: PermissionSql::new(&model),
            names: model
                .extra_fields
                .iter()
                .map(|field| Arc::from(field.name.as_str()))
                .collect(),
            by_id: Stmt::new(format!("{select} WHERE id = $1")),
            by_username: Stmt::new(format!("{select} WHERE {username} = $1")),
            by_email: Stmt::new(format!("{select} WHERE lower({email}) = lower($1) ORDER BY id")),
            insert: Stmt::new(format!(
                "INSERT INTO {table} ({written}) VALUES ({places}) RETURNING {columns}"
            )),
            set_password: update("password = $2 WHERE id = $1"),
            upgrade_password: update("password = $3 WHERE id = $1 AND password = $2"),
            redeem: update(
                "last_login = coalesce($3, last_login) WHERE id = $1 AND password = $2 AND is_active",
            ),
            lock: update("is_active = is_active WHERE id = $1"),
            set_active: update("is_active = $2 WHERE id = $1"),
            set_email: update(&format!("{email} = $2 WHERE id = $1")),
            set_extra: model
                .extra_fields
                .iter()
                .map(|field| update(&format!("{} = $2 WHERE id = $1", quoted(&field.column))))
                .collect(),
            delete: Stmt::new(format!("DELETE FROM {table} WHERE id = $1")),
            list: Stmt::new(format!("{select} ORDER BY id LIMIT $1")),
            list_after: Stmt::new(format!("{select} WHERE id > $2 ORDER BY id LIMIT $1")),
            count: Stmt::new(format!("SELECT count(*) FROM {table}")),
            model,
            token_blacklist,
        }
    }

    pub(crate) fn read(&self, row: &Row<'_>) -> Result<User> {
        Ok(User {
            id: row.user_id(0, self.model.id_kind)?,
            last_login: row.optional_time(1)?,
            password: row.text(2)?,
            is_superuser: row.bool(3)?,
            username: row.text(4)?,
            first_name: row.text(5)?,
            last_name: row.text(6)?,
            email: row.text(7)?,
            is_staff: row.bool(8)?,
            is_active: row.bool(9)?,
            date_joined: row.time(10)?,
            extra: self.read_extra(row)?,
        })
    }

    fn read_extra(&self, row: &Row<'_>) -> Result<Vec<(Arc<str>, FieldValue)>> {
        let fields = self.names.iter().zip(&self.model.extra_fields).zip(11..);
        fields
            .map(|((name, field), column)| {
                let value = match field.kind {
                    FieldKind::Integer { .. } => row.optional_int(column)?.map(FieldValue::Integer),
                    FieldKind::Text { .. } => row.optional_text(column)?.map(FieldValue::Text),
                    FieldKind::Boolean => row.optional_bool(column)?.map(FieldValue::Boolean),
                };
                Ok((Arc::clone(name), value.unwrap_or(FieldValue::Null)))
            })
            .collect()
    }

    /// Whether the key's column could hold this key at all: PostgreSQL refuses to compare an `integer` with more.
    fn may_hold(&self, id: &UserId) -> bool {
        match (self.model.id_kind, id) {
            (UserIdKind::Int, UserId::Int(id)) => i32::try_from(*id).is_ok(),
            (UserIdKind::BigInt, UserId::Int(_)) | (UserIdKind::Uuid, UserId::Uuid(_)) => true,
            (UserIdKind::Text, UserId::Text(id)) => !id.contains('\0'),
            _ => false,
        }
    }
}

fn field_param(value: &FieldValue) -> Param<'_> {
    match value {
        FieldValue::Null => Param::Null,
        FieldValue::Integer(value) => Param::Int(*value),
        FieldValue::Text(value) => Param::Text(value),
        FieldValue::Boolean(value) => Param::Bool(*value),
    }
}
