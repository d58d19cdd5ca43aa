//! What `SESSION_COOKIE_*` and `CSRF_COOKIE_*` have in common.

/// The `SameSite` attribute of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// `SameSite=Strict`.
    Strict,
    /// `SameSite=Lax`.
    Lax,
    /// `SameSite=None`; never without `Secure`.
    None,
    /// No such attribute: Django's `False`.
    Unset,
}
