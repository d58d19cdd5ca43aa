//! HS256, HS384, HS512: `jwt.algorithms.HMACAlgorithm`.
//!
//! The two blocks that depend on the key alone are hashed once, here. What may be a key is said in `keys`.

use super::Algorithm;
use crate::Error;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

/// An HMAC key with its first blocks already hashed.
pub(crate) enum HmacKey {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl HmacKey {
    /// Takes any secret; whether it is one that may be used is for the caller to say.
    pub(crate) fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, Error> {
        let made = match algorithm {
            Algorithm::Hs256 => Hmac::new_from_slice(key).map(Self::Sha256),
            Algorithm::Hs384 => Hmac::new_from_slice(key).map(Self::Sha384),
            Algorithm::Hs512 => Hmac::new_from_slice(key).map(Self::Sha512),
            #[cfg(feature = "asymmetric")]
            _ => {
                return Err(Error::ImproperlyConfigured(
                    format!("ALGORITHM {algorithm} takes no shared secret.").into(),
                ));
            }
        };
        made.map_err(|_| {
            Error::ImproperlyConfigured("SIGNING_KEY has a length that HMAC does not take.".into())
        })
    }

    /// In bytes.
    pub(crate) fn signature_length(&self) -> usize {
        match self {
            Self::Sha256(_) => 32,
            Self::Sha384(_) => 48,
            Self::Sha512(_) => 64,
        }
    }

    pub(crate) fn sign(&self, message: &mut String) {
        match self {
            Self::Sha256(mac) => append(message, mac.clone()),
            Self::Sha384(mac) => append(message, mac.clone()),
            Self::Sha512(mac) => append(message, mac.clone()),
        }
    }

    /// Compares in constant time.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match self {
            Self::Sha256(mac) => mac.clone().chain_update(message).verify_slice(signature),
            Self::Sha384(mac) => mac.clone().chain_update(message).verify_slice(signature),
            Self::Sha512(mac) => mac.clone().chain_update(message).verify_slice(signature),
        }
        .map_err(|_| Error::Invalid)
    }
}

fn append(message: &mut String, mut mac: impl Mac) {
    mac.update(message.as_bytes());
    let signature = mac.finalize().into_bytes();
    message.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, message);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn fixture(path: &str) -> Value {
        let path = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/{}"), path);
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn hex(value: &Value) -> Vec<u8> {
        let digits = value.as_str().unwrap().as_bytes();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn sign(key: &HmacKey, message: Vec<u8>) -> Vec<u8> {
        // Any bytes: the signature does not depend on the message being text.
        match key {
            HmacKey::Sha256(mac) => mac.clone().chain_update(message).finalize().into_bytes().to_vec(),
            HmacKey::Sha384(mac) => mac.clone().chain_update(message).finalize().into_bytes().to_vec(),
            HmacKey::Sha512(mac) => mac.clone().chain_update(message).finalize().into_bytes().to_vec(),
        }
    }

    /// Half of the tags there are cut to half their length; no JWS has such a one, and all must be refused.
    #[test]
    fn every_verdict_of_wycheproof_is_matched() {
        for (algorithm, file) in [
            (Algorithm::Hs256, "wycheproof/hmac_sha256_test.json"),
            (Algorithm::Hs384, "wycheproof/hmac_sha384_test.json"),
            (Algorithm::Hs512, "wycheproof/hmac_sha512_test.json"),
        ] {
            let (mut valid, mut cut, mut invalid) = (0, 0, 0);
            for group in fixture(file)["testGroups"].as_array().unwrap() {
                let is_whole = group["tagSize"] == bits(algorithm);
                for test in group["tests"].as_array().unwrap() {
                    let key = HmacKey::new(algorithm, &hex(&test["key"])).unwrap();
                    let (message, tag) = (hex(&test["msg"]), hex(&test["tag"]));
                    let is_good = key.verify(&message, &tag).is_ok();
                    let is_start = sign(&key, message).starts_with(&tag);
                    assert_eq!(is_start, test["result"] == "valid", "{file} {}", test["tcId"]);
                    assert_eq!(is_good, is_start && is_whole, "{file} {}", test["tcId"]);
                    match (is_start, is_whole) {
                        (true, true) => valid += 1,
                        (true, false) => cut += 1,
                        (false, _) => invalid += 1,
                    }
                }
            }
            assert_eq!((valid, cut, invalid), (33, 33, 108), "{file}");
        }
    }

    fn bits(algorithm: Algorithm) -> u64 {
        match algorithm {
            Algorithm::Hs256 => 256,
            Algorithm::Hs384 => 384,
            _ => 512,
        }
    }

    #[test]
    fn the_test_cases_of_rfc_4231_come_out() {
        let vectors = fixture("vectors/rfc_vectors.json");
        let cases = vectors["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|case| case["kind"] == "hmac");
        let mut count = 0;
        for case in cases {
            assert_eq!(case["hash"], "sha256");
            let key = HmacKey::new(Algorithm::Hs256, &hex(&case["key_hex"])).unwrap();
            assert_eq!(sign(&key, hex(&case["msg_hex"])), hex(&case["hex"]));
            count += 1;
        }
        assert_eq!(count, 3);
    }
}
