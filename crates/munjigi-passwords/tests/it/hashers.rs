//! `hashers.json`: rows of Django 5.2.19.

use crate::deviations::Deviations;
use crate::{password, text, vectors};
use munjigi_passwords::{Algorithm, Check, Costs, Error, Hashers, LegacyRows};
use rand_core::UnwrapErr;
use serde_json::Value;
use std::time::{Duration, Instant};

/// All of Django's algorithms, PBKDF2-SHA256 preferred.
fn hashers(costs: &Costs) -> Hashers {
    let algorithms = [
        "pbkdf2_sha256",
        "pbkdf2_sha1",
        "argon2",
        "bcrypt_sha256",
        "bcrypt",
        "scrypt",
        "md5",
    ];
    Hashers::new(&algorithms.map(algorithm), costs, LegacyRows::Refuse).unwrap()
}

/// With few iterations, so that the work done for a wrong password is little.
fn quick_hashers() -> Hashers {
    let mut costs = Costs::default();
    costs.pbkdf2_sha256.iterations = 1_000;
    hashers(&costs)
}

fn algorithm(name: &str) -> Algorithm {
    match name {
        "pbkdf2_sha256" => Algorithm::Pbkdf2Sha256,
        "pbkdf2_sha1" => Algorithm::Pbkdf2Sha1,
        "argon2" => Algorithm::Argon2,
        "bcrypt_sha256" => Algorithm::BcryptSha256,
        "bcrypt" => Algorithm::Bcrypt,
        "scrypt" => Algorithm::Scrypt,
        "md5" => Algorithm::Md5,
        _ => panic!("no such algorithm: {name}"),
    }
}

#[test]
fn every_vector_is_answered_as_django_answers_it() {
    let (django, quick, file) = (
        hashers(&Costs::default()),
        quick_hashers(),
        vectors("hashers.json"),
    );
    let mut deviations = Deviations::of("hashers.json");
    let (mut right, mut wrong, mut refused) = (0, 0, 0);
    for vector in file["vectors"].as_array().unwrap() {
        let (id, secret) = (text(vector, "id"), password(text(vector, "password")));
        let Some(encoded) = vector["encoded"].as_str() else {
            let made = Algorithm::Bcrypt.hasher(&Costs::default()).unwrap();
            let salt = "$2b$04$N9qo8uLOickgx2ZMRZoMye";
            assert_eq!(
                made.encode(&secret, salt),
                Err(Error::PasswordTooLong { limit: 72 }),
                "{id}"
            );
            refused += 1;
            continue;
        };
        // What Django raises on, or would run for minutes, is a wrong password here.
        if vector.get("django_raises").is_some() || vector["do_not_run_on_django"] == true {
            deviations.meet(id);
        }
        if vector["verify"] == true {
            let must_update = vector["must_update_default_pbkdf2"].as_bool().unwrap();
            let check = django.check_password(&secret, Some(encoded));
            assert_eq!(
                check,
                Check {
                    correct: true,
                    must_update
                },
                "{id}"
            );
            right += 1;
        } else {
            assert!(!quick.check_password(&secret, Some(encoded)).correct, "{id}");
            wrong += 1;
        }
        if let Some(guess) = vector["wrong_password"]
            .as_str()
            .filter(|_| vector["wrong_verify"] == false)
        {
            assert!(
                !quick.check_password(&password(guess), Some(encoded)).correct,
                "{id}: {guess}"
            );
            wrong += 1;
        }
        same_verdicts_without_a_password(vector, &django);
    }
    assert_eq!((right, wrong, refused), (181, 182, 4));
    deviations.all_met();
}

fn same_verdicts_without_a_password(vector: &Value, django: &Hashers) {
    let (id, encoded) = (text(vector, "id"), text(vector, "encoded"));
    if vector["do_not_run_on_django"] == true {
        return;
    }
    assert_eq!(django.identify(encoded), vector["algorithm"].as_str(), "{id}");
    if let Some(must_update) = vector["must_update_default_pbkdf2"].as_bool() {
        assert_eq!(django.must_update(encoded), must_update, "{id}");
    }
    if let Some(must_update) = vector["must_update_same_hasher"].as_bool() {
        let same = algorithm(text(vector, "algorithm"))
            .hasher(&Costs::default())
            .unwrap();
        assert_eq!(same.must_update(encoded), must_update, "{id}");
    }
}

#[test]
fn must_update_is_django_s() {
    let (django, file) = (hashers(&Costs::default()), vectors("hashers.json"));
    let rows = file["must_update"].as_array().unwrap();
    for row in rows {
        let encoded = text(row, "encoded");
        let same = algorithm(text(row, "algorithm"))
            .hasher(&Costs::default())
            .unwrap();
        assert_eq!(
            same.must_update(encoded),
            row["must_update_same_hasher"],
            "{encoded}"
        );
        assert_eq!(
            django.must_update(encoded),
            row["must_update_if_preferred_is_pbkdf2_sha256"],
            "{encoded}"
        );
    }
    assert_eq!(rows.len(), 62);
}

#[test]
fn a_row_that_asks_for_too_much_is_a_wrong_password_at_once() {
    let (quick, file) = (quick_hashers(), vectors("hashers.json"));
    let mut bombs = 0;
    for vector in file["vectors"].as_array().unwrap() {
        if text(vector, "id").starts_with("cost_bomb/") {
            let start = Instant::now();
            let check = quick.check_password(&password(text(vector, "password")), vector["encoded"].as_str());
            assert!(
                !check.correct && start.elapsed() < Duration::from_secs(2),
                "{vector}"
            );
            bombs += 1;
        }
    }
    assert_eq!(bombs, 6);
}

#[test]
fn what_is_made_is_what_django_makes() {
    let (costs, file) = (Costs::default(), vectors("hashers.json"));
    let mut made = 0;
    for (id, salt) in [
        ("argon2/default_params", "NaClNaClNaClNaClNaClNa"),
        ("bcrypt_sha256/rounds12", "$2b$12$N9qo8uLOickgx2ZMRZoMye"),
        ("bcrypt/rounds12", "$2b$12$N9qo8uLOickgx2ZMRZoMye"),
        ("scrypt/default_params", "seasalt"),
        ("pbkdf2_sha256/django_default/5.2", "wogCdcl7yRKsVGpFjRHkWR"),
    ] {
        let vector = file["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .find(|vector| vector["id"] == id)
            .unwrap();
        let hasher = algorithm(id.split_once('/').unwrap().0).hasher(&costs).unwrap();
        let encoded = hasher.encode(&password(text(vector, "password")), salt).unwrap();
        assert_eq!(encoded, vector["encoded"], "{id}");
        made += 1;
    }
    assert_eq!(made, 5);
}

#[test]
fn a_new_row_verifies_and_needs_no_update() {
    let mut costs = Costs::default();
    costs.pbkdf2_sha256.iterations = 2;
    costs.pbkdf2_sha1.iterations = 2;
    costs.argon2.memory_cost = 64;
    costs.bcrypt.rounds = 4;
    costs.bcrypt_sha256.rounds = 4;
    costs.scrypt.work_factor = 2;
    let mut rng = UnwrapErr(getrandom::SysRng);
    for name in [
        "pbkdf2_sha256",
        "pbkdf2_sha1",
        "argon2",
        "bcrypt_sha256",
        "bcrypt",
        "scrypt",
    ] {
        let hashers = Hashers::new(&[algorithm(name)], &costs, LegacyRows::Refuse).unwrap();
        let secret = password("비밀번호 1234");
        let encoded = hashers.make_password(Some(&secret), &mut rng).unwrap();
        let other = hashers.make_password(Some(&secret), &mut rng).unwrap();
        assert!(encoded.len() <= 128 && encoded != other, "{encoded} {other}");
        assert_eq!(hashers.identify(&encoded), Some(name));
        let check = hashers.check_password(&secret, Some(&encoded));
        assert_eq!(
            check,
            Check {
                correct: true,
                must_update: false
            },
            "{encoded}"
        );
        assert!(
            !hashers
                .check_password(&password("비밀번호 1235"), Some(&encoded))
                .correct,
            "{encoded}"
        );
    }
}

#[test]
fn a_salt_that_could_not_be_read_back_is_refused() {
    let secret = password("1234");
    for (name, salts) in [
        ("pbkdf2_sha256", ["", "a$b"]),
        ("pbkdf2_sha1", ["", "a$b"]),
        ("scrypt", ["", "a$b"]),
        ("argon2", ["", "1234567"]),
        ("bcrypt", ["", "NaClNaClNaClNaClNaClNa"]),
        ("bcrypt_sha256", ["", "$2$12$N9qo8uLOickgx2ZMRZoMye"]),
    ] {
        let hasher = algorithm(name).hasher(&Costs::default()).unwrap();
        for salt in salts {
            assert_eq!(
                hasher.encode(&secret, salt),
                Err(Error::InvalidSalt {
                    algorithm: algorithm(name).name()
                })
            );
        }
    }
}
