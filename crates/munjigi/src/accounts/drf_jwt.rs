//! djangorestframework-jwt's tokens and their rows: one token for a sign-in, what it opens, and the next one for it.
//! `rest_framework_jwt.serializers` and `JSONWebTokenAuthentication` of drf-jwt 1.19, and beyond them the record.

use super::error::{Error, JsonWebTokenRefused as Refused, Result};
use super::record::{self, Carrier};
use super::signout;
use super::term::{RememberMe, Term};
use super::{Client, Credential, SignedIn};
use crate::app::App;
use jiff::{SignedDuration, Timestamp};
use munjigi_store::records::{self, NewRecord, Record};
use munjigi_store::users::{self, User};
use munjigi_store::{BoxFuture, Tx};
use munjigi_tokens::jwt_auth::{JsonWebToken, JwtAuthSettings, Refusal};
use rand_core::Rng;

/// A token and what its answer says of it.
pub struct Issued {
    /// The token, as text.
    pub token: String,
    /// `iat`, which drf-jwt calls `pk`; none where the token does not say it.
    pub issued_at: Option<i64>,
}

/// A token for a user who has shown his credentials, and the record behind it.
///
/// # Errors
/// [`Error::InvalidCredentials`] where the user was shut out, or given another password, since he showed his;
/// [`Error::Store`].
pub async fn obtain(app: &App, user: &User, client: &Client, now: Timestamp) -> Result<Issued> {
    let sid = record::new_sid(app);
    let term = Term::of(&app.config().session_records, RememberMe::Unsaid, now);
    let token = app
        .jwt_auth()
        .create_payload(user, random(app), now)?
        .with_sid(&sid);
    let token = ending_by(token, term.absolute_end);
    let exp = last_end(app.jwt_auth().settings(), now);
    let exp = term.absolute_end.map_or(exp, |end| end.min(exp));
    let carrier = Carrier::Token { jti: None, exp };
    let opening = Opening {
        verified: user.password.clone(),
        record: record::open(app, user, sid, carrier, client, term),
    };
    if !app.store().write(opening, write).await? {
        return Err(Error::InvalidCredentials);
    }
    tracing::info!(target: "munjigi::account", event = "signed_in", carrier = "drf_jwt", user = %user.id);
    issued(&token)
}

struct Opening {
    verified: String,
    record: NewRecord,
}

/// `last_login` stays as it is: drf-jwt does not write it.
fn write<'t>(tx: &'t mut Tx, opening: &'t Opening) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        let Opening { verified, record } = opening;
        if !users::redeem(tx, &record.user_id, verified, None).await? {
            return Ok(false);
        }
        records::open(tx, record).await?;
        Ok(true)
    })
}

/// What is said of a good token.
///
/// # Errors
/// [`Error::JsonWebToken`]; [`Error::Store`].
pub async fn verify(app: &App, text: &str, now: Timestamp) -> Result<Issued> {
    let (token, _, _) = read(app, text, now).await?;
    Ok(Issued {
        token: text.to_owned(),
        issued_at: issued_at(&token),
    })
}

/// The next token for one that is still good: until `JWT_REFRESH_EXPIRATION_DELTA` after its sign-in.
///
/// # Errors
/// [`Error::JsonWebToken`]; [`Error::Store`].
pub async fn refresh(app: &App, text: &str, now: Timestamp) -> Result<Issued> {
    let (old, user, record) = read(app, text, now).await?;
    old.check_refresh(now).map_err(Refused::Token)?;
    let new = app.jwt_auth().refresh(&old, &user, random(app), now)?;
    issued(&ending_by(new, record.and_then(|record| record.absolute_end)))
}

/// The user who sends a token as his credential.
///
/// # Errors
/// [`Error::JsonWebToken`]; [`Error::Store`].
pub async fn authenticate(app: &App, text: &str, now: Timestamp) -> Result<SignedIn> {
    let (token, user, _) = read(app, text, now).await?;
    let sid = token.sid().map(str::to_owned);
    let by = Credential::JsonWebToken;
    Ok(SignedIn { user, sid, by })
}

/// Ends the sign-in behind a token. Where it had ended before, by time or by a sign-out, all is as it should be.
///
/// # Errors
/// [`Error::JsonWebToken`] where the text is no token of ours, or was made by a Django without records: such a token
/// cannot be ended. [`Error::Store`].
pub async fn end(app: &App, text: &str, now: Timestamp) -> Result<()> {
    let token = match app.jwt_auth().verify_at(text, now) {
        Err(Refusal::Expired) => return Ok(()),
        token => token.map_err(Refused::Token)?,
    };
    // One that no column holds was never ours.
    let sid = token.sid().filter(|sid| !sid.contains('\0'));
    let sid = sid.ok_or(Refused::Token(Refusal::Invalid))?;
    signout::by_record(app, sid, now).await
}

fn ending_by(token: JsonWebToken, end: Option<Timestamp>) -> JsonWebToken {
    match end {
        Some(end) => token.ending_by(end),
        None => token,
    }
}

/// A good token, its user and the record behind it: `check_payload` and `check_user`. A name that went to somebody else
/// since is no longer his whose token it is.
async fn read(app: &App, text: &str, now: Timestamp) -> Result<(JsonWebToken, User, Option<Record>)> {
    let token = app.jwt_auth().verify_at(text, now).map_err(Refused::Token)?;
    let mut conn = app.store().reader();
    let found = match token.username() {
        Some(username) => users::by_username(&mut conn, username).await?,
        None => None,
    };
    let user = found.ok_or(Refused::NoUser)?;
    if !user.is_active {
        return Err(Refused::Inactive.into());
    }
    if token.claims().contains("user_id") && token.user_id() != Some(user.id.to_string().as_str()) {
        return Err(Refused::NoUser.into());
    }
    let Some(sid) = token.sid() else {
        // Django's own has none. One that is no text is none of ours.
        return if token.claims().contains("sid") {
            Err(Refused::Ended.into())
        } else {
            Ok((token, user, None))
        };
    };
    let record = records::by_sid(&mut conn, sid)
        .await?
        .filter(|record| record::is_live(record, &user, &app.session_rows().hasher, now))
        .ok_or(Refused::Ended)?;
    app.last_seen().note(&record.sid, now);
    Ok((token, user, Some(record)))
}

fn issued(token: &JsonWebToken) -> Result<Issued> {
    Ok(Issued {
        token: token.encode()?,
        issued_at: issued_at(token),
    })
}

fn issued_at(token: &JsonWebToken) -> Option<i64> {
    token.claims().value("iat").and_then(|iat| iat.as_i64())
}

fn random(app: &App) -> [u8; 16] {
    let mut bytes = [0; 16];
    app.entropy().fill_bytes(&mut bytes);
    bytes
}

/// When the last token that can come of a sign-in at `now` ends.
fn last_end(settings: &JwtAuthSettings, now: Timestamp) -> Timestamp {
    if !settings.verify_expiration {
        return Timestamp::MAX;
    }
    let refreshed = if settings.allow_refresh {
        settings.refresh_expiration_delta
    } else {
        SignedDuration::ZERO
    };
    let life = refreshed
        .saturating_add(settings.expiration_delta)
        .saturating_add(settings.leeway)
        .saturating_add(SignedDuration::from_secs(1));
    now.checked_add(life).unwrap_or(Timestamp::MAX)
}
