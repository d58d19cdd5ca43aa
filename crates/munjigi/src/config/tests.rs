//! The settings as a whole: from what somebody writes to what the server reads, or the sentence that it stops with.

mod auth_cookie;
mod claims;
mod data_dir;
mod deployment;
mod jwt_auth;
mod keys;
mod reading;
mod resolving;
mod session_engine;
mod session_records;
mod simple_jwt;
mod users;

use super::{Config, Error, Mode, Sources, Written};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) const KEY: &str = "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdef";

/// A file that is gone when the test is over.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("munjigi-settings-{}-{number}.toml", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

pub(crate) fn gather(file: &str, variables: &[(&str, &str)]) -> Result<Written, Error> {
    let file = File::new(file);
    let variables = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    Written::gather(Sources {
        file: Some(file.0.clone()),
        variables,
        flags: Vec::new(),
    })
}

/// Resolves a file under `serve`, with a key and a database.
pub(crate) fn serve(file: &str) -> Result<Config, Error> {
    resolve(file, &[], Mode::Serve)
}

fn resolve(file: &str, variables: &[(&str, &str)], mode: Mode) -> Result<Config, Error> {
    let given = [
        ("MUNJIGI_SECRET_KEY", KEY),
        ("MUNJIGI_DATABASE_URL", "sqlite:x.sqlite3"),
    ];
    Config::resolve(&gather(file, &[&given, variables].concat())?, mode)
}

fn refusal(result: Result<Config, Error>) -> (&'static str, String) {
    let error = result.err().expect("it is refused");
    (error.code(), error.to_string())
}
