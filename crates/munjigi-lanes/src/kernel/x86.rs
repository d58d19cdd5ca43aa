//! The kernels of x86-64, and the one place that calls them.

mod avx2x8;
mod avx512x16;
mod avx512x8;
mod lanes;
mod sha_ni;
mod vertical;

use super::Kernel;
use crate::derivation::State;
use std::arch::is_x86_feature_detected as has;

/// Whether the processor has the instructions of this kernel, and the system keeps its registers.
///
/// What is asked here is what the functions that [`run`] calls are compiled for: the word in their `target_feature`.
pub(super) fn is_available(kernel: Kernel) -> bool {
    match kernel {
        Kernel::Avx512x16 => has!("avx512f"),
        Kernel::Avx512x8 => has!("avx512f") && has!("avx512vl"),
        Kernel::Avx2x8 => has!("avx2"),
        Kernel::ShaNi2 | Kernel::ShaNi1 => has!("sha") && has!("sse4.1"),
        Kernel::Portable => false,
    }
}

/// Runs a kernel of this file; gives `false` where the processor cannot, and where it is none of these.
#[expect(
    unsafe_code,
    reason = "calls what is compiled for more than the least processor"
)]
pub(super) fn run(kernel: Kernel, states: &mut [&mut State], steps: u32) -> bool {
    if !is_available(kernel) {
        return false;
    }
    match kernel {
        // SAFETY: it asks for avx512f, which `is_available` has found for this kernel.
        Kernel::Avx512x16 => unsafe { avx512x16::run(states, steps) },
        // SAFETY: it asks for avx512f and avx512vl, which `is_available` has found for this kernel.
        Kernel::Avx512x8 => unsafe { avx512x8::run(states, steps) },
        // SAFETY: it asks for avx2, which `is_available` has found for this kernel.
        Kernel::Avx2x8 => unsafe { avx2x8::run(states, steps) },
        // SAFETY: it asks for sha and sse4.1, which `is_available` has found for this kernel.
        Kernel::ShaNi2 => unsafe { sha_ni::run::<2>(states, steps) },
        // SAFETY: as for two.
        Kernel::ShaNi1 => unsafe { sha_ni::run::<1>(states, steps) },
        Kernel::Portable => return false,
    }
    true
}
