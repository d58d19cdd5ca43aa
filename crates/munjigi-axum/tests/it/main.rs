//! The crate from outside, through axum's router.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bearer;
mod cookies;
#[cfg(feature = "remote")]
mod ended;
mod extractors;
#[cfg(feature = "remote")]
mod issuer;
#[cfg(feature = "remote")]
mod jwks;
mod permissions;
mod simplejwt_http;
mod support;
