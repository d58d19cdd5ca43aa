//! Tokens and their rows: what is made for a user who signs in (`for_user` of simplejwt 5.5.1, `tokens.py`), and in the
//! rooms below what becomes of a token that somebody presents.

mod bearer;
mod refresh;
mod sliding;
pub(super) mod standing;
mod verify;

pub use bearer::authenticate;
pub use refresh::{Refreshed, refresh};
pub use sliding::refresh_sliding;
pub use verify::verify;

use super::Client;
use super::record::{self, Carrier};
use crate::app::App;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jiff::Timestamp;
use munjigi_store::records::NewRecord;
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_store::users::User;
use munjigi_store::{Tx, records};
use munjigi_tokens::{Error as TokenError, Minted, RefreshToken, SlidingToken, Token, TokenType};
use munjigi_user::UserId;
use sha2::{Digest, Sha256};

/// The two tokens of a sign-in, as text.
pub struct Pair {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
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
pub(super) fn mint(
    app: &App,
    user: &User,
    client: &Client,
    now: Timestamp,
) -> Result<(Pair, Opening), TokenError> {
    let sid = record::new_sid(app);
    let refresh = RefreshToken::for_user_at(app.jwt(), user, now)?.with_claim("sid", sid.as_str())?;
    let pair = Pair {
        access: refresh.access_token_at(now).encode()?,
        refresh: refresh.encode()?,
    };
    let opening = Opening {
        outstanding: outstanding(Some(user.id.clone()), &refresh, &pair.refresh)?,
        record: record::open(app, user, sid, carried_by(&refresh), client, now),
    };
    Ok((pair, opening))
}

/// A sliding token for a user, and the rows that go with it, not yet written.
pub(super) fn mint_sliding(
    app: &App,
    user: &User,
    client: &Client,
    now: Timestamp,
) -> Result<(String, Opening), TokenError> {
    let sid = record::new_sid(app);
    let token = SlidingToken::for_user_at(app.jwt(), user, now)?.with_claim("sid", sid.as_str())?;
    let text = token.encode()?;
    let opening = Opening {
        outstanding: outstanding(Some(user.id.clone()), &token, &text)?,
        record: record::open(app, user, sid, carried_by(&token), client, now),
    };
    Ok((text, opening))
}

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
        token: format!("sha256:{}", STANDARD_NO_PAD.encode(Sha256::digest(text))),
        created_at: token.issued_at(),
        expires_at: token.expires_at(),
    }))
}

fn carried_by<T: Minted>(token: &Token<T>) -> Carrier {
    Carrier::Token {
        jti: token.jti().map(str::to_owned),
        exp: token.expires_at(),
    }
}
