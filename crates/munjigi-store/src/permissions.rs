//! Groups and permissions: `PermissionsMixin` of `contrib/auth/models.py` and `ModelBackend` of
//! `contrib/auth/backends.py`, Django 5.2, as far as they are read.
//!
//! The tables of the two relations are called after the user model's: `shop_member_groups`, with a column `member_id`.
//! In a database that munjigi made they are there and empty, and so is `auth_permission`, whose rows Django's
//! `migrate` writes. It differs from Django in order: both lists are sorted, where Django gives a set.

use crate::db::{Conn, Param, Stmt, quoted};
use crate::error::Result;
use crate::model::UserModel;
use crate::users::User;

/// How many rows are read at most: more names than fit into a token of 8 KiB, however short they are.
pub const MOST: i64 = 2048;

/// The names of a user's groups, sorted; at most [`MOST`].
///
/// # Errors
/// What the database may fail with; also where the model has no such relation, which
/// [`migrate::check_permissions`](crate::migrate::check_permissions) tells before.
pub async fn group_names(conn: &mut Conn, user: &User) -> Result<Vec<String>> {
    let users = conn.users();
    let params = [(&user.id).into(), MOST_ROWS];
    let names = conn
        .all(&users.permissions.groups, &params, |row| row.text(0))
        .await?;
    Ok(sorted(names))
}

/// What a user may do, such as `blog.add_post`: by himself and by his groups, or all there is for a superuser
/// (`get_all_permissions`). Sorted; at most [`MOST`]. Whether he is active is not asked: Django gives one who is not no
/// permissions.
///
/// # Errors
/// As [`group_names`].
pub async fn all_permissions(conn: &mut Conn, user: &User) -> Result<Vec<String>> {
    let users = conn.users();
    let sql = &users.permissions;
    let (stmt, params): (_, &[Param<'_>]) = if user.is_superuser {
        (&sql.all, &[MOST_ROWS])
    } else {
        (&sql.of_user, &[MOST_ROWS, (&user.id).into()])
    };
    let names = conn
        .all(stmt, params, |row| {
            Ok(format!("{}.{}", row.text(0)?, row.text(1)?))
        })
        .await?;
    Ok(sorted(names))
}

/// Two content types of one app may have permissions of one codename; Django's set holds them once.
fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

const MOST_ROWS: Param<'static> = Param::Int(MOST);

/// The two relations, each with the column of the user; none where the model has no `PermissionsMixin`.
pub(crate) fn relations(model: &UserModel) -> Vec<(String, String)> {
    let tables = [model.groups_table(), model.permissions_table()];
    let there = tables.into_iter().filter(|_| model.has_permissions());
    there.map(|table| (table, model.user_column())).collect()
}

/// The tables that are read, each with a column that must be there.
pub(crate) fn needed(model: &UserModel) -> Vec<(String, String)> {
    let named = |(table, column): (&str, &str)| (table.to_owned(), column.to_owned());
    let djangos = [
        ("auth_group", "name"),
        ("auth_group_permissions", "permission_id"),
        ("auth_permission", "codename"),
        ("django_content_type", "app_label"),
    ];
    relations(model).into_iter().chain(djangos.map(named)).collect()
}

/// The statements on the relations of the user's table, put together once when the store is opened.
pub(crate) struct PermissionSql {
    groups: Stmt,
    of_user: Stmt,
    all: Stmt,
    /// Takes a user out of both relations, where the model has them.
    pub(crate) leave: Vec<Stmt>,
}

impl PermissionSql {
    pub(crate) fn new(model: &UserModel) -> Self {
        let (groups, own) = (quoted(&model.groups_table()), quoted(&model.permissions_table()));
        let user = quoted(&model.user_column());
        let all = "SELECT t.app_label, p.codename FROM auth_permission p \
                   JOIN django_content_type t ON t.id = p.content_type_id";
        Self {
            groups: Stmt::new(format!(
                "SELECT g.name FROM auth_group g JOIN {groups} u ON u.group_id = g.id WHERE u.{user} = $1 LIMIT $2"
            )),
            of_user: Stmt::new(format!(
                "{all} WHERE p.id IN (SELECT permission_id FROM {own} WHERE {user} = $2 UNION \
                 SELECT gp.permission_id FROM auth_group_permissions gp JOIN {groups} u ON u.group_id = gp.group_id \
                 WHERE u.{user} = $2) LIMIT $1"
            )),
            all: Stmt::new(format!("{all} LIMIT $1")),
            leave: relations(model)
                .iter()
                .map(|(table, _)| Stmt::new(format!("DELETE FROM {} WHERE {user} = $1", quoted(table))))
                .collect(),
        }
    }
}
