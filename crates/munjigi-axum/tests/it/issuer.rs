//! Another server on this machine, which answers what a test tells it to, and counts.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the next questions are answered.
#[derive(Clone)]
pub(crate) enum Answer {
    /// 200 with this body.
    Json(String),
    /// These bytes, and the connection is closed.
    Raw(Vec<u8>),
    /// Nothing, for ever.
    Stall,
}

#[derive(Clone)]
pub(crate) struct Issuer(Arc<State>);

struct State {
    url: String,
    answer: Mutex<Answer>,
    targets: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

impl Issuer {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = Self(Arc::new(State {
            url: format!("http://{}/keys", listener.local_addr().unwrap()),
            answer: Mutex::new(answer),
            targets: Mutex::default(),
            connections: AtomicUsize::new(0),
        }));
        let serving = issuer.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serving.0.connections.fetch_add(1, SeqCst);
                tokio::spawn(serving.clone().converse(stream));
            }
        });
        issuer
    }

    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    pub(crate) fn answer(&self, answer: Answer) {
        *self.0.answer.lock().unwrap() = answer;
    }

    /// What was asked for since the last call: `/keys`, `/keys?after=1`.
    pub(crate) fn asked_for(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.targets.lock().unwrap())
    }

    /// How often it was asked since the last call.
    pub(crate) fn asked(&self) -> usize {
        self.asked_for().len()
    }

    pub(crate) fn connections(&self) -> usize {
        self.0.connections.load(SeqCst)
    }

    async fn converse(self, mut stream: TcpStream) {
        let mut head = Vec::new();
        loop {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
            if !head.ends_with(b"\r\n\r\n") {
                continue;
            }
            let target = String::from_utf8_lossy(&head)
                .split(' ')
                .nth(1)
                .unwrap()
                .to_owned();
            head.clear();
            self.0.targets.lock().unwrap().push(target);
            let answer = self.0.answer.lock().unwrap().clone();
            match answer {
                Answer::Json(body) => {
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                    stream.write_all((head + &body).as_bytes()).await.unwrap();
                }
                Answer::Raw(bytes) => {
                    // Who has read enough leaves in the middle.
                    drop(stream.write_all(&bytes).await);
                    return;
                }
                Answer::Stall => return std::future::pending().await,
            }
        }
    }
}

/// A clock that a test moves.
#[derive(Clone)]
pub(crate) struct Ticks(Arc<Mutex<Instant>>);

impl Ticks {
    pub(crate) fn start() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }

    pub(crate) fn clock(&self) -> impl Fn() -> Instant + Send + Sync + 'static {
        let ticks = self.clone();
        move || *ticks.0.lock().unwrap()
    }
}

/// Lets other tasks go on until it is so.
pub(crate) async fn until(mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .unwrap();
}

pub(crate) fn raw(status: &str, headers: &str, body: &str) -> Answer {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    Answer::Raw((head + body).into_bytes())
}

/// What no client may take for an answer, whatever it asked for.
pub(crate) fn hostile(elsewhere: &Issuer) -> Vec<(&'static str, Answer)> {
    let redirect = format!("location: {}\r\n", elsewhere.url());
    let long = "x".repeat(300 * 1024);
    vec![
        ("remote_status", raw("302 Found", &redirect, "")),
        ("remote_status", raw("307 Temporary Redirect", &redirect, "{}")),
        (
            "remote_status",
            raw("503 Service Unavailable", "retry-after: 1\r\n", "{}"),
        ),
        ("remote_status", raw("500 Internal Server Error", "", "")),
        ("remote_status", raw("204 No Content", "", "")),
        ("remote_too_large", raw("200 OK", "", &long)),
        (
            "remote_too_large",
            Answer::Raw(format!("HTTP/1.1 200 OK\r\n\r\n{long}").into_bytes()),
        ),
        (
            "remote_unreachable",
            raw("200 OK", &format!("x: {}\r\n", "y".repeat(64 * 1024)), "{}"),
        ),
        ("remote_unreachable", raw("200 OK", &"x: y\r\n".repeat(200), "{}")),
        (
            "remote_unreachable",
            Answer::Raw(b"SSH-2.0-OpenSSH_9.7\r\n".to_vec()),
        ),
        (
            "remote_unreachable",
            Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()),
        ),
        ("remote_unreachable", Answer::Raw(Vec::new())),
        ("remote_malformed", Answer::Json(String::new())),
        ("remote_malformed", Answer::Json("<!doctype html>".to_owned())),
        ("remote_malformed", Answer::Json("[]".to_owned())),
        ("remote_malformed", Answer::Json("{}".to_owned())),
        ("remote_malformed", raw("200 OK", "", "\u{feff}{}")),
    ]
}

/// Addresses that no client of ours asks.
pub(crate) const REFUSED_URLS: [&str; 14] = [
    "",
    "/keys",
    "localhost:8000",
    "file:///etc/passwd",
    "ftp://localhost/keys",
    "http://auth.example/keys",
    "http://127.0.0.1.example/keys",
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/keys",
    "http://[::2]/keys",
    "http://0.0.0.0/keys",
    "https://user:password@auth.example/keys",
    "http://auth.example@localhost/keys",
    "https:///keys",
];
