//! A user chooses another password: `PasswordChangeView` of `contrib/auth/views.py`, and `update_session_auth_hash`.
//!
//! Django leaves the session that the change came by and lets the others find out that their hash no longer fits; it knows
//! nothing of tokens. Here one transaction ends every other sign-in of the user, and the one it came by goes on.

use super::policy;
use crate::accounts::claims::UserClaims;
use crate::accounts::error::{Error, Result};
use crate::accounts::reauthentication::{self, Deed};
use crate::accounts::record::{self, Kept};
use crate::accounts::sessions::{self, Session};
use crate::accounts::term::{RememberMe, Term};
use crate::accounts::tokens::{self, Opening, Pair, Slide};
use crate::accounts::{Client, Credential, SignedIn, hashing};
use crate::app::App;
use crate::i18n::FieldErrors;
use jiff::Timestamp;
use munjigi_passwords::Password;
use munjigi_passwords::pool::Asker;
use munjigi_sessions::SessionKey;
use munjigi_store::records::{EndReason, Record};
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, Conn, Tx, records, token_blacklist, users};
use munjigi_tokens::Error as TokenError;

/// What a change asks for.
pub struct Passwords {
    /// The one that is to go.
    pub current: Password,
    /// The one that is to come.
    pub new: Password,
}

/// What the sign-in that a change came by goes on with.
pub enum GoesOn {
    /// What it has.
    AsItIs,
    /// The session, under a new key.
    Session(Box<Session>),
    /// New tokens. The ones of before are no longer good: they say which password they were made for
    /// (`CHECK_REVOKE_TOKEN`), or nobody knows which refresh token belongs to them, for Django gave it out.
    Pair(Pair),
    /// The same of a sliding token.
    Slide(Slide),
}

/// Sets another password for a user who shows the one he has, and ends every other sign-in of his.
///
/// # Errors
/// [`Error::Invalid`] under `current_password` where it is not his, under `new_password` where the validators refuse it or
/// the hasher cannot store it; [`Error::UserNotFound`], [`Error::UserInactive`] where he is gone or shut out meanwhile;
/// [`Error::TokenTooLong`]; [`Error::Busy`], [`Error::Store`].
pub async fn change_own(
    app: &App,
    signed_in: SignedIn,
    passwords: Passwords,
    client: &Client,
    now: Timestamp,
) -> Result<GoesOn> {
    let SignedIn { user, sid, by } = signed_in;
    let Passwords { current, new } = passwords;
    let id = user.id.clone();
    let sign_in = SignIn {
        app,
        sid,
        by,
        client,
        now,
    };
    let choice = Choice { sign_in, new };
    let goes_on = reauthentication::with_password(app, client, user, &current, &choice).await?;
    tracing::info!(target: "munjigi::account", event = "password_changed", user = %id);
    Ok(goes_on)
}

/// Another password for the user of a sign-in.
struct Choice<'c> {
    sign_in: SignIn<'c>,
    new: Password,
}

impl Deed for Choice<'_> {
    type Done = GoesOn;

    async fn attempt(&self, user: User) -> Result<Option<GoesOn>> {
        let asker = hashing::asker(self.sign_in.client);
        let encoded = encode(self.sign_in.app, asker, &user, self.new.clone()).await?;
        self.sign_in.change(user, encoded).await
    }
}

/// The new password as it is stored, where it may be one.
pub(super) async fn encode(app: &App, asker: Asker, user: &User, new: Password) -> Result<String> {
    let wrong = policy::errors_for(app, &new, user);
    if !wrong.is_empty() {
        return Err(FieldErrors::of("new_password", wrong).into());
    }
    let encoded = hashing::make_password(app, asker, new).await;
    encoded.map_err(|error| policy::field("new_password", error))
}

/// The sign-in that a change came by.
struct SignIn<'s> {
    app: &'s App,
    sid: Option<String>,
    by: Credential,
    client: &'s Client,
    now: Timestamp,
}

impl SignIn<'_> {
    /// Writes the change. `None` where the user's password is no longer the one that was verified.
    async fn change(&self, user: User, encoded: String) -> Result<Option<GoesOn>> {
        let Self { app, now, .. } = *self;
        let changed = User {
            password: encoded,
            ..user.clone()
        };
        let successor = self.successor(&changed).await?;
        let (goes_on, opening) = successor.map_or((GoesOn::AsItIs, None), |(goes_on, opening)| {
            (goes_on, Some(opening))
        });
        let change = Change {
            app: app.clone(),
            verified: user.password,
            user: changed,
            sid: self.sid.clone().filter(|_| opening.is_none()),
            key: SessionKey::generate(&mut app.entropy()),
            opening,
            now,
        };
        Ok(match app.store().write(change, write_change).await? {
            Written::Lost => None,
            Written::Done(Some(session)) => Some(GoesOn::Session(session)),
            Written::Done(None) => Some(goes_on),
        })
    }

    /// New tokens, where those of this sign-in cannot be kept, and their rows; nothing where they are, and where no key
    /// signs.
    async fn successor(&self, user: &User) -> Result<Option<(GoesOn, Opening)>> {
        let Self { app, client, now, .. } = *self;
        let mut conn = app.store().reader();
        let record = match &self.sid {
            Some(sid) => records::by_sid(&mut conn, sid).await?,
            None => None,
        };
        if self.keeps_what_it_has(&mut conn, record.as_ref()).await? {
            return Ok(None);
        }
        let remember_me = if record.is_none_or(|record| record.is_remembered) {
            RememberMe::Unsaid
        } else {
            RememberMe::No
        };
        let term = Term::of(&app.config().session_records, remember_me, now);
        let claims = UserClaims::of(&app.config().claims, &mut conn, user).await?;
        let minted = if self.by == Credential::Sliding {
            let minted = tokens::mint_sliding(app, user, claims, client, term);
            minted.map(|(slide, opening)| (GoesOn::Slide(slide), opening))
        } else {
            let minted = tokens::mint(app, user, claims, client, term);
            minted.map(|(pair, opening)| (GoesOn::Pair(pair), opening))
        };
        match minted {
            Err(Error::Token(TokenError::NoSigningKey)) => Ok(None),
            minted => minted.map(Some),
        }
    }

    /// Whether its carrier outlives the password. A refresh token of simplejwt's does where we know it: Django may have given
    /// it out, or rotated the one that the record knows, and told nobody.
    async fn keeps_what_it_has(&self, conn: &mut Conn, record: Option<&Record>) -> Result<bool> {
        if matches!(self.by, Credential::Session | Credential::JsonWebToken) {
            return Ok(true);
        }
        if self.app.jwt().settings().check_revoke_token {
            return Ok(false);
        }
        Ok(match record {
            None => false,
            Some(Record { jti: Some(jti), .. }) => !token_blacklist::is_blacklisted(conn, jti).await?,
            Some(_) => true,
        })
    }
}

struct Change {
    app: App,
    /// The stored hash that the current password fits.
    verified: String,
    /// The user as he will be.
    user: User,
    /// The record that is kept.
    sid: Option<String>,
    /// The key of its session from then on, where a session carries it.
    key: SessionKey,
    /// The record that takes the place of all others.
    opening: Option<Opening>,
    now: Timestamp,
}

enum Written {
    /// The user has another password by now, or is shut out.
    Lost,
    /// It is changed; and the session that goes on.
    Done(Option<Box<Session>>),
}

/// The user's row is locked first, as a sign-in does it ([`users::redeem`]), and the kept record second, as a rotation does
/// it: whoever comes later finds the new password, and whoever came before is found and ended.
fn write_change<'t>(tx: &'t mut Tx, change: &'t Change) -> BoxFuture<'t, munjigi_store::Result<Written>> {
    Box::pin(async move {
        let Change { app, user, now, .. } = change;
        if !users::redeem(tx, &user.id, &change.verified, None).await? {
            return Ok(Written::Lost);
        }
        users::set_password(tx, &user.id, &user.password).await?;
        let kept = match &change.sid {
            Some(sid) => rebound(tx, change, sid).await?,
            None => None,
        };
        let kept = kept.as_ref();
        let end = record::end(app, EndReason::PasswordChange, *now);
        let others_than = Kept {
            sid: kept.map(|record| record.sid.as_str()),
            jti: kept.and_then(|record| record.jti.as_deref()),
        };
        record::end_all(tx, &user.id, &end, others_than).await?;
        if let Some(opening) = &change.opening {
            tokens::write(tx, opening).await?;
        }
        Ok(Written::Done(match kept {
            Some(record) => {
                let cycled = sessions::cycle_key(tx, app, (user, record), &change.key, *now);
                cycled.await?.map(Box::new)
            }
            None => None,
        }))
    })
}

/// The record of the sign-in, bound to the new password; none where it ended meanwhile.
async fn rebound(tx: &mut Tx, change: &Change, sid: &str) -> munjigi_store::Result<Option<Record>> {
    let auth_hash = change.app.session_rows().hasher.hash(&change.user.password);
    if records::set_auth_hash(tx, sid, &auth_hash).await? {
        records::by_sid(tx, sid).await
    } else {
        Ok(None)
    }
}
