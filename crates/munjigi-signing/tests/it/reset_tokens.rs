//! `fixtures/vectors/reset_tokens.json`.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use munjigi_signing::{
    PasswordResetTokenGenerator, ResetUser, SecretKey, SecretKeys, base36_decode, base36_encode, uid_decode,
    uid_encode,
};
use serde_json::Value;

use crate::vectors::{self, keys, text};

const FILE: &str = "reset_tokens.json";
const TIMEOUT: SignedDuration = SignedDuration::from_secs(259_200);

fn at(vector: &Value, offset: i64) -> Timestamp {
    Timestamp::from_second(vector["now"].as_i64().unwrap() + offset).unwrap()
}

fn generator(vector: &Value, keys: &SecretKeys) -> PasswordResetTokenGenerator {
    let zone = TimeZone::get(text(vector, "time_zone")).unwrap();
    PasswordResetTokenGenerator::new(keys, zone, TIMEOUT)
}

/// The user of a vector, with what a check changes of him.
fn user<'v>(vector: &'v Value, changed: &'v Value) -> ResetUser<'v> {
    let field = |name: &str| changed.get(name).unwrap_or(&vector[name]);
    ResetUser {
        pk: field("pk").as_str().unwrap(),
        password: field("password").as_str().unwrap(),
        last_login: field("last_login").as_str().map(|time| time.parse().unwrap()),
        email: field("email").as_str().unwrap_or_default(),
    }
}

#[test]
fn no_vector_of_reset_tokens_is_excused() {
    assert!(vectors::deviations(FILE).is_empty());
}

#[test]
fn a_reset_token_is_djangos_in_every_zone() {
    let all = vectors::of_kind(FILE, "reset_token");
    let mut checks = 0;
    for vector in &all {
        let signing = SecretKeys::new(SecretKey::new(text(vector, "signed_with")), vec![]);
        let token = generator(vector, &signing).make_token(user(vector, &Value::Null), at(vector, 0));
        assert_eq!(token, text(vector, "token"), "{vector}");
        let checking = generator(vector, &keys(vector));
        for check in vector["checks"].as_array().unwrap() {
            let now = at(vector, check["offset"].as_i64().unwrap());
            let ok = checking.check_token(user(vector, &check["user"]), text(check, "token"), now);
            assert_eq!(ok, check["ok"].as_bool().unwrap(), "{} {check}", vector["id"]);
            checks += 1;
        }
    }
    assert_eq!((all.len(), checks), (36, 1296));
}

#[test]
fn base_36_is_djangos() {
    let written = vectors::of_kind(FILE, "base36");
    for vector in &written {
        let (number, base36) = (vector["int"].as_u64().unwrap(), text(vector, "base36"));
        assert_eq!(base36_encode(number), base36);
        assert_eq!(base36_decode(base36), Some(number));
    }
    let read = vectors::of_kind(FILE, "base36_read");
    for vector in &read {
        assert_eq!(
            base36_decode(text(vector, "text")),
            vector["int"].as_u64(),
            "{vector}"
        );
    }
    assert_eq!((written.len(), read.len()), (12, 11));
}

#[test]
fn a_uid_is_djangos() {
    let all = vectors::of_kind(FILE, "uid");
    for vector in &all {
        let (pk, uid) = (text(vector, "pk"), text(vector, "uid"));
        assert_eq!(uid_encode(pk), uid);
        assert_eq!(uid_decode(uid).as_deref(), Some(pk));
    }
    assert_eq!(all.len(), 6);
}

#[test]
fn what_is_no_uid_is_none_and_no_panic() {
    let long = uid_encode(&"1".repeat(1030));
    for uid in ["!", "M", "MQ==", "M Q", "_w", "é", &long] {
        assert_eq!(uid_decode(uid), None, "{uid}");
    }
}

#[test]
fn a_clock_before_2001_makes_a_token_and_no_panic() {
    let keys = SecretKeys::new(SecretKey::new("k"), vec![]);
    let generator = PasswordResetTokenGenerator::new(&keys, TimeZone::UTC, TIMEOUT);
    let user = ResetUser {
        pk: "1",
        password: "",
        last_login: Some(Timestamp::MIN),
        email: "",
    };
    let token = generator.make_token(user, Timestamp::MIN);
    assert!(token.starts_with("0-"));
    assert!(generator.check_token(user, &token, Timestamp::MIN));
    assert!(!generator.check_token(user, &token, Timestamp::MAX));
}
