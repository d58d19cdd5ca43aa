//! A sliding token that asks for more time: `TokenRefreshSlidingSerializer` of simplejwt 5.5.1 (`serializers.py`).
//!
//! simplejwt asks nothing about the user and writes nothing. The row of the outstanding token then expires with the
//! first `exp`, and `flushexpiredtokens` forgets that the token was blacklisted while newer copies of it, of the same
//! id, are still good. Here the user and the sign-in are asked for as at any refresh, and the rows follow the token.

use super::adoption::with_record;
use super::renewing::user_who_renews;
use super::standing::{Presented, sid_of, verify_listed};
use super::{outstanding, unwritten};
use crate::accounts::Client;
use crate::accounts::error::{Error, Result};
use crate::app::App;
use crate::config::CompatVersion;
use jiff::Timestamp;
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_store::{BoxFuture, Tx, records};
use munjigi_tokens::{Error as TokenError, Sliding};

/// The same sliding token with a later `exp`. Its id stays, and so does the time of its last refresh.
///
/// # Errors
/// [`Error::Token`] where the token is not good, was blacklisted, or its time to be refreshed or its sign-in is over,
/// and with [`Error::PasswordChanged`] where its user has another password than it was made for;
/// [`Error::NoActiveAccount`] where its user may no longer come in, or is gone; [`Error::Store`].
pub async fn refresh_sliding(app: &App, text: &str, client: &Client, now: Timestamp) -> Result<String> {
    let mut conn = app.store().reader();
    let token = verify_listed::<Sliding>(app, &mut conn, text, now).await?;
    let renewed = token.clone().refresh_at(now);
    if app.config().compat_version == CompatVersion::V5_5_1
        && let Err(error) = renewed
    {
        return Err(error.into());
    }
    let presented = Presented { token: &token, text };
    let user = user_who_renews(app, &mut conn, presented, now).await?;
    let (token, stay) = with_record(app, renewed?, &user, client, now).await?;
    let token = stay.bound(token);
    let text = token.encode()?;
    let renewal = Renewal {
        sid: sid_of(&token)?.map(|sid| sid.as_str().to_owned()),
        jti_exp: token.expires_at(),
        outstanding: outstanding(Some(user.id), &token, &text)?,
    };
    let is_written = app
        .store()
        .write(renewal, write_renewal)
        .await
        .map_err(unwritten)?;
    if is_written {
        Ok(text)
    } else {
        Err(Error::Token(TokenError::Blacklisted))
    }
}

struct Renewal {
    sid: Option<String>,
    jti_exp: Timestamp,
    outstanding: Option<OutstandingToken>,
}

/// False where somebody ended the sign-in in between.
fn write_renewal<'t>(tx: &'t mut Tx, renewal: &'t Renewal) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        if let Some(sid) = &renewal.sid
            && !records::set_jti_exp(tx, sid, renewal.jti_exp).await?
        {
            return Ok(false);
        }
        if let Some(token) = &renewal.outstanding {
            token_blacklist::outstand(tx, token).await?;
        }
        Ok(true)
    })
}
