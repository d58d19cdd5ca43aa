//! `fixtures/vectors/signing.json`.

use jiff::{SignedDuration, Timestamp};
use munjigi_signing::{
    Age, Compress, Digest, MAX_PAYLOAD, MatchedKey, SecretKey, SecretKeys, Signer, SigningError,
    TimestampSigner, b62_decode, b62_encode, salted_hmac,
};
use serde_json::Value;

use crate::vectors::{self, keys, text};

const FILE: &str = "signing.json";

fn now(vector: &Value) -> Timestamp {
    Timestamp::from_second(vector["now"].as_i64().unwrap()).unwrap()
}

fn digest(vector: &Value) -> Digest {
    match vector["algorithm"].as_str() {
        Some("sha1") => Digest::Sha1,
        Some("sha256") | None => Digest::Sha256,
        Some("sha512") => Digest::Sha512,
        Some(other) => panic!("a digest that Django's vectors did not have: {other}"),
    }
}

#[test]
fn no_vector_of_signing_is_excused() {
    assert!(vectors::deviations(FILE).is_empty());
}

#[test]
fn base_62_is_djangos() {
    let all = vectors::of_kind(FILE, "b62");
    for vector in &all {
        let (number, base62) = (vector["int"].as_i64().unwrap(), text(vector, "b62"));
        assert_eq!(b62_encode(number), base62);
        assert_eq!(b62_decode(base62), Some(number));
    }
    assert_eq!(all.len(), 18);
}

#[test]
fn salted_hmac_is_djangos() {
    let all = vectors::of_kind(FILE, "salted_hmac");
    for vector in &all {
        let secret = SecretKey::new(text(vector, "secret"));
        let tag = salted_hmac(
            text(vector, "key_salt"),
            text(vector, "value"),
            &secret,
            digest(vector),
        );
        assert_eq!(tag.to_hex(), text(vector, "hex"), "{vector}");
        assert!(tag.is_hex(text(vector, "hex")));
    }
    assert_eq!(all.len(), 7);
}

#[test]
fn signer_signs_as_django_does_and_reads_it_back() {
    let all = vectors::of_kind(FILE, "signer");
    for vector in &all {
        let separator = vector["sep"].as_str().unwrap_or(":");
        let signer = Signer::with(&keys(vector), text(vector, "salt"), separator, digest(vector)).unwrap();
        let (value, signed) = (text(vector, "value"), text(vector, "signed"));
        assert_eq!(signer.sign(value), signed);
        assert_eq!(signer.unsign(signed).unwrap().value, value);
    }
    assert_eq!(all.len(), 27);
}

#[test]
fn timestamp_signer_signs_as_django_does_and_reads_it_back() {
    let all = vectors::of_kind(FILE, "timestamp_signer");
    for vector in &all {
        let signer = TimestampSigner::new(&keys(vector), text(vector, "salt"));
        let (value, signed) = (text(vector, "value"), text(vector, "signed"));
        assert_eq!(signer.sign(value, now(vector)), signed);
        assert_eq!(signer.unsign(signed, Age::Any).unwrap().value, value);
    }
    assert_eq!(all.len(), 4);
}

#[test]
fn dumps_writes_what_django_writes_and_loads_reads_it() {
    let all = vectors::of_kind(FILE, "dumps");
    for vector in &all {
        let signer = TimestampSigner::new(&keys(vector), text(vector, "salt"));
        let (object, signed) = (&vector["object"], text(vector, "signed"));
        let compress = if vector["compress"] == true {
            Compress::IfShorter
        } else {
            Compress::Never
        };
        let ours = signer.dumps(object, compress, now(vector));
        if signed.starts_with('.') {
            // The bytes of zlib are each implementation's own. What matters is that it is packed and opens.
            assert!(ours.starts_with('.'), "{vector}");
        } else {
            assert_eq!(ours, signed);
        }
        for text in [&*ours, signed] {
            let read = signer.loads(text, Age::Any).unwrap();
            assert_eq!((&read.value, read.key), (object, MatchedKey::Current));
        }
    }
    assert_eq!(all.len(), 48);
    assert_eq!(
        all.iter()
            .filter(|vector| text(vector, "signed").starts_with('.'))
            .count(),
        2
    );
}

#[test]
fn loads_decides_as_django_does() {
    let all = vectors::of_kind(FILE, "loads");
    for vector in &all {
        let signer = TimestampSigner::new(&keys(vector), text(vector, "salt"));
        let age = vector["max_age"]
            .as_i64()
            .map_or(Age::Any, |seconds| Age::AtMost {
                max_age: SignedDuration::from_secs(seconds),
                now: now(vector),
            });
        let read = signer.loads(text(vector, "signed"), age).map(|read| read.value);
        let expected = match vector["error"].as_str() {
            None => Ok(vector["object"].clone()),
            Some("BadSignature") => Err(SigningError::BadSignature),
            Some("SignatureExpired") => Err(SigningError::SignatureExpired),
            Some(other) => panic!("an error that Django's vectors did not have: {other}"),
        };
        assert_eq!(read, expected, "{}", vector["id"]);
    }
    assert_eq!(all.len(), 29);
}

#[test]
fn a_signed_cookie_is_signed_under_its_own_key_and_salt() {
    // `get_cookie_signer` prefixes the key, and `_cookie_signer_salt` counts the salt's characters.
    let all = vectors::of_kind(FILE, "signed_cookie_v2");
    for vector in &all {
        let secret = [b"django.http.cookies", text(vector, "secret").as_bytes()].concat();
        let keys = SecretKeys::new(SecretKey::new(secret), vec![]);
        let (salt, cookie) = (text(vector, "salt_arg"), text(vector, "cookie"));
        let today = format!("django.http.cookies.v2:{}:{salt}{cookie}", salt.chars().count());
        assert_eq!(today, text(vector, "derived_salt"));
        for (salt, signed) in [(today, "signed"), (format!("{cookie}{salt}"), "legacy_signed")] {
            let signer = TimestampSigner::new(&keys, &salt);
            assert_eq!(
                signer.sign(text(vector, "value"), now(vector)),
                text(vector, signed)
            );
        }
    }
    assert_eq!(all.len(), 5);
}

#[test]
fn the_key_that_matched_is_told() {
    let key = |name: &str| SecretKey::new(name);
    let signed = |name| Signer::new(&SecretKeys::new(key(name), vec![]), "s").sign("v");
    let signer = Signer::new(&SecretKeys::new(key("a"), vec![key("b"), key("c")]), "s");
    for (name, matched) in [
        ("a", MatchedKey::Current),
        ("b", MatchedKey::Fallback(0)),
        ("c", MatchedKey::Fallback(1)),
    ] {
        assert_eq!(signer.unsign(&signed(name)).unwrap().key, matched);
    }
    assert_eq!(signer.unsign(&signed("d")), Err(SigningError::BadSignature));
}

#[test]
fn a_fraction_of_a_second_counts_towards_the_age() {
    let signer = TimestampSigner::new(&SecretKeys::new(SecretKey::new("k"), vec![]), "s");
    let signed = signer.sign("v", "2026-01-01T00:00:00Z".parse().unwrap());
    let read = |now: &str| {
        let age = Age::AtMost {
            max_age: SignedDuration::from_secs(60),
            now: now.parse().unwrap(),
        };
        signer.unsign(&signed, age).map(|read| read.value)
    };
    assert_eq!(read("2026-01-01T00:01:00Z"), Ok("v"));
    assert_eq!(
        read("2026-01-01T00:01:00.000001Z"),
        Err(SigningError::SignatureExpired)
    );
}

#[test]
fn a_separator_that_occurs_in_signatures_is_refused() {
    let keys = SecretKeys::new(SecretKey::new("k"), vec![]);
    for separator in ["", "-", "_", "=", "a", "Z9", "[", "\\", "^", "`"] {
        let error = Signer::with(&keys, "s", separator, Digest::Sha256).err();
        assert_eq!(
            error,
            Some(SigningError::UnsafeSeparator(separator.to_owned())),
            "{separator:?}"
        );
    }
    for separator in ["/", "*", "::", "a:", "한"] {
        let signer = Signer::with(&keys, "s", separator, Digest::Sha256).unwrap();
        assert_eq!(signer.unsign(&signer.sign("a한b")).unwrap().value, "a한b");
    }
}

#[test]
fn a_payload_that_unpacks_beyond_the_limit_is_refused() {
    let signer = TimestampSigner::new(&SecretKeys::new(SecretKey::new("k"), vec![]), "s");
    let read = |length: usize| {
        let json = format!("\"{}\"", " ".repeat(length - 2));
        let signed = signer.sign_json(&json, Compress::IfShorter, Timestamp::UNIX_EPOCH);
        assert!(signed.starts_with('.') && signed.len() < length / 500);
        signer
            .unsign_json(&signed, Age::Any)
            .map(|read| read.value == json)
    };
    assert_eq!(read(MAX_PAYLOAD), Ok(true));
    assert_eq!(read(MAX_PAYLOAD + 1), Err(SigningError::PayloadTooLarge));
    assert_eq!(read(2 * MAX_PAYLOAD), Err(SigningError::PayloadTooLarge));

    let plain = signer.sign_json(
        &" ".repeat(MAX_PAYLOAD + 1),
        Compress::Never,
        Timestamp::UNIX_EPOCH,
    );
    assert_eq!(
        signer.unsign_json(&plain, Age::Any),
        Err(SigningError::PayloadTooLarge)
    );
}

#[test]
fn a_signed_text_that_dumps_did_not_write_is_an_error_and_no_panic() {
    let signer = TimestampSigner::new(&SecretKeys::new(SecretKey::new("k"), vec![]), "s");
    let read = |payload: &str| signer.loads(&signer.sign(payload, Timestamp::UNIX_EPOCH), Age::Any);
    for payload in [
        "",
        ".",
        "..",
        "!",
        "A",
        "é",
        "e30=",
        ".e30",
        "eyI",
        "e30e30",
        "TmFO",
        "IlxVZDgwMCI",
        ".eJyr",
        ".eJyrVkpUsjIEAA",
        ".eJyrVspLzE1VslJ6297Q",
    ] {
        assert_eq!(read(payload), Err(SigningError::Payload), "{payload:?}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let signed = signer.sign_json(&deep, Compress::IfShorter, Timestamp::UNIX_EPOCH);
    assert_eq!(signer.loads(&signed, Age::Any), Err(SigningError::Payload));
}

#[test]
fn bytes_above_ascii_are_read_as_latin_1() {
    let signer = TimestampSigner::new(&SecretKeys::new(SecretKey::new("k"), vec![]), "s");
    // The base64 of the UTF-8 of "é", which Python's decode("latin-1") makes two characters of, and of its Latin-1.
    for (payload, json) in [("IsOpIg", "\"Ã©\""), ("Iuki", "\"é\"")] {
        let signed = signer.sign(payload, Timestamp::UNIX_EPOCH);
        assert_eq!(signer.unsign_json(&signed, Age::Any).unwrap().value, json);
    }
}
