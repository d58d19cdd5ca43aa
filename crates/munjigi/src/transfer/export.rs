//! Users moved out: `dumpdata` of Django 5.2 for users and groups.
//!
//! Sessions, tokens and records are not exported: they open doors by themselves, and are worth nothing under another
//! `SECRET_KEY`. It reads some hundred users at a time, in the order of their keys; who is made or changed meanwhile is there as
//! he is then.

use super::Format;
use super::table::Table;
use super::written::{Outgoing, Writer};
use crate::app::App;
use munjigi_store::memberships::{self, Permission};
use munjigi_store::users::columns;
use munjigi_store::users::rows::{self, UserRow};
use munjigi_store::{BoxFuture, Conn, Error as StoreError, migrate};
use munjigi_user::UserId;
use std::collections::HashMap;
use std::io::{self, Write};

/// What came of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// How many users were written.
    pub users: u64,
    /// Columns of the user's table that no field of the settings names: they are not in the export.
    pub left_out: Vec<String>,
}

/// Why an export ended before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The output.
    #[error("The export cannot be written: {0}.")]
    Output(#[from] io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Output(_) => "output",
            Self::Store(error) => error.code(),
        }
    }
}

/// How many users are read at a time.
const SLICE: u32 = 500;

/// Some users with their groups and permissions.
struct Slice {
    rows: Vec<UserRow>,
    groups: Vec<(UserId, String)>,
    permissions: Vec<(UserId, Permission)>,
}

/// What a slice is read with: after which key, and whether with groups and permissions.
type Asked = (Option<UserId>, bool);

/// Writes all users. `progress` is told how many there are so far.
///
/// # Errors
/// What keeps it from its end; what was written until then is no whole export.
pub async fn export(
    app: &App,
    out: impl Write,
    format: Format,
    mut progress: impl FnMut(u64),
) -> Result<Exported, Error> {
    let model = &app.config().user_model;
    let store = app.store();
    let has_relations = model.has_permissions() && migrate::check_permissions(store).await.is_ok();
    let columns = columns::all(&mut store.reader()).await?;
    let table = Table::new(model.clone(), rows::fields(model), columns);
    let mut exported = Exported {
        users: 0,
        left_out: table.undeclared(),
    };
    let mut writer = Writer::new(out, format, model, table.fields);
    if has_relations {
        writer = writer.with_relations();
    }
    writer.begin()?;
    if has_relations {
        for name in memberships::groups(&mut store.reader()).await? {
            let permissions = memberships::of_group(&mut store.reader(), &name).await?;
            writer.group(&name, &permissions)?;
        }
    }
    let mut last: Option<UserId> = None;
    loop {
        let asked: Asked = (last.take(), has_relations);
        let slice = store.scan(asked, read).await?;
        let Some(end) = slice.rows.last() else {
            break;
        };
        last = Some(end.id.clone());
        for user in slice.into_users() {
            writer.user(&user)?;
            exported.users += 1;
        }
        progress(exported.users);
    }
    writer.end()?;
    Ok(exported)
}

fn read<'t>(
    conn: &'t mut Conn,
    (after, has_relations): &'t Asked,
) -> BoxFuture<'t, Result<Slice, StoreError>> {
    Box::pin(async move {
        let rows = rows::list(conn, after.as_ref(), SLICE).await?;
        let (mut groups, mut permissions) = (Vec::new(), Vec::new());
        if let (true, Some(first), Some(last)) = (*has_relations, rows.first(), rows.last()) {
            groups = memberships::in_groups(conn, &first.id, &last.id).await?;
            permissions = memberships::permitted(conn, &first.id, &last.id).await?;
        }
        Ok(Slice {
            rows,
            groups,
            permissions,
        })
    })
}

impl Slice {
    fn into_users(self) -> impl Iterator<Item = Outgoing> {
        let (mut groups, mut permissions) = (by_user(self.groups), by_user(self.permissions));
        self.rows.into_iter().map(move |row| Outgoing {
            groups: groups.remove(&row.id).unwrap_or_default(),
            permissions: permissions.remove(&row.id).unwrap_or_default(),
            row,
        })
    }
}

fn by_user<T>(pairs: Vec<(UserId, T)>) -> HashMap<UserId, Vec<T>> {
    let mut found: HashMap<UserId, Vec<T>> = HashMap::new();
    for (id, value) in pairs {
        found.entry(id).or_default().push(value);
    }
    found
}
