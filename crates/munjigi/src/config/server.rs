//! `BIND`, the limits that bound a client, and the log.

use std::time::Duration;

/// Sizes, times and counts that bound what one client, or all of them, may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `DATA_UPLOAD_MAX_MEMORY_SIZE` in bytes, default 1 MiB (Django: 2.5 MiB): a larger body is 413.
    pub body_bytes: usize,
    /// `DATA_UPLOAD_MAX_NUMBER_FIELDS`, default 1,000: more fields in a form are 400.
    pub form_fields: usize,
    /// `HEADER_TIMEOUT`, default 10 s: for the head of a request to arrive whole.
    pub header_timeout: Duration,
    /// `BODY_TIMEOUT`, default 20 s: for the body to arrive whole.
    pub body_timeout: Duration,
    /// `REQUEST_TIMEOUT`, default 30 s: from the head to the answer; later it is 503.
    pub request_timeout: Duration,
    /// `KEEP_ALIVE_TIMEOUT`, default 75 s: how long an idle connection is kept.
    pub keep_alive_timeout: Duration,
    /// `SHUTDOWN_TIMEOUT`, default 30 s: what requests under way are given after SIGTERM.
    pub shutdown_timeout: Duration,
    /// `MAX_CONNECTIONS`, default 10,000: further ones wait unaccepted.
    pub connections: usize,
}

/// What is logged, and in which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `LOG_LEVEL`, a `tracing` filter: `info`, or `warn,munjigi=debug`.
    pub level: String,
    /// `LOG_FORMAT`.
    pub format: LogFormat,
}

/// `LOG_FORMAT`: `text` for people, `json` for collectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text an event.
    Text,
    /// One JSON object an event.
    Json,
}
