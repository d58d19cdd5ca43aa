//! `AUTH_USER_MODEL`: which table holds the users, and which columns it has.

mod columns;

use munjigi_user::UserIdKind;

pub use columns::Columns;

/// A user model of Django: a table, its primary key, which of the fields of `AbstractUser` it has under which columns, and
/// its further ones.
///
/// ```
/// use munjigi_store::UserModel;
///
/// let model = UserModel::user_user();
/// assert_eq!((model.label.as_str(), model.table.as_str()), ("user.User", "user_user"));
/// assert_eq!(model.extra_fields[0].name, "age");
/// assert_eq!(model.columns.of("email"), Some("email"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UserModel {
    /// `AUTH_USER_MODEL`, such as `auth.User`.
    pub label: String,
    /// `Meta.db_table`.
    pub table: String,
    /// The type of the primary key.
    pub id_kind: UserIdKind,
    /// `USERNAME_FIELD`, the name of a field.
    pub username_field: String,
    /// `EMAIL_FIELD`, the name of a field; `None` where the model has no such field.
    pub email_field: Option<String>,
    /// The columns of the fields that `AbstractUser` has too, and of the two above.
    pub columns: Columns,
    /// How many code points a username may have, and an address.
    pub name_lengths: NameLengths,
    /// What the model has beside these and a user sees, in the order of its declaration.
    pub extra_fields: Vec<ExtraField>,
    /// Further columns that a new row fills; nothing reads them but an export.
    pub filled: Vec<FilledColumn>,
}

impl UserModel {
    /// Django's own `auth.User` (`contrib/auth/models.py`, Django 5.2).
    pub fn auth_user() -> Self {
        Self {
            label: "auth.User".to_owned(),
            table: "auth_user".to_owned(),
            id_kind: UserIdKind::Int,
            username_field: "username".to_owned(),
            email_field: Some("email".to_owned()),
            columns: Columns::of_abstract_user(),
            name_lengths: NameLengths::default(),
            extra_fields: Vec::new(),
            filled: Vec::new(),
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
                default: None,
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

    /// Whether `USERNAME_FIELD` is `EMAIL_FIELD`: a user has one name, and that is his e-mail address.
    pub fn is_named_by_email(&self) -> bool {
        self.email_field.as_ref() == Some(&self.username_field)
    }

    /// Whether it has a `PermissionsMixin`: `is_superuser`, groups and permissions.
    pub fn has_permissions(&self) -> bool {
        self.columns.of("is_superuser").is_some()
    }

    /// The column that `USERNAME_FIELD` names.
    pub fn username_column(&self) -> &str {
        self.columns
            .of(&self.username_field)
            .unwrap_or(&self.username_field)
    }

    /// The column that `EMAIL_FIELD` names.
    pub fn email_column(&self) -> Option<&str> {
        let field = self.email_field.as_deref()?;
        Some(self.columns.of(field).unwrap_or(field))
    }

    /// The fields by which a user is shown, beside his key: his name, his address and the further ones. Each stands once.
    pub fn shown_fields(&self) -> impl Iterator<Item = &str> {
        let address = self.email_field.as_deref().filter(|_| !self.is_named_by_email());
        let extra = self.extra_fields.iter().map(|field| field.name.as_str());
        [self.username_field.as_str()]
            .into_iter()
            .chain(address)
            .chain(extra)
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

/// The most code points of the two names of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameLengths {
    /// Of the field that `USERNAME_FIELD` names.
    pub username: usize,
    /// Of the field that `EMAIL_FIELD` names.
    pub email: usize,
}

/// `AbstractUser`'s.
impl Default for NameLengths {
    fn default() -> Self {
        Self {
            username: 150,
            email: 254,
        }
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
    /// What a new row has where its user writes nothing. Without one that is NULL.
    pub default: Option<FieldValue>,
}

/// A column of the user's table that must be filled when a row is made, of a type that no user sees.
#[derive(Clone, Debug, PartialEq)]
pub struct FilledColumn {
    /// The field's name in the model.
    pub name: String,
    /// The column's name.
    pub column: String,
    /// What it holds.
    pub kind: FilledKind,
    /// With what.
    pub fill: Fill,
}

/// The type of a [`FilledColumn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilledKind {
    /// `DateTimeField`.
    Moment,
    /// `DateField`.
    Date,
    /// `UUIDField`.
    Uuid,
    /// `DecimalField` and `FloatField`.
    Number,
    /// `JSONField`.
    Json,
}

/// What stands in a [`FilledColumn`] of a new row.
#[derive(Clone, Debug, PartialEq)]
pub enum Fill {
    /// The same for every row: a text that the database reads as the column's type.
    Constant(String),
    /// The moment of `date_joined`: a `DateTimeField(auto_now_add=True)`.
    Now,
    /// The day of that moment in UTC: a `DateField(auto_now_add=True)`.
    Today,
    /// A UUID of its own: a `UUIDField(default=uuid.uuid4)`.
    Uuid4,
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
