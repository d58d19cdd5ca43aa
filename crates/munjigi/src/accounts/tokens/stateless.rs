//! Who sends a token as his credential where its claims are the user: `JWTStatelessUserAuthentication` of simplejwt 5.5.1
//! (`authentication.py`). No row is read, and for an access token no SQL is run.
//!
//! It differs in one thing: a token whose sign-in has ended is refused, by the list in memory.

use super::standing::{sid_of, verify_as};
use crate::accounts::error::{Error, Result};
use crate::app::App;
use jiff::Timestamp;
use munjigi_tokens::{Error as TokenError, TokenClass, UntypedToken};

/// A token that is good and whose sign-in has not ended: all that there is of a user without a row.
pub struct VerifiedToken {
    /// The class of `AUTH_TOKEN_CLASSES` that took it.
    pub class: TokenClass,
    /// The token, whose claims are the user.
    pub token: UntypedToken,
}

/// The token, where it is good, names a user and its sign-in has not ended. A token without a record, Django's own,
/// holds by itself.
///
/// # Errors
/// [`Error::Bearer`] with what each class of `AUTH_TOKEN_CLASSES` said; [`Error::Token`] where the token names no user;
/// [`Error::Stale`] where it is not known which sign-ins have ended. Where the classes name others than `AccessToken`,
/// the table of blacklisted tokens is asked as simplejwt asks it: [`Error::Store`].
pub async fn authenticate_stateless(app: &App, text: &str, now: Timestamp) -> Result<VerifiedToken> {
    let mut conn = app.store().reader();
    let mut refused = Vec::new();
    for &class in &app.jwt().settings().auth_token_classes {
        let token = verify_as(class, app, &mut conn, text, now).await;
        match verified_token(app, class, token, now)? {
            Ok(verified) => return Ok(verified),
            Err(error) => refused.push((class, error)),
        }
    }
    Err(Error::Bearer(refused))
}

/// A token, if it is good; else why it is not, and another class may take it.
fn verified_token(
    app: &App,
    class: TokenClass,
    verified: Result<UntypedToken>,
    now: Timestamp,
) -> Result<Result<VerifiedToken, TokenError>> {
    let token = match verified {
        Err(Error::Token(error)) => return Ok(Err(error)),
        verified => verified?,
    };
    let name = &app.jwt().settings().user_id_claim;
    if !token.claims().contains(name) {
        return Err(TokenError::NoUserId.into());
    }
    let sid = match sid_of(&token) {
        Ok(sid) => sid,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(sid) = &sid {
        if app.ended().is_ended(sid.as_str(), now)? {
            return Ok(Err(TokenError::Blacklisted));
        }
        app.last_seen().note(sid.as_str(), now);
    }
    drop(sid);
    Ok(Ok(VerifiedToken { class, token }))
}
