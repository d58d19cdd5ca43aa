//! The statements on the user's table, made for the model that it is of.

use std::sync::Arc;

use jiff::tz::TimeZone;
use munjigi_user::{UserId, UserIdKind};
use uuid::Builder;

use super::{NewUser, User};
use crate::db::{Param, Row, Stmt, TokenBlacklist, literal, quoted};
use crate::error::Result;
use crate::model::{FieldKind, FieldValue, Fill, UserModel};
use crate::permissions::PermissionSql;

/// The statements on the user's table, put together once when the store is opened.
pub(crate) struct UserSql {
    pub(crate) model: UserModel,
    pub(crate) token_blacklist: TokenBlacklist,
    pub(crate) permissions: PermissionSql,
    pub(super) names: Vec<Arc<str>>,
    /// What an INSERT writes before the further fields, in this order.
    pub(super) written: Vec<Written>,
    pub(super) by_id: Stmt,
    pub(super) by_username: Stmt,
    /// `None` where the model has no `EMAIL_FIELD`.
    pub(crate) by_email: Option<Stmt>,
    pub(super) insert: Stmt,
    /// The same with the key as its last parameter.
    pub(super) insert_with_id: Stmt,
    pub(super) set_password: Stmt,
    pub(super) upgrade_password: Stmt,
    /// With a third parameter where the model has `last_login`.
    pub(super) redeem: Stmt,
    pub(super) lock: Stmt,
    /// `None` where the model has no `is_active`.
    pub(super) set_active: Option<Stmt>,
    /// `None` where the model has no `EMAIL_FIELD`.
    pub(super) set_email: Option<Stmt>,
    pub(super) set_extra: Vec<Stmt>,
    pub(super) delete: Stmt,
    pub(super) list: Stmt,
    pub(super) list_after: Stmt,
    pub(super) count: Stmt,
}

impl UserSql {
    pub(crate) fn new(model: UserModel, token_blacklist: TokenBlacklist) -> Self {
        let table = quoted(&model.table);
        let (id, password) = (quoted(model.columns.id()), quoted(model.columns.password()));
        let username = quoted(model.username_column());
        let email = model.email_column().map(quoted);
        let select = format!("SELECT {} FROM {table}", selected(&model));
        let update = |what: &str| Stmt::new(format!("UPDATE {table} SET {what}"));
        let written = Written::all(&model);
        let insert = |id: Option<&str>| insert(&model, &written, id);
        Self {
            permissions: PermissionSql::new(&model),
            names: model
                .extra_fields
                .iter()
                .map(|field| Arc::from(field.name.as_str()))
                .collect(),
            by_id: Stmt::new(format!("{select} WHERE {id} = $1")),
            by_username: Stmt::new(format!("{select} WHERE {username} = $1")),
            by_email: email
                .as_ref()
                .map(|email| Stmt::new(format!("{select} WHERE lower({email}) = lower($1) ORDER BY {id}"))),
            insert: insert(None),
            insert_with_id: insert(Some(model.columns.id())),
            set_password: update(&format!("{password} = $2 WHERE {id} = $1")),
            upgrade_password: update(&format!("{password} = $3 WHERE {id} = $1 AND {password} = $2")),
            redeem: update(&redeem(&model)),
            lock: update(&format!("{password} = {password} WHERE {id} = $1")),
            set_active: model
                .columns
                .of("is_active")
                .map(|active| update(&format!("{} = $2 WHERE {id} = $1", quoted(active)))),
            set_email: email
                .as_ref()
                .map(|email| update(&format!("{email} = $2 WHERE {id} = $1"))),
            set_extra: model
                .extra_fields
                .iter()
                .map(|field| update(&format!("{} = $2 WHERE {id} = $1", quoted(&field.column))))
                .collect(),
            delete: Stmt::new(format!("DELETE FROM {table} WHERE {id} = $1")),
            list: Stmt::new(format!("{select} ORDER BY {id} LIMIT $1")),
            list_after: Stmt::new(format!("{select} WHERE {id} > $2 ORDER BY {id} LIMIT $1")),
            count: Stmt::new(format!("SELECT count(*) FROM {table}")),
            written,
            model,
            token_blacklist,
        }
    }

    /// What the columns of [`UserModel::filled`] take that is not the same for every row.
    pub(super) fn filled<'u>(&'u self, user: &'u NewUser) -> impl Iterator<Item = Param<'u>> {
        let mut random = user.random.iter();
        self.model
            .filled
            .iter()
            .filter_map(move |filled| match filled.fill {
                Fill::Constant(_) => None,
                Fill::Now => Some(user.date_joined.into()),
                Fill::Today => Some(Param::Date(user.date_joined.to_zoned(TimeZone::UTC).date())),
                Fill::Uuid4 => Some(random.next().map_or(Param::Null, |random| {
                    Param::Uuid(Builder::from_random_bytes(*random).into_uuid())
                })),
            })
    }

    /// The columns that an INSERT writes, the key among them where it does not come from the database.
    pub(crate) fn columns_of_a_new_row(&self) -> Vec<&str> {
        let model = &self.model;
        let id = (model.id_kind == UserIdKind::Uuid).then(|| model.columns.id());
        let built_in = self.written.iter().filter_map(|written| written.column(model));
        let extra = model.extra_fields.iter().map(|field| field.column.as_str());
        let filled = model.filled.iter().map(|filled| filled.column.as_str());
        built_in.chain(extra).chain(filled).chain(id).collect()
    }

    /// Whether [`redeem`](Self::redeem) takes a moment.
    pub(super) fn has_last_login(&self) -> bool {
        self.model.columns.of("last_login").is_some()
    }

    /// A row of [`selected`].
    pub(crate) fn read(&self, row: &Row<'_>) -> Result<User> {
        let text = |column| row.optional_text(column).map(Option::unwrap_or_default);
        let flag = |column| row.optional_bool(column).map(Option::unwrap_or_default);
        Ok(User {
            id: row.user_id(0, self.model.id_kind)?,
            last_login: row.optional_time(1)?,
            password: text(2)?,
            is_superuser: flag(3)?,
            username: text(4)?,
            first_name: text(5)?,
            last_name: text(6)?,
            email: text(7)?,
            is_staff: flag(8)?,
            is_active: flag(9)?,
            date_joined: row.optional_time(10)?,
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
    pub(super) fn may_hold(&self, id: &UserId) -> bool {
        match (self.model.id_kind, id) {
            (UserIdKind::Int, UserId::Int(id)) => i32::try_from(*id).is_ok(),
            (UserIdKind::BigInt, UserId::Int(_)) | (UserIdKind::Uuid, UserId::Uuid(_)) => true,
            (UserIdKind::Text, UserId::Text(id)) => !id.contains('\0'),
            _ => false,
        }
    }
}

/// The columns of a [`User`] in his order, with what stands for those that the model has not. `CAST` says of which type
/// that is, which PostgreSQL wants to know.
fn selected(model: &UserModel) -> String {
    const NO_TEXT: &str = "CAST('' AS text)";
    const NO_TIME: &str = "CAST(NULL AS timestamptz)";
    let or = |field: &str, without: &str| match model.columns.of(field) {
        Some(column) => quoted(column),
        None => without.to_owned(),
    };
    let built_in = [
        quoted(model.columns.id()),
        or("last_login", NO_TIME),
        quoted(model.columns.password()),
        or("is_superuser", "FALSE"),
        quoted(model.username_column()),
        or("first_name", NO_TEXT),
        or("last_name", NO_TEXT),
        model.email_column().map_or_else(|| NO_TEXT.to_owned(), quoted),
        or("is_staff", "FALSE"),
        or("is_active", "TRUE"),
        or("date_joined", NO_TIME),
    ];
    let extra = model.extra_fields.iter().map(|field| quoted(&field.column));
    built_in.into_iter().chain(extra).collect::<Vec<_>>().join(", ")
}

fn insert(model: &UserModel, written: &[Written], id: Option<&str>) -> Stmt {
    let built_in = written.iter().filter_map(|written| written.column(model));
    let extra = model.extra_fields.iter().map(|field| field.column.as_str());
    let (constant, varying): (Vec<_>, Vec<_>) = model
        .filled
        .iter()
        .partition(|filled| matches!(filled.fill, Fill::Constant(_)));
    let varying = varying.into_iter().map(|filled| filled.column.as_str());
    let columns: Vec<&str> = built_in.chain(extra).chain(varying).chain(id).collect();
    let places = (1..=columns.len()).map(|n| format!("${n}"));
    // The database reads a literal as of the column's type, whatever that is.
    let literals = constant.iter().filter_map(|filled| match &filled.fill {
        Fill::Constant(text) => Some(literal(text)),
        Fill::Now | Fill::Today | Fill::Uuid4 => None,
    });
    let values: Vec<String> = places.chain(literals).collect();
    let columns: Vec<String> = columns
        .into_iter()
        .chain(constant.iter().map(|filled| filled.column.as_str()))
        .map(quoted)
        .collect();
    Stmt::new(format!(
        "INSERT INTO {} ({}) VALUES ({}) RETURNING {}",
        quoted(&model.table),
        columns.join(", "),
        values.join(", "),
        selected(model)
    ))
}

/// Writes `last_login`, or the password as it is: either holds the row.
fn redeem(model: &UserModel) -> String {
    let (id, password) = (quoted(model.columns.id()), quoted(model.columns.password()));
    let set = match model.columns.of("last_login").map(quoted) {
        Some(last_login) => format!("{last_login} = coalesce($3, {last_login})"),
        None => format!("{password} = {password}"),
    };
    let active = model.columns.of("is_active").map(quoted);
    let active = active.map_or_else(String::new, |active| format!(" AND {active}"));
    format!("{set} WHERE {id} = $1 AND {password} = $2{active}")
}

/// Something of a [`NewUser`] that goes into a column.
#[derive(Clone, Copy)]
pub(super) enum Written {
    Password,
    IsSuperuser,
    Username,
    FirstName,
    LastName,
    Email,
    IsStaff,
    IsActive,
    DateJoined,
}

impl Written {
    /// What a row of this model takes.
    fn all(model: &UserModel) -> Vec<Self> {
        let all = [
            Self::Password,
            Self::IsSuperuser,
            Self::Username,
            Self::FirstName,
            Self::LastName,
            Self::Email,
            Self::IsStaff,
            Self::IsActive,
            Self::DateJoined,
        ];
        all.into_iter()
            .filter(|written| written.column(model).is_some())
            .collect()
    }

    /// Its column, where the model has one.
    fn column(self, model: &UserModel) -> Option<&str> {
        let columns = &model.columns;
        match self {
            Self::Password => Some(columns.password()),
            Self::IsSuperuser => columns.of("is_superuser"),
            Self::Username if model.is_named_by_email() => None,
            Self::Username => Some(model.username_column()),
            Self::FirstName => columns.of("first_name"),
            Self::LastName => columns.of("last_name"),
            Self::Email => model.email_column(),
            Self::IsStaff => columns.of("is_staff"),
            Self::IsActive => columns.of("is_active"),
            Self::DateJoined => columns.of("date_joined"),
        }
    }

    pub(super) fn of(self, user: &NewUser) -> Param<'_> {
        match self {
            Self::Password => (&user.password).into(),
            Self::IsSuperuser => user.is_superuser.into(),
            Self::Username => (&user.username).into(),
            Self::FirstName => (&user.first_name).into(),
            Self::LastName => (&user.last_name).into(),
            Self::Email => (&user.email).into(),
            Self::IsStaff => user.is_staff.into(),
            Self::IsActive => user.is_active.into(),
            Self::DateJoined => user.date_joined.into(),
        }
    }
}
