//! The backend for production: `django.core.mail.backends.smtp`. A connection for each mail; there are few.

use super::one_line::OneLine;
use crate::config::{SmtpSecurity, SmtpSettings};
use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The mail server.
pub(super) struct Smtp {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    timeout: Duration,
}

/// [`SmtpSecurity`], with the roots that a certificate is held against.
enum Security {
    Plain,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

/// Why a mail was not handed over. What the server said is left out: it likes to repeat the address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The server refused.
    #[error("The mail server answered {0}.")]
    Refused(String),
    /// It does not offer STARTTLS, or took it back.
    #[error("EMAIL_USE_TLS is true, and the mail server does not offer STARTTLS. Nothing was sent.")]
    NoTls,
    /// It does not take non-ASCII addresses, or signs nobody in, or speaks no SMTP.
    #[error("The mail cannot be handed to this server: {0}")]
    Protocol(String),
    /// It is not reached.
    #[error("The mail server is not reached: {0}")]
    Connection(#[source] io::Error),
    /// The line broke, or no TLS came about.
    #[error("The line to the mail server failed: {0}")]
    Line(String),
    /// `EMAIL_TIMEOUT`.
    #[error("The mail server took longer than EMAIL_TIMEOUT.")]
    TimedOut,
}

impl Failure {
    /// Whether another try may go better: unless the server refused for good, or cannot do what it must.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Refused(code) => !code.starts_with('5'),
            Self::NoTls | Self::Protocol(_) => false,
            Self::Connection(_) | Self::Line(_) | Self::TimedOut => true,
        }
    }
}

impl From<SmtpError> for Failure {
    fn from(error: SmtpError) -> Self {
        match error.status() {
            Some(code) => Self::Refused(code.to_string()),
            None if error.is_client() => Self::Protocol(error.to_string()),
            None => Self::Line(error.to_string()),
        }
    }
}

impl Smtp {
    pub(super) fn new(settings: &SmtpSettings) -> Result<Self, Failure> {
        let host = settings.host.clone();
        let security = match settings.security {
            SmtpSecurity::Plain => Security::Plain,
            SmtpSecurity::StartTls => Security::StartTls(TlsParameters::new(host.clone())?),
            SmtpSecurity::Tls => Security::Tls(TlsParameters::new(host.clone())?),
        };
        let credentials = settings.credentials.as_ref();
        Ok(Self {
            host,
            port: settings.port,
            security,
            credentials: credentials
                .map(|written| Credentials::new(written.user.clone(), written.password.to_string())),
            timeout: settings.timeout,
        })
    }

    /// Hands a mail over: it is the server's when this returns.
    pub(super) async fn send(&self, envelope: &Envelope, message: &[u8]) -> Result<(), Failure> {
        let sending = self.deliver(envelope, message);
        timeout(self.timeout, sending)
            .await
            .unwrap_or(Err(Failure::TimedOut))
    }

    async fn deliver(&self, envelope: &Envelope, message: &[u8]) -> Result<(), Failure> {
        let mut connection = self.connected().await?;
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        connection.send(envelope, message).await?;
        // The mail is taken; how the server says goodbye is its affair.
        drop(connection.quit().await);
        Ok(())
    }

    /// A line that is as private as it has to be.
    async fn connected(&self) -> Result<AsyncSmtpConnection, Failure> {
        let address = (self.host.as_str(), self.port);
        let hello = ClientId::default();
        let tls = match &self.security {
            Security::Tls(tls) => {
                let connecting =
                    AsyncSmtpConnection::connect_tokio1(address, None, &hello, Some(tls.clone()), None);
                return Ok(connecting.await?);
            }
            Security::Plain => None,
            Security::StartTls(tls) => Some(tls.clone()),
        };
        let stream = TcpStream::connect(address).await.map_err(Failure::Connection)?;
        let mut connection =
            AsyncSmtpConnection::connect_with_transport(Box::new(OneLine::new(stream)), &hello).await?;
        if let Some(tls) = tls {
            if !connection.can_starttls() {
                return Err(Failure::NoTls);
            }
            connection.starttls(tls, &hello).await?;
            if !connection.is_encrypted() {
                return Err(Failure::NoTls);
            }
        }
        Ok(connection)
    }
}
