//! One derivation after the other, by RustCrypto's block function.

use crate::derivation::State;
use crate::sha256;
use zeroize::Zeroizing;

/// A block that holds a digest, once its first 32 bytes are written: the rest is padding.
const PADDED: [u8; 64] = {
    let mut block = [0; 64];
    block[32] = 0x80;
    [block[62], block[63]] = sha256::BITS_AFTER_KEY.to_be_bytes();
    block
};

pub(super) fn run(state: &mut State, steps: u32) {
    let mut block = Zeroizing::new(PADDED);
    let mut digest = Zeroizing::new(state.last);
    for _ in 0..steps {
        for start in [&state.inner, &state.outer] {
            sha256::write_bytes(&digest, block.as_mut_slice());
            *digest = *start;
            sha256::compress(&mut digest, &block);
        }
        let pairs = state.sum.iter_mut().zip(digest.iter());
        pairs.for_each(|(sum, word)| *sum ^= word);
    }
    state.last = *digest;
}
