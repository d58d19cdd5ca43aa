//! What a refresh token still gives: `TokenRefreshSerializer` of simplejwt 5.5.1 (`serializers.py`), and beyond it the
//! record. Where a rotation uses the old token up, [`lineage`] has the rest.

use super::adoption::with_record;
use super::renewing::user_who_renews;
use super::standing::{Presented, sid_of, verify_listed};
use super::{Refreshed, lineage, outstanding, unwritten};
use crate::accounts::error::{Error, Result};
use crate::accounts::{Client, Stay};
use crate::app::App;
use jiff::Timestamp;
use munjigi_store::records::{self, Successor};
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_store::{BoxFuture, Tx};
use munjigi_tokens::{Error as TokenError, Refresh, RefreshToken};
use munjigi_user::UserId;

/// A new access token for a refresh token, and under `ROTATE_REFRESH_TOKENS` a new refresh token. The old one stays
/// good, unless `BLACKLIST_AFTER_ROTATION` is on. A token that was given out without a record, Django's own, gets one.
///
/// # Errors
/// [`Error::Token`] where the token is not good, was blacklisted or used up, or its sign-in has ended, and with
/// [`Error::PasswordChanged`] where its user has another password than it was made for; [`Error::TokenReused`] where it
/// was used up and comes again, which ended the sign-in; [`Error::NoActiveAccount`] where its user may no longer come in,
/// or is gone (simplejwt answers 500 then); [`Error::Contended`], [`Error::Store`].
pub async fn refresh(app: &App, text: &str, client: &Client, now: Timestamp) -> Result<Refreshed> {
    let settings = app.jwt().settings();
    if settings.rotate_refresh_tokens && settings.blacklist_after_rotation {
        return lineage::refresh(app, text, client, now).await;
    }
    let mut conn = app.store().reader();
    let token = verify_listed::<Refresh>(app, &mut conn, text, now).await?;
    let presented = Presented { token: &token, text };
    let user = user_who_renews(app, &mut conn, presented, now).await?;
    let (token, stay) = with_record(app, token, &user, client, now).await?;
    let access = stay.bound(token.access_token_at(now)).encode()?;
    let refresh = if settings.rotate_refresh_tokens {
        Some(rotate(app, (token, stay), user.id, now).await?)
    } else {
        None
    };
    Ok(Refreshed {
        access,
        refresh,
        stay,
    })
}

/// The successor of a refresh token that stays good, when its rows are on disk.
async fn rotate(
    app: &App,
    (token, stay): (RefreshToken, Stay),
    user_id: UserId,
    now: Timestamp,
) -> Result<String> {
    let sid = sid_of(&token)?.map(|sid| sid.as_str().to_owned());
    let previous_jti = token.jti().map(str::to_owned);
    let token = stay.bound(token.rotate_at(now));
    let text = token.encode()?;
    let rotation = Rotation {
        sid,
        successor: Successor {
            previous_jti,
            jti: token.jti().map(str::to_owned),
            jti_exp: token.expires_at(),
            rotated_at: now,
            sealed: None,
        },
        outstanding: outstanding(Some(user_id), &token, &text)?,
    };
    let is_written = app
        .store()
        .write(rotation, write_rotation)
        .await
        .map_err(unwritten)?;
    if is_written {
        Ok(text)
    } else {
        Err(Error::Token(TokenError::Blacklisted))
    }
}

/// All that a rotation writes.
struct Rotation {
    sid: Option<String>,
    successor: Successor,
    outstanding: Option<OutstandingToken>,
}

/// False where somebody ended the sign-in in between.
fn write_rotation<'t>(tx: &'t mut Tx, rotation: &'t Rotation) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        if let Some(sid) = &rotation.sid
            && !records::follow(tx, sid, &rotation.successor).await?
        {
            return Ok(false);
        }
        if let Some(token) = &rotation.outstanding {
            token_blacklist::insert_outstanding(tx, token).await?;
        }
        Ok(true)
    })
}
