//! SHA-256 as the kernels need it: its constants, and whole messages by the block function of RustCrypto.

use zeroize::Zeroizing;

/// A state or a digest: eight words.
pub(crate) type Words = [u32; 8];

/// FIPS 180-4, 5.3.3.
pub(crate) const INITIAL: Words = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Bits of HMAC's key and a digest after it: the last word of that digest's block.
pub(crate) const BITS_AFTER_KEY: u16 = 8 * (64 + 32);

/// One block.
pub(crate) fn compress(state: &mut Words, block: &[u8; 64]) {
    sha2::block_api::compress256(state, std::slice::from_ref(block));
}

/// The end of a message: `text`, `suffix` of at most four bytes, and the padding. `blocks` have gone into the state before.
pub(crate) fn absorb(state: &mut Words, blocks: u64, text: &[u8], suffix: &[u8]) {
    let (whole, rest) = text.as_chunks::<64>();
    for block in whole {
        compress(state, block);
    }

    let length = blocks * 64 + (text.len() + suffix.len()) as u64;
    let mut end = Zeroizing::new([0; 128]);
    let message = rest.iter().chain(suffix).chain(&[0x80]);
    end.iter_mut().zip(message).for_each(|(to, byte)| *to = *byte);
    let used = if rest.len() + suffix.len() + 1 + 8 > 64 {
        2
    } else {
        1
    };
    let (end, _) = end.as_chunks_mut::<64>();
    let used = end.iter_mut().take(used);
    let last = used.len().saturating_sub(1);
    for (at, block) in used.enumerate() {
        if at == last
            && let Some(place) = block.last_chunk_mut()
        {
            *place = (length * 8).to_be_bytes();
        }
        compress(state, block);
    }
}

/// Writes words as SHA-256 does, the high byte first, to the beginning of `to`.
pub(crate) fn write_bytes(words: &Words, to: &mut [u8]) {
    for (bytes, word) in to.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
}
