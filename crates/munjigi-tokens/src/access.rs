//! `rest_framework_simplejwt.tokens.AccessToken`.

use crate::{
    SimpleJwtSettings, Token,
    token::{Minted, TokenType, sealed::Sealed},
};
use jiff::SignedDuration;

/// The token that opens a guarded route. It is short-lived and looked up nowhere.
pub type AccessToken = Token<Access>;

/// The kind `access`.
#[derive(Clone, Copy, Debug)]
pub enum Access {}

impl Sealed for Access {}

impl TokenType for Access {
    const NAME: Option<&'static str> = Some("access");
}

impl Minted for Access {
    fn lifetime(settings: &SimpleJwtSettings) -> SignedDuration {
        settings.access_token_lifetime
    }
}
