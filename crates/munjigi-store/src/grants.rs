//! What the role of a server must be allowed to do on PostgreSQL: nothing that makes or alters a table.
//!
//! Who owns the tables runs what [`migrate::sql`](crate::migrate::sql) prints; the server then lives on rows alone, and
//! [`check`] says at its start what it lacks.

use std::fmt::Write;

use crate::db::{Conn, Stmt, Store, TokenBlacklist, literal, quoted};
use crate::error::{Error, Result};
use crate::model::UserModel;
use crate::permissions;

/// What a server does beyond signing in, each of which needs more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Use {
    /// Users sign up.
    SignUp,
    /// Users delete their own accounts.
    Deletion,
    /// Groups and permissions are written into tokens.
    Permissions,
}

/// A role of PostgreSQL, and what a server does with it.
#[derive(Clone, Debug)]
pub struct Grantee {
    /// Its name, without quotes.
    pub role: String,
    /// What it does.
    pub uses: Vec<Use>,
}

/// Whether the role that we came in with may do all that a server does. On SQLite it may.
///
/// # Errors
/// [`Error::MissingPrivilege`] with the first table that lacks one.
pub async fn check(store: &Store, uses: &[Use]) -> Result<()> {
    let mut conn = store.reader();
    if conn.choose(true, false) {
        return Ok(());
    }
    let needed = needed(store, uses);
    let lacks = conn
        .all(&lacking(&needed), &[], |row| {
            Ok((row.text(0)?, row.text(1)?, row.text(2)?))
        })
        .await?;
    if let Some((table, privilege, role)) = lacks.into_iter().next() {
        let grant = needed.iter().find(|grant| grant.table == table);
        let grant = grant.map_or_else(String::new, |grant| grant.statement(&role));
        return Err(Error::MissingPrivilege {
            role,
            privilege,
            table,
            grant,
        });
    }
    let sequences = sequences(&mut conn, &needed).await?;
    match sequences.into_iter().find(|sequence| !sequence.is_usable) {
        None => Ok(()),
        Some(Sequence { name, role, .. }) => Err(Error::MissingPrivilege {
            grant: usage(&name, &role),
            role,
            privilege: "USAGE".to_owned(),
            table: name,
        }),
    }
}

/// The statements that allow a role all that a server does, each ended by `;`. They may be run again.
pub(crate) async fn statements(conn: &mut Conn, store: &Store, grantee: &Grantee) -> Result<String> {
    if conn.choose(true, false) {
        return Err(Error::UnfitSchema(
            "An SQLite database knows no roles: who may write its file may do everything.".to_owned(),
        ));
    }
    let mut text = String::new();
    for schema in schemas(conn).await? {
        let _ = writeln!(
            text,
            "GRANT USAGE ON SCHEMA {} TO {};",
            quoted(&schema),
            quoted(&grantee.role)
        );
    }
    let needed = needed(store, &grantee.uses);
    for grant in &needed {
        let _ = writeln!(text, "{};", grant.statement(&grantee.role));
    }
    for sequence in sequences(conn, &needed).await? {
        let _ = writeln!(text, "{};", usage(&sequence.name, &grantee.role));
    }
    Ok(text)
}

/// The schemas in which a name without one is looked for, and there are; a new table goes into the first.
pub(crate) async fn schemas(conn: &mut Conn) -> Result<Vec<String>> {
    conn.all(
        &Stmt::new("SELECT unnest(current_schemas(false))::text"),
        &[],
        |row| row.text(0),
    )
    .await
}

/// What is needed of one table.
struct Grant {
    table: String,
    privileges: &'static [&'static str],
}

impl Grant {
    fn statement(&self, role: &str) -> String {
        format!(
            "GRANT {} ON {} TO {}",
            self.privileges.join(", "),
            quoted(&self.table),
            quoted(role)
        )
    }
}

fn usage(sequence: &str, role: &str) -> String {
    format!("GRANT USAGE ON SEQUENCE {sequence} TO {}", quoted(role))
}

const READ: &[&str] = &["SELECT"];
const CHANGE: &[&str] = &["SELECT", "UPDATE"];
const ADD_AND_DELETE: &[&str] = &["SELECT", "INSERT", "DELETE"];
const ALL: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE"];

fn needed(store: &Store, uses: &[Use]) -> Vec<Grant> {
    let grant = |table: &str, privileges| Grant {
        table: table.to_owned(),
        privileges,
    };
    let model = store.user_model();
    let mut needed = vec![
        grant("django_migrations", READ),
        grant("munjigi_migration", READ),
        grant("munjigi_origin", READ),
        grant(&model.table, of_users(uses)),
        grant("django_session", ALL),
        grant("munjigi_session", ALL),
        grant("munjigi_email", ALL),
        grant("munjigi_ended", ADD_AND_DELETE),
        grant("munjigi_counter", CHANGE),
        grant("munjigi_uncached", ALL),
    ];
    if store.options().token_blacklist == TokenBlacklist::Kept {
        needed.push(grant("token_blacklist_outstandingtoken", ALL));
        needed.push(grant("token_blacklist_blacklistedtoken", ADD_AND_DELETE));
    }
    needed.extend(of_relations(model, uses));
    needed
}

fn of_users(uses: &[Use]) -> &'static [&'static str] {
    match (uses.contains(&Use::SignUp), uses.contains(&Use::Deletion)) {
        (false, false) => CHANGE,
        (true, false) => &["SELECT", "INSERT", "UPDATE"],
        (false, true) => &["SELECT", "UPDATE", "DELETE"],
        (true, true) => ALL,
    }
}

/// The tables of groups and permissions.
fn of_relations(model: &UserModel, uses: &[Use]) -> Vec<Grant> {
    let relations = permissions::relations(model).into_iter().map(|(table, _)| table);
    let deleting = uses.contains(&Use::Deletion).then(|| {
        relations.clone().map(|table| Grant {
            table,
            privileges: &["SELECT", "DELETE"],
        })
    });
    let mut grants: Vec<Grant> = deleting.into_iter().flatten().collect();
    if uses.contains(&Use::Permissions) {
        let read = permissions::needed(model).into_iter().map(|(table, _)| table);
        let more = read.filter(|table| grants.iter().all(|grant| grant.table != *table));
        let more: Vec<Grant> = more
            .map(|table| Grant {
                table,
                privileges: READ,
            })
            .collect();
        grants.extend(more);
    }
    grants
}

/// Asks for each table and privilege that there is not. A table that is not there itself is told of elsewhere.
fn lacking(needed: &[Grant]) -> Stmt {
    let pairs = needed.iter().flat_map(|grant| {
        let table = literal(&grant.table);
        grant
            .privileges
            .iter()
            .map(move |privilege| format!("({table}, '{privilege}')"))
    });
    Stmt::new(format!(
        "SELECT name, privilege, current_user::text FROM (VALUES {}) needed (name, privilege) \
         WHERE NOT has_table_privilege(to_regclass(quote_ident(name)), privilege)",
        pairs.collect::<Vec<_>>().join(", ")
    ))
}

/// A sequence that a column takes its numbers from: `serial`, as Django made keys before 4.1. A column that is an identity
/// needs no privilege.
struct Sequence {
    /// As it stands in a statement.
    name: String,
    is_usable: bool,
    role: String,
}

async fn sequences(conn: &mut Conn, needed: &[Grant]) -> Result<Vec<Sequence>> {
    let filled = needed.iter().filter(|grant| grant.privileges.contains(&"INSERT"));
    let tables: Vec<String> = filled
        .map(|grant| format!("({})", literal(&grant.table)))
        .collect();
    let asked = Stmt::new(format!(
        "SELECT s.oid::regclass::text, has_sequence_privilege(s.oid, 'USAGE'), current_user::text \
         FROM (VALUES {}) needed (name) JOIN pg_attrdef d ON d.adrelid = to_regclass(quote_ident(name)) \
         JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid \
         AND p.refclassid = 'pg_class'::regclass JOIN pg_class s ON s.oid = p.refobjid AND s.relkind = 'S' ORDER BY 1",
        tables.join(", ")
    ));
    conn.all(&asked, &[], |row| {
        Ok(Sequence {
            name: row.text(0)?,
            is_usable: row.bool(1)?,
            role: row.text(2)?,
        })
    })
    .await
}
