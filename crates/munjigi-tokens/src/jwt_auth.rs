//! djangorestframework-jwt's tokens, in the dialect of its maintained fork: `rest_framework_jwt.utils` of drf-jwt
//! 1.19.
//!
//! There is one kind of token. It opens routes while it is fresh, and is given in for the next one until
//! `JWT_REFRESH_EXPIRATION_DELTA` after the first of its line (`orig_iat`). It names its user by `username`.
//!
//! ```
//! use jiff::Timestamp;
//! use munjigi_tokens::SigningKey;
//! use munjigi_tokens::jwt_auth::{JwtAuth, JwtAuthSettings};
//! use munjigi_user::{AuthUser, UserId};
//!
//! struct User;
//! impl AuthUser for User {
//!     fn id(&self) -> UserId {
//!         UserId::Int(1)
//!     }
//!     fn field(&self, name: &str) -> Option<String> {
//!         (name == "username").then(|| "mseo".to_owned())
//!     }
//! }
//!
//! let jwt = JwtAuth::new(JwtAuthSettings::new(SigningKey::new("a secret of no fewer than 32 bytes")))?;
//! let now = Timestamp::UNIX_EPOCH;
//! let token = jwt.create_payload(&User, [7; 16], now)?;
//! let read = jwt.verify_at(&token.encode()?, now)?;
//! assert_eq!(read.username(), Some("mseo"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where it differs from drf-jwt 1.19.2 on PyJWT 2.15.1
//!
//! - Tokens are read by the reader of simplejwt's: strictly.
//! - A token with a token type is one of simplejwt's and is none here, whoever's key is under it.
//! - A token without `exp` is refused: upstream takes it for ever. So is one whose `exp` is a text, or beyond the year
//!   9999.
//! - What makes upstream's server answer 500 (a header without `alg` or that is no JSON, an `orig_iat` that is no
//!   number) is a refusal like the others.
//! - `email` is in the payload, as in djangorestframework-jwt; drf-jwt left it out.

use crate::claims::{Claim, Registered};
use crate::json::{self, Item};
use crate::token::{is_for, last_second};
use crate::{Algorithm, Audience, Claims, Error, Signer, SigningKey, Verifier, jws};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use munjigi_user::{AuthUser, UserId};
use std::sync::Arc;

/// The dict `JWT_AUTH`, as far as it speaks of tokens (`rest_framework_jwt/settings.py`).
#[derive(Clone)]
pub struct JwtAuthSettings {
    /// `JWT_SECRET_KEY`: what signs and verifies; Django's `SECRET_KEY` where nothing else is written.
    pub secret_key: SigningKey,
    /// `JWT_ALGORITHM`. HS256.
    pub algorithm: Algorithm,
    /// `JWT_EXPIRATION_DELTA`: how long a token lives. Five minutes.
    pub expiration_delta: SignedDuration,
    /// `JWT_VERIFY_EXPIRATION`: whether it ends with that. It does.
    pub verify_expiration: bool,
    /// `JWT_ALLOW_REFRESH`: whether a token made at a sign-in can be given in for the next. It can.
    pub allow_refresh: bool,
    /// `JWT_REFRESH_EXPIRATION_DELTA`: how long after the sign-in. Seven days.
    pub refresh_expiration_delta: SignedDuration,
    /// `JWT_LEEWAY`: how far the clocks of two machines may be apart. Zero.
    pub leeway: SignedDuration,
    /// `JWT_AUDIENCE`. None: a token with an `aud` is refused.
    pub audience: Option<Audience>,
    /// `JWT_ISSUER`. None: any `iss` is taken.
    pub issuer: Option<String>,
    /// `JWT_TOKEN_ID`.
    pub token_id: TokenId,
    /// `JWT_PAYLOAD_INCLUDE_USER_ID`. It is.
    pub include_user_id: bool,
    /// The claims by which a token of simplejwt's is known: `TOKEN_TYPE_CLAIM`, and what it is by default.
    pub token_type_claims: Vec<String>,
}

impl JwtAuthSettings {
    /// The defaults around a key.
    pub fn new(secret_key: SigningKey) -> Self {
        Self {
            secret_key,
            algorithm: Algorithm::Hs256,
            expiration_delta: SignedDuration::from_mins(5),
            verify_expiration: true,
            allow_refresh: true,
            refresh_expiration_delta: SignedDuration::from_hours(7 * 24),
            leeway: SignedDuration::ZERO,
            audience: None,
            issuer: None,
            token_id: TokenId::Include,
            include_user_id: true,
            token_type_claims: vec!["token_type".to_owned()],
        }
    }
}

/// `JWT_TOKEN_ID`: what becomes of `jti`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenId {
    /// `off`: tokens have none.
    Off,
    /// `include`: tokens made here have one, tokens read need none.
    #[default]
    Include,
    /// `require`: tokens read need one.
    Require,
}

/// Why a token is refused. drf-jwt words the same cause differently in its routes and on a guarded one, so the words
/// are for the server to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No token, or one that was not signed with our key: `DecodeError`.
    #[error("Error decoding token.")]
    Decoding,
    /// `exp` is not later than now less the leeway.
    #[error("Token has expired.")]
    Expired,
    /// Of another algorithm, not yet good, for somebody else: `InvalidTokenError`.
    #[error("Invalid token.")]
    Invalid,
    /// It names no user, or is a token of simplejwt's.
    #[error("Invalid payload.")]
    Payload,
    /// `jti` is missing, and required.
    #[error("The token has no id.")]
    NoId,
    /// It cannot be given in for another.
    #[error("orig_iat field not found in token.")]
    NoOrigIat,
    /// `orig_iat` is longer ago than `JWT_REFRESH_EXPIRATION_DELTA`.
    #[error("Refresh has expired.")]
    RefreshExpired,
}

/// Makes and verifies tokens. A clone is the same one.
#[derive(Clone)]
pub struct JwtAuth(Arc<State>);

struct State {
    settings: JwtAuthSettings,
    signer: Signer,
    verifier: Verifier,
}

impl JwtAuth {
    /// Prepares the key.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`]: an empty key, or one of another family than the algorithm's.
    pub fn new(settings: JwtAuthSettings) -> Result<Self, Error> {
        let signer = Signer::new(settings.algorithm, &settings.secret_key)?;
        let verifier = signer.verifier();
        Ok(Self(Arc::new(State {
            settings,
            signer,
            verifier,
        })))
    }

    /// The settings it was made from.
    pub fn settings(&self) -> &JwtAuthSettings {
        &self.0.settings
    }

    /// A token for a user who signs in now: `jwt_create_payload`. The random bytes become its id.
    ///
    /// # Errors
    /// [`Error::InactiveUser`]; [`Error::NoUserIdField`] for a user without a username.
    pub fn create_payload(
        &self,
        user: &(impl AuthUser + ?Sized),
        random: [u8; 16],
        now: Timestamp,
    ) -> Result<JsonWebToken, Error> {
        const USUAL_LENGTH: usize = 320;
        if !user.is_active() {
            return Err(Error::InactiveUser);
        }
        let username = user.field("username").ok_or_else(|| Error::NoUserIdField {
            field: "username".to_owned(),
        })?;
        let settings = self.settings();
        let mut claims = Claims::with_capacity(USUAL_LENGTH);
        claims.set_text("username", &username);
        claims.set_integer("iat", now.as_second());
        let end = now.as_duration().saturating_add(settings.expiration_delta);
        claims.set_integer("exp", end.as_secs());
        if settings.token_id != TokenId::Off {
            let jti = uuid::Builder::from_random_bytes(random).into_uuid();
            claims.set_text("jti", jti.hyphenated().encode_lower(&mut [0; 36]));
        }
        if settings.include_user_id {
            match user.id() {
                UserId::Int(id) => claims.set_integer("user_id", id),
                other => claims.set_text("user_id", &other.to_string()),
            }
        }
        if settings.allow_refresh {
            claims.set_integer("orig_iat", now.as_second());
        }
        claims.set_parties(settings.audience.as_ref(), settings.issuer.as_deref());
        if let Some(email) = user.field("email") {
            claims.set_text("email", &email);
        }
        Ok(self.token(claims))
    }

    /// The token that is given for `old`: a new one with its `orig_iat`, the id of the first of its line as
    /// `orig_jti`, and its `sid`. `RefreshAuthTokenSerializer`.
    ///
    /// # Errors
    /// As [`create_payload`](Self::create_payload). Whether `old` can be given in is
    /// [`JsonWebToken::check_refresh`]'s to say.
    pub fn refresh(
        &self,
        old: &JsonWebToken,
        user: &(impl AuthUser + ?Sized),
        random: [u8; 16],
        now: Timestamp,
    ) -> Result<JsonWebToken, Error> {
        let mut new = self.create_payload(user, random, now)?;
        if let Some(orig_iat) = old.claims.find("orig_iat") {
            new.claims.set("orig_iat", orig_iat);
        }
        let of_line = |name| old.claims.find(name).filter(|id| is_true(*id));
        if let Some(id) = of_line("orig_jti").or_else(|| of_line("jti")) {
            new.claims.set("orig_jti", id);
        }
        match old.sid() {
            Some(sid) => Ok(new.with_sid(sid)),
            None => Ok(new),
        }
    }

    /// Verifies a token as of `now`: `jwt_decode_token`, and that it is of this dialect.
    ///
    /// # Errors
    /// The first that is true of these: [`Refusal::Invalid`] for another algorithm; [`Refusal::Decoding`] for the form
    /// and the signature; [`Refusal::Invalid`] for `iat` and `nbf`, [`Refusal::Decoding`] where `nbf` or `exp` is no
    /// time; [`Refusal::Expired`]; [`Refusal::Invalid`] for `iss`, `aud`, `sub` and `jti`; [`Refusal::Payload`];
    /// [`Refusal::NoId`].
    pub fn verify_at(&self, text: &str, now: Timestamp) -> Result<JsonWebToken, Refusal> {
        let settings = self.settings();
        let payload = jws::verify(text, settings.algorithm, &self.0.verifier).map_err(|_| {
            if is_of_another_header(text, settings.algorithm) {
                Refusal::Invalid
            } else {
                Refusal::Decoding
            }
        })?;
        let claims = Claims::parse(payload).map_err(|_| Refusal::Decoding)?;
        validate_claims(&claims.registered(), settings, now)?;
        let is_foreign = settings
            .token_type_claims
            .iter()
            .any(|name| claims.contains(name));
        if is_foreign || !claims.find("username").is_some_and(is_true) {
            return Err(Refusal::Payload);
        }
        if settings.token_id == TokenId::Require && !claims.find("jti").is_some_and(is_true) {
            return Err(Refusal::NoId);
        }
        Ok(self.token(claims))
    }

    fn token(&self, claims: Claims) -> JsonWebToken {
        JsonWebToken {
            jwt: self.clone(),
            claims,
        }
    }
}

/// A good token: just made, or verified. [`encode`](Self::encode) gives the compact text that a client gets.
#[derive(Clone)]
pub struct JsonWebToken {
    jwt: JwtAuth,
    claims: Claims,
}

impl JsonWebToken {
    /// All claims.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The user's name; `None` where it is something else than a text, which nobody is called.
    pub fn username(&self) -> Option<&str> {
        self.claims.text("username")
    }

    /// The user's key, as text: `None` where the token does not say it.
    pub fn user_id(&self) -> Option<&str> {
        self.claims.find("user_id")?.text_or_integer()
    }

    /// The session record behind the token, if it was made with one.
    pub fn sid(&self) -> Option<&str> {
        self.claims.text("sid")
    }

    /// The same with a session record behind it.
    #[must_use]
    pub fn with_sid(mut self, sid: &str) -> Self {
        self.claims.set_text("sid", sid);
        self
    }

    /// The same, good until `end` at the latest: a later `exp` is brought forward to it.
    #[must_use]
    pub fn ending_by(mut self, end: Timestamp) -> Self {
        let last = last_second(end);
        let exp = self.claims.find("exp").and_then(Claim::seconds);
        if exp.is_some_and(|exp| exp > last) {
            self.claims.set_integer("exp", last);
        }
        self
    }

    /// Whether it can still be given in for another.
    ///
    /// # Errors
    /// [`Refusal::NoOrigIat`]; [`Refusal::RefreshExpired`].
    pub fn check_refresh(&self, now: Timestamp) -> Result<(), Refusal> {
        let orig_iat = match self.claims.find("orig_iat") {
            Some(claim @ Claim::Json(json)) if json != "null" => claim.seconds(),
            _ => None,
        };
        let orig_iat = SignedDuration::from_secs(orig_iat.ok_or(Refusal::NoOrigIat)?);
        let limit = orig_iat.saturating_add(self.jwt.settings().refresh_expiration_delta);
        if now.as_second() > limit.as_secs() {
            return Err(Refusal::RefreshExpired);
        }
        Ok(())
    }
}

impl JsonWebToken {
    /// Signs the claims: the compact text that a client gets.
    ///
    /// # Errors
    /// [`Error::Unsigned`]: with the HS* never.
    pub fn encode(&self) -> Result<String, Error> {
        let mut payload = String::with_capacity(self.claims.json_capacity());
        self.claims.write_json(&mut payload);
        jws::sign(payload.as_bytes(), &self.jwt.0.signer)
    }
}

/// What PyJWT checks (`PyJWT._validate_claims`), in its order. drf-jwt lets it look at `aud` also where none is
/// configured.
fn validate_claims(
    registered: &Registered<'_>,
    settings: &JwtAuthSettings,
    now: Timestamp,
) -> Result<(), Refusal> {
    let now = now.as_duration();
    let latest = now.saturating_add(settings.leeway);
    let has_begun = |claim: Claim<'_>, unreadable| {
        let start = claim.seconds().ok_or(unreadable)?;
        if SignedDuration::from_secs(start) > latest {
            return Err(Refusal::Invalid);
        }
        Ok(())
    };
    if let Some(iat) = registered.iat {
        has_begun(iat, Refusal::Invalid)?;
    }
    if let Some(nbf) = registered.nbf {
        has_begun(nbf, Refusal::Decoding)?;
    }
    if settings.verify_expiration {
        check_exp(registered.exp, now.saturating_sub(settings.leeway))?;
    }
    let is_iss_good = settings
        .issuer
        .as_deref()
        .is_none_or(|issuer| registered.iss == Some(Claim::Text(issuer)));
    let is_aud_good = match &settings.audience {
        None => !registered.aud.is_some_and(is_true),
        Some(audience) => is_for(registered.aud, audience),
    };
    let is_text = |claim: Claim<'_>| claim.text().is_some();
    if is_iss_good && is_aud_good && registered.sub.is_none_or(is_text) && registered.jti.is_none_or(is_text)
    {
        Ok(())
    } else {
        Err(Refusal::Invalid)
    }
}

fn check_exp(exp: Option<Claim<'_>>, moment: SignedDuration) -> Result<(), Refusal> {
    /// The last second of the year 9999, where Python's datetime ends.
    const LAST: i64 = 253_402_300_799;
    let exp = exp.ok_or(Refusal::Invalid)?;
    let seconds = exp.seconds().ok_or(Refusal::Decoding)?;
    if SignedDuration::from_secs(seconds) <= moment {
        Err(Refusal::Expired)
    } else if seconds > LAST || exp.text().is_some() {
        Err(Refusal::Decoding)
    } else {
        Ok(())
    }
}

/// Whether a token that was not decoded has a readable header that asks for something else than we do: PyJWT raises
/// `InvalidTokenError` for that, and `DecodeError` for all else.
fn is_of_another_header(token: &str, algorithm: Algorithm) -> bool {
    let header = token
        .split_once('.')
        .filter(|_| token.len() <= jws::MAX_TOKEN)
        .and_then(|(header, _)| URL_SAFE_NO_PAD.decode(header).ok())
        .and_then(|header| String::from_utf8(header).ok());
    let Some(header) = header else { return false };
    let Ok(members) = json::read_object(&header) else {
        return false;
    };
    let find = |wanted: &str| {
        let is_wanted =
            |member: &&json::Member| member.name.decode(&header).is_some_and(|name| name == wanted);
        members.iter().find(is_wanted).map(|member| member.value)
    };
    let is_ours = matches!(find("alg"), Some(Item::Text(alg))
        if alg.decode(&header).is_some_and(|alg| alg == algorithm.name()));
    !is_ours || matches!(find("kid"), Some(Item::Other(_))) || find("crit").is_some()
}

/// Python's truth of a value.
fn is_true(claim: Claim<'_>) -> bool {
    match claim {
        Claim::Text(text) => !text.is_empty(),
        Claim::Json(json) => !matches!(json, "null" | "false" | "0" | "0.0" | "[]" | "{}"),
    }
}
