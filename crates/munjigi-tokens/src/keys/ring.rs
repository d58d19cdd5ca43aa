//! Several keys at once: what lets a key be changed while its tokens are still good.
//!
//! simplejwt has one key. PyJWT's `PyJWKClient` picks a key of a set by `kid` and refuses a token without; a ring of
//! kid-less keys alone does as `TokenBackend`, which does not look at `kid`.

#[cfg(feature = "asymmetric")]
use crate::jwk::{Jwk, JwkSet};
use crate::{
    Algorithm, Error, Signer, SimpleJwtSettings, Verifier,
    jws::{self, Compact},
};
use jiff::Timestamp;

/// One key that signs, and those that verify.
///
/// A token that names one of the ring's keys as `kid` is verified with that key alone. Any other, whether it names an
/// unknown key or none, is tried with the keys that have no name, in order. Either way its `alg` must be the key's.
///
/// ```
/// use jiff::{Timestamp, ToSpan};
/// use munjigi_tokens::{Algorithm, KeyRing, Signer, SigningKey, jws};
///
/// let now: Timestamp = "2026-12-01T00:00:00Z".parse()?;
/// let old = Signer::new(Algorithm::Hs256, &SigningKey::new("the old secret, of 32 bytes or more"))?;
/// let new = Signer::new(Algorithm::Hs512, &SigningKey::new("the new secret, of 32 bytes or more"))?;
/// let token = jws::sign(b"{}", &old)?;
///
/// // A new key signs; the old one is good for another week.
/// let week_later = now + 168.hours();
/// let ring = KeyRing::new(new.with_key_id("2026-12")?).with_verifier_until(old.verifier(), week_later)?;
/// assert!(ring.verify(&token, now).is_ok());
/// assert!(ring.verify(&token, week_later).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct KeyRing {
    signer: Option<Signer>,
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    verifier: Verifier,
    until: Option<Timestamp>,
}

impl KeyRing {
    /// More keys cannot be in a ring: a token without `kid` may have to be tried with each.
    pub const MAX_KEYS: usize = 64;

    /// A ring with one key, which signs and verifies.
    ///
    /// A ring without a key that signs is `KeyRing::default()` and [`with_verifier`](Self::with_verifier).
    pub fn new(signer: Signer) -> Self {
        let entries = vec![Entry {
            verifier: signer.verifier(),
            until: None,
        }];
        Self {
            signer: Some(signer),
            entries,
        }
    }

    /// The ring that `ALGORITHM`, `SIGNING_KEY` and `VERIFYING_KEY` make. Of a private key alone the public half is
    /// derived; a `VERIFYING_KEY` alone can only verify.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`]: no key at all, one that the algorithm does not take, or two that do not
    /// belong together.
    pub fn from_settings(settings: &SimpleJwtSettings) -> Result<Self, Error> {
        let signer = settings.signing_key.as_ref();
        let signer = signer
            .map(|key| Signer::new(settings.algorithm, key))
            .transpose()?;
        let verifier = settings.verifying_key.as_ref();
        let verifier = verifier
            .map(|key| Verifier::new(settings.algorithm, key))
            .transpose()?;
        match (signer, verifier) {
            (Some(signer), None) => Ok(Self::new(signer)),
            (None, Some(verifier)) => Self::default().with_verifier(verifier),
            (Some(signer), Some(verifier)) if verifies(&verifier, &signer)? => Ok(Self::new(signer)),
            (Some(_), Some(_)) => Err(Error::ImproperlyConfigured(
                "VERIFYING_KEY does not belong to SIGNING_KEY, so that no token made here would be good. Leave it \
                 out: it is derived from SIGNING_KEY."
                    .into(),
            )),
            (None, None) => Err(Error::ImproperlyConfigured(
                "There is neither a SIGNING_KEY nor a VERIFYING_KEY. Write a SIGNING_KEY, or a VERIFYING_KEY where \
                 tokens are only verified."
                    .into(),
            )),
        }
    }

    /// The keys of a set that somebody publishes, as far as they verify by one of these algorithms; the others are
    /// left out, and so is a key that its `exp` has ended.
    ///
    /// A key with an `alg` is pinned to it. One without is pinned to the first of `algorithms` that it fits.
    ///
    /// Needs the feature `asymmetric`.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`] for more than [`MAX_KEYS`](Self::MAX_KEYS), and for a set with shared secrets
    /// among public keys: who publishes that has published his secrets.
    #[cfg(feature = "asymmetric")]
    pub fn from_jwk_set(set: &JwkSet, algorithms: &[Algorithm]) -> Result<Self, Error> {
        let is_secret = |jwk: &Jwk| jwk.is_shared_secret();
        if set.keys().iter().any(is_secret) && !set.keys().iter().all(is_secret) {
            return Err(Error::ImproperlyConfigured(
                "The JWK Set has shared secrets among public keys. Publish the public keys alone.".into(),
            ));
        }
        let mut ring = Self::default();
        for jwk in set.keys() {
            let fitting = algorithms
                .iter()
                .find_map(|&algorithm| Verifier::from_jwk(algorithm, jwk).ok());
            if let Some(verifier) = fitting {
                ring = ring.with(Entry {
                    verifier,
                    until: jwk.expires_at(),
                })?;
            }
        }
        Ok(ring)
    }

    /// The same with another key that verifies.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`] for a `kid` that is there already, and for more than
    /// [`MAX_KEYS`](Self::MAX_KEYS).
    pub fn with_verifier(self, verifier: Verifier) -> Result<Self, Error> {
        self.with(Entry {
            verifier,
            until: None,
        })
    }

    /// The same with another key that verifies before that moment, and no longer at it.
    ///
    /// # Errors
    /// As [`with_verifier`](Self::with_verifier).
    pub fn with_verifier_until(self, verifier: Verifier, until: Timestamp) -> Result<Self, Error> {
        self.with(Entry {
            verifier,
            until: Some(until),
        })
    }

    fn with(mut self, entry: Entry) -> Result<Self, Error> {
        if let Some(key_id) = entry.verifier.key_id()
            && self.contains(key_id)
        {
            return Err(Error::ImproperlyConfigured(
                format!("Two keys of the ring have the kid \"{key_id}\". Give each its own.").into(),
            ));
        }
        if self.entries.len() >= Self::MAX_KEYS {
            return Err(Error::ImproperlyConfigured(
                format!(
                    "The ring has more than {} keys. Take out those that no token needs.",
                    Self::MAX_KEYS
                )
                .into(),
            ));
        }
        self.entries.push(entry);
        Ok(self)
    }

    /// The key that signs.
    pub fn signer(&self) -> Option<&Signer> {
        self.signer.as_ref()
    }

    /// The keys that verify, and until when; the signer's first.
    pub fn verifiers(&self) -> impl Iterator<Item = (&Verifier, Option<Timestamp>)> {
        self.entries.iter().map(|entry| (&entry.verifier, entry.until))
    }

    /// Whether one of its keys has this `kid`.
    pub fn contains(&self, key_id: &str) -> bool {
        self.named(key_id).is_some()
    }

    /// The public halves of the keys that verify at `now`, for `/.well-known/jwks.json` (RFC 7517, section 5). A
    /// shared secret has none and does not appear.
    ///
    /// Needs the feature `asymmetric`.
    #[cfg(feature = "asymmetric")]
    pub fn public_jwk_set(&self, now: Timestamp) -> JwkSet {
        let live = self.entries.iter().filter(|entry| entry.is_live(now));
        live.filter_map(|entry| Jwk::from_verifier(&entry.verifier, entry.until))
            .collect()
    }

    /// Signs a payload: header, payload and signature in base64url, with dots between them.
    ///
    /// # Errors
    /// [`Error::NoSigningKey`] for a ring that only verifies; [`Error::Unsigned`].
    pub fn sign(&self, payload: &[u8]) -> Result<String, Error> {
        jws::sign(payload, self.signer.as_ref().ok_or(Error::NoSigningKey)?)
    }

    /// Verifies a token and gives its payload, which need not be JSON. Its claims are not looked at: `now` is for
    /// the keys.
    ///
    /// # Errors
    /// [`Error::Invalid`], whatever is wrong with it.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Vec<u8>, Error> {
        let token = Compact::split(token)?;
        let usual = self.entries.iter().find_map(|entry| {
            let payload = token.message.strip_prefix(entry.verifier.header())?;
            Some((entry, payload))
        });
        if let Some((entry, payload)) = usual {
            let verifier = &entry.verifier;
            self.check_signature(&token, verifier.algorithm(), verifier.key_id(), now)?;
            return jws::decode_payload(payload);
        }
        let (header, payload) = token.header()?;
        self.check_signature(&token, header.algorithm, header.key_id.as_deref(), now)?;
        jws::decode_payload(payload)
    }

    fn check_signature(
        &self,
        token: &Compact<'_>,
        algorithm: Algorithm,
        key_id: Option<&str>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let fits = |entry: &&Entry| entry.verifier.algorithm() == algorithm && entry.is_live(now);
        if let Some(entry) = key_id.and_then(|key_id| self.named(key_id)) {
            return Some(entry)
                .filter(fits)
                .ok_or(Error::Invalid)
                .and_then(|entry| token.check_signature(&entry.verifier));
        }
        let nameless = self
            .entries
            .iter()
            .filter(|entry| entry.verifier.key_id().is_none());
        nameless
            .filter(fits)
            .find_map(|entry| token.check_signature(&entry.verifier).ok())
            .ok_or(Error::Invalid)
    }

    fn named(&self, key_id: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.verifier.key_id() == Some(key_id))
    }
}

/// Whether the keys belong together: tried out, which for a shared secret compares in constant time.
fn verifies(verifier: &Verifier, signer: &Signer) -> Result<bool, Error> {
    let token = jws::sign(b"{}", signer)?;
    Ok(jws::verify(&token, signer.algorithm(), verifier).is_ok())
}

impl Entry {
    fn is_live(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
