//! `AUTH_USER_MODEL`, and what a settings file must say of it that Django reads from the model's class.

use super::Error;
use super::Routes;
use super::kind::{FromText, Kind, OrNone, Wrong};
use super::own_account::{DELETION, EMAIL_EDITABLE, OwnAccount};
use super::setting::{Section, Setting};
use super::written::{Entry, Settings};
use munjigi_store::{ExtraField, FieldKind, Foreign, UserModel};
use munjigi_user::UserIdKind;
use std::collections::BTreeMap;

const AUTH_USER_MODEL: Setting<Option<Label>> = Setting::ours(
    "AUTH_USER_MODEL",
    "\"\"",
    "The model of the users, as in settings.py: `auth.User`, `accounts.Member`. It must be written for the database \
     of a Django project.",
)
.differs_from("\"auth.User\"")
.unwritten("`user.User`, in a database that munjigi creates");
const EMAIL_UNIQUE: Setting<bool> = Setting::ours(
    "user.email_unique",
    "true",
    "Whether an e-mail address may belong to one sign-up only. Rows that munjigi did not make may repeat addresses.",
);
const DB_TABLE: Setting<Option<Identifier>> = Setting::ours(
    "user.db_table",
    "\"\"",
    "The model's table: Django's `Meta.db_table`.",
)
.unwritten("app and model in lower case: `accounts_member`");
const PRIMARY_KEY: Setting<Option<PrimaryKey>> = Setting::ours(
    "user.primary_key",
    "\"\"",
    "The type of the column `id`: `AutoField`, `BigAutoField`, `UUIDField` or `CharField`.",
)
.unwritten("`AutoField` for `auth.User`, else `BigAutoField`");
const USERNAME_FIELD: Setting<Identifier> = Setting::ours(
    "user.USERNAME_FIELD",
    "\"username\"",
    "The column of the name that a user signs in with. simplejwt's routes and djangorestframework-jwt's take the name under \
     this one.",
);
const EMAIL_FIELD: Setting<Identifier> = Setting::ours(
    "user.EMAIL_FIELD",
    "\"email\"",
    "The column of the e-mail address.",
);

/// What an `AbstractUser` has of itself (Django 5.2, `contrib/auth/{base_user,models}.py`): its columns, and the two
/// relations.
const BUILT_IN: [&str; 13] = [
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
    "groups",
    "user_permissions",
];

/// What may be said of `[user.fields.NAME]`.
pub(super) const FIELD_KEYS: [&str; 5] = ["type", "null", "max_length", "db_column", "editable"];

pub(super) const SECTION: Section = Section {
    title: "Users",
    upstream: "Django 5.2",
    intro: "Which table holds the users. Beside these settings each further column of the model is declared in a \
            table of its own, `[user.fields.NAME]`, with `type` (`IntegerField`, `PositiveIntegerField`, \
            `SmallIntegerField`, `PositiveSmallIntegerField`, `BigIntegerField`, `PositiveBigIntegerField`, \
            `CharField`, `TextField`, `BooleanField`), `null` (false), `max_length` (of a CharField), `db_column` \
            (the name) and `editable` (true). Sign-up takes these fields, and `PATCH /user/me` changes them; one that is \
            not editable is shown and never taken. For `user.User`, `age` is declared unless other fields are:\n\n\
            ```toml\n[user.fields.age]\ntype = \"PositiveIntegerField\"\nnull = true\n```",
    settings: &[
        &AUTH_USER_MODEL.about,
        &EMAIL_UNIQUE.about,
        &EMAIL_EDITABLE.about,
        &DELETION.about,
        &DB_TABLE.about,
        &PRIMARY_KEY.about,
        &USERNAME_FIELD.about,
        &EMAIL_FIELD.about,
    ],
};

/// The users of the settings.
pub(super) struct Users {
    pub(super) model: UserModel,
    pub(super) foreign: Foreign,
    pub(super) email_unique: bool,
    pub(super) own_account: OwnAccount,
}

impl Users {
    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let label = settings.read(&AUTH_USER_MODEL)?;
        let foreign = if label.is_some() {
            Foreign::Adopt
        } else {
            Foreign::Refuse
        };
        let mut model = base(label.as_ref().map(|label| label.0.as_str()));
        if let Some(table) = settings.read(&DB_TABLE)? {
            model.table = table.0;
        }
        if let Some(key) = settings.read(&PRIMARY_KEY)? {
            model.id_kind = key.0;
        }
        model.username_column = settings.read(&USERNAME_FIELD)?.0;
        model.email_column = settings.read(&EMAIL_FIELD)?.0;
        let declared = declared(settings)?;
        if !declared.is_empty() {
            model.extra_fields = declared;
            check_columns(&model)?;
        }
        Ok(Self {
            own_account: OwnAccount::resolve(settings, &model)?,
            model,
            foreign,
            email_unique: settings.read(&EMAIL_UNIQUE)?,
        })
    }
}

fn base(label: Option<&str>) -> UserModel {
    match label {
        None | Some("user.User") => UserModel::user_user(),
        Some("auth.User") => UserModel::auth_user(),
        Some(label) => UserModel {
            label: label.to_owned(),
            table: label.replace('.', "_").to_lowercase(),
            id_kind: UserIdKind::BigInt,
            ..UserModel::auth_user()
        },
    }
}

/// The fields of `[user.fields.*]`, in the order of their names.
fn declared(settings: Settings<'_>) -> Result<Vec<ExtraField>, Error> {
    let mut tables: BTreeMap<&str, BTreeMap<&str, &Entry>> = BTreeMap::new();
    for (path, entry) in settings.below("user.fields.") {
        let Some((name, key)) = path.split_once('.') else {
            continue;
        };
        tables.entry(name).or_default().insert(key, entry);
    }
    tables
        .into_iter()
        .map(|(name, keys)| Declaration { name, keys }.field())
        .collect()
}

/// No two fields share a column: a sign-up would write `is_staff` from what a client sends. Cases are not told apart, as
/// SQLite does not.
fn check_columns(model: &UserModel) -> Result<(), Error> {
    let mut taken: Vec<&str> = BUILT_IN.to_vec();
    taken.extend([model.username_column.as_str(), model.email_column.as_str()]);
    for ExtraField { name, column, .. } in &model.extra_fields {
        if taken.iter().any(|other| other.eq_ignore_ascii_case(column)) {
            return Err(Error::Contradiction(format!(
                "[user.fields.{name}] has the column \"{column}\", which is another field's. Write the db_column that \
                 this field has in the table."
            )));
        }
        taken.push(column);
    }
    Ok(())
}

/// A sign-up writes each column; one that its user does not write must be able to hold nothing.
pub(super) fn check_signup(model: &UserModel, routes: &Routes) -> Result<(), Error> {
    let unwritten = |field: &&ExtraField| !field.editable && !field.nullable;
    let Some(field) = model.extra_fields.iter().find(unwritten) else {
        return Ok(());
    };
    // Only beside Django such a column can be there.
    let routes = routes.clone().for_adopted_database();
    if routes.session_signup.is_none() && routes.jwt_signup.is_none() {
        return Ok(());
    }
    Err(Error::Contradiction(format!(
        "[user.fields.{0}] is not editable and not null, so that a sign-up has nothing to write there. Write \
         ROUTES.session_signup = false and ROUTES.jwt_signup = false, or let \"{0}\" be null in the model and here.",
        field.name
    )))
}

/// One `[user.fields.NAME]`.
struct Declaration<'a> {
    name: &'a str,
    keys: BTreeMap<&'a str, &'a Entry>,
}

impl Declaration<'_> {
    fn field(&self) -> Result<ExtraField, Error> {
        let is_built_in = BUILT_IN.iter().any(|name| name.eq_ignore_ascii_case(self.name));
        if is_built_in || Identifier::from_text(self.name).is_err() {
            return Err(Error::Contradiction(format!(
                "[user.fields.{0}] declares the field \"{0}\". Write the name of a column that AbstractUser has not, \
                 in letters, digits and \"_\".",
                self.name
            )));
        }
        let max_length = self.read::<u32>("max_length")?;
        let class = self.read::<FieldClass>("type")?.ok_or_else(|| {
            Error::Contradiction(format!(
                "[user.fields.{}] says no type. Write type = \"IntegerField\", or the field class of the model.",
                self.name
            ))
        })?;
        Ok(ExtraField {
            name: self.name.to_owned(),
            column: self
                .read::<Identifier>("db_column")?
                .map_or_else(|| self.name.to_owned(), |column| column.0),
            kind: class
                .kind(max_length)
                .map_err(|problem| Error::Contradiction(format!("[user.fields.{}] {problem}", self.name)))?,
            nullable: self.read::<bool>("null")?.unwrap_or(false),
            editable: self.read::<bool>("editable")?.unwrap_or(true),
        })
    }

    fn read<T: Kind>(&self, key: &str) -> Result<Option<T>, Error> {
        let Some(entry) = self.keys.get(key) else {
            return Ok(None);
        };
        let (name, origin) = (
            format!("user.fields.{}.{key}", self.name),
            entry.origin.to_string(),
        );
        T::read(&entry.value).map(Some).map_err(|wrong| match wrong {
            Wrong::Type => Error::Type {
                name,
                origin,
                found: super::kind::describe(&entry.value),
                wanted: T::WANTED,
            },
            Wrong::Value(problem) => Error::Value {
                name,
                origin,
                problem,
            },
        })
    }
}

/// A field class of Django 5.2 (`db/models/fields`).
struct FieldClass(&'static str);

impl FieldClass {
    const ALL: [&'static str; 9] = [
        "IntegerField",
        "PositiveIntegerField",
        "SmallIntegerField",
        "PositiveSmallIntegerField",
        "BigIntegerField",
        "PositiveBigIntegerField",
        "CharField",
        "TextField",
        "BooleanField",
    ];

    /// With the ranges of `BaseDatabaseOperations.integer_field_ranges`.
    fn kind(&self, max_length: Option<u32>) -> Result<FieldKind, String> {
        let (small, plain, big) = (i64::from(i16::MAX), i64::from(i32::MAX), i64::MAX);
        let kind = match self.0 {
            "IntegerField" => FieldKind::Integer {
                min: -plain - 1,
                max: plain,
            },
            "PositiveIntegerField" => FieldKind::Integer { min: 0, max: plain },
            "SmallIntegerField" => FieldKind::Integer {
                min: -small - 1,
                max: small,
            },
            "PositiveSmallIntegerField" => FieldKind::Integer { min: 0, max: small },
            "BigIntegerField" => FieldKind::Integer {
                min: i64::MIN,
                max: big,
            },
            "PositiveBigIntegerField" => FieldKind::Integer { min: 0, max: big },
            "BooleanField" => FieldKind::Boolean,
            _ => FieldKind::Text { max_length },
        };
        match (self.0, max_length) {
            ("CharField", None) => {
                Err("is a CharField without max_length. Write max_length = 100.".to_owned())
            }
            ("CharField", Some(0)) => Err("has a max_length of 0. Write max_length = 100.".to_owned()),
            ("CharField" | "TextField", _) | (_, None) => Ok(kind),
            (class, Some(_)) => Err(format!(
                "has a max_length, which a {class} has not. Leave it out."
            )),
        }
    }
}

impl FromText for FieldClass {
    const WANTED: &'static str = "a field class such as \"PositiveIntegerField\"";
    const WANTED_LIST: &'static str = "a list of field classes";

    fn from_text(text: &str) -> Result<Self, String> {
        let class = Self::ALL.into_iter().find(|class| *class == text);
        class
            .map(Self)
            .ok_or_else(|| format!("is \"{text}\". Write one of {}.", Self::ALL.join(", ")))
    }
}

/// `app_label.ModelName`.
#[derive(PartialEq)]
struct Label(String);

impl FromText for Label {
    const WANTED: &'static str = "a model such as \"auth.User\"";
    const WANTED_LIST: &'static str = "a list of models";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_label = text.split_once('.').is_some_and(|(app, model)| {
            Identifier::from_text(app).is_ok() && Identifier::from_text(model).is_ok()
        });
        if is_label {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("is \"{text}\". Write app and model: \"auth.User\"."))
        }
    }
}

impl OrNone for Label {
    const WANTED_OR_NONE: &'static str = "a model such as \"auth.User\"";
}

/// The name of a table or a column, as Django makes them: it is quoted in SQL and needs no more than this.
#[derive(PartialEq)]
struct Identifier(String);

impl FromText for Identifier {
    const WANTED: &'static str = "the name of a table or a column";
    const WANTED_LIST: &'static str = "a list of names";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_word = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // 63 bytes are PostgreSQL's limit.
        if text.is_empty()
            || text.len() > 63
            || !is_word
            || text.starts_with(|first: char| first.is_ascii_digit())
        {
            return Err(format!(
                "is \"{text}\". Write up to 63 letters, digits and \"_\", a letter first."
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl OrNone for Identifier {
    const WANTED_OR_NONE: &'static str = "the name of a table or a column";
}

#[derive(PartialEq)]
struct PrimaryKey(UserIdKind);

impl FromText for PrimaryKey {
    const WANTED: &'static str = "the type of a key such as \"BigAutoField\"";
    const WANTED_LIST: &'static str = "a list of key types";

    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "AutoField" => Ok(Self(UserIdKind::Int)),
            "BigAutoField" => Ok(Self(UserIdKind::BigInt)),
            "UUIDField" => Ok(Self(UserIdKind::Uuid)),
            "CharField" => Ok(Self(UserIdKind::Text)),
            _ => Err(format!(
                "is \"{text}\". Write AutoField, BigAutoField, UUIDField or CharField."
            )),
        }
    }
}

impl OrNone for PrimaryKey {
    const WANTED_OR_NONE: &'static str = "the type of a key such as \"BigAutoField\"";
}
