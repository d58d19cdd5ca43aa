//! Tokens and their rows: what is made for a user who signs in (`for_user` of simplejwt 5.5.1, `tokens.py`), and in the
//! rooms below what becomes of a token that somebody presents.

mod adoption;
mod bearer;
mod lineage;
mod refresh;
mod renewing;
mod rotation;
mod sealing;
mod sliding;
pub(super) mod standing;
mod stateless;
mod verify;

pub use bearer::{authenticate, look_up};
pub use refresh::refresh;
pub use sliding::refresh_sliding;
pub use stateless::{VerifiedToken, authenticate_stateless};
pub use verify::verify;

use super::Client;
use super::claims::UserClaims;
use super::error::{Error, Result};
use super::record::{self, Carrier};
use super::term::{Stay, Term};
use crate::app::App;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use munjigi_store::records::NewRecord;
use munjigi_store::token_blacklist::{self, DIGEST_PREFIX, OutstandingToken};
use munjigi_store::users::User;
use munjigi_store::{Error as StoreError, Tx, records};
use munjigi_tokens::jws::MAX_TOKEN;
use munjigi_tokens::{Error as TokenError, RefreshToken, SlidingToken, Token, TokenType};
use munjigi_user::UserId;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The two tokens of a sign-in, as text.
pub struct Pair {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// What the answer to the sign-in tells beside them (`[SIMPLE_JWT_CLAIMS]`, `in_body`).
    pub told: Map<String, Value>,
    /// For how long a browser keeps them.
    pub stay: Stay,
}

/// The one token of a sign-in that slides, as text.
pub struct Slide {
    /// The sliding token.
    pub token: String,
    /// As [`Pair::told`].
    pub told: Map<String, Value>,
}

/// What a refresh gives, as text.
pub struct Refreshed {
    /// The new access token.
    pub access: String,
    /// The refresh token that takes the old one's place, under `ROTATE_REFRESH_TOKENS`.
    pub refresh: Option<String>,
    /// For how long a browser keeps them.
    pub stay: Stay,
}

/// The rows of a sign-in by token.
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
///
/// # Errors
/// [`Error::Token`] where `USER_ID_FIELD` names what this user has not; [`Error::TokenTooLong`].
pub(super) fn mint(
    app: &App,
    user: &User,
    claims: UserClaims,
    client: &Client,
    term: Term,
) -> Result<(Pair, Opening)> {
    let (now, stay) = (term.opened_at, term.stay());
    let sid = record::new_sid(app);
    let refresh = RefreshToken::for_user_at(app.jwt(), user, now)?.with_claim("sid", sid.as_str())?;
    let refresh = stay.bound(claims.put_into(refresh)?);
    let pair = Pair {
        access: stay.bound(refresh.access_token_at(now)).encode()?,
        refresh: refresh.encode()?,
        told: claims.for_body(),
        stay,
    };
    check_length(app, user, &pair.access)?;
    check_length(app, user, &pair.refresh)?;
    let opening = Opening {
        outstanding: outstanding(Some(user.id.clone()), &refresh, &pair.refresh)?,
        record: record::open(app, user, sid, carried_by(&refresh), client, term),
    };
    Ok((pair, opening))
}

/// A sliding token for a user, and the rows that go with it, not yet written.
pub(super) fn mint_sliding(
    app: &App,
    user: &User,
    claims: UserClaims,
    client: &Client,
    term: Term,
) -> Result<(Slide, Opening)> {
    let now = term.opened_at;
    let sid = record::new_sid(app);
    let token = SlidingToken::for_user_at(app.jwt(), user, now)?.with_claim("sid", sid.as_str())?;
    let token = term.stay().bound(claims.put_into(token)?);
    let text = token.encode()?;
    check_length(app, user, &text)?;
    let opening = Opening {
        outstanding: outstanding(Some(user.id.clone()), &token, &text)?,
        record: record::open(app, user, sid, carried_by(&token), client, term),
    };
    let slide = Slide {
        token: text,
        told: claims.for_body(),
    };
    Ok((slide, opening))
}

/// Refuses to give out what nobody would take back: we read no more than [`MAX_TOKEN`], and a browser keeps no cookie
/// that is longer, with its name, than [`MAX_COOKIE`]. It tells browsers nothing when it drops one.
fn check_length(app: &App, user: &User, token: &str) -> Result<()> {
    let names = app.config().auth_cookie.as_ref();
    let names = names.map(|cookies| cookies.access_name.len().max(cookies.refresh_name.len()));
    let longest = names.map_or(MAX_TOKEN, |name| MAX_COOKIE.saturating_sub(name));
    if token.len() <= longest {
        return Ok(());
    }
    let error = Error::TokenTooLong {
        length: token.len(),
        longest,
    };
    tracing::error!(target: "munjigi::account", event = "token_too_long", user = %user.id, "{error}");
    Err(error)
}

/// RFC 6265bis, section 5.6: name and value.
const MAX_COOKIE: usize = 4096;

pub(super) async fn write(tx: &mut Tx, opening: &Opening) -> munjigi_store::Result<()> {
    records::open(tx, &opening.record).await?;
    match &opening.outstanding {
        Some(outstanding) => token_blacklist::insert_outstanding(tx, outstanding).await,
        None => Ok(()),
    }
}

/// The row that says a refresh or sliding token was given out; none where there is no `JTI_CLAIM`, for tokens are
/// looked up by that alone. A digest stands where simplejwt keeps the token, so that whoever reads the table cannot
/// use it.
///
/// # Errors
/// [`TokenError::Invalid`] where the column cannot hold the token's id. One of ours or Django's has 32 digits.
pub(super) fn outstanding<T: TokenType>(
    user_id: Option<UserId>,
    token: &Token<T>,
    text: &str,
) -> Result<Option<OutstandingToken>, TokenError> {
    const LONGEST: usize = 255;
    let Some(jti) = token.jti() else { return Ok(None) };
    if jti.contains('\0') || jti.chars().nth(LONGEST).is_some() {
        return Err(TokenError::Invalid);
    }
    Ok(Some(OutstandingToken {
        user_id,
        jti: jti.to_owned(),
        token: format!("{DIGEST_PREFIX}{}", STANDARD_NO_PAD.encode(Sha256::digest(text))),
        created_at: token.issued_at(),
        expires_at: token.expires_at(),
    }))
}

/// Why the rows of a token could not be written. Its user was there a moment ago.
fn unwritten(error: StoreError) -> Error {
    match error {
        StoreError::ForeignKeyViolation(_) => Error::NoActiveAccount,
        error => error.into(),
    }
}

pub(super) fn carried_by<T: TokenType>(token: &Token<T>) -> Carrier {
    Carrier::Token {
        jti: token.jti().map(str::to_owned),
        exp: token.expires_at(),
    }
}
