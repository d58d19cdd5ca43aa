//! The user that a token is by itself: `JWTStatelessUserAuthentication` and `models.TokenUser` of simplejwt 5.5.1. No
//! row is read, and for an access token no SQL is run.
//!
//! It differs in one thing: a token whose sign-in has ended is refused, by the list in memory.

use super::standing::{sid_of, verify_as};
use crate::accounts::error::{Error, Result};
use crate::app::App;
use jiff::Timestamp;
use munjigi_tokens::{Error as TokenError, TokenClass, UntypedToken};
use serde_json::Value;

/// A user without a row: what a token that we signed says of him.
pub struct TokenUser {
    id: Value,
    class: TokenClass,
    token: UntypedToken,
}

impl TokenUser {
    /// `USER_ID_CLAIM` as it stands in the token, a number or a text.
    pub fn id(&self) -> &Value {
        &self.id
    }

    /// The claim `username`, or an empty text.
    pub fn username(&self) -> Value {
        self.token
            .claims()
            .value("username")
            .unwrap_or_else(|| Value::from(""))
    }

    /// Any other attribute: the claim of that name, or null (`TokenUser.__getattr__`).
    pub fn attribute(&self, name: &str) -> Value {
        self.token.claims().value(name).unwrap_or_default()
    }

    pub(super) fn token(&self) -> (TokenClass, &UntypedToken) {
        (self.class, &self.token)
    }
}

/// The user that a token is, where it is good and its sign-in has not ended. A token without a record, Django's own,
/// holds by itself.
///
/// # Errors
/// [`Error::Bearer`] with what each class of `AUTH_TOKEN_CLASSES` said; [`Error::Token`] where the token names no user;
/// [`Error::Stale`] where it is not known which sign-ins have ended. Where the classes name others than `AccessToken`,
/// the table of blacklisted tokens is asked as simplejwt asks it: [`Error::Store`].
pub async fn authenticate_stateless(app: &App, text: &str, now: Timestamp) -> Result<TokenUser> {
    let mut conn = app.store().reader();
    let mut refused = Vec::new();
    for &class in &app.jwt().settings().auth_token_classes {
        let token = verify_as(class, app, &mut conn, text, now).await;
        match token_user(app, class, token, now)? {
            Ok(user) => return Ok(user),
            Err(error) => refused.push((class, error)),
        }
    }
    Err(Error::Bearer(refused))
}

/// The user of a token, if it is good; else why it is not, and another class may take it.
fn token_user(
    app: &App,
    class: TokenClass,
    verified: Result<UntypedToken>,
    now: Timestamp,
) -> Result<Result<TokenUser, TokenError>> {
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
    Ok(Ok(TokenUser {
        id: token.claims().value(name).unwrap_or_default(),
        class,
        token,
    }))
}
