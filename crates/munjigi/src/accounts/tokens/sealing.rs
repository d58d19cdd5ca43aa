//! A successor, sealed under the token that it takes the place of, so that it can be answered once more: signatures of ES*
//! and PS* are random, and it could not be made again. simplejwt has nothing like it.
//!
//! AES-256-GCM, under a key by HKDF-SHA256 from the text of the token that was presented, with a pepper of `SECRET_KEY` as
//! salt. Whoever reads the database has neither. Beside the text the record and the successor's id are authenticated.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;
use munjigi_signing::{SecretKey, SecretKeys};
use zeroize::Zeroizing;

/// Which successor of which token.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) sid: &'p str,
    /// The token that was presented: its text and its id.
    pub(super) presented: &'p str,
    pub(super) presented_jti: &'p str,
    pub(super) successor_jti: &'p str,
}

/// Seals a successor: the nonce, then the ciphertext and its tag. A transaction may be run again with another successor
/// under the same key, so the nonce is random. `None` where the cipher takes no text of that length.
pub(super) fn seal(
    keys: &SecretKeys,
    place: Place<'_>,
    successor: &str,
    nonce: [u8; NONCE_LEN],
) -> Option<Vec<u8>> {
    let mut text = successor.as_bytes().to_vec();
    let tag = key(keys.current(), place)?
        .seal_in_place_separate_tag(Nonce::from(&nonce), place.aad(), &mut text)
        .ok()?;
    Some([&nonce[..], &text, tag.as_ref()].concat())
}

/// Opens what [`seal`] made, under `SECRET_KEY` or one of its fallbacks; `None` where it is not that.
pub(super) fn open(keys: &SecretKeys, place: Place<'_>, sealed: &[u8]) -> Option<Zeroizing<String>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>()?;
    keys.all().find_map(|secret| {
        let mut text = Zeroizing::new(ciphertext.to_vec());
        let text = key(secret, place)?
            .open_in_place(Nonce::from(nonce), place.aad(), &mut text)
            .ok()?;
        Some(Zeroizing::new(str::from_utf8(text).ok()?.to_owned()))
    })
}

fn key(secret: &SecretKey, place: Place<'_>) -> Option<LessSafeKey> {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
    let pepper = hmac::sign(&secret, LABEL);
    let info = joined([LABEL, place.sid.as_bytes(), place.presented_jti.as_bytes()]);
    let salted = Salt::new(HKDF_SHA256, pepper.as_ref()).extract(place.presented.as_bytes());
    let key = UnboundKey::from(salted.expand(&[&info], &AES_256_GCM).ok()?);
    Some(LessSafeKey::new(key))
}

impl Place<'_> {
    fn aad(self) -> Aad<Vec<u8>> {
        Aad::from(joined([self.sid.as_bytes(), self.successor_jti.as_bytes()]))
    }
}

/// Each part after its length, so that no two lists make one text.
fn joined<const N: usize>(parts: [&[u8]; N]) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        joined.extend(length.to_be_bytes());
        joined.extend(part);
    }
    joined
}

const LABEL: &[u8] = b"munjigi sealed successor 1";

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place {
        sid: "5a",
        presented: "header.claims.signature",
        presented_jti: "old",
        successor_jti: "new",
    };
    const SUCCESSOR: &str = "another.token.of-it";

    fn keys(current: &str, fallbacks: &[&str]) -> SecretKeys {
        let fallbacks = fallbacks.iter().map(|key| SecretKey::new(*key)).collect();
        SecretKeys::new(SecretKey::new(current), fallbacks)
    }

    fn sealed() -> Vec<u8> {
        seal(&keys("secret", &[]), PLACE, SUCCESSOR, [7; NONCE_LEN]).unwrap()
    }

    fn opened(keys: &SecretKeys, place: Place<'_>, sealed: &[u8]) -> Option<String> {
        open(keys, place, sealed).map(|text| text.to_string())
    }

    #[test]
    fn a_successor_is_opened_by_who_has_the_token_before_it() {
        let keys = keys("secret", &[]);
        assert_eq!(opened(&keys, PLACE, &sealed()).as_deref(), Some(SUCCESSOR));
        assert_eq!(
            sealed().len(),
            NONCE_LEN + SUCCESSOR.len() + AES_256_GCM.tag_len()
        );
        let contains = |part: &[u8]| sealed().windows(part.len()).any(|window| window == part);
        assert!(!contains(b"another") && contains(&[7; NONCE_LEN]));
    }

    #[test]
    fn a_former_secret_key_opens_what_it_sealed_and_no_other_does() {
        assert!(opened(&keys("new", &["older", "secret"]), PLACE, &sealed()).is_some());
        assert_eq!(opened(&keys("new", &["older"]), PLACE, &sealed()), None);
    }

    #[test]
    fn another_token_record_or_id_opens_nothing() {
        let keys = keys("secret", &[]);
        for place in [
            Place { sid: "5b", ..PLACE },
            Place {
                presented: "header.claims.signaturf",
                ..PLACE
            },
            Place {
                presented_jti: "ole",
                ..PLACE
            },
            Place {
                successor_jti: "nex",
                ..PLACE
            },
            // The same letters, divided otherwise.
            Place {
                sid: "5",
                successor_jti: "anew",
                ..PLACE
            },
        ] {
            assert_eq!(opened(&keys, place, &sealed()), None);
        }
    }

    #[test]
    fn with_any_bit_turned_over_or_any_byte_cut_off_nothing_is_opened() {
        let keys = keys("secret", &[]);
        let sealed = sealed();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut tampered = sealed.clone();
                tampered[at] ^= 1 << bit;
                assert_eq!(opened(&keys, PLACE, &tampered), None, "byte {at}");
            }
            assert_eq!(opened(&keys, PLACE, &sealed[..at]), None, "{at} bytes");
        }
    }
}
