//! Django's apps that this program needs, and our own: their migrations by name, and the tables that these make when
//! they are all applied. The text is what Django 5.2's `migrate` leaves behind, with simplejwt 5.5.1.

use munjigi_user::UserIdKind;

use crate::model::UserModel;

/// An app, as it stands in `django_migrations`.
pub(super) struct App {
    pub(super) label: &'static str,
    pub(super) migrations: &'static [&'static str],
    pub(super) ddl: &'static [Ddl],
    /// The first table that it makes.
    pub(super) table: &'static str,
}

/// The newest migration of simplejwt's, of 5.5, which alters no table: it names the models. A project with an older simplejwt
/// has not got it, and no need of it.
pub(super) const NAMES_ONLY: &str = "0013_alter_blacklistedtoken_options_and_more";

/// The same tables for either database.
pub(super) struct Ddl {
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! ddl {
    ($name:literal) => {
        Ddl {
            sqlite: include_str!(concat!("ddl/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("ddl/postgres/", $name, ".sql")),
        }
    };
}

impl Ddl {
    pub(super) fn sqlite(&self, model: &UserModel) -> String {
        let user_id = match model.id_kind {
            UserIdKind::Int => "integer",
            UserIdKind::BigInt => "bigint",
            UserIdKind::Uuid => "char(32)",
            UserIdKind::Text => "varchar(255)",
        };
        filled(self.sqlite, model, user_id)
    }

    pub(super) fn postgres(&self, model: &UserModel) -> String {
        let user_id = match model.id_kind {
            UserIdKind::Int => "integer",
            UserIdKind::BigInt => "bigint",
            UserIdKind::Uuid => "uuid",
            UserIdKind::Text => "varchar(255)",
        };
        filled(self.postgres, model, user_id)
    }
}

impl OurStep {
    /// The tables that the step makes.
    pub(super) fn tables(&self) -> impl Iterator<Item = &'static str> {
        let makes = |line: &'static str| line.strip_prefix("CREATE TABLE ");
        let names = self.ddl.sqlite.lines().filter_map(makes);
        names.filter_map(|rest| rest.split([' ', '(']).next())
    }
}

fn filled(text: &str, model: &UserModel, user_id: &str) -> String {
    let inner = |name: &str| name.replace('"', "\"\"");
    text.replace("{user_table}", &inner(&model.table))
        .replace("{user_key}", &inner(model.columns.id()))
        .replace("{user_id}", user_id)
}

/// The apps in the order in which they need each other. The user's table comes from `auth` or from an app of its own.
pub(super) fn of(model: &UserModel) -> Vec<&'static App> {
    let auth: &[&App] = match model.label.as_str() {
        "auth.User" => &[&AUTH],
        "user.User" => &[&AUTH_WITHOUT_USER, &USER],
        _ => &[&AUTH_WITHOUT_USER],
    };
    [&[&CONTENTTYPES], auth, &[&SESSIONS, &TOKEN_BLACKLIST]].concat()
}

/// `django_migrations` itself.
pub(super) static RECORDER: Ddl = ddl!("django_migrations");

/// A step of our own tables, as it stands in `munjigi_migration`. One that was released is never changed again: a
/// further step follows it.
pub(super) struct OurStep {
    pub(super) name: &'static str,
    pub(super) ddl: Ddl,
}

/// The first of [`OUR_STEPS`]: it makes the tables in which the steps are noted.
pub(super) const FIRST_STEP: &str = "0001_initial";

/// The tables that are ours, step by step.
pub(super) static OUR_STEPS: [OurStep; 4] = [
    OurStep {
        name: FIRST_STEP,
        ddl: ddl!("munjigi"),
    },
    OurStep {
        name: "0002_ended",
        ddl: ddl!("munjigi_ended"),
    },
    OurStep {
        name: "0003_remembered",
        ddl: ddl!("munjigi_remembered"),
    },
    OurStep {
        name: "0004_uncached",
        ddl: ddl!("munjigi_uncached"),
    },
];

static CONTENTTYPES: App = App {
    label: "contenttypes",
    migrations: &["0001_initial", "0002_remove_content_type_name"],
    ddl: &[ddl!("contenttypes")],
    table: "django_content_type",
};

const AUTH_MIGRATIONS: &[&str] = &[
    "0001_initial",
    "0002_alter_permission_name_max_length",
    "0003_alter_user_email_max_length",
    "0004_alter_user_username_opts",
    "0005_alter_user_last_login_null",
    "0006_require_contenttypes_0002",
    "0007_alter_validators_add_error_messages",
    "0008_alter_user_username_max_length",
    "0009_alter_user_last_name_max_length",
    "0010_alter_group_name_max_length",
    "0011_update_proxy_permissions",
    "0012_alter_user_first_name_max_length",
];

static AUTH: App = App {
    label: "auth",
    migrations: AUTH_MIGRATIONS,
    ddl: &[ddl!("auth"), ddl!("auth_user")],
    table: "auth_group",
};

/// `auth` where `AUTH_USER_MODEL` is another model: Django then makes no `auth_user`.
static AUTH_WITHOUT_USER: App = App {
    label: "auth",
    migrations: AUTH_MIGRATIONS,
    ddl: &[ddl!("auth")],
    table: "auth_group",
};

static USER: App = App {
    label: "user",
    migrations: &["0001_initial"],
    ddl: &[ddl!("user_user")],
    table: "user_user",
};

static SESSIONS: App = App {
    label: "sessions",
    migrations: &["0001_initial"],
    ddl: &[ddl!("sessions")],
    table: "django_session",
};

/// simplejwt has no 0009.
static TOKEN_BLACKLIST: App = App {
    label: "token_blacklist",
    migrations: &[
        "0001_initial",
        "0002_outstandingtoken_jti_hex",
        "0003_auto_20171017_2007",
        "0004_auto_20171017_2013",
        "0005_remove_outstandingtoken_jti",
        "0006_auto_20171017_2113",
        "0007_auto_20171017_2214",
        "0008_migrate_to_bigautofield",
        "0010_fix_migrate_to_bigautofield",
        "0011_linearizes_history",
        "0012_alter_outstandingtoken_user",
        NAMES_ONLY,
    ],
    ddl: &[ddl!("token_blacklist")],
    table: "token_blacklist_outstandingtoken",
};
