//! What is in a database already, and who made it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::db::{Conn, Stmt, quoted};
use crate::error::{Error, Result};
use crate::model::UserModel;
use crate::permissions;

/// The tables, and what the two lists of migrations say.
pub(super) struct Survey {
    /// The columns of each table.
    pub(super) tables: BTreeMap<String, BTreeSet<String>>,
    /// The rows of `django_migrations`: app and name.
    pub(super) django: BTreeSet<(String, String)>,
    /// The rows of `munjigi_migration`.
    pub(super) ours: Vec<String>,
    /// The user model that the database was migrated for.
    pub(super) user_model: Option<String>,
    made_by: Option<Origin>,
}

/// Whose database it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was empty when we came.
    Munjigi,
    /// A Django project made it.
    Django,
}

impl Origin {
    /// As it is stored.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Munjigi => "munjigi",
            Self::Django => "django",
        }
    }
}

impl Survey {
    /// Whose database it is. One with migrations that we did not note is a Django project's.
    pub(super) fn origin(&self) -> Origin {
        let by_its_migrations = if self.django.is_empty() {
            Origin::Munjigi
        } else {
            Origin::Django
        };
        self.made_by.unwrap_or(by_its_migrations)
    }

    /// Whether the tables of groups and permissions are there.
    pub(super) fn has_permissions(&self, model: &UserModel) -> Result<()> {
        match self.lacking(permissions::needed(model)) {
            None => Ok(()),
            Some((table, column)) => Err(Error::UnfitSchema(format!(
                "The groups and permissions of {} are read from the table {table}, and there is none with a column \
                 {column}. Give the model a PermissionsMixin and run `manage.py migrate`, or leave \"groups\" and \
                 \"permissions\" out of SIMPLE_JWT_CLAIMS.",
                model.label
            ))),
        }
    }

    /// Whether the tables are there that say which groups and permissions a user has.
    pub(super) fn has_relations(&self, model: &UserModel) -> Result<()> {
        match self.lacking(permissions::relations(model)) {
            None => Ok(()),
            Some((table, column)) => Err(Error::UnfitSchema(format!(
                "Who deletes his account is taken out of the table {table}, and there is none with a column {column}. \
                 Give {} a PermissionsMixin and run `manage.py migrate`, or write user.deletion = false.",
                model.label
            ))),
        }
    }

    /// The first of some tables that is not there with its column.
    fn lacking(&self, needed: impl IntoIterator<Item = (String, String)>) -> Option<(String, String)> {
        needed.into_iter().find(|(table, column)| {
            let there = self.tables.get(table);
            there.is_none_or(|there| !there.contains(column))
        })
    }

    /// Whether every column is there that this program reads or writes.
    ///
    /// # Errors
    /// [`Error::UnfitSchema`] with the first one that is not.
    pub(super) fn is_fit_for(&self, model: &UserModel) -> Result<()> {
        let extra = model.extra_fields.iter().map(|field| field.column.as_str());
        let named = [model.username_column()].into_iter().chain(model.email_column());
        let built_in = model.columns.iter().map(|(_, column)| column);
        let user_columns: Vec<&str> = built_in.chain(named).chain(extra).collect();
        let needed = [
            (model.table.as_str(), user_columns.as_slice()),
            ("django_session", &["session_key", "session_data", "expire_date"]),
            (
                "token_blacklist_outstandingtoken",
                &["id", "user_id", "jti", "token", "created_at", "expires_at"],
            ),
            (
                "token_blacklist_blacklistedtoken",
                &["id", "token_id", "blacklisted_at"],
            ),
        ];
        for (table, columns) in needed {
            let there = self.tables.get(table);
            let lacking = columns
                .iter()
                .find(|column| there.is_none_or(|there| !there.contains(**column)));
            if let Some(column) = lacking {
                return Err(Error::UnfitSchema(format!(
                    "The table {table} has no column {column}. Run the Django project's `manage.py migrate`, or write \
                     the AUTH_USER_MODEL and the fields that it has; in [user.columns], where a column is called \
                     otherwise than its field, and `field = \"\"` where the model has no such field."
                )));
            }
        }
        Ok(())
    }
}

/// Looks at the database.
pub(super) async fn of(conn: &mut Conn) -> Result<Survey> {
    let mut tables = BTreeMap::<String, BTreeSet<String>>::new();
    let columns = conn.choose(&SQLITE_COLUMNS, &POSTGRES_COLUMNS);
    for (table, column) in conn
        .all(columns, &[], |row| Ok((row.text(0)?, row.text(1)?)))
        .await?
    {
        tables.entry(table).or_default().insert(column);
    }
    let mut survey = Survey {
        tables,
        django: BTreeSet::new(),
        ours: Vec::new(),
        user_model: None,
        made_by: None,
    };
    if survey.tables.contains_key("django_migrations") {
        let rows = conn
            .all(&DJANGO, &[], |row| Ok((row.text(0)?, row.text(1)?)))
            .await?;
        survey.django = rows.into_iter().collect();
    }
    if survey.tables.contains_key("munjigi_migration") {
        survey.ours = conn.all(&OURS, &[], |row| row.text(0)).await?;
        let origin = conn
            .optional(&ORIGIN, &[], |row| Ok((row.text(0)?, row.text(1)?)))
            .await?;
        if let Some((made_by, user_model)) = origin {
            let is_django = made_by == Origin::Django.as_str();
            survey.made_by = Some(if is_django {
                Origin::Django
            } else {
                Origin::Munjigi
            });
            survey.user_model = Some(user_model);
        }
    }
    Ok(survey)
}

/// The table of a Django project's users, as far as one can tell, and how many there are.
pub(super) async fn users_of_the_project(
    conn: &mut Conn,
    survey: &Survey,
    model: &UserModel,
) -> Result<(String, String)> {
    let looks_like_users =
        |columns: &BTreeSet<String>| columns.contains("password") && columns.contains("last_login");
    let table = [model.table.as_str(), "auth_user"]
        .into_iter()
        .find(|table| survey.tables.contains_key(*table))
        .or_else(|| {
            survey
                .tables
                .iter()
                .find(|(_, columns)| looks_like_users(columns))
                .map(|(t, _)| &**t)
        });
    let Some(table) = table else {
        return Ok(("no table of users".to_owned(), "no".to_owned()));
    };
    let count = Stmt::new(format!("SELECT count(*) FROM {}", quoted(table)));
    let users = conn.optional(&count, &[], |row| row.int(0)).await?.unwrap_or(0);
    Ok((table.to_owned(), with_commas(users)))
}

fn with_commas(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

static SQLITE_COLUMNS: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
    )
});
/// Whatever a name without a schema finds: the tables of every schema of the `search_path`, but for those that one before
/// hides. The catalogue shows them to a role that may not read them, too.
static POSTGRES_COLUMNS: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped \
         AND c.relnamespace::regnamespace::text <> ALL ('{pg_catalog,information_schema}') \
         AND pg_table_is_visible(c.oid)",
    )
});
static DJANGO: LazyLock<Stmt> = LazyLock::new(|| Stmt::new("SELECT app, name FROM django_migrations"));
static OURS: LazyLock<Stmt> = LazyLock::new(|| Stmt::new("SELECT name FROM munjigi_migration"));
static ORIGIN: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new("SELECT created_by, user_model FROM munjigi_origin"));

#[cfg(test)]
mod tests {
    use super::with_commas;

    #[test]
    fn thousands_have_commas() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (50_112, "50,112"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(with_commas(number), text);
        }
    }
}
