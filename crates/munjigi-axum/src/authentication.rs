//! Who sends a request: `DEFAULT_AUTHENTICATION_CLASSES`, `perform_authentication` and `permission_denied` of Django
//! REST framework 3.18 (`views.py`, `request.py`).

use crate::{BasePermission, Error, Rejection, RequireLayer};
use http::HeaderValue;
use http::request::Parts;
use std::{future::Future, pin::Pin, sync::Arc};

/// A future in a box, so that classes of authentication can stand in a list.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One way to tell who sends a request: `rest_framework.authentication.BaseAuthentication`.
///
/// [`JwtAuthentication`](crate::JwtAuthentication) and [`SessionAuthentication`](crate::SessionAuthentication) are two;
/// an application adds its own:
///
/// ```
/// use http::{HeaderValue, request::Parts};
/// use munjigi_axum::{BaseAuthentication, BoxFuture, Error};
///
/// #[derive(Clone)]
/// struct Robot;
///
/// struct ApiKey;
///
/// impl BaseAuthentication<Robot> for ApiKey {
///     fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Option<Robot>, Error>> {
///         Box::pin(async { Ok(parts.headers.get("x-api-key").is_some_and(|key| key == "…").then_some(Robot)) })
///     }
///
///     fn authenticate_header(&self) -> Option<HeaderValue> {
///         Some(HeaderValue::from_static("ApiKey"))
///     }
/// }
/// ```
pub trait BaseAuthentication<U>: Send + Sync + 'static {
    /// The user, or `None` where the request bears no credential of this kind, so that the next class is asked.
    ///
    /// # Errors
    /// What is wrong with the credential. No other class is asked then.
    fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Option<U>, Error>>;

    /// `WWW-Authenticate` of a 401. Where the first class has none, the status is 403 instead.
    fn authenticate_header(&self) -> Option<HeaderValue>;
}

/// The classes that are asked in their order; the first that finds a credential decides, for good or ill.
///
/// It is the state of a router, or a part of it that [`FromRef`](axum_core::extract::FromRef) finds. A clone is the same
/// one.
pub struct Authentication<U> {
    classes: Arc<[Arc<dyn BaseAuthentication<U>>]>,
}

impl<U: 'static> Authentication<U> {
    /// One class.
    pub fn new(class: impl BaseAuthentication<U>) -> Self {
        Self {
            classes: Arc::new([Arc::new(class)]),
        }
    }

    /// And another, to be asked where those before it find no credential.
    #[must_use]
    pub fn or(self, class: impl BaseAuthentication<U>) -> Self {
        let classes = self.classes.iter().cloned();
        Self {
            classes: classes
                .chain([Arc::new(class) as Arc<dyn BaseAuthentication<U>>])
                .collect(),
        }
    }

    /// A layer for routes that ask for a permission; see [`permissions`](crate::permissions).
    ///
    /// Put on with `Router::route_layer`, it leaves a path that does not exist at 404.
    pub fn require<P: BasePermission<U>>(&self, permission: P) -> RequireLayer<U, P> {
        RequireLayer::new(self.clone(), permission)
    }

    /// Who sends the request; `None` where it bears no credential.
    ///
    /// # Errors
    /// [`Rejection`], where it bears one that is not good, or nobody can tell.
    pub async fn authenticate(&self, parts: &Parts) -> Result<Option<U>, Rejection> {
        for class in &*self.classes {
            match class.authenticate(parts).await {
                Ok(None) => {}
                Ok(user) => return Ok(user),
                Err(error) => return Err(self.refuse(error)),
            }
        }
        Ok(None)
    }

    /// The answer to a request that is refused, with the challenge of the first class.
    pub fn refuse(&self, error: Error) -> Rejection {
        let first = self.classes.first();
        Rejection::new(error, first.and_then(|class| class.authenticate_header()))
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.classes, &other.classes)
    }
}

impl<U> Clone for Authentication<U> {
    fn clone(&self) -> Self {
        Self {
            classes: Arc::clone(&self.classes),
        }
    }
}
