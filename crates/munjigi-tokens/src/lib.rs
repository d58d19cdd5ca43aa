//! djangorestframework-simplejwt's tokens: the same claims, settings and refusals.
//!
//! ```
//! use munjigi_tokens::{AccessToken, RefreshToken, SigningKey, SimpleJwt, SimpleJwtSettings};
//! use munjigi_user::{AuthUser, UserId};
//!
//! struct User;
//! impl AuthUser for User {
//!     fn id(&self) -> UserId {
//!         UserId::Int(1)
//!     }
//! }
//!
//! let jwt = SimpleJwt::new(SimpleJwtSettings::new(SigningKey::new("a secret of no fewer than 32 bytes")))?;
//! let refresh = RefreshToken::for_user(&jwt, &User)?;
//! let access = refresh.access_token();
//! let (refresh, access) = (refresh.to_string(), access.to_string());
//!
//! assert_eq!(AccessToken::verify(&jwt, &access)?.user_id()?, "1");
//! assert_eq!(AccessToken::verify(&jwt, &refresh).unwrap_err().to_string(), "Token has wrong type");
//!
//! // Five minutes later: the next access token, for the refresh token that the client kept.
//! let next = RefreshToken::verify(&jwt, &refresh)?.access_token().encode()?;
//! # assert_eq!(AccessToken::verify(&jwt, &next)?.user_id()?, "1");
//! # Ok::<(), munjigi_tokens::Error>(())
//! ```
//!
//! # No store, no record
//!
//! This crate does no I/O. A token made here is written down nowhere, stands behind no session record and has no
//! `sid` claim, so it cannot be ended before its `exp`. Who keeps records adds the claim with
//! [`Token::with_claim`], reads it with [`Token::sid`], and looks the record up after verifying.
//!
//! # Keys and algorithms
//!
//! HS256, HS384 and HS512 are always there. The feature `asymmetric` brings RS*, PS*, ES* and EdDSA over aws-lc-rs,
//! and JWK. Several keys at once are a [`KeyRing`], which [`SimpleJwt::replace_key_ring`] changes at run time.
//!
//! # Where it differs from simplejwt 5.5.1
//!
//! - A token is read strictly: no `=` padding, no member twice at any depth, no byte order mark, at most 100 levels
//!   and [`jws::MAX_TOKEN`] bytes.
//! - What makes simplejwt's server answer 500 (`exp` as a text or beyond the year 9999, a refresh token without a
//!   `jti`) is a refusal like the others.
//! - A token is made for an active user only, unless `CHECK_USER_IS_ACTIVE` is off. A secret has at least 32 bytes,
//!   an RSA key 2048 to 8192 bits.
//! - ES256K and Ed448, which PyJWT can do, are refused by name, and so is a key in OpenSSH's format.
//! - Where `TOKEN_TYPE_CLAIM` or `JTI_CLAIM` is none, a token has no such claim. (Python writes one named `null`.)
//! - A lifetime is above zero, and no claim has the name of another.
//! - A user id is a text or an integer, never `true` or `1.0`; a token's id is a text under whatever `JTI_CLAIM`.
//! - `NaN` is no JSON, in whatever claim; a number in a text counts as a time only where it is plain digits.
//! - What an access token copies from its refresh token keeps its spelling, white space included.
//!
//! | Python | here |
//! |---|---|
//! | `settings.DEFAULTS`, `api_settings` | [`SimpleJwtSettings`] |
//! | `state.token_backend` | [`SimpleJwt`] |
//! | `backends.TokenBackend` | [`KeyRing`], and one key of it: [`jws::sign`], [`jws::verify`] |
//! | `tokens.{Token, AccessToken, RefreshToken, SlidingToken, UntypedToken}` | [`Token`], [`AccessToken`], [`RefreshToken`], [`SlidingToken`], [`UntypedToken`] |
//! | `utils.get_md5_hash_password` | [`Token::check_password`] |
//! | `authentication.JWTAuthentication.get_validated_token` | [`SimpleJwt::validated_token`] |
//! | `exceptions` | [`Error`] |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
mod algorithm;
mod authentication;
mod claims;
pub mod ended;
mod error;
mod json;
#[cfg(feature = "asymmetric")]
mod jwk;
pub mod jws;
pub mod jwt_auth;
mod keys;
mod refresh;
mod settings;
mod sliding;
mod sources;
mod state;
mod token;
mod untyped;

pub use access::{Access, AccessToken};
pub use algorithm::Algorithm;
pub use claims::Claims;
pub use error::Error;
#[cfg(feature = "asymmetric")]
pub use jwk::{Jwk, JwkSet};
pub use keys::{KeyRing, MAX_KEY_ID, Signer, SigningKey, Verifier, VerifyingKey};
pub use refresh::{Refresh, RefreshToken};
pub use settings::{Audience, SimpleJwtSettings, TokenClass};
pub use sliding::{Sliding, SlidingToken};
pub use sources::{Revocations, SourceError, UserSource};
pub use state::SimpleJwt;
pub use token::{Minted, Token, TokenType};
pub use untyped::{Untyped, UntypedToken};
