//! A mail server that takes what it is sent, or does to its clients what the worst of them do.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What it does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes every mail.
    Takes,
    /// Says so of STARTTLS, and sends answers of its own right behind.
    Injects,
    /// Says that it offers STARTTLS, and refuses.
    RefusesTls,
    /// Refuses the first recipient for the moment.
    RefusesOnce,
    /// Refuses every recipient for good.
    Refuses,
    /// Accepts connections and says nothing.
    Hangs,
}

/// A server on a port of its own, for as long as it is kept.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    seen: Arc<Mutex<Seen>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    /// Every line that was said to it, outside of mails.
    lines: Vec<String>,
    mails: Vec<String>,
}

impl MailServer {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut held = Vec::new();
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                if manner == Manner::Hangs {
                    held.push(stream);
                } else {
                    let is_refused =
                        manner == Manner::Refuses || manner == Manner::RefusesOnce && connection == 0;
                    tokio::spawn(converse(stream, manner, is_refused, Arc::clone(&shared)));
                }
            }
        });
        Self { port, seen, task }
    }

    /// The settings that have mail sent here.
    pub(crate) fn settings(&self) -> [(&'static str, String); 3] {
        [
            (
                "EMAIL_BACKEND",
                "django.core.mail.backends.smtp.EmailBackend".to_owned(),
            ),
            ("EMAIL_HOST", "127.0.0.1".to_owned()),
            ("EMAIL_PORT", self.port.to_string()),
        ]
    }

    /// The mails that came, once there are so many.
    pub(crate) async fn mails(&self, count: usize) -> Vec<String> {
        self.until(|seen| seen.mails.len() >= count, |seen| seen.mails.clone())
            .await
    }

    /// What was said to it, once a line begins like this.
    pub(crate) async fn told(&self, beginning: &str) -> Vec<String> {
        let has_come = |seen: &Seen| seen.lines.iter().any(|line| line.starts_with(beginning));
        self.until(has_come, |seen| seen.lines.clone()).await
    }

    async fn until<T>(&self, is_so: impl Fn(&Seen) -> bool, take: impl Fn(&Seen) -> T) -> T {
        let start = Instant::now();
        loop {
            {
                let seen = self.seen.lock().unwrap();
                if is_so(&seen) {
                    return take(&seen);
                }
                assert!(
                    start.elapsed() < Duration::from_secs(20),
                    "it never came: {:?}",
                    seen.lines
                );
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(stream: TcpStream, manner: Manner, is_refused: bool, seen: Arc<Mutex<Seen>>) {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await.unwrap();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        seen.lock().unwrap().lines.push(line.clone());
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" if manner == Manner::Takes => b"250-here\r\n250 8BITMIME\r\n",
            "EHLO" => b"250-here\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
            "STARTTLS" if manner == Manner::Injects => {
                // What follows is no longer private, if anybody believes it.
                let injected = b"220 go ahead\r\n250-here\r\n250 8BITMIME\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n";
                stream.write_all(injected).await.unwrap();
                let mut rest = Vec::new();
                drop(stream.read_to_end(&mut rest).await);
                let heard = if rest.first() == Some(&0x16) {
                    "ClientHello, and "
                } else {
                    ""
                };
                let text = String::from_utf8_lossy(&rest).into_owned();
                let plain = if text.contains("MAIL FROM") {
                    "a mail"
                } else {
                    "no mail"
                };
                seen.lock().unwrap().lines.push(format!("then {heard}{plain}"));
                return;
            }
            "STARTTLS" => b"454 not now\r\n",
            "RCPT" if is_refused && manner == Manner::RefusesOnce => b"451 later\r\n",
            "RCPT" if is_refused => b"550 there is no such mailbox\r\n",
            "DATA" => {
                stream.write_all(b"354 go\r\n").await.unwrap();
                let mail = mail(&mut stream).await;
                seen.lock().unwrap().mails.push(mail);
                b"250 taken\r\n"
            }
            _ => b"250 ok\r\n",
        };
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// Lines up to the one with a dot.
async fn mail(stream: &mut BufReader<TcpStream>) -> String {
    let mut mail = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 || line == ".\r\n" {
            return mail;
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
