//! What a refresh token still gives: `TokenRefreshSerializer` of simplejwt 5.5.1 (`serializers.py`), and beyond it the
//! record.
//!
//! simplejwt looks whether a token is blacklisted, and blacklists it, in two steps; two who refresh at once both get a
//! successor. Here the two are one statement, and all that a rotation writes is one transaction.

use super::outstanding;
use super::standing::{Presented, sid_of, user_who_renews, verify_listed};
use crate::accounts::error::{Error, Result};
use crate::app::App;
use jiff::Timestamp;
use munjigi_store::records::{self, Successor};
use munjigi_store::token_blacklist::{self, Blacklisting, OutstandingToken};
use munjigi_store::{BoxFuture, Error as StoreError, Tx};
use munjigi_tokens::{Error as TokenError, Refresh, RefreshToken};
use munjigi_user::UserId;

/// What a refresh gives, as text.
pub struct Refreshed {
    /// The new access token.
    pub access: String,
    /// The refresh token that takes the old one's place, under `ROTATE_REFRESH_TOKENS`.
    pub refresh: Option<String>,
}

/// A new access token for a refresh token, and under `ROTATE_REFRESH_TOKENS` a new refresh token. The old one stays
/// good, unless `BLACKLIST_AFTER_ROTATION` is on.
///
/// # Errors
/// [`Error::Token`] where the token is not good, was blacklisted or used up, or its sign-in has ended, and with
/// [`Error::PasswordChanged`] where its user has another password than it was made for; [`Error::NoActiveAccount`] where its user may no longer come in, or
/// is gone (simplejwt answers 500 then); [`Error::Store`].
pub async fn refresh(app: &App, text: &str, now: Timestamp) -> Result<Refreshed> {
    let mut conn = app.store().reader();
    let token = verify_listed::<Refresh>(app, &mut conn, text, now).await?;
    let presented = Presented { token: &token, text };
    let user = user_who_renews(app, &mut conn, presented, now).await?;
    let access = token.access_token_at(now).encode()?;
    let refresh = if app.jwt().settings().rotate_refresh_tokens {
        Some(rotate(app, (token, text), user.id, now).await?)
    } else {
        None
    };
    Ok(Refreshed { access, refresh })
}

/// The successor of a refresh token, when its rows are on disk.
async fn rotate(
    app: &App,
    (token, text): (RefreshToken, &str),
    user_id: UserId,
    now: Timestamp,
) -> Result<String> {
    let is_used_up = app.jwt().settings().blacklist_after_rotation;
    let sid = sid_of(&token)?.map(str::to_owned);
    let old = outstanding(Some(user_id.clone()), &token, text)?;
    let token = token.rotate_at(now);
    let text = token.encode()?;
    let rotation = Rotation {
        sid,
        successor: Successor {
            previous_jti: old.as_ref().map(|token| token.jti.clone()),
            jti: token.jti().map(str::to_owned),
            jti_exp: token.expires_at(),
            rotated_at: now,
        },
        used_up: old.filter(|_| is_used_up),
        outstanding: outstanding(Some(user_id), &token, &text)?,
    };
    match app.store().write(rotation, write_rotation).await {
        Ok(Rotated::Done) => Ok(text),
        Ok(Rotated::Refused) => Err(TokenError::Blacklisted.into()),
        // The user was there a moment ago.
        Err(StoreError::ForeignKeyViolation(_)) => Err(Error::NoActiveAccount),
        Err(error) => Err(error.into()),
    }
}

/// All that a rotation writes.
struct Rotation {
    sid: Option<String>,
    successor: Successor,
    /// The old token, where it ends.
    used_up: Option<OutstandingToken>,
    outstanding: Option<OutstandingToken>,
}

enum Rotated {
    Done,
    /// Somebody else used the old token up, or ended the sign-in, in between.
    Refused,
}

fn write_rotation<'t>(
    tx: &'t mut Tx,
    rotation: &'t Rotation,
) -> BoxFuture<'t, munjigi_store::Result<Rotated>> {
    Box::pin(async move {
        let Rotation {
            sid,
            successor,
            used_up,
            outstanding,
        } = rotation;
        // The insert is the lock: of those who use one token up at once, one finds it not listed yet.
        if let Some(token) = used_up
            && token_blacklist::blacklist(tx, token, successor.rotated_at).await? == Blacklisting::Already
        {
            return Ok(Rotated::Refused);
        }
        if let Some(sid) = sid
            && !records::rotate(tx, sid, successor).await?
        {
            return Ok(Rotated::Refused);
        }
        if let Some(token) = outstanding {
            token_blacklist::insert_outstanding(tx, token).await?;
        }
        Ok(Rotated::Done)
    })
}
