//! What a refresh token that may rotate stands in: the record behind it, and what simplejwt's tables know of it and of the
//! token that the record has for the current one. All is read by one statement, so that it is of one moment: of two reads
//! the second could see a rotation that the first did not.

use std::sync::LazyLock;

use crate::db::{Conn, Row, Stmt};
use crate::error::Result;
use crate::records::{self, Record};
use crate::token_blacklist::{self, Given};

/// A token's record and rows.
#[derive(Clone, Default, PartialEq)]
pub struct Lineage {
    /// The record, ended or not, where there is one.
    pub record: Option<Record>,
    /// What simplejwt's tables know of the token.
    pub given: Option<Given>,
    /// Whether the record's current token is blacklisted there.
    pub is_current_blacklisted: bool,
}

/// What the token `jti` stands in, where its record is `sid`.
///
/// # Errors
/// What the database may fail with.
pub async fn read(conn: &mut Conn, sid: &str, jti: &str) -> Result<Lineage> {
    if sid.contains('\0') || jti.contains('\0') {
        return Ok(Lineage::default());
    }
    if !conn.has_token_blacklist() {
        return Ok(Lineage {
            record: records::by_sid(conn, sid).await?,
            ..Lineage::default()
        });
    }
    let found = conn.optional(&READ, &[sid.into(), jti.into()], read_row).await?;
    Ok(found.unwrap_or_default())
}

fn read_row(row: &Row<'_>) -> Result<Lineage> {
    Ok(Lineage {
        record: match row.optional_text(0)? {
            Some(_) => Some(records::read(row)?),
            None => None,
        },
        given: token_blacklist::given_of(row, records::WIDTH)?,
        is_current_blacklisted: row.optional_int(records::WIDTH + 2)?.is_some(),
    })
}

static READ: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(format!(
        "SELECT {}, o.token, b.blacklisted_at, current_b.id FROM (SELECT 1) one \
         LEFT JOIN munjigi_session r ON r.sid = $1 \
         LEFT JOIN token_blacklist_outstandingtoken o ON o.jti = $2 \
         LEFT JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id \
         LEFT JOIN token_blacklist_outstandingtoken current_o ON current_o.jti = r.jti \
         LEFT JOIN token_blacklist_blacklistedtoken current_b ON current_b.token_id = current_o.id",
        records::COLUMNS
    ))
});
