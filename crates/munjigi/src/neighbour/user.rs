//! `AUTH_USER_MODEL` and the tables `[user]`, `[user.columns]` and `[user.fields.*]`, from the `_meta` of the model.

use super::report::{Field, User};
use super::settings::{Want, Wanted};
use crate::config::FIELD_CLASSES;
use crate::config::convert::{Python, bare, comment, quoted};
use munjigi_store::Columns;
use serde_json::Value;
use std::fmt::Write as _;

/// The settings that tell the model, always written: who reads the file sees whose table it is.
pub(super) fn wanted(user: &User) -> Wanted {
    let text = |text: &str| Python::Text(text.to_owned());
    let mut wanted = Wanted::from([
        ("AUTH_USER_MODEL".to_owned(), Want::pinned(text(&user.label))),
        ("user.db_table".to_owned(), Want::pinned(text(&user.table))),
        (
            "user.USERNAME_FIELD".to_owned(),
            Want::pinned(text(&user.username_field)),
        ),
        (
            "user.EMAIL_FIELD".to_owned(),
            Want::pinned(text(email_field(user))),
        ),
    ]);
    if let Some(key) = key(user) {
        let class = key_class(key).unwrap_or_default();
        wanted.insert("user.primary_key".to_owned(), Want::pinned(text(class)));
        wanted.insert("user.primary_key_field".to_owned(), Want::of(text(&key.name)));
    }
    wanted
}

/// Why munjigi cannot work with this model, as a sentence.
pub(super) fn refusal(user: &User) -> Option<String> {
    let Some(key) = key(user) else {
        return Some(format!(
            "{} has no primary key that its columns tell of.",
            user.label
        ));
    };
    if let Some(other) = user.fields.iter().find(|field| field.table != user.table) {
        return Some(format!(
            "{} keeps its fields in two tables, {} and {}, as a model does that inherits from another one with a table. \
             munjigi reads users from one table.",
            user.label, user.table, other.table
        ));
    }
    key_class(key).is_none().then(|| {
        format!(
            "The primary key of {} is a {}, and munjigi knows AutoField, BigAutoField, UUIDField and CharField.",
            user.label, key.class
        )
    })
}

/// Whether a field by this name is the key.
pub(super) fn is_key(user: &User, name: &str) -> bool {
    name == "pk" || key(user).is_some_and(|key| key.name == name)
}

/// `[user.columns]` and `[user.fields.*]`, as far as there is something to say.
pub(super) fn tables(user: &User) -> String {
    let mut text = columns(user);
    for field in further(user) {
        text.push_str(&declaration(user, field));
    }
    text
}

/// The field that is the key.
pub(super) fn key(user: &User) -> Option<&Field> {
    user.fields.iter().find(|field| field.primary_key)
}

/// Django's class whose column the key has.
pub(super) fn key_class(key: &Field) -> Option<&'static str> {
    match key.stored_as.as_deref()? {
        "AutoField" | "IntegerField" | "PositiveIntegerField" => Some("AutoField"),
        "BigAutoField" | "BigIntegerField" | "PositiveBigIntegerField" => Some("BigAutoField"),
        "UUIDField" => Some("UUIDField"),
        "CharField" | "SlugField" | "TextField" => Some("CharField"),
        _ => None,
    }
}

/// The field of the address, or the empty text where the class names one that the model has not.
pub(super) fn email_field(user: &User) -> &str {
    let named = user.email_field.as_deref().unwrap_or_default();
    let is_there = user.fields.iter().any(|field| field.name == named);
    if is_there { named } else { "" }
}

fn columns(user: &User) -> String {
    let mut lines = String::new();
    let key = key(user);
    if let Some(key) = key.filter(|key| key.column != key.name) {
        let _ = writeln!(lines, "id = {}", quoted(&key.column));
    }
    let of_a_user = Columns::ABSTRACT_USER.into_iter().filter(|name| *name != "id");
    for name in of_a_user {
        match user.fields.iter().find(|field| field.name == name) {
            Some(field) if field.column != name => {
                let _ = writeln!(lines, "{name} = {}", quoted(&field.column));
            }
            Some(_) => {}
            None => {
                let _ = writeln!(lines, "{name} = \"\"");
            }
        }
    }
    for name in [user.username_field.as_str(), email_field(user)] {
        let field = user.fields.iter().find(|field| field.name == name);
        let is_of_its_own = !Columns::ABSTRACT_USER.contains(&name);
        if let Some(field) = field.filter(|field| is_of_its_own && field.column != field.name) {
            let _ = writeln!(lines, "{} = {}", bare(&field.name), quoted(&field.column));
        }
    }
    // munjigi's own model has it.
    if user.label == "user.User" && !user.fields.iter().any(|field| field.name == "age") {
        lines.push_str("age = \"\"\n");
    }
    if lines.is_empty() {
        return lines;
    }
    format!("\n[user.columns]\n# \"\" is a field of AbstractUser that the model has not.\n{lines}")
}

/// What the model has beside the fields of `AbstractUser` and the three that are told by settings of their own.
fn further(user: &User) -> impl Iterator<Item = &Field> {
    let named = [user.username_field.as_str(), email_field(user)];
    user.fields.iter().filter(move |field| {
        !field.primary_key
            && !Columns::ABSTRACT_USER.contains(&field.name.as_str())
            && !named.contains(&field.name.as_str())
    })
}

/// A further field of a class that users see, or a column that only a new row fills. What users see is a comment, for only the project knows whether a user may see it; but the one that munjigi shows by
/// default is declared, as one that nobody changes.
fn declaration(user: &User, field: &Field) -> String {
    let class = field.stored_as.as_deref().unwrap_or_default();
    let mut lines = format!("[user.fields.{}]\ntype = \"{class}\"\n", bare(&field.name));
    if !FIELD_CLASSES.contains(&class) {
        return match filling(class, field) {
            Some(default) if is_required(field) => {
                let _ = writeln!(lines, "default = {default}");
                lines.push_str(&db_column(field));
                format!("\n# It is shown to nobody; a new row must have it.\n{lines}")
            }
            _ => format!("\n{}", comment(&not_shown(field))),
        };
    }
    if field.null {
        lines.push_str("null = true\n");
    }
    if let Some(length) = field.max_length.filter(|_| class == "CharField") {
        let _ = writeln!(lines, "max_length = {length}");
    }
    lines.push_str(&db_column(field));
    if let Some(default) = constant(field) {
        let _ = writeln!(lines, "default = {default}");
    }
    lines.push_str("editable = false\n");
    if user.label == "user.User" && field.name == "age" {
        return format!("\n{lines}");
    }
    let commented = lines.lines().map(|line| format!("#{line}\n"));
    format!(
        "\n# Take the \"#\" away to have /user/me show it; with editable = true its user may change it.\n{}",
        commented.collect::<String>()
    )
}

fn db_column(field: &Field) -> String {
    if field.column == field.name {
        String::new()
    } else {
        format!("db_column = {}\n", quoted(&field.column))
    }
}

/// Whether a new row must give it.
fn is_required(field: &Field) -> bool {
    !field.null && !field.has_db_default
}

fn not_shown(field: &Field) -> String {
    let what = match &field.relation {
        Some(relation) => format!("a {} to {relation}", short(&field.class)),
        None => format!("a {}", short(&field.class)),
    };
    let missed = if is_required(field) {
        ", and munjigi cannot fill it: neither a sign-up nor an import makes a row here"
    } else {
        ""
    };
    format!(
        "[user.fields.{}]: {what}, which is not shown here{missed}.",
        field.name
    )
}

/// The default of a field whose column is only filled, as `[user.fields.*]` takes it.
fn filling(class: &str, field: &Field) -> Option<String> {
    let made_by = field
        .default
        .as_ref()
        .and_then(|default| default.get("$python")?.as_str());
    let is_clock = |path: &str| matches!(path.rsplit('.').next(), Some("now" | "today"));
    let is_now = field.auto_now || made_by.is_some_and(is_clock);
    match class {
        "DateTimeField" | "DateField" if is_now => Some(quoted("now")),
        "DateField" => constant(field),
        "UUIDField" if made_by == Some("uuid.uuid4") => Some(quoted("uuid4")),
        "DecimalField" | "FloatField" => {
            let default = field.default.as_ref()?;
            let number = default.as_f64().or_else(|| default.as_str()?.parse().ok())?;
            number.is_finite().then(|| number.to_string())
        }
        "JSONField" if made_by == Some("builtins.dict") => Some(quoted("{}")),
        "JSONField" if made_by == Some("builtins.list") => Some(quoted("[]")),
        _ => None,
    }
}

/// A default that is a value, in TOML.
fn constant(field: &Field) -> Option<String> {
    match field.default.as_ref()? {
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) if number.is_i64() => Some(number.to_string()),
        Value::String(text) => Some(quoted(text)),
        _ => None,
    }
}

fn short(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}
