//! Which of `AUTH_TOKEN_CLASSES` takes a token: `JWTAuthentication.get_validated_token` of simplejwt 5.5.1
//! (`authentication.py`).

use crate::{
    Access, Error, Refresh, SimpleJwt, Sliding, Token, TokenClass, TokenType, Untyped, UntypedToken,
};
use jiff::Timestamp;

impl SimpleJwt {
    /// Verifies a token that was sent as a credential, as the first of `AUTH_TOKEN_CLASSES` that takes it.
    ///
    /// # Errors
    /// What each class said, in their order.
    ///
    /// ```
    /// # use munjigi_tokens::{RefreshToken, SigningKey, SimpleJwt, SimpleJwtSettings, TokenClass};
    /// # struct User;
    /// # impl munjigi_user::AuthUser for User {
    /// #     fn id(&self) -> munjigi_user::UserId {
    /// #         munjigi_user::UserId::Int(1)
    /// #     }
    /// # }
    /// # let jwt = SimpleJwt::new(SimpleJwtSettings::new(SigningKey::new("a secret of no fewer than 32 bytes")))?;
    /// let refresh = RefreshToken::for_user(&jwt, &User)?;
    /// let (class, token) = jwt.validated_token(&refresh.access_token().to_string(), jwt.now()).unwrap();
    /// assert_eq!((class, token.user_id()?), (TokenClass::AccessToken, "1"));
    ///
    /// let refusals = jwt.validated_token(&refresh.to_string(), jwt.now()).unwrap_err();
    /// assert_eq!(refusals, [(TokenClass::AccessToken, munjigi_tokens::Error::WrongType)]);
    /// # Ok::<(), munjigi_tokens::Error>(())
    /// ```
    pub fn validated_token(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<(TokenClass, UntypedToken), Vec<(TokenClass, Error)>> {
        let mut refusals = Vec::new();
        for &class in &self.settings().auth_token_classes {
            let verified = match class {
                TokenClass::AccessToken => verified::<Access>(self, text, now),
                TokenClass::RefreshToken => verified::<Refresh>(self, text, now),
                TokenClass::SlidingToken => verified::<Sliding>(self, text, now),
                TokenClass::UntypedToken => verified::<Untyped>(self, text, now),
            };
            match verified {
                Ok(token) => return Ok((class, token)),
                Err(error) => refusals.push((class, error)),
            }
        }
        Err(refusals)
    }
}

fn verified<T: TokenType>(jwt: &SimpleJwt, text: &str, now: Timestamp) -> Result<UntypedToken, Error> {
    Token::<T>::verify_at(jwt, text, now).map(Token::into_untyped)
}
