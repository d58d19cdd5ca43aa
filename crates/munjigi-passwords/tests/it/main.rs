//! The rows and verdicts of real Django, and published vectors, against this crate's public API.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod costs;
mod deviations;
mod hashers;
mod lanes;
mod legacy;
mod policy;
mod pool;
mod rfc;
mod stored;

use munjigi_passwords::Password;
use serde_json::Value;

/// A file of golden data.
fn vectors(file: &str) -> Value {
    let path = format!(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/vectors/{}"),
        file
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn password(text: &str) -> Password {
    Password::from(text.to_owned())
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text {key:?} in {vector}"))
}
