//! `AUTH_USER_MODEL`: which table holds the users, and which columns it has beside those of `AbstractUser`.

use munjigi_user::UserIdKind;

/// A user model of Django: `AbstractUser`, a table, a primary key and further columns.
///
/// ```
/// use munjigi_store::UserModel;
///
/// let model = UserModel::user_user();
/// assert_eq!((model.label.as_str(), model.table.as_str()), ("user.User", "user_user"));
/// assert_eq!(model.extra_fields[0].name, "age");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UserModel {
    /// `AUTH_USER_MODEL`, such as `auth.User`.
    pub label: String,
    /// `Meta.db_table`.
    pub table: String,
    /// The type of the column `id`.
    pub id_kind: UserIdKind,
    /// The column that `USERNAME_FIELD` names.
    pub username_column: String,
    /// The column that `EMAIL_FIELD` names.
    pub email_column: String,
    /// What the model has beside the fields of `AbstractUser`, in the order of its declaration.
    pub extra_fields: Vec<ExtraField>,
}

impl UserModel {
    /// Django's own `auth.User` (`contrib/auth/models.py`, Django 5.2).
    pub fn auth_user() -> Self {
        Self {
            label: "auth.User".to_owned(),
            table: "auth_user".to_owned(),
            id_kind: UserIdKind::Int,
            username_column: "username".to_owned(),
            email_column: "email".to_owned(),
            extra_fields: Vec::new(),
        }
    }

    /// `user.User`: `AbstractUser` and `age = PositiveIntegerField(null=True)`, keyed by a `BigAutoField`.
    pub fn user_user() -> Self {
        Self {
            label: "user.User".to_owned(),
            table: "user_user".to_owned(),
            id_kind: UserIdKind::BigInt,
            extra_fields: vec![ExtraField {
                name: "age".to_owned(),
                column: "age".to_owned(),
                kind: FieldKind::Integer {
                    min: 0,
                    max: i64::from(i32::MAX),
                },
                nullable: true,
                editable: true,
            }],
            ..Self::auth_user()
        }
    }

    /// The app of the model: `user` of `user.User`.
    pub fn app_label(&self) -> &str {
        self.label
            .split_once('.')
            .map_or(self.label.as_str(), |(app, _)| app)
    }

    /// Whether `USERNAME_FIELD` is `EMAIL_FIELD`. A row of such a model can be read and changed, and none can be made
    /// here: that takes a username beside the e-mail address.
    pub fn is_named_by_email(&self) -> bool {
        self.username_column.eq_ignore_ascii_case(&self.email_column)
    }

    /// The table of the relation `groups`: `user_user_groups`.
    pub(crate) fn groups_table(&self) -> String {
        format!("{}_groups", self.table)
    }

    /// The table of the relation `user_permissions`: `user_user_user_permissions`.
    pub(crate) fn permissions_table(&self) -> String {
        format!("{}_user_permissions", self.table)
    }

    /// The column of both that refers to the user: `member_id` of `shop.Member`.
    pub(crate) fn user_column(&self) -> String {
        let name = self
            .label
            .split_once('.')
            .map_or(self.label.as_str(), |(_, name)| name);
        format!("{}_id", name.to_lowercase())
    }
}

/// A column of the user's table that `AbstractUser` has not.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtraField {
    /// The field's name in the model, in JSON bodies and in `field()`.
    pub name: String,
    /// The column's name.
    pub column: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it may be NULL (`null=True`), and so be left out of a sign-up.
    pub nullable: bool,
    /// Whether its user writes it (`editable=True`), at his sign-up and later.
    pub editable: bool,
}

/// The type of an [`ExtraField`], with the limits that Django's validators set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldKind {
    /// `IntegerField` and its kin.
    Integer {
        /// The smallest value.
        min: i64,
        /// The greatest value.
        max: i64,
    },
    /// `CharField` and `TextField`.
    Text {
        /// The greatest number of code points; `None` for a `TextField`.
        max_length: Option<u32>,
    },
    /// `BooleanField`.
    Boolean,
}

/// The value of an [`ExtraField`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// NULL.
    Null,
    /// Of [`FieldKind::Integer`].
    Integer(i64),
    /// Of [`FieldKind::Text`].
    Text(String),
    /// Of [`FieldKind::Boolean`].
    Boolean(bool),
}
