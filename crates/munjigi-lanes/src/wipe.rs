//! What a call leaves behind on the stack.

use zeroize::Zeroize;

/// More than any function of this crate, and what it calls, has in its frames.
const FRAMES: usize = 16 * 1024;

/// Overwrites the stack below the caller's frame, where the functions lay that have just returned.
///
/// A compiler spills registers where it likes, and no wrapper around a variable reaches those places. The kernels are
/// called from here or above, never inlined, so their frames were below.
#[inline(never)]
pub(crate) fn stack() {
    let mut frames = [0_u64; FRAMES / 8];
    frames.zeroize();
}
