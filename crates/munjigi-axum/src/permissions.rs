//! `rest_framework.permissions` (3.18), as layers of routes, and Django's groups and permissions.
//!
//! ```
//! use axum::{Router, routing::{get, post}};
//! use munjigi_axum::permissions::{HasPerm, IsAuthenticated};
//! # use munjigi_axum::{Authentication, JwtAuthentication, TokenUser};
//! # use munjigi_tokens::{SigningKey, SimpleJwt, SimpleJwtSettings};
//! # let jwt = SimpleJwt::new(SimpleJwtSettings::new(SigningKey::new("a secret of no fewer than 32 bytes")))?;
//! # let auth: Authentication<TokenUser> = Authentication::new(JwtAuthentication::stateless(jwt)?);
//!
//! let app: Router = Router::new()
//!     .route("/posts", post(async || "written").route_layer(auth.require(HasPerm("blog.add_post"))))
//!     .route("/drafts", get(async || "drafts"))
//!     .route_layer(auth.require(IsAuthenticated));
//! # Ok::<(), munjigi_tokens::Error>(())
//! ```
//!
//! A request that is not let through is 401 where nobody sends it and 403 where somebody does, in DRF's words. Two layers
//! ask for both; a rule of the application's own implements [`BasePermission`].

use http::Method;
use http::request::Parts;
use munjigi_user::PermissionsMixin;

/// A rule about who may send a request: `rest_framework.permissions.BasePermission`.
pub trait BasePermission<U>: Clone + Send + Sync + 'static {
    /// Whether the user, if anybody, may.
    fn has_permission(&self, parts: &Parts, user: Option<&U>) -> bool;
}

/// Everybody may. A credential that is not good is refused all the same.
#[derive(Clone, Copy, Debug)]
pub struct AllowAny;

impl<U> BasePermission<U> for AllowAny {
    fn has_permission(&self, _: &Parts, _: Option<&U>) -> bool {
        true
    }
}

/// Who is known may.
#[derive(Clone, Copy, Debug)]
pub struct IsAuthenticated;

impl<U> BasePermission<U> for IsAuthenticated {
    fn has_permission(&self, _: &Parts, user: Option<&U>) -> bool {
        user.is_some()
    }
}

/// Everybody may read (GET, HEAD, OPTIONS), who is known may write.
#[derive(Clone, Copy, Debug)]
pub struct IsAuthenticatedOrReadOnly;

impl<U> BasePermission<U> for IsAuthenticatedOrReadOnly {
    fn has_permission(&self, parts: &Parts, user: Option<&U>) -> bool {
        matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) || user.is_some()
    }
}

/// A user with `is_staff` may.
#[derive(Clone, Copy, Debug)]
pub struct IsAdminUser;

impl<U: PermissionsMixin> BasePermission<U> for IsAdminUser {
    fn has_permission(&self, _: &Parts, user: Option<&U>) -> bool {
        user.is_some_and(PermissionsMixin::is_staff)
    }
}

/// A user with this permission may, `app_label.codename`: one method's row of DRF's `DjangoModelPermissions`.
#[derive(Clone, Copy, Debug)]
pub struct HasPerm(pub &'static str);

impl<U: PermissionsMixin> BasePermission<U> for HasPerm {
    fn has_permission(&self, _: &Parts, user: Option<&U>) -> bool {
        user.is_some_and(|user| user.has_perm(self.0))
    }
}

/// A user in the group of this name may. A superuser who is not in it may not, as a filter by group has it in Django.
#[derive(Clone, Copy, Debug)]
pub struct HasGroup(pub &'static str);

impl<U: PermissionsMixin> BasePermission<U> for HasGroup {
    fn has_permission(&self, _: &Parts, user: Option<&U>) -> bool {
        user.is_some_and(|user| user.in_group(self.0))
    }
}
