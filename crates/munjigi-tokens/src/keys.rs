//! The keys of `SIMPLE_JWT` and of a ring: what `prepare_key` of PyJWT's algorithm classes reads.
//!
//! A [`SigningKey`] or [`VerifyingKey`] is the text of the setting. A [`Signer`] or [`Verifier`] is a key made ready
//! and pinned to one algorithm: what a token says of itself never chooses (RFC 8725, section 3.1).
//!
//! As in PyJWT a text is a secret for HS*, and PEM for the others (PKCS#8, PKCS#1, SEC 1, SPKI). Beyond it a JWK is
//! taken where PyJWT wants the object that it makes of one; an OpenSSH text, which PyJWT takes, is refused with the
//! command that converts it.

#[cfg(feature = "asymmetric")]
pub(crate) mod der;
#[cfg(feature = "asymmetric")]
pub(crate) mod pem;
mod ring;
mod secret;

#[cfg(feature = "asymmetric")]
use crate::jwk::Jwk;
use crate::{
    Algorithm, Error,
    algorithm::{HmacKey, SignKey, VerifyKey},
    json::write_text,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

pub use ring::KeyRing;

/// A longer `kid` is that of no key, in bytes.
pub const MAX_KEY_ID: usize = 256;
/// A shorter secret can be guessed, in bytes (RFC 7518, section 3.2, for HS256).
const SHORTEST_SECRET: usize = 32;

/// `SIGNING_KEY`: a secret, or a private key as PEM or JWK; wiped when dropped, and shown nowhere.
#[derive(Clone)]
pub struct SigningKey(Zeroizing<Vec<u8>>);

impl SigningKey {
    /// The UTF-8 bytes of a text are the key, as in Python.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// `VERIFYING_KEY`: a public key as PEM or JWK, or for HS* the secret again; wiped when dropped, and shown nowhere.
#[derive(Clone)]
pub struct VerifyingKey(Zeroizing<Vec<u8>>);

impl VerifyingKey {
    /// The UTF-8 bytes of a text are the key, as in Python. Of a private key the public half counts.
    pub fn new(key: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(key.into()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A key that signs by one algorithm. A clone is cheap.
///
/// ```
/// use munjigi_tokens::{Algorithm, Signer, SigningKey, jws};
///
/// let signer = Signer::new(Algorithm::Hs256, &SigningKey::new("a secret of no fewer than 32 bytes"))?;
/// let token = jws::sign(b"any bytes", &signer)?;
/// assert_eq!(jws::verify(&token, Algorithm::Hs256, &signer.verifier())?, b"any bytes");
/// # Ok::<(), munjigi_tokens::Error>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    algorithm: Algorithm,
    key: SignKey,
    key_id: Option<String>,
    /// The header of every token made with it, encoded, with its dot.
    header: String,
}

impl Signer {
    /// Reads a key for an algorithm.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`]: for HS* an empty secret, one below 32 bytes, or a key of another family
    /// (whose public half would sign tokens for everybody); for the others whatever is not a private key of that
    /// family, RSA below 2048 bits or above 8192, another curve, an encrypted key.
    pub fn new(algorithm: Algorithm, key: &SigningKey) -> Result<Self, Error> {
        let key = match algorithm {
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                SignKey::Hmac(hmac(algorithm, "SIGNING_KEY", key.as_bytes())?.into())
            }
            #[cfg(feature = "asymmetric")]
            _ => SignKey::Asymmetric(pem::private_key(algorithm, key.as_bytes())?),
        };
        Ok(Self::of(algorithm, key, None))
    }

    /// The key of a JWK, with its `kid`.
    ///
    /// Needs the feature `asymmetric`.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`] for one without its secret half, or that is not for signing with that
    /// algorithm.
    #[cfg(feature = "asymmetric")]
    pub fn from_jwk(algorithm: Algorithm, jwk: &Jwk) -> Result<Self, Error> {
        let key = jwk.sign_key(algorithm)?;
        Ok(Self::of(algorithm, key, jwk.key_id().map(str::to_owned)))
    }

    /// The same under a name: tokens bear it as `kid` in their header, where PyJWT puts it.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`] for an empty one, or one above [`MAX_KEY_ID`] bytes.
    pub fn with_key_id(self, key_id: &str) -> Result<Self, Error> {
        check_key_id(key_id)?;
        Ok(Self::of(self.algorithm, self.key, Some(key_id.to_owned())))
    }

    fn of(algorithm: Algorithm, key: SignKey, key_id: Option<String>) -> Self {
        let header = header(algorithm, key_id.as_deref());
        Self {
            algorithm,
            key,
            key_id,
            header,
        }
    }

    /// What it signs by.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// What verifies its tokens, under the same name.
    pub fn verifier(&self) -> Verifier {
        Verifier {
            algorithm: self.algorithm,
            key: self.key.verify_key(),
            key_id: self.key_id.clone(),
            header: self.header.clone(),
        }
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    pub(crate) fn key(&self) -> &SignKey {
        &self.key
    }
}

/// A key that verifies by one algorithm. A clone is cheap.
#[derive(Clone)]
pub struct Verifier {
    algorithm: Algorithm,
    key: VerifyKey,
    key_id: Option<String>,
    /// What most of its tokens begin with: the header that PyJWT writes, encoded, with its dot.
    header: String,
}

impl Verifier {
    /// Reads a key for an algorithm.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`], as [`Signer::new`].
    pub fn new(algorithm: Algorithm, key: &VerifyingKey) -> Result<Self, Error> {
        let key = match algorithm {
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                VerifyKey::Hmac(hmac(algorithm, "VERIFYING_KEY", key.as_bytes())?.into())
            }
            #[cfg(feature = "asymmetric")]
            _ => VerifyKey::Asymmetric(pem::public_key(algorithm, key.as_bytes())?),
        };
        Ok(Self::of(algorithm, key, None))
    }

    /// The key of a JWK, with its `kid`.
    ///
    /// Needs the feature `asymmetric`.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`] for one that is not for verifying with that algorithm.
    #[cfg(feature = "asymmetric")]
    pub fn from_jwk(algorithm: Algorithm, jwk: &Jwk) -> Result<Self, Error> {
        let key = jwk.verify_key(algorithm)?;
        Ok(Self::of(algorithm, key, jwk.key_id().map(str::to_owned)))
    }

    /// The same under a name: in a ring, tokens that bear it as `kid` are verified with this key alone.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`] for an empty one, or one above [`MAX_KEY_ID`] bytes.
    pub fn with_key_id(self, key_id: &str) -> Result<Self, Error> {
        check_key_id(key_id)?;
        Ok(Self::of(self.algorithm, self.key, Some(key_id.to_owned())))
    }

    fn of(algorithm: Algorithm, key: VerifyKey, key_id: Option<String>) -> Self {
        let header = header(algorithm, key_id.as_deref());
        Self {
            algorithm,
            key,
            key_id,
            header,
        }
    }

    /// What it verifies by.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    pub(crate) fn key(&self) -> &VerifyKey {
        &self.key
    }
}

/// The header that PyJWT writes, encoded, with its dot.
fn header(algorithm: Algorithm, key_id: Option<&str>) -> String {
    let mut json = format!(r#"{{"alg":"{algorithm}","#);
    if let Some(key_id) = key_id {
        json.push_str(r#""kid":"#);
        write_text(&mut json, key_id);
        json.push(',');
    }
    json.push_str(r#""typ":"JWT"}"#);
    let mut header = URL_SAFE_NO_PAD.encode(json);
    header.push('.');
    header
}

pub(crate) fn check_key_id(key_id: &str) -> Result<(), Error> {
    if (1..=MAX_KEY_ID).contains(&key_id.len()) {
        return Ok(());
    }
    Err(Error::ImproperlyConfigured(
        format!(
            "A key's kid has {} bytes. Write one of 1 to {MAX_KEY_ID}, or none.",
            key_id.len()
        )
        .into(),
    ))
}

/// A secret of the setting of that name.
pub(crate) fn hmac(algorithm: Algorithm, setting: &str, secret: &[u8]) -> Result<HmacKey, Error> {
    let refuse = |sentence: String| Err(Error::ImproperlyConfigured(sentence.into()));
    if secret.is_empty() {
        return refuse(format!(
            "{setting} is empty. Write a secret of at least {SHORTEST_SECRET} bytes."
        ));
    }
    if secret::is_of_another_family(secret) {
        return refuse(format!(
            "{setting} holds a key of another family, and ALGORITHM {algorithm} needs a shared secret. Write a random \
             text of at least {SHORTEST_SECRET} bytes."
        ));
    }
    if secret.len() < SHORTEST_SECRET {
        return refuse(format!(
            "{setting} has {} bytes, which can be guessed. Write a random secret of at least {SHORTEST_SECRET}.",
            secret.len()
        ));
    }
    HmacKey::new(algorithm, secret)
}
