//! Who sends a token as his credential: `JWTAuthentication.get_validated_token` and `get_user` of simplejwt 5.5.1
//! (`authentication.py`), and beyond them the record.

use super::standing::{by_claim, is_live, may_come_in, verify_as};
use crate::accounts::error::{Error, Result};
use crate::app::App;
use jiff::Timestamp;
use munjigi_store::Conn;
use munjigi_store::users::User;
use munjigi_tokens::{Error as TokenError, UntypedToken};

/// The user who sends a token as his credential.
///
/// # Errors
/// [`Error::Bearer`] with what each class of `AUTH_TOKEN_CLASSES` said; [`Error::Token`] where the token names no
/// user, or was made for another password than he has now; [`Error::UserNotFound`], [`Error::UserInactive`];
/// [`Error::Store`].
pub async fn authenticate(app: &App, text: &str, now: Timestamp) -> Result<User> {
    let mut conn = app.store().reader();
    let mut refused = Vec::new();
    for &class in &app.jwt().settings().auth_token_classes {
        let token = verify_as(class, app, &mut conn, text, now).await;
        match user_of(app, &mut conn, token, now).await? {
            Ok(user) => return Ok(user),
            Err(error) => refused.push((class, error)),
        }
    }
    Err(Error::Bearer(refused))
}

/// The user of a token, if it is good; else why it is not, and another class may take it. What is wrong with the user
/// is the outer error, and final.
async fn user_of(
    app: &App,
    conn: &mut Conn,
    verified: Result<UntypedToken>,
    now: Timestamp,
) -> Result<Result<User, TokenError>> {
    let token = match verified {
        Err(Error::Token(error)) => return Ok(Err(error)),
        verified => verified?,
    };
    let user = by_claim(app, conn, token.user_id()?)
        .await?
        .ok_or(Error::UserNotFound)?;
    if !may_come_in(app, &user) {
        return Err(Error::UserInactive);
    }
    token.check_password(&user)?;
    match is_live(app, conn, &token, &user, now).await {
        Ok(true) => Ok(Ok(user)),
        Ok(false) => Ok(Err(TokenError::Blacklisted)),
        Err(Error::Token(error)) => Ok(Err(error)),
        Err(error) => Err(error),
    }
}
