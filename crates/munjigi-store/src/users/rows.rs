//! The rows of the user's table as they stand, for an import and an export: every field that the model has, NULL where
//! NULL stands, with the keys that they have elsewhere. What Django's `dumpdata` and `loaddata` do by the ORM.
//!
//! Many rows go in one statement, for a file has a hundred thousand of them.

use std::sync::LazyLock;

use jiff::Timestamp;
use munjigi_user::{UserId, UserIdKind};

use crate::db::{Conn, Param, Row, Stmt, Tx, quoted};
use crate::error::Result;
use crate::model::{FieldKind, FilledKind, UserModel};

/// A field of the model other than its primary key.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The field's name, as it stands in a fixture.
    pub name: String,
    /// Its column.
    pub column: String,
    /// What it holds.
    pub kind: Kind,
}

/// What a [`Field`] holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A text.
    Text,
    /// A boolean.
    Boolean,
    /// A moment.
    Moment,
    /// A day, as `2026-01-31`.
    Date,
    /// A UUID, with its dashes.
    Uuid,
    /// A number that may have a fraction, in digits.
    Number,
    /// JSON.
    Json,
    /// An integer between two.
    Integer {
        /// The smallest value.
        min: i64,
        /// The greatest value.
        max: i64,
    },
}

/// The value of a [`Field`]. It has no `Debug`: it may be a stored password.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// Of [`Kind::Text`], and of those kinds that go by what is written of them: [`Kind::Date`], [`Kind::Uuid`],
    /// [`Kind::Number`], [`Kind::Json`].
    Text(String),
    /// Of [`Kind::Boolean`].
    Boolean(bool),
    /// Of [`Kind::Moment`].
    Moment(Timestamp),
    /// Of [`Kind::Integer`].
    Integer(i64),
}

/// A row to be written, or one that was read.
#[derive(Clone, PartialEq)]
pub struct UserRow {
    /// The primary key.
    pub id: UserId,
    /// One value for each of [`fields`], in their order.
    pub values: Vec<Value>,
}

/// A user who is there already.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// His key.
    pub id: UserId,
    /// What stands in the column of `USERNAME_FIELD`; empty where it is NULL.
    pub username: String,
    /// What stands in the column of `EMAIL_FIELD`; empty where it is NULL or there is none.
    pub email: String,
}

/// The fields of the model in the order of its declaration, `AbstractUser`'s first.
pub fn fields(model: &UserModel) -> Vec<Field> {
    let built_in = [
        ("password", Kind::Text),
        ("last_login", Kind::Moment),
        ("is_superuser", Kind::Boolean),
        ("username", Kind::Text),
        ("first_name", Kind::Text),
        ("last_name", Kind::Text),
        ("email", Kind::Text),
        ("is_staff", Kind::Boolean),
        ("is_active", Kind::Boolean),
        ("date_joined", Kind::Moment),
    ];
    let named = [Some(&model.username_field), model.email_field.as_ref()];
    let named = named
        .into_iter()
        .flatten()
        .map(|name| (name.as_str(), Kind::Text));
    let mut fields: Vec<Field> = Vec::new();
    for (name, kind) in built_in.into_iter().chain(named) {
        if let Some(column) = model.columns.of(name)
            && fields.iter().all(|field| field.name != name)
        {
            fields.push(Field {
                name: name.to_owned(),
                column: column.to_owned(),
                kind,
            });
        }
    }
    fields.extend(model.extra_fields.iter().map(|field| Field {
        name: field.name.clone(),
        column: field.column.clone(),
        kind: match field.kind {
            FieldKind::Integer { min, max } => Kind::Integer { min, max },
            FieldKind::Text { .. } => Kind::Text,
            FieldKind::Boolean => Kind::Boolean,
        },
    }));
    fields.extend(model.filled.iter().map(|filled| Field {
        name: filled.name.clone(),
        column: filled.column.clone(),
        kind: match filled.kind {
            FilledKind::Moment => Kind::Moment,
            FilledKind::Date => Kind::Date,
            FilledKind::Uuid => Kind::Uuid,
            FilledKind::Number => Kind::Number,
            FilledKind::Json => Kind::Json,
        },
    }));
    fields
}

/// Up to `limit` rows in the order of their keys, from the first or from the one after `after`.
///
/// # Errors
/// What the database may fail with.
pub async fn list(conn: &mut Conn, after: Option<&UserId>, limit: u32) -> Result<Vec<UserRow>> {
    let users = conn.users();
    let (model, fields) = (&users.model, fields(&users.model));
    let id = quoted(model.columns.id());
    let names: Vec<String> = fields.iter().map(selected).collect();
    let (from, names) = (quoted(&model.table), names.join(", "));
    let after_sql = if after.is_some() {
        format!("WHERE {id} > $2")
    } else {
        String::new()
    };
    let stmt = Stmt::new(format!(
        "SELECT {id}, {names} FROM {from} {after_sql} ORDER BY {id} LIMIT $1"
    ));
    let params: Vec<Param<'_>> = [Param::Int(limit.into())]
        .into_iter()
        .chain(after.map(Param::from))
        .collect();
    conn.all(&stmt, &params, |row| {
        let values = fields
            .iter()
            .zip(1..)
            .map(|(field, at)| read(row, at, field.kind));
        Ok(UserRow {
            id: row.user_id(0, model.id_kind)?,
            values: values.collect::<Result<_>>()?,
        })
    })
    .await
}

/// Those of the users who have one of these keys or one of these names.
///
/// # Errors
/// What the database may fail with.
pub async fn held(conn: &mut Conn, ids: &[&UserId], usernames: &[&str]) -> Result<Vec<Held>> {
    if ids.is_empty() && usernames.is_empty() {
        return Ok(Vec::new());
    }
    let users = conn.users();
    let model = &users.model;
    let (id, name) = (quoted(model.columns.id()), quoted(model.username_column()));
    let email = model
        .email_column()
        .map_or_else(|| "CAST('' AS text)".to_owned(), quoted);
    let mut places = Places::default();
    let conditions = [(&id, ids.len()), (&name, usernames.len())]
        .into_iter()
        .filter(|(_, count)| *count > 0);
    let conditions: Vec<String> = conditions
        .map(|(column, count)| format!("{column} IN ({})", places.next(count)))
        .collect();
    let stmt = Stmt::new(format!(
        "SELECT {id}, {name}, {email} FROM {} WHERE {}",
        quoted(&model.table),
        conditions.join(" OR ")
    ));
    let params: Vec<Param<'_>> = ids
        .iter()
        .map(|id| Param::from(*id))
        .chain(usernames.iter().map(|name| Param::Text(name)))
        .collect();
    conn.all(&stmt, &params, |row| {
        Ok(Held {
            id: row.user_id(0, model.id_kind)?,
            username: row.optional_text(1)?.unwrap_or_default(),
            email: row.optional_text(2)?.unwrap_or_default(),
        })
    })
    .await
}

/// Writes rows with the keys that they have.
///
/// # Errors
/// [`Error::UniqueViolation`](crate::Error::UniqueViolation) where a key or a name is taken.
pub async fn insert(tx: &mut Tx, rows: &[UserRow]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let users = tx.users();
    let model = &users.model;
    let fields = fields(model);
    let mut places = Places::default();
    let lists: Vec<String> = rows
        .iter()
        .map(|_| format!("({}, {})", places.next(1), places.of(&fields, tx)))
        .collect();
    let columns: Vec<String> = std::iter::once(model.columns.id())
        .chain(fields.iter().map(|field| field.column.as_str()))
        .map(quoted)
        .collect();
    let stmt = Stmt::new(format!(
        "INSERT INTO {} ({}) VALUES {}",
        quoted(&model.table),
        columns.join(", "),
        lists.join(", ")
    ));
    let params: Vec<Param<'_>> = rows
        .iter()
        .flat_map(|row| std::iter::once(Param::from(&row.id)).chain(row.values.iter().map(Param::from)))
        .collect();
    tx.execute(&stmt, &params).await?;
    Ok(())
}

/// Writes a row whose key the database gives, as it does for integers, and gives that back.
///
/// # Errors
/// As [`insert`].
pub async fn insert_without_key(tx: &mut Tx, values: &[Value]) -> Result<Option<UserId>> {
    let users = tx.users();
    let model = &users.model;
    let fields = fields(model);
    let columns: Vec<String> = fields.iter().map(|field| quoted(&field.column)).collect();
    let stmt = Stmt::new(format!(
        "INSERT INTO {} ({}) VALUES ({}) RETURNING {}",
        quoted(&model.table),
        columns.join(", "),
        Places::default().of(&fields, tx),
        quoted(model.columns.id())
    ));
    let params: Vec<Param<'_>> = values.iter().map(Param::from).collect();
    tx.optional(&stmt, &params, |row| row.user_id(0, model.id_kind))
        .await
}

/// Sets those fields of a user that are given, one for each of [`fields`] in their order. False where there is no such
/// user.
///
/// # Errors
/// As [`insert`].
pub async fn update(tx: &mut Tx, id: &UserId, values: &[Option<Value>]) -> Result<bool> {
    let users = tx.users();
    let model = &users.model;
    let fields = fields(model);
    let given = || {
        fields
            .iter()
            .zip(values)
            .filter_map(|(field, value)| Some((field, value.as_ref()?)))
    };
    let set: Vec<String> = given()
        .zip(2..)
        .map(|((field, _), at)| format!("{} = {}", quoted(&field.column), written(field.kind, at, tx)))
        .collect();
    if set.is_empty() {
        return Ok(true);
    }
    let stmt = Stmt::new(format!(
        "UPDATE {} SET {} WHERE {} = $1",
        quoted(&model.table),
        set.join(", "),
        quoted(model.columns.id())
    ));
    let params: Vec<Param<'_>> = std::iter::once(Param::from(id))
        .chain(given().map(|(_, value)| Param::from(value)))
        .collect();
    Ok(tx.execute(&stmt, &params).await? > 0)
}

/// Whether the role of the database may do what [`advance_keys`] does.
///
/// # Errors
/// What the database may fail with.
pub async fn may_advance_keys(conn: &mut Conn) -> Result<bool> {
    if conn.choose(true, false) {
        return Ok(true);
    }
    let users = conn.users();
    let params = [quoted(&users.model.table), users.model.columns.id().to_owned()];
    let params: Vec<Param<'_>> = params.iter().map(Param::from).collect();
    let may = conn
        .optional(&MAY_ADVANCE, &params, |row| row.optional_bool(0))
        .await?;
    // A key that is not counted has no sequence.
    Ok(may.flatten().unwrap_or(true))
}

/// Has the next key that PostgreSQL gives come after all that are there. It is never put back: a key that was once given is
/// not given to somebody else. SQLite sees to that by itself, and keys that are no integers are not counted.
///
/// # Errors
/// What the database may fail with; also where the role may not set the sequence.
pub async fn advance_keys(tx: &mut Tx) -> Result<()> {
    let users = tx.users();
    let model = &users.model;
    let is_counted = matches!(model.id_kind, UserIdKind::Int | UserIdKind::BigInt);
    if !is_counted || tx.choose(true, false) {
        return Ok(());
    }
    let (table, id) = (quoted(&model.table), model.columns.id());
    let stmt = Stmt::new(format!(
        "SELECT setval(s.name, s.last) FROM (SELECT pg_get_serial_sequence($1, $2)::regclass AS name, \
         (SELECT max({}) FROM {table})::bigint AS last) s \
         WHERE s.name IS NOT NULL AND s.last > coalesce(pg_sequence_last_value(s.name), 0)",
        quoted(id)
    ));
    tx.all(&stmt, &[(&table).into(), id.into()], |_| Ok(())).await?;
    Ok(())
}

fn read(row: &Row<'_>, at: usize, kind: Kind) -> Result<Value> {
    let value = match kind {
        Kind::Text | Kind::Date | Kind::Number | Kind::Json => row.optional_text(at)?.map(Value::Text),
        Kind::Uuid => row.optional_uuid(at)?.map(|id| Value::Text(id.to_string())),
        Kind::Boolean => row.optional_bool(at)?.map(Value::Boolean),
        Kind::Moment => row.optional_time(at)?.map(Value::Moment),
        Kind::Integer { .. } => row.optional_int(at)?.map(Value::Integer),
    };
    Ok(value.unwrap_or(Value::Null))
}

/// A column as it is read. What has no type of its own here is read as text.
fn selected(field: &Field) -> String {
    let column = quoted(&field.column);
    match field.kind {
        Kind::Date | Kind::Number | Kind::Json => format!("CAST({column} AS text)"),
        _ => column,
    }
}

/// The parameter of this number as a value of the kind: PostgreSQL asks for the column's type, and SQLite keeps a UUID as
/// its 32 digits.
fn written(kind: Kind, at: usize, conn: &Conn) -> String {
    let cast = |class| format!("CAST(CAST(${at} AS text) AS {class})");
    match kind {
        Kind::Uuid => conn.choose(format!("replace(${at}, '-', '')"), cast("uuid")),
        Kind::Date => conn.choose(format!("${at}"), cast("date")),
        Kind::Json => conn.choose(format!("${at}"), cast("jsonb")),
        Kind::Number => cast("numeric"),
        Kind::Text | Kind::Boolean | Kind::Moment | Kind::Integer { .. } => format!("${at}"),
    }
}

impl<'a> From<&'a Value> for Param<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Text(text) => Self::Text(text),
            Value::Boolean(value) => Self::Bool(*value),
            Value::Moment(moment) => Self::Time(*moment),
            Value::Integer(value) => Self::Int(*value),
        }
    }
}

/// Counts the parameters of a statement.
#[derive(Default)]
struct Places(usize);

impl Places {
    /// `$4, $5`: the next ones.
    fn next(&mut self, count: usize) -> String {
        let first = self.0 + 1;
        self.0 += count;
        (first..=self.0)
            .map(|place| format!("${place}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The next ones for a value of each of the fields.
    fn of(&mut self, fields: &[Field], conn: &Conn) -> String {
        let first = self.0 + 1;
        self.0 += fields.len();
        let places = fields.iter().zip(first..);
        places
            .map(|(field, at)| written(field.kind, at, conn))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

static MAY_ADVANCE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT has_sequence_privilege(s.name, 'USAGE') AND has_sequence_privilege(s.name, 'UPDATE') \
         FROM (SELECT pg_get_serial_sequence($1, $2) AS name) s",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_on() {
        let mut places = Places::default();
        assert_eq!(
            (places.next(2), places.next(1)),
            ("$1, $2".to_owned(), "$3".to_owned())
        );
    }
}
