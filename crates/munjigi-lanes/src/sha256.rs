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

/// The constants of the rounds. FIPS 180-4, 4.2.2.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
pub(crate) const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
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
