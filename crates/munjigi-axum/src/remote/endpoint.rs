//! One address that is asked by GET, again and again, over a connection that is kept.
//!
//! Everything that comes back is hostile until it is read: the whole exchange has a time limit, the header and the body
//! have a size limit, and no redirection is followed, since it would lead to an address that nobody wrote down.

use super::RemoteError;
use bytes::Bytes;
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::uri::{PathAndQuery, Scheme};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long another server may take, from the first look at its name to the last byte of its answer.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer's header, all lines together.
const HEADER_BYTES: usize = 16 * 1024;
/// Header lines of an answer.
const HEADER_LINES: usize = 100;
const AGENT: &str = concat!("munjigi-axum/", env!("CARGO_PKG_VERSION"));

pub(super) struct Endpoint {
    url: Uri,
    host: String,
    port: u16,
    /// Only where it is `https`.
    tls: Option<TlsConnector>,
    connection: Mutex<Option<Connection>>,
}

type Connection = SendRequest<Empty<Bytes>>;

impl Endpoint {
    /// Takes an address, and reads the authorities that this machine trusts.
    pub(super) fn new(url: &str) -> Result<Self, RemoteError> {
        let refuse = |wrong| RemoteError::Url {
            url: url.to_owned(),
            wrong,
        };
        let uri: Uri = url.parse().map_err(|_| refuse("is no URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(refuse("names no host"));
        };
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(refuse("holds a user or no host"));
        }
        let (default_port, tls) = if *scheme == Scheme::HTTPS {
            (443, Some(TlsConnector::from(Arc::new(client_config()?))))
        } else if *scheme == Scheme::HTTP && is_this_machine(&host) {
            (80, None)
        } else {
            return Err(refuse("is neither encrypted nor on this machine"));
        };
        Ok(Self {
            port: authority.port_u16().unwrap_or(default_port),
            connection: Mutex::new(None),
            url: uri,
            host,
            tls,
        })
    }

    /// The body of a GET, where the answer is 200 and at most `limit` bytes long. `query` takes the place of the
    /// address's own.
    pub(super) async fn get(&self, query: Option<&str>, limit: usize) -> Result<Bytes, RemoteError> {
        let exchange = async {
            // One question at a time: the second waits for the connection of the first.
            let mut kept = self.connection.lock().await;
            let (mut connection, response) = self.ask(kept.take(), query).await?;
            if response.status() != StatusCode::OK {
                return Err(RemoteError::Status(response.status().as_u16()));
            }
            let body = Limited::new(response.into_body(), limit).collect().await;
            let body = body.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    RemoteError::TooLarge(limit)
                } else {
                    RemoteError::unreachable(error)
                }
            })?;
            if connection.ready().await.is_ok() {
                *kept = Some(connection);
            }
            Ok(body.to_bytes())
        };
        timeout(TIMEOUT, exchange)
            .await
            .unwrap_or(Err(RemoteError::Timeout))
    }

    /// Asks over the kept connection; where the other side has closed that meanwhile, over a new one.
    async fn ask(
        &self,
        kept: Option<Connection>,
        query: Option<&str>,
    ) -> Result<(Connection, Response<Incoming>), RemoteError> {
        if let Some(mut connection) = kept
            && let Ok(response) = connection.send_request(self.request(query)?).await
        {
            return Ok((connection, response));
        }
        let mut connection = self.connect().await?;
        let response = connection.send_request(self.request(query)?).await;
        Ok((connection, response.map_err(RemoteError::unreachable)?))
    }

    fn request(&self, query: Option<&str>) -> Result<Request<Empty<Bytes>>, RemoteError> {
        let target = match query {
            None => self.url.path_and_query().cloned(),
            Some(query) => format!("{}?{query}", self.url.path()).parse().ok(),
        };
        let host = self.url.authority().map_or("", |authority| authority.as_str());
        Request::get(target.unwrap_or(PathAndQuery::from_static("/")).as_str())
            .header(HOST, host)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, AGENT)
            .body(Empty::new())
            .map_err(RemoteError::unreachable)
    }

    async fn connect(&self) -> Result<Connection, RemoteError> {
        let stream = self.open().await.map_err(RemoteError::unreachable)?;
        let Some(tls) = &self.tls else {
            return converse(stream).await;
        };
        let name = ServerName::try_from(self.host.clone()).map_err(RemoteError::unreachable)?;
        let stream = tls.connect(name, stream).await;
        converse(stream.map_err(RemoteError::unreachable)?).await
    }

    async fn open(&self) -> io::Result<TcpStream> {
        let addresses: Vec<SocketAddr> = lookup_host((self.host.as_str(), self.port))
            .await?
            // What "localhost" is said to be is believed only where it is this machine.
            .filter(|address| self.tls.is_some() || address.ip().is_loopback())
            .collect();
        let stream = TcpStream::connect(addresses.as_slice()).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Begins HTTP. What drives the connection is a task of its own, which ends with it.
async fn converse<S>(stream: S) -> Result<Connection, RemoteError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = Builder::new()
        .max_headers(HEADER_LINES)
        .max_buf_size(HEADER_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(RemoteError::unreachable)?;
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
