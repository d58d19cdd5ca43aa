//! `fixtures/vectors/sessions.json`.

use jiff::Timestamp;
use munjigi_sessions::{
    AuthHashMatch, ExpiryPolicy, HASH_SESSION_KEY, SessionAuthHasher, SessionCodec, SessionData,
    SessionError, SessionKey,
};
use munjigi_signing::{Age, Compress, TimestampSigner, to_json};
use serde_json::{Value, json};

use crate::vectors::{self, keys, text};

const FILE: &str = "sessions.json";

fn now(vector: &Value) -> Timestamp {
    Timestamp::from_second(vector["now"].as_i64().unwrap()).unwrap()
}

fn data(json: String) -> SessionData {
    SessionData::from_json(json).ok().unwrap()
}

#[test]
fn sessions_are_written_as_django_does_and_read_back() {
    let all = vectors::of_kind(FILE, "session_encode");
    for vector in &all {
        // The engine `signed_cookies` puts the same text, under another salt, into the cookie.
        let signer = TimestampSigner::new(&keys(vector), text(vector, "salt"));
        let codec = SessionCodec::new(&keys(vector));
        let is_row = vector["engine"] == "db";

        let json = to_json(&vector["data"]);
        let encoded = text(vector, "encoded");
        let ours = if is_row {
            codec.encode(&data(json.clone()), now(vector))
        } else {
            signer.sign_json(&json, Compress::IfShorter, now(vector))
        };
        assert_eq!(
            ours.starts_with('.'),
            vector["compressed"] == true,
            "{}",
            vector["name"]
        );
        if !ours.starts_with('.') {
            assert_eq!(ours, encoded);
        }
        for text in [&*ours, encoded] {
            let read = if is_row {
                codec.decode(text).data.to_json()
            } else {
                signer.unsign_json(text, Age::Any).unwrap().value
            };
            assert_eq!(read, json, "{}", vector["name"]);
        }
    }
    assert_eq!(all.len(), 27);
    assert_eq!(all.iter().filter(|vector| vector["engine"] == "db").count(), 14);
}

#[test]
fn columns_are_read_as_django_does() {
    let deviations = vectors::deviations(FILE);
    let all = vectors::of_kind(FILE, "session_decode");
    let mut deviating = 0;
    for vector in &all {
        let name = text(vector, "name");
        let read = SessionCodec::new(&keys(vector)).decode(text(vector, "encoded"));
        assert_eq!(read.damage.is_some(), name != "good", "{name}");
        assert_eq!(read.written_at.is_some(), name == "good", "{name}");
        if deviations.contains(name) {
            deviating += 1;
            assert_eq!(
                (read.data.to_json(), read.damage),
                ("{}".to_owned(), Some(SessionError::Payload))
            );
        } else {
            assert_eq!(read.data.to_json(), to_json(&vector["decoded"]), "{name}");
        }
    }
    assert_eq!((all.len(), deviating, deviations.len()), (5, 1, 1));
}

#[test]
fn the_auth_hash_is_djangos() {
    let all = vectors::of_kind(FILE, "session_auth_hash");
    for vector in &all {
        let hasher = SessionAuthHasher::new(&keys(vector));
        let (password, hex) = (text(vector, "password_field"), text(vector, "hex"));
        assert_eq!(hasher.hash(password), hex);
        let mut session = SessionData::default();
        session.insert(HASH_SESSION_KEY, hex);
        assert_eq!(hasher.verify(&session, password), AuthHashMatch::Current);
    }
    assert_eq!(all.len(), 8);
}

#[test]
fn the_keys_that_django_keeps_are_kept() {
    let all = vectors::of_kind(FILE, "session_key_accepted");
    for vector in &all {
        let kept = vector["key"].as_str().and_then(SessionKey::parse).is_some();
        assert_eq!(kept, vector["kept"] == true, "{vector}");
    }
    assert_eq!(all.len(), 6);
}

#[test]
fn sessions_end_when_django_says() {
    let all = vectors::of_kind(FILE, "session_expiry");
    for vector in &all {
        let session = data(json!({"_session_expiry": vector["_session_expiry"]}).to_string());
        let (expiry, policy) = (session.expiry().unwrap(), ExpiryPolicy::default());
        assert_eq!(expiry.age(policy, now(vector)), vector["expiry_age"]);
        assert_eq!(
            expiry.date(policy, now(vector)),
            text(vector, "expire_date").parse().unwrap()
        );
        assert_eq!(expiry.expire_at_browser_close(policy), vector["browser_close"]);
    }
    assert_eq!(all.len(), 3);
}

#[test]
fn a_short_key_is_counted_in_characters() {
    assert!(SessionKey::parse("한한한한한한한").is_none());
    assert!(SessionKey::parse("한한한한한한한한").is_some());
}
