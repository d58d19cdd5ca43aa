//! The members of a JWK (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).

use super::{Jwk, Material, Operations};
use crate::{
    Algorithm, Error,
    algorithm::asymmetric::{
        Curve, Private, PrivateKey, Public, PublicKey, RsaPrivate, Unfit, only_algorithm,
    },
    json::{self, Item, Member},
    keys::MAX_KEY_ID,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use std::borrow::Cow;
use zeroize::Zeroizing;

pub(super) fn refuse(sentence: &str) -> Error {
    Error::ImproperlyConfigured(format!("The JWK {sentence}").into())
}

pub(super) fn jwk(text: &str) -> Result<Jwk, Error> {
    if text.len() > Jwk::MAX_LENGTH {
        return Err(refuse(&format!("is longer than {} bytes.", Jwk::MAX_LENGTH)));
    }
    let members =
        json::read_object(text).map_err(|_| refuse("is not the JSON of one object, each name once."))?;
    let object = Object { text, members };
    let material = match &*object.required("kty")? {
        "oct" => Material::Secret(object.bytes("k")?),
        "RSA" => object.rsa()?,
        "EC" => object.ec()?,
        "OKP" => object.okp()?,
        kty => {
            return Err(refuse(&format!(
                "has the kty \"{kty}\". Known are oct, RSA, EC and OKP."
            )));
        }
    };
    let key = Jwk {
        key_id: object.key_id()?,
        algorithm: object.algorithm()?,
        operations: object.operations(&material)?,
        expires_at: object.expires_at()?,
        material,
    };
    check(&key)?;
    Ok(key)
}

/// The numbers must make a key, its halves belong together, and `alg` be one of its kind.
fn check(key: &Jwk) -> Result<(), Error> {
    let (public, private) = match &key.material {
        Material::Secret(secret) => {
            return super::hmac(key.algorithm.unwrap_or(Algorithm::Hs256), secret).map(drop);
        }
        Material::Pair { public, private } => (public, private),
    };
    // Of RSA's six one is as good as another here.
    let algorithm = key
        .algorithm
        .or_else(|| only_algorithm(public))
        .unwrap_or(Algorithm::Rs256);
    let made = match private {
        None => PublicKey::from_components(algorithm, public.clone()).map(drop),
        Some(private) => PrivateKey::from_components(algorithm, public, private).map(drop),
    };
    made.map_err(|Unfit| super::unfit(algorithm))
}

struct Object<'t> {
    text: &'t str,
    members: Vec<Member>,
}

impl Object<'_> {
    fn find(&self, name: &str) -> Option<Item> {
        let is_wanted = |member: &&Member| member.name.decode(self.text).is_some_and(|found| found == name);
        self.members.iter().find(is_wanted).map(|member| member.value)
    }

    fn text(&self, name: &str) -> Result<Option<Cow<'_, str>>, Error> {
        let not_text = || refuse(&format!("has a {name} that is no text."));
        match self.find(name) {
            None => Ok(None),
            Some(Item::Text(quoted)) => quoted.decode(self.text).map(Some).ok_or_else(not_text),
            Some(Item::Other(_)) => Err(not_text()),
        }
    }

    fn required(&self, name: &str) -> Result<Cow<'_, str>, Error> {
        self.text(name)?.ok_or_else(|| refuse(&format!("has no {name}.")))
    }

    fn bytes(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        URL_SAFE_NO_PAD
            .decode(&*self.required(name)?)
            .map(Zeroizing::new)
            .map_err(|_| refuse(&format!("has a {name} that is not base64url without padding.")))
    }

    /// A positive number in as few bytes as it needs (RFC 7518, section 2: `Base64urlUInt`).
    fn number(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let number = self.bytes(name)?;
        match number.first() {
            None | Some(0) => Err(refuse(&format!(
                "has a {name} that is zero or begins with zeros."
            ))),
            Some(_) => Ok(number),
        }
    }

    fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.find(name).is_some())
    }

    fn rsa(&self) -> Result<Material, Error> {
        const CRT: [&str; 5] = ["p", "q", "dp", "dq", "qi"];
        let public = Public::Rsa {
            n: self.number("n")?.to_vec(),
            e: self.number("e")?.to_vec(),
        };
        if self.has_any(&["oth"]) {
            return Err(refuse("has more than two primes. Make one with two."));
        }
        let private = if self.has_any(&["d"]) || self.has_any(&CRT) {
            Some(Private::Rsa(RsaPrivate {
                d: self.number("d")?,
                p: self.number("p")?,
                q: self.number("q")?,
                dp: self.number("dp")?,
                dq: self.number("dq")?,
                qi: self.number("qi")?,
            }))
        } else {
            None
        };
        Ok(Material::Pair { public, private })
    }

    fn ec(&self) -> Result<Material, Error> {
        let name = self.required("crv")?;
        let curve = Curve::ALL.into_iter().find(|curve| curve.name() == name);
        let curve = curve.ok_or_else(|| {
            refuse(&format!(
                "has the crv \"{name}\". Known are P-256, P-384 and P-521."
            ))
        })?;
        let public = Public::Ec {
            curve,
            x: self.bytes("x")?.to_vec(),
            y: self.bytes("y")?.to_vec(),
        };
        self.with_scalar(public)
    }

    fn okp(&self) -> Result<Material, Error> {
        let curve = self.required("crv")?;
        if curve != "Ed25519" {
            return Err(refuse(&format!("has the crv \"{curve}\". Known is Ed25519.")));
        }
        let public = Public::Ed25519 {
            x: self.bytes("x")?.to_vec(),
        };
        self.with_scalar(public)
    }

    fn with_scalar(&self, public: Public) -> Result<Material, Error> {
        let private = if self.has_any(&["d"]) {
            Some(Private::Scalar(self.bytes("d")?))
        } else {
            None
        };
        Ok(Material::Pair { public, private })
    }

    fn key_id(&self) -> Result<Option<String>, Error> {
        match self.text("kid")? {
            Some(key_id) if key_id.len() > MAX_KEY_ID => {
                Err(refuse(&format!("has a kid of more than {MAX_KEY_ID} bytes.")))
            }
            // An empty name is none.
            Some(key_id) => Ok(Some(key_id.into_owned()).filter(|key_id| !key_id.is_empty())),
            None => Ok(None),
        }
    }

    fn algorithm(&self) -> Result<Option<Algorithm>, Error> {
        let Some(name) = self.text("alg")? else {
            return Ok(None);
        };
        match Algorithm::find(&name) {
            Some(algorithm) => Ok(Some(algorithm)),
            None => Err(refuse(&format!(
                "is for the alg \"{name}\", which is not known here."
            ))),
        }
    }

    /// `use` and `key_ops`. A private key that may sign has a public half that may verify (RFC 7517, section 4.3,
    /// lists for each half its own).
    fn operations(&self, material: &Material) -> Result<Operations, Error> {
        if let Some(usage) = self.text("use")?
            && usage != "sig"
        {
            return Err(refuse(&format!(
                "has the use \"{usage}\". A key for signatures has \"sig\"."
            )));
        }
        let Some(operations) = self.find("key_ops") else {
            return Ok(Operations::ALL);
        };
        let names = match operations {
            Item::Text(_) => None,
            Item::Other(span) => serde_json::from_str::<Vec<String>>(span.of(self.text)).ok(),
        };
        let names = names.ok_or_else(|| refuse("has key_ops that are no list of texts."))?;
        let is_repeated = names
            .iter()
            .enumerate()
            .any(|(at, name)| names.iter().skip(at + 1).any(|other| other == name));
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        let is_private_half = matches!(material, Material::Pair { private: Some(_), .. });
        let operations = Operations {
            sign: has("sign"),
            verify: has("verify") || (is_private_half && has("sign")),
        };
        if is_repeated || !(operations.sign || operations.verify) {
            return Err(refuse(
                "has key_ops without \"sign\" and \"verify\", or with a word twice.",
            ));
        }
        Ok(operations)
    }

    fn expires_at(&self) -> Result<Option<Timestamp>, Error> {
        let Some(item) = self.find("exp") else {
            return Ok(None);
        };
        let seconds = match item {
            Item::Text(_) => None,
            Item::Other(span) => span.of(self.text).parse().ok(),
        };
        seconds
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map(Some)
            .ok_or_else(|| refuse("has an exp that is no time in whole seconds."))
    }
}
