//! One password on its way to its key.

use crate::sha256::{self, Words};
use crate::wipe;
use std::num::NonZeroU32;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a derived key: one block of SHA-256, Django's `digest_size`.
pub const KEY_LEN: usize = 32;

/// PBKDF2-HMAC-SHA256 of one password, from its first iteration to its last.
///
/// What it knows of the password lies in one place of the heap, however often the derivation itself is moved, and is
/// wiped when it is dropped.
pub struct Derivation {
    state: Box<State>,
    remaining: u32,
}

/// What is known of a derivation between two iterations. The key of HMAC is in it as the two states that its blocks lead
/// to, so an iteration is two compressions, however long the password is.
pub(crate) struct State {
    /// After the block of the key with `ipad`.
    pub(crate) inner: Words,
    /// After the block of the key with `opad`.
    pub(crate) outer: Words,
    /// The last iteration's output, U in RFC 8018.
    pub(crate) last: Words,
    /// All iterations' outputs so far, one added to the other: T in RFC 8018.
    pub(crate) sum: Words,
}

impl Derivation {
    /// Runs the first iteration. `iterations` counts it too.
    ///
    /// Any length of password and salt is good. One of more than 64 bytes is hashed once at first, as HMAC says.
    pub fn new(password: &[u8], salt: &[u8], iterations: NonZeroU32) -> Self {
        let mut state = Box::new(State {
            inner: sha256::INITIAL,
            outer: sha256::INITIAL,
            last: [0; 8],
            sum: [0; 8],
        });
        begin(&mut state, password, salt);
        wipe::stack();
        Self {
            state,
            remaining: iterations.get() - 1,
        }
    }

    /// Iterations that are still to be run.
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    /// Whether no iteration remains.
    pub fn is_done(&self) -> bool {
        self.remaining == 0
    }

    /// The derived key.
    ///
    /// # Errors
    ///
    /// Gives the derivation back where iterations remain.
    pub fn finish(self) -> Result<Zeroizing<[u8; KEY_LEN]>, Self> {
        if !self.is_done() {
            return Err(self);
        }
        let mut key = Zeroizing::new([0; KEY_LEN]);
        sha256::write_bytes(&self.state.sum, key.as_mut_slice());
        Ok(key)
    }

    pub(crate) fn state(&mut self) -> &mut State {
        &mut self.state
    }

    /// Says that `steps` more iterations are in the state.
    pub(crate) fn count(&mut self, steps: u32) {
        self.remaining = self.remaining.saturating_sub(steps);
    }
}

/// So that a batch may be a slice of derivations, of references to them, or of something that holds one.
impl AsMut<Derivation> for Derivation {
    fn as_mut(&mut self) -> &mut Derivation {
        self
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
        self.last.zeroize();
        self.sum.zeroize();
    }
}

/// Both states of HMAC, and the output of the first iteration.
#[inline(never)]
fn begin(state: &mut State, password: &[u8], salt: &[u8]) {
    let mut key = Zeroizing::new([0; 64]);
    if let Some(start) = key.get_mut(..password.len()) {
        start.copy_from_slice(password);
    } else {
        let mut hashed = Zeroizing::new(sha256::INITIAL);
        sha256::absorb(&mut hashed, 0, password, &[]);
        sha256::write_bytes(&hashed, key.as_mut_slice());
    }
    key.iter_mut().for_each(|byte| *byte ^= 0x36);
    sha256::compress(&mut state.inner, &key);
    key.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
    sha256::compress(&mut state.outer, &key);

    state.last = state.inner;
    // The salt, and the number of the block, which is the first and only one.
    sha256::absorb(&mut state.last, 1, salt, &[0, 0, 0, 1]);
    sha256::write_bytes(&state.last, key.as_mut_slice());
    state.last = state.outer;
    sha256::absorb(
        &mut state.last,
        1,
        key.first_chunk::<KEY_LEN>().map_or(&[], |digest| digest),
        &[],
    );
    state.sum = state.last;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_derivation_gives_its_key_and_another_one_itself() {
        let begun = |iterations| Derivation::new(b"password", b"salt", NonZeroU32::new(iterations).unwrap());
        // RFC 6070's first case, by SHA-256.
        assert_eq!(begun(1).finish().ok().unwrap()[..4], [0x12, 0x0f, 0xb6, 0xcf]);
        let unfinished = begun(3).finish().err().unwrap();
        assert_eq!((unfinished.remaining(), unfinished.is_done()), (2, false));
    }
}
