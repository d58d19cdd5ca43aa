//! What another server knows: its public keys, and the sign-ins that have ended. Needs the feature `remote`.
//!
//! With [`JwksClient`] a service verifies the tokens of any issuer that publishes a JWK set, and shares no secret with it. With
//! [`EndedList`] it refuses a token of munjigi's within a second or two of its user's signing out, though the token's
//! `exp` is still to come. Both stand on [`Origin`], as does what else of munjigi's asks another server.
//!
//! ```no_run
//! use munjigi_axum::remote::{EndedList, JwksClient};
//! use munjigi_axum::{Authentication, JwtAuthentication};
//! use munjigi_tokens::{Algorithm, KeyRing, SimpleJwt, SimpleJwtSettings};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let mut settings = SimpleJwtSettings::default();
//! settings.algorithm = Algorithm::EdDsa;
//! let jwt = SimpleJwt::with_key_ring(settings, KeyRing::default())?;
//!
//! let ended = EndedList::new("https://auth.example/.well-known/munjigi/ended")?;
//! tokio::spawn(ended.clone().follow());
//!
//! let auth = Authentication::new(
//!     JwtAuthentication::stateless(jwt)?
//!         .keys(JwksClient::new("https://auth.example/.well-known/jwks.json")?)?
//!         .revocations(ended),
//! );
//! # Ok(())
//! # }
//! ```

mod ended;
mod endpoint;
mod error;
mod jwks;
mod keys;
mod origin;

pub use ended::{EndedList, MAX_STALENESS};
pub use endpoint::TIMEOUT;
pub use error::RemoteError;
pub use jwks::{JwksClient, LIFETIME, MAX_BYTES, PAUSE, PAUSE_WITHOUT_KEYS};
pub use keys::RemoteKeys;
pub use origin::{HeaderLimits, InTheClear, Origin};
