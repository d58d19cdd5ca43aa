//! `[REST_FRAMEWORK]`: who is asked for the user of a request.

/// A class of `DEFAULT_AUTHENTICATION_CLASSES`. The first that finds a user decides; the first of the list names
/// the scheme in `WWW-Authenticate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationClass {
    /// `rest_framework_simplejwt.authentication.JWTAuthentication`.
    Jwt,
    /// `rest_framework.authentication.SessionAuthentication`.
    Session,
}
