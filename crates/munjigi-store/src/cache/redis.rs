//! The driver: one connection that all share, and whether the server answers.
//!
//! The server may be away for as long as it likes. Who serves a request waits a moment for it once, and then nobody
//! does until the background has reached it again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult, cmd};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::CacheSettings;
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
    is_lost: AtomicBool,
}

impl SessionCache {
    /// It is connected to when there is something to delete.
    pub(crate) fn new(settings: &Arc<CacheSettings>) -> Result<Self> {
        let client = Client::open(settings.url.server.clone());
        Ok(Self {
            settings: Arc::clone(settings),
            client: client
                .map_err(|error| Error::InvalidCacheUrl(format!("The cache cannot be used: {error}.")))?,
            connection: Mutex::default(),
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
            *self.connection.lock().await = None;
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
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENTLY))
            .set_response_timeout(Some(PATIENTLY));
        let connected = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok(connection.insert(connected).clone())
    }
}
