//! What is in a key ring, which key does what at a moment, and how keys come and go.

use super::Error;
use super::file::RingFile;
use jiff::{SignedDuration, Timestamp};
use munjigi_tokens::{Algorithm, Jwk, KeyRing, Signer, Verifier};
use rand_core::CryptoRng;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use zeroize::{Zeroize, Zeroizing};

/// The keys of a ring, the oldest first.
pub struct StoredRing {
    keys: Vec<StoredKey>,
}

/// A key of a ring.
pub struct StoredKey {
    jwk: Jwk,
    signer: Signer,
    kid: String,
    made: Option<Timestamp>,
    /// Without it the key's turn has always been.
    signs_from: Option<Timestamp>,
}

/// What a key does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It signs.
    Signing,
    /// It will sign from this moment on, and is published already.
    Next(Timestamp),
    /// It signs no more; tokens under it are taken until this moment, or until it is taken out of the ring.
    Verifying(Option<Timestamp>),
    /// Its time is over.
    Past,
}

/// How a key takes the place of the one that signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The algorithm of the new key; `None`: that of the key that signs.
    pub algorithm: Option<Algorithm>,
    /// How long the new key is published before it signs.
    pub activate_after: SignedDuration,
    /// How long from now tokens under the present keys are taken.
    pub keep: SignedDuration,
}

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The new key.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// The keys that were there, and until when tokens under each are taken.
    pub kept: Vec<(String, Timestamp)>,
    /// The keys whose time is over, and which are gone.
    pub dropped: Vec<String>,
}

/// More keys than a ring ever needs.
const MOST_KEYS: usize = 32;

impl StoredRing {
    /// Makes a ring of one key, in a file that is not there yet.
    ///
    /// # Errors
    /// [`Error::Symmetric`], [`Error::Exists`], [`Error::Write`].
    pub fn generate(
        path: &Path,
        algorithm: Algorithm,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, Error> {
        let stored = Self {
            keys: vec![StoredKey::generate(algorithm, now, SignedDuration::ZERO, rng)?],
        };
        RingFile::at(path).create(&stored.document())?;
        Ok(stored)
    }

    /// Reads a ring.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Open`], [`Error::Malformed`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::parse(&RingFile::at(path).read()?, path)
    }

    /// Gives the ring a new key, ends the present ones in time, and drops those whose time is over.
    ///
    /// # Errors
    /// [`Error::Waiting`] where a key waits for its turn and the new one is not to sign at once; [`Error::NoSigner`],
    /// [`Error::Busy`], [`Error::Write`], and those of [`StoredRing::load`].
    pub fn rotate(
        path: &Path,
        rotation: Rotation,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Rotated, Error> {
        let file = RingFile::at(path);
        let locked = file.lock()?;
        let mut stored = Self::parse(&locked.read()?, path)?;
        let signing = stored
            .signing(now)
            .ok_or_else(|| Error::NoSigner(path.to_owned()))?;
        let algorithm = rotation.algorithm.unwrap_or(signing.algorithm());
        if rotation.activate_after.is_positive() {
            stored.refuse_another(now)?;
        }
        let new = StoredKey::generate(algorithm, now, rotation.activate_after, rng)?;
        let signs_from = after(now, rotation.activate_after);
        let rotated = Rotated {
            kid: new.kid.clone(),
            algorithm,
            signs_from,
            dropped: stored.end(after(now, rotation.keep).max(signs_from), now),
            kept: stored
                .keys
                .iter()
                .map(|key| (key.kid.clone(), key.until().unwrap_or(signs_from)))
                .collect(),
        };
        stored.keys.push(new);
        locked.replace(&stored.document())?;
        Ok(rotated)
    }

    /// The keys, the oldest first.
    pub fn keys(&self) -> &[StoredKey] {
        &self.keys
    }

    /// The key that signs: the newest whose turn has come and whose time is not over.
    pub fn signing(&self, now: Timestamp) -> Option<&StoredKey> {
        let ready = self
            .keys
            .iter()
            .filter(|key| !key.is_waiting(now) && !key.is_past(now));
        ready.max_by_key(|key| (key.signs_from, key.made))
    }

    /// What a key of this ring does.
    pub fn state(&self, key: &StoredKey, now: Timestamp) -> State {
        match key.signs_from {
            _ if key.is_past(now) => State::Past,
            Some(turn) if now < turn => State::Next(turn),
            _ if self.signing(now).is_some_and(|signing| signing.kid == key.kid) => State::Signing,
            _ => State::Verifying(key.until()),
        }
    }

    /// What signs and verifies tokens at a moment; `None` where no key signs.
    ///
    /// # Errors
    /// The keys do not fit into one ring.
    pub fn tokens(&self, now: Timestamp) -> Result<Option<KeyRing>, munjigi_tokens::Error> {
        let Some(signing) = self.signing(now) else {
            return Ok(None);
        };
        let mut others = self
            .keys
            .iter()
            .filter(|key| key.kid != signing.kid && !key.is_past(now));
        let ring = KeyRing::new(signing.signer.clone());
        others
            .try_fold(ring, |ring, key| with(ring, key.signer.verifier(), key.until()))
            .map(Some)
    }
}

/// The same ring with another key that verifies, for a while or for good.
pub(super) fn with(
    ring: KeyRing,
    verifier: Verifier,
    until: Option<Timestamp>,
) -> Result<KeyRing, munjigi_tokens::Error> {
    match until {
        Some(until) => ring.with_verifier_until(verifier, until),
        None => ring.with_verifier(verifier),
    }
}

impl StoredRing {
    /// Two rotations in a row would put the second key to work before anybody knows it.
    fn refuse_another(&self, now: Timestamp) -> Result<(), Error> {
        let waiting = self.keys.iter().find_map(|key| {
            let turn = key.signs_from.filter(|turn| now < *turn)?;
            Some((key.kid.clone(), turn))
        });
        waiting.map_or(Ok(()), |(kid, from)| Err(Error::Waiting { kid, from }))
    }

    /// Ends every key at that moment, if not before, and gives back which are gone at once.
    fn end(&mut self, until: Timestamp, now: Timestamp) -> Vec<String> {
        // What has signed nothing yet has nothing to verify, and must not take over when its turn comes.
        let is_over = |key: &StoredKey| key.is_past(now) || key.is_waiting(now);
        let mut gone = Vec::new();
        let keys = std::mem::take(&mut self.keys)
            .into_iter()
            .map(|key| key.ending(until));
        for key in keys {
            if is_over(&key) {
                gone.push(key.kid);
            } else {
                self.keys.push(key);
            }
        }
        gone
    }

    /// The file's text: a key on each line.
    fn document(&self) -> Zeroizing<String> {
        let keys: Vec<_> = self.keys.iter().map(StoredKey::document).collect();
        // As long as it will be: what outgrows its memory leaves a copy of the keys behind.
        let length: usize = keys.iter().map(|key| key.len() + 2).sum();
        let mut text = Zeroizing::new(String::with_capacity(length + 32));
        let mut before = "{\"keys\": [\n";
        for key in &keys {
            text.push_str(before);
            text.push_str(key);
            before = ",\n";
        }
        text.push_str("\n]}\n");
        text
    }

    fn parse(content: &str, path: &Path) -> Result<Self, Error> {
        let malformed = |problem: String| Error::Malformed {
            path: path.to_owned(),
            problem,
        };
        // The parser's own words could hold what it read.
        let document = Wiped(serde_json::from_str(content).map_err(|error| {
            malformed(format!(
                "line {} is not JSON. Put back a copy that is whole.",
                error.line()
            ))
        })?);
        let keys = document.0.get("keys").and_then(Value::as_array).ok_or_else(|| {
            malformed("it has no list \"keys\". `munjigi keys generate` makes a ring.".to_owned())
        })?;
        if keys.is_empty() || keys.len() > MOST_KEYS {
            return Err(malformed(format!(
                "it has {} keys. Keep one to {MOST_KEYS}.",
                keys.len()
            )));
        }
        let mut ring = Self { keys: Vec::new() };
        let mut kids = BTreeSet::new();
        for (index, key) in keys.iter().enumerate() {
            let key =
                StoredKey::parse(key).map_err(|problem| malformed(format!("key {} {problem}", index + 1)))?;
            if !kids.insert(key.kid.clone()) {
                return Err(malformed(format!(
                    "two keys have the kid \"{}\". Take one out.",
                    key.kid
                )));
            }
            ring.keys.push(key);
        }
        Ok(ring)
    }
}

impl StoredKey {
    /// The name of the key in a token's header.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    /// When it was made, if the file says so.
    pub fn made(&self) -> Option<Timestamp> {
        self.made
    }

    fn generate(
        algorithm: Algorithm,
        now: Timestamp,
        activate_after: SignedDuration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, Error> {
        if algorithm.is_symmetric() {
            return Err(Error::Symmetric(algorithm));
        }
        let jwk = Jwk::generate(algorithm, &mut |bytes| rng.fill_bytes(bytes))?;
        Ok(Self {
            signer: Signer::from_jwk(algorithm, &jwk)?,
            kid: jwk.key_id().unwrap_or_default().to_owned(),
            jwk,
            made: Some(after(now, SignedDuration::ZERO)),
            signs_from: Some(after(now, activate_after)),
        })
    }

    /// The error is the rest of a sentence that begins with the key's number.
    fn parse(key: &Value) -> Result<Self, String> {
        let text = Zeroizing::new(key.to_string());
        let jwk = Jwk::parse(&text).map_err(|error| format!("cannot be used: {error}"))?;
        let algorithm = jwk
            .algorithm()
            .ok_or("has no \"alg\". Write how it signs: \"alg\": \"RS256\".")?;
        if algorithm.is_symmetric() {
            return Err(
                "is a secret, and what is in a ring is published. Write it as SIGNING_KEY instead."
                    .to_owned(),
            );
        }
        let kid = jwk
            .key_id()
            .ok_or("has no \"kid\". Give it a name of its own.")?
            .to_owned();
        Ok(Self {
            signer: Signer::from_jwk(algorithm, &jwk).map_err(|error| format!("cannot sign: {error}"))?,
            kid,
            made: moment(key, "iat")?,
            signs_from: moment(key, "nbf")?,
            jwk,
        })
    }

    /// The key as JSON, on one line.
    fn document(&self) -> Zeroizing<String> {
        let jwk = self.jwk.to_private_json();
        let mut text = Zeroizing::new(String::with_capacity(jwk.len() + 64));
        text.push_str(jwk.strip_suffix('}').unwrap_or_default());
        for (name, moment) in [("iat", self.made), ("nbf", self.signs_from)] {
            if let Some(moment) = moment {
                // Writing to a String cannot fail.
                let _ = write!(text, ",\"{name}\":{}", moment.as_second());
            }
        }
        text.push('}');
        text
    }

    fn ending(self, until: Timestamp) -> Self {
        let until = self.until().map_or(until, |known| known.min(until));
        Self {
            jwk: self.jwk.with_expires_at(Some(until)),
            ..self
        }
    }

    /// From when on no token under it is taken.
    fn until(&self) -> Option<Timestamp> {
        self.jwk.expires_at()
    }

    fn is_waiting(&self, now: Timestamp) -> bool {
        self.signs_from.is_some_and(|turn| now < turn)
    }

    fn is_past(&self, now: Timestamp) -> bool {
        self.until().is_some_and(|until| until <= now)
    }
}

/// A document with private keys in it, wiped when dropped.
struct Wiped(Value);

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

/// A member that is a moment in seconds since 1970.
fn moment(key: &Value, name: &str) -> Result<Option<Timestamp>, String> {
    let Some(value) = key.get(name) else {
        return Ok(None);
    };
    let moment = value
        .as_i64()
        .and_then(|second| Timestamp::from_second(second).ok());
    let refuse = || format!("has no moment as \"{name}\". Write whole seconds since 1970.");
    moment.map(Some).ok_or_else(refuse)
}

/// To the second, as the file has it.
fn after(now: Timestamp, span: SignedDuration) -> Timestamp {
    let moment = now.as_second().saturating_add(span.as_secs());
    Timestamp::from_second(moment).unwrap_or(Timestamp::MAX)
}
