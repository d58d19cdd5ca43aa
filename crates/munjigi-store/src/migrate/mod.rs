//! Making the tables: `manage.py migrate` of Django 5.2 for the apps that this program needs, and our own tables.
//!
//! In a database of ours Django's tables are made in one step, as its migrations leave them, and
//! `django_migrations` says that these were applied: a Django project put beside it finds nothing to do for these apps.
//! Rows of `django_content_type` and `auth_permission` are left to Django, whose `migrate` writes them after each run.
//! In the database of a Django project nothing of the project's is altered: only tables that are missing are added.
//!
//! Our own tables are made in numbered steps, and `munjigi_migration` says which of them were taken; a database with a
//! step that this version does not know is refused.
//!
//! What is missing is done in one transaction. Two processes may migrate at once: one waits for the other and then finds nothing to
//! do.

mod apps;
mod email_index;
pub mod removal;
mod survey;
mod user_table;

pub use email_index::{EmailIndex, LARGE, add_email_index, email_index};
pub use user_table::check_signup;

use std::fmt;

use jiff::Timestamp;

use self::apps::{App, Ddl, FIRST_STEP, OUR_STEPS, OurStep};
use self::survey::{Origin, Survey};
use crate::db::{Conn, Foreign, LOCK_SCHEMA, Store, Tx, literal, moment_text, quoted};
use crate::error::{Error, Result};
use crate::grants::{self, Grantee};
use crate::model::UserModel;

/// Something that [`apply`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The app of Django's, or `munjigi`.
    pub app: &'static str,
    /// The last migration of the app that is applied by this step.
    pub name: &'static str,
}

/// `token_blacklist.0013_alter_blacklistedtoken_options_and_more`
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.app, self.name)
    }
}

/// What [`apply`] would do, in its order; nothing where the database is ready.
///
/// # Errors
/// [`Error::ForeignDatabase`], [`Error::NewerSchema`] and [`Error::UnfitSchema`] where it must do nothing.
pub async fn plan(store: &Store) -> Result<Vec<Step>> {
    let ground = Ground::of(store);
    let mut conn = store.reader();
    let survey = survey::of(&mut conn).await?;
    Ok(missing(&mut conn, &survey, &ground)
        .await?
        .iter()
        .map(Missing::step)
        .collect())
}

/// Makes what is missing, in one transaction, and tells what that was.
///
/// # Errors
/// As [`plan`].
pub async fn apply(store: &Store, now: Timestamp) -> Result<Vec<Step>> {
    store
        .write((Ground::of(store), now), |tx, (ground, now)| {
            Box::pin(apply_all(tx, ground, *now))
        })
        .await
}

/// What [`apply`] would run now and what `grantee` must be allowed afterwards, as one transaction for somebody else to run;
/// empty where there is nothing of either. The tables can be made only once: run again, it fails and changes nothing.
///
/// # Errors
/// As [`plan`]; [`Error::UnfitSchema`] for a role on SQLite, which knows none.
pub async fn sql(store: &Store, now: Timestamp, grantee: Option<&Grantee>) -> Result<String> {
    let ground = Ground::of(store);
    let mut conn = store.reader();
    let survey = survey::of(&mut conn).await?;
    let missing = missing(&mut conn, &survey, &ground).await?;
    let mut text = scripts(&conn, &survey, &missing, (&ground, now)).concat();
    if let Some(grantee) = grantee {
        text += &grants::statements(&mut conn, store, grantee).await?;
    }
    if text.is_empty() {
        return Ok(text);
    }
    let begin = if conn.choose(false, true) {
        // Who runs it may look for tables elsewhere.
        let schemas: Vec<String> = grants::schemas(&mut conn)
            .await?
            .iter()
            .map(|name| quoted(name))
            .collect();
        let path = schemas.join(", ");
        format!("BEGIN;\n{LOCK_SCHEMA};\nSET LOCAL search_path TO {path};\n")
    } else {
        "BEGIN IMMEDIATE;\n".to_owned()
    };
    Ok(format!("{begin}{text}COMMIT;\n"))
}

/// Whether the database is as this version needs it.
///
/// # Errors
/// [`Error::NotMigrated`] where [`apply`] has something to do; [`Error::UnfitSchema`] where a column is missing; else as
/// [`plan`].
pub async fn check(store: &Store) -> Result<()> {
    let steps = plan(store).await?;
    if !steps.is_empty() {
        let missing: Vec<String> = steps.iter().map(Step::to_string).collect();
        return Err(Error::NotMigrated {
            missing: missing.join(", "),
        });
    }
    let survey = survey::of(&mut store.reader()).await?;
    survey.is_fit_for(store.user_model())
}

/// Whether the tables are there that [`permissions`](crate::permissions) reads.
///
/// # Errors
/// [`Error::UnfitSchema`] where the user model has no groups and permissions, or its tables are called otherwise.
pub async fn check_permissions(store: &Store) -> Result<()> {
    let survey = survey::of(&mut store.reader()).await?;
    survey.has_permissions(store.user_model())
}

/// Whether the tables are there that [`users::delete`](crate::users::delete) takes a user out of.
///
/// # Errors
/// As [`check_permissions`].
pub async fn check_relations(store: &Store) -> Result<()> {
    let survey = survey::of(&mut store.reader()).await?;
    survey.has_relations(store.user_model())
}

/// Whether the database is that of a Django project, and we only live in it.
///
/// # Errors
/// What the database may fail with.
pub async fn is_adopted(store: &Store) -> Result<bool> {
    Ok(survey::of(&mut store.reader()).await?.origin() == Origin::Django)
}

/// What decides on the steps beside the database itself.
struct Ground {
    model: UserModel,
    foreign: Foreign,
}

impl Ground {
    fn of(store: &Store) -> Self {
        Self {
            model: store.user_model().clone(),
            foreign: store.options().foreign,
        }
    }
}

/// A step with what it needs.
enum Missing {
    Django(&'static App),
    /// A step of our own tables, and in whose database.
    Ours(&'static OurStep, Origin),
}

impl Missing {
    fn step(&self) -> Step {
        let (app, name) = match self {
            Self::Django(app) => (app.label, app.migrations.last().copied().unwrap_or_default()),
            Self::Ours(step, _) => ("munjigi", step.name),
        };
        Step { app, name }
    }
}

/// A step of our own tables that a later version took.
fn unknown_step(survey: &Survey) -> Option<String> {
    let is_known = |name: &&String| OUR_STEPS.iter().any(|step| step.name == *name);
    survey.ours.iter().find(|name| !is_known(name)).cloned()
}

async fn missing(conn: &mut Conn, survey: &Survey, ground: &Ground) -> Result<Vec<Missing>> {
    if let Some(newer) = unknown_step(survey) {
        return Err(Error::NewerSchema(newer));
    }
    let origin = survey.origin();
    if origin == Origin::Django && ground.foreign == Foreign::Refuse {
        let (table, users) = survey::users_of_the_project(conn, survey, &ground.model).await?;
        return Err(Error::ForeignDatabase { table, users });
    }
    is_for(survey, origin, &ground.model)?;
    let mut steps = Vec::new();
    for app in apps::of(&ground.model) {
        if is_missing(app, survey, origin)? {
            steps.push(Missing::Django(app));
        }
    }
    let ours = OUR_STEPS
        .iter()
        .filter(|step| !survey.ours.iter().any(|name| name == step.name));
    steps.extend(ours.map(|step| Missing::Ours(step, origin)));
    Ok(steps)
}

/// Whether the database has, or is to get, the table of this user model.
fn is_for(survey: &Survey, origin: Origin, model: &UserModel) -> Result<()> {
    let unfit = |text: String| Err(Error::UnfitSchema(text));
    match (origin, &survey.user_model) {
        (Origin::Munjigi, Some(made_for)) if *made_for != model.label => unfit(format!(
            "This database was made for AUTH_USER_MODEL = \"{made_for}\", not \"{}\". Write that, or another \
             DATABASE_URL.",
            model.label
        )),
        (Origin::Munjigi, None) if !["auth.User", "user.User"].contains(&model.label.as_str()) => {
            unfit(format!(
                "AUTH_USER_MODEL is \"{}\", but in a database of its own munjigi makes only \"user.User\" and \
             \"auth.User\". Write one of these, or the DATABASE_URL of the Django project.",
                model.label
            ))
        }
        (Origin::Munjigi, _) if !is_as_made(model) => unfit(format!(
            "The settings give {} another table, primary key or columns than those that munjigi makes in a database of its \
             own. Leave user.db_table, user.primary_key, user.primary_key_field and [user.columns] out, or write the \
             DATABASE_URL of the Django project.",
            model.label
        )),
        (Origin::Django, _) if !survey.tables.contains_key(&model.table) => unfit(format!(
            "AUTH_USER_MODEL is \"{}\", but this Django project has no table {}. Write the project's own \
             AUTH_USER_MODEL, and run its `manage.py migrate` first.",
            model.label, model.table
        )),
        _ => Ok(()),
    }
}

/// Whether the user's table is as [`apps`] makes it.
fn is_as_made(model: &UserModel) -> bool {
    [UserModel::auth_user(), UserModel::user_user()]
        .iter()
        .any(|made| {
            made.label == model.label
                && made.table == model.table
                && made.id_kind == model.id_kind
                && model
                    .columns
                    .iter()
                    .all(|(field, column)| made.columns.of(field) == Some(column))
        })
}

/// Whether the app's tables are to be made.
fn is_missing(app: &App, survey: &Survey, origin: Origin) -> Result<bool> {
    let applied = |name: &&&str| {
        survey
            .django
            .contains(&(app.label.to_owned(), (**name).to_owned()))
    };
    let unapplied = app.migrations.iter().find(|name| !applied(name));
    match unapplied {
        None | Some(&apps::NAMES_ONLY) => Ok(false),
        // The app with the user's table is the project's own, and it may have any migrations.
        Some(_) if origin == Origin::Django && app.label == "user" => Ok(false),
        Some(name) if app.migrations.iter().any(|name| applied(&name)) => Err(Error::UnfitSchema(format!(
            "The migration {}.{name} is not applied in this Django project. Run its `manage.py migrate` first.",
            app.label
        ))),
        Some(_) if survey.tables.contains_key(app.table) => Err(Error::UnfitSchema(format!(
            "There is a table {} already, but django_migrations does not say that the app {} was migrated. Write \
             another DATABASE_URL.",
            app.table, app.label
        ))),
        Some(_) => Ok(true),
    }
}

async fn apply_all(tx: &mut Tx, ground: &Ground, now: Timestamp) -> Result<Vec<Step>> {
    tx.lock_schema().await?;
    let survey = survey::of(tx).await?;
    let missing = missing(tx, &survey, ground).await?;
    for script in scripts(tx, &survey, &missing, (ground, now)) {
        tx.script(&script).await?;
    }
    Ok(missing.iter().map(Missing::step).collect())
}

/// What makes what is missing: SQL without parameters, so that it can be printed, too.
fn scripts(
    conn: &Conn,
    survey: &Survey,
    missing: &[Missing],
    (ground, now): (&Ground, Timestamp),
) -> Vec<String> {
    let run = |ddl: &Ddl| conn.choose(ddl.sqlite(&ground.model), ddl.postgres(&ground.model));
    let applied = conn.choose(moment_text(now), format!("{}+00:00", moment_text(now)));
    let mut scripts = Vec::new();
    if !missing.is_empty() && !survey.tables.contains_key("django_migrations") {
        scripts.push(run(&apps::RECORDER));
    }
    for missing in missing {
        match missing {
            Missing::Django(app) => {
                scripts.extend(app.ddl.iter().map(run));
                scripts.extend(app.migrations.iter().map(|name| {
                    format!(
                        "INSERT INTO django_migrations (app, name, applied) VALUES ({}, {}, {});\n",
                        literal(app.label),
                        literal(name),
                        literal(&applied)
                    )
                }));
            }
            Missing::Ours(step, origin) => {
                scripts.push(run(&step.ddl));
                if step.name == FIRST_STEP {
                    scripts.extend(note_origin(*origin, &ground.model));
                }
                scripts.push(format!(
                    "INSERT INTO munjigi_migration (name, applied_at) VALUES ({}, {});\n",
                    literal(step.name),
                    now.as_millisecond()
                ));
            }
        }
    }
    scripts
}

/// Notes whose database it is. One of ours gets an index that a Django project would have to want.
fn note_origin(origin: Origin, model: &UserModel) -> Vec<String> {
    let email = model.email_column().filter(|_| origin == Origin::Munjigi);
    let index = email.map(|email| {
        let (table, email) = (quoted(&model.table), quoted(email));
        format!(
            "CREATE INDEX {} ON {table} (lower({email}));\n",
            email_index::NAME
        )
    });
    let note = format!(
        "INSERT INTO munjigi_origin (created_by, user_model) VALUES ({}, {});\n",
        literal(origin.as_str()),
        literal(&model.label)
    );
    index.into_iter().chain([note]).collect()
}
