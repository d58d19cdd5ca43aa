//! `rest_framework_simplejwt.tokens.RefreshToken`.
//!
//! simplejwt's class also writes the token into a table of outstanding ones and looks it up in a blacklist, where
//! that app is installed. This crate has no store; who has one does both around these calls.

use crate::{
    AccessToken, SimpleJwtSettings, Token,
    token::{Minted, TokenType, sealed::Sealed},
};
use jiff::SignedDuration;

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
        let settings = self.jwt().settings();
        let mut access = AccessToken::new(self.jwt(), self.jwt().now(), self.current_time);
        for claim in self.claims.names() {
            let is_own = matches!(claim, "exp" | "iat" | "jti")
                || claim == settings.token_type_claim
                || claim == settings.jti_claim;
            if !is_own {
                access.claims.copy(claim, &self.claims);
            }
        }
        access
    }

    /// The token that takes this one's place: a new id, `exp` and `iat`, and all else as it was. (What
    /// `TokenRefreshSerializer` does under `ROTATE_REFRESH_TOKENS`.)
    #[must_use]
    pub fn rotated(&self) -> Self {
        let mut next = self.clone();
        next.set_jti();
        next.set_exp(self.current_time);
        next.set_iat(self.current_time);
        next
    }
}
