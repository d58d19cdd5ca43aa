//! RS*, PS*, ES* and EdDSA over aws-lc-rs: `jwt.algorithms.{RSAAlgorithm, RSAPSSAlgorithm, ECAlgorithm,
//! OKPAlgorithm}`.
//!
//! What PyJWT takes and is refused here: RSA below 2048 bits or above 8192, and the curves secp256k1 and Ed448.

mod components;
mod ecdsa;
mod eddsa;
mod rsa;

use super::Algorithm;
use crate::Error;
use aws_lc_rs::signature::ParsedPublicKey;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::sync::Arc;

pub(crate) use components::{Curve, Private, Public, RsaPrivate};

/// The encodings that a key comes in. DER of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// RFC 5208 and RFC 5958: `PRIVATE KEY`.
    Pkcs8,
    /// RFC 8017: `RSA PRIVATE KEY`.
    Pkcs1,
    /// RFC 5915: `EC PRIVATE KEY`.
    Sec1,
}

/// The encodings that a public key comes in. DER of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PublicEncoding {
    /// RFC 5280, section 4.1.2.7: `PUBLIC KEY`.
    Spki,
    /// RFC 8017: `RSA PUBLIC KEY`.
    Pkcs1,
}

/// A private key, parsed once. A clone is the same one.
#[derive(Clone)]
pub(crate) struct PrivateKey {
    pair: Arc<Pair>,
    public: PublicKey,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ecdsa(ecdsa::KeyPair),
    Eddsa(eddsa::KeyPair),
}

/// A public key, parsed once. A clone is the same one.
#[derive(Clone)]
pub(crate) struct PublicKey {
    parsed: ParsedPublicKey,
    signature_length: usize,
    components: Arc<Public>,
}

/// The key is none that the algorithm could use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unfit;

/// The three families and what distinguishes their members.
enum Family {
    Rsa(rsa::Scheme),
    Ecdsa(Curve),
    Eddsa,
}

impl Family {
    /// `None` for the HS*, which have no pair of keys.
    fn of(algorithm: Algorithm) -> Option<Self> {
        Some(match algorithm {
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => return None,
            Algorithm::Rs256 => Self::Rsa(rsa::RS256),
            Algorithm::Rs384 => Self::Rsa(rsa::RS384),
            Algorithm::Rs512 => Self::Rsa(rsa::RS512),
            Algorithm::Ps256 => Self::Rsa(rsa::PS256),
            Algorithm::Ps384 => Self::Rsa(rsa::PS384),
            Algorithm::Ps512 => Self::Rsa(rsa::PS512),
            Algorithm::Es256 => Self::Ecdsa(Curve::P256),
            Algorithm::Es384 => Self::Ecdsa(Curve::P384),
            Algorithm::Es512 => Self::Ecdsa(Curve::P521),
            Algorithm::EdDsa => Self::Eddsa,
        })
    }
}

impl PrivateKey {
    pub(crate) fn from_der(algorithm: Algorithm, encoding: Encoding, der: &[u8]) -> Result<Self, Unfit> {
        let pair = match Family::of(algorithm).ok_or(Unfit)? {
            Family::Rsa(scheme) => Pair::Rsa(rsa::KeyPair::from_der(scheme, encoding, der)?),
            Family::Ecdsa(curve) => Pair::Ecdsa(ecdsa::KeyPair::from_der(curve, encoding, der)?),
            Family::Eddsa => Pair::Eddsa(eddsa::KeyPair::from_der(encoding, der)?),
        };
        Self::new(algorithm, pair)
    }

    /// The public and the private half must belong together.
    pub(crate) fn from_components(
        algorithm: Algorithm,
        public: &Public,
        private: &Private,
    ) -> Result<Self, Unfit> {
        let pair = match Family::of(algorithm).ok_or(Unfit)? {
            Family::Rsa(scheme) => Pair::Rsa(rsa::KeyPair::from_components(scheme, public, private)?),
            Family::Ecdsa(curve) => Pair::Ecdsa(ecdsa::KeyPair::from_components(curve, public, private)?),
            Family::Eddsa => Pair::Eddsa(eddsa::KeyPair::from_components(public, private)?),
        };
        Self::new(algorithm, pair)
    }

    /// A new key. ECDSA and Ed25519 are made of what `fill` gives; RSA's primes aws-lc draws by itself, since it
    /// takes no other source.
    pub(crate) fn generate(algorithm: Algorithm, fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, Unfit> {
        let pair = match Family::of(algorithm).ok_or(Unfit)? {
            Family::Rsa(scheme) => Pair::Rsa(rsa::KeyPair::generate(scheme)?),
            Family::Ecdsa(curve) => Pair::Ecdsa(ecdsa::KeyPair::generate(curve, fill)?),
            Family::Eddsa => Pair::Eddsa(eddsa::KeyPair::generate(fill)?),
        };
        Self::new(algorithm, pair)
    }

    fn new(algorithm: Algorithm, pair: Pair) -> Result<Self, Unfit> {
        let components = match &pair {
            Pair::Rsa(pair) => pair.public()?,
            Pair::Ecdsa(pair) => pair.public()?,
            Pair::Eddsa(pair) => pair.public(),
        };
        Ok(Self {
            pair: Arc::new(pair),
            public: PublicKey::from_components(algorithm, components)?,
        })
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn private_components(&self) -> Result<Private, Unfit> {
        match &*self.pair {
            Pair::Rsa(pair) => pair.private(),
            Pair::Ecdsa(pair) => pair.private(),
            Pair::Eddsa(pair) => pair.private(),
        }
    }

    pub(crate) fn sign(&self, message: &mut String) -> Result<(), Error> {
        let mut buffer = [0; super::MAX_SIGNATURE];
        let signature = buffer
            .get_mut(..self.public.signature_length)
            .ok_or(Error::Unsigned)?;
        match &*self.pair {
            Pair::Rsa(pair) => pair.sign(message.as_bytes(), signature),
            Pair::Ecdsa(pair) => pair.sign(message.as_bytes(), signature),
            Pair::Eddsa(pair) => pair.sign(message.as_bytes(), signature),
        }
        .map_err(|Unfit| Error::Unsigned)?;
        message.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, message);
        Ok(())
    }
}

impl PublicKey {
    pub(crate) fn from_der(
        algorithm: Algorithm,
        encoding: PublicEncoding,
        der: &[u8],
    ) -> Result<Self, Unfit> {
        let components = match Family::of(algorithm).ok_or(Unfit)? {
            Family::Rsa(_) => rsa::public_from_der(der)?,
            Family::Ecdsa(curve) if encoding == PublicEncoding::Spki => ecdsa::public_from_spki(curve, der)?,
            Family::Eddsa if encoding == PublicEncoding::Spki => eddsa::public_from_spki(der)?,
            Family::Ecdsa(_) | Family::Eddsa => return Err(Unfit),
        };
        Self::from_components(algorithm, components)
    }

    pub(crate) fn from_components(algorithm: Algorithm, public: Public) -> Result<Self, Unfit> {
        let (parsed, signature_length) = match Family::of(algorithm).ok_or(Unfit)? {
            Family::Rsa(scheme) => rsa::parse(scheme, &public)?,
            Family::Ecdsa(curve) => ecdsa::parse(curve, &public)?,
            Family::Eddsa => eddsa::parse(&public)?,
        };
        Ok(Self {
            parsed,
            signature_length,
            components: Arc::new(public),
        })
    }

    pub(crate) fn components(&self) -> &Public {
        &self.components
    }

    /// In bytes.
    pub(crate) fn signature_length(&self) -> usize {
        self.signature_length
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        if signature.len() != self.signature_length {
            return Err(Error::Invalid);
        }
        self.parsed
            .verify_sig(message, signature)
            .map_err(|_| Error::Invalid)
    }
}

/// The curve or kind of a key decides its algorithm, but for RSA, which has six.
pub(crate) fn only_algorithm(public: &Public) -> Option<Algorithm> {
    match public {
        Public::Rsa { .. } => None,
        Public::Ec { curve, .. } => Some(match curve {
            Curve::P256 => Algorithm::Es256,
            Curve::P384 => Algorithm::Es384,
            Curve::P521 => Algorithm::Es512,
        }),
        Public::Ed25519 { .. } => Some(Algorithm::EdDsa),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn fixture(file: &str) -> Value {
        let path = format!(
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/wycheproof/{}"),
            file
        );
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn hex(value: &Value) -> Vec<u8> {
        let digits = value.as_str().unwrap().as_bytes();
        let digit = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(digit).collect()
    }

    /// Every verdict must be matched. Gives how many are good and how many are not.
    fn judge(file: &str, algorithm: Algorithm) -> (usize, usize) {
        let (mut good, mut bad) = (0, 0);
        for group in fixture(file)["testGroups"].as_array().unwrap() {
            let der = hex(&group["publicKeyDer"]);
            let key = PublicKey::from_der(algorithm, PublicEncoding::Spki, &der).unwrap();
            for test in group["tests"].as_array().unwrap() {
                let is_good = key.verify(&hex(&test["msg"]), &hex(&test["sig"])).is_ok();
                assert_eq!(is_good, test["result"] == "valid", "{file} {test}");
                *if is_good { &mut good } else { &mut bad } += 1;
            }
        }
        (good, bad)
    }

    #[test]
    fn every_verdict_of_wycheproof_on_ecdsa_is_matched() {
        let verdicts = [
            (
                "ecdsa_secp256r1_sha256_p1363_test.json",
                Algorithm::Es256,
                (173, 89),
            ),
            (
                "ecdsa_secp384r1_sha384_p1363_test.json",
                Algorithm::Es384,
                (193, 87),
            ),
            (
                "ecdsa_secp521r1_sha512_p1363_test.json",
                Algorithm::Es512,
                (231, 87),
            ),
        ];
        for (file, algorithm, expected) in verdicts {
            assert_eq!(judge(file, algorithm), expected, "{file}");
        }
    }

    #[test]
    fn every_verdict_of_wycheproof_on_ed25519_is_matched() {
        assert_eq!(judge("ed25519_test.json", Algorithm::EdDsa), (88, 63));
    }

    /// The one case that is called acceptable leaves out the NULL of the digest's identifier, and is refused.
    #[test]
    fn every_verdict_of_wycheproof_on_rsa_is_matched() {
        assert_eq!(
            judge("rsa_signature_2048_sha256_test.json", Algorithm::Rs256),
            (9, 250)
        );
        assert_eq!(
            judge("rsa_pss_2048_sha256_mgf1_32_test.json", Algorithm::Ps256),
            (63, 45)
        );
    }
}
