//! The keys that a running server signs and verifies with, and what of them it publishes.

use super::Error;
use super::file::{RingFile, Stamp};
use super::ring::{StoredRing, with};
use crate::config::{RingSettings, TokenKeys};
use bytes::Bytes;
use jiff::Timestamp;
use munjigi_axum::remote::RemoteKeys;
use munjigi_tokens::{Algorithm, Jwk, JwkSet, KeyRing, SimpleJwt};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Where the keys of tokens come from, and what is published of them.
pub struct Keys {
    ring: Option<Mutex<Held>>,
    /// Another issuer, whose tokens are taken by its published keys: `JWK_URL`.
    issuer: Option<RemoteKeys>,
    published: RwLock<Arc<Published>>,
}

/// The public keys as `/.well-known/jwks.json` has them.
#[derive(Debug, PartialEq, Eq)]
pub struct Published {
    /// A JWK Set (RFC 7517, section 5).
    pub document: Bytes,
    /// A strong validator of it (RFC 9110, section 8.8.3).
    pub etag: String,
}

/// A ring that was read, and which file it was.
struct Held {
    settings: RingSettings,
    /// The keys without a `kid`, of before the ring.
    kidless: KeyRing,
    file: RingFile,
    stamp: Option<Stamp>,
    stored: StoredRing,
    /// The `kid` of the key that signs.
    signing: String,
}

impl Keys {
    /// Gathers the keys of the settings, and reads the ring if there is one. Gives what tokens are made with beside. Of
    /// another issuer's keys, those for `algorithm` count.
    ///
    /// # Errors
    /// What is wrong with the ring; [`Error::NoSigner`]; [`Error::OtherAlgorithm`].
    pub fn open(
        settings: &TokenKeys,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<(Self, KeyRing), Error> {
        let (ring, tokens) = match &settings.ring {
            None => (None, settings.named.clone()),
            Some(ring) => {
                let (held, tokens) = Held::open(ring, &settings.named, now)?;
                (Some(Mutex::new(held)), tokens)
            }
        };
        let published = RwLock::new(Arc::new(Published::of(&tokens, now)));
        let issuer = settings
            .issuer
            .clone()
            .map(|client| RemoteKeys::new(client, algorithm).map(|keys| keys.beside(settings.named.clone())));
        let issuer = issuer.transpose()?;
        let keys = Self {
            ring,
            issuer,
            published,
        };
        Ok((keys, tokens))
    }

    /// The public keys of this moment.
    pub fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sees to it that another issuer's key of this token is at hand, as far as that issuer publishes it. Where it cannot be
    /// asked, the keys of before stay, and a token of none of them is invalid, as in simplejwt.
    pub async fn prepare(&self, jwt: &SimpleJwt, token: &str) {
        if let Some(issuer) = &self.issuer {
            // What is wrong is in the log already.
            let _ = issuer.prepare(jwt, token).await;
        }
    }

    /// Whether there is a ring, which may change.
    pub fn can_change(&self) -> bool {
        self.ring.is_some()
    }

    /// Looks at the ring again: whether its file is another by now, or a key's turn has come or its time is over. Gives
    /// the key that signs where anything changed.
    ///
    /// # Errors
    /// What is wrong with a new file, once; the keys of before stay.
    pub fn refresh(&self, jwt: &SimpleJwt, now: Timestamp) -> Result<Option<String>, Error> {
        let Some(ring) = &self.ring else { return Ok(None) };
        let mut held = ring.lock().unwrap_or_else(PoisonError::into_inner);
        let read = held.read_if_changed(now);
        let tokens = tokens(&held.stored, &held.settings, &held.kidless, now)?;
        let published = Published::of(&tokens, now);
        let signing = signing(&tokens);
        let is_same = held.signing == signing && *self.published() == published;
        if !is_same {
            jwt.replace_key_ring(tokens);
            *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(published);
            held.signing.clone_from(&signing);
        }
        read.map(|()| (!is_same).then_some(signing))
    }
}

impl Held {
    fn open(settings: &RingSettings, kidless: &KeyRing, now: Timestamp) -> Result<(Self, KeyRing), Error> {
        let file = RingFile::at(&settings.path);
        // The stamp first: a file that is replaced in between is read once more.
        let stamp = file.stamp();
        let stored = StoredRing::load(&settings.path)?;
        let tokens = tokens(&stored, settings, kidless, now)?;
        if let (Some(written), Some(signer)) = (settings.algorithm, tokens.signer())
            && written != signer.algorithm()
        {
            return Err(Error::OtherAlgorithm {
                written,
                signing: signer.algorithm(),
            });
        }
        let held = Self {
            settings: settings.clone(),
            kidless: kidless.clone(),
            file,
            stamp,
            stored,
            signing: signing(&tokens),
        };
        Ok((held, tokens))
    }

    /// Reads the file if it is another than the one that was read last, good or bad.
    fn read_if_changed(&mut self, now: Timestamp) -> Result<(), Error> {
        let stamp = self.file.stamp();
        if stamp == self.stamp {
            return Ok(());
        }
        self.stamp = stamp;
        let stored = StoredRing::load(&self.settings.path)?;
        tokens(&stored, &self.settings, &self.kidless, now)?;
        self.stored = stored;
        Ok(())
    }
}

/// What signs and verifies: the ring, and for a while the keys of before.
fn tokens(
    stored: &StoredRing,
    settings: &RingSettings,
    kidless: &KeyRing,
    now: Timestamp,
) -> Result<KeyRing, Error> {
    let ring = stored
        .tokens(now)?
        .ok_or_else(|| Error::NoSigner(settings.path.clone()))?;
    let Some(until) = settings.kidless_until else {
        return Ok(ring);
    };
    let kidless = kidless.verifiers().map(|(verifier, _)| verifier.clone());
    Ok(kidless
        .into_iter()
        .try_fold(ring, |ring, verifier| with(ring, verifier, Some(until)))?)
}

fn signing(tokens: &KeyRing) -> String {
    tokens
        .signer()
        .and_then(|signer| signer.key_id())
        .unwrap_or_default()
        .to_owned()
}

impl Published {
    /// The public halves of the keys that sign or verify at a moment.
    pub fn of(tokens: &KeyRing, now: Timestamp) -> Self {
        let keys = tokens.public_jwk_set(now);
        let named: JwkSet = keys.keys().iter().cloned().map(named).collect();
        let document = named.to_public_json();
        let mut etag = String::from("\"");
        for byte in Sha256::digest(&document).iter().take(16) {
            // Writing to a String cannot fail.
            let _ = write!(etag, "{byte:02x}");
        }
        etag.push('"');
        Self {
            document: Bytes::from(document),
            etag,
        }
    }
}

/// The key of a `SIGNING_KEY` has no name, and a reader of sets (`PyJWKClient`) passes over a key without one.
fn named(jwk: Jwk) -> Jwk {
    match (jwk.key_id(), jwk.thumbprint()) {
        (None, Some(thumbprint)) => jwk.clone().with_key_id(&thumbprint).unwrap_or(jwk),
        _ => jwk,
    }
}
