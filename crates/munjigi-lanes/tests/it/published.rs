//! Published vectors, and rows that the real Django made. A longer key begins with the first block, which is ours.

use crate::{derivation, each_kernel, finish};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use munjigi_lanes::{KEY_LEN, Kernels};
use serde_json::Value;

/// What is asked of each kernel.
struct Vector {
    password: Vec<u8>,
    salt: Vec<u8>,
    iterations: u32,
    /// Up to [`KEY_LEN`] bytes.
    key: Vec<u8>,
}

/// All at once by what this processor has, and those of less than 100,000 iterations by each kernel.
fn hold(vectors: &[Vector]) {
    check(&Kernels::detect(), vectors.iter().collect());
    for (_, kernels) in each_kernel() {
        check(
            &kernels,
            vectors.iter().filter(|it| it.iterations < 100_000).collect(),
        );
    }
}

fn check(kernels: &Kernels, vectors: Vec<&Vector>) {
    let begin = |it: &&Vector| derivation(&it.password, &it.salt, it.iterations);
    let mut batch: Vec<_> = vectors.iter().map(begin).collect();
    kernels.advance(&mut batch, u32::MAX);
    for (key, vector) in finish(batch).into_iter().zip(vectors) {
        assert!(key.starts_with(&vector.key), "{kernels:?}");
    }
}

#[test]
fn wycheproof_s_pbkdf2_vectors_hold_for_every_kernel() {
    let groups = fixture("wycheproof/pbkdf2_hmacsha256_test.json");
    let groups = groups["testGroups"].as_array().unwrap().iter();
    let tests = groups.flat_map(|group| group["tests"].as_array().unwrap());
    let vectors: Vec<Vector> = tests
        .inspect(|test| assert_eq!(test["result"], "valid"))
        .map(|test| Vector {
            password: hex(&test["password"]),
            salt: hex(&test["salt"]),
            iterations: number(&test["iterationCount"]),
            key: first_block(hex(&test["dk"])),
        })
        .collect();
    assert_eq!(vectors.len(), 60);
    hold(&vectors);
}

#[test]
fn the_vectors_of_rfc_7914_hold_for_every_kernel() {
    let vectors = fixture("vectors/rfc_vectors.json");
    let vectors = vectors["vectors"].as_array().unwrap().iter();
    let vectors: Vec<Vector> = vectors
        .filter(|it| it["kind"] == "pbkdf2" && it["hash"] == "sha256")
        .map(|it| Vector {
            password: text(&it["password"]),
            salt: text(&it["salt"]),
            iterations: number(&it["iterations"]),
            key: first_block(hex(&it["hex"])),
        })
        .collect();
    assert_eq!(vectors.len(), 2);
    hold(&vectors);
}

#[test]
fn the_rows_of_real_django_hold_for_every_kernel() {
    let vectors = fixture("vectors/hashers.json");
    let vectors = vectors["vectors"].as_array().unwrap().iter();
    let vectors: Vec<Vector> = vectors
        .filter(|it| it["algorithm"] == "pbkdf2_sha256" && it["verify"] == true)
        .map(|it| {
            let row: Vec<&str> = it["encoded"].as_str().unwrap().split('$').collect();
            let [_, iterations, salt, key] = row[..] else {
                panic!("{it}")
            };
            Vector {
                password: text(&it["password"]),
                salt: salt.into(),
                iterations: iterations.parse().unwrap(),
                key: STANDARD.decode(key).unwrap(),
            }
        })
        .collect();
    assert_eq!(vectors.len(), 50);
    hold(&vectors);
}

fn first_block(mut key: Vec<u8>) -> Vec<u8> {
    key.truncate(KEY_LEN);
    key
}

fn fixture(file: &str) -> Value {
    let path = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/{}"), file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn text(value: &Value) -> Vec<u8> {
    value.as_str().unwrap().into()
}

fn hex(value: &Value) -> Vec<u8> {
    let (pairs, _) = value.as_str().unwrap().as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.iter().map(byte).collect()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}
