//! Guards axum routes with djangorestframework-simplejwt's tokens and Django's sessions.
//!
//! | Python | here |
//! |---|---|
//! | `JWTAuthentication.get_header`, `get_raw_token`, `authenticate_header` | [`BearerHeader`] |
//! | `django.http.cookie.parse_cookie` | [`cookies::read`] |

mod bearer;
pub mod cookies;

pub use bearer::{BadAuthorizationHeader, BearerHeader};
