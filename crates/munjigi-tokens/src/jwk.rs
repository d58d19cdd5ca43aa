//! JSON Web Keys (RFC 7517), for signatures alone: `jwt.api_jwk.{PyJWK, PyJWKSet}`.
//!
//! PyJWT reads a key leniently and does not look at `use` and `key_ops`. Here a key for encryption verifies nothing,
//! numbers stand in their one spelling, and a coordinate is as long as its curve's.

mod read;
mod set;
mod write;

use crate::{
    Algorithm, Error, SigningKey, Verifier,
    algorithm::{
        HmacKey, SignKey, VerifyKey,
        asymmetric::{Private, PrivateKey, Public, PublicKey, Unfit, only_algorithm},
    },
    keys,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use set::JwkSet;

/// A key for signatures, with what its JWK says of it. It is wiped when dropped, and shown only by
/// [`to_private_json`](Self::to_private_json).
///
/// Needs the feature `asymmetric`.
///
/// ```
/// use munjigi_tokens::{Algorithm, Jwk, Signer, jws};
///
/// let jwk = Jwk::parse(
///     r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
///         "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
/// )?;
/// // RFC 8037, appendix A.3.
/// assert_eq!(jwk.thumbprint().as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
///
/// let signer = Signer::from_jwk(Algorithm::EdDsa, &jwk)?;
/// let token = jws::sign(b"{}", &signer)?;
/// assert_eq!(jws::verify(&token, Algorithm::EdDsa, &signer.verifier())?, b"{}");
/// # Ok::<(), munjigi_tokens::Error>(())
/// ```
#[derive(Clone)]
pub struct Jwk {
    material: Material,
    key_id: Option<String>,
    algorithm: Option<Algorithm>,
    operations: Operations,
    expires_at: Option<Timestamp>,
}

#[derive(Clone)]
enum Material {
    /// `oct`.
    Secret(Zeroizing<Vec<u8>>),
    Pair {
        public: Public,
        private: Option<Private>,
    },
}

/// What `key_ops` allows; without it both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operations {
    sign: bool,
    verify: bool,
}

impl Operations {
    const ALL: Self = Self {
        sign: true,
        verify: true,
    };
}

impl Jwk {
    /// A longer text is no key, in bytes. RSA with 8192 bits has some 6,400.
    pub const MAX_LENGTH: usize = 16 * 1024;

    /// Reads a key. Members that are not known are ignored, certificates among them.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`]: not the JSON of one object, a name that occurs twice, an unknown `kty`, `crv`
    /// or `alg`, a `use` or `key_ops` without signatures, a member missing, too many bytes or too few, a secret below
    /// 32 bytes, an RSA key below 2048 bits or above 8192, halves that do not belong together.
    pub fn parse(text: &str) -> Result<Self, Error> {
        read::jwk(text)
    }

    /// The key of a `SIGNING_KEY`: how PEM becomes a JWK. Its `kid` is its [`thumbprint`](Self::thumbprint).
    ///
    /// # Errors
    /// As [`Signer::new`](crate::Signer::new).
    pub fn from_signing_key(algorithm: Algorithm, key: &SigningKey) -> Result<Self, Error> {
        if algorithm.is_symmetric() {
            keys::hmac(algorithm, "SIGNING_KEY", key.as_bytes())?;
            let secret = Zeroizing::new(key.as_bytes().to_vec());
            return Ok(Self::of(algorithm, Material::Secret(secret), None));
        }
        let key = keys::pem::private_key(algorithm, key.as_bytes())?;
        Self::from_private_key(algorithm, &key).map_err(|Unfit| Error::Unsigned)
    }

    /// A new key. `fill` gives bytes from a generator that is fit for keys.
    ///
    /// A secret is as long as the algorithm's hash, and its `kid` is drawn too, since a digest of it is nobody's
    /// business. The others have their [`thumbprint`](Self::thumbprint) as `kid`. RSA has 3072 bits; aws-lc draws its
    /// primes by itself and cannot be given another source, so that `fill` is not asked.
    ///
    /// # Errors
    /// [`Error::Unsigned`] where aws-lc gives no key.
    ///
    /// ```
    /// use munjigi_tokens::{Algorithm, Jwk};
    ///
    /// # let mut fill = |bytes: &mut [u8]| bytes.fill(7);
    /// let jwk = Jwk::generate(Algorithm::EdDsa, &mut fill)?;
    /// assert_eq!(jwk.key_id(), jwk.thumbprint().as_deref());
    /// # Ok::<(), munjigi_tokens::Error>(())
    /// ```
    pub fn generate(algorithm: Algorithm, fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, Error> {
        let length = match algorithm {
            Algorithm::Hs256 => 32,
            Algorithm::Hs384 => 48,
            Algorithm::Hs512 => 64,
            _ => {
                let key = PrivateKey::generate(algorithm, fill).map_err(|Unfit| Error::Unsigned)?;
                return Self::from_private_key(algorithm, &key).map_err(|Unfit| Error::Unsigned);
            }
        };
        let (mut secret, mut key_id) = (Zeroizing::new(vec![0; length]), [0; 16]);
        fill(&mut secret);
        fill(&mut key_id);
        let key_id = URL_SAFE_NO_PAD.encode(key_id);
        Ok(Self::of(algorithm, Material::Secret(secret), Some(key_id)))
    }

    fn from_private_key(algorithm: Algorithm, key: &PrivateKey) -> Result<Self, Unfit> {
        let material = Material::Pair {
            public: key.public_key().components().clone(),
            private: Some(key.private_components()?),
        };
        let key = Self::of(algorithm, material, None);
        Ok(Self {
            key_id: key.thumbprint(),
            ..key
        })
    }

    /// The public half of a key in a ring; `None` for a shared secret.
    pub(crate) fn from_verifier(verifier: &Verifier, expires_at: Option<Timestamp>) -> Option<Self> {
        let VerifyKey::Asymmetric(key) = verifier.key() else {
            return None;
        };
        let material = Material::Pair {
            public: key.components().clone(),
            private: None,
        };
        let key_id = verifier.key_id().map(str::to_owned);
        Some(Self {
            expires_at,
            ..Self::of(verifier.algorithm(), material, key_id)
        })
    }

    fn of(algorithm: Algorithm, material: Material, key_id: Option<String>) -> Self {
        Self {
            material,
            key_id,
            algorithm: Some(algorithm),
            operations: Operations::ALL,
            expires_at: None,
        }
    }

    /// `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The same under another name.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`] for an empty one, or one above [`MAX_KEY_ID`](crate::MAX_KEY_ID) bytes.
    pub fn with_key_id(self, key_id: &str) -> Result<Self, Error> {
        keys::check_key_id(key_id)?;
        Ok(Self {
            key_id: Some(key_id.to_owned()),
            ..self
        })
    }

    /// `alg`; where it has none, the only algorithm that its curve has. `None` for RSA and shared secrets without
    /// `alg`.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm.or_else(|| match &self.material {
            Material::Secret(_) => None,
            Material::Pair { public, .. } => only_algorithm(public),
        })
    }

    /// `exp`, in seconds (OpenID Federation 1.0, section 12.7): from then on it verifies nothing.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The same with another end, or with none.
    #[must_use]
    pub fn with_expires_at(self, expires_at: Option<Timestamp>) -> Self {
        Self { expires_at, ..self }
    }

    /// Whether it has what signs: a private half, or a shared secret.
    pub fn is_private(&self) -> bool {
        match &self.material {
            Material::Secret(_) => true,
            Material::Pair { private, .. } => private.is_some(),
        }
    }

    /// Whether it is `oct`: one secret that signs and verifies, and must never be published.
    pub fn is_shared_secret(&self) -> bool {
        matches!(self.material, Material::Secret(_))
    }

    /// The SHA-256 of its public members, in base64url (RFC 7638). `None` for a shared secret, of which it would be
    /// a digest.
    pub fn thumbprint(&self) -> Option<String> {
        let Material::Pair { public, .. } = &self.material else {
            return None;
        };
        Some(URL_SAFE_NO_PAD.encode(Sha256::digest(write::thumbprint_input(public))))
    }

    /// Its public half as JSON; `None` for a shared secret.
    pub fn to_public_json(&self) -> Option<String> {
        write::public(self)
    }

    /// All of it as JSON. Keep it where only the server reads.
    pub fn to_private_json(&self) -> Zeroizing<String> {
        write::private(self)
    }
}

impl Jwk {
    pub(crate) fn sign_key(&self, algorithm: Algorithm) -> Result<SignKey, Error> {
        match &self.material {
            Material::Secret(secret) => {
                self.check(algorithm, self.operations.sign)?;
                hmac(algorithm, secret).map(|key| SignKey::Hmac(key.into()))
            }
            Material::Pair { .. } => self.private_key(algorithm).map(SignKey::Asymmetric),
        }
    }

    pub(crate) fn verify_key(&self, algorithm: Algorithm) -> Result<VerifyKey, Error> {
        match &self.material {
            Material::Secret(secret) => {
                self.check(algorithm, self.operations.verify)?;
                hmac(algorithm, secret).map(|key| VerifyKey::Hmac(key.into()))
            }
            Material::Pair { .. } => self.public_key(algorithm).map(VerifyKey::Asymmetric),
        }
    }

    pub(crate) fn private_key(&self, algorithm: Algorithm) -> Result<PrivateKey, Error> {
        self.check(algorithm, self.operations.sign)?;
        match &self.material {
            Material::Pair {
                public,
                private: Some(private),
            } => PrivateKey::from_components(algorithm, public, private).map_err(|Unfit| unfit(algorithm)),
            Material::Pair { private: None, .. } => {
                Err(read::refuse("has no private half, and cannot sign."))
            }
            Material::Secret(_) => Err(unfit(algorithm)),
        }
    }

    pub(crate) fn public_key(&self, algorithm: Algorithm) -> Result<PublicKey, Error> {
        self.check(algorithm, self.operations.verify)?;
        match &self.material {
            Material::Pair { public, .. } => {
                PublicKey::from_components(algorithm, public.clone()).map_err(|Unfit| unfit(algorithm))
            }
            Material::Secret(_) => Err(unfit(algorithm)),
        }
    }

    /// The key's own `alg` and `key_ops` must allow it.
    fn check(&self, algorithm: Algorithm, is_allowed: bool) -> Result<(), Error> {
        if !is_allowed {
            return Err(read::refuse("has key_ops that do not allow this."));
        }
        match self.algorithm {
            Some(own) if own != algorithm => Err(read::refuse(&format!(
                "is for {own}, and was to be used for {algorithm}."
            ))),
            _ => Ok(()),
        }
    }
}

/// The secret of a JWK is as long as the hash at least (RFC 7518, section 3.2). simplejwt's setting may be shorter.
fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<HmacKey, Error> {
    if !algorithm.is_symmetric() {
        return Err(unfit(algorithm));
    }
    let key = HmacKey::new(algorithm, secret)?;
    let (length, shortest) = (secret.len(), key.signature_length());
    if length < shortest {
        return Err(read::refuse(&format!(
            "has a secret of {length} bytes, and {algorithm} needs {shortest}."
        )));
    }
    Ok(key)
}

fn unfit(algorithm: Algorithm) -> Error {
    let wanted = keys::pem::wanted(algorithm);
    read::refuse(&format!("does not fit {algorithm}, which takes {wanted}."))
}
