//! Guards axum routes with djangorestframework-simplejwt's tokens and Django's sessions.

mod authentication;
mod bearer;
pub mod cookies;
mod csrf;
mod error;
mod extract;
pub mod header;
mod jwt;
pub mod permissions;
#[cfg(feature = "remote")]
pub mod remote;
mod require;
mod session;
mod token_user;

pub use authentication::{Authentication, BaseAuthentication, BoxFuture};
pub use bearer::{BadAuthorizationHeader, BearerHeader};
pub use csrf::Csrf;
pub use error::{Error, Rejection};
pub use extract::{CurrentUser, MaybeUser};
pub use jwt::JwtAuthentication;
pub use permissions::BasePermission;
pub use require::{Require, RequireLayer};
pub use session::{SessionAuthentication, SessionRow, SessionSource};
pub use token_user::TokenUser;
