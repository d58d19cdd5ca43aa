//! Against what Django 5.2 itself computed, and round trips of what it did not.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![expect(clippy::similar_names, reason = "signer and signed are Django's words")]

mod csrf;
mod reset_tokens;
mod round_trips;
mod signing;
mod vectors;
