//! `munjigi shadow`: in front of a running Django, which goes on answering. Each sign-in, refresh and verify is also answered
//! here, on the same database, and undone; what munjigi would have answered and left is held against what Django did. Django
//! has no such thing.
//!
//! The client gets Django's answer, byte for byte, whatever becomes of the comparison. munjigi's verdict comes first, since
//! afterwards Django has changed what it is to be made on, so that a request takes as long as both.

mod answer;
mod asked;
mod bounded;
mod compare;
mod footprint;
mod known;
mod lines;
mod overlap;
mod report;
mod upstream;
mod verdict;

pub use report::{Counts, Report, Tally};
pub use upstream::{Upstream, UrlError};

use crate::app::App;
use crate::http::error::MUNJIGI_ERROR;
use crate::http::unbound;
use crate::i18n::Text;
use answer::{Answer, Handed, When};
use asked::{Asked, Route};
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use bounded::Bounded;
use compare::{Rules, Side, compare};
use footprint::Footprint;
use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use known::Stricter;
use munjigi_axum::header;
use munjigi_tokens::UntypedToken;
use overlap::{Stay, UnderWay};
use report::Outcome;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use upstream::{Failure, X_FORWARDED_FOR};
use verdict::Verdict;

/// What is in front of Django.
#[derive(Clone)]
pub struct Shadow(Arc<Inner>);

struct Inner {
    app: App,
    /// munjigi's own routes, for an [`App`] that rehearses.
    routes: Router<App>,
    upstream: Upstream,
    report: Report,
    under_way: UnderWay,
    verdicts: Semaphore,
}

/// The largest answer of Django's that is compared, in bytes.
const ANSWER: usize = 1024 * 1024;
/// How long what Django left may take to be read. The client waits for it: what he does next would change it.
const READING: Duration = Duration::from_secs(1);

impl Shadow {
    /// In front of `upstream`, with munjigi's own settings and its database, which is Django's.
    pub fn new(app: App, upstream: Upstream, report: Report) -> Self {
        Self(Arc::new(Inner {
            routes: unbound(&app),
            app,
            upstream,
            report,
            under_way: UnderWay::default(),
            verdicts: Semaphore::new(verdict::AT_ONCE),
        }))
    }

    /// Takes every request there is.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// What came of it so far.
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    fn app(&self) -> &App {
        &self.0.app
    }

    async fn send(&self, head: &Parts, body: Body) -> Result<Response, Failure> {
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|peer| peer.0.ip());
        // A proxy of ours has named the client: Django gets what it would get from it.
        let is_named =
            |peer| head.headers.contains_key(X_FORWARDED_FOR) && self.app().config().hosts.trusts(peer);
        let unnamed = peer.filter(|&peer| !is_named(peer));
        self.0.upstream.send(head, body, unnamed).await
    }

    /// What the client is told where Django does not answer.
    fn refuse(&self, head: &Parts, failure: &Failure) -> Response {
        let (status, word) = match failure {
            Failure::Unreachable(_) => (StatusCode::BAD_GATEWAY, "upstream_unreachable"),
            Failure::TooSlow => (StatusCode::GATEWAY_TIMEOUT, "upstream_too_slow"),
            Failure::BrokenOff => {
                tracing::debug!(target: "munjigi::shadow", error = failure as &dyn std::error::Error);
                return self.tell(
                    head,
                    (StatusCode::BAD_REQUEST, "body_broken"),
                    &Text::MalformedRequest,
                );
            }
        };
        tracing::warn!(target: "munjigi::shadow", error = failure as &dyn std::error::Error, "no answer of Django's");
        self.tell(head, (status, word), &Text::Unavailable)
    }

    fn tell(&self, head: &Parts, (status, word): (StatusCode, &'static str), text: &Text) -> Response {
        let wanted = header::text(&head.headers, ACCEPT_LANGUAGE);
        let lang = self.app().config().languages.negotiate(wanted.as_deref());
        let mut response = (status, Json(json!({"detail": text.render(lang)}))).into_response();
        let headers = response.headers_mut();
        headers.insert(MUNJIGI_ERROR, HeaderValue::from_static(word));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn without_verdict(&self, route: Route, why: impl Into<String>) {
        let at = self.app().now();
        self.0
            .report
            .note(route.name, Outcome::WithoutVerdict(why.into()), at);
    }
}

async fn answer(State(shadow): State<Shadow>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if wants_another_protocol(&head.headers) {
        let refusal = (StatusCode::NOT_IMPLEMENTED, "upgrade_refused");
        return shadow.tell(&head, refusal, &Text::UpgradeRefused);
    }
    let route = Route::of(shadow.app(), head.uri.path()).filter(|_| head.method == Method::POST);
    let answered = match route {
        Some(route) => compared(&shadow, route, &head, body).await,
        None => shadow.send(&head, body).await,
    };
    answered.unwrap_or_else(|failure| shadow.refuse(&head, &failure))
}

/// A client that offers `h2c` goes on in HTTP/1.1 where nobody takes the offer. One that asks for a WebSocket does not.
fn wants_another_protocol(headers: &HeaderMap) -> bool {
    let offered = header::text(headers, UPGRADE).unwrap_or_default();
    let mut offered = offered.split(',').map(str::trim).filter(|name| !name.is_empty());
    offered.any(|name| !name.eq_ignore_ascii_case("h2c"))
}

async fn compared(shadow: &Shadow, route: Route, head: &Parts, body: Body) -> Result<Response, Failure> {
    let limits = &shadow.app().config().limits;
    let mut reading = Bounded::new(body, limits.body_bytes);
    let Ok(Some(body)) = timeout(limits.body_timeout, reading.whole()).await else {
        let fault = if reading.is_broken() {
            "body_broken"
        } else {
            "body_too_large_or_slow"
        };
        shadow.without_verdict(route, fault);
        return shadow.send(head, reading.into_body()).await;
    };
    let judging = async { Ok(Judging::begin(shadow, route, (head, &body)).await) };
    let judging = verdict::without_panic(judging).await;
    let theirs = shadow.send(head, body.into()).await.inspect_err(|_| {
        shadow.without_verdict(route, "no_answer_of_djangos");
    })?;
    match judging {
        Ok(judging) => Ok(judging.passed_on(theirs).await),
        Err(why) => {
            shadow.without_verdict(route, why);
            Ok(theirs)
        }
    }
}

/// All that Django's answer is judged by.
struct Judging<'j> {
    shadow: &'j Shadow,
    asked: Asked,
    stay: Stay<'j>,
    /// munjigi's verdict, or a word for why there is none.
    verdict: Result<Verdict<'j>, String>,
    /// When the request came, and when it was sent on.
    when: (Timestamp, Timestamp),
}

impl<'j> Judging<'j> {
    /// Reads the request and asks munjigi, before Django is.
    async fn begin(shadow: &'j Shadow, route: Route, (head, body): (&Parts, &Bytes)) -> Self {
        let asked = Asked::of(shadow.app(), route, head, body).await;
        let stay = shadow.0.under_way.enter(asked.secrets());
        let began = shadow.app().now();
        let verdict = match shadow.0.verdicts.try_acquire() {
            Ok(_place) => {
                let munjigi = (shadow.app(), &shadow.0.routes);
                verdict::of(munjigi, &asked, &shadow.0.under_way, (head, body)).await
            }
            Err(_) => Err("too_many_at_once".to_owned()),
        };
        Self {
            shadow,
            asked,
            stay,
            verdict,
            when: (began, shadow.app().now()),
        }
    }

    /// Django's answer, after it was held against the verdict.
    async fn passed_on(self, theirs: Response) -> Response {
        let (shadow, route, began) = (self.shadow, self.asked.route, self.when.0);
        let (head, body) = theirs.into_parts();
        let mut reading = Bounded::new(body, ANSWER);
        let Some(body) = reading.whole().await else {
            let fault = if reading.is_broken() {
                "answer_broken"
            } else {
                "answer_too_large"
            };
            shadow.without_verdict(route, fault);
            return Response::from_parts(head, reading.into_body());
        };
        let judged = self.outcome(&head.headers, (head.status, &body));
        match timeout(READING, verdict::without_panic(judged)).await {
            Ok(Ok(outcome)) => shadow.0.report.note(route.name, outcome, began),
            Ok(Err(why)) => shadow.without_verdict(route, why),
            Err(_) => shadow.without_verdict(route, "database_busy"),
        }
        Response::from_parts(head, body.into())
    }

    /// What came of it, or a word for why nothing did.
    async fn outcome(
        self,
        headers: &HeaderMap,
        (status, body): (StatusCode, &Bytes),
    ) -> Result<Outcome, String> {
        let mut verdict = self.verdict?;
        let body = decoded(headers, body).ok_or("answer_encoded")?;
        let app = self.shadow.app();
        let when = When {
            from: self.when.1.as_second(),
            to: app.now().as_second(),
        };
        let (answer, handed) = taken_apart(app, status, headers, (&body, when));
        let began = self.when.0;
        let left = Footprint::read(app, &self.asked, &verdict.before, &handed, began).await;
        let left = left.map_err(|error| error.code())?;
        if self.stay.is_disturbed() {
            return Err("the_same_token_or_session_at_once".to_owned());
        }
        let mut theirs = Side { answer, left };
        if verdict.stay.is_disturbed() {
            verdict.side.left.forget_users();
            theirs.left.forget_users();
        }
        Ok(judge(app, &self.asked, &verdict.side, &theirs))
    }
}

/// The answer of one side, its tokens judged by our keys.
fn taken_apart(
    app: &App,
    status: StatusCode,
    headers: &HeaderMap,
    (body, when): (&[u8], When),
) -> (Answer, Handed) {
    let is_good_here = |text: &str| {
        UntypedToken::verify_at(app.jwt(), text, app.now()).is_ok()
            || app.jwt_auth().verify_at(text, app.now()).is_ok()
    };
    Answer::of(status.as_u16(), headers, body, when, is_good_here)
}

fn judge(app: &App, asked: &Asked, ours: &Side, theirs: &Side) -> Outcome {
    let settings = app.jwt().settings();
    let rules = Rules {
        jti_claim: settings.jti_claim.clone(),
        revoke_claim: settings.revoke_token_claim.clone(),
        sent: asked.sent.clone(),
    };
    let stricter = Stricter {
        ends_with_password: settings.check_revoke_token,
        asks_the_list: app.config().verify_checks_blacklist,
    };
    let mut known = Vec::new();
    let mut differences = compare(ours, theirs, &rules);
    differences.retain(|difference| {
        let name = known::name(asked, (ours, theirs), difference, stricter);
        known.extend(name);
        name.is_none()
    });
    known.dedup();
    Outcome::Compared { differences, known }
}

/// A body as it is without `Content-Encoding: gzip`, `None` where it is in another one or too large.
fn decoded(headers: &HeaderMap, body: &Bytes) -> Option<Bytes> {
    match header::text(headers, CONTENT_ENCODING).as_deref() {
        None | Some("identity") => Some(body.clone()),
        Some("gzip") => {
            use std::io::Read as _;
            let mut plain = Vec::new();
            let limit = u64::try_from(ANSWER).unwrap_or(u64::MAX);
            let mut reader = flate2::read::GzDecoder::new(&**body).take(limit);
            reader.read_to_end(&mut plain).ok()?;
            (plain.len() < ANSWER).then(|| plain.into())
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::CONTENT_ENCODING;
    use std::io::Write;

    #[test]
    fn an_answer_in_gzip_is_read_and_one_that_unpacks_to_too_much_is_not() {
        let packed = |bytes: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(bytes).unwrap();
            Bytes::from(encoder.finish().unwrap())
        };
        let in_gzip = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
        assert_eq!(decoded(&in_gzip, &packed(b"{}")).unwrap(), "{}");
        assert_eq!(decoded(&in_gzip, &packed(&vec![b' '; 2 * ANSWER])), None);
        assert_eq!(decoded(&in_gzip, &Bytes::from("{}")), None);
        assert_eq!(decoded(&HeaderMap::new(), &Bytes::from("{}")).unwrap(), "{}");
        let in_brotli = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static("br"))]);
        assert_eq!(decoded(&in_brotli, &Bytes::from("{}")), None);
    }

    #[test]
    fn a_client_that_offers_h2c_goes_on_and_one_that_wants_a_websocket_does_not() {
        for (offered, is_another) in [
            ("h2c", false),
            ("H2C", false),
            ("websocket", true),
            ("h2c, websocket", true),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(UPGRADE, HeaderValue::from_static(offered))]);
            assert_eq!(wants_another_protocol(&headers), is_another, "{offered}");
        }
    }
}
