//! Passwords that were stored elsewhere: `hashers.json` and `hashers_legacy.json`, rows of Django's, as an import meets them.

use crate::{text, vectors};
use munjigi_passwords::{Algorithm, Costs, Hashers, LegacyRows, Unfit};
use serde_json::Value;

const ALL: [Algorithm; 7] = [
    Algorithm::Pbkdf2Sha256,
    Algorithm::Pbkdf2Sha1,
    Algorithm::Argon2,
    Algorithm::BcryptSha256,
    Algorithm::Bcrypt,
    Algorithm::Scrypt,
    Algorithm::Md5,
];

fn all(legacy: LegacyRows) -> Hashers {
    Hashers::new(&ALL, &Costs::default(), legacy).unwrap()
}

fn encoded(file: &Value, verifies: bool) -> impl Iterator<Item = &str> {
    let vectors = file["vectors"].as_array().unwrap().iter();
    let chosen = vectors.filter(move |vector| (vector["verify"] == true) == verifies);
    chosen.filter_map(|vector| vector["encoded"].as_str())
}

#[test]
fn every_row_that_some_password_opens_is_taken_as_it_stands() {
    let mut taken = 0;
    for (file, legacy) in [
        ("hashers.json", LegacyRows::Refuse),
        ("hashers_legacy.json", LegacyRows::Verify),
    ] {
        let (file, hashers) = (vectors(file), all(legacy));
        for row in encoded(&file, true) {
            assert_eq!(hashers.admit(row).as_deref(), Ok(row));
            taken += 1;
        }
    }
    assert!(taken > 100, "{taken}");
}

#[test]
fn a_row_that_asks_for_too_much_is_refused_and_nothing_is_hashed() {
    let file = vectors("hashers.json");
    let hostile = file["vectors"].as_array().unwrap().iter();
    let mut refused = 0;
    for vector in hostile.filter(|vector| vector["do_not_run_on_django"] == true) {
        assert!(
            all(LegacyRows::Verify).admit(text(vector, "encoded")).is_err(),
            "{vector}"
        );
        refused += 1;
    }
    assert!(refused > 3, "{refused}");
    let hash = "A".repeat(86);
    for (row, algorithm) in [
        (
            format!("pbkdf2_sha256$5000001$seasalt${}=", "A".repeat(43)),
            "pbkdf2_sha256",
        ),
        (format!("scrypt$2147483648$seasalt$8$1${hash}=="), "scrypt"),
        (
            "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A".to_owned(),
            "argon2",
        ),
        (
            "$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".to_owned(),
            "bcrypt",
        ),
    ] {
        assert_eq!(
            all(LegacyRows::Refuse).admit(&row),
            Err(Unfit::TooCostly(algorithm))
        );
    }
}

#[test]
fn a_bare_hash_is_put_into_djangos_encoding() {
    let hashers = all(LegacyRows::Refuse);
    for version in ["2a", "2b", "2y"] {
        let bare = format!("${version}$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy");
        assert_eq!(hashers.admit(&bare).unwrap(), format!("bcrypt${bare}"));
        assert_eq!(
            Hashers::django().admit(&bare),
            Err(Unfit::NotListed("bcrypt", "BCryptPasswordHasher"))
        );
    }
    let bare = "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A";
    assert_eq!(hashers.admit(bare).unwrap(), format!("argon2{bare}"));
}

#[test]
fn what_no_hasher_could_verify_is_refused_and_why() {
    let sha256 = "A".repeat(43);
    for (stored, unfit) in [
        ("1234".to_owned(), Unfit::Unknown),
        ("pa$$word".to_owned(), Unfit::Unknown),
        ("0123456789abcdef0123456789abcdef".to_owned(), Unfit::Unknown),
        (
            "$2x$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".to_owned(),
            Unfit::Unknown,
        ),
        ("$pbkdf2-sha256$29000$c2FsdA$AAAA".to_owned(), Unfit::Unknown),
        (format!("sha1$seasalt${}", "a".repeat(40)), Unfit::Removed("sha1")),
        (format!("sha1$${}", "a".repeat(40)), Unfit::Removed("sha1")),
        (
            format!("pbkdf2_sha256$0$seasalt${sha256}="),
            Unfit::Malformed("pbkdf2_sha256"),
        ),
        (
            format!("pbkdf2_sha256$1000$${sha256}="),
            Unfit::Malformed("pbkdf2_sha256"),
        ),
        (
            "pbkdf2_sha256$1000$seasalt$AAAA".to_owned(),
            Unfit::Malformed("pbkdf2_sha256"),
        ),
        (
            "pbkdf2_sha1$1000$seasalt".to_owned(),
            Unfit::Malformed("pbkdf2_sha1"),
        ),
        (
            format!("scrypt$15$seasalt$8$1${}==", "A".repeat(86)),
            Unfit::Malformed("scrypt"),
        ),
        (
            "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhW".to_owned(),
            Unfit::Malformed("bcrypt"),
        ),
        (
            "$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$hcv1N/jlZ7nD8xHiWJRj0A".to_owned(),
            Unfit::Malformed("argon2"),
        ),
        (
            "md5$seasalt$0123456789ABCDEF0123456789ABCDEF".to_owned(),
            Unfit::Malformed("md5"),
        ),
    ] {
        assert_eq!(all(LegacyRows::Refuse).admit(&stored), Err(unfit), "{stored}");
    }
    let md5 = Hashers::django()
        .admit("md5$seasalt$0123456789abcdef0123456789abcdef")
        .unwrap_err();
    assert_eq!(md5, Unfit::NotListed("md5", "MD5PasswordHasher"));
    for stored in ["", "!", "!tU1sMtZZ7LWAvxEJwd8HAvfTaXbGRl2jRkB5rGZa"] {
        assert_eq!(Hashers::django().admit(stored).as_deref(), Ok(stored));
    }
}
