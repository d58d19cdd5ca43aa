//! Whether a token is good, whatever it is for: `TokenVerifySerializer` of simplejwt 5.5.1 (`serializers.py`).
//!
//! simplejwt asks the blacklist only where `BLACKLIST_AFTER_ROTATION` is on, and so calls a token good that its own
//! refresh refuses. Here a token is good where the other routes would take it: not blacklisted, and of a sign-in that
//! holds. Whether its user may come in is not asked, as there. `VERIFY_CHECKS_BLACKLIST = false` is simplejwt's rule.

use super::standing::{self, Sid, is_blacklisted, sid_of};
use crate::accounts::error::Result;
use crate::accounts::record;
use crate::app::App;
use crate::i18n::{FieldErrors, Text};
use jiff::Timestamp;
use munjigi_store::{Conn, records, users};
use munjigi_tokens::Untyped;

/// Whether a token of any kind is good.
///
/// # Errors
/// [`Error::Token`](crate::accounts::Error::Token) where it is not; [`Error::Invalid`](crate::accounts::Error::Invalid)
/// where it was taken back, which in simplejwt is an error of the body as a whole;
/// [`Error::Store`](crate::accounts::Error::Store).
pub async fn verify(app: &App, text: &str, now: Timestamp) -> Result<()> {
    let token = standing::verify::<Untyped>(app, text, now).await?;
    let sid = sid_of(&token)?;
    let mut conn = app.store().reader();
    let config = app.config();
    let is_list_asked = config.verify_checks_blacklist || config.simple_jwt.blacklist_after_rotation;
    if (is_list_asked && is_blacklisted(app, &mut conn, &token, now).await?)
        || (config.verify_checks_blacklist && has_ended(app, &mut conn, sid, now).await?)
    {
        return Err(FieldErrors::of("non_field_errors", vec![Text::TokenBlacklisted]).into());
    }
    Ok(())
}

/// Whether the sign-in behind a token is over. One whose user is gone has no password to be held against.
async fn has_ended(app: &App, conn: &mut Conn, sid: Option<Sid<'_>>, now: Timestamp) -> Result<bool> {
    let Some(sid) = sid else { return Ok(false) };
    let Some(record) = records::by_sid(conn, sid.as_str()).await? else {
        return Ok(sid.is_claimed());
    };
    let user = match app.config().user_model.id_kind.parse(&record.user_id) {
        Ok(id) => users::by_id(conn, &id).await?,
        Err(_) => None,
    };
    Ok(match user {
        Some(user) => !record::is_live(&record, &user, &app.session_rows().hasher, now),
        None => record::is_over(&record, now),
    })
}
