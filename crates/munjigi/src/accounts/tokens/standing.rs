//! What the tables say about a token whose signature and times are good: whether it was taken back, whose it is, and
//! whether the sign-in behind it still holds. `BlacklistMixin.check_blacklist` of simplejwt 5.5.1 (`tokens.py`),
//! `default_user_authentication_rule` (`authentication.py`), the user lookup of its serializers, and the record.

use crate::accounts::error::Result;
use crate::accounts::{housekeeping, record};
use crate::app::App;
use jiff::Timestamp;
use munjigi_store::records::Record;
use munjigi_store::users::User;
use munjigi_store::{Conn, TokenBlacklist, records, token_blacklist, users};
use munjigi_tokens::{
    Access, Error as TokenError, Refresh, Sliding, Token, TokenClass, TokenType, Untyped, UntypedToken,
};

/// A token that is good by itself, and its text.
pub(in crate::accounts) struct Presented<'p, T> {
    pub(in crate::accounts) token: &'p Token<T>,
    pub(in crate::accounts) text: &'p str,
}

/// Verifies a token by itself, under `JWK_URL` with its issuer's keys as they are now.
pub(in crate::accounts) async fn verify<T: TokenType>(
    app: &App,
    text: &str,
    now: Timestamp,
) -> Result<Token<T>, TokenError> {
    app.keys().prepare(app.jwt(), text).await;
    Token::<T>::verify_at(app.jwt(), text, now)
}

/// Verifies a token of a class that can be blacklisted: `BlacklistMixin.verify`, which asks the list before the type.
pub(in crate::accounts) async fn verify_listed<T: TokenType>(
    app: &App,
    conn: &mut Conn,
    text: &str,
    now: Timestamp,
) -> Result<Token<T>> {
    let token = verify_unlisted::<T>(app, conn, text, now).await?;
    if is_blacklisted(app, conn, &token, now).await? {
        return Err(TokenError::Blacklisted.into());
    }
    Ok(token)
}

/// The same, where the list is asked together with something else. What is of another type is looked for on it.
pub(super) async fn verify_unlisted<T: TokenType>(
    app: &App,
    conn: &mut Conn,
    text: &str,
    now: Timestamp,
) -> Result<Token<T>> {
    match verify::<T>(app, text, now).await {
        Err(error @ (TokenError::WrongType | TokenError::NoType)) => {
            let token = UntypedToken::verify_at(app.jwt(), text, now)?;
            let is_blacklisted = is_blacklisted(app, conn, &token, now).await?;
            Err(if is_blacklisted {
                TokenError::Blacklisted
            } else {
                error
            }
            .into())
        }
        token => Ok(token?),
    }
}

/// Verifies a token that was sent as a credential as one of `AUTH_TOKEN_CLASSES`: `JWTAuthentication.get_validated_token`
/// of simplejwt 5.5.1 (`authentication.py`).
///
/// simplejwt asks no list about an untyped token, and so takes a refresh token back in that was taken back.
pub(super) async fn verify_as(
    class: TokenClass,
    app: &App,
    conn: &mut Conn,
    text: &str,
    now: Timestamp,
) -> Result<UntypedToken> {
    Ok(match class {
        TokenClass::AccessToken => verify::<Access>(app, text, now).await?.into_untyped(),
        TokenClass::RefreshToken => verify_listed::<Refresh>(app, conn, text, now)
            .await?
            .into_untyped(),
        TokenClass::SlidingToken => verify_listed::<Sliding>(app, conn, text, now)
            .await?
            .into_untyped(),
        TokenClass::UntypedToken => verify_listed::<Untyped>(app, conn, text, now).await?,
        _ => return Err(TokenError::WrongType.into()),
    })
}

/// Whether a token was blacklisted. One without an id, where there is no `JTI_CLAIM`, cannot be. Where simplejwt's tables
/// are not kept, its record tells.
pub(super) async fn is_blacklisted<T: TokenType>(
    app: &App,
    conn: &mut Conn,
    token: &Token<T>,
    now: Timestamp,
) -> Result<bool> {
    let Some(jti) = token.jti() else { return Ok(false) };
    if app.config().token_blacklist == TokenBlacklist::Kept {
        return Ok(token_blacklist::is_blacklisted(conn, jti).await?);
    }
    if !token.can_be_refreshed() {
        return Ok(false);
    }
    let Some(sid) = sid_of(token)? else {
        return Ok(false);
    };
    Ok(match records::by_sid(conn, sid.as_str()).await? {
        Some(record) => record.ended_at.is_some() || is_used_up(app, &record, jti),
        None => !sid.is_claimed() && is_forgotten(app, token, now),
    })
}

/// Whether the record of a token that names none may have ended and been swept, where nothing else tells that it was taken
/// back. It is older than any token by the settings: Django's are others, or ours were.
pub(super) fn is_forgotten<T: TokenType>(app: &App, token: &Token<T>, now: Timestamp) -> bool {
    let settings = app.jwt().settings();
    let sliding = settings
        .sliding_token_refresh_lifetime
        .saturating_add(settings.sliding_token_lifetime);
    let longest = housekeeping::longest_life(settings).max(sliding);
    let is_older = |made: Timestamp| now.duration_since(made) > longest;
    app.config().token_blacklist == TokenBlacklist::Absent && token.issued_at().is_none_or(is_older)
}

/// Whether another token carries the record, where only one can.
fn is_used_up(app: &App, record: &Record, jti: &str) -> bool {
    let settings = app.jwt().settings();
    settings.rotate_refresh_tokens
        && settings.blacklist_after_rotation
        && record.jti.as_deref().is_some_and(|current| current != jti)
}

/// The user whom a claim names, by the field that `USER_ID_FIELD` says.
pub(in crate::accounts) async fn by_claim(app: &App, conn: &mut Conn, value: &str) -> Result<Option<User>> {
    let model = &app.config().user_model;
    Ok(match app.jwt().settings().user_id_field.as_str() {
        "username" => users::by_username(conn, value).await?,
        // Django's `get(email=…)`: exactly that address, and one user alone.
        "email" => {
            let mut found = users::by_email(conn, value).await?;
            let only = found.pop().filter(|user| user.email == value);
            only.filter(|_| found.is_empty())
        }
        _ => match model.id_kind.parse(value) {
            Ok(id) => users::by_id(conn, &id).await?,
            Err(_) => None,
        },
    })
}

/// Whether a user may use what he was given: one who is inactive may where `CHECK_USER_IS_ACTIVE` is off.
pub(super) fn may_come_in(app: &App, user: &User) -> bool {
    user.is_active || !app.jwt().settings().check_user_is_active
}

/// Whether the sign-in behind a token still holds. A token without a record, Django's own, holds by itself.
pub(super) async fn is_live<T: TokenType>(
    app: &App,
    conn: &mut Conn,
    token: &Token<T>,
    user: &User,
    now: Timestamp,
) -> Result<bool> {
    let Some(sid) = sid_of(token)? else {
        return Ok(true);
    };
    let Some(record) = records::by_sid(conn, sid.as_str()).await? else {
        return Ok(!sid.is_claimed());
    };
    let is_live = record::is_live(&record, user, &app.session_rows().hasher, now);
    if is_live {
        app.last_seen().note(&record.sid, now);
    }
    Ok(is_live)
}

/// Which record is behind a token.
pub(in crate::accounts) enum Sid<'t> {
    /// The one that it names. A `sid` that no row has was swept after its end, or never ours: a signed token says it was
    /// opened here.
    Claimed(&'t str),
    /// The one that it gets at its first refresh, if it has not yet.
    Derived(String),
}

impl Sid<'_> {
    /// As in the record.
    pub(in crate::accounts) fn as_str(&self) -> &str {
        match self {
            Self::Claimed(sid) => sid,
            Self::Derived(sid) => sid,
        }
    }

    /// Whether the token names it.
    pub(in crate::accounts) fn is_claimed(&self) -> bool {
        matches!(self, Self::Claimed(_))
    }
}

/// The record behind a token: the one it names, or for a token that can be refreshed and names none, the one that its id
/// leads to. Everybody who asks for a token's record asks here. A `sid` that no column holds was never one of ours.
pub(in crate::accounts) fn sid_of<T: TokenType>(token: &Token<T>) -> Result<Option<Sid<'_>>, TokenError> {
    match token.sid()? {
        Some(sid) if sid.contains('\0') => Err(TokenError::Blacklisted),
        Some(sid) => Ok(Some(Sid::Claimed(sid))),
        None if token.can_be_refreshed() => Ok(token
            .jti()
            .map(|jti| Sid::Derived(record::digested_sid(LABEL, jti)))),
        None => Ok(None),
    }
}

/// Nobody chooses an id so that it meets another's: it is signed.
const LABEL: &str = "munjigi: the record of a token without sid:";
