//! `EMAIL_*` and `DEFAULT_FROM_EMAIL`: how mail goes out. Django's names (`conf/global_settings.py`, `core/mail`).

use super::Error;
use super::kind::{Between, FromText, OrNone, Positive};
use super::setting::{Section, Setting};
use super::written::Settings;
use lettre::message::Mailbox;
use std::time::Duration;
use zeroize::Zeroizing;

/// How mail goes out, and in whose name.
pub struct MailSettings {
    /// `EMAIL_BACKEND`, and for SMTP what it needs.
    pub backend: MailBackend,
    /// `DEFAULT_FROM_EMAIL`.
    pub from: Mailbox,
}

/// `EMAIL_BACKEND`.
pub enum MailBackend {
    /// Mails are printed: `munjigi dev`.
    Console,
    /// Mails are handed to a server.
    Smtp(SmtpSettings),
}

/// The mail server.
pub struct SmtpSettings {
    /// `EMAIL_HOST`.
    pub host: String,
    /// `EMAIL_PORT`.
    pub port: u16,
    /// `EMAIL_USE_TLS` and `EMAIL_USE_SSL`.
    pub security: SmtpSecurity,
    /// `EMAIL_HOST_USER` and `EMAIL_HOST_PASSWORD`, where both are written.
    pub credentials: Option<SmtpCredentials>,
    /// `EMAIL_TIMEOUT`: for one try to hand a mail over, from the connection to the last word.
    pub timeout: Duration,
}

/// Who we are to the mail server.
pub struct SmtpCredentials {
    /// `EMAIL_HOST_USER`.
    pub user: String,
    /// `EMAIL_HOST_PASSWORD`.
    pub password: Zeroizing<String>,
}

/// How the line to the mail server is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Not at all.
    Plain,
    /// `EMAIL_USE_TLS`: by STARTTLS, or nothing is sent.
    StartTls,
    /// `EMAIL_USE_SSL`: by TLS from the first byte.
    Tls,
}

const BACKEND: Setting<Backend> = Setting::upstream(
    "EMAIL_BACKEND",
    "\"django.core.mail.backends.smtp.EmailBackend\"",
    "Where mail goes: Django's smtp or console backend. `console` prints each mail to the standard output.",
)
.under_dev("\"django.core.mail.backends.console.EmailBackend\"");
const HOST: Setting<String> = Setting::upstream("EMAIL_HOST", "\"localhost\"", "The mail server.");
const PORT: Setting<Between<1, 65_535>> = Setting::upstream(
    "EMAIL_PORT",
    "25",
    "Its port: 587 with EMAIL_USE_TLS, 465 with EMAIL_USE_SSL, as a rule.",
);
const HOST_USER: Setting<Option<String>> = Setting::upstream(
    "EMAIL_HOST_USER",
    "\"\"",
    "Who we are to the mail server. Nobody signs in there unless the password is written too.",
);
const HOST_PASSWORD: Setting<Option<Password>> =
    Setting::upstream("EMAIL_HOST_PASSWORD", "\"\"", "The password to that.").secret();
const USE_TLS: Setting<bool> = Setting::upstream(
    "EMAIL_USE_TLS",
    "false",
    "Whether the line becomes private by STARTTLS. Where the server does not offer it, nothing is sent.",
);
const USE_SSL: Setting<bool> = Setting::upstream(
    "EMAIL_USE_SSL",
    "false",
    "Whether the line is private from the first byte. Not together with EMAIL_USE_TLS.",
);
const TIMEOUT: Setting<Positive> = Setting::ours(
    "EMAIL_TIMEOUT",
    "\"30s\"",
    "How long one try to hand a mail to the server may take. Django's default waits for ever; that cannot be written here.",
);
const FROM: Setting<From> = Setting::upstream(
    "DEFAULT_FROM_EMAIL",
    "\"webmaster@localhost\"",
    "Who mails come from, such as `munjigi <noreply@example.com>`.",
);

pub(super) const SECTION: Section = Section {
    title: "Mail",
    upstream: "Django 5.2",
    intro: "How the mails of a password reset go out. The server's certificate is held against the system's roots; \
            `SSL_CERT_FILE` in the environment names others.",
    settings: &[
        &BACKEND.about,
        &HOST.about,
        &PORT.about,
        &HOST_USER.about,
        &HOST_PASSWORD.about,
        &USE_TLS.about,
        &USE_SSL.about,
        &TIMEOUT.about,
        &FROM.about,
    ],
};

impl MailSettings {
    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let smtp = SmtpSettings::resolve(settings)?;
        Ok(Self {
            backend: match settings.read(&BACKEND)? {
                Backend::Console => MailBackend::Console,
                Backend::Smtp => MailBackend::Smtp(smtp),
            },
            from: settings.read(&FROM)?.0,
        })
    }

    /// Whether somebody wrote which server takes the mails.
    pub(super) fn names_a_server(&self) -> bool {
        matches!(&self.backend, MailBackend::Smtp(smtp) if smtp.host != "localhost" || smtp.credentials.is_some())
    }

    /// Whether a password would be sent in the clear to a server that is not on this machine.
    pub(super) fn shows_password(&self) -> bool {
        let MailBackend::Smtp(smtp) = &self.backend else {
            return false;
        };
        let is_here = ["localhost", "127.0.0.1", "::1"].contains(&smtp.host.as_str());
        smtp.credentials.is_some() && smtp.security == SmtpSecurity::Plain && !is_here
    }
}

impl SmtpSettings {
    fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let security = match (settings.read(&USE_TLS)?, settings.read(&USE_SSL)?) {
            (false, false) => SmtpSecurity::Plain,
            (true, false) => SmtpSecurity::StartTls,
            (false, true) => SmtpSecurity::Tls,
            (true, true) => {
                return Err(Error::Contradiction(
                    "EMAIL_USE_TLS and EMAIL_USE_SSL are both true, and a line is made private once. Write EMAIL_USE_TLS \
                     = true for port 587, or EMAIL_USE_SSL = true for port 465."
                        .to_owned(),
                ));
            }
        };
        let (user, password) = (settings.read(&HOST_USER)?, settings.read(&HOST_PASSWORD)?);
        let credentials = user.zip(password).map(|(user, password)| SmtpCredentials {
            user,
            password: password.0,
        });
        Ok(Self {
            host: settings.read(&HOST)?,
            port: u16::try_from(settings.read(&PORT)?.0).unwrap_or(u16::MAX),
            security,
            credentials,
            timeout: settings.read(&TIMEOUT)?.0,
        })
    }
}

#[derive(PartialEq)]
enum Backend {
    Console,
    Smtp,
}

impl FromText for Backend {
    const WANTED: &'static str = "\"django.core.mail.backends.smtp.EmailBackend\" or \"django.core.mail.backends.console.EmailBackend\"";
    const WANTED_LIST: &'static str = "a list of backends";

    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "django.core.mail.backends.smtp.EmailBackend" => Ok(Self::Smtp),
            "django.core.mail.backends.console.EmailBackend" => Ok(Self::Console),
            _ => Err(format!(
                "is \"{text}\", which is Python and cannot be run here. Write {}.",
                <Self as FromText>::WANTED
            )),
        }
    }
}

#[derive(PartialEq)]
struct Password(Zeroizing<String>);

impl FromText for Password {
    const WANTED: &'static str = "text";
    const WANTED_LIST: &'static str = "a list of texts";

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl OrNone for Password {
    const WANTED_OR_NONE: &'static str = "text, or \"\" for none";
}

#[derive(PartialEq)]
struct From(Mailbox);

impl FromText for From {
    const WANTED: &'static str =
        "an address such as \"noreply@example.com\" or \"Example <noreply@example.com>\"";
    const WANTED_LIST: &'static str = "a list of addresses";

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|_| format!("is \"{text}\". Write {}.", <Self as FromText>::WANTED))
    }
}
