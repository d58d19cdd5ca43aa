//! The tokens and verdicts of real simplejwt, and published vectors, against this crate's public API.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![cfg_attr(feature = "asymmetric", expect(clippy::indexing_slicing, reason = "tests"))]

#[cfg(feature = "asymmetric")]
mod algorithms;
mod deviations;
#[cfg(feature = "asymmetric")]
mod jwk;
mod jws;
#[cfg(feature = "asymmetric")]
mod keys;
mod minting;
mod renewing;
#[cfg(feature = "asymmetric")]
mod ring;
mod round_trips;
mod settings;
mod verdicts;
mod verifying;
#[cfg(feature = "asymmetric")]
mod wycheproof;

use jiff::Timestamp;
use munjigi_tokens::{SigningKey, SimpleJwt, SimpleJwtSettings};
use munjigi_user::{AuthUser, UserId};
use serde_json::Value;
use std::sync::atomic::{AtomicU8, Ordering};

/// The moment at which the golden data was made.
const NOW: i64 = 1_767_225_600;
const KEY: &str = "django-insecure-munjigi-vector-key-0123456789abcdefghijklmnopqrstuvwxyz";

/// A file of golden data.
fn fixture(path: &str) -> Value {
    let path = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/{}"), path);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text {key:?} in {vector}"))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// The settings of the golden data: simplejwt's own lifetimes.
fn settings() -> SimpleJwtSettings {
    let mut settings = SimpleJwtSettings::new(SigningKey::new(KEY));
    settings.refresh_token_lifetime = jiff::SignedDuration::from_hours(24);
    settings
}

/// A fixed clock, and ids that count: `10000000000040008000000000000001`, then `…02`.
fn jwt(settings: SimpleJwtSettings) -> SimpleJwt {
    let count = AtomicU8::new(0);
    let next_id = move || {
        let mut id = [0; 16];
        id[0] = 0x10;
        id[15] = count.fetch_add(1, Ordering::Relaxed) + 1;
        id
    };
    SimpleJwt::new(settings)
        .unwrap()
        .with_clock(|| at(NOW))
        .with_entropy(next_id)
}

/// The user of the golden data.
struct User;

impl AuthUser for User {
    fn id(&self) -> UserId {
        UserId::Int(1)
    }

    fn password(&self) -> &'static str {
        "pbkdf2_sha256$1000$seasalt$3dpgdrDxJWbIUp71KFgHCp7yc4u4kPgH1pj/JyMyPYI="
    }

    fn field(&self, name: &str) -> Option<String> {
        match name {
            "id" => Some("1".to_owned()),
            "username" => Some("mseo".to_owned()),
            _ => None,
        }
    }
}
