//! The layer that asks for a permission: `APIView.check_permissions` of Django REST framework 3.18 (`views.py`).

use crate::{Authentication, BasePermission, BoxFuture, Error, extract};
use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::Request;
use std::convert::Infallible;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Lets those requests through that a permission is given to; made by [`Authentication::require`].
pub struct RequireLayer<U, P> {
    authentication: Authentication<U>,
    permission: P,
}

impl<U, P> RequireLayer<U, P> {
    pub(crate) fn new(authentication: Authentication<U>, permission: P) -> Self {
        Self {
            authentication,
            permission,
        }
    }
}

impl<U, P: Clone> Clone for RequireLayer<U, P> {
    fn clone(&self) -> Self {
        Self::new(self.authentication.clone(), self.permission.clone())
    }
}

impl<S, U, P: Clone> Layer<S> for RequireLayer<U, P> {
    type Service = Require<S, U, P>;

    fn layer(&self, inner: S) -> Self::Service {
        Require {
            inner,
            rule: self.clone(),
        }
    }
}

/// The service behind a [`RequireLayer`].
pub struct Require<S, U, P> {
    inner: S,
    rule: RequireLayer<U, P>,
}

impl<S: Clone, U, P: Clone> Clone for Require<S, U, P> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            rule: self.rule.clone(),
        }
    }
}

impl<S, U, P> Service<Request<Body>> for Require<S, U, P>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    U: Clone + Send + Sync + 'static,
    P: BasePermission<U>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let RequireLayer {
            authentication,
            permission,
        } = self.rule.clone();
        // The one that was polled ready serves; its clone waits for the next request.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let user = match extract::sender(&authentication, &mut parts).await {
                Ok(found) => found.required(),
                Err(rejection) => return Ok(rejection.into_response()),
            };
            if permission.has_permission(&parts, user.as_ref().ok()) {
                return inner.call(Request::from_parts(parts, body)).await;
            }
            let error = user.err().unwrap_or(Error::PermissionDenied);
            Ok(authentication.refuse(error).into_response())
        })
    }
}
