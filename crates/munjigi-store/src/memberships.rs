//! Groups, and who is in them and may do what by himself: `auth_group` and the two relations of `PermissionsMixin`, as an
//! import and an export move them. They go by Django's natural keys, since the numbers are another database's.
//!
//! Who asks has seen that the tables are there: [`migrate::check_permissions`](crate::migrate::check_permissions).

use std::sync::LazyLock;

use munjigi_user::UserId;

use crate::db::{Conn, Stmt, Tx, quoted};
use crate::error::Result;

/// `Permission.natural_key`: what makes one permission, in every database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// `add_post`.
    pub codename: String,
    /// `blog`.
    pub app_label: String,
    /// `post`.
    pub model: String,
}

/// All groups by name, in its order.
///
/// # Errors
/// What the database may fail with.
pub async fn groups(conn: &mut Conn) -> Result<Vec<String>> {
    conn.all(&GROUPS, &[], |row| row.text(0)).await
}

/// What the members of a group may do, sorted.
///
/// # Errors
/// What the database may fail with.
pub async fn of_group(conn: &mut Conn, name: &str) -> Result<Vec<Permission>> {
    let mut permissions = conn
        .all(&OF_GROUP, &[name.into()], |row| permission(row, 0))
        .await?;
    permissions.sort_unstable();
    Ok(permissions)
}

/// Who of the users between two keys, both included, is in which groups.
///
/// # Errors
/// What the database may fail with.
pub async fn in_groups(conn: &mut Conn, first: &UserId, last: &UserId) -> Result<Vec<(UserId, String)>> {
    let users = conn.users();
    let model = &users.model;
    let user = quoted(&model.user_column());
    let stmt = Stmt::new(format!(
        "SELECT u.{user}, g.name FROM {} u JOIN auth_group g ON g.id = u.group_id \
         WHERE u.{user} BETWEEN $1 AND $2 ORDER BY g.name",
        quoted(&model.groups_table())
    ));
    conn.all(&stmt, &[first.into(), last.into()], |row| {
        Ok((row.user_id(0, model.id_kind)?, row.text(1)?))
    })
    .await
}

/// Who of the users between two keys, both included, may do what by himself.
///
/// # Errors
/// What the database may fail with.
pub async fn permitted(conn: &mut Conn, first: &UserId, last: &UserId) -> Result<Vec<(UserId, Permission)>> {
    let users = conn.users();
    let model = &users.model;
    let user = quoted(&model.user_column());
    let stmt = Stmt::new(format!(
        "SELECT u.{user}, p.codename, t.app_label, t.model FROM {} u JOIN auth_permission p ON p.id = u.permission_id \
         JOIN django_content_type t ON t.id = p.content_type_id WHERE u.{user} BETWEEN $1 AND $2 \
         ORDER BY t.app_label, t.model, p.codename",
        quoted(&model.permissions_table())
    ));
    conn.all(&stmt, &[first.into(), last.into()], |row| {
        Ok((row.user_id(0, model.id_kind)?, permission(row, 1)?))
    })
    .await
}

/// Makes a group. False where there is one of that name, which stays as it is.
///
/// # Errors
/// What the database may fail with.
pub async fn make_group(tx: &mut Tx, name: &str) -> Result<bool> {
    Ok(tx.execute(&MAKE_GROUP, &[name.into()]).await? > 0)
}

/// Lets the members of a group do something. False where there is no such permission, or they may already.
///
/// # Errors
/// What the database may fail with.
pub async fn permit_group(tx: &mut Tx, name: &str, permission: &Permission) -> Result<bool> {
    let Permission {
        codename,
        app_label,
        model,
    } = permission;
    let params = [name.into(), codename.into(), app_label.into(), model.into()];
    Ok(tx.execute(&PERMIT_GROUP, &params).await? > 0)
}

/// Puts a user into a group. False where there is no such group, or he is in it already.
///
/// # Errors
/// What the database may fail with.
pub async fn join(tx: &mut Tx, id: &UserId, name: &str) -> Result<bool> {
    let users = tx.users();
    let user = quoted(&users.model.user_column());
    let stmt = Stmt::new(format!(
        "INSERT INTO {} ({user}, group_id) SELECT $1, id FROM auth_group WHERE name = $2 \
         ON CONFLICT ({user}, group_id) DO NOTHING",
        quoted(&users.model.groups_table()),
    ));
    Ok(tx.execute(&stmt, &[id.into(), name.into()]).await? > 0)
}

/// Lets a user do something by himself. False where there is no such permission, or he may already.
///
/// # Errors
/// What the database may fail with.
pub async fn permit(tx: &mut Tx, id: &UserId, permission: &Permission) -> Result<bool> {
    let users = tx.users();
    let Permission {
        codename,
        app_label,
        model,
    } = permission;
    let user = quoted(&users.model.user_column());
    let stmt = Stmt::new(format!(
        "INSERT INTO {} ({user}, permission_id) SELECT $1, p.id {NAMED} \
         ON CONFLICT ({user}, permission_id) DO NOTHING",
        quoted(&users.model.permissions_table()),
    ));
    let params = [id.into(), codename.into(), app_label.into(), model.into()];
    Ok(tx.execute(&stmt, &params).await? > 0)
}

/// Takes a user out of all groups.
///
/// # Errors
/// What the database may fail with.
pub async fn leave_groups(tx: &mut Tx, id: &UserId) -> Result<()> {
    let users = tx.users();
    take_out(tx, &users.model.groups_table(), id).await
}

/// Takes a user's own permissions from him; those of his groups stay.
///
/// # Errors
/// What the database may fail with.
pub async fn forbid_all(tx: &mut Tx, id: &UserId) -> Result<()> {
    let users = tx.users();
    take_out(tx, &users.model.permissions_table(), id).await
}

async fn take_out(tx: &mut Tx, relation: &str, id: &UserId) -> Result<()> {
    let users = tx.users();
    let stmt = Stmt::new(format!(
        "DELETE FROM {} WHERE {} = $1",
        quoted(relation),
        quoted(&users.model.user_column())
    ));
    tx.execute(&stmt, &[id.into()]).await?;
    Ok(())
}

fn permission(row: &crate::db::Row<'_>, first: usize) -> Result<Permission> {
    Ok(Permission {
        codename: row.text(first)?,
        app_label: row.text(first + 1)?,
        model: row.text(first + 2)?,
    })
}

/// The permission of `$2`, `$3` and `$4`.
const NAMED: &str = "FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id \
                     WHERE p.codename = $2 AND t.app_label = $3 AND t.model = $4";

static GROUPS: LazyLock<Stmt> = LazyLock::new(|| Stmt::new("SELECT name FROM auth_group ORDER BY name"));
static OF_GROUP: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT p.codename, t.app_label, t.model FROM auth_group g \
         JOIN auth_group_permissions gp ON gp.group_id = g.id JOIN auth_permission p ON p.id = gp.permission_id \
         JOIN django_content_type t ON t.id = p.content_type_id WHERE g.name = $1",
    )
});
static MAKE_GROUP: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new("INSERT INTO auth_group (name) VALUES ($1) ON CONFLICT (name) DO NOTHING"));
static PERMIT_GROUP: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(format!(
        "INSERT INTO auth_group_permissions (group_id, permission_id) SELECT g.id, n.id \
         FROM auth_group g, (SELECT p.id {NAMED}) n WHERE g.name = $1 \
         ON CONFLICT (group_id, permission_id) DO NOTHING"
    ))
});
