//! Eight lanes of 256-bit registers as AVX2 has them: a rotation is two shifts.

use super::lanes::{Lanes, four};
use super::vertical::{each, schedule, vertical};
use crate::derivation::State;
use crate::sha256::{BITS_AFTER_KEY, K};
use std::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_and_si256, _mm256_extracti128_si256,
    _mm256_or_si256, _mm256_set1_epi32, _mm256_setr_epi32, _mm256_sll_epi32, _mm256_srl_epi32,
    _mm256_xor_si256,
};

vertical!("avx2", __m256i);

#[target_feature(enable = "avx2")]
#[inline]
fn add(a: __m256i, b: __m256i) -> __m256i {
    _mm256_add_epi32(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    xor(a, xor(b, c))
}

#[target_feature(enable = "avx2")]
#[inline]
fn choose(e: __m256i, f: __m256i, g: __m256i) -> __m256i {
    xor(g, _mm256_and_si256(e, xor(f, g)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn majority(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn ror<const N: i32>(a: __m256i) -> __m256i {
    let left = _mm256_sll_epi32(a, _mm_cvtsi32_si128(32 - N));
    _mm256_or_si256(_mm256_srl_epi32(a, _mm_cvtsi32_si128(N)), left)
}

#[target_feature(enable = "avx2")]
#[inline]
fn shr<const N: i32>(a: __m256i) -> __m256i {
    _mm256_srl_epi32(a, _mm_cvtsi32_si128(N))
}

#[target_feature(enable = "avx2")]
#[inline]
fn splat(word: u32) -> __m256i {
    _mm256_set1_epi32(word.cast_signed())
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(words: &[u32; 8]) -> __m256i {
    let [a, b, c, d, e, f, g, h] = words.map(u32::cast_signed);
    _mm256_setr_epi32(a, b, c, d, e, f, g, h)
}

#[target_feature(enable = "avx2")]
#[inline]
fn store(vector: __m256i) -> [u32; 8] {
    let [a, b, c, d] = four(_mm256_extracti128_si256::<0>(vector));
    let [e, f, g, h] = four(_mm256_extracti128_si256::<1>(vector));
    [a, b, c, d, e, f, g, h]
}
