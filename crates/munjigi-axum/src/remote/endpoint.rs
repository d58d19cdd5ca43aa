//! One address that is asked by GET, again and again, over a connection that is kept.
//!
//! Everything that comes back is hostile until it is read: the whole exchange has a time limit, the header and the body
//! have a size limit, and no redirection is followed, since it would lead to an address that nobody wrote down.

use super::RemoteError;
use super::origin::{HeaderLimits, InTheClear, Origin};
use bytes::Bytes;
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long another server may take, from the first look at its name to the last byte of its answer.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// An answer's header.
const HEADER: HeaderLimits = HeaderLimits {
    bytes: 16 * 1024,
    lines: 100,
};
const AGENT: &str = concat!("munjigi-axum/", env!("CARGO_PKG_VERSION"));

pub(super) struct Endpoint {
    origin: Origin,
    connection: Mutex<Option<Connection>>,
}

type Connection = SendRequest<Empty<Bytes>>;

impl Endpoint {
    /// Takes an address, and reads the authorities that this machine trusts.
    pub(super) fn new(url: &str) -> Result<Self, RemoteError> {
        Ok(Self {
            origin: Origin::of(url, InTheClear::ToThisMachine)?,
            connection: Mutex::new(None),
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
        let opened = self.origin.connect(HEADER).await;
        let mut connection = opened.map_err(RemoteError::unreachable)?;
        let response = connection.send_request(self.request(query)?).await;
        Ok((connection, response.map_err(RemoteError::unreachable)?))
    }

    fn request(&self, query: Option<&str>) -> Result<Request<Empty<Bytes>>, RemoteError> {
        let url = self.origin.url();
        let target = match query {
            None => url.path_and_query().cloned(),
            Some(query) => format!("{}?{query}", url.path()).parse().ok(),
        };
        let host = url.authority().map_or("", |authority| authority.as_str());
        Request::get(target.unwrap_or(PathAndQuery::from_static("/")).as_str())
            .header(HOST, host)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, AGENT)
            .body(Empty::new())
            .map_err(RemoteError::unreachable)
    }
}
