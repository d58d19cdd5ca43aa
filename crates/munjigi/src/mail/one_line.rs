//! A connection that is read a line at a time.
//!
//! What a server, or somebody on the way, sends behind its answer to STARTTLS was never private. A reader that has taken it
//! in with the answer would believe it later, as an answer to what was said in private (CVE-2011-0411 and its kin). A reader
//! of this connection never holds more than the line it asked for, so the rest is read by TLS, which knows it for no TLS.

use lettre::transport::smtp::client::AsyncTokioStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::TcpStream;

/// A connection whose reads end behind each line feed.
#[derive(Debug)]
pub(super) struct OneLine(BufReader<TcpStream>);

impl OneLine {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self(BufReader::new(stream))
    }
}

impl AsyncRead for OneLine {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut stream = Pin::new(&mut self.get_mut().0);
        let there = ready!(stream.as_mut().poll_fill_buf(cx))?;
        let line = there
            .split_inclusive(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let taken = line.get(..into.remaining()).unwrap_or(line);
        into.put_slice(taken);
        let length = taken.len();
        stream.consume(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for OneLine {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for OneLine {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }
}
