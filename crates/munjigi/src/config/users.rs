//! `AUTH_USER_MODEL`, and what a settings file must say of it that Django reads from the model's class.

mod columns;
mod fields;

use super::Error;
use super::Routes;
use super::finding::{Finding, Level};
use super::kind::{FromText, OrNone};
use super::own_account::{DELETION, EMAIL_EDITABLE, OwnAccount};
use super::setting::{Section, Setting};
use super::written::Settings;
use munjigi_store::{ExtraField, FieldKind, Foreign, UserModel};
use munjigi_user::UserIdKind;

pub(super) use columns::TABLE as COLUMNS;
pub(crate) use fields::FIELD_CLASSES;
pub(super) use fields::FIELD_KEYS;

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
    "The type of the primary key: `AutoField`, `BigAutoField`, `UUIDField` or `CharField`.",
)
.unwritten("`AutoField` for `auth.User`, else `BigAutoField`");
const PRIMARY_KEY_FIELD: Setting<Identifier> = Setting::ours(
    "user.primary_key_field",
    "\"id\"",
    "The name of the field that is the primary key, and of its column unless `[user.columns]` says another. Answers call \
     the key `id`, whatever this is.",
);
const USERNAME_FIELD: Setting<Identifier> = Setting::ours(
    "user.USERNAME_FIELD",
    "\"username\"",
    "The model's `USERNAME_FIELD`: the field of the name that a user signs in with. Routes take and give the name under \
     this one.",
);
const EMAIL_FIELD: Setting<Option<Identifier>> = Setting::ours(
    "user.EMAIL_FIELD",
    "\"email\"",
    "The model's `EMAIL_FIELD`: the field of the e-mail address, `\"\"` where there is none.",
);

pub(super) const SECTION: Section = Section {
    title: "Users",
    upstream: "Django 5.2",
    intro: "Which table holds the users. Beside these settings each further column of the model is declared in a \
            table of its own, `[user.fields.NAME]`, with `type` (`IntegerField`, `PositiveIntegerField`, \
            `SmallIntegerField`, `PositiveSmallIntegerField`, `BigIntegerField`, `PositiveBigIntegerField`, \
            `CharField`, `TextField`, `BooleanField`), `null` (false), `max_length` (of a CharField), `db_column` \
            (the name), `editable` (true) and `default` (what a new user has who sends nothing). Sign-up takes these \
            fields, and `PATCH /user/me` changes them; one that is not editable is shown and never taken. A column of \
            another type is shown to nobody: a sign-up fills it, and so does an import where the file gives nothing. It \
            must be declared where it may not be null and the database has no default: `DateTimeField` and `DateField` with `default = \"now\"` (`auto_now_add`; the day is that of \
            UTC), `UUIDField` with `default = \"uuid4\"`, and `DecimalField`, `FloatField` and `JSONField` with a constant, \
            such as `default = \"{}\"`. What is not declared is not read, and hinders nobody from signing in. For `user.User`, `age` is declared unless other fields are:\n\n\
            ```toml\n[user.fields.age]\ntype = \"PositiveIntegerField\"\nnull = true\n```\n\n\
            The model has the fields of `AbstractUser` under their names unless the table `[user.columns]` says \
            otherwise: the column of a field (`id` is the primary key), or `\"\"` where the model has no such field, as one \
            that is made from `AbstractBaseUser`:\n\n\
            ```toml\n[user]\nprimary_key = \"UUIDField\"\nUSERNAME_FIELD = \"email\"\n\n\
            [user.columns]\nid = \"uuid\"\nusername = \"\"\nfirst_name = \"\"\nlast_name = \"\"\n```\n\n\
            Without `is_active` every user is active, without `is_staff` nobody is staff, without `is_superuser` nobody \
            is a superuser and the model has no groups and permissions, and without `last_login` none is written.",
    settings: &[
        &AUTH_USER_MODEL.about,
        &EMAIL_UNIQUE.about,
        &EMAIL_EDITABLE.about,
        &DELETION.about,
        &DB_TABLE.about,
        &PRIMARY_KEY.about,
        &PRIMARY_KEY_FIELD.about,
        &USERNAME_FIELD.about,
        &EMAIL_FIELD.about,
    ],
};

/// The users of the settings.
pub(super) struct Users {
    pub(super) model: UserModel,
    /// The name of the field that is the primary key.
    pub(super) primary_key_field: String,
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
        let primary_key_field = columns::resolve(settings, &mut model)?;
        fields::declare(settings, &mut model)?;
        check_columns(&model)?;
        Ok(Self {
            own_account: OwnAccount::resolve(settings, &model)?,
            model,
            primary_key_field,
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

/// No two fields share a column: a sign-up would write `is_staff` from what a client sends. Cases are not told apart, as
/// SQLite does not.
fn check_columns(model: &UserModel) -> Result<(), Error> {
    let mut taken: Vec<&str> = Vec::new();
    let extra = model
        .extra_fields
        .iter()
        .map(|field| (field.name.as_str(), field.column.as_str()));
    let filled = model.filled.iter().map(|filled| ("", filled.column.as_str()));
    for (name, column) in model.columns.iter().chain(extra).chain(filled) {
        let mut reserved = fields::NEVER_DECLARED.into_iter().chain(fields::RELATIONS);
        let is_reserved = reserved.any(|other| other != name && other.eq_ignore_ascii_case(column));
        if is_reserved || taken.iter().any(|other| other.eq_ignore_ascii_case(column)) {
            return Err(Error::Contradiction(format!(
                "A field has the column \"{column}\", which is another field's. Write the db_column that \
                 this field has in the table."
            )));
        }
        taken.push(column);
    }
    Ok(())
}

/// A sign-up writes each column; one that its user does not write must be able to hold nothing. And it makes a key, which
/// nobody can who does not know what a text is to mean.
pub(super) fn check_signup(model: &UserModel, routes: &Routes) -> Result<(), Error> {
    // Only beside Django such a column can be there.
    let routes = routes.clone().for_adopted_database();
    if routes.session_signup.is_none() && routes.jwt_signup.is_none() {
        return Ok(());
    }
    if model.id_kind == UserIdKind::Text {
        return Err(Error::Contradiction(
            "user.primary_key is a CharField, and munjigi cannot choose the key of a new user. Write \
             ROUTES.session_signup = false and ROUTES.jwt_signup = false, and let Django make the users."
                .to_owned(),
        ));
    }
    let unwritten = |field: &&ExtraField| !field.editable && !field.nullable && field.default.is_none();
    let Some(field) = model.extra_fields.iter().find(unwritten) else {
        return Ok(());
    };
    Err(Error::Contradiction(format!(
        "[user.fields.{0}] is not editable and not null, so that a sign-up has nothing to write there. Write its \
         `default`, or ROUTES.session_signup = false and ROUTES.jwt_signup = false.",
        field.name
    )))
}

/// How flags are called that somebody else gives.
const FLAGS: [&str; 4] = ["is_", "has_", "can_", "may_"];
/// What stands in the names of fields that say what a user may do.
const POWERS: [&str; 6] = ["admin", "staff", "superuser", "moderator", "role", "permission"];

/// Fields that look as if they gave their user something, and that he writes himself.
pub(super) fn self_given(model: &UserModel) -> impl Iterator<Item = Finding> {
    let is_power = |field: &&ExtraField| {
        let name = field.name.to_ascii_lowercase();
        let is_flag = field.kind == FieldKind::Boolean && FLAGS.iter().any(|flag| name.starts_with(flag));
        is_flag || POWERS.iter().any(|power| name.contains(power))
    };
    let fields = model.extra_fields.iter().filter(|field| field.editable);
    fields.filter(is_power).map(|field| Finding {
        id: "munjigi.W012",
        level: Level::Warning,
        message: format!(
            "[user.fields.{}] is editable, so that every user gives it to himself, at a sign-up and by PATCH /user/me.",
            field.name
        ),
        hint: "Write `editable = false`, with a `default` for who signs up, unless it means nothing.".to_owned(),
    })
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
