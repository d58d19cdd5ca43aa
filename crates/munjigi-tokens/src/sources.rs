//! What this crate asks of others, since it does no input and output: where users come from, and which sign-ins have
//! ended. Django's are `get_user_model().objects` and the app `token_blacklist`.

use munjigi_user::AuthUser;
use std::{error::Error, fmt, future::Future, sync::Arc};

/// Where an application keeps its users: `User.objects.get(**{USER_ID_FIELD: user_id})` of simplejwt's
/// `JWTAuthentication.get_user` (5.5.1, `authentication.py`).
///
/// An implementation is one `async fn`, and `?` works in it on any error:
///
/// ```
/// use munjigi_tokens::{SourceError, UserSource};
/// use munjigi_user::{AuthUser, UserId};
/// use std::collections::HashMap;
///
/// #[derive(Clone)]
/// struct User {
///     id: i64,
/// }
///
/// impl AuthUser for User {
///     fn id(&self) -> UserId {
///         UserId::Int(self.id)
///     }
/// }
///
/// struct Users(HashMap<i64, User>);
///
/// impl UserSource for Users {
///     type User = User;
///
///     async fn user(&self, _field: &str, value: &str) -> Result<Option<User>, SourceError> {
///         Ok(value.parse().ok().and_then(|id: i64| self.0.get(&id).cloned()))
///     }
/// }
/// ```
pub trait UserSource: Send + Sync + 'static {
    /// The application's user.
    type User: AuthUser + Clone + Send + Sync + 'static;

    /// The user whose `field` is `value`, active or not. The field is `USER_ID_FIELD` for a token, so `id` unless the
    /// settings say otherwise, and `id` for a session. The value was signed by who made the token, and may still be no
    /// key of this application's: that is nobody, and no error.
    ///
    /// # Errors
    /// [`SourceError`] where it cannot be known now.
    fn user(
        &self,
        field: &str,
        value: &str,
    ) -> impl Future<Output = Result<Option<Self::User>, SourceError>> + Send;
}

/// Which tokens are good by themselves and yet were ended: a sign-out, a changed password, a blacklist.
///
/// It is asked at every request, on the thread that serves it: from memory, without waiting.
pub trait Revocations: Send + Sync + 'static {
    /// Whether the sign-in `sid`, or the one token `jti`, has ended. A token that was made without such a claim has
    /// none to ask for.
    ///
    /// # Errors
    /// [`SourceError::unavailable`] where what is known is too old to be trusted.
    fn is_revoked(&self, sid: Option<&str>, jti: Option<&str>) -> Result<bool, SourceError>;
}

impl<S: UserSource> UserSource for Arc<S> {
    type User = S::User;

    fn user(
        &self,
        field: &str,
        value: &str,
    ) -> impl Future<Output = Result<Option<S::User>, SourceError>> + Send {
        (**self).user(field, value)
    }
}

impl<R: Revocations + ?Sized> Revocations for Arc<R> {
    fn is_revoked(&self, sid: Option<&str>, jti: Option<&str>) -> Result<bool, SourceError> {
        (**self).is_revoked(sid, jti)
    }
}

/// A source cannot answer. Any error becomes one with `?`, and counts as a fault (500);
/// [`unavailable`](Self::unavailable) says that it will pass (503).
///
/// It is for the log: a client learns nothing of it.
#[derive(Debug)]
pub struct SourceError {
    cause: Box<dyn Error + Send + Sync>,
    is_unavailable: bool,
}

impl SourceError {
    /// The source is out of reach or overloaded, and it makes sense to come again.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: cause.into(),
            is_unavailable: true,
        }
    }

    /// Whether it will pass.
    pub fn is_unavailable(&self) -> bool {
        self.is_unavailable
    }

    /// What happened, for the log.
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.cause
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for SourceError {
    fn from(cause: E) -> Self {
        Self {
            cause: Box::new(cause),
            is_unavailable: false,
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}
