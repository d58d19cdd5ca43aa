//! `django.core.signing`, `django.utils.crypto`, `django.contrib.auth.tokens` and `django.middleware.csrf` of Django 5.2: what
//! is signed with `SECRET_KEY` by one side is read by the other.
//!
//! | Django | here |
//! | --- | --- |
//! | `SECRET_KEY`, `SECRET_KEY_FALLBACKS` | [`SecretKeys`] |
//! | `salted_hmac` | [`salted_hmac()`], [`SaltedHmac`] with the key derived once |
//! | `get_random_string` | [`random_string()`] |
//! | `Signer`, `TimestampSigner` | [`Signer`], [`TimestampSigner`] |
//! | `signing.dumps`, `signing.loads` | [`TimestampSigner::dumps`], [`TimestampSigner::loads`] |
//! | `PasswordResetTokenGenerator` | [`PasswordResetTokenGenerator`] |
//! | `int_to_base36`, `base36_to_int` of `utils.http` | [`base36_encode`], [`base36_decode`] |
//! | `urlsafe_base64_encode` of a primary key | [`uid_encode`], [`uid_decode`] |
//! | `CsrfViewMiddleware` | [`csrf`] |
//!
//! It differs where Django reads the clock or the system's randomness by itself: here `now` and `rng` are
//! arguments. What a signature protects is bounded when it is read (see [`MAX_PAYLOAD`]), and no input makes it
//! panic.
//!
//! ```
//! use munjigi_signing::{Age, Compress, SecretKey, SecretKeys, TimestampSigner};
//! use jiff::{SignedDuration, Timestamp};
//!
//! let keys = SecretKeys::new(SecretKey::new("the new key"), vec![SecretKey::new("the old key")]);
//! let signer = TimestampSigner::new(&keys, "django.core.signing");
//! let now = Timestamp::from_second(1_767_225_600)?;
//!
//! let signed = signer.dumps(&serde_json::json!({"a": 1}), Compress::Never, now);
//! assert!(signed.starts_with("eyJhIjoxfQ:1vb66i:"));
//!
//! let read = signer.loads(&signed, Age::AtMost { max_age: SignedDuration::from_mins(1), now })?;
//! assert_eq!(read.value, serde_json::json!({"a": 1}));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base36;
pub mod csrf;
mod dumps;
mod error;
mod json;
mod keys;
mod random_string;
mod reset_token;
mod salted_hmac;
mod signer;
mod timestamp;

pub use base36::{base36_decode, base36_encode};
pub use dumps::{Compress, MAX_PAYLOAD};
pub use error::SigningError;
pub use json::to_json;
pub use keys::{MatchedKey, SecretKey, SecretKeys};
pub use random_string::{Alphabet, random_string};
pub use reset_token::{PasswordResetTokenGenerator, ResetUser, uid_decode, uid_encode};
pub use salted_hmac::{Digest, SaltedHmac, Tag, salted_hmac};
pub use signer::{Signer, Unsigned};
pub use timestamp::{Age, TimestampSigner, b62_decode, b62_encode};
