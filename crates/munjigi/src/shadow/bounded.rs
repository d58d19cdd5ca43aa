//! A body that is read up to a limit, and goes on as it came where there is more of it.

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body and what of it was read.
pub(super) struct Bounded {
    rest: Body,
    read: Vec<u8>,
    limit: usize,
    /// Why there is no rest, where it broke off.
    broken: Option<axum::Error>,
}

impl Bounded {
    pub(super) fn new(rest: Body, limit: usize) -> Self {
        Self {
            rest,
            read: Vec::new(),
            limit,
            broken: None,
        }
    }

    /// All of it; `None` where it has more bytes than the limit, or breaks off. It may be dropped at any moment: what was read
    /// is not lost.
    pub(super) async fn whole(&mut self) -> Option<Bytes> {
        while let Some(frame) = self.rest.frame().await {
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => self.read.extend_from_slice(&data),
                // Trailers; nobody reads any.
                Ok(Err(_)) => {}
                Err(error) => {
                    self.broken = Some(error);
                    return None;
                }
            }
            if self.read.len() > self.limit {
                return None;
            }
        }
        Some(std::mem::take(&mut self.read).into())
    }

    /// Whether who sent it broke off.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// What was read and what is still to come.
    pub(super) fn into_body(self) -> Body {
        Body::new(self)
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.read.is_empty() {
            let read = std::mem::take(&mut self.read);
            return Poll::Ready(Some(Ok(Frame::data(read.into()))));
        }
        match self.broken.take() {
            Some(error) => Poll::Ready(Some(Err(error))),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.broken.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.size_hint();
        let read = u64::try_from(self.read.len()).unwrap_or(u64::MAX);
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(read));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_whole_up_to_the_limit_and_goes_on_beyond_it() {
        assert_eq!(Bounded::new(Body::from("1234"), 4).whole().await.unwrap(), "1234");
        let mut more = Bounded::new(Body::from("12345"), 4);
        assert!(more.whole().await.is_none());
        assert_eq!(more.size_hint().exact(), Some(5));
        let whole = more.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(whole, "12345");
    }
}
