//! PBKDF2-HMAC-SHA256 of many passwords at once, in the lanes of the processor.
//!
//! It has no twin in Django, which calls OpenSSL for one password after the other. A password must stay slow to guess,
//! so the work for one is never less; but a processor does the same work for sixteen passwords in little more time than
//! for one. A [`Derivation`] is one password on its way, 128 bytes; [`Kernels::advance`] takes a batch of them some
//! iterations further by what this processor does best with so many. Between two calls a derivation may join the batch
//! or leave it.
//!
//! The result is one block of output, 32 bytes: what Django stores for `pbkdf2_sha256`. Longer keys are not made.
//!
//! ```
//! use munjigi_lanes::{Derivation, Kernels};
//! use std::num::NonZeroU32;
//!
//! let kernels = Kernels::detect();
//! let iterations = NonZeroU32::new(1000).ok_or("no iterations")?;
//! let begin = |password: &str| Derivation::new(password.as_bytes(), b"a salt of one's own", iterations);
//! let mut batch: Vec<_> = ["first", "second", "third"].map(begin).into();
//! while !batch.iter().all(Derivation::is_done) {
//!     kernels.advance(&mut batch, 300);
//! }
//! let keys: Vec<_> = batch.into_iter().filter_map(|it| it.finish().ok()).collect();
//! assert_eq!(keys.len(), 3);
//! assert_eq!(keys[0][..4], [0xe9, 0xee, 0x75, 0x3c]);
//! # Ok::<(), &str>(())
//! ```
//!
//! # What is secret
//!
//! Time and the addresses that are touched depend on the number of passwords, their lengths and their iterations, never on
//! what a password, a salt or a state between is. What is in memory is wiped when it is no longer needed: the state of
//! a derivation when it is dropped, and what a call leaves on the stack when it returns.
//!
//! # Unsafe
//!
//! This crate alone among munjigi's may write `unsafe`. It does so only to call a function that is compiled for more than
//! the least processor, each time right after asking whether this one has what it takes (`kernel.rs`). The kernels
//! themselves are safe code: they read and write through arrays.

mod derivation;
mod kernel;
mod kernels;
mod sha256;
mod wipe;

pub use derivation::{Derivation, KEY_LEN};
pub use kernel::{Kernel, UnknownKernel};
pub use kernels::{Kernels, Unavailable};
