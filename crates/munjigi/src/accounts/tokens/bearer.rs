//! Who sends a token as his credential: `JWTAuthentication.get_validated_token` and `get_user` of simplejwt 5.5.1
//! (`authentication.py`), and beyond them the record.

use super::VerifiedToken;
use super::standing::{by_claim, is_live, may_come_in, sid_of, verify_as};
use crate::accounts::error::{Error, Result};
use crate::accounts::{Credential, SignedIn};
use crate::app::App;
use jiff::Timestamp;
use munjigi_store::Conn;
use munjigi_tokens::{Error as TokenError, TokenClass, UntypedToken};

/// The user who sends a token as his credential.
///
/// # Errors
/// [`Error::Bearer`] with what each class of `AUTH_TOKEN_CLASSES` said; [`Error::Token`] where the token names no
/// user, or was made for another password than he has now; [`Error::UserNotFound`], [`Error::UserInactive`];
/// [`Error::Store`].
pub async fn authenticate(app: &App, text: &str, now: Timestamp) -> Result<SignedIn> {
    let mut conn = app.store().reader();
    let mut refused = Vec::new();
    for &class in &app.jwt().settings().auth_token_classes {
        let token = verify_as(class, app, &mut conn, text, now).await;
        let found = match token {
            Ok(token) => user_of(app, &mut conn, (class, &token), now).await?,
            Err(Error::Token(error)) => Err(error),
            Err(error) => return Err(error),
        };
        match found {
            Ok(signed_in) => return Ok(signed_in),
            Err(error) => refused.push((class, error)),
        }
    }
    Err(Error::Bearer(refused))
}

/// The row of a user who was found without one, and the record behind his token, asked as [`authenticate`] asks them:
/// for what changes either.
///
/// # Errors
/// As [`authenticate`].
pub async fn look_up(app: &App, verified: &VerifiedToken, now: Timestamp) -> Result<SignedIn> {
    let VerifiedToken { class, token } = verified;
    let found = user_of(app, &mut app.store().reader(), (*class, token), now).await?;
    found.map_err(|error| Error::Bearer(vec![(*class, error)]))
}

/// The user of a token that is good by itself; or why it is not good after all, and another class may take it. What is
/// wrong with the user is the outer error, and final.
async fn user_of(
    app: &App,
    conn: &mut Conn,
    (class, token): (TokenClass, &UntypedToken),
    now: Timestamp,
) -> Result<Result<SignedIn, TokenError>> {
    let user = by_claim(app, conn, token.user_id()?)
        .await?
        .ok_or(Error::UserNotFound)?;
    if !may_come_in(app, &user) {
        return Err(Error::UserInactive);
    }
    token.check_password(&user)?;
    match is_live(app, conn, token, &user, now).await {
        Ok(true) => {
            let sid = sid_of(token)?.map(|sid| sid.as_str().to_owned());
            let by = match class {
                TokenClass::SlidingToken => Credential::Sliding,
                _ => Credential::Token,
            };
            Ok(Ok(SignedIn { user, sid, by }))
        }
        Ok(false) => Ok(Err(TokenError::Blacklisted)),
        Err(Error::Token(error)) => Ok(Err(error)),
        Err(error) => Err(error),
    }
}
