//! Why a request is refused, and the answer that says so: `rest_framework_simplejwt.exceptions` and
//! `rest_framework.exceptions`.

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use munjigi_signing::csrf::CsrfFailure;
use munjigi_tokens::{SourceError, TokenClass};
use serde_json::{Value, json};

use crate::BadAuthorizationHeader;

/// Why a request is refused. `Display` is the `detail` of the answer: upstream's English sentence, to the letter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody whom we know, where somebody is asked for: DRF's `NotAuthenticated`.
    #[error("Authentication credentials were not provided.")]
    NotAuthenticated,
    /// A header with a scheme and no token.
    #[error(transparent)]
    BadAuthorizationHeader(#[from] BadAuthorizationHeader),
    /// A token that none of `AUTH_TOKEN_CLASSES` takes, with what each said: simplejwt's `InvalidToken`.
    #[error("Given token not valid for any token type")]
    TokenNotValid(Vec<(TokenClass, munjigi_tokens::Error)>),
    /// A good token that names no user.
    #[error("Token contained no recognizable user identification")]
    NoUserId,
    /// A good token, and its user is gone.
    #[error("User not found")]
    UserNotFound,
    /// A good token, and its user may no longer come in.
    #[error("User is inactive")]
    UserInactive,
    /// Under `CHECK_REVOKE_TOKEN`, a token from before the user's password changed.
    #[error("The user's password has been changed.")]
    PasswordChanged,
    /// A cookie authenticates the request, and nothing shows that a page of ours sent it.
    #[error("CSRF Failed: {0}")]
    Csrf(CsrfFailure),
    /// Somebody, but not one who may do this: DRF's `PermissionDenied`.
    #[error("You do not have permission to perform this action.")]
    PermissionDenied,
    /// Who knows the users, the keys or the endings cannot be asked for the moment. The log says why.
    #[error("The service is unavailable for the moment.")]
    Unavailable,
    /// A fault of ours: DRF's `APIException`. The log says which.
    #[error("A server error occurred.")]
    Internal,
}

impl Error {
    /// A stable word for programs; upstream's `code` where it has one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAuthenticated => "not_authenticated",
            Self::BadAuthorizationHeader(_) => "bad_authorization_header",
            Self::TokenNotValid(_) | Self::NoUserId => "token_not_valid",
            Self::UserNotFound => "user_not_found",
            Self::UserInactive => "user_inactive",
            Self::PasswordChanged => "password_changed",
            Self::Csrf(failure) => failure.code(),
            Self::PermissionDenied => "permission_denied",
            Self::Unavailable => "unavailable",
            Self::Internal => "error",
        }
    }

    /// Whether it is about who the client is; if so, another credential may help.
    pub fn is_authentication(&self) -> bool {
        match self {
            Self::NotAuthenticated
            | Self::BadAuthorizationHeader(_)
            | Self::TokenNotValid(_)
            | Self::NoUserId
            | Self::UserNotFound
            | Self::UserInactive
            | Self::PasswordChanged => true,
            Self::Csrf(_) | Self::PermissionDenied | Self::Unavailable | Self::Internal => false,
        }
    }

    /// DRF's exceptions have a `detail` alone, simplejwt's a `code` too.
    fn body(&self) -> Value {
        let detail = self.to_string();
        match self {
            Self::TokenNotValid(refusals) => {
                let messages: Vec<Value> = refusals.iter().map(message).collect();
                json!({"detail": detail, "code": self.code(), "messages": messages})
            }
            Self::BadAuthorizationHeader(_)
            | Self::NoUserId
            | Self::UserNotFound
            | Self::UserInactive
            | Self::PasswordChanged => json!({"detail": detail, "code": self.code()}),
            _ => json!({ "detail": detail }),
        }
    }
}

fn message((class, error): &(TokenClass, munjigi_tokens::Error)) -> Value {
    json!({"token_class": class.name(), "token_type": class.token_type(), "message": error.to_string()})
}

impl From<SourceError> for Error {
    /// Says in the log what a client is not told.
    fn from(error: SourceError) -> Self {
        tracing::error!(error = %error, "a request could not be authenticated");
        if error.is_unavailable() {
            Self::Unavailable
        } else {
            Self::Internal
        }
    }
}

/// The answer to a request that is refused.
///
/// Whatever an [`Error`] says about who the client is, is 401 with `WWW-Authenticate`; where the first class of the
/// [`Authentication`](crate::Authentication) has no such challenge, as sessions have none, it is 403, as with DRF. A
/// handler that refuses by itself returns one made `from` an error.
///
/// ```
/// use axum_core::response::IntoResponse;
/// use munjigi_axum::{Error, Rejection};
///
/// fn only_the_author(author: i64, user: i64) -> Result<(), Rejection> {
///     if author == user { Ok(()) } else { Err(Error::PermissionDenied.into()) }
/// }
///
/// let refused = only_the_author(1, 2).unwrap_err();
/// assert_eq!(refused.into_response().status(), 403);
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct Rejection {
    #[source]
    error: Error,
    challenge: Option<HeaderValue>,
}

impl Rejection {
    pub(crate) fn new(error: Error, challenge: Option<HeaderValue>) -> Self {
        Self { error, challenge }
    }

    /// Why.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self.error {
            Error::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ if self.error.is_authentication() && self.challenge.is_some() => StatusCode::UNAUTHORIZED,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

impl From<Error> for Rejection {
    /// Without a challenge: for who is known already, and may not.
    fn from(error: Error) -> Self {
        Self::new(error, None)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = Response::new(Body::from(self.error.body().to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::UNAUTHORIZED
            && let Some(challenge) = self.challenge
        {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
