//! `munjigi_session`: the session record, one row behind each sign-in, whatever carries it (a cookie session, a
//! pair of tokens, a sliding token). Ending it ends all of them. Django has no such thing.
//!
//! The columns that a rotation writes are in no index, so that a rotation stays an update of one page.

mod ending;

pub use ending::{End, EndReason, EndedRecord, end, end_all_for_user};

use std::sync::LazyLock;

use jiff::Timestamp;
use munjigi_user::UserId;

use crate::db::{Conn, Param, Row, Stmt, Tx};
use crate::error::{Error, Result};
use crate::sessions::SessionRow;

/// A row of `munjigi_session`. Times have whole milliseconds.
#[derive(Clone, PartialEq)]
pub struct Record {
    /// 128 random bits as 32 hexadecimal digits: the claim `sid`, and `_munjigi_sid` in a Django session.
    pub sid: String,
    /// The user's key as text, as it stands in claims and sessions.
    pub user_id: String,
    /// When the user signed in.
    pub opened_at: Timestamp,
    /// When the record was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends if it is not used; `None` never.
    pub idle_end: Option<Timestamp>,
    /// When it ends in any case; `None` never.
    pub absolute_end: Option<Timestamp>,
    /// Whether a browser keeps what carries it when it is closed.
    pub is_remembered: bool,
    /// `get_session_auth_hash()` of the user when the record was opened or his password changed.
    pub auth_hash: String,
    /// The key of the Django session that carries it.
    pub django_session_key: Option<String>,
    /// `jti` of the refresh or sliding token that carries it.
    pub jti: Option<String>,
    /// `exp` of that token.
    pub jti_exp: Option<Timestamp>,
    /// `jti` of the token before that one.
    pub previous_jti: Option<String>,
    /// When the token was last rotated.
    pub rotated_at: Option<Timestamp>,
    /// The current token, sealed under the one before.
    pub sealed_successor: Option<Vec<u8>>,
    /// How often it was rotated.
    pub rotations: i64,
    /// When the record ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
    /// Who signed in, for the user's list of devices.
    pub client: Client,
}

/// The device and program that signed in, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// A name that the client gave itself.
    pub name: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// Its `User-Agent`.
    pub agent: Option<String>,
}

/// A record to be opened.
#[derive(Clone)]
pub struct NewRecord {
    /// See [`Record::sid`].
    pub sid: String,
    /// The user.
    pub user_id: UserId,
    /// The moment of the sign-in.
    pub opened_at: Timestamp,
    /// See [`Record::idle_end`].
    pub idle_end: Option<Timestamp>,
    /// See [`Record::absolute_end`].
    pub absolute_end: Option<Timestamp>,
    /// See [`Record::is_remembered`].
    pub is_remembered: bool,
    /// See [`Record::auth_hash`].
    pub auth_hash: String,
    /// See [`Record::django_session_key`].
    pub django_session_key: Option<String>,
    /// See [`Record::jti`].
    pub jti: Option<String>,
    /// See [`Record::jti_exp`].
    pub jti_exp: Option<Timestamp>,
    /// See [`Record::client`].
    pub client: Client,
}

/// The token that takes the place of the one that carries a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// `jti` of the token that was presented. It need not be the one that the record knows: a Django beside us rotates
    /// too, and tells no record.
    pub previous_jti: Option<String>,
    /// See [`Record::jti`].
    pub jti: Option<String>,
    /// `exp` of the new token.
    pub jti_exp: Timestamp,
    /// The moment of the rotation.
    pub rotated_at: Timestamp,
    /// See [`Record::sealed_successor`].
    pub sealed: Option<Vec<u8>>,
}

/// Writes a new record.
///
/// # Errors
/// [`Error::UniqueViolation`] where the `sid` is taken, and what else the database may fail with.
pub async fn open(tx: &mut Tx, record: &NewRecord) -> Result<()> {
    insert(tx, &OPEN, record).await.map(drop)
}

/// Writes a new record, unless there is one with this `sid`, ended or not; then false.
///
/// # Errors
/// What the database may fail with.
pub async fn open_unless_there(tx: &mut Tx, record: &NewRecord) -> Result<bool> {
    Ok(insert(tx, &OPEN_UNLESS_THERE, record).await? > 0)
}

async fn insert(tx: &mut Tx, stmt: &Stmt, record: &NewRecord) -> Result<u64> {
    let user_id = record.user_id.to_string();
    let params: [Param<'_>; 13] = [
        (&record.sid).into(),
        (&user_id).into(),
        millis(record.opened_at).into(),
        record.idle_end.map(millis).into(),
        record.absolute_end.map(millis).into(),
        (&record.auth_hash).into(),
        record.django_session_key.as_ref().into(),
        record.jti.as_ref().into(),
        record.jti_exp.map(millis).into(),
        record.client.name.as_ref().into(),
        record.client.address.as_ref().into(),
        record.client.agent.as_ref().into(),
        record.is_remembered.into(),
    ];
    tx.execute(stmt, &params).await
}

/// The record with this `sid`, ended or not.
///
/// # Errors
/// What the database may fail with.
pub async fn by_sid(conn: &mut Conn, sid: &str) -> Result<Option<Record>> {
    if sid.contains('\0') {
        return Ok(None);
    }
    conn.optional(&BY_SID, &[sid.into()], read).await
}

/// The records of a user that have not ended, the oldest first.
///
/// # Errors
/// What the database may fail with.
pub async fn for_user(conn: &mut Conn, user_id: &UserId) -> Result<Vec<Record>> {
    conn.all(&FOR_USER, &[(&user_id.to_string()).into()], read).await
}

/// A record that has not ended, and the Django session that carries it.
#[derive(Clone, PartialEq)]
pub struct OpenRecord {
    /// The record.
    pub record: Record,
    /// Its session, where one carries it.
    pub session: Option<SessionRow>,
}

/// The records of a user that have not ended and whose carrier has not expired at `now`, the newest first; up to `limit`.
/// One whose session is gone, or has another key now, is not among them. What is bound to another password is.
///
/// # Errors
/// What the database may fail with.
pub async fn open_for_user(
    conn: &mut Conn,
    user_id: &UserId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<OpenRecord>> {
    let user_id = user_id.to_string();
    let params: [Param<'_>; 4] = [
        (&user_id).into(),
        now.into(),
        millis(now).into(),
        i64::from(limit).into(),
    ];
    conn.all(&OPEN_FOR_USER, &params, |row| {
        let record = read(row)?;
        let session = match (row.optional_text(WIDTH)?, &record.django_session_key) {
            (Some(session_data), Some(session_key)) => Some(SessionRow {
                session_key: session_key.clone(),
                session_data,
                expire_date: row.time(WIDTH + 1)?,
            }),
            _ => None,
        };
        Ok(OpenRecord { record, session })
    })
    .await
}

/// Holds a record until the transaction ends, so that its token stays the one that carries it. False where it is not there
/// or has ended.
///
/// # Errors
/// What the database may fail with.
pub async fn lock(tx: &mut Tx, sid: &str) -> Result<bool> {
    Ok(tx.execute(&LOCK, &[sid.into()]).await? > 0)
}

/// Follows a session whose key was cycled (`update_session_auth_hash`, a second sign-in). False where the record
/// is not there or has ended.
///
/// # Errors
/// What the database may fail with.
pub async fn set_django_session_key(tx: &mut Tx, sid: &str, session_key: &str) -> Result<bool> {
    Ok(tx
        .execute(&SET_SESSION_KEY, &[sid.into(), session_key.into()])
        .await?
        > 0)
}

/// Writes down who uses the sign-in, for one that was opened without anybody's knowing. False where the record is not
/// there or has ended.
///
/// # Errors
/// What the database may fail with.
pub async fn set_client(tx: &mut Tx, sid: &str, client: &Client) -> Result<bool> {
    let params: [Param<'_>; 4] = [
        sid.into(),
        client.name.as_ref().into(),
        client.address.as_ref().into(),
        client.agent.as_ref().into(),
    ];
    Ok(tx.execute(&SET_CLIENT, &params).await? > 0)
}

/// Binds the record to the user's new password or its new hash. False where the record is not there or has ended.
///
/// # Errors
/// What the database may fail with.
pub async fn set_auth_hash(tx: &mut Tx, sid: &str, auth_hash: &str) -> Result<bool> {
    Ok(tx
        .execute(&SET_AUTH_HASH, &[sid.into(), auth_hash.into()])
        .await?
        > 0)
}

/// Rotates the refresh token of a record, where `from` is still the one that carries it: of those who rotate at once this
/// lets one through. False where another one carries it, or the record is not there, has ended, or is past its absolute end.
///
/// # Errors
/// What the database may fail with.
pub async fn rotate(tx: &mut Tx, sid: &str, from: Option<&str>, successor: &Successor) -> Result<bool> {
    let params: [Param<'_>; 7] = successor_of(sid, successor, from.into());
    Ok(tx.execute(&ROTATE, &params).await? > 0)
}

/// Follows a refresh token that was rotated, whichever carried the record: where none is used up, the last one does.
/// False where the record is not there or has ended.
///
/// # Errors
/// What the database may fail with.
pub async fn follow(tx: &mut Tx, sid: &str, successor: &Successor) -> Result<bool> {
    let [rest @ .., _] = successor_of(sid, successor, Param::Null);
    Ok(tx.execute(&FOLLOW, &rest).await? > 0)
}

fn successor_of<'p>(sid: &'p str, successor: &'p Successor, from: Param<'p>) -> [Param<'p>; 7] {
    [
        sid.into(),
        successor.previous_jti.as_ref().into(),
        successor.jti.as_ref().into(),
        millis(successor.jti_exp).into(),
        millis(successor.rotated_at).into(),
        successor.sealed.as_deref().into(),
        from,
    ]
}

/// Follows a sliding token that was refreshed. False where the record is not there or has ended.
///
/// # Errors
/// What the database may fail with.
pub async fn set_jti_exp(tx: &mut Tx, sid: &str, jti_exp: Timestamp) -> Result<bool> {
    Ok(tx
        .execute(&SET_JTI_EXP, &[sid.into(), millis(jti_exp).into()])
        .await?
        > 0)
}

pub(crate) fn read(row: &Row<'_>) -> Result<Record> {
    let reason = row.optional_text(15)?;
    Ok(Record {
        sid: row.text(0)?,
        user_id: row.text(1)?,
        opened_at: required_time(row, 2)?,
        last_seen_at: required_time(row, 3)?,
        idle_end: time(row, 4)?,
        absolute_end: time(row, 5)?,
        auth_hash: row.text(6)?,
        django_session_key: row.optional_text(7)?,
        jti: row.optional_text(8)?,
        jti_exp: time(row, 9)?,
        previous_jti: row.optional_text(10)?,
        rotated_at: time(row, 11)?,
        sealed_successor: row.optional_bytes(12)?,
        rotations: row.int(13)?,
        ended_at: time(row, 14)?,
        end_reason: reason
            .map(|text| {
                EndReason::from_text(&text).ok_or(Error::Decode {
                    column: 15,
                    expected: "a reason that this version knows",
                })
            })
            .transpose()?,
        client: Client {
            name: row.optional_text(16)?,
            address: row.optional_text(17)?,
            agent: row.optional_text(18)?,
        },
        is_remembered: row.bool(19)?,
    })
}

fn millis(moment: Timestamp) -> i64 {
    moment.as_millisecond()
}

fn time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    row.optional_int(column)?
        .map(|millis| Timestamp::from_millisecond(millis).map_err(|_| no_time(column)))
        .transpose()
}

fn required_time(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    time(row, column)?.ok_or(no_time(column))
}

fn no_time(column: usize) -> Error {
    Error::Decode {
        column,
        expected: "milliseconds since 1970",
    }
}

/// In the order of [`read`].
pub(crate) const COLUMNS: &str = "r.sid, r.user_id, r.opened_at, r.last_seen_at, r.idle_end, r.absolute_end, \
     r.auth_hash, r.django_session_key, r.jti, r.jti_exp, r.previous_jti, r.rotated_at, r.sealed_successor, \
     r.rotations, r.ended_at, r.end_reason, r.client_name, r.client_address, r.client_agent, r.is_remembered";

/// How many they are.
pub(crate) const WIDTH: usize = 20;

fn select(which: &str) -> Stmt {
    Stmt::new(format!("SELECT {COLUMNS} FROM munjigi_session r {which}"))
}

const INSERT: &str = "INSERT INTO munjigi_session (sid, user_id, opened_at, last_seen_at, idle_end, absolute_end, \
     auth_hash, django_session_key, jti, jti_exp, rotations, client_name, client_address, client_agent, \
     is_remembered) VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13)";

static OPEN: LazyLock<Stmt> = LazyLock::new(|| Stmt::new(INSERT));
static OPEN_UNLESS_THERE: LazyLock<Stmt> =
    LazyLock::new(|| Stmt::new(format!("{INSERT} ON CONFLICT (sid) DO NOTHING")));
static BY_SID: LazyLock<Stmt> = LazyLock::new(|| select("WHERE sid = $1"));
static FOR_USER: LazyLock<Stmt> =
    LazyLock::new(|| select("WHERE user_id = $1 AND ended_at IS NULL ORDER BY opened_at, sid"));
static OPEN_FOR_USER: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(format!(
        "SELECT {COLUMNS}, d.session_data, d.expire_date FROM munjigi_session r \
         LEFT JOIN django_session d ON d.session_key = r.django_session_key AND d.expire_date > $2 \
         WHERE r.user_id = $1 AND r.ended_at IS NULL \
         AND (r.django_session_key IS NULL OR d.session_key IS NOT NULL) \
         AND (r.jti_exp IS NULL OR r.jti_exp > $3) AND (r.idle_end IS NULL OR r.idle_end > $3) \
         AND (r.absolute_end IS NULL OR r.absolute_end > $3) \
         ORDER BY r.opened_at DESC, r.sid LIMIT $4"
    ))
});
/// It writes what stands there: SQLite has no `SELECT … FOR UPDATE`.
static LOCK: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("UPDATE munjigi_session SET ended_at = NULL WHERE sid = $1 AND ended_at IS NULL")
});
static SET_SESSION_KEY: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("UPDATE munjigi_session SET django_session_key = $2 WHERE sid = $1 AND ended_at IS NULL")
});
static SET_CLIENT: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(
        "UPDATE munjigi_session SET client_name = $2, client_address = $3, client_agent = $4 \
         WHERE sid = $1 AND ended_at IS NULL",
    )
});
static SET_AUTH_HASH: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("UPDATE munjigi_session SET auth_hash = $2 WHERE sid = $1 AND ended_at IS NULL")
});
const PUT_SUCCESSOR: &str = "UPDATE munjigi_session SET previous_jti = $2, jti = $3, jti_exp = $4, rotated_at = $5, \
     last_seen_at = $5, sealed_successor = $6, rotations = rotations + 1 WHERE sid = $1 AND ended_at IS NULL";

static ROTATE: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new(format!(
        "{PUT_SUCCESSOR} AND jti IS NOT DISTINCT FROM $7 AND (absolute_end IS NULL OR absolute_end > $5)"
    ))
});
static FOLLOW: LazyLock<Stmt> = LazyLock::new(|| Stmt::new(PUT_SUCCESSOR));
static SET_JTI_EXP: LazyLock<Stmt> = LazyLock::new(|| {
    Stmt::new("UPDATE munjigi_session SET jti_exp = $2 WHERE sid = $1 AND ended_at IS NULL")
});
