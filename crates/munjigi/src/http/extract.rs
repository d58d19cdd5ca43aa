//! Reads a request's body: bounded in size and in time, before anything is parsed.

use super::body::Fields;
use super::error::Error;
use crate::app::App;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

impl FromRequest<App> for Fields {
    type Rejection = Error;

    /// DRF's `request.data`: the fields of a JSON, urlencoded or multipart body.
    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let limits = &app.config().limits;
        let (parts, body) = request.into_parts();
        if declared_length(&parts.headers).is_some_and(|length| length > limits.body_bytes as u64) {
            return Err(Error::BodyTooLarge(limits.body_bytes));
        }
        let bytes = timeout(limits.body_timeout, read(body, limits.body_bytes))
            .await
            .map_err(|_| Error::BodyTooSlow)??;
        let content_type = parts
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        Ok(Self::parse(bytes, content_type, limits.form_fields).await?)
    }
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Error> {
    match Limited::new(body, limit).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Error::BodyTooLarge(limit)),
        // The client left, or its framing was no HTTP.
        Err(_) => Err(Error::BodyBroken),
    }
}
