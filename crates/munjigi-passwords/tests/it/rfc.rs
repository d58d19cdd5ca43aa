//! `rfc_vectors.json`, as far as the vectors can be written as rows.

use crate::{password, text, vectors};
use munjigi_passwords::{Algorithm, Costs, Hashers, LegacyRows};

#[test]
fn openwall_s_bcrypt_vectors_verify() {
    let hashers = Hashers::new(&[Algorithm::Bcrypt], &Costs::default(), LegacyRows::Refuse).unwrap();
    let file = vectors("rfc_vectors.json");
    let mut verified = 0;
    for vector in file["vectors"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|vector| vector["kind"] == "bcrypt")
    {
        let row = format!("bcrypt${}", text(vector, "hash"));
        assert!(
            hashers
                .check_password(&password(text(vector, "password")), Some(&row))
                .correct,
            "{row}"
        );
        verified += 1;
    }
    assert_eq!(verified, 4);
}
