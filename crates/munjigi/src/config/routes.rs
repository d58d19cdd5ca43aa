//! `[ROUTES]`: each route by its Django url name is a path or `false`.

/// Where each route stands, without a trailing slash; `None` where it is switched off. Both spellings, with and
/// without the slash, are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    /// `session_signup`, default `/user/session_signup`.
    pub session_signup: Option<String>,
    /// `jwt_signup`, default `/user/jwt_signup`.
    pub jwt_signup: Option<String>,
    /// `session_signin`, default `/user/session_signin`.
    pub session_signin: Option<String>,
    /// `jwt_signin`, default `/user/jwt_signin`.
    pub jwt_signin: Option<String>,
    /// `session_signout`, default `/user/session_signout`.
    pub session_signout: Option<String>,
    /// `jwt_signout`, default `/user/jwt_signout`.
    pub jwt_signout: Option<String>,
    /// `jwt_refresh`, default `/user/jwt_refresh`.
    pub jwt_refresh: Option<String>,
    /// `me`, default `/user/me`.
    pub me: Option<String>,
    /// `csrf`, default `/user/csrf`.
    pub csrf: Option<String>,
    /// `token_obtain_pair`, simplejwt's, default `/api/token`.
    pub token_obtain_pair: Option<String>,
    /// `token_refresh`, simplejwt's, default `/api/token/refresh`.
    pub token_refresh: Option<String>,
    /// Whether the two sign-ups stand in a file, a variable or a flag: on a database that munjigi did not create
    /// they are off until written.
    pub signups_written: bool,
}
