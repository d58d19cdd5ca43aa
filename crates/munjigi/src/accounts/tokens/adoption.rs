//! A token that was given out without a record, Django's own or one from before there were records, gets one at its first
//! refresh. From then on a sign-out, a password change and the list of devices know it.

use super::carried_by;
use super::standing::{Sid, sid_of};
use crate::accounts::error::Result;
use crate::accounts::term::{RememberMe, Stay, Term};
use crate::accounts::{Client, record};
use crate::app::App;
use jiff::Timestamp;
use munjigi_store::records::{self, NewRecord, Record};
use munjigi_store::users::{self, User};
use munjigi_store::{BoxFuture, Tx};
use munjigi_tokens::{Error as TokenError, Minted, Token};

/// The token, naming the record behind it, where the sign-in holds, and for how long it does. One without an id, where there
/// is no `JTI_CLAIM`, stays as it is: no record can be found by it.
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
) -> Result<(Token<T>, Stay)> {
    let Some(sid) = sid_of(&token)? else {
        return Ok((token, Stay::AS_THE_TOKEN));
    };
    let mut conn = app.store().reader();
    let mut found = records::by_sid(&mut conn, sid.as_str()).await?;
    let mut stay = None;
    if let (None, Sid::Derived(sid)) = (&found, &sid) {
        let term = Term::of(&app.config().session_records, RememberMe::Unsaid, now);
        let record = record::open(app, user, sid.clone(), carried_by(&token), client, term);
        let adopted = app.store().write((record, user.clone()), write_adoption);
        stay = adopted.await?.then_some(term.stay());
    }
    if found.is_none() && stay.is_none() {
        // Somebody was faster; or the record of the claim is gone.
        found = records::by_sid(&mut conn, sid.as_str()).await?;
    }
    let holds = |record: &Record| record::is_live(record, user, &app.session_rows().hasher, now);
    let stay = stay.or_else(|| found.filter(holds).as_ref().map(Stay::from));
    let stay = stay.ok_or(TokenError::Blacklisted)?;
    app.last_seen().note(sid.as_str(), now);
    let derived = match sid {
        Sid::Derived(sid) => Some(sid),
        Sid::Claimed(_) => None,
    };
    let token = match derived {
        Some(sid) => token.with_claim("sid", sid)?,
        None => token,
    };
    Ok((token, stay))
}

/// False where somebody was faster, or gave the user another password since he was read.
fn write_adoption<'t>(
    tx: &'t mut Tx,
    (record, user): &'t (NewRecord, User),
) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        Ok(
            users::hold(tx, &user.id, &user.password).await?
                && records::open_unless_there(tx, record).await?,
        )
    })
}
