//! Who sends a request: DRF's `DEFAULT_AUTHENTICATION_CLASSES`, tried in order. The first class that finds a
//! credential decides, for good or ill; a request without any is anonymous.

use super::context::Context;
use super::cookies::{CookieAttributes, Lifetime};
use super::csrf;
use super::error::{Error, Result};
use super::token_cookies;
use crate::accounts::sessions::{self, Presented, Session};
use crate::accounts::tokens::{self, VerifiedToken};
use crate::accounts::{self, Credential, SignedIn, drf_jwt};
use crate::app::App;
use crate::config::AuthenticationClass;
use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use jiff::SignedDuration;
use munjigi_axum::cookies;
use munjigi_sessions::SessionKey;

/// Who sends a request.
pub enum Sender {
    /// Nobody we know; and why, where a token cookie was no good.
    Anonymous(Option<Error>),
    /// A user, by an access token, or by a cookie whose CSRF token was right where the method changes something.
    User(CurrentUser),
}

/// A user, and what is known of him. Where a handler asks for one it is DRF's `IsAuthenticated`: the user, or 401.
pub enum CurrentUser {
    /// By a session, or by a token and `JWTAuthentication`: as the database has him now.
    Row(Box<SignedIn>),
    /// By a token and `JWTStatelessUserAuthentication`: as he was when the token was made, and as much of him as it says.
    Token(VerifiedToken),
}

impl CurrentUser {
    fn row(signed_in: SignedIn) -> Self {
        Self::Row(Box::new(signed_in))
    }

    /// Himself with his row, for what changes it or his sign-ins: who came by a token alone is looked up by its claim, and
    /// refused as `JWTAuthentication` refuses.
    ///
    /// # Errors
    /// What is wrong with the user or his sign-in.
    pub async fn looked_up(self, app: &App, context: &Context) -> Result<SignedIn> {
        Ok(match self {
            Self::Row(signed_in) => *signed_in,
            Self::Token(verified) => tokens::look_up(app, &verified, context.now()).await?,
        })
    }
}

impl FromRequestParts<App> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Sender::from_request_parts(parts, app).await?.user()
    }
}

/// Where a handler asks for it: [`CurrentUser::looked_up`].
impl FromRequestParts<App> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let context = Context::of_parts(parts)?;
        let user = CurrentUser::from_request_parts(parts, app).await?;
        user.looked_up(app, &context).await
    }
}

impl FromRequestParts<App> for Sender {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Self::of(parts, app, None).await
    }
}

impl Sender {
    /// Who sends a request, where its body is a form that may bear the CSRF token (`csrfmiddlewaretoken`).
    ///
    /// # Errors
    /// What is wrong with the credential that was found, or with the CSRF token where a cookie was it.
    pub async fn of(parts: &Parts, app: &App, form_token: Option<&str>) -> Result<Self> {
        let context = Context::of_parts(parts)?;
        let mut stale = None;
        for class in &app.config().authentication_classes {
            let found = match class {
                AuthenticationClass::Jwt | AuthenticationClass::JwtStateless => {
                    match by_bearer(parts, app, &context, *class).await? {
                        Found::Nobody => by_token_cookie(parts, app, &context, *class, form_token).await?,
                        found => found,
                    }
                }
                AuthenticationClass::JsonWebToken => by_json_web_token(parts, app, &context).await?,
                AuthenticationClass::Session => by_session(parts, app, &context, form_token).await?,
            };
            match found {
                Found::User(user) => return Ok(Self::User(user)),
                Found::Stale(refusal) => stale = stale.or(Some(refusal)),
                Found::Nobody => {}
            }
        }
        Ok(Self::Anonymous(stale))
    }

    /// DRF's `IsAuthenticated`.
    ///
    /// # Errors
    /// 401 where it is nobody.
    pub fn user(self) -> Result<CurrentUser> {
        match self {
            Self::Anonymous(stale) => Err(stale.unwrap_or(Error::NotAuthenticated)),
            Self::User(user) => Ok(user),
        }
    }
}

/// What one class finds.
enum Found {
    /// No credential of its kind.
    Nobody,
    /// A token cookie that is no longer good, and why.
    Stale(Error),
    /// Whose the credential is.
    User(CurrentUser),
}

/// `JWTAuthentication.authenticate` (simplejwt 5.5.1, `authentication.py`).
async fn by_bearer(parts: &Parts, app: &App, context: &Context, class: AuthenticationClass) -> Result<Found> {
    match app.config().bearer.token(&parts.headers)? {
        Some(token) => Ok(Found::User(by_token(app, &token, context, class).await?)),
        None => Ok(Found::Nobody),
    }
}

/// `get_validated_token` and `get_user` of either class for tokens.
async fn by_token(
    app: &App,
    token: &str,
    context: &Context,
    class: AuthenticationClass,
) -> accounts::Result<CurrentUser> {
    let now = context.now();
    if class == AuthenticationClass::JwtStateless {
        let verified = tokens::authenticate_stateless(app, token, now).await?;
        return Ok(CurrentUser::Token(verified));
    }
    Ok(CurrentUser::row(tokens::authenticate(app, token, now).await?))
}

/// Either class for tokens, by the cookie that `AUTH_COOKIE` names. A browser sends it to every page, asked or not; so
/// one that is no longer good shuts no door that is open without it.
async fn by_token_cookie(
    parts: &Parts,
    app: &App,
    context: &Context,
    class: AuthenticationClass,
    form_token: Option<&str>,
) -> Result<Found> {
    let Some(token) = token_cookies::access(app, &parts.headers) else {
        return Ok(Found::Nobody);
    };
    let user = match by_token(app, token, context, class).await.map_err(Error::from) {
        Err(refusal) if refusal.status() == StatusCode::UNAUTHORIZED => return Ok(Found::Stale(refusal)),
        user => user?,
    };
    csrf::enforce(app, context, parts, form_token)?;
    Ok(Found::User(user))
}

/// Django's `SessionMiddleware` and DRF's `SessionAuthentication`.
async fn by_session(parts: &Parts, app: &App, context: &Context, form_token: Option<&str>) -> Result<Found> {
    let cookie = CookieAttributes::from(&app.config().session);
    let Some(presented) = cookies::read(&parts.headers, &cookie.name) else {
        return Ok(Found::Nobody);
    };
    let found = match SessionKey::parse(presented) {
        Some(key) => sessions::authenticate(app, &key, context.client(), context.now()).await?,
        None => Presented::Nothing,
    };
    let session = match found {
        Presented::User(session) => session,
        Presented::Renewed(session) => {
            set_session_cookie(app, context, &session);
            session
        }
        Presented::Anonymous => return Ok(Found::Nobody),
        Presented::Nothing => {
            context.set_cookie(cookie.delete());
            return Ok(Found::Nobody);
        }
    };
    csrf::enforce_for_session(app, context, parts, (&session, form_token))?;
    Ok(Found::User(CurrentUser::row(SignedIn {
        user: session.user,
        sid: Some(session.sid),
        by: Credential::Session,
    })))
}

/// `JSONWebTokenAuthentication.authenticate` (drf-jwt 1.19, `authentication.py`).
async fn by_json_web_token(parts: &Parts, app: &App, context: &Context) -> Result<Found> {
    let Some(token) = json_web_token(&parts.headers, app) else {
        return Ok(Found::Nobody);
    };
    let signed_in = drf_jwt::authenticate(app, token, context.now()).await?;
    Ok(Found::User(CurrentUser::row(signed_in)))
}

/// The token behind `JWT_AUTH_HEADER_PREFIX`. Unlike simplejwt, drf-jwt takes a header of one word or of three for
/// none of its own. What is not UTF-8 has no such prefix.
pub fn json_web_token<'h>(headers: &'h HeaderMap, app: &App) -> Option<&'h str> {
    let header = std::str::from_utf8(headers.get(AUTHORIZATION)?.as_bytes()).ok()?;
    let (prefix, token) = header.split_once(' ')?;
    let is_ours = prefix.eq_ignore_ascii_case(&app.config().jwt_auth_prefix);
    (is_ours && !token.is_empty() && !token.contains(' ')).then_some(token)
}

/// Gives the browser its session's key.
pub fn set_session_cookie(app: &App, context: &Context, session: &Session) {
    give_session_key(app, context, &session.key, session.cookie_age);
}

/// The same for a session that may be nobody's.
pub fn give_session_key(app: &App, context: &Context, key: &SessionKey, age: Option<SignedDuration>) {
    let lifetime = age.map_or(Lifetime::BrowserSession, Lifetime::MaxAge);
    let cookie = CookieAttributes::from(&app.config().session);
    context.set_cookie(cookie.set(key.expose(), lifetime, context.now()));
}

/// Takes away what a browser has of a sign-in that has ended: its session's key, where it sent one, and its tokens.
pub fn take_cookies(app: &App, context: &Context, headers: &HeaderMap) {
    let cookie = CookieAttributes::from(&app.config().session);
    if cookies::read(headers, &cookie.name).is_some() {
        context.set_cookie(cookie.delete());
    }
    token_cookies::clear(app, context);
}
