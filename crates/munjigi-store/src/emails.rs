//! `munjigi_email`: who holds an e-mail address. Django does not keep addresses unique (`AbstractUser.email` has
//! no constraint), so a sign-up claims its address here, in the same transaction.

use std::sync::LazyLock;

use munjigi_user::UserId;

use crate::db::{Conn, Param, Stmt, Tx};
use crate::error::{Error, Result};
use crate::users;

/// The address as it is compared: letters A to Z in lower case, all else as it is.
///
/// ```
/// assert_eq!(munjigi_store::emails::fold("MSeo@Naver.com"), "mseo@naver.com");
/// ```
pub fn fold(email: &str) -> String {
    email.to_ascii_lowercase()
}

/// Claims a folded address for a user. A claim whose owner is gone, or has another address by now, is taken over:
/// Django deletes and changes users without a word to this table.
///
/// # Errors
/// [`Error::UniqueViolation`] with the column `email` where somebody else holds the address.
pub async fn claim(tx: &mut Tx, folded: &str, user_id: &UserId) -> Result<()> {
    let claimant = user_id.to_string();
    if tx.execute(&CLAIM, &[folded.into(), (&claimant).into()]).await? > 0 {
        return Ok(());
    }
    let Some(holder) = owner(tx, folded).await? else {
        return Err(taken());
    };
    if holder == claimant {
        return Ok(());
    }
    if still_holds(tx, &holder, folded).await? {
        return Err(taken());
    }
    let taken_over = [folded.into(), (&claimant).into(), (&holder).into()];
    if tx.execute(&TAKE_OVER, &taken_over).await? > 0 {
        Ok(())
    } else {
        Err(taken())
    }
}

/// Claims folded addresses that nobody has claimed, for many users at once.
///
/// # Errors
/// As [`claim`], where one of them is claimed after all.
pub async fn claim_all(tx: &mut Tx, claims: &[(String, UserId)]) -> Result<()> {
    if claims.is_empty() {
        return Ok(());
    }
    let claimants: Vec<String> = claims.iter().map(|(_, id)| id.to_string()).collect();
    let places: Vec<String> = (0..claims.len())
        .map(|at| format!("(${}, ${})", 2 * at + 1, 2 * at + 2))
        .collect();
    let stmt = Stmt::new(format!(
        "INSERT INTO munjigi_email (folded, user_id) VALUES {} ON CONFLICT (folded) DO NOTHING",
        places.join(", ")
    ));
    let params: Vec<Param<'_>> = claims
        .iter()
        .zip(&claimants)
        .flat_map(|((folded, _), claimant)| [folded.into(), claimant.into()])
        .collect();
    let made = tx.execute(&stmt, &params).await?;
    if usize::try_from(made).is_ok_and(|made| made == claims.len()) {
        Ok(())
    } else {
        Err(taken())
    }
}

/// Who has claimed which of these folded addresses; he may be gone, or have another address by now.
///
/// # Errors
/// What the database may fail with.
pub async fn owners(conn: &mut Conn, folded: &[&str]) -> Result<Vec<(String, UserId)>> {
    if folded.is_empty() {
        return Ok(Vec::new());
    }
    let kind = conn.users().model.id_kind;
    let places: Vec<String> = (1..=folded.len()).map(|at| format!("${at}")).collect();
    let stmt = Stmt::new(format!(
        "SELECT folded, user_id FROM munjigi_email WHERE folded IN ({})",
        places.join(", ")
    ));
    let params: Vec<Param<'_>> = folded.iter().map(|folded| Param::Text(folded)).collect();
    let found = conn.all(&stmt, &params, |row| Ok((row.text(0)?, row.text(1)?)));
    let found = found.await?.into_iter();
    Ok(found
        .filter_map(|(folded, owner)| Some((folded, kind.parse(&owner).ok()?)))
        .collect())
}

/// Gives up a user's claim on a folded address. Another's stays.
///
/// # Errors
/// What the database may fail with.
pub async fn release(tx: &mut Tx, folded: &str, user_id: &UserId) -> Result<()> {
    let holder = user_id.to_string();
    tx.execute(&RELEASE, &[folded.into(), (&holder).into()]).await?;
    Ok(())
}

/// Gives up all claims of a user who is to be deleted.
///
/// # Errors
/// What the database may fail with.
pub async fn release_all(tx: &mut Tx, user_id: &UserId) -> Result<()> {
    tx.execute(&RELEASE_ALL, &[(&user_id.to_string()).into()]).await?;
    Ok(())
}

/// The key, as text, of the user who claimed a folded address.
///
/// # Errors
/// What the database may fail with.
pub async fn owner(conn: &mut Conn, folded: &str) -> Result<Option<String>> {
    conn.optional(&OWNER, &[folded.into()], |row| row.text(0)).await
}

async fn still_holds(conn: &mut Conn, holder: &str, folded: &str) -> Result<bool> {
    let Ok(id) = conn.users().model.id_kind.parse(holder) else {
        return Ok(false);
    };
    Ok(users::by_id(conn, &id)
        .await?
        .is_some_and(|user| fold(&user.email) == folded))
}

fn taken() -> Error {
    Error::UniqueViolation {
        table: "munjigi_email".to_owned(),
        column: "email".to_owned(),
    }
}

static CLAIM: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("INSERT INTO munjigi_email (folded, user_id) VALUES ($1, $2) ON CONFLICT (folded) DO NOTHING")
});
static RELEASE: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new("DELETE FROM munjigi_email WHERE folded = $1 AND user_id = $2"));
static RELEASE_ALL: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new("DELETE FROM munjigi_email WHERE user_id = $1"));
static OWNER: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new("SELECT user_id FROM munjigi_email WHERE folded = $1"));
static TAKE_OVER: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new("UPDATE munjigi_email SET user_id = $2 WHERE folded = $1 AND user_id = $3"));
