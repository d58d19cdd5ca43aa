//! A connection that waits for what other processes announce: `LISTEN`.
//!
//! It promises nothing. What is announced while it is lost is not heard later, and through a pooler that lends connections by the
//! transaction nothing would be heard, so that it is not started there. It only shortens a poll.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Config, NoTls, Socket};

use super::errors::Failure;
use super::tls::Connector;
use super::{ON_THE_WAY, PATIENCE};

/// What goes before the next attempt where the connection was lost, and the longest of those pauses.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// After so long a silence the network is asked whether the server is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Listens until it is dropped.
pub(in crate::db) struct Listening {
    heard: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Listening {
    pub(super) fn start(mut connector: Connector, channel: &'static str) -> Self {
        connector.server.keepalives_idle(KEEPALIVE);
        let heard = Arc::<Notify>::default();
        let task = tokio::spawn(listen(connector, channel, Arc::clone(&heard)));
        Self { heard, task }
    }

    /// Waits for the next announcement. Those that came since the last call count as one, and so does that the connection
    /// is there, for nobody knows what was missed. It may be dropped at any moment, and nothing is lost.
    pub(in crate::db) async fn heard(&self) {
        self.heard.notified().await;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(connector: Connector, channel: &'static str, heard: Arc<Notify>) {
    let Connector { server, tls } = connector;
    let mut pause = PAUSE;
    loop {
        let mut hear = || {
            pause = PAUSE;
            heard.notify_one();
        };
        let lost = match tls.clone() {
            None => until_lost(&server, NoTls, channel, &mut hear).await,
            Some(tls) => until_lost(&server, tls, channel, &mut hear).await,
        };
        if let Err(failure) = lost {
            let error = failure.into_error();
            tracing::debug!(channel, %error, "nothing is heard from the database until the next attempt");
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Connects, and calls `hear` when it listens and at each announcement.
async fn until_lost<T>(
    server: &Config,
    tls: T,
    channel: &str,
    hear: &mut (dyn FnMut() + Send),
) -> Result<(), Failure>
where
    T: MakeTlsConnect<Socket> + Send,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let connecting = timeout(PATIENCE + ON_THE_WAY, server.connect(tls)).await;
    let (client, mut connection) = connecting.map_err(|_| Failure::TooSlow)??;
    let statement = format!("LISTEN {channel}");
    // The client stays until the end: without it the connection ends.
    let mut listening = pin!(client.batch_execute(&statement));
    let mut is_listening = false;
    loop {
        let message = poll_fn(|cx| {
            if !is_listening && let Poll::Ready(told) = listening.as_mut().poll(cx) {
                if let Err(error) = told {
                    return Poll::Ready(Some(Err(error)));
                }
                is_listening = true;
                hear();
            }
            connection.poll_message(cx)
        });
        match message.await {
            Some(message) => {
                if let AsyncMessage::Notification(_) = message? {
                    hear();
                }
            }
            None => return Ok(()),
        }
    }
}
