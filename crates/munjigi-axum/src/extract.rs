//! The arguments of handlers: `request.user` of Django REST framework.

use crate::{Authentication, Found, Rejection};
use axum_core::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

/// The user who sends the request; without one, 401: DRF's `IsAuthenticated`.
///
/// As `Option<CurrentUser<U>>` it is `None` for a request without a credential, and still 401 for one with a bad one: as
/// DRF does it where a view is open to all. A token cookie that is no longer good counts as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentUser<U>(pub U);

/// The user who sends the request, if anybody does. A credential that is not good counts as none: for a page that is open
/// to all, and to which a browser goes on sending a token that has expired.
///
/// Where nobody can tell who it is (503, 500), that is the answer all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaybeUser<U>(pub Option<U>);

impl<S, U> FromRequestParts<S> for CurrentUser<U>
where
    Authentication<U>: FromRef<S>,
    S: Sync,
    U: Clone + Send + Sync + 'static,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let authentication = Authentication::from_ref(state);
        let user = sender(&authentication, parts).await?.required();
        user.map(Self).map_err(|error| authentication.refuse(error))
    }
}

impl<S, U> OptionalFromRequestParts<S> for CurrentUser<U>
where
    Authentication<U>: FromRef<S>,
    S: Sync,
    U: Clone + Send + Sync + 'static,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        let found = sender(&Authentication::from_ref(state), parts).await?;
        Ok(found.user().map(Self))
    }
}

impl<S, U> FromRequestParts<S> for MaybeUser<U>
where
    Authentication<U>: FromRef<S>,
    S: Sync,
    U: Clone + Send + Sync + 'static,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        match sender(&Authentication::from_ref(state), parts).await {
            Ok(found) => Ok(Self(found.user())),
            Err(rejection) if rejection.status().is_client_error() => Ok(Self(None)),
            Err(rejection) => Err(rejection),
        }
    }
}

/// What was found out about a request is kept with it, so that a layer and two arguments ask the source once.
#[derive(Clone)]
struct Known<U> {
    by: Authentication<U>,
    found: Found<U>,
}

pub(crate) async fn sender<U>(
    authentication: &Authentication<U>,
    parts: &mut Parts,
) -> Result<Found<U>, Rejection>
where
    U: Clone + Send + Sync + 'static,
{
    if let Some(known) = parts.extensions.get::<Known<U>>()
        && known.by.is(authentication)
    {
        return Ok(known.found.clone());
    }
    let found = authentication.authenticate(parts).await?;
    parts.extensions.insert(Known {
        by: authentication.clone(),
        found: found.clone(),
    });
    Ok(found)
}
