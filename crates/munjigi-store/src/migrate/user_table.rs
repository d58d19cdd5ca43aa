//! The settings of the users, held against the table that a Django project made, at the start and not at somebody's
//! sign-up.

use crate::db::Store;
use crate::error::{Error, Result};
use crate::users::columns;

/// Whether a sign-up fills every column that must be filled.
///
/// # Errors
/// [`Error::UnfitSchema`] with those that it does not.
pub async fn check_signup(store: &Store) -> Result<()> {
    let mut conn = store.reader();
    let users = conn.users();
    let columns = columns::all(&mut conn).await?;
    let written = users.columns_of_a_new_row();
    let unwritten: Vec<&str> = columns
        .iter()
        .filter(|column| !column.nullable && !column.has_default && !written.contains(&column.name.as_str()))
        .map(|column| column.name.as_str())
        .collect();
    if unwritten.is_empty() {
        return Ok(());
    }
    Err(Error::UnfitSchema(format!(
        "A sign-up would fail: the table {} has columns that may not be null, have no default in the database, and are not \
         written by it ({}). Declare each as [user.fields.NAME] with its `default`, or write ROUTES.session_signup = false \
         and ROUTES.jwt_signup = false.",
        users.model.table,
        unwritten.join(", ")
    )))
}
