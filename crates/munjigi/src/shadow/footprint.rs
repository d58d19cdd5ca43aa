//! What a request left in the database: of the user, of the tokens and the session that it brought or was given. Read once in
//! the rehearsal, before it is undone, and once after Django's answer, from the same rows. All is found by what stands in the
//! request and in the answer, so that what others do meanwhile does not show.

use super::answer::{Handed, claims};
use super::asked::Asked;
use crate::app::App;
use jiff::Timestamp;
use munjigi_sessions::{AuthHashMatch, SessionData};
use munjigi_store::users::User;
use munjigi_store::{Conn, Result, sessions, token_blacklist, users};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What is there afterwards. It holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    /// Of each user whom the request may mean, where he is there; empty where another request for him was under way.
    pub(super) users: Vec<Option<UserTrace>>,
    /// Of each token in the answer, by its place; `None` where it has no row.
    pub(super) given: BTreeMap<String, Option<TokenTrace>>,
    /// Of each token in the request, by its name there.
    pub(super) presented: BTreeMap<String, Option<TokenTrace>>,
    /// Of the session whose cookie is in the answer.
    pub(super) session: Option<SessionTrace>,
    /// Whether the session whose cookie was in the request is still there; `None` where there was none.
    pub(super) session_before: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UserTrace {
    pub(super) is_stored_anew: bool,
    /// Algorithm and cost of the stored password.
    pub(super) hasher: String,
    pub(super) is_last_login_set: bool,
}

/// What simplejwt's tables say of a token that was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenTrace {
    pub(super) names_user: bool,
    pub(super) expires_with_it: bool,
    pub(super) is_blacklisted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionTrace {
    /// Whether its data can be read with our keys.
    pub(super) is_read: bool,
    /// In seconds since 1970.
    pub(super) expire_date: i64,
    pub(super) backend: Option<String>,
    /// Whether it opens for the user whom it names.
    pub(super) is_users: bool,
    /// The names of all that is in it but the record's.
    pub(super) keys: BTreeSet<String>,
}

/// A user as his row was before the request.
pub(super) struct Before {
    users: Vec<User>,
}

impl Before {
    /// The users whom a request to sign in may mean.
    pub(super) async fn read(app: &App, asked: &Asked) -> Result<Self> {
        let mut conn = app.store().reader();
        let mut users = Vec::new();
        for name in &asked.logins {
            users.extend(users::by_username(&mut conn, name).await?);
            if name.contains('@') {
                users.extend(users::by_email(&mut conn, name).await?);
            }
        }
        users.dedup_by(|one, other| one.id == other.id);
        users.truncate(MOST_USERS);
        Ok(Self { users })
    }

    /// Who they are, as texts.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.users.iter().map(|user| format!("user {}", user.id))
    }
}

/// An address may be that of several.
const MOST_USERS: usize = 4;

impl Footprint {
    /// Leaves out what another request of the same user may have changed: his row, and whether his session fits to it.
    pub(super) fn forget_users(&mut self) {
        self.users.clear();
        if let Some(session) = &mut self.session {
            session.is_users = true;
        }
    }

    /// Reads what `app`'s store has now. `began` is when the request came.
    pub(super) async fn read(
        app: &App,
        asked: &Asked,
        before: &Before,
        handed: &Handed,
        began: Timestamp,
    ) -> Result<Self> {
        let mut conn = app.store().reader();
        let mut users = Vec::new();
        for user in &before.users {
            users.push(trace_of_user(&mut conn, user, began).await?);
        }
        let mut given = BTreeMap::new();
        for token in &handed.tokens {
            if let Some(trace) = trace_of_token(app, &mut conn, &token.text).await? {
                given.insert(token.place.clone(), trace);
            }
        }
        let mut presented = BTreeMap::new();
        for token in &asked.tokens {
            if let Some(trace) = trace_of_token(app, &mut conn, &token.text).await? {
                presented.insert(token.place.clone(), trace);
            }
        }
        let cookie = &app.config().session.cookie_name;
        let session = handed.cookies.iter().find(|given| given.place == *cookie);
        let session = match session {
            Some(given) => trace_of_session(app, &mut conn, &given.text, began).await?,
            None => None,
        };
        let session_before = match &asked.session_key {
            Some(key) => Some(sessions::by_key(&mut conn, key, began).await?.is_some()),
            None => None,
        };
        Ok(Self {
            users,
            given,
            presented,
            session,
            session_before,
        })
    }
}

async fn trace_of_user(conn: &mut Conn, before: &User, began: Timestamp) -> Result<Option<UserTrace>> {
    // Django writes it by its own clock.
    let from = began - jiff::SignedDuration::from_secs(2);
    let now = users::by_id(conn, &before.id).await?;
    Ok(now.map(|user| UserTrace {
        is_stored_anew: user.password != before.password,
        hasher: hasher(&user.password),
        is_last_login_set: user.last_login != before.last_login && user.last_login >= Some(from),
    }))
}

/// Algorithm and cost of a stored password, without its salt and hash.
fn hasher(encoded: &str) -> String {
    let parts: Vec<&str> = encoded.split('$').collect();
    match *parts.as_slice() {
        [algorithm @ ("pbkdf2_sha256" | "pbkdf2_sha1"), iterations, _, _] => {
            format!("{algorithm} {iterations}")
        }
        ["argon2", kind, _, cost, ..] => format!("argon2 {kind} {cost}"),
        ["scrypt", n, _, r, p, _] => format!("scrypt n={n},r={r},p={p}"),
        [algorithm @ ("bcrypt" | "bcrypt_sha256"), "", _, cost, _] => format!("{algorithm} {cost}"),
        [algorithm @ ("md5" | "scrypt" | "argon2"), ..] => algorithm.to_owned(),
        _ if encoded.starts_with('!') => "unusable".to_owned(),
        _ => "of another hasher".to_owned(),
    }
}

/// `None` of a text that is no token, or one without an id.
async fn trace_of_token(app: &App, conn: &mut Conn, text: &str) -> Result<Option<Option<TokenTrace>>> {
    let settings = app.jwt().settings();
    let Some(claims) = claims(text) else {
        return Ok(None);
    };
    let Some(jti) = settings.jti_claim.as_ref().and_then(|name| claims.get(name)) else {
        return Ok(None);
    };
    let Some(jti) = jti.as_str().filter(|jti| !jti.contains('\0')) else {
        return Ok(None);
    };
    let row = token_blacklist::row(conn, jti).await?;
    Ok(Some(row.map(|row| TokenTrace {
        names_user: row.has_user,
        expires_with_it: claims.get("exp").and_then(Value::as_i64) == Some(row.expires_at.as_second()),
        is_blacklisted: row.is_blacklisted,
    })))
}

async fn trace_of_session(
    app: &App,
    conn: &mut Conn,
    key: &str,
    now: Timestamp,
) -> Result<Option<SessionTrace>> {
    let Some(row) = sessions::by_key(conn, key, now).await? else {
        return Ok(None);
    };
    let decoded = app.session_rows().read(&row.session_data);
    let data = decoded.data;
    Ok(Some(SessionTrace {
        is_read: decoded.damage.is_none(),
        expire_date: row.expire_date.as_second(),
        backend: data.auth_backend().map(std::borrow::Cow::into_owned),
        is_users: is_users(app, conn, &data).await?,
        keys: keys(&data),
    }))
}

/// Whether a session opens for the user whom it names.
async fn is_users(app: &App, conn: &mut Conn, data: &SessionData) -> Result<bool> {
    let Some(id) = data.auth_user_id() else {
        return Ok(false);
    };
    let Ok(id) = app.config().user_model.id_kind.parse(&id) else {
        return Ok(false);
    };
    let user = users::by_id(conn, &id).await?;
    Ok(user.is_some_and(|user| app.session_rows().binds(data, &user.password) != AuthHashMatch::No))
}

/// What is in a session by name. Its values are somebody's.
fn keys(data: &SessionData) -> BTreeSet<String> {
    let json: Map<String, Value> = serde_json::from_str(&data.to_json()).unwrap_or_default();
    json.into_iter()
        .map(|(name, _)| name)
        .filter(|name| name != munjigi_sessions::MUNJIGI_SID)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_stored_password_only_its_algorithm_and_cost_are_told() {
        for (encoded, told) in [
            ("pbkdf2_sha256$1000000$SALT$HASH", "pbkdf2_sha256 1000000"),
            (
                "argon2$argon2id$v=19$m=102400,t=2,p=8$SALT$HASH",
                "argon2 argon2id m=102400,t=2,p=8",
            ),
            ("scrypt$16384$SALT$8$5$HASH", "scrypt n=16384,r=8,p=5"),
            ("bcrypt_sha256$$2b$12$SALTHASH", "bcrypt_sha256 12"),
            ("md5$SALT$HASH", "md5"),
            ("!SALTHASH", "unusable"),
            ("SALT$HASH", "of another hasher"),
            ("", "of another hasher"),
        ] {
            assert_eq!(hasher(encoded), told);
        }
    }
}
