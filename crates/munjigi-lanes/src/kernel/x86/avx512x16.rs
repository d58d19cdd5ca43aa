//! Sixteen lanes of 512-bit registers, with AVX-512F's rotations and three-way logic.

use super::lanes::{Lanes, four};
use super::vertical::{each, schedule, vertical};
use crate::derivation::State;
use crate::sha256::{BITS_AFTER_KEY, K};
use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_extracti32x4_epi32, _mm512_ror_epi32, _mm512_set1_epi32,
    _mm512_setr_epi32, _mm512_srli_epi32, _mm512_ternarylogic_epi32, _mm512_xor_si512,
};

vertical!("avx512f", __m512i);

#[target_feature(enable = "avx512f")]
#[inline]
fn add(a: __m512i, b: __m512i) -> __m512i {
    _mm512_add_epi32(a, b)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn xor(a: __m512i, b: __m512i) -> __m512i {
    _mm512_xor_si512(a, b)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn choose(e: __m512i, f: __m512i, g: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(e, f, g)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn majority(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xe8>(a, b, c)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn ror<const N: i32>(a: __m512i) -> __m512i {
    _mm512_ror_epi32::<N>(a)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn shr<const N: u32>(a: __m512i) -> __m512i {
    _mm512_srli_epi32::<N>(a)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn splat(word: u32) -> __m512i {
    _mm512_set1_epi32(word.cast_signed())
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load(words: &[u32; 16]) -> __m512i {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = words.map(u32::cast_signed);
    _mm512_setr_epi32(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store(vector: __m512i) -> [u32; 16] {
    let [a, b, c, d] = four(_mm512_extracti32x4_epi32::<0>(vector));
    let [e, f, g, h] = four(_mm512_extracti32x4_epi32::<1>(vector));
    let [i, j, k, l] = four(_mm512_extracti32x4_epi32::<2>(vector));
    let [m, n, o, p] = four(_mm512_extracti32x4_epi32::<3>(vector));
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}
