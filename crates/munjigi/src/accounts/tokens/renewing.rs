//! Who asks for a newer token: the checks of the user in `TokenRefreshSerializer` and `TokenRefreshSlidingSerializer` of
//! simplejwt 5.5.1 and `main` (`serializers.py`).

use super::standing::{Presented, by_claim, may_come_in};
use crate::accounts::error::{Error, Result};
use crate::accounts::signout;
use crate::app::App;
use crate::config::CompatVersion;
use jiff::Timestamp;
use munjigi_store::Conn;
use munjigi_store::records::EndReason;
use munjigi_store::users::User;
use munjigi_tokens::{Error as TokenError, TokenType};

/// The user of a token that asks for a newer one, where he is as he was. The sign-in behind it is another question.
///
/// # Errors
/// [`Error::NoActiveAccount`] where he may no longer come in, or is gone (simplejwt 5.5.1 answers 500 then);
/// [`Error::Token`] where the token was made for another password than he has now: in the words of simplejwt's `main` that is
/// [`Error::PasswordChanged`], and the token is blacklisted.
pub(super) async fn user_who_renews<T: TokenType>(
    app: &App,
    conn: &mut Conn,
    presented: Presented<'_, T>,
    now: Timestamp,
) -> Result<User> {
    let token = presented.token;
    let user = by_claim(app, conn, token.user_id()?)
        .await?
        .filter(|user| may_come_in(app, user))
        .ok_or(Error::NoActiveAccount)?;
    if token.check_password(&user).is_ok() {
        return Ok(user);
    }
    match app.config().compat_version {
        CompatVersion::V5_5_1 => Err(TokenError::Blacklisted.into()),
        CompatVersion::Main => {
            signout::take_back(app, presented, EndReason::PasswordChange, now).await?;
            Err(Error::PasswordChanged)
        }
    }
}
