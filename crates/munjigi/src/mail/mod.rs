//! Mail that goes out: `django.core.mail`, with its `smtp` and `console` backends.
//!
//! Django sends within the request, so that whoever asks waits for the mail server, and learns from the wait that there was
//! somebody to write to. Here a mail is taken and sent beside the requests: [`Outgoing::post`] never waits. Up to
//! [`PLACES`] mails are kept in memory, and up to [`HANDS`] of them are handed over at a time. What fails for the moment is
//! tried again for some minutes. A mail that finds no place, is refused for good or is still there when the process ends is
//! lost, and the log says so; no mail of ours is more than one click away.

mod console;
mod message;
mod one_line;
mod smtp;

pub use message::Mail;

use crate::config::{MailBackend, MailSettings};
use message::Unusable;
use smtp::Smtp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};

/// How many mails are kept until they are sent.
const PLACES: u32 = 1_000;
/// How many of them are handed over at a time.
const HANDS: usize = 4;
/// How long is waited after each failure. After the last of these tries the mail is given up.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(3),
    Duration::from_mins(5),
];

/// The mails on their way out. Cheap to clone.
#[derive(Clone)]
pub struct Outgoing(Arc<Parts>);

struct Parts {
    sender: Sender,
    places: Arc<Semaphore>,
    hands: Semaphore,
}

/// `EMAIL_BACKEND`.
enum Sender {
    Console,
    Smtp(Smtp),
}

/// Why a mail cannot be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is none that a mail server takes. It stays out of the log.
    #[error("The stored address is none that a mail can be sent to.")]
    Unusable(#[from] Unusable),
    /// The mail server, or the way there.
    #[error("{0}")]
    Smtp(#[from] smtp::Failure),
    /// The standard output.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Error {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unusable(_) => "unusable_address",
            Self::Smtp(_) => "smtp",
            Self::Io(_) => "io",
        }
    }

    /// Whether another try may go better.
    fn is_passing(&self) -> bool {
        match self {
            Self::Unusable(_) => false,
            Self::Smtp(failure) => failure.is_passing(),
            Self::Io(_) => true,
        }
    }
}

impl Outgoing {
    /// Sends as the settings say.
    ///
    /// # Errors
    /// [`Error::Smtp`] where the TLS that is wanted cannot be had.
    pub fn new(settings: &MailSettings) -> Result<Self, Error> {
        let sender = match &settings.backend {
            MailBackend::Console => Sender::Console,
            MailBackend::Smtp(smtp) => Sender::Smtp(Smtp::new(smtp)?),
        };
        Ok(Self(Arc::new(Parts {
            sender,
            places: Arc::new(Semaphore::new(PLACES as usize)),
            hands: Semaphore::new(HANDS),
        })))
    }

    /// Takes a mail and sends it in a task of its own. False where there is no place for it: it is dropped.
    pub fn post(&self, mail: Mail) -> bool {
        let Ok(place) = Arc::clone(&self.0.places).try_acquire_owned() else {
            tracing::error!(target: "munjigi::mail", event = "mail_dropped", user = %mail.user, "too many mails wait to be sent");
            return false;
        };
        let parts = Arc::clone(&self.0);
        tokio::spawn(async move { parts.see_off(mail, place).await });
        true
    }

    /// Waits until no mail is on its way any more, or until then. What is left then is lost.
    pub async fn settle(&self, until: Instant) {
        let places = &self.0.places;
        if timeout_at(until, places.acquire_many(PLACES)).await.is_err() {
            let lost = (PLACES as usize).saturating_sub(places.available_permits());
            tracing::error!(target: "munjigi::mail", event = "mail_dropped", lost, "mails were not sent before the end");
        }
    }
}

impl Parts {
    /// Sends one mail, however often it takes, and frees its place.
    async fn see_off(&self, mail: Mail, place: OwnedSemaphorePermit) {
        let user = &mail.user;
        for pause in PAUSES.into_iter().map(Some).chain([None]) {
            let Err(error) = self.send(&mail).await else {
                tracing::info!(target: "munjigi::mail", event = "mail_sent", %user);
                break;
            };
            let Some(pause) = pause.filter(|_| error.is_passing()) else {
                tracing::error!(target: "munjigi::mail", event = "mail_failed", %user, %error);
                break;
            };
            tracing::warn!(target: "munjigi::mail", event = "mail_delayed", %user, %error, ?pause);
            sleep(pause).await;
        }
        drop(place);
    }

    async fn send(&self, mail: &Mail) -> Result<(), Error> {
        match &self.sender {
            Sender::Console => Ok(console::print(mail)?),
            Sender::Smtp(smtp) => {
                let message = mail.message()?;
                // Never closed.
                let _hand = self.hands.acquire().await;
                Ok(smtp.send(message.envelope(), &message.formatted()).await?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SmtpSecurity, SmtpSettings};
    use jiff::Timestamp;
    use munjigi_user::UserId;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_mail_that_finds_no_place_is_dropped_and_the_others_stay() {
        let hangs = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smtp = SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: hangs.local_addr().unwrap().port(),
            security: SmtpSecurity::Plain,
            credentials: None,
            timeout: Duration::from_mins(1),
        };
        let from = "webmaster@localhost".parse().unwrap();
        let backend = MailBackend::Smtp(smtp);
        let outgoing = Outgoing::new(&MailSettings { backend, from }).unwrap();
        let mail = Mail {
            user: UserId::Int(1),
            from: "webmaster@localhost".parse().unwrap(),
            to: "mseo@naver.com".to_owned(),
            subject: String::new(),
            body: String::new(),
            date: Timestamp::UNIX_EPOCH,
            id: "0".repeat(32),
        };
        let posted: Vec<bool> = (0..=PLACES).map(|_| outgoing.post(mail.clone())).collect();
        assert_eq!(posted.iter().filter(|posted| **posted).count(), PLACES as usize);
        assert_eq!(posted.last(), Some(&false));
    }
}
