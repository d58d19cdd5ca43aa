//! The key ring of `SIMPLE_JWT.KEY_RING`: a file of private keys, one of which signs while the others only verify. simplejwt
//! has one key and no way to change it without ending every sign-in.
//!
//! The file is a private JWK Set (RFC 7517) that only its owner may read. Each key has a `kid`, an `alg`, and three moments
//! in seconds since 1970 under the names that claims have: `iat`, when it was made; `nbf`, from when on it signs; `exp`,
//! until when tokens under it are taken. The newest key whose `nbf` has come signs. A key whose turn has not come is
//! published already, so that whoever keeps our public keys knows it before he meets it.
//!
//! Secrets of HS* are none of it: what is in the ring is published, and a secret must not be.

mod error;
mod file;
mod ring;
mod source;

pub use error::Error;
pub use ring::{Rotated, Rotation, State, StoredKey, StoredRing};
pub use source::{Keys, Published};
