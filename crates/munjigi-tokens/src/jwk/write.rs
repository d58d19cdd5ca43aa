//! A JWK as text. Secrets are written into memory that is wiped and never moved while it fills.

use super::{Jwk, Material, Operations};
use crate::{
    algorithm::asymmetric::{Private, Public},
    json::write_text,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// RFC 7638, section 3.2: the required members alone, sorted.
pub(super) fn thumbprint_input(public: &Public) -> String {
    let mut members = kind(public);
    members.sort_by_key(|(name, _)| *name);
    let mut object = Object::with_capacity(2_048);
    for (name, value) in members {
        object.value(name, value);
    }
    std::mem::take(&mut *object.end())
}

pub(super) fn public(key: &Jwk) -> Option<String> {
    let Material::Pair { public, .. } = &key.material else {
        return None;
    };
    let mut object = Object::with_capacity(2_048);
    describe(&mut object, key, public_operations(key));
    for (name, value) in kind(public).into_iter().skip(1) {
        object.value(name, value);
    }
    Some(std::mem::take(&mut *object.end()))
}

pub(super) fn private(key: &Jwk) -> Zeroizing<String> {
    let mut object = Object::with_capacity(Jwk::MAX_LENGTH);
    describe(&mut object, key, key.operations);
    match &key.material {
        Material::Secret(secret) => object.value("k", Value::Bytes(secret)),
        Material::Pair { public, private } => {
            for (name, value) in kind(public).into_iter().skip(1) {
                object.value(name, value);
            }
            match private {
                None => {}
                Some(Private::Scalar(d)) => object.value("d", Value::Bytes(d)),
                Some(Private::Rsa(numbers)) => {
                    let named = [
                        ("d", &numbers.d),
                        ("p", &numbers.p),
                        ("q", &numbers.q),
                        ("dp", &numbers.dp),
                        ("dq", &numbers.dq),
                        ("qi", &numbers.qi),
                    ];
                    for (name, number) in named {
                        let zeros = number.iter().take_while(|&&byte| byte == 0).count();
                        object.value(name, Value::Bytes(number.get(zeros..).unwrap_or_default()));
                    }
                }
            }
        }
    }
    object.end()
}

/// The public half of a private key verifies where the private one signs.
fn public_operations(key: &Jwk) -> Operations {
    Operations {
        sign: key.operations.sign && key.operations.verify,
        ..key.operations
    }
}

/// All that is not a number of the key.
fn describe(object: &mut Object, key: &Jwk, operations: Operations) {
    let kty = match &key.material {
        Material::Secret(_) => "oct",
        Material::Pair { public, .. } => kty(public),
    };
    object.value("kty", Value::Text(kty));
    if let Some(key_id) = &key.key_id {
        object.value("kid", Value::Text(key_id));
    }
    object.value("use", Value::Text("sig"));
    if let Some(algorithm) = key.algorithm() {
        object.value("alg", Value::Text(algorithm.name()));
    }
    if operations != Operations::ALL {
        object.value(
            "key_ops",
            Value::Json(if operations.sign {
                "[\"sign\"]"
            } else {
                "[\"verify\"]"
            }),
        );
    }
    if let Some(expires_at) = key.expires_at {
        object.value("exp", Value::Json(&expires_at.as_second().to_string()));
    }
}

fn kty(public: &Public) -> &'static str {
    match public {
        Public::Rsa { .. } => "RSA",
        Public::Ec { .. } => "EC",
        Public::Ed25519 { .. } => "OKP",
    }
}

/// `kty` and the members that are the public key.
fn kind(public: &Public) -> Vec<(&'static str, Value<'_>)> {
    let mut members = vec![("kty", Value::Text(kty(public)))];
    match public {
        Public::Rsa { n, e } => members.extend([("n", Value::Bytes(n)), ("e", Value::Bytes(e))]),
        Public::Ec { curve, x, y } => members.extend([
            ("crv", Value::Text(curve.name())),
            ("x", Value::Bytes(x)),
            ("y", Value::Bytes(y)),
        ]),
        Public::Ed25519 { x } => members.extend([("crv", Value::Text("Ed25519")), ("x", Value::Bytes(x))]),
    }
    members
}

#[derive(Clone, Copy)]
enum Value<'v> {
    Text(&'v str),
    /// In base64url.
    Bytes(&'v [u8]),
    Json(&'v str),
}

/// One object, being written.
struct Object(Zeroizing<String>);

impl Object {
    fn with_capacity(capacity: usize) -> Self {
        let mut out = Zeroizing::new(String::with_capacity(capacity));
        out.push('{');
        Self(out)
    }

    fn value(&mut self, name: &str, value: Value<'_>) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        write_text(&mut self.0, name);
        self.0.push(':');
        match value {
            Value::Text(text) => write_text(&mut self.0, text),
            Value::Json(json) => self.0.push_str(json),
            Value::Bytes(bytes) => {
                self.0.push('"');
                URL_SAFE_NO_PAD.encode_string(bytes, &mut self.0);
                self.0.push('"');
            }
        }
    }

    fn end(mut self) -> Zeroizing<String> {
        self.0.push('}');
        self.0
    }
}
