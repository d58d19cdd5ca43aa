//! Another password for who forgot his: `PasswordResetForm` and `PasswordResetConfirmView` of `contrib/auth`.
//!
//! Django looks the address up, makes the token and sends the mail before it answers, so that the answer takes longer where
//! there is somebody to write to. Here all of that comes after the answer, in a task of its own: what is asked costs the same
//! for every address, whatever the database and the mail server are doing. Whoever has the link has the mailbox, and nobody
//! else who may be signed in has shown as much: his new password ends every sign-in.

use super::own;
use crate::accounts::error::{Error, Result};
use crate::accounts::record::{self, Kept};
use crate::accounts::{Client, hashing};
use crate::app::{App, Asking, Entry};
use crate::i18n::{FieldErrors, Lang, Text};
use crate::mail::Mail;
use jiff::Timestamp;
use munjigi_passwords::Password;
use munjigi_signing::{Alphabet, ResetUser, random_string, uid_decode, uid_encode};
use munjigi_store::records::{End, EndReason};
use munjigi_store::users::User;
use munjigi_store::{BoxFuture, Tx, users};
use std::time::Duration;
use tokio::time::sleep;

/// How many users of one address are written to. Django writes to all.
const MOST_USERS: usize = 10;
/// How long is waited for a database that fails, each time.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// Has a link mailed to every user of this address who may use one. It returns at once, and says nothing of whether there is
/// any.
///
/// # Errors
/// [`Error::TooManyResets`] where so many ask, or this client so often, that this one will not be looked up.
pub fn ask(app: &App, email: String, lang: Lang, client: &Client) -> Result<()> {
    let asking = Asking { email, lang };
    let place = match app.resets().waiting.enter(client.network(), asking) {
        Entry::Added(place) => place,
        Entry::Instead => return Ok(()),
        Entry::Refused => return Err(Error::TooManyResets),
    };
    let app = app.clone();
    tokio::spawn(async move {
        // Never closed.
        let _turn = app.resets().turn.acquire().await;
        if let Some(asking) = app.resets().waiting.next() {
            look_up(&app, &asking).await;
        }
        drop(place);
    });
    Ok(())
}

async fn look_up(app: &App, Asking { email, lang }: &Asking) {
    match addressees(app, email).await {
        Ok(users) => users.iter().for_each(|user| write_to(app, user, *lang)),
        Err(error) => {
            tracing::error!(target: "munjigi::account", event = "password_reset_dropped", %error);
        }
    }
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

/// Posts the mail, unless the user was written to a while ago. One at a time comes here, so nobody else begins his pause.
fn write_to(app: &App, user: &User, lang: Lang) {
    let (now, pauses) = (app.now(), &app.resets().pauses);
    if !pauses.is_over(&user.id, now) {
        tracing::info!(target: "munjigi::account", event = "password_reset_throttled", user = %user.id);
        return;
    }
    if mail(app, user, lang, now).is_some_and(|mail| app.outgoing().post(mail)) {
        pauses.begin(&user.id, now);
        tracing::info!(target: "munjigi::account", event = "password_reset_asked", user = %user.id);
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
pub async fn confirm(app: &App, confirmation: Confirmation, client: &Client, now: Timestamp) -> Result<()> {
    let Confirmation { uid, token, new } = confirmation;
    let user = holder(app, &uid, &token, now).await?;
    let encoded = own::encode(app, hashing::asker(client), &user, new).await?;
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
