//! As much DER (X.690) as keys need. What decides whether a key is good is aws-lc; here numbers are found in what it
//! wrote or will check.

use zeroize::Zeroizing;

/// The contents of `id-ecPublicKey` (RFC 5480, section 2.1.1).
pub(crate) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// The contents of `id-Ed25519` (RFC 8410, section 3).
pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const CONTEXT_0: u8 = 0xa0;

/// `RSAPublicKey` (RFC 8017, appendix A.1.1): modulus and exponent.
pub(crate) fn rsa_public_key(der: &[u8]) -> Option<[&[u8]; 2]> {
    let (mut body, rest) = take(der, SEQUENCE)?;
    let numbers = [number(&mut body)?, number(&mut body)?];
    (rest.is_empty() && body.is_empty()).then_some(numbers)
}

/// The eight numbers of an `RSAPrivateKey` (RFC 8017, appendix A.1.2) within PKCS#8: modulus, both exponents, both
/// primes, both of their exponents, the coefficient.
pub(crate) fn rsa_private_key(pkcs8: &[u8]) -> Option<[&[u8]; 8]> {
    let (mut info, _) = take(pkcs8, SEQUENCE)?;
    let _version = number(&mut info)?;
    let (_algorithm, info) = take(info, SEQUENCE)?;
    let (key, _) = take(info, OCTET_STRING)?;
    let (mut body, _) = take(key, SEQUENCE)?;
    let _version = number(&mut body)?;
    let mut numbers = [&[][..]; 8];
    for each in &mut numbers {
        *each = number(&mut body)?;
    }
    Some(numbers)
}

/// The key within a `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7) of this algorithm with this parameter.
pub(crate) fn public_key_bits<'d>(
    spki: &'d [u8],
    algorithm: &[u8],
    parameter: Option<&[u8]>,
) -> Option<&'d [u8]> {
    let (body, rest) = take(spki, SEQUENCE)?;
    let (identifier, body) = take(body, SEQUENCE)?;
    let (found, parameters) = take(identifier, OBJECT_IDENTIFIER)?;
    let is_parameter = match parameter {
        None => parameters.is_empty(),
        Some(wanted) => take(parameters, OBJECT_IDENTIFIER) == Some((wanted, &[])),
    };
    let (bits, after) = take(body, BIT_STRING)?;
    let (unused, key) = bits.split_first()?;
    let is_whole = rest.is_empty() && after.is_empty() && *unused == 0;
    (found == algorithm && is_parameter && is_whole).then_some(key)
}

/// An `ECPrivateKey` (RFC 5915, section 3) without its public key.
pub(crate) fn ec_private_key(curve: &[u8], number: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut body = Zeroizing::new(Vec::with_capacity(number.len() + curve.len() + 16));
    put(&mut body, INTEGER, &[1]);
    put(&mut body, OCTET_STRING, number);
    let mut parameter = Vec::new();
    put(&mut parameter, OBJECT_IDENTIFIER, curve);
    put(&mut body, CONTEXT_0, &parameter);
    let mut key = Zeroizing::new(Vec::with_capacity(body.len() + 4));
    put(&mut key, SEQUENCE, &body);
    key
}

/// A short element: its length is one byte.
fn put(out: &mut Vec<u8>, tag: u8, contents: &[u8]) {
    out.push(tag);
    out.push(u8::try_from(contents.len()).unwrap_or(u8::MAX));
    out.extend(contents);
}

/// The contents of an element of this tag, and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (
            usize::from(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?)),
            rest.get(2..)?,
        ),
        _ => return None,
    };
    (*found == tag).then_some(rest.split_at_checked(length)?)
}

/// The next integer, which is not negative, without leading zeros.
fn number<'d>(der: &mut &'d [u8]) -> Option<&'d [u8]> {
    let (contents, rest) = take(der, INTEGER)?;
    *der = rest;
    Some(contents.strip_prefix(&[0]).unwrap_or(contents))
}
