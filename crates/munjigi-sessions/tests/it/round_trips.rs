//! What goes in comes out again, for many sessions drawn from a fixed seed.

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use jiff::Timestamp;
use munjigi_sessions::{SessionCodec, SessionData, SessionKey};
use munjigi_signing::{SecretKey, SecretKeys, to_json};
use serde_json::{Map, Value};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(0x6d75_6e6a_6967_6921)
}

fn below(rng: &mut ChaCha20Rng, bound: u32) -> u32 {
    rng.next_u32() % bound
}

fn name(rng: &mut ChaCha20Rng) -> String {
    let characters = ['a', 'b', '"', '\\', '\n', '\u{7f}', 'é', '홍', '😀'];
    (0..below(rng, 3))
        .map(|_| characters[below(rng, 9) as usize])
        .collect()
}

fn value(rng: &mut ChaCha20Rng, depth: u32) -> Value {
    match below(rng, if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => true.into(),
        2 => rng.next_u64().cast_signed().into(),
        3 => f64::from_bits(rng.next_u64()).into(),
        4 => name(rng).into(),
        5 => (0..below(rng, 4)).map(|_| value(rng, depth - 1)).collect(),
        _ => (0..below(rng, 4))
            .map(|_| (name(rng), value(rng, depth - 1)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

#[test]
fn a_session_behaves_as_an_ordered_map_through_any_number_of_changes_and_rows() {
    let rng = &mut rng();
    let codec = SessionCodec::new(&SecretKeys::new(SecretKey::new("k"), vec![]));
    for _ in 0..300 {
        let (mut session, mut model) = (SessionData::default(), Map::new());
        for _ in 0..20 {
            let name = name(rng);
            match below(rng, 4) {
                0 => assert_eq!(session.remove(&name), model.shift_remove(&name).is_some()),
                1 => {
                    let read = codec.decode(&codec.encode(&session, Timestamp::UNIX_EPOCH));
                    assert_eq!(
                        (read.damage, read.written_at),
                        (None, Some(Timestamp::UNIX_EPOCH))
                    );
                    session = read.data;
                }
                _ => {
                    let value = value(rng, 3);
                    session.insert(&name, value.clone());
                    model.insert(name.clone(), value);
                }
            }
            assert_eq!(session.get(&name).as_ref(), model.get(&name));
            assert_eq!(
                session.text(&name).as_deref(),
                model.get(&name).and_then(Value::as_str)
            );
            assert_eq!(session.is_empty(), model.is_empty());
            assert_eq!(session.to_json(), to_json(&Value::Object(model.clone())));
        }
    }
}

#[test]
fn new_keys_are_32_of_36_characters_and_never_the_same() {
    let rng = &mut rng();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..10_000 {
        let key = SessionKey::generate(rng);
        assert_eq!(key.expose().len(), 32);
        assert!(
            key.expose()
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
        );
        assert!(seen.insert(key.expose().to_owned()));
    }
}
