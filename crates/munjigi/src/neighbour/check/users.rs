//! `AUTH_USER_MODEL`: the table, its key and its columns.

use super::{Both, Finding, finding};
use crate::neighbour::user::{email_field, key, key_class};
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
        return differing(
            "neighbour.E070",
            "AUTH_USER_MODEL",
            &theirs.label,
            &ours.label,
            line,
        )
        .into_iter()
        .collect();
    }
    let mut findings = Vec::new();
    findings.extend(differing(
        "neighbour.E071",
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
        findings.extend(differing("neighbour.E073", name, there, here, line));
    }
    findings.extend(columns(both));
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
            "neighbour.E072",
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
            "neighbour.E074",
            format!("Columns of users differ: {}.", wrong.join("; ")),
            format!("Write {} below [user.columns] here.", lines.join(", ")),
        )
    })
}
