//! The crate from outside, through axum's router.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bearer;
mod cookies;
mod extractors;
mod permissions;
mod simplejwt_http;
mod support;
