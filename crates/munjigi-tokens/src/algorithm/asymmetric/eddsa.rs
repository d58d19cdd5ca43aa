//! EdDSA with Ed25519 (RFC 8037).

use super::{Encoding, Private, Public, Unfit};
use crate::keys::der;
use aws_lc_rs::{
    encoding::{AsBigEndian, Curve25519SeedBin},
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey},
};
use zeroize::Zeroizing;

/// Of the seed and of the public key, in bytes.
const LENGTH: usize = 32;
const SIGNATURE_LENGTH: usize = 64;

pub(super) struct KeyPair(Ed25519KeyPair);

impl KeyPair {
    pub(super) fn from_der(encoding: Encoding, key: &[u8]) -> Result<Self, Unfit> {
        if encoding != Encoding::Pkcs8 {
            return Err(Unfit);
        }
        Ed25519KeyPair::from_pkcs8(key).map(Self).map_err(|_| Unfit)
    }

    pub(super) fn from_components(public: &Public, private: &Private) -> Result<Self, Unfit> {
        let (Public::Ed25519 { x }, Private::Scalar(seed)) = (public, private) else {
            return Err(Unfit);
        };
        if [x.len(), seed.len()] != [LENGTH; 2] {
            return Err(Unfit);
        }
        Ed25519KeyPair::from_seed_and_public_key(seed, x)
            .map(Self)
            .map_err(|_| Unfit)
    }

    pub(super) fn generate(fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, Unfit> {
        let mut seed = Zeroizing::new([0; LENGTH]);
        fill(&mut *seed);
        Ed25519KeyPair::from_seed_unchecked(&*seed)
            .map(Self)
            .map_err(|_| Unfit)
    }

    pub(super) fn public(&self) -> Public {
        Public::Ed25519 {
            x: self.0.public_key().as_ref().to_vec(),
        }
    }

    pub(super) fn private(&self) -> Result<Private, Unfit> {
        let seed = self.0.seed().map_err(|_| Unfit)?;
        let seed: Curve25519SeedBin<'_> = seed.as_be_bytes().map_err(|_| Unfit)?;
        Ok(Private::Scalar(Zeroizing::new(seed.as_ref().to_vec())))
    }

    pub(super) fn sign(&self, message: &[u8], signature: &mut [u8]) -> Result<(), Unfit> {
        let signed = self.0.try_sign(message).map_err(|_| Unfit)?;
        if signed.as_ref().len() != signature.len() {
            return Err(Unfit);
        }
        signature.copy_from_slice(signed.as_ref());
        Ok(())
    }
}

pub(super) fn public_from_spki(spki: &[u8]) -> Result<Public, Unfit> {
    let x = der::public_key_bits(spki, der::ED25519, None).ok_or(Unfit)?;
    Ok(Public::Ed25519 { x: x.to_vec() })
}

/// The key, and how long its signatures are.
pub(super) fn parse(public: &Public) -> Result<(ParsedPublicKey, usize), Unfit> {
    let Public::Ed25519 { x } = public else {
        return Err(Unfit);
    };
    if x.len() != LENGTH {
        return Err(Unfit);
    }
    let parsed = ParsedPublicKey::new(&ED25519, x).map_err(|_| Unfit)?;
    Ok((parsed, SIGNATURE_LENGTH))
}
