//! What all tokens have in common: `rest_framework_simplejwt.tokens.Token`.
//!
//! Python's class is one dict with checks around it. Here a [`Token`] of a kind is either made for a user or
//! verified, so that whoever holds one holds a good one. The checks and their order are PyJWT's and then
//! simplejwt's; what makes those raise something uncaught (`exp` as text or beyond the year 9999, no `jti` in a
//! refresh token) is one of the refusals here.

mod checks;

pub(crate) use checks::is_for;

use crate::{Claims, Error, Refresh, SimpleJwt, SimpleJwtSettings, Sliding, UntypedToken, claims::Claim};
use checks::{validate_claims, verify_claims};
use jiff::{SignedDuration, Timestamp};
use md5::{Digest, Md5};
use munjigi_user::AuthUser;
use serde_json::Value;
use std::{fmt, marker::PhantomData};

/// A kind of token: [`Access`](crate::Access), [`Refresh`], [`Sliding`] or [`Untyped`](crate::Untyped).
pub trait TokenType: sealed::Sealed {
    /// The value of the token type claim; `None` takes any, or none at all.
    const NAME: Option<&'static str>;
}

/// A kind of token that is made, not only read.
pub trait Minted: TokenType {
    /// Which of the settings says how long one lives.
    fn lifetime(settings: &SimpleJwtSettings) -> SignedDuration;

    /// Which of the settings says how long one can be refreshed, where it says so itself.
    fn refresh_lifetime(_settings: &SimpleJwtSettings) -> Option<SignedDuration> {
        None
    }
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// A good token: just made, or verified.
///
/// [`encode`](Self::encode) gives the compact text that a client gets.
#[derive(Clone)]
pub struct Token<T> {
    jwt: SimpleJwt,
    /// When this value was made, not the token: a token made from this one counts its time from here.
    pub(crate) current_time: Timestamp,
    pub(crate) claims: Claims,
    kind: PhantomData<T>,
}

impl<T: TokenType> Token<T> {
    /// Verifies a token as of now.
    ///
    /// # Errors
    /// As [`verify_at`](Self::verify_at).
    pub fn verify(jwt: &SimpleJwt, text: &str) -> Result<Self, Error> {
        Self::verify_at(jwt, text, jwt.now())
    }

    /// Verifies a token as of `now`, which is all it asks the world.
    ///
    /// # Errors
    /// The first that is true of these, in simplejwt's order: [`Error::Invalid`] for the form, the header, the
    /// signature, `iat` or `nbf`; [`Error::Expired`]; [`Error::Invalid`] for `iss`, `aud`, `sub` or `jti`;
    /// [`Error::NoClaim`] for `exp`; [`Error::NoId`]; [`Error::NoType`]; [`Error::WrongType`]. Of the last three, what
    /// asks for a claim that the settings do not name is left out.
    pub fn verify_at(jwt: &SimpleJwt, text: &str, now: Timestamp) -> Result<Self, Error> {
        let claims = Claims::parse(jwt.verify(text, now)?)?;
        let registered = claims.registered();
        validate_claims(&registered, jwt.settings(), now)?;
        if registered.exp.is_none() {
            return Err(Error::NoClaim {
                claim: "exp".to_owned(),
            });
        }
        verify_claims(&claims, jwt.settings(), T::NAME)?;
        Ok(Self {
            jwt: jwt.clone(),
            current_time: now,
            claims,
            kind: PhantomData,
        })
    }

    /// All claims.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The token's own id; for those made here 32 hexadecimal digits. `None` where the settings have no `JTI_CLAIM`:
    /// such a token is in no blacklist.
    pub fn jti(&self) -> Option<&str> {
        self.claims.text(self.jwt.settings().jti_claim.as_deref()?)
    }

    /// The user, as text: what [`UserIdKind::parse`](munjigi_user::UserIdKind::parse) takes. simplejwt before 5.5
    /// wrote an integer where the key is one; its digits are the text.
    ///
    /// # Errors
    /// [`Error::NoUserId`] where the claim is missing, or neither a text nor an integer. (Python finds user 1 for
    /// `true` and for `1.0`.)
    pub fn user_id(&self) -> Result<&str, Error> {
        let name = &self.jwt.settings().user_id_claim;
        self.claims
            .find(name)
            .and_then(Claim::text_or_integer)
            .ok_or(Error::NoUserId)
    }

    /// Whether the token was made for the password that the user has now, where `CHECK_REVOKE_TOKEN` asks for it:
    /// `JWTAuthentication.get_user` (simplejwt 5.5.1, `authentication.py`).
    ///
    /// # Errors
    /// [`Error::PasswordChanged`] where it was not, or does not say.
    pub fn check_password(&self, user: &(impl AuthUser + ?Sized)) -> Result<(), Error> {
        let settings = self.jwt.settings();
        let is_the_same =
            || self.claims.text(&settings.revoke_token_claim) == Some(&md5_hash_password(user.password()));
        if !settings.check_revoke_token || is_the_same() {
            Ok(())
        } else {
            Err(Error::PasswordChanged)
        }
    }

    /// The session record behind the token, if it was made with one: the claim `sid`.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the claim is something else than a text: such a token is none of ours, and must not pass
    /// for one without a record, which nobody can end.
    pub fn sid(&self) -> Result<Option<&str>, Error> {
        let claim = self.claims.find("sid");
        claim.map(|claim| claim.text().ok_or(Error::Invalid)).transpose()
    }

    /// Whether its type lets it be exchanged for a newer one: `refresh` and `sliding` do. Where the settings have no
    /// `TOKEN_TYPE_CLAIM` nothing tells it from those, and it can.
    pub fn can_be_refreshed(&self) -> bool {
        let Some(name) = self.jwt.settings().token_type_claim.as_deref() else {
            return true;
        };
        let types = [Refresh::NAME, Sliding::NAME];
        self.claims
            .text(name)
            .is_some_and(|kind| types.contains(&Some(kind)))
    }

    /// When the token ends, to the second; a later time than jiff can hold is its last one.
    pub fn expires_at(&self) -> Timestamp {
        self.time("exp").unwrap_or(Timestamp::MAX)
    }

    /// When the token was made, if it says so.
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.time("iat")
    }

    pub(crate) fn time(&self, claim: &str) -> Option<Timestamp> {
        Timestamp::from_second(self.claims.find(claim)?.seconds()?).ok()
    }
}

impl<T: Minted> Token<T> {
    /// Makes a token for a user, as of now: a token type, `exp`, `iat`, a new `jti`, the user's `USER_ID_FIELD`, and
    /// under `CHECK_REVOKE_TOKEN` the MD5 of his stored password. Nothing is kept of it anywhere.
    ///
    /// # Errors
    /// [`Error::NoSigningKey`] where tokens are only verified; [`Error::InactiveUser`] for a user who may not come
    /// in, unless `CHECK_USER_IS_ACTIVE` is off; [`Error::NoUserIdField`] for one without that field.
    pub fn for_user(jwt: &SimpleJwt, user: &(impl AuthUser + ?Sized)) -> Result<Self, Error> {
        Self::for_user_at(jwt, user, jwt.now())
    }

    /// The same as of `now`.
    ///
    /// # Errors
    /// As [`for_user`](Self::for_user).
    pub fn for_user_at(
        jwt: &SimpleJwt,
        user: &(impl AuthUser + ?Sized),
        now: Timestamp,
    ) -> Result<Self, Error> {
        if !jwt.can_sign() {
            return Err(Error::NoSigningKey);
        }
        let settings = jwt.settings();
        if settings.check_user_is_active && !user.is_active() {
            return Err(Error::InactiveUser);
        }
        let user_id = user
            .field(&settings.user_id_field)
            .ok_or_else(|| Error::NoUserIdField {
                field: settings.user_id_field.clone(),
            })?;
        let mut token = Self::new(jwt, now, now);
        token.claims.set_text(&settings.user_id_claim, &user_id);
        if settings.check_revoke_token {
            let digest = md5_hash_password(user.password());
            token.claims.set_text(&settings.revoke_token_claim, &digest);
        }
        Ok(token)
    }

    /// Adds a claim; one that is there already gets the new value in its old place. What a refresh token has, the
    /// access tokens made from it have too.
    ///
    /// # Errors
    /// [`Error::ReservedClaim`] for one that the token sets itself.
    ///
    /// ```
    /// # use munjigi_tokens::{AccessToken, RefreshToken, SigningKey, SimpleJwt, SimpleJwtSettings};
    /// # struct User;
    /// # impl munjigi_user::AuthUser for User {
    /// #     fn id(&self) -> munjigi_user::UserId {
    /// #         munjigi_user::UserId::Int(1)
    /// #     }
    /// # }
    /// # let jwt = SimpleJwt::new(SimpleJwtSettings::new(SigningKey::new("a secret of no fewer than 32 bytes")))?;
    /// let refresh = RefreshToken::for_user(&jwt, &User)?.with_claim("roles", vec!["editor"])?;
    /// let access = AccessToken::verify(&jwt, &refresh.access_token().to_string())?;
    /// assert_eq!(access.claims().value("roles"), Some(vec!["editor"].into()));
    /// # Ok::<(), munjigi_tokens::Error>(())
    /// ```
    pub fn with_claim(mut self, name: &str, value: impl Into<Value>) -> Result<Self, Error> {
        let settings = self.jwt.settings();
        let own = [
            settings.token_type_claim.as_deref(),
            settings.jti_claim.as_deref(),
            Some(settings.user_id_claim.as_str()),
            T::refresh_lifetime(settings).map(|_| settings.sliding_token_refresh_exp_claim.as_str()),
            settings
                .check_revoke_token
                .then_some(settings.revoke_token_claim.as_str()),
        ];
        let is_reserved = matches!(name, "exp" | "iat" | "jti")
            || own.contains(&Some(name))
            || (name == "aud" && settings.audience.is_some())
            || (name == "iss" && settings.issuer.is_some());
        if is_reserved {
            return Err(Error::ReservedClaim {
                name: name.to_owned(),
            });
        }
        self.claims.set_value(name, &value.into());
        Ok(self)
    }

    /// The same, good until `end` at the latest: a later `exp` is brought forward to it, and so is the time until which a
    /// sliding token can be refreshed. Where both come before `end` anyway, nothing changes. simplejwt has no such thing.
    ///
    /// ```
    /// # use munjigi_tokens::{RefreshToken, SigningKey, SimpleJwt, SimpleJwtSettings};
    /// # struct User;
    /// # impl munjigi_user::AuthUser for User {
    /// #     fn id(&self) -> munjigi_user::UserId {
    /// #         munjigi_user::UserId::Int(1)
    /// #     }
    /// # }
    /// # let jwt = SimpleJwt::new(SimpleJwtSettings::new(SigningKey::new("a secret of no fewer than 32 bytes")))?;
    /// let noon: jiff::Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
    /// let one = noon + jiff::SignedDuration::from_hours(1);
    /// let refresh = RefreshToken::for_user_at(&jwt, &User, noon)?.ending_by(one);
    /// assert_eq!(refresh.expires_at(), one);
    /// assert!(refresh.access_token_at(noon).ending_by(one).expires_at() < one);
    /// # Ok::<(), munjigi_tokens::Error>(())
    /// ```
    #[must_use]
    pub fn ending_by(mut self, end: Timestamp) -> Self {
        let settings = self.jwt.settings();
        let refresh_exp =
            T::refresh_lifetime(settings).map(|_| settings.sliding_token_refresh_exp_claim.clone());
        let last = last_second(end);
        for claim in ["exp"].into_iter().chain(refresh_exp.as_deref()) {
            let seconds = self.claims.find(claim).and_then(Claim::seconds);
            if seconds.is_some_and(|seconds| seconds > last) {
                self.claims.set_integer(claim, last);
            }
        }
        self
    }

    /// A token of this kind without a user. `exp` counts from `from`.
    pub(crate) fn new(jwt: &SimpleJwt, now: Timestamp, from: Timestamp) -> Self {
        const USUAL_LENGTH: usize = 256;
        let settings = jwt.settings();
        let mut claims = Claims::with_capacity(USUAL_LENGTH);
        if let Some(claim) = &settings.token_type_claim {
            claims.set_text(claim, T::NAME.unwrap_or_default());
        }
        let mut token = Self {
            jwt: jwt.clone(),
            current_time: now,
            claims,
            kind: PhantomData,
        };
        token.set_exp(from);
        token.set_iat(now);
        token.set_jti();
        if let Some(lifetime) = T::refresh_lifetime(settings) {
            let claim = &settings.sliding_token_refresh_exp_claim;
            token.claims.set_integer(claim, epoch_after(from, lifetime));
        }
        token
    }

    pub(crate) fn set_exp(&mut self, from: Timestamp) {
        let lifetime = T::lifetime(self.jwt.settings());
        self.claims.set_integer("exp", epoch_after(from, lifetime));
    }

    pub(crate) fn set_iat(&mut self, now: Timestamp) {
        self.claims.set_integer("iat", now.as_second());
    }

    pub(crate) fn set_jti(&mut self) {
        let Some(claim) = &self.jwt.settings().jti_claim else {
            return;
        };
        let jti = self.jwt.new_jti();
        self.claims
            .set_text(claim, jti.simple().encode_lower(&mut [0; 32]));
    }

    /// Whether the time in a claim, which is not `exp`, is still to come.
    pub(crate) fn check_exp(&self, name: &str, now: Timestamp) -> Result<(), Error> {
        let moment = now.as_duration().saturating_sub(self.jwt.settings().leeway);
        let claim = self.claims.find(name).ok_or_else(|| Error::NoClaim {
            claim: name.to_owned(),
        })?;
        if claim.moment().ok_or(Error::Invalid)? <= moment {
            return Err(Error::ClaimExpired {
                claim: name.to_owned(),
            });
        }
        Ok(())
    }
}

impl<T> Token<T> {
    /// The same token, whose kind need not be known any more.
    pub fn into_untyped(self) -> UntypedToken {
        Token {
            jwt: self.jwt,
            current_time: self.current_time,
            claims: self.claims,
            kind: PhantomData,
        }
    }

    pub(crate) fn jwt(&self) -> &SimpleJwt {
        &self.jwt
    }
}

impl<T> fmt::Display for Token<T> {
    /// Signs it: `str(token)`, the compact text that a client gets.
    ///
    /// A token that was made here can be signed. One that was verified where there is no key that signs cannot, and
    /// `to_string()` panics as it does on any `Display` that fails; [`Token::encode`] tells why instead.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode().map_err(|_| fmt::Error)?)
    }
}

impl<T> Token<T> {
    /// Signs the claims, `AUDIENCE` and `ISSUER` with them, and says why where that cannot be.
    ///
    /// # Errors
    /// [`Error::NoSigningKey`] where tokens are only verified; [`Error::Unsigned`].
    pub fn encode(&self) -> Result<String, Error> {
        let settings = self.jwt.settings();
        let mut payload = String::with_capacity(self.claims.json_capacity());
        if settings.audience.is_none() && settings.issuer.is_none() {
            self.claims.write_json(&mut payload);
        } else {
            let mut claims = self.claims.clone();
            claims.set_parties(settings.audience.as_ref(), settings.issuer.as_deref());
            claims.write_json(&mut payload);
        }
        self.jwt.sign(payload.as_bytes())
    }
}

impl<T: TokenType> fmt::Debug for Token<T> {
    /// Shows which token it is, and nothing that would open a door.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("type", &T::NAME)
            .field("jti", &self.jti())
            .finish_non_exhaustive()
    }
}

/// The last `exp` that does not come after `end`, in seconds since 1970.
pub(crate) fn last_second(end: Timestamp) -> i64 {
    end.as_second() - i64::from(end.subsec_nanosecond() < 0)
}

/// Seconds since 1970.
fn epoch_after(from: Timestamp, lifetime: SignedDuration) -> i64 {
    from.as_duration().saturating_add(lifetime).as_secs()
}

/// `utils.get_md5_hash_password` (simplejwt 5.5.1). What is hashed is the stored password, a hash itself.
fn md5_hash_password(stored: &str) -> String {
    format!("{:032X}", u128::from_be_bytes(Md5::digest(stored).into()))
}
