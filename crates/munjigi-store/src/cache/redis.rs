//! The driver: one connection that all share, and whether the server answers.
//!
//! The server may be away for as long as it likes. Who serves a request waits a moment for it once, and then nobody
//! does until the background has reached it again.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult, TlsCertificates, cmd};
use tokio::time::timeout;

use super::{CacheSettings, CacheUrl};
use crate::error::{Error, Result};

/// What a request waits for the server: copies of what it changed are to be gone when it is answered.
const BRIEFLY: Duration = Duration::from_millis(200);
/// What the background waits.
const PATIENTLY: Duration = Duration::from_secs(2);

/// A server that holds copies of sessions.
pub(crate) struct SessionCache {
    settings: Arc<CacheSettings>,
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
    /// Whoever connects. He may take his time, and who waits for him gives up when his own is over.
    connecting: tokio::sync::Mutex<()>,
    is_lost: AtomicBool,
}

impl SessionCache {
    /// It is connected to when there is something to delete.
    pub(crate) fn new(settings: &Arc<CacheSettings>) -> Result<Self> {
        Ok(Self {
            settings: Arc::clone(settings),
            client: client(&settings.url)?,
            connection: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            is_lost: AtomicBool::new(false),
        })
    }

    /// Whether it answered when it was last asked.
    pub(crate) fn is_reachable(&self) -> bool {
        !self.is_lost.load(Relaxed)
    }

    /// Deletes the copies of some sessions for a request that has changed them, unless the server is known to be away.
    /// What is not deleted here is deleted by the background.
    pub(crate) async fn delete_briefly(&self, session_keys: &[String]) {
        if !session_keys.is_empty() && self.is_reachable() {
            self.delete_in(BRIEFLY, session_keys).await;
        }
    }

    /// Deletes the copies of some sessions. False where the server does not answer.
    pub(crate) async fn delete(&self, session_keys: &[String]) -> bool {
        self.delete_in(PATIENTLY, session_keys).await
    }

    async fn delete_in(&self, patience: Duration, session_keys: &[String]) -> bool {
        let failure = match timeout(patience, self.send_delete(session_keys)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("it does not answer".to_owned()),
        };
        let is_lost = failure.is_some();
        let was_lost = self.is_lost.swap(is_lost, Relaxed);
        let server = &self.settings.url;
        match failure {
            Some(error) if !was_lost => {
                tracing::warn!(%server, %error, "the session cache cannot be reached: what ends here may live on at Django");
            }
            None if was_lost => tracing::info!(%server, "the session cache answers again"),
            _ => {}
        }
        if is_lost {
            // What was asked on it may still be answered, to nobody.
            *self.held() = None;
        }
        !is_lost
    }

    async fn send_delete(&self, session_keys: &[String]) -> RedisResult<()> {
        let mut delete = cmd("DEL");
        for key in session_keys {
            delete.arg(self.settings.key(key));
        }
        let mut connection = self.connected().await?;
        delete.query_async::<u64>(&mut connection).await?;
        Ok(())
    }

    async fn connected(&self) -> RedisResult<MultiplexedConnection> {
        if let Some(connection) = self.held().clone() {
            return Ok(connection);
        }
        let _alone = self.connecting.lock().await;
        if let Some(connection) = self.held().clone() {
            return Ok(connection);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENTLY))
            .set_response_timeout(Some(PATIENTLY));
        let connected = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok(self.held().insert(connected).clone())
    }

    fn held(&self) -> MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client for the server, which believes the authorities that the URL names, or else the system's.
fn client(url: &CacheUrl) -> Result<Client> {
    let wrong = |what: String| Error::InvalidCacheUrl(format!("The cache cannot be used: {what}."));
    let Some(path) = &url.authorities else {
        return Client::open(url.server.clone()).map_err(|error| wrong(error.to_string()));
    };
    let pem = fs::read(path).map_err(|error| wrong(format!("{} cannot be read: {error}", path.display())))?;
    if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err(wrong(format!("{} holds no certificate in PEM", path.display())));
    }
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(pem),
    };
    Client::build_with_tls(url.server.clone(), certificates).map_err(|error| wrong(error.to_string()))
}
