//! Puts the keys of another server into the ring that verifies.

use super::{JwksClient, RemoteError};
use munjigi_tokens::{Algorithm, Error as TokenError, JwkSet, KeyRing, SimpleJwt, SourceError, jws};
use std::sync::{Arc, Mutex, PoisonError};

/// Keeps the ring of a [`SimpleJwt`] at the keys of another server, those for one algorithm.
/// [`JwtAuthentication::keys`](crate::JwtAuthentication::keys) does it for its own.
pub struct RemoteKeys {
    client: JwksClient,
    /// What a token must be signed by, whatever a key or the token says.
    algorithm: Algorithm,
    own: KeyRing,
    applied: Mutex<Applied>,
}

#[derive(Default)]
struct Applied {
    /// The set that was looked at last.
    set: Option<Arc<JwkSet>>,
    /// Whether the ring was made of this one, or of one before it.
    is_ready: bool,
}

impl RemoteKeys {
    /// Takes the keys that this client fetches.
    ///
    /// # Errors
    /// [`TokenError::ImproperlyConfigured`] where the algorithm has no public keys.
    pub fn new(client: JwksClient, algorithm: Algorithm) -> Result<Self, TokenError> {
        if algorithm.is_symmetric() {
            return Err(TokenError::ImproperlyConfigured(
                format!(
                    "ALGORITHM is {algorithm}, which has no public keys. Write the issuer's, such as EdDSA."
                )
                .into(),
            ));
        }
        Ok(Self {
            client,
            algorithm,
            own: KeyRing::default(),
            applied: Mutex::default(),
        })
    }

    /// Keeps these keys in the ring too: what signs here, and what verifies whatever the other server does.
    #[must_use]
    pub fn beside(self, own: KeyRing) -> Self {
        Self { own, ..self }
    }

    /// Sees to it that the ring has the key of this token, as far as the other server has it. A set that cannot be used is
    /// told in the log once, and the keys of before hold.
    ///
    /// # Errors
    /// Why the ring has no key of the other server at all: [`unavailable`](SourceError::unavailable) where it cannot be asked.
    pub async fn prepare(&self, jwt: &SimpleJwt, token: &str) -> Result<(), SourceError> {
        let kid = jws::key_id(token);
        let set = self.client.keys_for(kid.as_deref()).await;
        let set = set.map_err(SourceError::unavailable)?;
        let mut applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        // Another request may have brought newer ones meanwhile; the ring never goes back.
        let set = self.client.keys().unwrap_or(set);
        if applied.set.as_ref().is_none_or(|seen| !Arc::ptr_eq(seen, &set)) {
            match self.ring(&set) {
                Ok(ring) => {
                    jwt.replace_key_ring(ring);
                    applied.is_ready = true;
                }
                Err(error) => {
                    tracing::error!(%error, "a key set cannot be used; the keys that are known hold");
                }
            }
            applied.set = Some(set);
        }
        let unusable = || RemoteError::Malformed("a key set that cannot be used").into();
        applied.is_ready.then_some(()).ok_or_else(unusable)
    }

    fn ring(&self, set: &JwkSet) -> Result<KeyRing, TokenError> {
        let theirs = KeyRing::from_jwk_set(set, &[self.algorithm])?;
        let mut verifiers = theirs.verifiers();
        verifiers.try_fold(self.own.clone(), |ring, (verifier, until)| match until {
            Some(until) => ring.with_verifier_until(verifier.clone(), until),
            None => ring.with_verifier(verifier.clone()),
        })
    }
}
