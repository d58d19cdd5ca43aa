//! States turned on their side: each word of all derivations next to each other.

use crate::derivation::State;
use crate::sha256::Words;
use std::arch::x86_64::{__m128i, _mm_extract_epi32};
use zeroize::Zeroize;

/// `N` states. A lane without a derivation is full of zeros, and what is computed in it is dropped.
pub(super) struct Lanes<const N: usize> {
    pub(super) inner: [[u32; N]; 8],
    pub(super) outer: [[u32; N]; 8],
    pub(super) last: [[u32; N]; 8],
    pub(super) sum: [[u32; N]; 8],
}

impl<const N: usize> Lanes<N> {
    pub(super) fn gather(states: &[&mut State]) -> Self {
        Self {
            inner: turned(states, |state| &state.inner),
            outer: turned(states, |state| &state.outer),
            last: turned(states, |state| &state.last),
            sum: turned(states, |state| &state.sum),
        }
    }

    /// Writes back what iterations change.
    pub(super) fn scatter(&self, states: &mut [&mut State]) {
        for (lane, state) in states.iter_mut().enumerate() {
            write_lane(&self.last, lane, &mut state.last);
            write_lane(&self.sum, lane, &mut state.sum);
        }
    }
}

impl<const N: usize> Drop for Lanes<N> {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
        self.last.zeroize();
        self.sum.zeroize();
    }
}

fn turned<const N: usize>(states: &[&mut State], part: impl Fn(&State) -> &Words) -> [[u32; N]; 8] {
    let mut turned = [[0; N]; 8];
    for (lane, state) in states.iter().enumerate() {
        for (words, word) in turned.iter_mut().zip(part(state)) {
            if let Some(place) = words.get_mut(lane) {
                *place = *word;
            }
        }
    }
    turned
}

fn write_lane<const N: usize>(turned: &[[u32; N]; 8], lane: usize, to: &mut Words) {
    for (to, words) in to.iter_mut().zip(turned) {
        if let Some(word) = words.get(lane) {
            *to = *word;
        }
    }
}

/// The words of a 128-bit register.
#[target_feature(enable = "sse4.1")]
#[inline]
pub(super) fn four(vector: __m128i) -> [u32; 4] {
    [
        _mm_extract_epi32::<0>(vector).cast_unsigned(),
        _mm_extract_epi32::<1>(vector).cast_unsigned(),
        _mm_extract_epi32::<2>(vector).cast_unsigned(),
        _mm_extract_epi32::<3>(vector).cast_unsigned(),
    ]
}
