//! A log and a banner that nobody reads, or that cannot be written.

use super::{Dev, Folder, MSEO};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;

#[cfg(target_os = "linux")]
#[test]
fn a_log_on_a_full_disk_stops_no_request() {
    let folder = Folder::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let dev = folder.dev_logging_to("C", full);
    assert!(dev.ask("/healthz", 1).starts_with("HTTP/1.1 200 "));
    assert!(dev.post("/user/jwt_signup", MSEO).starts_with("HTTP/1.1 201 "));
    assert_eq!(dev.terminate(), Some(0));
}

#[test]
fn a_log_that_nobody_reads_stops_no_request() {
    let folder = Folder::new();
    let (unread, log) = std::io::pipe().unwrap();
    let dev = folder.dev_logging_to("C", log);
    // More lines than a pipe and the memory of the log hold together.
    let answers = dev.ask("/user/me", 24_000);
    assert_eq!(answers.matches("HTTP/1.1 401 ").count(), 24_000);
    assert!(dev.post("/user/jwt_signup", MSEO).starts_with("HTTP/1.1 201 "));
    assert!(dev.ask("/healthz", 1).starts_with("HTTP/1.1 200 "));
    // Who reads again is told what he missed, and hears the end.
    let mut lines = BufReader::new(unread).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("were dropped lines=")));
    assert_eq!(dev.terminate(), Some(0));
    assert!(lines.any(|line| line.contains("stopping: no new connections are taken")));
}

#[test]
fn a_log_that_nobody_reads_does_not_hold_up_the_end() {
    let folder = Folder::new();
    let (_unread, log) = std::io::pipe().unwrap();
    let dev = folder.dev_logging_to("C", log);
    dev.ask("/user/me", 2000);
    assert_eq!(dev.terminate(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_banner_that_nobody_can_read_does_not_stop_the_start() {
    let folder = Folder::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = free.to_string();
    let mut command = folder.command(&["dev", "--bind", &address]);
    let child = command.stdout(full).stderr(Stdio::null()).spawn().unwrap();
    let mut dev = Dev {
        child,
        address,
        banner: String::new(),
    };
    while TcpStream::connect(&dev.address).is_err() {
        assert!(dev.child.try_wait().unwrap().is_none(), "it has stopped");
        thread::yield_now();
    }
    assert!(dev.ask("/healthz", 1).starts_with("HTTP/1.1 200 "));
    assert_eq!(dev.terminate(), Some(0));
}

#[test]
fn the_banner_speaks_the_language_of_the_terminal() {
    let folder = Folder::new();
    let dev = folder.dev("ko_KR.UTF-8");
    assert!(
        dev.banner.starts_with("munjigi 개발 서버가 준비되었습니다"),
        "{}",
        dev.banner
    );
    assert_eq!(dev.terminate(), Some(0));
}
