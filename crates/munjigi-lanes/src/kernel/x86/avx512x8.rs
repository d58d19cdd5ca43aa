//! Eight lanes of 256-bit registers, with AVX-512's rotations and three-way logic.

use super::lanes::{Lanes, four};
use super::vertical::{each, schedule, vertical};
use crate::derivation::State;
use crate::sha256::{BITS_AFTER_KEY, K};
use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_extracti128_si256, _mm256_ror_epi32, _mm256_set1_epi32,
    _mm256_setr_epi32, _mm256_srli_epi32, _mm256_ternarylogic_epi32, _mm256_xor_si256,
};

vertical!("avx512f,avx512vl", __m256i);

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn add(a: __m256i, b: __m256i) -> __m256i {
    _mm256_add_epi32(a, b)
}

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_ternarylogic_epi32::<0x96>(a, b, c)
}

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn choose(e: __m256i, f: __m256i, g: __m256i) -> __m256i {
    _mm256_ternarylogic_epi32::<0xca>(e, f, g)
}

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn majority(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_ternarylogic_epi32::<0xe8>(a, b, c)
}

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn ror<const N: i32>(a: __m256i) -> __m256i {
    _mm256_ror_epi32::<N>(a)
}

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn shr<const N: i32>(a: __m256i) -> __m256i {
    _mm256_srli_epi32::<N>(a)
}

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn splat(word: u32) -> __m256i {
    _mm256_set1_epi32(word.cast_signed())
}

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn load(words: &[u32; 8]) -> __m256i {
    let [a, b, c, d, e, f, g, h] = words.map(u32::cast_signed);
    _mm256_setr_epi32(a, b, c, d, e, f, g, h)
}

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn store(vector: __m256i) -> [u32; 8] {
    let [a, b, c, d] = four(_mm256_extracti128_si256::<0>(vector));
    let [e, f, g, h] = four(_mm256_extracti128_si256::<1>(vector));
    [a, b, c, d, e, f, g, h]
}
