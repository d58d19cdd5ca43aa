//! The kernels against RustCrypto and published vectors, through the public API.
#![expect(clippy::unwrap_used, reason = "tests")]

mod against_rustcrypto;

use munjigi_lanes::{Derivation, KEY_LEN};
use std::num::NonZeroU32;

fn derivation(password: &[u8], salt: &[u8], iterations: u32) -> Derivation {
    Derivation::new(password, salt, NonZeroU32::new(iterations).unwrap())
}

/// The keys of a batch that is done.
fn finish(batch: Vec<Derivation>) -> Vec<[u8; KEY_LEN]> {
    batch
        .into_iter()
        .map(|derivation| *derivation.finish().ok().unwrap())
        .collect()
}
