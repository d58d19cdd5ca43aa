//! Tokens and their rows: a pair for a user, who sends an access token, and what a refresh token still gives.
//! `RefreshToken.for_user`, `JWTAuthentication.get_user` and `TokenRefreshSerializer` of simplejwt 5.5.1, and beyond them the record.

use super::Client;
use super::error::{Error, Result};
use super::record::{self, Carrier};
use crate::app::App;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jiff::Timestamp;
use munjigi_store::records::NewRecord;
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_store::users::User;
use munjigi_store::{Conn, Tx, records, users};
use munjigi_tokens::{
    AccessToken, Error as TokenError, RefreshToken, SlidingToken, Token, TokenClass, TokenType, UntypedToken,
};
use munjigi_user::UserId;
use sha2::{Digest, Sha256};

/// The two tokens of a sign-in, as text.
pub struct Pair {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

/// The user who sends a token as his credential.
///
/// # Errors
/// [`Error::Bearer`] with what each class of `AUTH_TOKEN_CLASSES` said; [`Error::Token`] where the token names no
/// user; [`Error::UserNotFound`], [`Error::UserInactive`]; [`Error::Store`].
pub async fn authenticate(app: &App, text: &str, now: Timestamp) -> Result<User> {
    let mut refused = Vec::new();
    for &class in &app.jwt().settings().auth_token_classes {
        let verified = match class {
            TokenClass::AccessToken => {
                AccessToken::verify_at(app.jwt(), text, now).map(|token| Claims::of(&token))
            }
            TokenClass::RefreshToken => {
                RefreshToken::verify_at(app.jwt(), text, now).map(|token| Claims::of(&token))
            }
            TokenClass::SlidingToken => {
                SlidingToken::verify_at(app.jwt(), text, now).map(|token| Claims::of(&token))
            }
            TokenClass::UntypedToken => {
                UntypedToken::verify_at(app.jwt(), text, now).map(|token| Claims::of(&token))
            }
            _ => Err(TokenError::WrongType),
        };
        match verified {
            Ok(claims) => return user_of(app, claims?, class, now).await,
            Err(error) => refused.push((class, error)),
        }
    }
    Err(Error::Bearer(refused))
}

/// What the database is asked about a verified token.
struct Claims {
    user_id: String,
    sid: Option<String>,
    jti: Option<String>,
}

impl Claims {
    fn of<T: TokenType>(token: &Token<T>) -> Result<Self, TokenError> {
        Ok(Self {
            user_id: token.user_id()?.to_owned(),
            sid: sid_of(token)?,
            jti: token.jti().map(str::to_owned),
        })
    }
}

/// The record behind a token. A `sid` that is no text is none of ours, and must not pass for a token without one.
fn sid_of<T: TokenType>(token: &Token<T>) -> Result<Option<String>, TokenError> {
    match token.sid() {
        None if token.claims().contains("sid") => Err(TokenError::Invalid),
        sid => Ok(sid.map(str::to_owned)),
    }
}

async fn user_of(app: &App, claims: Claims, class: TokenClass, now: Timestamp) -> Result<User> {
    let mut conn = app.store().reader();
    let user = by_claim(app, &mut conn, &claims.user_id)
        .await?
        .ok_or(Error::UserNotFound)?;
    if !user.is_active {
        return Err(Error::UserInactive);
    }
    let is_listed = class != TokenClass::AccessToken;
    let blacklisted = is_listed && is_blacklisted(&mut conn, claims.jti.as_deref()).await?;
    if blacklisted || !is_live(app, &mut conn, claims.sid.as_deref(), &user, now).await? {
        return Err(Error::Bearer(vec![(class, TokenError::Blacklisted)]));
    }
    Ok(user)
}

/// A new access token for a refresh token, which stays as it is.
///
/// # Errors
/// [`Error::Token`] where the token is not good, was blacklisted, or its sign-in has ended;
/// [`Error::NoActiveAccount`] where its user may no longer come in, or is gone (simplejwt answers 500 then).
pub async fn refresh(app: &App, text: &str, now: Timestamp) -> Result<String> {
    let refresh = RefreshToken::verify_at(app.jwt(), text, now)?;
    let mut conn = app.store().reader();
    if is_blacklisted(&mut conn, refresh.jti()).await? {
        return Err(TokenError::Blacklisted.into());
    }
    let user = by_claim(app, &mut conn, refresh.user_id()?).await?;
    let user = user.filter(|user| user.is_active).ok_or(Error::NoActiveAccount)?;
    if !is_live(app, &mut conn, sid_of(&refresh)?.as_deref(), &user, now).await? {
        return Err(TokenError::Blacklisted.into());
    }
    Ok(refresh.access_token_at(now).to_string())
}

/// Whether a token was blacklisted. One without an id, where there is no `JTI_CLAIM`, cannot be.
async fn is_blacklisted(conn: &mut Conn, jti: Option<&str>) -> Result<bool> {
    match jti {
        Some(jti) => Ok(token_blacklist::is_blacklisted(conn, jti).await?),
        None => Ok(false),
    }
}

/// Whether the sign-in behind a token still holds. A token without a record, Django's own, holds by itself.
async fn is_live(app: &App, conn: &mut Conn, sid: Option<&str>, user: &User, now: Timestamp) -> Result<bool> {
    let Some(sid) = sid else { return Ok(true) };
    // A `sid` that no row has was swept after its end, or never ours: a signed token says it was opened here.
    let record = records::by_sid(conn, sid).await?;
    Ok(record.is_some_and(|record| record::is_live(&record, user, &app.session_rows().hasher, now)))
}

/// The user whom a claim names, by the field that `USER_ID_FIELD` says.
async fn by_claim(app: &App, conn: &mut Conn, value: &str) -> Result<Option<User>> {
    let model = &app.config().user_model;
    Ok(match app.jwt().settings().user_id_field.as_str() {
        "username" => users::by_username(conn, value).await?,
        _ => match model.id_kind.parse(value) {
            Ok(id) => users::by_id(conn, &id).await?,
            Err(_) => None,
        },
    })
}

/// The rows of a pair of tokens.
pub(super) struct Opening {
    record: NewRecord,
    outstanding: Option<OutstandingToken>,
}

impl Opening {
    /// Whose tokens they are.
    pub(super) fn user_id(&self) -> &UserId {
        &self.record.user_id
    }
}

/// A pair of tokens for a user, and the rows that go with it, not yet written.
pub(super) fn mint(
    app: &App,
    user: &User,
    client: &Client,
    now: Timestamp,
) -> Result<(Pair, Opening), TokenError> {
    let sid = record::new_sid(app);
    let refresh = RefreshToken::for_user_at(app.jwt(), user, now)?.with_claim("sid", sid.as_str())?;
    let pair = Pair {
        access: refresh.access_token_at(now).to_string(),
        refresh: refresh.to_string(),
    };
    let carrier = Carrier::Refresh {
        jti: refresh.jti().map(str::to_owned),
        exp: refresh.expires_at(),
    };
    let opening = Opening {
        record: record::open(app, user, sid, carrier, client, now),
        outstanding: outstanding(Some(user.id.clone()), &refresh, &pair.refresh),
    };
    Ok((pair, opening))
}

pub(super) async fn write(tx: &mut Tx, opening: &Opening) -> munjigi_store::Result<()> {
    records::open(tx, &opening.record).await?;
    match &opening.outstanding {
        Some(outstanding) => token_blacklist::insert_outstanding(tx, outstanding).await,
        None => Ok(()),
    }
}

/// The row that says a refresh token was given out; none where there is no `JTI_CLAIM`, for tokens are looked up by
/// that alone. A digest stands where simplejwt keeps the token, so that whoever reads the table cannot use it.
pub(super) fn outstanding(
    user_id: Option<UserId>,
    refresh: &RefreshToken,
    text: &str,
) -> Option<OutstandingToken> {
    Some(OutstandingToken {
        user_id,
        jti: refresh.jti()?.to_owned(),
        token: format!("sha256:{}", STANDARD_NO_PAD.encode(Sha256::digest(text))),
        created_at: refresh.issued_at(),
        expires_at: refresh.expires_at(),
    })
}
