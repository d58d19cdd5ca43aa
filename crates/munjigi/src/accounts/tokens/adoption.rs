//! A token that was given out without a record, Django's own or one from before there were records, gets one at its first
//! refresh. From then on a sign-out, a password change and the list of devices know it.

use super::carried_by;
use super::standing::{Sid, sid_of};
use crate::accounts::error::Result;
use crate::accounts::{Client, record};
use crate::app::App;
use jiff::Timestamp;
use munjigi_store::records::{self, Record};
use munjigi_store::users::User;
use munjigi_tokens::{Error as TokenError, Minted, Token};

/// The token, naming the record behind it, where the sign-in holds. One without an id, where there is no `JTI_CLAIM`, stays as
/// it is: no record can be found by it.
///
/// # Errors
/// [`Error::Token`](crate::accounts::Error::Token) where its sign-in has ended;
/// [`Error::Store`](crate::accounts::Error::Store).
pub(super) async fn with_record<T: Minted>(
    app: &App,
    token: Token<T>,
    user: &User,
    client: &Client,
    now: Timestamp,
) -> Result<Token<T>> {
    let Some(sid) = sid_of(&token)? else {
        return Ok(token);
    };
    let mut conn = app.store().reader();
    let mut found = records::by_sid(&mut conn, sid.as_str()).await?;
    let adopted = match (&found, &sid) {
        (None, Sid::Derived(sid)) => {
            let record = record::open(app, user, sid.clone(), carried_by(&token), client, now);
            app.store()
                .write(record, |tx, record| {
                    Box::pin(records::open_unless_there(tx, record))
                })
                .await?
        }
        _ => false,
    };
    if found.is_none() && !adopted {
        // Somebody was faster; or the record of the claim is gone.
        found = records::by_sid(&mut conn, sid.as_str()).await?;
    }
    let holds = |record: Record| record::is_live(&record, user, &app.session_rows().hasher, now);
    if !adopted && !found.is_some_and(holds) {
        return Err(TokenError::Blacklisted.into());
    }
    let derived = match sid {
        Sid::Derived(sid) => Some(sid),
        Sid::Claimed(_) => None,
    };
    Ok(match derived {
        Some(sid) => token.with_claim("sid", sid)?,
        None => token,
    })
}
