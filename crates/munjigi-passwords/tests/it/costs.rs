//! Settings that cannot work stop the start.

use munjigi_passwords::{Algorithm, Argon2Cost, Costs, Error, Hashers, LegacyRows, ScryptCost};

fn refused(algorithm: Algorithm, change: impl FnOnce(&mut Costs)) -> bool {
    let mut costs = Costs::default();
    change(&mut costs);
    let hashers = Hashers::new(&[algorithm], &costs, LegacyRows::Refuse);
    matches!(hashers, Err(Error::InvalidCost { algorithm: named, .. }) if named == algorithm.name())
}

#[test]
fn a_cost_that_the_algorithm_cannot_run_with_is_refused() {
    let argon2 = |time_cost, memory_cost, parallelism| {
        refused(Algorithm::Argon2, |costs| {
            costs.argon2 = Argon2Cost {
                time_cost,
                memory_cost,
                parallelism,
            }
        })
    };
    let scrypt = |work_factor, block_size, parallelism| {
        refused(Algorithm::Scrypt, |costs| {
            costs.scrypt = ScryptCost {
                work_factor,
                block_size,
                parallelism,
            };
        })
    };
    assert!(refused(Algorithm::Pbkdf2Sha256, |costs| costs
        .pbkdf2_sha256
        .iterations = 0));
    assert!(refused(Algorithm::Pbkdf2Sha1, |costs| costs
        .pbkdf2_sha1
        .iterations = 0));
    assert!(refused(Algorithm::Bcrypt, |costs| costs.bcrypt.rounds = 3));
    assert!(refused(Algorithm::BcryptSha256, |costs| costs
        .bcrypt_sha256
        .rounds = 32));
    assert!(argon2(0, 64, 1) && argon2(1, 63, 8) && argon2(1, 64, 0) && argon2(1, u32::MAX, 1 << 24));
    assert!(!argon2(1, 64, 8));
    assert!(scrypt(1, 8, 1) && scrypt(15, 8, 1) && scrypt(0, 8, 1) && scrypt(16, 0, 1) && scrypt(16, 8, 0));
    assert!(scrypt(16, 1 << 15, 1 << 15) && !scrypt(16, 8, 1));
}

#[test]
fn the_cost_of_an_algorithm_that_is_not_listed_does_not_matter() {
    let mut costs = Costs::default();
    costs.bcrypt.rounds = 0;
    assert!(Hashers::new(&[Algorithm::Scrypt], &costs, LegacyRows::Refuse).is_ok());
}

#[test]
fn an_empty_list_and_one_that_begins_with_md5_are_refused() {
    let new =
        |algorithms: &[Algorithm]| Hashers::new(algorithms, &Costs::default(), LegacyRows::Refuse).err();
    assert_eq!(new(&[]), Some(Error::NoHashers));
    let verify_only = new(&[Algorithm::Md5, Algorithm::Scrypt]).unwrap();
    assert_eq!(verify_only.code(), "verify_only");
    assert!(
        verify_only
            .to_string()
            .starts_with("PASSWORD_HASHERS begins with \"md5\", which only verifies old rows.")
    );
    assert_eq!(new(&[Algorithm::Scrypt, Algorithm::Md5]), None);
}

#[test]
fn class_paths_are_read_as_django_writes_them() {
    let path = "django.contrib.auth.hashers.BCryptSHA256PasswordHasher";
    assert_eq!(Algorithm::from_class_path(path), Ok(Algorithm::BcryptSha256));
    assert_eq!(
        Algorithm::from_class_path("MD5PasswordHasher"),
        Ok(Algorithm::Md5)
    );
    for (path, code) in [
        ("django.contrib.auth.hashers.SHA1PasswordHasher", "removed_hasher"),
        ("UnsaltedMD5PasswordHasher", "removed_hasher"),
        ("project.hashers.PBKDF2PasswordHasher", "unknown_hasher"),
        ("pbkdf2_sha256", "unknown_hasher"),
        ("", "unknown_hasher"),
    ] {
        assert_eq!(
            Algorithm::from_class_path(path).unwrap_err().code(),
            code,
            "{path}"
        );
    }
}
