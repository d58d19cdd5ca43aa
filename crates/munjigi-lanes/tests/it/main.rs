//! The kernels against RustCrypto, published vectors and rows of Django, through the public API.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod against_rustcrypto;
#[cfg(target_os = "linux")]
mod memory;
mod published;
mod sets;

use munjigi_lanes::{Derivation, KEY_LEN, Kernel, Kernels};
use std::num::NonZeroU32;

type Key = [u8; KEY_LEN];

fn derivation(password: &[u8], salt: &[u8], iterations: u32) -> Derivation {
    Derivation::new(password, salt, NonZeroU32::new(iterations).unwrap())
}

/// The keys of a batch that is done.
fn finish(batch: Vec<Derivation>) -> Vec<Key> {
    let key = |derivation: Derivation| *derivation.finish().ok().unwrap();
    batch.into_iter().map(key).collect()
}

/// Each kernel that this processor can run, by itself.
fn each_kernel() -> impl Iterator<Item = (Kernel, Kernels)> {
    let only = |kernel| Some((kernel, Kernels::only(kernel).ok()?));
    Kernel::ALL.into_iter().filter_map(only)
}
