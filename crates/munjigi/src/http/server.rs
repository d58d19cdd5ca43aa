//! The sockets: accepts connections, holds them to their limits, and stops cleanly.
//!
//! A client that sends its header slowly, opens connections without end, or never reads is cut off here, before
//! any handler runs. On SIGTERM nothing new is accepted, what is in flight is finished, and a second signal (or
//! the end of `SHUTDOWN_TIMEOUT`) ends the wait.

use crate::config::Limits;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

/// Opens a listener on each address.
///
/// # Errors
/// [`BindError`], which names the address and says what to do.
pub fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, BindError> {
    let listening = addresses
        .iter()
        .map(|&address| listen(address).map_err(|cause| BindError { address, cause }));
    listening.collect()
}

/// Connections that may wait to be accepted. Linux takes the lower of this and `net.core.somaxconn`. tokio would ask for
/// 128, and of a thousand clients who come at once most would then knock again after one, three, seven seconds.
const BACKLOG: u32 = 4_096;

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A new start does not wait for the connections of before to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{address} cannot be listened on: {cause}. Stop what listens there, or choose another with --bind.")]
pub struct BindError {
    address: SocketAddr,
    #[source]
    cause: io::Error,
}

/// Bytes of a request's header, all lines together. hyper answers 431 past it.
const HEADER_BYTES: usize = 64 * 1024;
/// Header lines of a request.
const HEADER_LINES: usize = 100;
/// How long a client may take nothing of an answer that waits for it.
const WRITE_STALL: Duration = Duration::from_secs(20);
/// How long accepting pauses when the process has no file descriptor left; the next connection to close frees one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` on every listener until `stop` turns true, then finishes what is in flight.
/// A connection that fails concerns its client alone, and a failing `accept` is tried again.
pub async fn serve(
    listeners: Vec<TcpListener>,
    router: Router,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    let (connections, mut accepted) = mpsc::channel(1);
    let mut doors = JoinSet::new();
    for listener in listeners {
        doors.spawn(accept(listener, Arc::clone(&places), connections.clone()));
    }
    loop {
        tokio::select! {
            Some(accepted) = accepted.recv() => converse(accepted, &router, &limits, graceful.watcher()),
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    doors.abort_all();
    let connections = graceful.count();
    tracing::info!(connections, "stopping: no new connections are taken");
    if timeout(limits.shutdown_timeout, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

async fn accept(listener: TcpListener, places: Arc<Semaphore>, connections: mpsc::Sender<Accepted>) {
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and whole: waiting to fill a segment would only delay them.
                drop(stream.set_nodelay(true));
                if connections.send((stream, peer, place)).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Speaks HTTP on one connection, in a task of its own, until the client leaves or the watcher says stop.
fn converse((stream, peer, place): Accepted, router: &Router, limits: &Limits, watcher: Watcher) {
    let service = router.clone().map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(Body::new)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(HEADER_LINES)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(patient(stream)), TowerToHyperService::new(service));
    tokio::spawn(async move {
        // An error here is the client's: it left, or sent what is no HTTP and was answered 400.
        drop(watcher.watch(connection).await);
        drop(place);
    });
}

/// A stream that gives up on a client that takes nothing of its answer for [`WRITE_STALL`]; hyper itself would wait
/// for ever.
fn patient(stream: TcpStream) -> Pin<Box<TimeoutStream<TcpStream>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_STALL));
    Box::pin(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hundreds_may_knock_before_the_first_is_let_in() {
        let [listener] = bind(&["127.0.0.1:0".parse().unwrap()])
            .unwrap()
            .try_into()
            .unwrap();
        let address = listener.local_addr().unwrap();
        let knock = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(500));
        let knocking: Vec<_> = (0..300).map(|number| (number, knock())).collect();
        for (number, connected) in &knocking {
            assert!(connected.is_ok(), "{number}: {connected:?}");
        }
    }
}
