//! What the crate `pbkdf2` gives, over `hmac` and `sha2`.

use crate::{Key, derivation, each_kernel, finish};
use chacha20::ChaCha8Rng;
use munjigi_lanes::{Derivation, KEY_LEN, Kernels};
use rand_core::{Rng, SeedableRng};

const EDGES: [usize; 12] = [0, 1, 31, 32, 55, 56, 63, 64, 65, 119, 128, 1000];

fn expected(password: &[u8], salt: &[u8], iterations: u32) -> Key {
    pbkdf2::pbkdf2_hmac_array::<sha2::Sha256, KEY_LEN>(password, salt, iterations)
}

fn text(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

#[test]
fn every_length_of_password_and_salt_is_hashed_as_rustcrypto_does() {
    for (kernel, kernels) in each_kernel() {
        for password in EDGES {
            let mut batch = Vec::new();
            let mut keys = Vec::new();
            for salt in EDGES {
                for iterations in [1, 2, 3, 7] {
                    let (password, salt) = (text(password, 1), text(salt, 2));
                    batch.push(derivation(&password, &salt, iterations));
                    keys.push(expected(&password, &salt, iterations));
                }
            }
            kernels.advance(&mut batch, 7);
            assert_eq!(finish(batch), keys, "{kernel}, {password} bytes");
        }
    }
}

#[test]
fn a_lane_is_hashed_alike_in_every_place_and_beside_every_number_of_others() {
    // Miri needs a second for each compression in sixteen lanes.
    let (fewest, iterations) = if cfg!(miri) { (usize::MAX, 2) } else { (1, 12) };
    for (kernel, kernels) in each_kernel() {
        for lanes in fewest.min(kernel.lanes())..=kernel.lanes() + 1 {
            let inputs: Vec<_> = (0..lanes).map(|lane| text(lane + 5, lane as u64)).collect();
            let begin = |it: &Vec<u8>| derivation(it, it, iterations);
            let mut batch: Vec<_> = inputs.iter().map(begin).collect();
            kernels.advance(&mut batch, iterations);
            let keys: Vec<_> = inputs.iter().map(|it| expected(it, it, iterations)).collect();
            assert_eq!(finish(batch), keys, "{kernel}, {lanes} lanes");
        }
    }
}

/// Fixed seed, small numbers of iterations: what is tried is the arithmetic, the lanes and their turns.
#[test]
fn a_hundred_thousand_random_inputs_are_hashed_as_rustcrypto_does_by_every_kernel() {
    const INPUTS: usize = 100_000;
    let mut rng = ChaCha8Rng::seed_from_u64(2026);
    let mut bytes = vec![0; 200_000];
    rng.fill_bytes(&mut bytes);
    let mut below = |end: u32| (rng.next_u32() % end) as usize;
    let inputs: Vec<(&[u8], &[u8], u32)> = (0..INPUTS)
        .map(|_| {
            let mut text = |end| {
                let from = below(199_000);
                &bytes[from..from + below(end)]
            };
            let (password, salt) = (text(80), text(70));
            (password, salt, 1 + u32::try_from(below(6)).unwrap())
        })
        .collect();
    let keys: Vec<Key> = inputs.iter().map(|it| expected(it.0, it.1, it.2)).collect();
    for (kernel, kernels) in each_kernel() {
        for (inputs, keys) in inputs.chunks(37).zip(keys.chunks(37)) {
            let mut batch: Vec<_> = inputs.iter().map(|it| derivation(it.0, it.1, it.2)).collect();
            kernels.advance(&mut batch, 2);
            kernels.advance(&mut batch, u32::MAX);
            assert_eq!(finish(batch), keys, "{kernel}");
        }
    }
}

/// In slices of every size, joined at every point, leaving at every other.
#[test]
fn derivations_join_and_leave_between_any_two_slices() {
    let sets = each_kernel()
        .map(|(_, kernels)| kernels)
        .chain([Kernels::detect()]);
    for kernels in sets {
        for slice in 1..=20 {
            let mut batch: Vec<Derivation> = Vec::new();
            let mut done = Vec::new();
            let mut waiting = 1..=40_u32;
            while !batch.is_empty() || !waiting.is_empty() {
                let joining = waiting.by_ref().take(2);
                batch.extend(joining.map(|n| derivation(&n.to_be_bytes(), b"salt", n)));
                kernels.advance(&mut batch, slice);
                done.extend(finish(batch.extract_if(.., |it| it.is_done()).collect()));
            }
            done.sort_unstable();
            let mut keys: Vec<_> = (1..=40_u32)
                .map(|n| expected(&n.to_be_bytes(), b"salt", n))
                .collect();
            keys.sort_unstable();
            assert_eq!(done, keys, "{kernels:?}, {slice}");
        }
    }
}
