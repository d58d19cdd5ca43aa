//! RS256 to PS512.
//!
//! The modulus has 2048 to 8192 bits: below, a key can be broken; above, one token would cost too much time. The
//! exponent is odd, above one and of no more than 33 bits, as aws-lc has it. A modulus of Infineon's library can be
//! factored, and is refused.

use super::{Encoding, Private, Public, RsaPrivate, Unfit};
use crate::keys::der;
use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa,
    signature::{self, KeyPair as _, ParsedPublicKey, RsaEncoding, RsaParameters},
};
use zeroize::Zeroizing;

/// One of the six: how it signs and how it verifies.
#[derive(Clone, Copy)]
pub(super) struct Scheme {
    signing: &'static dyn RsaEncoding,
    verifying: &'static RsaParameters,
}

pub(super) const RS256: Scheme = Scheme {
    signing: &signature::RSA_PKCS1_SHA256,
    verifying: &signature::RSA_PKCS1_2048_8192_SHA256,
};
pub(super) const RS384: Scheme = Scheme {
    signing: &signature::RSA_PKCS1_SHA384,
    verifying: &signature::RSA_PKCS1_2048_8192_SHA384,
};
pub(super) const RS512: Scheme = Scheme {
    signing: &signature::RSA_PKCS1_SHA512,
    verifying: &signature::RSA_PKCS1_2048_8192_SHA512,
};
pub(super) const PS256: Scheme = Scheme {
    signing: &signature::RSA_PSS_SHA256,
    verifying: &signature::RSA_PSS_2048_8192_SHA256,
};
pub(super) const PS384: Scheme = Scheme {
    signing: &signature::RSA_PSS_SHA384,
    verifying: &signature::RSA_PSS_2048_8192_SHA384,
};
pub(super) const PS512: Scheme = Scheme {
    signing: &signature::RSA_PSS_SHA512,
    verifying: &signature::RSA_PSS_2048_8192_SHA512,
};

pub(super) struct KeyPair {
    pair: rsa::KeyPair,
    scheme: Scheme,
}

impl KeyPair {
    pub(super) fn from_der(scheme: Scheme, encoding: Encoding, key: &[u8]) -> Result<Self, Unfit> {
        let pair = match encoding {
            Encoding::Pkcs8 => rsa::KeyPair::from_pkcs8(key),
            Encoding::Pkcs1 => rsa::KeyPair::from_der(key),
            Encoding::Sec1 => return Err(Unfit),
        };
        let pair = pair.map_err(|_| Unfit)?;
        Ok(Self { pair, scheme })
    }

    /// aws-lc checks each number against the others.
    pub(super) fn from_components(scheme: Scheme, public: &Public, private: &Private) -> Result<Self, Unfit> {
        let (Public::Rsa { n, e }, Private::Rsa(private)) = (public, private) else {
            return Err(Unfit);
        };
        let components = rsa::KeyPairComponents {
            public_key: rsa::PublicKeyComponents {
                n: n.as_slice(),
                e: e.as_slice(),
            },
            d: private.d.as_slice(),
            p: private.p.as_slice(),
            q: private.q.as_slice(),
            dP: private.dp.as_slice(),
            dQ: private.dq.as_slice(),
            qInv: private.qi.as_slice(),
        };
        let pair = rsa::KeyPair::from_components(&components).map_err(|_| Unfit)?;
        Ok(Self { pair, scheme })
    }

    /// 3072 bits: what NIST SP 800-57 asks for beyond 2030.
    pub(super) fn generate(scheme: Scheme) -> Result<Self, Unfit> {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa3072).map_err(|_| Unfit)?;
        Ok(Self { pair, scheme })
    }

    pub(super) fn public(&self) -> Result<Public, Unfit> {
        public_from_der(self.pair.public_key().as_ref())
    }

    pub(super) fn private(&self) -> Result<Private, Unfit> {
        let pkcs8 = self.pair.as_der().map_err(|_| Unfit)?;
        let numbers = der::rsa_private_key(pkcs8.as_ref()).ok_or(Unfit)?;
        let [_n, _e, d, p, q, dp, dq, qi] = numbers.map(|number| Zeroizing::new(number.to_vec()));
        Ok(Private::Rsa(RsaPrivate { d, p, q, dp, dq, qi }))
    }

    pub(super) fn sign(&self, message: &[u8], signature: &mut [u8]) -> Result<(), Unfit> {
        self.pair
            .sign(self.scheme.signing, &SystemRandom::new(), message, signature)
            .map_err(|_| Unfit)
    }
}

/// Reads PKCS#1 and SPKI alike.
pub(super) fn public_from_der(key: &[u8]) -> Result<Public, Unfit> {
    let key = rsa::PublicKey::from_der(key).map_err(|_| Unfit)?;
    let [n, e] = der::rsa_public_key(key.as_ref()).ok_or(Unfit)?;
    Ok(Public::Rsa {
        n: n.to_vec(),
        e: e.to_vec(),
    })
}

/// The key, and how long its signatures are.
pub(super) fn parse(scheme: Scheme, public: &Public) -> Result<(ParsedPublicKey, usize), Unfit> {
    let Public::Rsa { n, e } = public else {
        return Err(Unfit);
    };
    let first = n.first().ok_or(Unfit)?;
    let bits = n.len() * 8 - usize::try_from(first.leading_zeros()).map_err(|_| Unfit)?;
    if !(2048..=8192).contains(&bits) || is_of_infineon(n) {
        return Err(Unfit);
    }
    let components = rsa::PublicKeyComponents { n, e };
    // Through DER, because that way aws-lc checks the exponent too.
    let spki = components.as_der().map_err(|_| Unfit)?;
    let parsed = ParsedPublicKey::new(scheme.verifying, spki.as_ref()).map_err(|_| Unfit)?;
    Ok((parsed, n.len()))
}

/// Whether a modulus was made by the library of CVE-2017-15361 (ROCA), so that it can be factored: such a number is,
/// modulo each small prime, a power of 65537. One of another maker is so once in a hundred million.
fn is_of_infineon(n: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
        103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.iter().all(|&prime| {
        let rest = n
            .iter()
            .fold(0, |rest, &byte| (rest * 256 + u32::from(byte)) % prime);
        let powers = std::iter::successors(Some(1), |power| Some(power * 65_537 % prime));
        powers.take(prime as usize).any(|power| power == rest)
    })
}
