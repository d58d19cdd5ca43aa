//! Sign-out: the record ends, and with it everything that carries it.

use super::error::{Error, Result};
use super::{record, sessions, tokens};
use crate::app::App;
use jiff::Timestamp;
use munjigi_sessions::SessionKey;
use munjigi_store::records::{End, EndReason};
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_store::{BoxFuture, Tx, records, users};
use munjigi_tokens::{AccessToken, Error as TokenError, RefreshToken};

/// Ends the sign-in that a session carries: Django's `logout()`.
///
/// # Errors
/// [`Error::Store`].
pub async fn by_session(app: &App, key: &SessionKey, now: Timestamp) -> Result<()> {
    sessions::end(app, key, EndReason::SignOut, now).await
}

/// Ends the sign-in behind a refresh token and blacklists the token: simplejwt's `TokenBlacklistView`. Where the
/// token had ended before, by time or by a sign-out, all is as it should be.
///
/// # Errors
/// [`Error::Token`] where the text is no refresh token of ours. [`Error::Store`].
pub async fn by_refresh_token(app: &App, text: &str, now: Timestamp) -> Result<()> {
    let refresh = match RefreshToken::verify_at(app.jwt(), text, now) {
        Err(TokenError::Expired) => return Ok(()),
        refresh => refresh?,
    };
    let user_id = refresh
        .user_id()
        .ok()
        .and_then(|id| app.config().user_model.id_kind.parse(id).ok());
    let ending = Ending {
        sid: refresh.sid().map(str::to_owned),
        token: tokens::outstanding(user_id, &refresh, text),
        end: record::end(app, EndReason::SignOut, now),
    };
    end(app, ending).await
}

/// Ends the sign-in behind an access token. Its refresh token is blacklisted too, by the record.
///
/// # Errors
/// [`Error::Token`] where the text is no access token of ours, or was made by a Django without records: such a
/// token cannot be ended, only its refresh token can. [`Error::Store`].
pub async fn by_access_token(app: &App, text: &str, now: Timestamp) -> Result<()> {
    let access = match AccessToken::verify_at(app.jwt(), text, now) {
        Err(TokenError::Expired) => return Ok(()),
        access => access?,
    };
    let Some(sid) = access.sid() else {
        return Err(Error::Token(TokenError::Invalid));
    };
    end(
        app,
        Ending {
            sid: Some(sid.to_owned()),
            token: None,
            end: record::end(app, EndReason::SignOut, now),
        },
    )
    .await
}

struct Ending {
    sid: Option<String>,
    token: Option<OutstandingToken>,
    end: End,
}

async fn end(app: &App, ending: Ending) -> Result<()> {
    Ok(app.store().write(ending, write_ending).await?)
}

fn write_ending<'t>(tx: &'t mut Tx, ending: &'t Ending) -> BoxFuture<'t, munjigi_store::Result<()>> {
    Box::pin(async move {
        if let Some(token) = &ending.token {
            let mut token = token.clone();
            // The user may be gone, and Django's table refers to users that are there.
            if let Some(id) = &token.user_id
                && users::by_id(tx, id).await?.is_none()
            {
                token.user_id = None;
            }
            token_blacklist::blacklist(tx, &token, ending.end.at).await?;
        }
        let Some(sid) = &ending.sid else { return Ok(()) };
        records::end(tx, sid, &ending.end).await?;
        if ending.token.is_none()
            && let Some(record) = records::by_sid(tx, sid).await?
        {
            record::blacklist(tx, record.jti, record.jti_exp, ending.end.at).await?;
        }
        Ok(())
    })
}
