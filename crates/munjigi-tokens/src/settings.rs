//! The keys of `SIMPLE_JWT`: `rest_framework_simplejwt.settings`.
//!
//! Each field bears its key's name in lower case. [`SimpleJwtSettings::new`] gives the defaults, which differ from
//! simplejwt 5.5.1 in two: a refresh token lives for seven days instead of one, and `UPDATE_LAST_LOGIN` is on.

use crate::{Algorithm, Error, SigningKey, VerifyingKey};
use jiff::SignedDuration;
use std::{fmt, str::FromStr};

/// `SIMPLE_JWT`. What is not written here does not exist yet; no key is taken and ignored.
///
/// Some keys are for who serves requests and keeps lists, and are only kept here for him: `rotate_refresh_tokens`,
/// `blacklist_after_rotation`, `update_last_login`, `auth_header_types`, `auth_header_name`, `auth_token_classes`.
///
/// ```
/// use jiff::SignedDuration;
/// use munjigi_tokens::{SigningKey, SimpleJwt, SimpleJwtSettings};
///
/// let mut settings = SimpleJwtSettings::new(SigningKey::new("a secret of no fewer than 32 bytes"));
/// assert_eq!(settings.access_token_lifetime, SignedDuration::from_mins(5));
/// settings.issuer = Some("https://auth.example".to_owned());
/// let jwt = SimpleJwt::new(settings)?;
/// # Ok::<(), munjigi_tokens::Error>(())
/// ```
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own in SIMPLE_JWT"
)]
pub struct SimpleJwtSettings {
    /// How long an access token lives. Five minutes.
    pub access_token_lifetime: SignedDuration,
    /// How long a refresh token lives. Seven days (simplejwt: one).
    pub refresh_token_lifetime: SignedDuration,
    /// Whether a refresh gives a new refresh token too. Off.
    pub rotate_refresh_tokens: bool,
    /// Whether the old refresh token is blacklisted then. Off.
    pub blacklist_after_rotation: bool,
    /// Whether a sign-in writes the user's `last_login`. On (simplejwt: off).
    pub update_last_login: bool,
    /// How tokens are signed. HS256. A token that names another algorithm is refused.
    pub algorithm: Algorithm,
    /// What signs: a secret for HS*, else a private key as PEM or JWK. None: tokens are only verified.
    pub signing_key: Option<SigningKey>,
    /// What verifies: a public key as PEM or JWK. None: what belongs to the signing key.
    pub verifying_key: Option<VerifyingKey>,
    /// `aud` of every token made, and demanded of every token read. None: any `aud` is taken.
    pub audience: Option<Audience>,
    /// `iss` of every token made, and demanded of every token read. None: any `iss` is taken.
    pub issuer: Option<String>,
    /// How far the clocks of two machines may be apart: for `exp`, `nbf` and `iat`. Zero.
    pub leeway: SignedDuration,
    /// The first word of the header. `["Bearer"]`.
    pub auth_header_types: Vec<String>,
    /// The header, as WSGI spells it. `HTTP_AUTHORIZATION`.
    pub auth_header_name: String,
    /// The user's field that goes into the token. `id`.
    pub user_id_field: String,
    /// The claim it stands in. `user_id`.
    pub user_id_claim: String,
    /// Which tokens open a guarded route. The access token alone.
    pub auth_token_classes: Vec<TokenClass>,
    /// The claim that tells an access token from a refresh token. `token_type`. None: none is written or asked for,
    /// so that a token of any kind passes for every other.
    pub token_type_claim: Option<String>,
    /// The claim of a token's own id. `jti`. None: none is written or asked for, so that no token can be blacklisted.
    pub jti_claim: Option<String>,
    /// The claim that says until when a sliding token can be refreshed. `refresh_exp`.
    pub sliding_token_refresh_exp_claim: String,
    /// How long a sliding token opens routes. Five minutes.
    pub sliding_token_lifetime: SignedDuration,
    /// How long a sliding token can be refreshed. One day.
    pub sliding_token_refresh_lifetime: SignedDuration,
    /// Whether a token carries a digest of the user's stored password, and is good for that one only. Off.
    pub check_revoke_token: bool,
    /// The claim of that digest. `hash_password`.
    pub revoke_token_claim: String,
    /// Whether a token is made for active users only, and good for them only. On.
    pub check_user_is_active: bool,
}

impl SimpleJwtSettings {
    /// The defaults around a signing key.
    pub fn new(signing_key: SigningKey) -> Self {
        Self {
            signing_key: Some(signing_key),
            ..Self::default()
        }
    }
}

impl Default for SimpleJwtSettings {
    /// The defaults without any key. [`SimpleJwt::new`](crate::SimpleJwt::new) asks for a signing or a verifying one;
    /// [`SimpleJwt::with_key_ring`](crate::SimpleJwt::with_key_ring) brings its own.
    fn default() -> Self {
        Self {
            access_token_lifetime: SignedDuration::from_mins(5),
            refresh_token_lifetime: SignedDuration::from_hours(7 * 24),
            rotate_refresh_tokens: false,
            blacklist_after_rotation: false,
            update_last_login: true,
            algorithm: Algorithm::Hs256,
            signing_key: None,
            verifying_key: None,
            audience: None,
            issuer: None,
            leeway: SignedDuration::ZERO,
            auth_header_types: vec!["Bearer".to_owned()],
            auth_header_name: "HTTP_AUTHORIZATION".to_owned(),
            user_id_field: "id".to_owned(),
            user_id_claim: "user_id".to_owned(),
            auth_token_classes: vec![TokenClass::AccessToken],
            token_type_claim: Some("token_type".to_owned()),
            jti_claim: Some("jti".to_owned()),
            sliding_token_refresh_exp_claim: "refresh_exp".to_owned(),
            sliding_token_lifetime: SignedDuration::from_mins(5),
            sliding_token_refresh_lifetime: SignedDuration::from_hours(24),
            check_revoke_token: false,
            revoke_token_claim: "hash_password".to_owned(),
            check_user_is_active: true,
        }
    }
}

/// `AUDIENCE`: one text or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Written as a text. A token's `aud` must be, or hold, this one.
    One(String),
    /// Written as a list. A token's `aud` must be, or hold, one of these.
    Several(Vec<String>),
}

/// A member of `AUTH_TOKEN_CLASSES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenClass {
    /// [`AccessToken`](crate::AccessToken).
    AccessToken,
    /// [`RefreshToken`](crate::RefreshToken): then whoever holds a refresh token needs no access token.
    RefreshToken,
    /// [`SlidingToken`](crate::SlidingToken).
    SlidingToken,
    /// [`UntypedToken`](crate::UntypedToken): any kind of token.
    UntypedToken,
}

impl TokenClass {
    const ALL: [Self; 4] = [
        Self::AccessToken,
        Self::RefreshToken,
        Self::SlidingToken,
        Self::UntypedToken,
    ];

    /// The name of the Python class, as it stands in `messages[].token_class` of a 401.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "AccessToken",
            Self::RefreshToken => "RefreshToken",
            Self::SlidingToken => "SlidingToken",
            Self::UntypedToken => "UntypedToken",
        }
    }

    /// The value of the token type claim, as it stands in `messages[].token_type` of a 401.
    pub fn token_type(self) -> &'static str {
        match self {
            Self::AccessToken => "access",
            Self::RefreshToken => "refresh",
            Self::SlidingToken => "sliding",
            Self::UntypedToken => "untyped",
        }
    }
}

impl fmt::Display for TokenClass {
    /// The Python path of the class, as settings.py has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rest_framework_simplejwt.tokens.{}", self.name())
    }
}

impl FromStr for TokenClass {
    type Err = Error;

    /// Reads the Python path of the class.
    fn from_str(path: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|class| class.to_string() == path)
            .ok_or_else(|| {
                Error::ImproperlyConfigured(
                    format!(
                        "AUTH_TOKEN_CLASSES names \"{path}\", which is none of simplejwt's classes. Write \
                         \"rest_framework_simplejwt.tokens.AccessToken\"."
                    )
                    .into(),
                )
            })
    }
}
