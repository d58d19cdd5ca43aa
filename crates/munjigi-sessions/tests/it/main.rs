//! Against what Django 5.2 itself wrote and decided, and round trips of what it did not.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod round_trips;
mod sessions;
mod vectors;
