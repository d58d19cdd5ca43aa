//! `rest_framework_simplejwt.token_blacklist` of simplejwt 5.5.1: which refresh and sliding tokens were given
//! out, and which of them are no longer good.
//!
//! Where a store was opened without it ([`TokenBlacklist::Absent`](crate::TokenBlacklist::Absent)), nothing here writes, and
//! nothing is found.
//!
//! It differs in one thing: simplejwt keeps the whole token in `outstandingtoken.token`, whoever reads the table
//! can use it. Here a digest stands there. simplejwt looks a token up by its `jti` alone, so it does not notice.

use std::sync::LazyLock;

use jiff::Timestamp;
use munjigi_user::UserId;

use crate::db::{Conn, Param, Row, Stmt, Store, Tx};
use crate::error::Result;

/// A row of `token_blacklist_outstandingtoken`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutstandingToken {
    /// Whom the token was made for; `None` where the user is no more.
    pub user_id: Option<UserId>,
    /// The claim `jti`: 32 hexadecimal digits.
    pub jti: String,
    /// A digest of the token.
    pub token: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// The claim `exp`.
    pub expires_at: Timestamp,
}

/// What [`blacklist`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blacklisting {
    /// The token was good until now.
    Now,
    /// It was on the list already.
    Already,
    /// There is no list.
    NotKept,
}

/// A token that Django gave out.
pub struct NeighboursToken {
    /// The claim `jti`.
    pub jti: String,
    /// The token itself.
    pub token: String,
}

/// What the tables know of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// Whether it was given out here: a digest stands in its row where Django writes the token.
    pub made_here: bool,
    /// When it was blacklisted, where it was.
    pub blacklisted_at: Option<Timestamp>,
}

/// A token's row, and whether it is on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Whether it says whom the token was made for.
    pub has_user: bool,
    /// See [`OutstandingToken::expires_at`].
    pub expires_at: Timestamp,
    /// Whether it was blacklisted.
    pub is_blacklisted: bool,
}

/// Notes a token that is given out (`RefreshToken.for_user`).
///
/// # Errors
/// [`Error::UniqueViolation`](crate::Error::UniqueViolation) with the column `jti`; a user who is gone is told
/// when the transaction commits.
pub async fn insert_outstanding(tx: &mut Tx, token: &OutstandingToken) -> Result<()> {
    if tx.has_token_blacklist() {
        tx.execute(&INSERT, &params(token)).await?;
    }
    Ok(())
}

/// Notes a token that is given out, where it is not there yet (`BlacklistMixin.outstand`). One that is there with an
/// earlier `exp`, a sliding token that was refreshed, is kept as long as this one lives: the list forgets a token when
/// its row expires.
///
/// # Errors
/// What the database may fail with; a user who is gone is told when the transaction commits.
pub async fn outstand(tx: &mut Tx, token: &OutstandingToken) -> Result<()> {
    if tx.has_token_blacklist() {
        tx.execute(&OUTSTAND, &params(token)).await?;
    }
    Ok(())
}

/// Puts a token on the list, and into the table of those given out as [`outstand`] does (`BlacklistMixin.blacklist`).
///
/// # Errors
/// What the database may fail with.
pub async fn blacklist(tx: &mut Tx, token: &OutstandingToken, now: Timestamp) -> Result<Blacklisting> {
    if !tx.has_token_blacklist() {
        return Ok(Blacklisting::NotKept);
    }
    outstand(tx, token).await?;
    let added = tx.execute(&BLACKLIST, &[(&token.jti).into(), now.into()]).await?;
    Ok(if added > 0 {
        Blacklisting::Now
    } else {
        Blacklisting::Already
    })
}

/// Puts all tokens of a user on the list but the one with the `jti` of `except`, whoever gave them out: those that a
/// Django beside us gave out have no record that could end. Gives the number of those that were good until now.
///
/// # Errors
/// What the database may fail with.
pub async fn blacklist_all_for_user(
    tx: &mut Tx,
    user_id: &UserId,
    except: Option<&str>,
    now: Timestamp,
) -> Result<u64> {
    if !tx.has_token_blacklist() {
        return Ok(0);
    }
    let params: [Param<'_>; 3] = [user_id.into(), except.unwrap_or_default().into(), now.into()];
    tx.execute(&BLACKLIST_ALL, &params).await
}

/// The tokens that a Django beside us gave to whom the token with this `jti` was given, those that are still good, in the
/// order in which they were given. Django keeps them whole, so they are secrets.
///
/// # Errors
/// What the database may fail with.
pub async fn neighbours_tokens(tx: &mut Tx, jti: &str, now: Timestamp) -> Result<Vec<NeighboursToken>> {
    if !tx.has_token_blacklist() {
        return Ok(Vec::new());
    }
    tx.all(&NEIGHBOURS, &[jti.into(), now.into()], |row| {
        Ok(NeighboursToken {
            jti: row.text(0)?,
            token: row.text(1)?,
        })
    })
    .await
}

/// Puts a token on the list that is in the table of those given out.
///
/// # Errors
/// What the database may fail with.
pub async fn blacklist_given(tx: &mut Tx, jti: &str, now: Timestamp) -> Result<()> {
    if tx.has_token_blacklist() {
        tx.execute(&BLACKLIST, &[jti.into(), now.into()]).await?;
    }
    Ok(())
}

/// Leaves the tokens of a user who is to be deleted without one, as `on_delete=SET_NULL` does. This is done where the tables
/// are not kept, too: rows that they have from before would hold the user's.
///
/// # Errors
/// What the database may fail with.
pub async fn disown(tx: &mut Tx, user_id: &UserId) -> Result<()> {
    tx.execute(&DISOWN, &[user_id.into()]).await?;
    Ok(())
}

/// Whether the token with this `jti` is on the list (`BlacklistMixin.check_blacklist`).
///
/// # Errors
/// What the database may fail with.
pub async fn is_blacklisted(conn: &mut Conn, jti: &str) -> Result<bool> {
    if jti.contains('\0') || !conn.has_token_blacklist() {
        return Ok(false);
    }
    Ok(conn
        .optional(&IS_BLACKLISTED, &[jti.into()], |row| row.int(0))
        .await?
        .is_some())
}

/// What both tables say of the token with this `jti`; `None` where it is not in them, or they are not kept.
///
/// # Errors
/// What the database may fail with.
pub async fn row(conn: &mut Conn, jti: &str) -> Result<Option<TokenRow>> {
    if jti.contains('\0') || !conn.has_token_blacklist() {
        return Ok(None);
    }
    conn.optional(&ROW, &[jti.into()], |row| {
        Ok(TokenRow {
            has_user: row.bool(0)?,
            expires_at: row.time(1)?,
            is_blacklisted: row.bool(2)?,
        })
    })
    .await
}

/// Removes what has expired from both tables (`flushexpiredtokens`): the oldest thousand, in one transaction, so that
/// nobody waits long for the writer. Gives their number back; none are left where it is 0. Several may do so at once.
///
/// # Errors
/// What the database may fail with.
pub async fn delete_expired(store: &Store, before: Timestamp) -> Result<u64> {
    store
        .write(before, |tx, before| {
            Box::pin(async move {
                if !tx.has_token_blacklist() {
                    return Ok(0);
                }
                let slice: [Param<'_>; 2] = [(*before).into(), Store::SLICE.into()];
                let last = tx
                    .optional(&LAST_OF_SLICE, &slice, |row| row.optional_int(0))
                    .await?;
                let Some(last) = last.flatten() else { return Ok(0) };
                // Both see the same tokens, though somebody else removes some of them in between.
                let slice: [Param<'_>; 2] = [(*before).into(), last.into()];
                tx.execute(&DELETE_EXPIRED_BLACKLISTED, &slice).await?;
                tx.execute(&DELETE_EXPIRED, &slice).await
            })
        })
        .await
}

/// How many tokens [`delete_expired`] would remove in all.
///
/// # Errors
/// What the database may fail with.
pub async fn count_expired(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    if !conn.has_token_blacklist() {
        return Ok(0);
    }
    let count = conn
        .optional(&COUNT_EXPIRED, &[before.into()], |row| row.int(0))
        .await?;
    Ok(count
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or_default())
}

/// What the tables know of a token, from `outstandingtoken.token` and `blacklistedtoken.blacklisted_at` in this column and the
/// next one; nothing where it was never given out, or has been forgotten.
pub(crate) fn given_of(row: &Row<'_>, column: usize) -> Result<Option<Given>> {
    let Some(token) = row.optional_text(column)? else {
        return Ok(None);
    };
    Ok(Some(Given {
        made_here: token.starts_with(DIGEST_PREFIX),
        blacklisted_at: row.optional_time(column + 1)?,
    }))
}

fn params(token: &OutstandingToken) -> [Param<'_>; 5] {
    [
        token.user_id.as_ref().into(),
        (&token.jti).into(),
        (&token.token).into(),
        token.created_at.into(),
        token.expires_at.into(),
    ]
}

/// How [`OutstandingToken::token`] begins for a token of ours: `sha256:` and the digest in base64.
pub const DIGEST_PREFIX: &str = "sha256:";

static INSERT: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "INSERT INTO token_blacklist_outstandingtoken (user_id, jti, token, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
});
static OUTSTAND: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "INSERT INTO token_blacklist_outstandingtoken (user_id, jti, token, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (jti) DO UPDATE SET expires_at = excluded.expires_at \
         WHERE token_blacklist_outstandingtoken.expires_at < excluded.expires_at",
    )
});
static BLACKLIST: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
         SELECT id, $2 FROM token_blacklist_outstandingtoken WHERE jti = $1 \
         ON CONFLICT (token_id) DO NOTHING",
    )
});
static BLACKLIST_ALL: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
         SELECT id, $3 FROM token_blacklist_outstandingtoken WHERE user_id = $1 AND jti <> $2 \
         ON CONFLICT (token_id) DO NOTHING",
    )
});
static NEIGHBOURS: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(format!(
        "SELECT t.jti, t.token FROM token_blacklist_outstandingtoken o \
         JOIN token_blacklist_outstandingtoken t ON t.user_id = o.user_id \
         LEFT JOIN token_blacklist_blacklistedtoken b ON b.token_id = t.id \
         WHERE o.jti = $1 AND t.expires_at > $2 AND b.id IS NULL AND t.token NOT LIKE '{DIGEST_PREFIX}%' ORDER BY t.id"
    ))
});
static DISOWN: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("UPDATE token_blacklist_outstandingtoken SET user_id = NULL WHERE user_id = $1")
});
static IS_BLACKLISTED: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT b.id FROM token_blacklist_blacklistedtoken b \
         JOIN token_blacklist_outstandingtoken o ON o.id = b.token_id WHERE o.jti = $1",
    )
});
static ROW: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT o.user_id IS NOT NULL, o.expires_at, b.id IS NOT NULL FROM token_blacklist_outstandingtoken o \
         LEFT JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id WHERE o.jti = $1",
    )
});
static LAST_OF_SLICE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "SELECT max(id) FROM (SELECT id FROM token_blacklist_outstandingtoken WHERE expires_at <= $1 \
         ORDER BY id LIMIT $2) slice",
    )
});
static DELETE_EXPIRED_BLACKLISTED: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "DELETE FROM token_blacklist_blacklistedtoken WHERE token_id IN \
         (SELECT id FROM token_blacklist_outstandingtoken WHERE expires_at <= $1 AND id <= $2)",
    )
});
static DELETE_EXPIRED: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("DELETE FROM token_blacklist_outstandingtoken WHERE expires_at <= $1 AND id <= $2")
});
static COUNT_EXPIRED: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("SELECT count(*) FROM token_blacklist_outstandingtoken WHERE expires_at <= $1")
});
