//! What munjigi would answer: its own router, whole, on a database of whose changes nothing stays.

use super::asked::Asked;
use super::compare::Side;
use super::footprint::{Before, Footprint};
use super::overlap::{Stay, UnderWay};
use super::taken_apart;
use crate::app::App;
use crate::http::Rehearsed;
use crate::http::error::MUNJIGI_ERROR;
use crate::shadow::answer::When;
use axum::Router;
use axum::body::{Body, Bytes};
use http::Request;
use http::request::Parts;
use http_body_util::BodyExt;
use munjigi_axum::header;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::timeout;
use tower::ServiceExt;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

/// munjigi's side.
pub(super) struct Verdict<'w> {
    pub(super) side: Side,
    pub(super) before: Before,
    /// Whether the users whom it may mean had other requests under way.
    pub(super) stay: Stay<'w>,
}

/// How long it may take. The client waits.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many are made at a time. Beyond that a request is passed through without one: in a storm of sign-ins nobody is to wait for
/// two queues.
pub(super) const AT_ONCE: usize = 32;

/// The verdict on a request, or a word for why there is none. Nothing of it stays, and nothing is logged as if it did.
pub(super) async fn of<'w>(
    (app, routes): (&App, &Router<App>),
    asked: &Asked,
    under_way: &'w UnderWay,
    request: (&Parts, &Bytes),
) -> Result<Verdict<'w>, String> {
    // Boxed, for it holds all that a request is at a handler.
    let deciding = Box::pin(decide((app, routes), asked, under_way, request));
    let deciding = deciding.with_subscriber(NoSubscriber::default());
    let decided = timeout(PATIENCE, without_panic(deciding)).await;
    decided.unwrap_or_else(|_| Err("verdict_too_slow".to_owned()))
}

async fn decide<'w>(
    (app, routes): (&App, &Router<App>),
    asked: &Asked,
    under_way: &'w UnderWay,
    (head, body): (&Parts, &Bytes),
) -> Result<Verdict<'w>, String> {
    let told = |error: munjigi_store::Error| error.code().to_owned();
    let before = Before::read(app, asked).await.map_err(told)?;
    let stay = under_way.enter(before.names().collect());
    let (rehearsed, rehearsal) = app.rehearsal();
    let began = app.now();
    let mut request = Request::from_parts(head.clone(), Body::from(body.clone()));
    request.extensions_mut().insert(Rehearsed(rehearsed.clone()));
    let answer = match routes
        .clone()
        .with_state(rehearsed.clone())
        .oneshot(request)
        .await
    {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    let status = answer.status();
    if status.is_server_error() {
        let word = header::text(answer.headers(), &MUNJIGI_ERROR);
        return Err(word.map_or("internal".to_owned(), std::borrow::Cow::into_owned));
    }
    let (parts, body) = answer.into_parts();
    let body = body
        .collect()
        .await
        .map_err(|_| "internal".to_owned())?
        .to_bytes();
    let when = When {
        from: began.as_second(),
        to: began.as_second(),
    };
    let (answer, handed) = taken_apart(app, status, &parts.headers, (&body, when));
    let left = Footprint::read(&rehearsed, asked, &before, &handed, began).await;
    rehearsal.end().await;
    Ok(Verdict {
        side: Side {
            answer,
            left: left.map_err(told)?,
        },
        before,
        stay,
    })
}

/// A bug of ours must not keep a client from Django's answer.
pub(super) async fn without_panic<T>(future: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err("panic".to_owned())))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_no_verdict() {
        let panicking = without_panic(async {
            tokio::task::yield_now().await;
            Err("nothing".parse::<u8>().unwrap().to_string()) as Result<(), String>
        });
        assert_eq!(panicking.await, Err("panic".to_owned()));
    }
}
