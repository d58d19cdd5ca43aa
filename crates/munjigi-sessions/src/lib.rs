//! `django.contrib.sessions`, and the keys that `django.contrib.auth.login` keeps in a session, of Django 5.2: a row of
//! `django_session` that one side wrote, the other reads.
//!
//! | Django | here |
//! | --- | --- |
//! | `request.session.session_key` | [`SessionKey`] |
//! | `request.session` | [`SessionData`] |
//! | `SessionBase.encode`, `.decode` (the column `session_data`) | [`SessionCodec`] |
//! | `get_expiry_age`, `get_expiry_date`, `get_expire_at_browser_close` | [`Expiry`] |
//! | `get_session_auth_hash`, its check in `get_user` | [`SessionAuthHasher`] |
//! | what `login` does with the session | [`login_step`], [`SessionData::set_login`] |
//!
//! Values that this crate has no use for keep their text: what Django stored comes back to it byte for byte, even
//! where Rust has no type for it (a big integer, `NaN`, a lone surrogate).
//!
//! ```
//! use munjigi_sessions::{AuthHashMatch, LoginStep, SessionAuthHasher, SessionCodec, SessionData, login_step};
//! use munjigi_signing::{SecretKey, SecretKeys};
//! use munjigi_user::UserId;
//! use jiff::Timestamp;
//!
//! let keys = SecretKeys::new(SecretKey::new("the secret key"), vec![]);
//! let (codec, hasher) = (SessionCodec::new(&keys), SessionAuthHasher::new(&keys));
//! let (user, password) = (UserId::Int(1), "pbkdf2_sha256$1000000$…");
//!
//! let mut data = SessionData::default();
//! assert_eq!(login_step(&data, &user, password, &hasher), LoginStep::CycleKey);
//! data.set_login(&user, password, &hasher);
//! let row = codec.encode(&data, Timestamp::from_second(1_767_225_600)?);
//!
//! let read = codec.decode(&row);
//! assert_eq!(read.damage, None);
//! assert_eq!(read.data.auth_user_id().as_deref(), Some("1"));
//! assert_eq!(hasher.verify(&read.data, password), AuthHashMatch::Current);
//! assert_eq!(hasher.verify(&read.data, "another password"), AuthHashMatch::No);
//! # Ok::<(), jiff::Error>(())
//! ```

mod auth_keys;
mod codec;
mod data;
mod error;
mod expiry;
mod key;
mod scan;

pub use auth_keys::{
    AuthHashMatch, BACKEND, BACKEND_SESSION_KEY, HASH_SESSION_KEY, LoginStep, SESSION_KEY, SessionAuthHasher,
    login_step,
};
pub use codec::{Decoded, SessionCodec};
pub use data::{MUNJIGI_SID, SessionData};
pub use error::SessionError;
pub use expiry::{Expiry, ExpiryPolicy, SESSION_EXPIRY};
pub use key::SessionKey;
