//! How records end. Whatever ends here is on the list of [`crate::ended`], which no caller can forget.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use munjigi_user::UserId;

use super::{Record, by_sid, millis, time};
use crate::db::{Param, Stmt, Tx};
use crate::ended::Ended;
use crate::error::Result;

/// Why a record ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// The user signed out.
    SignOut,
    /// Another sign-in took its place in the same client.
    Replaced,
    /// The password was changed elsewhere.
    PasswordChange,
    /// The user was made inactive or was deleted.
    UserInactive,
    /// The user or an administrator ended it from elsewhere.
    Revoked,
    /// A refresh token of it was used by two.
    Reuse,
}

impl EndReason {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignOut => "sign_out",
            Self::Replaced => "replaced",
            Self::PasswordChange => "password_change",
            Self::UserInactive => "user_inactive",
            Self::Revoked => "revoked",
            Self::Reuse => "reuse",
        }
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        use EndReason::{PasswordChange, Replaced, Reuse, Revoked, SignOut, UserInactive};
        [SignOut, Replaced, PasswordChange, UserInactive, Revoked, Reuse]
            .into_iter()
            .find(|reason| reason.as_str() == text)
    }
}

/// How a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub reason: EndReason,
    /// When.
    pub at: Timestamp,
    /// For how long an access token that was made just before the end is taken. So long after the end, or after the
    /// record's own token expired where that is later, no token of it is good any more.
    pub outlived: SignedDuration,
}

impl End {
    fn ended(&self, sid: String, jti_exp: Option<Timestamp>) -> Ended {
        let last = jti_exp.map_or(self.at, |exp| exp.max(self.at));
        Ended {
            sid,
            until: last.checked_add(self.outlived).unwrap_or(Timestamp::MAX),
        }
    }
}

/// What is left to do about a record that [`end_all_for_user`] ended: its Django session is to be deleted, its
/// token to be blacklisted, in the same transaction.
#[derive(Clone, PartialEq)]
pub struct EndedRecord {
    /// See [`Record::sid`].
    pub sid: String,
    /// See [`Record::django_session_key`].
    pub django_session_key: Option<String>,
    /// See [`Record::jti`].
    pub jti: Option<String>,
    /// See [`Record::jti_exp`].
    pub jti_exp: Option<Timestamp>,
}

impl From<Record> for EndedRecord {
    fn from(record: Record) -> Self {
        Self {
            sid: record.sid,
            django_session_key: record.django_session_key,
            jti: record.jti,
            jti_exp: record.jti_exp,
        }
    }
}

/// Ends a record, and puts it on the list of [`crate::ended`]. False where there is none or it had ended before; the
/// first reason stays. Who listens to endings hears of it either way.
///
/// # Errors
/// What the database may fail with.
pub async fn end(tx: &mut Tx, sid: &str, end: &End) -> Result<bool> {
    if sid.contains('\0') {
        return Ok(false);
    }
    let params: [Param<'_>; 3] = [sid.into(), millis(end.at).into(), end.reason.as_str().into()];
    if let Some(jti_exp) = tx.optional(&END, &params, |row| time(row, 0)).await? {
        tx.note_ended(end.ended(sid.to_owned(), jti_exp));
        return Ok(true);
    }
    if let Some(record) = by_sid(tx, sid).await? {
        tx.note_ended_before(end.ended(record.sid, record.jti_exp));
    }
    Ok(false)
}

/// Ends the records of a user but one, `limit` of them at the most, and puts them on the list of [`crate::ended`].
///
/// # Errors
/// What the database may fail with.
pub async fn end_all_for_user(
    tx: &mut Tx,
    user_id: &UserId,
    end: &End,
    except: Option<&str>,
    limit: u32,
) -> Result<Vec<EndedRecord>> {
    let user_id = user_id.to_string();
    let params: [Param<'_>; 5] = [
        (&user_id).into(),
        millis(end.at).into(),
        end.reason.as_str().into(),
        except.unwrap_or_default().into(),
        i64::from(limit).into(),
    ];
    let ended = tx
        .all(&END_ALL, &params, |row| {
            Ok(EndedRecord {
                sid: row.text(0)?,
                django_session_key: row.optional_text(1)?,
                jti: row.optional_text(2)?,
                jti_exp: time(row, 3)?,
            })
        })
        .await?;
    for record in &ended {
        tx.note_ended(end.ended(record.sid.clone(), record.jti_exp));
    }
    Ok(ended)
}

static END: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "UPDATE munjigi_session SET ended_at = $2, end_reason = $3 WHERE sid = $1 AND ended_at IS NULL \
         RETURNING jti_exp",
    )
});
static END_ALL: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "UPDATE munjigi_session SET ended_at = $2, end_reason = $3 \
         WHERE sid IN (SELECT sid FROM munjigi_session \
         WHERE user_id = $1 AND ended_at IS NULL AND sid <> $4 LIMIT $5) AND ended_at IS NULL \
         RETURNING sid, django_session_key, jti, jti_exp",
    )
});
