//! Another password for who forgot his: `PasswordResetForm` and `PasswordResetConfirmView` of `contrib/auth`.
//!
//! Django looks the address up, makes the token and sends the mail before it answers, so that the answer takes longer where
//! there is somebody to write to. Here all of that comes after the answer, in a task of its own: what is asked costs the same
//! for every address, whatever the database and the mail server are doing. Whoever has the link has the mailbox, and nobody
//! else who may be signed in has shown as much: his new password ends every sign-in.

use super::own;
use crate::accounts::error::{Error, Result};
use crate::accounts::record::{self, Kept};
use crate::app::App;
use crate::i18n::{FieldErrors, Lang, Text};
use crate::mail::Mail;
use jiff::{SignedDuration, Timestamp};
use munjigi_passwords::Password;
use munjigi_signing::{Alphabet, ResetUser, random_string, uid_decode, uid_encode};
use munjigi_store::records::{End, EndReason};
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, Tx, users};
use munjigi_user::UserId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};

/// How many askings wait to be looked up.
const PLACES: u32 = 256;
/// How many users of one address are written to. Django writes to all.
const MOST_USERS: usize = 10;
/// How long nobody is written to again who was.
const INTERVAL: SignedDuration = SignedDuration::from_mins(1);
/// How long is waited for a database that fails, each time.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// Who asked, and who was written to. One for each server.
pub struct Resets {
    places: Arc<Semaphore>,
    /// Whose turn it is: without an index on the address each look reads the whole table.
    turn: Semaphore,
    written_to: Mutex<HashMap<UserId, Timestamp>>,
}

impl Default for Resets {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(PLACES as usize)),
            turn: Semaphore::new(1),
            written_to: Mutex::default(),
        }
    }
}

impl Resets {
    /// Whether the user may be written to; if so, he is.
    fn may_write_to(&self, user: &UserId, now: Timestamp) -> bool {
        let mut written_to = self.written_to.lock().unwrap_or_else(PoisonError::into_inner);
        written_to.retain(|_, at| now.duration_since(*at) < INTERVAL);
        written_to.insert(user.clone(), now).is_none_or(|before| {
            written_to.insert(user.clone(), before);
            false
        })
    }

    /// He was not written to after all.
    fn was_not_written_to(&self, user: &UserId) {
        let mut written_to = self.written_to.lock().unwrap_or_else(PoisonError::into_inner);
        written_to.remove(user);
    }

    /// Waits until nobody waits to be looked up, or until then.
    pub async fn settle(&self, until: Instant) {
        if timeout_at(until, self.places.acquire_many(PLACES)).await.is_err() {
            tracing::error!(target: "munjigi::account", event = "password_reset_dropped", "some who asked were not looked up before the end");
        }
    }
}

/// Has a link mailed to every user of this address who may use one. It returns at once, and says nothing of whether there is
/// any.
///
/// # Errors
/// [`Error::TooManyResets`] where so many ask that this one will not be looked up.
pub fn ask(app: &App, email: String, lang: Lang) -> Result<()> {
    let places = Arc::clone(&app.resets().places);
    let place = places.try_acquire_owned().map_err(|_| Error::TooManyResets)?;
    let app = app.clone();
    tokio::spawn(async move {
        // Never closed.
        let _turn = app.resets().turn.acquire().await;
        match addressees(&app, &email).await {
            Ok(users) => users.iter().for_each(|user| write_to(&app, user, lang)),
            Err(error) => {
                tracing::error!(target: "munjigi::account", event = "password_reset_dropped", %error);
            }
        }
        drop(place);
    });
    Ok(())
}

/// `get_users`: who is active and has a password that can be another. The stored address is compared as a sign-in compares
/// it, its ASCII letters in any case, so that one which only looks alike is another's. A database that fails is asked again.
async fn addressees(app: &App, email: &str) -> Result<Vec<User>> {
    let mut pauses = PAUSES.into_iter();
    let found = loop {
        match users::all_by_email(&mut app.store().reader(), email).await {
            Ok(found) => break found,
            Err(error) => match pauses.next() {
                Some(pause) => sleep(pause).await,
                None => return Err(error.into()),
            },
        }
    };
    // Whoever may not reset takes nobody's place among those who are written to.
    let may_reset = |user: &User| user.is_active && has_usable_password(user);
    let mut users: Vec<User> = found.into_iter().filter(may_reset).collect();
    if users.len() > MOST_USERS {
        tracing::warn!(
            target: "munjigi::account", event = "password_reset_cut", users = users.len(),
            "so many users have one address that not all of them are written to"
        );
        users.truncate(MOST_USERS);
    }
    Ok(users)
}

/// `has_usable_password`: by `UNUSABLE_PASSWORD_PREFIX` alone.
fn has_usable_password(user: &User) -> bool {
    !user.password.starts_with('!')
}

/// Posts the mail, unless the user has had one within the minute.
fn write_to(app: &App, user: &User, lang: Lang) {
    let now = app.now();
    if !app.resets().may_write_to(&user.id, now) {
        tracing::info!(target: "munjigi::account", event = "password_reset_throttled", user = %user.id);
        return;
    }
    let is_posted = mail(app, user, lang, now).is_some_and(|mail| app.outgoing().post(mail));
    if is_posted {
        tracing::info!(target: "munjigi::account", event = "password_reset_asked", user = %user.id);
    } else {
        app.resets().was_not_written_to(&user.id);
    }
}

/// The mail of `registration/password_reset_email.html`; none where there is no page to link to.
fn mail(app: &App, user: &User, lang: Lang, now: Timestamp) -> Option<Mail> {
    let url = app.config().password_reset.page.url()?;
    let pk = user.id.to_string();
    let token = app.reset_tokens().make_token(facts(user, &pk), now);
    let site = || url.site().to_owned();
    let say = |text: Text| text.render(lang).into_owned();
    let username: String = user.username.chars().filter(|c| !c.is_control()).collect();
    let paragraphs = [
        say(Text::ResetMailReason(site())),
        format!(
            "{}\n\n{}",
            say(Text::ResetMailLink),
            url.link(&uid_encode(&pk), &token)
        ),
        format!("{} {username}", say(Text::ResetMailUsername)),
        say(Text::ResetMailThanks),
        say(Text::ResetMailTeam(site())),
    ];
    Some(Mail {
        user: user.id.clone(),
        from: app.config().mail.from.clone(),
        to: user.email.clone(),
        subject: say(Text::ResetMailSubject(site())),
        body: format!("{}\n", paragraphs.join("\n\n")),
        date: now,
        id: random_string(&mut app.entropy(), 32, Alphabet::LOWERCASE),
    })
}

/// What of a user goes into a token.
fn facts<'u>(user: &'u User, pk: &'u str) -> ResetUser<'u> {
    ResetUser {
        pk,
        password: &user.password,
        last_login: user.last_login,
        email: &user.email,
    }
}

/// What a link carries, and what its holder chooses.
pub struct Confirmation {
    /// `uidb64` of Django's.
    pub uid: String,
    /// The token.
    pub token: String,
    /// The password that is to come.
    pub new: Password,
}

/// Sets another password for the holder of a link, ours or Django's, and ends every sign-in of the user. The link is used up
/// by that: it is a signature over the stored password. Nobody is signed in.
///
/// # Errors
/// [`Error::Invalid`] under `token` where the link is misspelt, too old, used, of a user who is gone or shut out, one error
/// for all; under `new_password` where the validators refuse it or the hasher cannot store it. [`Error::Busy`],
/// [`Error::Store`].
pub async fn confirm(app: &App, confirmation: Confirmation, now: Timestamp) -> Result<()> {
    let Confirmation { uid, token, new } = confirmation;
    let user = holder(app, &uid, &token, now).await?;
    let encoded = own::encode(app, &user, new).await?;
    let id = user.id.clone();
    let reset = Reset {
        app: app.clone(),
        user,
        token,
        now,
        encoded,
        end: record::end(app, EndReason::PasswordChange, now),
    };
    if !app.store().write(reset, write_reset).await? {
        return Err(invalid_link());
    }
    tracing::info!(target: "munjigi::account", event = "password_reset", user = %id);
    Ok(())
}

/// The user whose link this is. The same is computed for one who is not there.
async fn holder(app: &App, uid: &str, token: &str, now: Timestamp) -> Result<User> {
    let kind = app.config().user_model.id_kind;
    let id = uid_decode(uid).and_then(|pk| kind.parse(&pk).ok());
    let found = match &id {
        Some(id) => users::by_id(&mut app.store().reader(), id).await?,
        None => None,
    };
    let pk = id.map(|id| id.to_string()).unwrap_or_default();
    let nobody = ResetUser {
        pk: &pk,
        password: "",
        last_login: None,
        email: "",
    };
    let facts = found.as_ref().map_or(nobody, |user| facts(user, &pk));
    let is_good = app.reset_tokens().check_token(facts, token, now);
    found.filter(|user| is_good && user.is_active).ok_or_else(|| {
        tracing::info!(target: "munjigi::account", event = "password_reset_refused");
        invalid_link()
    })
}

fn invalid_link() -> Error {
    FieldErrors::of("token", vec![Text::ResetLinkInvalid]).into()
}

struct Reset {
    app: App,
    /// The user as he was when his link was looked at.
    user: User,
    token: String,
    now: Timestamp,
    encoded: String,
    end: End,
}

/// False where the link is no longer good: a hash takes its time, in which the user may have been shut out, have signed in, or
/// have got another password or address. Of two who use one link at once, one is first.
fn write_reset<'t>(tx: &'t mut Tx, reset: &'t Reset) -> BoxFuture<'t, munjigi_store::Result<bool>> {
    Box::pin(async move {
        let Reset {
            user, encoded, end, ..
        } = reset;
        if !users::redeem(tx, &user.id, &user.password, None).await? {
            return Ok(false);
        }
        // Nobody else writes the row from here on.
        let pk = user.id.to_string();
        let held = users::by_id(tx, &user.id).await?;
        let tokens = reset.app.reset_tokens();
        if !held.is_some_and(|user| tokens.check_token(facts(&user, &pk), &reset.token, reset.now)) {
            return Ok(false);
        }
        users::set_password(tx, &user.id, encoded).await?;
        record::end_all(tx, &user.id, end, Kept::default()).await?;
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_is_written_to_once_a_minute_and_another_all_the_same() {
        let resets = Resets::default();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let asked = [(1, 0), (1, 1), (2, 1), (1, 59), (1, 60), (1, 61), (2, 61)];
        let written = asked.map(|(user, when)| resets.may_write_to(&UserId::Int(user), at(when)));
        assert_eq!(written, [true, false, true, false, true, false, true]);
    }
}
