//! ES256, ES384, ES512. A signature is `r` and `s`, each as long as the curve's numbers (RFC 7518, section 3.4).

use super::{Curve, Encoding, Private, Public, Unfit};
use crate::keys::der;
use aws_lc_rs::{
    encoding::{AsBigEndian, EcPrivateKeyBin},
    rand::SystemRandom,
    signature::{
        self, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair as _, ParsedPublicKey,
    },
};
use zeroize::Zeroizing;

pub(super) struct KeyPair {
    pair: EcdsaKeyPair,
    curve: Curve,
}

fn signing(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
    }
}

fn verifying(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED,
    }
}

impl KeyPair {
    pub(super) fn from_der(curve: Curve, encoding: Encoding, key: &[u8]) -> Result<Self, Unfit> {
        let pair = match encoding {
            Encoding::Pkcs8 => EcdsaKeyPair::from_pkcs8(signing(curve), key),
            Encoding::Sec1 => EcdsaKeyPair::from_private_key_der(signing(curve), key),
            Encoding::Pkcs1 => return Err(Unfit),
        };
        let pair = pair.map_err(|_| Unfit)?;
        Ok(Self { pair, curve })
    }

    pub(super) fn from_components(curve: Curve, public: &Public, private: &Private) -> Result<Self, Unfit> {
        let (Public::Ec { curve: own, x, y }, Private::Scalar(d)) = (public, private) else {
            return Err(Unfit);
        };
        let length = curve.length();
        if *own != curve || [x.len(), y.len(), d.len()] != [length; 3] {
            return Err(Unfit);
        }
        let pair = EcdsaKeyPair::from_private_key_and_public_key(signing(curve), d, &point(x, y))
            .map_err(|_| Unfit)?;
        Ok(Self { pair, curve })
    }

    /// Draws numbers until one is below the curve's order: for P-384 and P-521 the first, nearly always.
    pub(super) fn generate(curve: Curve, fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, Unfit> {
        const TRIES: usize = 100;
        let mut number = Zeroizing::new(vec![0; curve.length()]);
        for _ in 0..TRIES {
            fill(&mut number);
            if let (Curve::P521, Some(first)) = (curve, number.first_mut()) {
                *first &= 1;
            }
            let key = der::ec_private_key(curve.oid(), &number);
            if let Ok(pair) = EcdsaKeyPair::from_private_key_der(signing(curve), &key) {
                return Ok(Self { pair, curve });
            }
        }
        Err(Unfit)
    }

    pub(super) fn public(&self) -> Result<Public, Unfit> {
        from_point(self.curve, self.pair.public_key().as_ref())
    }

    pub(super) fn private(&self) -> Result<Private, Unfit> {
        let number: EcPrivateKeyBin<'_> = self.pair.private_key().as_be_bytes().map_err(|_| Unfit)?;
        Ok(Private::Scalar(Zeroizing::new(number.as_ref().to_vec())))
    }

    pub(super) fn sign(&self, message: &[u8], signature: &mut [u8]) -> Result<(), Unfit> {
        let signed = self.pair.sign(&SystemRandom::new(), message).map_err(|_| Unfit)?;
        if signed.as_ref().len() != signature.len() {
            return Err(Unfit);
        }
        signature.copy_from_slice(signed.as_ref());
        Ok(())
    }
}

pub(super) fn public_from_spki(curve: Curve, spki: &[u8]) -> Result<Public, Unfit> {
    let point = der::public_key_bits(spki, der::EC_PUBLIC_KEY, Some(curve.oid())).ok_or(Unfit)?;
    from_point(curve, point)
}

/// The key, and how long its signatures are. aws-lc checks that the point is on the curve.
pub(super) fn parse(curve: Curve, public: &Public) -> Result<(ParsedPublicKey, usize), Unfit> {
    let Public::Ec { curve: own, x, y } = public else {
        return Err(Unfit);
    };
    if *own != curve || [x.len(), y.len()] != [curve.length(); 2] {
        return Err(Unfit);
    }
    let parsed = ParsedPublicKey::new(verifying(curve), point(x, y)).map_err(|_| Unfit)?;
    Ok((parsed, curve.length() * 2))
}

/// SEC 1, section 2.3.3, without compression.
const UNCOMPRESSED: u8 = 4;

fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[UNCOMPRESSED], x, y].concat()
}

fn from_point(curve: Curve, point: &[u8]) -> Result<Public, Unfit> {
    let (&first, coordinates) = point.split_first().ok_or(Unfit)?;
    if first != UNCOMPRESSED || coordinates.len() != curve.length() * 2 {
        return Err(Unfit);
    }
    let (x, y) = coordinates.split_at(curve.length());
    Ok(Public::Ec {
        curve,
        x: x.to_vec(),
        y: y.to_vec(),
    })
}

impl Curve {
    /// The contents of its object identifier (RFC 5480, section 2.1.1.1).
    fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
            Self::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
            Self::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
        }
    }
}
