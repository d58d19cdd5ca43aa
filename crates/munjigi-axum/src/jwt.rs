//! `JWTAuthentication` and `JWTStatelessUserAuthentication` of simplejwt 5.5.1 (`authentication.py`).

#[cfg(feature = "remote")]
use crate::remote::{JwksClient, RemoteKeys};
use crate::{BaseAuthentication, BearerHeader, BoxFuture, Csrf, Error, Found, TokenUser, cookies};
use http::HeaderValue;
use http::request::Parts;
use munjigi_tokens::{Error as TokenError, Revocations, SimpleJwt, TokenClass, UntypedToken, UserSource};
use munjigi_user::AuthUser;

/// Takes the token in the header of `AUTH_HEADER_NAME`, or where there is none, in a cookie.
///
/// Of the settings it goes by `AUTH_HEADER_TYPES`, `AUTH_HEADER_NAME`, `AUTH_TOKEN_CLASSES`, `USER_ID_CLAIM`,
/// `USER_ID_FIELD`, `CHECK_USER_IS_ACTIVE`, `CHECK_REVOKE_TOKEN`, and what verifies a token.
pub struct JwtAuthentication<U> {
    jwt: SimpleJwt,
    bearer: BearerHeader,
    users: Box<dyn Users<U>>,
    cookie: Option<TokenCookie>,
    revocations: Option<Box<dyn Revocations>>,
    #[cfg(feature = "remote")]
    keys: Option<RemoteKeys>,
}

/// `AUTH_COOKIE`.
struct TokenCookie {
    name: String,
    csrf: Csrf,
}

impl<U> JwtAuthentication<U> {
    /// The user is looked up: simplejwt's `JWTAuthentication`.
    ///
    /// # Errors
    /// As [`BearerHeader::new`].
    pub fn new<S: UserSource<User = U>>(jwt: SimpleJwt, users: S) -> Result<Self, TokenError> {
        Self::of(jwt, Box::new(LookedUp(users)))
    }

    /// Takes the token in the cookie of this name too, where the header has none: `AUTH_COOKIE`. A browser sends a cookie
    /// by itself, so that a request that changes something needs more than that ([`Csrf`]), and one that is no longer good
    /// is as good as none ([`Found::Stale`]).
    #[must_use]
    pub fn cookie(self, name: impl Into<String>, csrf: Csrf) -> Self {
        let name = name.into();
        Self {
            cookie: Some(TokenCookie { name, csrf }),
            ..self
        }
    }

    /// Refuses what has ended: `Token is blacklisted`.
    #[must_use]
    pub fn revocations(self, revocations: impl Revocations) -> Self {
        Self {
            revocations: Some(Box::new(revocations)),
            ..self
        }
    }

    /// Verifies with the keys of another server: `JWK_URL`. They take the place of the ring that the [`SimpleJwt`] has, which
    /// may be empty, and are for its `ALGORITHM` alone.
    ///
    /// Needs the feature `remote`.
    ///
    /// # Errors
    /// [`TokenError::ImproperlyConfigured`] where `ALGORITHM` has no public keys.
    #[cfg(feature = "remote")]
    pub fn keys(self, client: JwksClient) -> Result<Self, TokenError> {
        let keys = RemoteKeys::new(client, self.jwt.settings().algorithm)?;
        Ok(Self {
            keys: Some(keys),
            ..self
        })
    }

    fn of(jwt: SimpleJwt, users: Box<dyn Users<U>>) -> Result<Self, TokenError> {
        Ok(Self {
            bearer: BearerHeader::new(jwt.settings())?,
            jwt,
            users,
            cookie: None,
            revocations: None,
            #[cfg(feature = "remote")]
            keys: None,
        })
    }
}

impl JwtAuthentication<TokenUser> {
    /// The user is what the token says: simplejwt's `JWTStatelessUserAuthentication`. Nothing is looked up, so that
    /// neither `CHECK_USER_IS_ACTIVE` nor `CHECK_REVOKE_TOKEN` can be asked for.
    ///
    /// # Errors
    /// As [`BearerHeader::new`].
    pub fn stateless(jwt: SimpleJwt) -> Result<Self, TokenError> {
        Self::of(jwt, Box::new(Stateless))
    }
}

impl<U: Send + Sync + 'static> BaseAuthentication<U> for JwtAuthentication<U> {
    fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Found<U>, Error>> {
        Box::pin(async move {
            if let Some(text) = self.bearer.token(&parts.headers)? {
                return self.user(&text).await.map(Found::User);
            }
            let Some(cookie) = &self.cookie else {
                return Ok(Found::Nobody);
            };
            // One that was deleted may come as an empty text.
            let text = cookies::read(&parts.headers, &cookie.name).filter(|text| !text.is_empty());
            let Some(text) = text else {
                return Ok(Found::Nobody);
            };
            match self.user(text).await {
                Ok(user) => cookie.csrf.enforce(parts).map(|()| Found::User(user)),
                Err(error) if error.is_authentication() => Ok(Found::Stale(error)),
                Err(error) => Err(error),
            }
        })
    }

    fn authenticate_header(&self) -> Option<HeaderValue> {
        Some(self.bearer.challenge().clone())
    }
}

impl<U> JwtAuthentication<U> {
    async fn user(&self, text: &str) -> Result<U, Error> {
        #[cfg(feature = "remote")]
        if let Some(keys) = &self.keys {
            keys.prepare(&self.jwt, text).await?;
        }
        let verified = self.jwt.validated_token(text, self.jwt.now());
        let (class, token) = verified.map_err(Error::TokenNotValid)?;
        self.check_revocation(class, &token)?;
        self.users.user(&self.jwt, token).await
    }

    fn check_revocation(&self, class: TokenClass, token: &UntypedToken) -> Result<(), Error> {
        let Some(revocations) = &self.revocations else {
            return Ok(());
        };
        let refuse = |error| Err(Error::TokenNotValid(vec![(class, error)]));
        match token.sid() {
            Ok(sid) if revocations.is_revoked(sid, token.jti())? => refuse(TokenError::Blacklisted),
            Ok(_) => Ok(()),
            Err(error) => refuse(error),
        }
    }
}

/// `JWTAuthentication.get_user`.
trait Users<U>: Send + Sync {
    fn user<'a>(&'a self, jwt: &'a SimpleJwt, token: UntypedToken) -> BoxFuture<'a, Result<U, Error>>;
}

struct LookedUp<S>(S);

impl<S: UserSource> Users<S::User> for LookedUp<S> {
    fn user<'a>(&'a self, jwt: &'a SimpleJwt, token: UntypedToken) -> BoxFuture<'a, Result<S::User, Error>> {
        Box::pin(async move {
            let id = token.user_id().map_err(|_| Error::NoUserId)?;
            let settings = jwt.settings();
            let found = self.0.user(&settings.user_id_field, id).await?;
            let user = found.ok_or(Error::UserNotFound)?;
            if settings.check_user_is_active && !user.is_active() {
                return Err(Error::UserInactive);
            }
            token.check_password(&user).map_err(|_| Error::PasswordChanged)?;
            Ok(user)
        })
    }
}

struct Stateless;

impl Users<TokenUser> for Stateless {
    fn user<'a>(&'a self, _: &'a SimpleJwt, token: UntypedToken) -> BoxFuture<'a, Result<TokenUser, Error>> {
        Box::pin(async { TokenUser::new(token).map_err(|_| Error::NoUserId) })
    }
}
