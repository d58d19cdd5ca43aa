//! `fixtures/vectors/csrf.json`.

use std::convert::Infallible;

use chacha20::rand_core::{TryCryptoRng, TryRng};
use munjigi_signing::csrf::{CsrfRequest, CsrfSecret, CsrfSettings, check};

use crate::vectors::{self, text};

const FILE: &str = "csrf.json";

fn settings() -> CsrfSettings {
    CsrfSettings::default()
        .trusted_origins([
            "https://trusted.example",
            "https://*.wild.example",
            "http://plain.example:8080",
        ])
        .unwrap()
}

#[test]
fn no_vector_of_csrf_is_excused() {
    assert!(vectors::deviations(FILE).is_empty());
}

/// Draws the mask of a vector: of each random byte, its remainder by 62 chooses the character.
struct MaskOf<'a>(&'a str);

impl TryRng for MaskOf<'_> {
    type Error = Infallible;

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        for (byte, character) in bytes.iter_mut().zip(self.0.chars()) {
            *byte = u8::try_from(alphabet.find(character).unwrap()).unwrap();
        }
        Ok(())
    }

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("a mask is drawn in bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("a mask is drawn in bytes")
    }
}

impl TryCryptoRng for MaskOf<'_> {}

#[test]
fn a_secret_is_masked_and_unmasked_as_by_django() {
    let masks = vectors::of_kind(FILE, "mask");
    let random = vectors::of_kind(FILE, "mask_random");
    for vector in masks.iter().chain(&random) {
        let (secret, token) = (text(vector, "secret"), text(vector, "token"));
        assert_eq!(CsrfSecret::parse(token).unwrap().expose(), secret);
        let secret = CsrfSecret::parse(secret).unwrap();
        assert_eq!(secret.matches(token), Ok(true));
        assert_eq!(secret.mask(&mut MaskOf(&token[..32])), token);
    }
    assert_eq!((masks.len(), random.len()), (20, 10));
}

#[test]
fn the_format_of_a_token_is_told_in_djangos_words() {
    let all = vectors::of_kind(FILE, "token_format");
    for vector in &all {
        let result = CsrfSecret::parse(text(vector, "token"));
        let words = result
            .err()
            .map_or_else(|| "ok".to_owned(), |format| format.to_string());
        assert_eq!(words, text(vector, "result"), "{vector}");
    }
    assert_eq!(all.len(), 13);
}

#[test]
fn requests_are_refused_for_djangos_reasons() {
    let all = vectors::of_kind(FILE, "request");
    for vector in &all {
        // The project that made the vectors allows this one host, with any port.
        let host = Some(text(vector, "host")).filter(|host| host.split(':').next() == Some("testserver"));
        let request = CsrfRequest {
            method: text(vector, "method"),
            is_secure: vector["https"].as_bool().unwrap(),
            host,
            origin: vector["origin"].as_str(),
            referer: vector["referer"].as_str(),
            cookie: vector["cookie"].as_str(),
            form_token: vector["form"].as_str(),
            header_token: vector["x_csrftoken"].as_str(),
        };
        let reason = check(&settings(), &request)
            .err()
            .map_or_else(String::new, |failure| failure.to_string());
        assert_eq!(reason, text(vector, "reason"), "{}", vector["id"]);
        assert_eq!(reason.is_empty(), vector["status"] == 200, "{}", vector["id"]);
    }
    assert_eq!(all.len(), 19);
}
