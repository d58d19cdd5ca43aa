//! What goes in comes out again, for many values drawn from a fixed seed.

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use jiff::Timestamp;
use munjigi_signing::{
    Age, Alphabet, Compress, SecretKey, SecretKeys, TimestampSigner, csrf::CsrfSecret, random_string, to_json,
};
use serde_json::{Map, Value};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(0x6d75_6e6a_6967_6921)
}

fn below(rng: &mut ChaCha20Rng, bound: u32) -> u32 {
    rng.next_u32() % bound
}

/// Any character: control, ASCII, other planes.
fn string(rng: &mut ChaCha20Rng) -> String {
    let length = below(rng, 12);
    (0..length)
        .map(|_| {
            let bound = [0x20, 0x80, 0x800, 0x1_0000, 0x11_0000][below(rng, 5) as usize];
            char::from_u32(below(rng, bound)).unwrap_or('\u{fffd}')
        })
        .collect()
}

fn value(rng: &mut ChaCha20Rng, depth: u32) -> Value {
    match below(rng, if depth == 0 { 7 } else { 9 }) {
        0 => Value::Null,
        1 => (rng.next_u32() & 1 == 0).into(),
        2 => rng.next_u64().into(),
        3 => rng.next_u64().cast_signed().into(),
        4 => below(rng, 1000).into(),
        // Any bit pattern; what is no number becomes null.
        5 => f64::from_bits(rng.next_u64()).into(),
        6 => string(rng).into(),
        7 => (0..below(rng, 5)).map(|_| value(rng, depth - 1)).collect(),
        _ => (0..below(rng, 5))
            .map(|_| (string(rng), value(rng, depth - 1)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

#[test]
fn dumps_and_loads_are_inverse_and_ascii() {
    let rng = &mut rng();
    let signer = TimestampSigner::new(&SecretKeys::new(SecretKey::new("k"), vec![]), "salt");
    let mut packed = 0;
    for _ in 0..2_000 {
        let object = value(rng, 4);
        assert!(
            to_json(&object).bytes().all(|byte| matches!(byte, b' '..=b'~')),
            "{object}"
        );
        for compress in [Compress::Never, Compress::IfShorter] {
            let signed = signer.dumps(&object, compress, Timestamp::UNIX_EPOCH);
            packed += usize::from(signed.starts_with('.'));
            assert_eq!(signer.loads(&signed, Age::Any).unwrap().value, object);
        }
    }
    assert!(
        packed > 100,
        "the values were large enough for zlib in {packed} cases only"
    );
}

#[test]
fn a_changed_character_anywhere_breaks_the_signature() {
    let rng = &mut rng();
    let signer = TimestampSigner::new(&SecretKeys::new(SecretKey::new("k"), vec![]), "salt");
    let signed = signer.dumps(
        &serde_json::json!({"a": 1}),
        Compress::Never,
        Timestamp::UNIX_EPOCH,
    );
    for position in 0..signed.len() {
        let mut bytes = signed.clone().into_bytes();
        while bytes == signed.as_bytes() {
            bytes[position] = b' ' + u8::try_from(below(rng, 95)).unwrap();
        }
        let changed = String::from_utf8(bytes).unwrap();
        assert!(signer.loads(&changed, Age::Any).is_err(), "{changed}");
    }
}

#[test]
fn a_mask_hides_the_secret_and_comes_off_again() {
    let rng = &mut rng();
    for _ in 0..2_000 {
        let (secret, other) = (CsrfSecret::new(rng), CsrfSecret::new(rng));
        let token = secret.mask(rng);
        assert_eq!(token.len(), 64);
        assert!(!token.contains(secret.expose()));
        assert_eq!(CsrfSecret::parse(&token).unwrap().expose(), secret.expose());
        assert_eq!(other.matches(&token), Ok(false));
    }
}

#[test]
fn random_strings_have_their_length_and_use_their_whole_alphabet_evenly() {
    let rng = &mut rng();
    for (alphabet, size) in [(Alphabet::ALPHANUMERIC, 62_usize), (Alphabet::LOWERCASE, 36)] {
        for length in [0, 1, 32, 63, 64, 65, 500] {
            assert_eq!(random_string(rng, length, alphabet).len(), length);
        }
        let mut counts = std::collections::HashMap::new();
        for character in random_string(rng, size * 10_000, alphabet).chars() {
            *counts.entry(character).or_insert(0_i64) += 1;
        }
        assert_eq!(counts.len(), size);
        // Each is expected 10,000 times, with a standard deviation of 100.
        assert!(
            counts.values().all(|count| (count - 10_000).abs() < 500),
            "{counts:?}"
        );
    }
}
