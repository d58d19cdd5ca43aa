//! Sign-out: the record ends, and with it everything that carries it.

use super::error::{Error, Result};
use super::term::{RememberMe, Term};
use super::tokens::standing::{Presented, Sid, by_claim, sid_of, verify, verify_listed};
use super::{Client, record, sessions, tokens};
use crate::app::App;
use jiff::Timestamp;
use munjigi_sessions::SessionKey;
use munjigi_store::records::{End, EndReason, NewRecord};
use munjigi_store::token_blacklist::{self, Blacklisting, OutstandingToken};
use munjigi_store::{BoxFuture, Tx, records, users};
use munjigi_tokens::{Access, Error as TokenError, Refresh, Sliding, TokenClass, TokenType, Untyped};

/// Ends the sign-in that a session carries: Django's `logout()`.
///
/// # Errors
/// [`Error::Store`].
pub async fn by_session(app: &App, key: &SessionKey, now: Timestamp) -> Result<()> {
    sessions::end(app, key, EndReason::SignOut, now).await
}

/// Ends the sign-in behind a refresh token and blacklists the token. Where the token had ended before, by time or by
/// a sign-out, all is as it should be.
///
/// # Errors
/// [`Error::Token`] where the text is no refresh token of ours. [`Error::Store`].
pub async fn by_refresh_token(app: &App, text: &str, now: Timestamp) -> Result<()> {
    by_token::<Refresh>(app, text, now).await
}

/// The same for a refresh token that is still good: simplejwt's `TokenBlacklistSerializer` (5.5.1, `serializers.py`).
///
/// # Errors
/// [`Error::Token`] where the text is no refresh token of ours, has expired or was blacklisted before.
/// [`Error::Store`].
pub async fn blacklist(app: &App, text: &str, now: Timestamp) -> Result<()> {
    let mut conn = app.store().reader();
    let refresh = verify_listed::<Refresh>(app, &mut conn, text, now).await?;
    let presented = Presented {
        token: &refresh,
        text,
    };
    match take_back(app, presented, EndReason::SignOut, now).await? {
        Blacklisting::Already => Err(TokenError::Blacklisted.into()),
        _ => Ok(()),
    }
}

/// Ends the sign-in behind the token of a header. One that can be blacklisted is; behind an access token it is the
/// refresh token that the record knows.
///
/// # Errors
/// [`Error::Token`] where the text is no token of `AUTH_TOKEN_CLASSES`, with what the first of them says, and where it
/// is an access token of a Django without records: that cannot be ended, only its refresh token can.
/// [`Error::Store`].
pub async fn by_bearer(app: &App, text: &str, now: Timestamp) -> Result<()> {
    let mut refused = None;
    for class in &app.jwt().settings().auth_token_classes {
        let ended = match class {
            TokenClass::AccessToken => by_access_token(app, text, now).await,
            TokenClass::RefreshToken => by_token::<Refresh>(app, text, now).await,
            TokenClass::SlidingToken => by_token::<Sliding>(app, text, now).await,
            TokenClass::UntypedToken => by_token::<Untyped>(app, text, now).await,
            _ => Err(TokenError::WrongType.into()),
        };
        match ended {
            Err(Error::Token(error)) => refused = refused.or(Some(error)),
            ended => return ended,
        }
    }
    Err(Error::Token(refused.unwrap_or(TokenError::Invalid)))
}

async fn by_token<T: TokenType>(app: &App, text: &str, now: Timestamp) -> Result<()> {
    let token = match verify::<T>(app, text, now).await {
        Err(TokenError::Expired) => return Ok(()),
        token => token?,
    };
    let presented = Presented { token: &token, text };
    take_back(app, presented, EndReason::SignOut, now).await?;
    Ok(())
}

/// Blacklists a token that can be, and ends the sign-in behind it. Whose it was is told where he is still there.
pub(super) async fn take_back<T: TokenType>(
    app: &App,
    Presented { token, text }: Presented<'_, T>,
    reason: EndReason,
    now: Timestamp,
) -> Result<Blacklisting> {
    let user = match token.user_id() {
        Ok(claim) => by_claim(app, &mut app.store().reader(), claim).await?,
        Err(_) => None,
    };
    let sid = sid_of(token)?;
    // A record that is over before it began: whoever adopts the token at this very moment finds it.
    let opening = match (&sid, &user) {
        (Some(Sid::Derived(sid)), Some(user)) => {
            let client = Client::default();
            let carrier = tokens::carried_by(token);
            let term = Term::of(&app.config().session_records, RememberMe::Unsaid, now);
            Some(record::open(app, user, sid.clone(), carrier, &client, term))
        }
        _ => None,
    };
    let ending = Ending {
        sid: sid.map(|sid| sid.as_str().to_owned()),
        opening,
        token: tokens::outstanding(user.map(|user| user.id), token, text)?,
        end: record::end(app, reason, now),
    };
    end(app, ending).await
}

async fn by_access_token(app: &App, text: &str, now: Timestamp) -> Result<()> {
    let access = match verify::<Access>(app, text, now).await {
        Err(TokenError::Expired) => return Ok(()),
        access => access?,
    };
    let Some(sid) = sid_of(&access)? else {
        return Err(Error::Token(TokenError::Invalid));
    };
    by_record(app, sid.as_str(), now).await
}

/// Ends the sign-in that this record stands for.
pub(super) async fn by_record(app: &App, sid: &str, now: Timestamp) -> Result<()> {
    let ending = Ending {
        sid: Some(sid.to_owned()),
        opening: None,
        token: None,
        end: record::end(app, EndReason::SignOut, now),
    };
    end(app, ending).await?;
    Ok(())
}

struct Ending {
    sid: Option<String>,
    /// The record, where the token was given out without one.
    opening: Option<NewRecord>,
    /// The token that was presented, where it is one that can be blacklisted.
    token: Option<OutstandingToken>,
    end: End,
}

async fn end(app: &App, ending: Ending) -> Result<Blacklisting> {
    Ok(app.store().write(ending, write_ending).await?)
}

/// Ends the record of the token that was presented, and blacklists the token. What the record knows as its current token is
/// blacklisted too: after a rotation it may be another one. Tells whether the token that was presented was good.
///
/// The record comes first, as in a rotation: who ends it and who rotates it wait for one another there.
fn write_ending<'t>(
    tx: &'t mut Tx,
    ending: &'t Ending,
) -> BoxFuture<'t, munjigi_store::Result<Blacklisting>> {
    Box::pin(async move {
        let Ending {
            sid,
            opening,
            token,
            end,
        } = ending;
        if let Some(opening) = opening {
            records::open_unless_there(tx, opening).await?;
        }
        let has_ended = match sid {
            Some(sid) => records::end(tx, sid, end).await?,
            None => true,
        };
        let listed = match token {
            Some(token) => blacklist_presented(tx, token, end.at).await?,
            None => Blacklisting::NotKept,
        };
        if let Some(sid) = sid
            && let Some(record) = records::by_sid(tx, sid).await?
        {
            record::blacklist_line(tx, &record.into(), end.at).await?;
        }
        // Without a list, or without an id to be found by, the record alone knows.
        Ok(match listed {
            Blacklisting::NotKept if has_ended => Blacklisting::Now,
            Blacklisting::NotKept => Blacklisting::Already,
            listed => listed,
        })
    })
}

async fn blacklist_presented(
    tx: &mut Tx,
    token: &OutstandingToken,
    now: Timestamp,
) -> munjigi_store::Result<Blacklisting> {
    let mut token = token.clone();
    // The user may have gone in between.
    if let Some(id) = &token.user_id
        && users::by_id(tx, id).await?.is_none()
    {
        token.user_id = None;
    }
    token_blacklist::blacklist(tx, &token, now).await
}
