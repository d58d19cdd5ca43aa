//! `hashers_legacy.json`: rows of Django 4.2.30 with `bcrypt` 4.0.1.

use crate::{password, text, vectors};
use munjigi_passwords::{Algorithm, Check, Costs, Hashers, LegacyRows};

fn hashers(preferred: &[Algorithm], legacy: LegacyRows) -> Hashers {
    let mut costs = Costs::default();
    costs.pbkdf2_sha256.iterations = 1_000;
    Hashers::new(preferred, &costs, legacy).unwrap()
}

#[test]
fn legacy_rows_verify_and_are_stored_anew_when_the_site_asks_for_it() {
    let importing = hashers(&[Algorithm::Pbkdf2Sha256], LegacyRows::Verify);
    let file = vectors("hashers_legacy.json");
    let rows = file["vectors"].as_array().unwrap();
    let mut right = 0;
    for row in rows {
        let (secret, encoded) = (password(text(row, "password")), text(row, "encoded"));
        assert_eq!(importing.identify(encoded), row["algorithm"].as_str(), "{row}");
        let correct = row["django42_verify"].as_bool().unwrap();
        let check = importing.check_password(&secret, Some(encoded));
        assert_eq!(
            check,
            Check {
                correct,
                must_update: correct
            },
            "{row}"
        );
        let guess = password(&format!("y{}", text(row, "password")));
        assert!(!importing.check_password(&guess, Some(encoded)).correct, "{row}");
        right += usize::from(correct);
    }
    assert_eq!((rows.len(), right), (93, 92));
}

#[test]
fn legacy_rows_are_wrong_passwords_otherwise() {
    let strict = hashers(
        &[Algorithm::Pbkdf2Sha256, Algorithm::Bcrypt, Algorithm::Md5],
        LegacyRows::Refuse,
    );
    let file = vectors("hashers_legacy.json");
    let (mut refused, mut verified) = (0, 0);
    for row in file["vectors"].as_array().unwrap() {
        let secret = text(row, "password");
        let check = strict.check_password(&password(secret), row["encoded"].as_str());
        // What `bcrypt` 5 still answers: rows of its own, for passwords that it reads to the end.
        let stays = row["algorithm"] == "bcrypt" && secret.len() <= 72 && row["django42_verify"] == true;
        assert_eq!(check.correct, stays, "{row}");
        if stays { verified += 1 } else { refused += 1 }
    }
    assert_eq!((refused, verified), (78, 15));
}

#[test]
fn a_preferred_bcrypt_verifies_truncated_rows_when_the_site_asks_for_it() {
    let importing = hashers(&[Algorithm::Bcrypt], LegacyRows::Verify);
    let row = "bcrypt$$2b$04$N9qo8uLOickgx2ZMRZoMyedlslr.Jty7xCSm4JGSxc8PDTmSzo582";
    assert!(
        importing
            .check_password(&password(&"x".repeat(73)), Some(row))
            .correct
    );
    assert!(
        !importing
            .check_password(&password(&"x".repeat(71)), Some(row))
            .correct
    );
}
