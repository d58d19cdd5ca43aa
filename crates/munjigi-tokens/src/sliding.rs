//! `rest_framework_simplejwt.tokens.SlidingToken`.
//!
//! One token that opens routes until its `exp` and gives a newer self until its `refresh_exp`. As with
//! [`RefreshToken`](crate::RefreshToken), who has a store keeps the list of outstanding ones and the blacklist.

use crate::{
    Error, SimpleJwtSettings, Token,
    token::{Minted, TokenType, sealed::Sealed},
};
use jiff::{SignedDuration, Timestamp};

/// The token that is both: it opens a guarded route, and is refreshed.
pub type SlidingToken = Token<Sliding>;

/// The kind `sliding`.
#[derive(Clone, Copy, Debug)]
pub enum Sliding {}

impl Sealed for Sliding {}

impl TokenType for Sliding {
    const NAME: Option<&'static str> = Some("sliding");
}

impl Minted for Sliding {
    fn lifetime(settings: &SimpleJwtSettings) -> SignedDuration {
        settings.sliding_token_lifetime
    }

    fn refresh_lifetime(settings: &SimpleJwtSettings) -> Option<SignedDuration> {
        Some(settings.sliding_token_refresh_lifetime)
    }
}

impl SlidingToken {
    /// The same token with a new `exp` and `iat`, as of now. Its id stays, and so does its
    /// `SLIDING_TOKEN_REFRESH_EXP_CLAIM`. (`TokenRefreshSlidingSerializer.validate`.)
    ///
    /// # Errors
    /// As [`refresh_at`](Self::refresh_at).
    ///
    /// ```
    /// # use munjigi_tokens::{SigningKey, SimpleJwt, SimpleJwtSettings, SlidingToken};
    /// # struct User;
    /// # impl munjigi_user::AuthUser for User {
    /// #     fn id(&self) -> munjigi_user::UserId {
    /// #         munjigi_user::UserId::Int(1)
    /// #     }
    /// # }
    /// # let jwt = SimpleJwt::new(SimpleJwtSettings::new(SigningKey::new("a secret of no fewer than 32 bytes")))?;
    /// let token = SlidingToken::for_user(&jwt, &User)?;
    /// let newer = SlidingToken::verify(&jwt, &token.to_string())?.refresh()?;
    /// assert_eq!(newer.jti(), token.jti());
    /// # Ok::<(), munjigi_tokens::Error>(())
    /// ```
    pub fn refresh(self) -> Result<Self, Error> {
        let now = self.jwt().now();
        self.refresh_at(now)
    }

    /// The same as of `now`.
    ///
    /// # Errors
    /// [`Error::NoClaim`] and [`Error::ClaimExpired`] with the name of that claim; [`Error::Invalid`] where it is no
    /// number, or beyond the years 1 to 9999 (simplejwt raises something uncaught).
    pub fn refresh_at(mut self, now: Timestamp) -> Result<Self, Error> {
        let claim = self.jwt().settings().sliding_token_refresh_exp_claim.clone();
        self.check_exp(&claim, now)?;
        self.current_time = now;
        self.set_exp(now);
        self.set_iat(now);
        Ok(self)
    }

    /// Until when it can be refreshed, to the second; `None` where it does not say.
    pub fn refresh_expires_at(&self) -> Option<Timestamp> {
        self.time(&self.jwt().settings().sliding_token_refresh_exp_claim)
    }
}
