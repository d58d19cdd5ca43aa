//! `rest_framework_simplejwt.tokens.RefreshToken`.
//!
//! simplejwt's class also writes the token into a table of outstanding ones and looks it up in a blacklist, where
//! that app is installed. This crate has no store; who has one does both around these calls.

use crate::{
    AccessToken, SimpleJwtSettings, Token,
    token::{Minted, TokenType, sealed::Sealed},
};
use jiff::{SignedDuration, Timestamp};

/// The token that gives new access tokens.
pub type RefreshToken = Token<Refresh>;

/// The kind `refresh`.
#[derive(Clone, Copy, Debug)]
pub enum Refresh {}

impl Sealed for Refresh {}

impl TokenType for Refresh {
    const NAME: Option<&'static str> = Some("refresh");
}

impl Minted for Refresh {
    fn lifetime(settings: &SimpleJwtSettings) -> SignedDuration {
        settings.refresh_token_lifetime
    }
}

impl RefreshToken {
    /// A new access token with this token's claims, but for its type, `exp`, `iat` and id. Its `exp` counts from
    /// when this value was made or verified, so that a pair ends by one clock. (simplejwt's property of that name.)
    #[must_use]
    pub fn access_token(&self) -> AccessToken {
        self.access_token_at(self.jwt().now())
    }

    /// The same, issued at `now`: for who has one `now` for all of a request, and so for both tokens of a pair.
    #[must_use]
    pub fn access_token_at(&self, now: Timestamp) -> AccessToken {
        let settings = self.jwt().settings();
        let mut access = AccessToken::new(self.jwt(), now, self.current_time);
        for (name, claim) in self.claims.iter() {
            let is_own = matches!(name, "exp" | "iat" | "jti")
                || settings.token_type_claim.as_deref() == Some(name)
                || settings.jti_claim.as_deref() == Some(name);
            if !is_own {
                access.claims.set(name, claim);
            }
        }
        access
    }

    /// The refresh token that takes this one's place under `ROTATE_REFRESH_TOKENS`: a new id, `exp` and `iat`, in
    /// their old places, and every other claim as it was. (`TokenRefreshSerializer.validate`.)
    ///
    /// The old one is as good as before. Who keeps a blacklist puts it there, if `BLACKLIST_AFTER_ROTATION` says so.
    #[must_use]
    pub fn rotate(self) -> Self {
        let now = self.jwt().now();
        self.rotate_at(now)
    }

    /// The same as of `now`. Make the access token of the answer first: simplejwt draws its id first.
    #[must_use]
    pub fn rotate_at(mut self, now: Timestamp) -> Self {
        self.current_time = now;
        self.set_jti();
        self.set_exp(now);
        self.set_iat(now);
        self
    }
}
