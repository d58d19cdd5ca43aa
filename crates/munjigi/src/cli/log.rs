//! The log: lines on standard error, written by a thread of their own.
//!
//! Whoever reads them may stop reading, and a disk may be full. A request neither waits for that nor fails by it: lines
//! that cannot be written in time are dropped, and their number is told once there is room again.
//! `tracing-appender` does nearly this. It counts lines where we bound bytes, forgets that a write failed, and prints
//! from a destructor, which is a panic where standard output is gone too.

use super::error::{Error, Result};
use crate::config::{LogFormat, LogSettings};
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::mem;
use std::os::fd::AsFd;
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Bytes that may wait to be written, and as many more that are being written: some thousand lines.
const CAPACITY: usize = 1024 * 1024;

/// How long the last lines may take.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Sends the log to standard error, and what a panic says into the log. The last lines are written when what this gives
/// back is dropped.
///
/// # Errors
/// There is no thread, or no file descriptor, to be had.
pub(super) fn start(settings: &LogSettings) -> Result<Log> {
    // A descriptor of our own: `io::stderr` has a lock, and who waits with it in hand would stop all others.
    let out = io::stderr().as_fd().try_clone_to_owned().map_err(Error::Log)?;
    let queue = Arc::new(Queue::default());
    let worker = Arc::clone(&queue);
    thread::Builder::new()
        .name("munjigi-log".to_owned())
        .spawn(move || worker.run(File::from(out), tell))
        .map_err(Error::Log)?;
    // The settings have read this filter once already.
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&settings.level))
        .with_ansi(has_colours())
        .log_internal_errors(false)
        .with_writer(Lines(Arc::clone(&queue)));
    match settings.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    panic::set_hook(Box::new(note));
    Ok(Log(queue))
}

/// The log of a server that runs.
pub(super) struct Log(Arc<Queue>);

impl Drop for Log {
    fn drop(&mut self) {
        let lines = self.0.lock();
        let is_open = |lines: &mut Waiting| lines.is_writing || !lines.bytes.is_empty();
        drop(self.0.changed.wait_timeout_while(lines, LAST_LINES, is_open));
    }
}

/// Colours are for eyes, and a reader may decline them (no-color.org).
fn has_colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty())
}

fn tell(dropped: usize) {
    tracing::warn!(
        lines = dropped,
        "lines of the log could not be written in time and were dropped"
    );
}

fn note(panic: &PanicHookInfo<'_>) {
    tracing::error!(
        at = panic.location().map(tracing::field::display),
        words = panic.payload_as_str(),
        "a panic"
    );
}

/// The lines that wait to be written.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    dropped: usize,
    is_writing: bool,
}

impl Queue {
    /// Whoever panicked with the lock in hand has left whole lines behind.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut waiting = self.lock();
        if waiting.bytes.len().saturating_add(line.len()) > CAPACITY {
            waiting.dropped += 1;
        } else {
            waiting.bytes.extend_from_slice(line);
        }
        drop(waiting);
        self.changed.notify_all();
    }

    /// Waits for lines and takes all there are.
    fn take(&self) -> Vec<u8> {
        let waiting = self.lock();
        let taken = self
            .changed
            .wait_while(waiting, |waiting| waiting.bytes.is_empty());
        let mut waiting = taken.unwrap_or_else(PoisonError::into_inner);
        waiting.is_writing = true;
        mem::take(&mut waiting.bytes)
    }

    /// Notes what became of the lines that were taken. Gives the number of all that are missing so far, once: where
    /// there is room again, so that it can be told.
    fn missing(&self, lines: &[u8], result: &io::Result<()>) -> usize {
        let mut waiting = self.lock();
        if result.is_ok() {
            return mem::take(&mut waiting.dropped);
        }
        waiting.dropped += lines.split_inclusive(|byte| *byte == b'\n').count();
        0
    }

    fn run(&self, mut out: impl Write, tell: impl Fn(usize)) -> ! {
        loop {
            let lines = self.take();
            let missing = self.missing(&lines, &out.write_all(&lines));
            if missing > 0 {
                tell(missing);
            }
            // Not before: the line that tells it is one of the last, too.
            self.lock().is_writing = false;
            self.changed.notify_all();
        }
    }
}

/// Where the subscriber writes, a line at a time.
struct Lines(Arc<Queue>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

struct Line<'a>(&'a Queue);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Says when it is asked to write, and does what it is told then.
    struct Door {
        asked: Sender<Vec<u8>>,
        told: Receiver<io::Result<()>>,
    }

    impl Write for Door {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            self.asked.send(lines.to_vec()).unwrap();
            self.told.recv().unwrap().map(|()| lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Room {
        queue: Arc<Queue>,
        asked: Receiver<Vec<u8>>,
        tell: Sender<io::Result<()>>,
        missing: Receiver<usize>,
    }

    fn room() -> Room {
        let queue = Arc::new(Queue::default());
        let ((asks, asked), (tell, told), (tells, missing)) = (channel(), channel(), channel());
        let worker = Arc::clone(&queue);
        thread::spawn(move || {
            worker.run(Door { asked: asks, told }, move |count| {
                tells.send(count).unwrap();
            })
        });
        Room {
            queue,
            asked,
            tell,
            missing,
        }
    }

    #[test]
    fn lines_past_the_bound_are_dropped_and_counted_and_nobody_waits() {
        let room = room();
        room.queue.push(b"first\n");
        assert_eq!(room.asked.recv().unwrap(), b"first\n");
        // Nobody reads now.
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        for _ in 0..CAPACITY / line.len() + 3 {
            room.queue.push(&line);
        }
        room.tell.send(Ok(())).unwrap();
        assert_eq!(room.missing.recv().unwrap(), 3);
        assert_eq!(room.asked.recv().unwrap().len(), CAPACITY);
    }

    #[test]
    fn lines_that_a_full_disk_refused_are_counted_when_it_has_room_again() {
        let room = room();
        room.queue.push(b"one\n");
        room.asked.recv().unwrap();
        room.queue.push(b"two\nthree\n");
        room.tell.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        room.asked.recv().unwrap();
        room.tell.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        room.queue.push(b"four\n");
        assert_eq!(room.asked.recv().unwrap(), b"four\n");
        room.tell.send(Ok(())).unwrap();
        assert_eq!(room.missing.recv().unwrap(), 3);
    }

    #[test]
    fn the_last_lines_are_waited_for() {
        let room = room();
        let log = Log(Arc::clone(&room.queue));
        room.queue.push(b"last\n");
        let ending = thread::spawn(move || drop(log));
        assert_eq!(room.asked.recv().unwrap(), b"last\n");
        room.tell.send(Ok(())).unwrap();
        ending.join().unwrap();
        let waiting = room.queue.lock();
        assert!(!waiting.is_writing && waiting.bytes.is_empty());
    }
}
