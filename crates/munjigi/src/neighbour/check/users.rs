//! `AUTH_USER_MODEL`: the table, its key and its columns.

use super::{Both, Finding, finding, known};
use crate::neighbour::user::{email_field, key, key_class};
use munjigi_store::{FieldKind, FilledKind};
use munjigi_user::UserIdKind;

pub(super) fn check(both: &Both<'_>) -> Vec<Finding> {
    let (theirs, ours) = (&both.report.user, &both.config.user_model);
    let differing = |id, what: &str, there: &str, here: &str, line: String| {
        (there != here).then(|| {
            finding(
                id,
                format!("{what} is \"{there}\" in Django and \"{here}\" here, so that munjigi takes other rows for users, or none."),
                format!("Write {line} here."),
            )
        })
    };
    if theirs.label != ours.label {
        let line = format!("AUTH_USER_MODEL = \"{}\"", theirs.label);
        return differing(&known::E070, "AUTH_USER_MODEL", &theirs.label, &ours.label, line)
            .into_iter()
            .collect();
    }
    let mut findings = Vec::new();
    findings.extend(differing(
        &known::E071,
        "The table of users",
        &theirs.table,
        &ours.table,
        format!("db_table = \"{}\" below [user]", theirs.table),
    ));
    findings.extend(primary_key(both));
    for (name, there, here) in [
        (
            "USERNAME_FIELD",
            theirs.username_field.as_str(),
            ours.username_field.as_str(),
        ),
        (
            "EMAIL_FIELD",
            email_field(theirs),
            ours.email_field.as_deref().unwrap_or_default(),
        ),
    ] {
        let line = format!("{name} = \"{there}\" below [user]");
        findings.extend(differing(&known::E073, name, there, here, line));
    }
    findings.extend(columns(both));
    findings.extend(further(both));
    findings.extend(unfilled(both));
    findings
}

fn primary_key(both: &Both<'_>) -> Option<Finding> {
    let key = key(&both.report.user)?;
    let stored_as = key.stored_as.as_deref().unwrap_or(&key.class);
    let class = key_class(key);
    let kind = match class {
        Some("AutoField") => Some(UserIdKind::Int),
        Some("BigAutoField") => Some(UserIdKind::BigInt),
        Some("UUIDField") => Some(UserIdKind::Uuid),
        Some(_) => Some(UserIdKind::Text),
        None => None,
    };
    let ours = &both.config.user_model;
    let is_same = kind == Some(ours.id_kind) && ours.columns.id() == key.column;
    (!is_same).then(|| {
        finding(
            &known::E072,
            format!(
                "The primary key of users is a {stored_as} in the column {} in Django, and here a {:?} in the column {}, so \
                 that tokens and sessions name nobody.",
                key.column,
                ours.id_kind,
                ours.columns.id()
            ),
            format!(
                "Write primary_key = \"{}\" below [user] here, and id = \"{}\" below [user.columns].",
                class.unwrap_or(&key.class),
                key.column
            ),
        )
    })
}

/// Fields that stand in another column there, or are on one side only.
fn columns(both: &Both<'_>) -> Option<Finding> {
    let (theirs, ours) = (&both.report.user, &both.config.user_model);
    let mut wrong = Vec::new();
    let mut lines = Vec::new();
    for field in munjigi_store::Columns::ABSTRACT_USER
        .into_iter()
        .filter(|field| *field != "id")
    {
        let extra = ours.extra_fields.iter().find(|extra| extra.name == field);
        let here = ours
            .columns
            .of(field)
            .or(extra.map(|extra| extra.column.as_str()));
        let there = theirs
            .fields
            .iter()
            .find(|it| it.name == field)
            .map(|it| it.column.as_str());
        if here != there {
            let told =
                |column: Option<&str>| column.map_or("absent".to_owned(), |column| format!("\"{column}\""));
            wrong.push(format!(
                "{field} is {} in Django and {} here",
                told(there),
                told(here)
            ));
            lines.push(format!("{field} = \"{}\"", there.unwrap_or_default()));
        }
    }
    (!wrong.is_empty()).then(|| {
        finding(
            &known::E074,
            format!("Columns of users differ: {}.", wrong.join("; ")),
            format!("Write {} below [user.columns] here.", lines.join(", ")),
        )
    })
}

/// What `[user.fields]` declares and Django's model has not, or has as another type: munjigi reads these columns with every
/// user.
fn further(both: &Both<'_>) -> Option<Finding> {
    let ours = &both.config.user_model;
    let shown = ours.extra_fields.iter();
    let shown = shown
        .filter(|field| !munjigi_store::Columns::ABSTRACT_USER.contains(&field.name.as_str()))
        .map(|field| (&field.column, stored(field.kind)));
    let filled = ours.filled.iter().map(|field| (&field.column, kept(field.kind)));
    let wrong: Vec<String> = shown
        .chain(filled)
        .filter_map(|(column, classes)| {
            let theirs = both
                .report
                .user
                .fields
                .iter()
                .find(|field| field.column == *column);
            match theirs.map(|field| field.stored_as.as_deref().unwrap_or(&field.class)) {
                None => Some(format!("{column} is no column there")),
                Some(class) if classes.contains(&class) => None,
                Some(class) => Some(format!("{column} is a {class} there")),
            }
        })
        .collect();
    (!wrong.is_empty()).then(|| {
        finding(
            &known::E075,
            format!(
                "[user.fields] declares what Django's model has not: {}. No user can be read so.",
                wrong.join("; ")
            ),
            "Write the type and the db_column of Django's field in each [user.fields.NAME] here, or take it away."
                .to_owned(),
        )
    })
}

/// The classes of Django's whose column such a field reads.
fn stored(kind: FieldKind) -> &'static [&'static str] {
    match kind {
        FieldKind::Integer { .. } => &[
            "IntegerField",
            "PositiveIntegerField",
            "SmallIntegerField",
            "PositiveSmallIntegerField",
            "BigIntegerField",
            "PositiveBigIntegerField",
        ],
        FieldKind::Text { .. } => &[
            "CharField",
            "TextField",
            "SlugField",
            "FileField",
            "FilePathField",
        ],
        FieldKind::Boolean => &["BooleanField"],
    }
}

fn kept(kind: FilledKind) -> &'static [&'static str] {
    match kind {
        FilledKind::Moment => &["DateTimeField"],
        FilledKind::Date => &["DateField"],
        FilledKind::Uuid => &["UUIDField"],
        FilledKind::Number => &["DecimalField", "FloatField"],
        FilledKind::Json => &["JSONField"],
    }
}

/// What a sign-up here would leave empty. The start of a server looks at the table itself and says it too.
fn unfilled(both: &Both<'_>) -> Option<Finding> {
    let (theirs, ours) = (&both.report.user, &both.config.user_model);
    let routes = both.config.routes.clone().for_adopted_database();
    if routes.session_signup.is_none() && routes.jwt_signup.is_none() {
        return None;
    }
    let is_written = |column: &str| {
        ours.extra_fields.iter().any(|field| field.column == column)
            || ours.filled.iter().any(|field| field.column == column)
            || ours.columns.iter().any(|(_, other)| other == column)
    };
    let fields = theirs.fields.iter();
    let unfilled: Vec<&str> = fields
        .filter(|field| {
            !field.null && !field.has_db_default && !field.primary_key && !is_written(&field.column)
        })
        .map(|field| field.column.as_str())
        .collect();
    (!unfilled.is_empty()).then(|| {
        finding(
            &known::E076,
            format!(
                "Every user in Django has {}, and a sign-up here writes no such column.",
                unfilled.join(", ")
            ),
            "Declare each as [user.fields.NAME] with its default here, or write session_signup = false and jwt_signup = \
             false below [ROUTES]."
                .to_owned(),
        )
    })
}
