//! Puts a load on a server and says how it stood it: so many requests in flight (`--clients`), or so many a second whether
//! or not the ones before were answered (`--rate`, at moments drawn from a Poisson process). Beside it a probe asks for a
//! page at a steady pace, as those do who are signed in already.
//!
//! Prints one JSON object: for each status how many and how long, in milliseconds. With `--clients` a request that lies in the
//! window in part counts in part: a server that works on all at once answers them all at once, and its rate would hang on
//! whether the window ends before the last of few such bursts or after it. With `--rate` a request's time begins
//! when it was due, not when it went out, so that a server that stalls does not hide the wait of those who come meanwhile.
//! So it is for the probe's beats, but for the millisecond that a timer is late: [`probe`] says how.

use chacha20::ChaCha8Rng;
use clap::{ArgGroup, Parser};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rand_core::{Rng, SeedableRng};
use serde::Serialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// Puts a load on a server and says how it stood it.
#[derive(Parser)]
#[command(group(ArgGroup::new("load").required(true)))]
struct Arguments {
    /// Where the requests go, by POST.
    #[arg(long)]
    target: String,
    /// A file with a JSON body on each line; they are sent in turn.
    #[arg(long)]
    bodies: PathBuf,
    /// Requests in flight at each moment.
    #[arg(long, group = "load")]
    clients: Option<usize>,
    /// Requests a second.
    #[arg(long, group = "load")]
    rate: Option<f64>,
    /// How long requests are sent, after the warm-up.
    #[arg(long)]
    seconds: f64,
    /// Seconds at the beginning that are not counted.
    #[arg(long, default_value_t = 0.0)]
    warm_up: f64,
    /// Seconds after which a request counts as lost.
    #[arg(long, default_value_t = 60.0)]
    patience: f64,
    /// Addresses of this machine (127.0.0.2 and so on) that the requests come from in turn.
    #[arg(long, default_value_t = 64)]
    addresses: u8,
    /// Where the probe goes, by GET.
    #[arg(long, requires = "token")]
    probe: Option<String>,
    /// The bearer token that the probe shows.
    #[arg(long)]
    token: Option<String>,
    /// Probes a second.
    #[arg(long, default_value_t = 100.0)]
    probe_rate: f64,
    /// What the moments are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let window = Window::beginning_in(arguments.warm_up, arguments.seconds);
    let bodies = std::fs::read_to_string(&arguments.bodies)?;
    let senders = Arc::new(Senders::new(&arguments, &bodies));
    let seen = Arc::new(Seen::default());

    let mut work = JoinSet::new();
    if let (Some(url), Some(token)) = (arguments.probe, arguments.token) {
        work.spawn(probe(url, token, arguments.probe_rate, window, Arc::clone(&seen)));
    }
    if let Some(clients) = arguments.clients {
        for number in 0..clients {
            work.spawn(one_client(
                number,
                Arc::clone(&senders),
                window,
                Arc::clone(&seen),
            ));
        }
    }
    if let Some(rate) = arguments.rate {
        let moments = Moments::new(rate, arguments.seed);
        work.spawn(open_loop(
            moments,
            Arc::clone(&senders),
            window,
            Arc::clone(&seen),
        ));
    }
    while let Some(done) = work.join_next().await {
        done?;
    }
    let report = Report {
        seconds: arguments.seconds,
        load: Figures::of(&seen.load, arguments.seconds),
        probe: Figures::of(&seen.probe, arguments.seconds),
    };
    #[expect(clippy::print_stdout, reason = "the report is what the program is for")]
    {
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(())
}

/// A client that sends its next request when it has the answer to the last: he has one in flight at each moment of the window.
async fn one_client(number: usize, senders: Arc<Senders>, window: Window, seen: Arc<Seen>) {
    let mut turn = number;
    while Instant::now() < window.end {
        let began = Instant::now();
        let outcome = senders.send(turn).await;
        let answered = Instant::now();
        let share = window.share(began, answered);
        if share > 0.0 {
            seen.load.note(outcome, answered - began, share);
        }
        turn = turn.wrapping_add(senders.clients.len());
    }
}

/// Requests that come when they come.
async fn open_loop(mut moments: Moments, senders: Arc<Senders>, window: Window, seen: Arc<Seen>) {
    let mut due = Instant::now();
    let mut in_flight = JoinSet::new();
    for turn in 0.. {
        due += moments.next_gap();
        if due >= window.end {
            break;
        }
        sleep_until(due).await;
        let (senders, seen) = (Arc::clone(&senders), Arc::clone(&seen));
        in_flight.spawn(async move {
            let outcome = senders.send(turn).await;
            if window.has(due) {
                seen.load.note(outcome, due.elapsed(), 1.0);
            }
        });
    }
    while in_flight.join_next().await.is_some() {}
}

/// Somebody who is signed in and asks at a steady pace, on a connection of his own.
///
/// A beat that falls while nobody waits goes out when the timer says so, up to a millisecond late, and its time begins then:
/// this lateness is ours, and ten times what a good answer takes. A beat that falls while one before it still waits is not
/// sent. It counts all the same, as one that waited from when it was due until that answer, and had its outcome. So a server
/// that stalls for a second has a hundred who waited, and not one; and the probe never has more than one request in a slow
/// server, so that it is no load there. Sent, it would rather have had its answer later: the figures flatter who stalls.
async fn probe(url: String, token: String, rate: f64, window: Window, seen: Arc<Seen>) {
    let client = client_from(Ipv4Addr::LOCALHOST);
    let gap = Duration::from_secs_f64(1.0 / rate);
    let mut due = Instant::now();
    while due < window.end {
        sleep_until(due).await;
        let sent = Instant::now();
        let request = Request::get(&url)
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .body(Full::default());
        let outcome = match request {
            Ok(request) => answer_to(&client, request, Duration::from_secs(10)).await,
            Err(_) => Outcome::Lost,
        };
        let answered = Instant::now();
        while due <= answered {
            if window.has(due) {
                seen.probe.note(outcome, answered - due.max(sent), 1.0);
            }
            due += gap;
        }
    }
}

/// When requests count.
#[derive(Clone, Copy)]
struct Window {
    begin: Instant,
    end: Instant,
}

impl Window {
    fn beginning_in(warm_up: f64, seconds: f64) -> Self {
        let begin = Instant::now() + Duration::from_secs_f64(warm_up);
        let end = begin + Duration::from_secs_f64(seconds);
        Self { begin, end }
    }

    fn has(self, moment: Instant) -> bool {
        (self.begin..self.end).contains(&moment)
    }

    /// How much of the time between two moments lies in it, from 0 to 1.
    fn share(self, from: Instant, to: Instant) -> f64 {
        let inside = to.min(self.end).saturating_duration_since(from.max(self.begin));
        inside.as_secs_f64() / (to - from).as_secs_f64()
    }
}

/// The gaps of a Poisson process.
struct Moments {
    rate: f64,
    random: ChaCha8Rng,
}

impl Moments {
    fn new(rate: f64, seed: u64) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Self { rate, random }
    }

    fn next_gap(&mut self) -> Duration {
        // In (0, 1], so that the logarithm is finite.
        let share = (f64::from(self.random.next_u32()) + 1.0) / (f64::from(u32::MAX) + 1.0);
        Duration::from_secs_f64(-share.ln() / self.rate)
    }
}

type HttpClient = Client<HttpConnector, Full<Bytes>>;

fn client_from(address: Ipv4Addr) -> HttpClient {
    let mut connector = HttpConnector::new();
    connector.set_local_address(Some(IpAddr::V4(address)));
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Who sends the requests: a client for each address.
struct Senders {
    target: String,
    bodies: Vec<Bytes>,
    clients: Vec<HttpClient>,
    patience: Duration,
}

impl Senders {
    fn new(arguments: &Arguments, bodies: &str) -> Self {
        let addresses = (2..).take(arguments.addresses.into());
        Self {
            target: arguments.target.clone(),
            bodies: bodies.lines().map(|line| Bytes::from(line.to_owned())).collect(),
            clients: addresses
                .map(|last| client_from(Ipv4Addr::new(127, 0, 0, last)))
                .collect(),
            patience: Duration::from_secs_f64(arguments.patience),
        }
    }

    async fn send(&self, turn: usize) -> Outcome {
        let body = self.bodies.iter().cycle().nth(turn % self.bodies.len().max(1));
        let client = self.clients.iter().cycle().nth(turn % self.clients.len().max(1));
        let (Some(body), Some(client)) = (body, client) else {
            return Outcome::Lost;
        };
        let request = Request::post(&self.target)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body.clone()));
        match request {
            Ok(request) => answer_to(client, request, self.patience).await,
            Err(_) => Outcome::Lost,
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy)]
enum Outcome {
    Answered(u16),
    /// No answer in time, or the connection broke.
    Lost,
}

async fn answer_to(client: &HttpClient, request: Request<Full<Bytes>>, patience: Duration) -> Outcome {
    let answer = async {
        let response = client.request(request).await.ok()?;
        let status = response.status().as_u16();
        response.into_body().collect().await.ok()?;
        Some(status)
    };
    match timeout(patience, answer).await {
        Ok(Some(status)) => Outcome::Answered(status),
        Ok(None) | Err(_) => Outcome::Lost,
    }
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    load: Times,
    probe: Times,
}

/// Requests by their status; 0 stands for the lost.
#[derive(Default)]
struct Times(Mutex<BTreeMap<u16, Vec<Timed>>>);

struct Timed {
    ms: f64,
    /// How much of it counts, up to 1.
    share: f64,
}

impl Times {
    fn note(&self, outcome: Outcome, took: Duration, share: f64) {
        let status = match outcome {
            Outcome::Answered(status) => status,
            Outcome::Lost => 0,
        };
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ms = took.as_secs_f64() * 1e3;
        times.entry(status).or_default().push(Timed { ms, share });
    }
}

#[derive(Serialize)]
struct Report {
    seconds: f64,
    load: Figures,
    probe: Figures,
}

#[derive(Serialize)]
struct Figures {
    lost: usize,
    by_status: BTreeMap<u16, Summary>,
}

#[derive(Serialize)]
struct Summary {
    count: usize,
    per_second: f64,
    /// The milliseconds that 0, 1, … 100 of a hundred requests took at most.
    percentiles_ms: Vec<f64>,
}

impl Figures {
    fn of(times: &Times, seconds: f64) -> Self {
        let mut times = times.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = times.remove(&0).map_or(0, |lost| lost.len());
        let by_status = times
            .iter_mut()
            .map(|(&status, times)| (status, Summary::of(times, seconds)))
            .collect();
        Self { lost, by_status }
    }
}

impl Summary {
    fn of(times: &mut [Timed], seconds: f64) -> Self {
        times.sort_by(|one, other| one.ms.total_cmp(&other.ms));
        let last = times.len().saturating_sub(1);
        let percentiles_ms = (0..=100)
            .filter_map(|percent: usize| Some(times.get((last * percent).div_ceil(100))?.ms))
            .collect();
        let counted: f64 = times.iter().map(|it| it.share).sum();
        Self {
            count: times.len(),
            per_second: counted / seconds,
            percentiles_ms,
        }
    }
}
