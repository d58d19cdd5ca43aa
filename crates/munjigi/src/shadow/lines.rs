//! The file of a report: its lines are written by a thread of their own. A disk that is slow or full holds no request up; what
//! it does not take is counted.

use serde_json::Value;
use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Lines on their way to a file.
pub(super) struct Lines {
    waiting: SyncSender<String>,
    writer: JoinHandle<Written>,
    /// How many found no room.
    refused: u64,
}

/// The file, and how many lines could not be written to it.
type Written = (File, u64);

/// How many lines may wait, some hundred bytes each.
const WAITING: usize = 1_024;

impl Lines {
    /// Starts the thread.
    pub(super) fn to(file: File) -> io::Result<Self> {
        let (waiting, lines) = sync_channel(WAITING);
        let writer = thread::Builder::new()
            .name("munjigi-report".to_owned())
            .spawn(move || write(file, &lines))?;
        Ok(Self {
            waiting,
            writer,
            refused: 0,
        })
    }

    /// Hands a line over, or counts it as one that is missing. It never waits.
    pub(super) fn add(&mut self, line: &Value) {
        if self.waiting.try_send(format!("{line}\n")).is_err() {
            self.refused += 1;
        }
    }

    /// Waits for all of them, and writes a last one that is told how many are missing. Gives that number too.
    pub(super) fn end(self, last: impl FnOnce(u64) -> Value) -> io::Result<u64> {
        drop(self.waiting);
        let ended = self.writer.join();
        let (mut file, failed) = ended.map_err(|_| io::Error::other("the thread that wrote it panicked"))?;
        let missing = self.refused + failed;
        file.write_all(format!("{}\n", last(missing)).as_bytes())?;
        if file.metadata()?.is_file() {
            file.sync_all()?;
        }
        Ok(missing)
    }
}

fn write(mut file: File, lines: &Receiver<String>) -> Written {
    let mut failed = 0;
    for line in lines {
        if let Err(error) = file.write_all(line.as_bytes()) {
            failed += 1;
            if failed == 1 {
                tracing::error!(target: "munjigi::shadow", %error, "the report cannot be written");
            }
        }
    }
    (file, failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::{Read, pipe};
    use std::os::fd::OwnedFd;

    #[test]
    fn lines_that_a_slow_disk_does_not_take_are_counted_and_nobody_waits_for_them() {
        let (mut reader, writer) = pipe().unwrap();
        let mut lines = Lines::to(File::from(OwnedFd::from(writer))).unwrap();
        let added = 20_000;
        // Nobody reads: this ends because nobody waits.
        for number in 0..added {
            lines.add(&json!({"number": number, "what": "x".repeat(100)}));
        }
        let reading = thread::spawn(move || {
            let mut written = String::new();
            reader.read_to_string(&mut written).unwrap();
            written
        });
        let missing = lines.end(|missing| json!({"missing": missing})).unwrap();
        let written = reading.join().unwrap();
        assert!(missing > 0);
        assert_eq!(written.lines().count() as u64, added - missing + 1);
        assert_eq!(
            written.lines().last().unwrap(),
            json!({"missing": missing}).to_string()
        );
    }

    #[test]
    fn lines_that_a_full_disk_refuses_are_counted() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut lines = Lines::to(full).unwrap();
        lines.add(&json!({}));
        let mut told = None;
        let ended = lines.end(|missing| {
            told = Some(missing);
            json!({})
        });
        assert_eq!(told, Some(1));
        assert!(ended.is_err());
    }
}
