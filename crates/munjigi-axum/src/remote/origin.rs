//! Where HTTP/1.1 is spoken: `https`, under the authorities that this machine trusts and those of `SSL_CERT_FILE`, or in the
//! clear. The one place that opens a connection to another server; what is said over it, and how long that may take, is the
//! caller's.

use super::RemoteError;
use bytes::Buf;
use http::Uri;
use http::uri::Scheme;
use hyper::body::Body;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

/// A scheme, a host and a port.
pub struct Origin {
    url: Uri,
    host: String,
    port: u16,
    /// Only where it is `https`.
    tls: Option<TlsConnector>,
    in_the_clear: InTheClear,
}

/// Where `http` may lead, which anybody on the way can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InTheClear {
    /// To this machine alone: `localhost`, `127.0.0.1`, `[::1]`.
    ToThisMachine,
    /// To whatever host somebody wrote down.
    Anywhere,
}

/// What the header of an answer may be at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderLimits {
    /// All lines together; hyper takes no less than 8 KiB.
    pub bytes: usize,
    /// How many lines.
    pub lines: usize,
}

impl Origin {
    /// The origin of an address, whatever its path is. Reads the authorities that this machine trusts, where it is `https`.
    ///
    /// # Errors
    /// [`RemoteError::Url`]; it shows no password.
    pub fn of(url: &str, in_the_clear: InTheClear) -> Result<Self, RemoteError> {
        // Before an @ there may be a password.
        let shown = if url.contains('@') { "…" } else { url };
        let refuse = |wrong| RemoteError::Url {
            url: shown.to_owned(),
            wrong,
        };
        let url: Uri = url.parse().map_err(|_| refuse("is no URL"))?;
        let (Some(scheme), Some(authority)) = (url.scheme(), url.authority()) else {
            return Err(refuse("names no host"));
        };
        if authority.as_str().contains('@') {
            return Err(refuse("holds a user"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(refuse("names no host"));
        }
        let (default_port, tls) = if *scheme == Scheme::HTTPS {
            (443, Some(TlsConnector::from(Arc::new(client_config()?))))
        } else if *scheme != Scheme::HTTP {
            return Err(refuse("is neither http nor https"));
        } else if in_the_clear == InTheClear::ToThisMachine && !is_this_machine(&host) {
            return Err(refuse("is neither encrypted nor on this machine"));
        } else {
            (80, None)
        };
        Ok(Self {
            port: authority.port_u16().unwrap_or(default_port),
            host,
            tls,
            in_the_clear,
            url,
        })
    }

    /// The address that it is the origin of.
    pub fn url(&self) -> &Uri {
        &self.url
    }

    /// Opens a connection. A task drives it, which ends with it.
    ///
    /// # Errors
    /// The host has no address or does not answer, or its certificate is not good.
    pub async fn connect<B>(&self, limits: HeaderLimits) -> io::Result<SendRequest<B>>
    where
        B: Body<Data: Buf + Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let stream = TcpStream::connect(self.addresses().await?.as_slice()).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else {
            return converse(stream, limits).await;
        };
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        converse(tls.connect(name, stream).await?, limits).await
    }

    async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        // What "localhost" is said to be is believed only where it is this machine.
        let is_open = self.tls.is_some() || self.in_the_clear == InTheClear::Anywhere;
        let addresses = lookup_host((self.host.as_str(), self.port)).await?;
        Ok(addresses
            .filter(|address| is_open || address.ip().is_loopback())
            .collect())
    }
}

/// Begins HTTP.
async fn converse<S, B>(stream: S, limits: HeaderLimits) -> io::Result<SendRequest<B>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data: Buf + Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let (sender, connection) = Builder::new()
        .max_headers(limits.lines)
        .max_buf_size(limits.bytes)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(async move {
        // What went wrong is told to who sent the request.
        drop(connection.await);
    });
    Ok(sender)
}

fn client_config() -> Result<ClientConfig, RemoteError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(RemoteError::unreachable)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_read_on_its_way_goes_where_somebody_allowed_it() {
        use InTheClear::{Anywhere, ToThisMachine};
        for (url, in_the_clear, wrong) in [
            ("https://auth.example/keys", ToThisMachine, None),
            ("https://[::1]:8443", Anywhere, None),
            ("http://LOCALHOST:8000", ToThisMachine, None),
            ("http://[::1]/keys", ToThisMachine, None),
            ("http://127.8.0.1", ToThisMachine, None),
            ("http://django:8000", Anywhere, None),
            (
                "http://django:8000",
                ToThisMachine,
                Some("is neither encrypted nor on this machine"),
            ),
            (
                "http://127.0.0.1.example",
                ToThisMachine,
                Some("is neither encrypted nor on this machine"),
            ),
            (
                "ftp://localhost",
                ToThisMachine,
                Some("is neither http nor https"),
            ),
            ("django:8000", Anywhere, Some("names no host")),
            ("/api", Anywhere, Some("names no host")),
            ("http:// ", Anywhere, Some("is no URL")),
            ("https://auth.example/@shop/keys", ToThisMachine, None),
            ("http://app:hunter2@localhost", Anywhere, Some("holds a user")),
            ("http://app:hunter2 @localhost", Anywhere, Some("is no URL")),
        ] {
            let refusal = Origin::of(url, in_the_clear).err().map(|error| error.to_string());
            assert_eq!(refusal.is_some(), wrong.is_some(), "{url}: {refusal:?}");
            let refusal = refusal.unwrap_or_default();
            assert!(refusal.contains(wrong.unwrap_or_default()), "{url}: {refusal}");
            assert!(!refusal.contains("hunter2"));
        }
    }
}
