//! The SHA extensions: `N` streams, interleaved. One alone waits for its own results a third of the time; two leave the
//! unit that they share no time to wait.

use super::lanes::four;
use super::vertical::each;
use crate::derivation::State;
use crate::sha256::{BITS_AFTER_KEY, K, Words};
use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_castps_si128, _mm_castsi128_ps, _mm_set_epi32,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi32, _mm_shuffle_ps,
    _mm_xor_si128,
};

/// A state as `sha256rnds2` takes it: the words A, B, E, F and the words C, D, G, H, the first of each in the highest lane.
type Halves = [__m128i; 2];

/// Takes each of `states` so many iterations further. A stream without one hashes zeros, for nobody.
#[target_feature(enable = "sha,sse4.1")]
#[expect(clippy::indexing_slicing, reason = "a lane is less than N")]
pub(super) fn run<const N: usize>(states: &mut [&mut State], steps: u32) {
    let zeros = [halves(&[0; 8]); N];
    let (mut inner, mut outer, mut last, mut sum) = (zeros, zeros, zeros, zeros);
    for (lane, state) in states.iter().enumerate().take(N) {
        inner[lane] = halves(&state.inner);
        outer[lane] = halves(&state.outer);
        last[lane] = halves(&state.last);
        sum[lane] = halves(&state.sum);
    }
    for _ in 0..steps {
        last = compress(&outer, compress(&inner, last));
        for ([sum_a, sum_c], [a, c]) in sum.iter_mut().zip(last) {
            *sum_a = _mm_xor_si128(*sum_a, a);
            *sum_c = _mm_xor_si128(*sum_c, c);
        }
    }
    for (lane, state) in states.iter_mut().enumerate().take(N) {
        state.last = words(last[lane]);
        state.sum = words(sum[lane]);
    }
}

/// For each stream one block that holds a digest after a block of HMAC's key. The padding is known, and what follows from
/// it alone is folded when this is compiled.
#[target_feature(enable = "sha,sse4.1")]
#[inline]
fn compress<const N: usize>(start: &[Halves; N], digest: [Halves; N]) -> [Halves; N] {
    let mut w = digest.map(|halves| message(halves));
    let mut state = *start;
    each!(I in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 => {
        let constants = [K[4 * I], K[4 * I + 1], K[4 * I + 2], K[4 * I + 3]];
        for (state, w) in state.iter_mut().zip(&mut w) {
            *state = four_rounds(*state, w[I % 4], constants);
            // One step later than it could be: the rounds are what everything waits for.
            if (1..13).contains(&I) {
                w[(I + 3) % 4] = next(w[(I + 3) % 4], w[I % 4], w[(I + 1) % 4], w[(I + 2) % 4]);
            }
        }
    });
    for ([a, c], [start_a, start_c]) in state.iter_mut().zip(start) {
        *a = _mm_add_epi32(*a, *start_a);
        *c = _mm_add_epi32(*c, *start_c);
    }
    state
}

/// A digest and its padding as the words of a block, the first of each four in the lowest lane.
#[target_feature(enable = "sha,sse4.1")]
#[inline]
fn message([abef, cdgh]: Halves) -> [__m128i; 4] {
    let (low, high) = (_mm_castsi128_ps(abef), _mm_castsi128_ps(cdgh));
    [
        _mm_castps_si128(_mm_shuffle_ps::<0b10_11_10_11>(low, high)),
        _mm_castps_si128(_mm_shuffle_ps::<0b00_01_00_01>(low, high)),
        _mm_set_epi32(0, 0, 0, 0x8000_0000_u32.cast_signed()),
        _mm_set_epi32(i32::from(BITS_AFTER_KEY.cast_signed()), 0, 0, 0),
    ]
}

/// Four rounds, two at a time.
#[target_feature(enable = "sha,sse4.1")]
#[inline]
fn four_rounds([abef, cdgh]: Halves, w: __m128i, constants: [u32; 4]) -> Halves {
    let [a, b, c, d] = constants.map(u32::cast_signed);
    let words = _mm_add_epi32(w, _mm_set_epi32(d, c, b, a));
    let cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
    let abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32::<0b00_00_11_10>(words));
    [abef, cdgh]
}

/// The four words of the schedule that follow these sixteen.
#[target_feature(enable = "sha,sse4.1")]
#[inline]
fn next(first: __m128i, second: __m128i, third: __m128i, fourth: __m128i) -> __m128i {
    let tenth = _mm_alignr_epi8::<4>(fourth, third);
    _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(first, second), tenth), fourth)
}

#[target_feature(enable = "sha,sse4.1")]
#[inline]
fn halves(words: &Words) -> Halves {
    let [a, b, c, d, e, f, g, h] = words.map(u32::cast_signed);
    [_mm_set_epi32(a, b, e, f), _mm_set_epi32(c, d, g, h)]
}

#[target_feature(enable = "sha,sse4.1")]
#[inline]
fn words([abef, cdgh]: Halves) -> Words {
    let ([f, e, b, a], [h, g, d, c]) = (four(abef), four(cdgh));
    [a, b, c, d, e, f, g, h]
}
