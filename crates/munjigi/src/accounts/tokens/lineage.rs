//! A refresh token under `ROTATE_REFRESH_TOKENS` and `BLACKLIST_AFTER_ROTATION`: [`Rule::decide`] judges, and here its
//! verdict is carried out. simplejwt looks whether a token is blacklisted, and blacklists it, in two steps; two who refresh
//! at once both get a successor. `docs/decisions/0016` has the states, and what is left where something dies.

use super::renewing::user_who_renews;
use super::rotation::{self, Rule, Verdict};
use super::sealing::{self, Place};
use super::standing::{Presented, Sid, is_forgotten, sid_of, verify_unlisted};
use super::{Refreshed, carried_by, outstanding, unwritten};
use crate::accounts::error::{Error, Result};
use crate::accounts::term::{RememberMe, Stay, Term};
use crate::accounts::{Client, record};
use crate::app::App;
use jiff::Timestamp;
use munjigi_store::lineage::{self, Lineage};
use munjigi_store::records::{self, End, EndReason, NewRecord, Record, Successor};
use munjigi_store::token_blacklist::{self, Blacklisting, OutstandingToken};
use munjigi_store::users::{self, User};
use munjigi_store::{BoxFuture, Conn, Error as StoreError, TokenBlacklist, Tx};
use munjigi_tokens::{Error as TokenError, Refresh, RefreshToken};
use rand_core::Rng;

/// A pair of tokens for the one that carries a sign-in, or carried it a moment ago. `begun_at` is when its request began.
///
/// # Errors
/// As [`refresh`](super::refresh()).
pub(super) async fn refresh(
    app: &App,
    text: &str,
    client: &Client,
    begun_at: Timestamp,
) -> Result<Refreshed> {
    let token = verify_unlisted::<Refresh>(app, &mut app.store().reader(), text, begun_at).await?;
    let (Some(sid), Some(old)) = (sid_of(&token)?, outstanding(None, &token, text)?) else {
        return Err(TokenError::NoId.into());
    };
    let mut asked = Asked {
        app,
        token: &token,
        text,
        sid,
        old,
        client,
        begun_at,
        now: begun_at,
    };
    for _ in 0..ROUNDS {
        // A body may take longer than the window on its way, and so may others who were faster.
        asked.now = app.now();
        if let Some(refreshed) = asked.once().await? {
            return Ok(refreshed);
        }
    }
    Err(Error::Contended)
}

/// How often somebody may be faster. One who loses finds another state, and after the first time it is his turn or it is
/// over; more than twice happens to nobody who does not try.
const ROUNDS: usize = 8;

/// Who asks, and with what.
struct Asked<'a> {
    app: &'a App,
    token: &'a RefreshToken,
    text: &'a str,
    sid: Sid<'a>,
    /// The token's row, with a digest of it.
    old: OutstandingToken,
    client: &'a Client,
    /// When the request began.
    begun_at: Timestamp,
    /// The moment at which it is judged, and from which the window is counted.
    now: Timestamp,
}

impl Asked<'_> {
    /// Reads, decides and acts. `None` where somebody was faster.
    async fn once(&self) -> Result<Option<Refreshed>> {
        let mut conn = self.app.store().reader();
        let found = lineage::read(&mut conn, self.sid.as_str(), &self.old.jti).await?;
        let is_blacklisted = found.given.is_some_and(|given| given.blacklisted_at.is_some());
        let verdict = self.decide(&found);
        match verdict {
            Verdict::Reuse => return Err(self.end(&found).await?),
            // simplejwt asks its list before it asks for the user.
            Verdict::Refuse if is_blacklisted => return Err(TokenError::Blacklisted.into()),
            Verdict::Open if is_forgotten(self.app, self.token, self.now) => {
                return Err(TokenError::Blacklisted.into());
            }
            _ => {}
        }
        let (app, token) = (self.app, self.token);
        let presented = Presented {
            token,
            text: self.text,
        };
        let user = user_who_renews(app, &mut conn, presented, self.now).await?;
        let hasher = &app.session_rows().hasher;
        let is_his = |record: &Record| {
            let is_live = record::is_live(record, &user, hasher, self.now);
            if is_live {
                app.last_seen().note(&record.sid, self.now);
            }
            is_live
        };
        match (verdict, found.record) {
            (Verdict::Open, None) => self.rotate(user, None).await,
            (Verdict::Rotate, Some(record)) if is_his(&record) => self.rotate(user, Some(record)).await,
            (Verdict::Repeat, Some(record)) if is_his(&record) => self.repeat(&record).map(Some),
            // The user was read after the record. A password that was stored anew in between is bound to both.
            (Verdict::Rotate | Verdict::Repeat, read)
                if self.is_another(&mut conn, read.as_ref()).await? =>
            {
                Ok(None)
            }
            _ => Err(TokenError::Blacklisted.into()),
        }
    }

    /// Whether the record is no longer as it was read.
    async fn is_another(&self, conn: &mut Conn, read: Option<&Record>) -> Result<bool> {
        Ok(records::by_sid(conn, self.sid.as_str()).await?.as_ref() != read)
    }

    fn decide(&self, found: &Lineage) -> Verdict {
        let rule = Rule {
            window: self.app.config().rotation_window,
            keeps_tables: self.app.config().token_blacklist == TokenBlacklist::Kept,
        };
        let presented = rotation::Presented {
            jti: &self.old.jti,
            has_sid: self.sid.is_claimed(),
            given: found.given,
            is_current_blacklisted: found.is_current_blacklisted,
            asked_at: self.begun_at,
        };
        rule.decide(found.record.as_ref(), presented, self.now)
    }

    /// The successor, when all rows are on disk. `record` is the one that was read, and none where one is opened.
    async fn rotate(&self, user: User, record: Option<Record>) -> Result<Option<Refreshed>> {
        let opening = match &record {
            Some(_) => None,
            None => Some((self.opening(&user), user.password.clone())),
        };
        let stay = record.as_ref().map_or_else(|| self.term().stay(), Stay::from);
        let access = self.access_token(stay)?;
        let token = stay.bound(self.successor_of_old()?.rotate_at(self.now));
        let text = token.encode()?;
        let from = record
            .as_ref()
            .map_or(Some(&self.old.jti), |record| record.jti.as_ref());
        let displaced = record.as_ref().filter(|_| from != Some(&self.old.jti));
        let rotation = Rotation {
            sid: self.sid.as_str().to_owned(),
            opening,
            from: from.cloned(),
            displaced: displaced.map(|record| (record.jti.clone(), record.jti_exp)),
            successor: self.successor(&token, &text)?,
            used_up: OutstandingToken {
                user_id: Some(user.id.clone()),
                ..self.old.clone()
            },
            outstanding: outstanding(Some(user.id), &token, &text)?,
        };
        match self.app.store().write(rotation, write_rotation).await {
            Ok(true) => Ok(Some(Refreshed {
                access,
                refresh: Some(text),
                stay,
            })),
            Ok(false) => Ok(None),
            // A Django beside us was faster.
            Err(StoreError::Abandoned) => Err(TokenError::Blacklisted.into()),
            Err(error) => Err(unwritten(error)),
        }
    }

    /// The token that was presented, as one that names its record.
    fn successor_of_old(&self) -> Result<RefreshToken> {
        let token = self.token.clone();
        Ok(match &self.sid {
            Sid::Claimed(_) => token,
            Sid::Derived(sid) => token.with_claim("sid", sid.as_str())?,
        })
    }

    /// The record of a token that was given out without one.
    fn opening(&self, user: &User) -> NewRecord {
        let sid = self.sid.as_str().to_owned();
        record::open(
            self.app,
            user,
            sid,
            carried_by(self.token),
            self.client,
            self.term(),
        )
    }

    /// For how long that is opened.
    fn term(&self) -> Term {
        Term::of(&self.app.config().session_records, RememberMe::Unsaid, self.now)
    }

    fn access_token(&self, stay: Stay) -> Result<String> {
        let token = self.successor_of_old()?.access_token_at(self.now);
        Ok(stay.bound(token).encode()?)
    }

    fn successor(&self, token: &RefreshToken, text: &str) -> Result<Successor> {
        let jti = token.jti().ok_or(TokenError::NoId)?;
        let mut nonce = [0; 12];
        self.app.entropy().fill_bytes(&mut nonce);
        Ok(Successor {
            previous_jti: Some(self.old.jti.clone()),
            jti: Some(jti.to_owned()),
            jti_exp: token.expires_at(),
            rotated_at: self.now,
            sealed: sealing::seal(&self.app.config().secret_keys, self.place(jti), text, nonce),
        })
    }

    /// The successor that was given out a moment ago, byte for byte, with a fresh access token.
    fn repeat(&self, record: &Record) -> Result<Refreshed> {
        let keys = &self.app.config().secret_keys;
        let opened = match (&record.jti, &record.sealed_successor) {
            (Some(jti), Some(sealed)) => sealing::open(keys, self.place(jti), sealed),
            _ => None,
        };
        let Some(refresh) = opened else {
            tracing::warn!(target: "munjigi::account", event = "successor_not_opened", sid = %record.sid);
            return Err(TokenError::Blacklisted.into());
        };
        // Who stole the token and was quick gets the same answer: the log is where that can be seen.
        tracing::info!(
            target: "munjigi::account",
            event = "refresh_token_repeated",
            user = %record.user_id,
            sid = %record.sid,
            address = self.client.address.map(tracing::field::display),
        );
        let stay = Stay::from(record);
        Ok(Refreshed {
            access: self.access_token(stay)?,
            refresh: Some(refresh.to_string()),
            stay,
        })
    }

    fn place<'p>(&'p self, successor_jti: &'p str) -> Place<'p> {
        Place {
            sid: self.sid.as_str(),
            presented: self.text,
            presented_jti: &self.old.jti,
            successor_jti,
        }
    }

    /// Ends the record: the token is in two hands, and whose is the right one nobody knows.
    async fn end(&self, found: &Lineage) -> Result<Error> {
        let sid = self.sid.as_str();
        let reuse = Reuse {
            sid: sid.to_owned(),
            end: record::end(self.app, EndReason::Reuse, self.now),
        };
        if !self.app.store().write(reuse, write_reuse).await? {
            return Ok(TokenError::Blacklisted.into());
        }
        let user = found.record.as_ref().map_or("", |record| &record.user_id);
        tracing::warn!(
            target: "munjigi::account",
            event = "refresh_token_reused",
            %user,
            sid,
            address = self.client.address.map(tracing::field::display),
        );
        Ok(Error::TokenReused)
    }
}

/// All that a rotation writes.
struct Rotation {
    sid: String,
    /// The record, where there was none, and the stored hash of its user when he was read: all that ends with his password
    /// has ended by then, and this one would come after.
    opening: Option<(NewRecord, String)>,
    /// The token that carried the record when it was read.
    from: Option<String>,
    /// The same, where a Django beside us has rotated it.
    displaced: Option<(Option<String>, Option<Timestamp>)>,
    successor: Successor,
    used_up: OutstandingToken,
    outstanding: Option<OutstandingToken>,
}

/// False where somebody was faster. [`StoreError::Abandoned`], and nothing is written, where he was Django.
fn write_rotation<'t>(tx: &'t mut Tx, rotation: &'t Rotation) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        let Rotation {
            sid,
            opening,
            from,
            displaced,
            successor,
            used_up,
            outstanding,
        } = rotation;
        if let Some((opening, stored)) = opening
            && !(users::hold(tx, &opening.user_id, stored).await?
                && records::open_unless_there(tx, opening).await?)
        {
            return Ok(false);
        }
        // This is the lock.
        if !records::rotate(tx, sid, from.as_deref(), successor).await? {
            return Ok(false);
        }
        let now = successor.rotated_at;
        if token_blacklist::blacklist(tx, used_up, now).await? == Blacklisting::Already {
            return Err(StoreError::Abandoned);
        }
        if let Some((jti, exp)) = displaced {
            record::blacklist(tx, jti.clone(), *exp, now).await?;
        }
        if let Some(token) = outstanding {
            token_blacklist::insert_outstanding(tx, token).await?;
        }
        Ok(true)
    })
}

struct Reuse {
    sid: String,
    end: End,
}

/// Ends the record and blacklists its current token. False where the record had ended before.
fn write_reuse<'t>(tx: &'t mut Tx, reuse: &'t Reuse) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        let Reuse { sid, end } = reuse;
        record::end_one(tx, sid, end).await
    })
}
