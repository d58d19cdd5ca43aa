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
/// use munjigi_axum::{BaseAuthentication, BoxFuture, Error, Found};
///
/// #[derive(Clone)]
/// struct Robot;
///
/// struct ApiKey;
///
/// impl BaseAuthentication<Robot> for ApiKey {
///     fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Found<Robot>, Error>> {
///         Box::pin(async {
///             match parts.headers.get("x-api-key") {
///                 None => Ok(Found::Nobody),
///                 Some(key) if key == "…" => Ok(Found::User(Robot)),
///                 Some(_) => Err(Error::UserNotFound),
///             }
///         })
///     }
///
///     fn authenticate_header(&self) -> Option<HeaderValue> {
///         Some(HeaderValue::from_static("ApiKey"))
///     }
/// }
/// ```
pub trait BaseAuthentication<U>: Send + Sync + 'static {
    /// Whose credential of this kind the request bears. Without one the next class is asked.
    ///
    /// # Errors
    /// What is wrong with the credential. No other class is asked then.
    fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Found<U>, Error>>;

    /// `WWW-Authenticate` of a 401. Where the first class has none, the status is 403 instead.
    fn authenticate_header(&self) -> Option<HeaderValue>;
}

/// What a class finds in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<U> {
    /// No credential.
    Nobody,
    /// One that is no longer good, and that a browser sends by itself: it counts as none, and where somebody is asked for,
    /// the answer tells why it is none. For a credential that the client chose to send this is an error.
    Stale(Error),
    /// The user.
    User(U),
}

impl<U> Found<U> {
    /// The user, if there is one.
    pub fn user(self) -> Option<U> {
        match self {
            Self::User(user) => Some(user),
            Self::Nobody | Self::Stale(_) => None,
        }
    }

    /// The user, where somebody is asked for: DRF's `IsAuthenticated`.
    ///
    /// # Errors
    /// [`Error::NotAuthenticated`], or why the credential is stale.
    pub fn required(self) -> Result<U, Error> {
        match self {
            Self::User(user) => Ok(user),
            Self::Nobody => Err(Error::NotAuthenticated),
            Self::Stale(error) => Err(error),
        }
    }
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

    /// Who sends the request.
    ///
    /// # Errors
    /// [`Rejection`], where a credential is not good, or nobody can tell.
    pub async fn authenticate(&self, parts: &Parts) -> Result<Found<U>, Rejection> {
        let mut nobody = Found::Nobody;
        for class in &*self.classes {
            match class.authenticate(parts).await {
                Ok(Found::Nobody) => {}
                Ok(found @ Found::User(_)) => return Ok(found),
                Ok(stale @ Found::Stale(_)) => {
                    if let Found::Nobody = nobody {
                        nobody = stale;
                    }
                }
                Err(error) => return Err(self.refuse(error)),
            }
        }
        Ok(nobody)
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
