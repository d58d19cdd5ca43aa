//! Puts the keys of another server into the ring that verifies.

use super::JwksClient;
use crate::Error;
use munjigi_tokens::{Algorithm, Error as TokenError, JwkSet, KeyRing, SimpleJwt, SourceError, jws};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) struct RemoteKeys {
    client: JwksClient,
    /// The set that the ring was made of.
    applied: Mutex<Option<Arc<JwkSet>>>,
}

impl RemoteKeys {
    pub(crate) fn new(client: JwksClient, algorithm: Algorithm) -> Result<Self, TokenError> {
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
            applied: Mutex::default(),
        })
    }

    /// Sees to it that the ring has the key of this token, as far as the other server has it.
    pub(crate) async fn prepare(&self, jwt: &SimpleJwt, token: &str) -> Result<(), Error> {
        let kid = jws::key_id(token);
        let set = self.client.keys_for(kid.as_deref()).await;
        let set = set.map_err(SourceError::unavailable)?;
        let mut applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        // Another request may have brought newer ones meanwhile; the ring never goes back.
        let set = self.client.keys().unwrap_or(set);
        if applied.as_ref().is_some_and(|applied| Arc::ptr_eq(applied, &set)) {
            return Ok(());
        }
        let ring = KeyRing::from_jwk_set(&set, &[jwt.settings().algorithm]).map_err(SourceError::from)?;
        jwt.replace_key_ring(ring);
        *applied = Some(set);
        Ok(())
    }
}
